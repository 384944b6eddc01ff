"""The service that runs the image behind a load balancer."""
