"""Telling the business's own people: who and how (choosing), in which words (words), whether (judging), once (telling)."""
