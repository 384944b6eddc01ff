"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk

from ecr_fargate_constructs import WorkerContainer, WorkerService


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")

    WorkerService(
        stack,
        "App",
        container=WorkerContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            environment={
                "FLOAT": "1",
                "POINT": "1.1",
                "EXPONENT": "1000",
                "OCTAL": "493",
                "OTHER_OCTAL": "15",
                "HEX": "31",
                "GROUPED": "1000",
                "BINARY": "5",
                "LARGE": "1e+06",
                "PLUS": "1",
                "TEXT": "1.10",
                "YES": "yes",
                "TRUE": "true",
                "TIME": "22:22",
                "LONG": "123456789012345678901",
            },
            readonly_root_filesystem=False,
            docker_labels={"weight": "1.5"},
        ),
        desired_count=1,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
