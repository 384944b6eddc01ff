"""What every construct needs of CDK."""
