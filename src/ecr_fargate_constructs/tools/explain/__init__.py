"""Explain why a deployment failed."""
