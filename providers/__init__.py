"""The outside world: connections, deliveries (the inbox of webhooks) and the adapters, one file per provider."""
