"""Rules about container images and what they are built from."""
