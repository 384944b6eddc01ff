"""Rules about how services deploy and scale."""
