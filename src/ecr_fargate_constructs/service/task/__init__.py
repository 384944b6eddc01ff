"""A task: its definition, its size, and what it may do."""
