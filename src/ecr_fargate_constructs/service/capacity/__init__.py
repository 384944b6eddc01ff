"""Capacity: where tasks run, and how many."""
