"""Rules about the connections from tasks and to tasks."""
