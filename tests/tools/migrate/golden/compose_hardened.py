"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ContainerRuntime,
    LoadBalancedFargateService,
    PublicHttp,
    TargetHealthCheck,
    TaskSize,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")

    proxy = LoadBalancedFargateService(
        stack,
        "Proxy",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            8080,
            architecture=Architecture.ARM64,
            user="101:101",
            working_directory="/usr/share/nginx",
            health_check=ecs.HealthCheck(
                command=["CMD-SHELL", "wget -qO- http://127.0.0.1:8080/healthz || exit 1"],
                interval=cdk.Duration.seconds(10),
                timeout=cdk.Duration.seconds(3),
            ),
            stop_timeout=cdk.Duration.seconds(90),
            ulimits=[
                ecs.Ulimit(name=ecs.UlimitName.NPROC, soft_limit=65535, hard_limit=65535),
                ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=20000, hard_limit=40000),
            ],
            docker_labels={"com.example.team": "edge"},
            writable_paths=["/run", "/var/cache/nginx"],
            runtime=ContainerRuntime(
                system_controls={"net.core.somaxconn": "1024"},
                added_capabilities=[ecs.Capability.SYS_PTRACE],
                dropped_capabilities=[ecs.Capability.ALL],
                pseudo_terminal=True,
            ),
        ),
        size=TaskSize(cpu=256, memory_mib=1024),
        desired_count=2,
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
    )
    proxy.container.add_port_mappings(ecs.PortMapping(container_port=8443))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
