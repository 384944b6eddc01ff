"""What tasks run on, and how many there are."""
