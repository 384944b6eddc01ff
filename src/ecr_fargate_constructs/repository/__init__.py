"""The private repository and its retention."""
