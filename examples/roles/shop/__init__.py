"""A shop: a website that takes orders, a worker that handles them, and a clock."""
