"""Finding and deleting the stacks of previews."""
