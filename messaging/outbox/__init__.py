"""What leaves: reserving a try, calling the provider, and what came of it. Every message passes the gate on its way."""
