"""A task: its definition, its size, and its permissions."""
