"""Parts of the apps whose pictures are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambdas

if TYPE_CHECKING:
    from constructs import Construct


def make_image() -> ecs.ContainerImage:
    return ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29")


def make_function(scope: Construct, name: str, **more: object) -> lambdas.Function:
    return lambdas.Function(
        scope,
        name,
        runtime=lambdas.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambdas.Code.from_inline("def handler(event, context): return {}"),
        **more,  # type: ignore[arg-type]
    )


def make_service(
    scope: Construct, name: str, cluster: ecs.ICluster, *, environment: dict[str, str] | None = None, **more: object
) -> ecs.FargateService:
    task = ecs.FargateTaskDefinition(scope, f"{name}Task", cpu=512, memory_limit_mib=1024)
    task.add_container(
        "web",
        image=make_image(),
        environment=environment,
        port_mappings=[ecs.PortMapping(container_port=80)],
        logging=ecs.LogDrivers.aws_logs(stream_prefix=name),
    )
    return ecs.FargateService(scope, name, cluster=cluster, task_definition=task, **more)  # type: ignore[arg-type]
