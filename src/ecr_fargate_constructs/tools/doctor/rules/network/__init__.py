"""Rules about what tasks reach, and what reaches them."""
