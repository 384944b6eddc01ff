"""What an app costs a month at list prices. Pure."""
