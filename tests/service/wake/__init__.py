"""Services that sleep while they are idle."""
