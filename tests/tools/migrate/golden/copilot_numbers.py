"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk

from ecr_fargate_constructs import PrivateRepository, WorkerContainer, WorkerService


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Numbers")

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./numbers")
    WorkerService(
        stack,
        "Numbers",
        container=WorkerContainer(
            image,
            environment={
                "COPILOT_SERVICE_NAME": "numbers",
                "VERSION": "1.10",
                "EXPONENT": "1e3",
                "HEX": "0x1F",
                "PLUS": "+1",
                "OCTAL": "0755",
                "GROUPED": "1_000",
                "ENABLED": "True",
                "ANSWER": "yes",
                "KEPT": "${NOT_GIVEN:-default}",
                "DOLLARS": "$HOME and $$",
                "GIVEN": "red",
            },
            readonly_root_filesystem=False,
        ),
        desired_count=1,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
