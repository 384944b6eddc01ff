"""The image: how it is built and how it reaches the repository."""
