"""Ingress: how traffic reaches a service."""
