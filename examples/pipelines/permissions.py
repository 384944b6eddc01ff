"""The permissions of `ecr-fargate image lock --stack`."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam


def lock_statements(env: cdk.Environment, stack: str, repository: str) -> list[iam.PolicyStatement]:
    """Allow reading the service of a stack and the image that it runs, and nothing else."""
    place = f"{env.region}:{env.account}"
    return [
        iam.PolicyStatement(
            actions=["cloudformation:ListStackResources"],
            resources=[f"arn:aws:cloudformation:{place}:stack/{stack}/*"],
        ),
        iam.PolicyStatement(actions=["ecs:DescribeServices"], resources=[f"arn:aws:ecs:{place}:service/{stack}-*"]),
        iam.PolicyStatement(
            actions=["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"],
            resources=[f"arn:aws:ecr:{place}:repository/{repository}"],
        ),
        iam.PolicyStatement(  # neither has a resource that could be named
            actions=["ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition"], resources=["*"]
        ),
    ]
