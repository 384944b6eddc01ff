"""The command line ``ecr-fargate``: one module per command."""
