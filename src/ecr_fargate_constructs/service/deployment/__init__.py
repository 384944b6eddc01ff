"""How a new version takes the place of the old one."""
