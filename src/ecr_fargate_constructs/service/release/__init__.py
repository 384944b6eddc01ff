"""A command that runs once per version, before any task of the version starts."""
