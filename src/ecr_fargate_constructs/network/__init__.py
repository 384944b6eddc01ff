"""A network in which a private image can be pulled."""
