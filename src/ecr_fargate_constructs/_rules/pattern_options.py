"""Where the options of CDK's load-balanced pattern, and of its containers, are in this library's services.

``docs/options.md`` and ``docs/ingress-options.md`` list all options of CDK. This table is for the error about an option
that a service does not have. The first word of an entry is the service's option that replaces it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_ELSEWHERE = {
    "assign_public_ip": "subnets=: tasks get public addresses if, and only if, they run in public subnets",
    "capacity_provider_strategies": "scaling=Scaling(capacity=…)",
    "certificate": "ingress=PublicHttps(certificate=…)",
    "circuit_breaker": "deployment=Rolling(failure_threshold=…): the circuit breaker is on, and rolls back",
    "deployment_alarms": "deployment=Rolling(alarms=…)",
    "deployment_strategy": "deployment=Rolling(), BlueGreen(), Canary() or Linear()",
    "domain_name": "ingress=PublicHttps(domain_name=…)",
    "domain_zone": "ingress=PublicHttps(hosted_zone=…)",
    "idle_timeout": "ingress=PublicHttp(idle_timeout=…)",
    "ip_address_type": "ingress=PublicHttp(load_balancer=LoadBalancerSettings(ip_address_type=…))",
    "listener_port": "ingress=PublicHttp() for port 80, PublicHttps() for port 443",
    "load_balancer": "ingress=PublicHttp(load_balancer=ExistingLoadBalancer(load_balancer=…))",
    "load_balancer_name": "ingress=PublicHttp(load_balancer=LoadBalancerSettings(name=…))",
    "max_healthy_percent": "deployment=Rolling(max_healthy_percent=…)",
    "min_healthy_percent": "deployment=Rolling(min_healthy_percent=…)",
    "open_listener": "ingress=PublicHttp(allow_from=…)",
    "protocol": "ingress=PublicHttp(), PublicHttps(), InternalHttp() or InternalHttps()",
    "protocol_version": "ingress=PublicHttp(target_group=TargetGroupSettings(protocol_version=…))",
    "public_load_balancer": "ingress=PublicHttp() or PublicHttps(); InternalHttp() and InternalHttps() are not public",
    "redirect_http": "ingress=PublicHttps(), which redirects from HTTP",
    "ssl_policy": "ingress=PublicHttps(listener=ListenerSettings(tls_policy=…))",
    "cpu": "size=TaskSize(cpu=…)",
    "ephemeral_storage_gib": "size=TaskSize(ephemeral_storage_gib=…)",
    "exec_enabled": "enable_execute_command=",
    "memory_limit_mib": "size=TaskSize(memory_mib=…)",
    "memory_mib": "size=TaskSize(memory_mib=…)",
    "task_subnets": "subnets=",
    "vpc_subnets": "subnets=",
    "command": "container=AppContainer(command=…)",
    "container_cpu": "container=AppContainer(cpu=…)",
    "container_memory_limit_mib": "container=AppContainer(memory_limit_mib=…)",
    "container_port": "container=AppContainer(port=…)",
    "docker_labels": "container=AppContainer(docker_labels=…)",
    "entry_point": "container=AppContainer(entry_point=…)",
    "environment": "container=AppContainer(environment=…)",
    "environment_files": "container=AppContainer(environment_files=…)",
    "image": "container=AppContainer(image=…)",
    "log_driver": "container=AppContainer(logging=…)",
    "logging": "container=AppContainer(logging=…)",
    "mounts": "container=AppContainer(mounts=…)",
    "port": "container=AppContainer(port=…)",
    "secrets": "container=AppContainer(secrets=…)",
    "stop_timeout": "container=AppContainer(stop_timeout=…)",
    "ulimits": "container=AppContainer(ulimits=…)",
    "user": "container=AppContainer(user=…)",
    "working_directory": "container=AppContainer(working_directory=…)",
    "sidecars": "sidecars=",
    "enable_execute_command": "enable_execute_command=",
    "log_retention": "log_retention=",
}
"""The option of a service, as it is written, that has the meaning of an option of CDK."""

_WITHIN_THE_IMAGE = {
    "container_port": "container_port=",
    "port": "container_port=",
    "task_image_options": "directory=, container_port=, environment= and secrets=; for more, "
    "LoadBalancedFargateService(container=AppContainer(…))",
    "runtime_platform": "build=ImageBuild(architecture=…)",
    "architecture": "build=ImageBuild(architecture=…)",
    "platform": "build=ImageBuild(architecture=…)",
    "dockerfile": "build=ImageBuild(dockerfile=…)",
    "health_check": "ingress=PublicHttp(health_check=TargetHealthCheck(path=…)) for that of the load balancer; for "
    "that of the container, LoadBalancedFargateService(container=AppContainer(health_check=…))",
    "retention": "repository=PrivateRepository(…, retention=…)",
}
"""As above, for a service that builds its image from a directory."""

_WITH_A_CONTAINER = {
    "task_image_options": "container=AppContainer(image, port, …)",
    "runtime_platform": "container=AppContainer(architecture=…), or the architecture for which the image is built",
    "health_check": "container=AppContainer(health_check=…) for that of the container; for that of the load balancer, "
    "ingress=PublicHttp(health_check=TargetHealthCheck(path=…))",
    "directory": "container=AppContainer(image, port), with an image from PrivateRepository.build_and_push_image",
}
"""As above, for a service that takes a container."""

_WITHOUT_AN_OPTION = {
    "cloud_map_options": "call enable_cloud_map of the service, with CloudMap(…)",
    "deployment_controller": "omit it: ECS itself deploys",
    "enable_ecs_managed_tags": "omit it: ECS tags the tasks",
    "enable_logging": "omit it: containers log to CloudWatch",
    "execution_role": "omit it, and add permissions with add_to_execution_role_policy of the service's task_definition",
    "container_name": "omit it: the container is called web, as in the pattern",
    "family": "omit it, or set family of the service's task_definition.node.default_child",
    "platform_version": "omit it for LATEST, or set platform_version of the service's service.node.default_child",
    "propagate_tags": "omit it: tasks get the tags of the service",
    "record_type": "omit it: the domain gets an alias record",
    "security_groups": "omit it, and use connections of the service",
    "service_name": "omit it, or set service_name of the service's service.node.default_child",
    "target_protocol": "omit it: the load balancer speaks HTTP to the tasks",
    "task_definition": "omit it: the service creates one from its containers and size",
    "task_role": "omit it, and grant permissions to the service, for example table.grant_read_data(service)",
}
"""For each option that no service has: what to use instead."""

_COMPOSED = "LoadBalancedFargateService({}), with an image from PrivateRepository.build_and_push_image"


def replacement(option: str, options: Collection[str]) -> str | None:
    """Return what to do in place of an option of CDK that a service does not have; None if it is not known.

    Args:
        option: The option that is missing.
        options: The options of the service, or of whatever else was called.
    """
    builds = "directory" in options
    if not builds and "container" not in options:
        return None
    written = (_WITHIN_THE_IMAGE if builds else _WITH_A_CONTAINER).get(option) or _ELSEWHERE.get(option)
    if written is not None and written.partition("=")[0] in options:
        return f"use {written}"
    if written is not None and builds:
        return f"use {_COMPOSED.format(written.rstrip('=') + '=…' if written.endswith('=') else written)}"
    return _WITHOUT_AN_OPTION.get(option)
