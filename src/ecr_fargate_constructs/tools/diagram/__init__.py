"""Draw an app's architecture, grouped by network. Pure: the same app always gives the same bytes."""
