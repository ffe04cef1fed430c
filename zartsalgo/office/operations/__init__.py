"""What keeps watch over the house itself: the invariants' verdict, alerts to people, and the heartbeat to the outside."""
