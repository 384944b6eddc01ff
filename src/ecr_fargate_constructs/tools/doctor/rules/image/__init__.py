"""Rules about container images, Dockerfiles and build contexts."""
