"""Rules that find what in an app does not start, or runs with a risk: by its templates and its build contexts."""
