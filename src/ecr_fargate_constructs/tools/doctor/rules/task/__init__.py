"""Rules about task definitions."""
