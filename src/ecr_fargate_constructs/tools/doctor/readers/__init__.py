"""What several rules read: command lines, build contexts, ways to a registry, target groups, lifecycle policies."""
