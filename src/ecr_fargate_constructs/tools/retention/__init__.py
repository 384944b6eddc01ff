"""Apply lifecycle policies to the images of a repository, without changing it."""
