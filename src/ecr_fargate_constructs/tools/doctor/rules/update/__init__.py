"""Rules about updates of what is deployed."""
