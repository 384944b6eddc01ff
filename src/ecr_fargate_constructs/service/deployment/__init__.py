"""Deployments: how a new version replaces the old one."""
