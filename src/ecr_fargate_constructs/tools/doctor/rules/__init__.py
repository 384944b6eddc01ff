"""The rules, one per file, in packages by subject."""
