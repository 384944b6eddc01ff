"""Estimate what an app costs per month at list prices. Pure."""
