"""Lifecycle policies against what a registry holds."""
