"""What ``ecr-fargate preview`` finds and deletes."""
