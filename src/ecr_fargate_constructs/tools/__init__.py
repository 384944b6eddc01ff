"""The work behind the commands that serve any CDK app. Nothing in it imports CDK."""
