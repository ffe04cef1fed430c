"""What was understood: summaries, claims, redaction, approval and proof. The room opens with the AI summary workflow."""
