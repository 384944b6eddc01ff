"""The release command: its value, its resources, and the function that runs it."""
