"""The embedded AWS and the command line that drives it."""
