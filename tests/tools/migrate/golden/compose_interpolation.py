"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")

    LoadBalancedFargateService(
        stack,
        "App",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            8080,
            environment={
                "INNER": "inner",
                "JSON": '{"json":1}',
                "DOLLAR": "a$b",
                "SET": "yes",
                "UNSET": "",
                "EMPTY": "",
                "VALUE": "given",
                "PRICE": "5$",
                "ODD": "$ {x} ${} ${9}",
            },
            command=["serve", "--title=a$b", "--user=$USER_NAME"],
            readonly_root_filesystem=False,
            docker_labels={"version": "1"},
        ),
        ingress=PublicHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
