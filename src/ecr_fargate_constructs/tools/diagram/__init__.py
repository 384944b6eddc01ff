"""A picture of an app's architecture, grouped by network. Pure; the same app gives the same bytes."""
