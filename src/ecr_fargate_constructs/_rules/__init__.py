"""Facts of AWS, and checks that need no CDK."""
