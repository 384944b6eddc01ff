"""Rules about load balancers, target groups and their health checks."""
