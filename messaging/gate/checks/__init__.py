"""The gate's checks, by what they look at: each a pure function of the message, its facts and the time."""
