"""The staff API: /api/v1/, its schema and its page."""
