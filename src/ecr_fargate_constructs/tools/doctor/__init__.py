"""Rules that read an app's templates and build contexts, and find what will not start or runs with a risk."""
