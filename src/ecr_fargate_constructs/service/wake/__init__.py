"""Scale a service behind a load balancer to zero, and start it at the next request (ADR 15)."""
