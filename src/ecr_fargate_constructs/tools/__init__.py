"""What the command line does to any CDK app, without CDK."""
