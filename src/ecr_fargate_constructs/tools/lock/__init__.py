"""Lock an image: find the digest that a service runs, or that a name refers to, and note it in the lock file."""
