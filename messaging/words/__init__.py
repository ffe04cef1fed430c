"""What may stand in a text: the variables it may name, the sandbox it is filled in by, what it costs, and what speaks against it."""
