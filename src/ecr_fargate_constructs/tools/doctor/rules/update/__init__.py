"""Rules about the update of a deployed app."""
