"""The containers of a task: the application's, the sidecars, and their common options."""
