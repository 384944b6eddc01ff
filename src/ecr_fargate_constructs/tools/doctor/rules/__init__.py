"""The rules, one per file, in packages by what they look at."""
