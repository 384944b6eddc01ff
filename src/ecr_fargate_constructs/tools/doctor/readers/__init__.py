"""Readers that rules share: command lines, build contexts, routes to registries, target groups, lifecycle policies."""
