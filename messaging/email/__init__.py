"""Email as a channel: composing what leaves, the way out for whoever gets it, and what comes back. Sending itself is messaging.outbox."""
