"""Rules about repositories and logs."""
