"""Facts about AWS, and checks that need no CDK."""
