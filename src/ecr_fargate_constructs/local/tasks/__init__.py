"""Tasks of the embedded AWS: what a task definition means for the container engine."""
