"""The doctor's rules in each synthesis, and a finding that is acknowledged where a reviewer sees it."""

import aws_cdk as cdk

from ecr_fargate_constructs import AppContainer, DoctorPlugin, LoadBalancedFargateService, PublicHttp

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    cdk.Validations.of(app).add_plugins(DoctorPlugin())
    stack = cdk.Stack(app, "Weighed")
    service = LoadBalancedFargateService(
        stack,
        "Map",
        container=AppContainer(
            NGINX,
            80,
            environment={"MAPS_TOKEN": "pk.published"},
            writable_paths=["/var/cache/nginx", "/run"],
        ),
        ingress=PublicHttp(),
    )
    reason = "An example: every browser is sent this token, which is published and good for this site alone."
    task = service.task_definition.node.find_child("Resource")
    for finding in ("ecr-fargate-doctor::secret-in-environment", "AwsSolutions::AwsSolutions-ECS2"):
        cdk.Validations.of(task).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
    cdk.Annotations.of(service).acknowledge_warning("ecr-fargate-constructs:plainSecretInEnvironment", reason)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
