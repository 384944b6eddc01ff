"""Services that share a load balancer."""
