"""The containers of a task: application, sidecars, and what both have."""
