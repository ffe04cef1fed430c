"""What people say about being written to: the rules that read it, the words they read, and a classifier that may only hold."""
