"""Jobs: tasks that run on a schedule and end."""
