"""Helpers that every construct needs: its place in the tree, undoing, durations, tags, warnings."""
