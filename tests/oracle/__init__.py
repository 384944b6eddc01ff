"""The evaluator of IAM policies against another one."""
