"""What was understood: summaries as claims with sources, redaction, a person's approval of the exact text, and proof.

A Summary is written by a model or by the local summarizer and is internal. A person approves one exact text; only that text becomes a
Proof, and only proof (and published reports) is what the portal's views can show. Approval is bound to the text's hash by the database.
"""
