"""Tasks of the embedded AWS: a task definition in terms of the container engine."""
