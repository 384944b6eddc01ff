"""How traffic reaches a service."""
