"""Run a command once in a task of a service: in its image, with its role, in its network."""
