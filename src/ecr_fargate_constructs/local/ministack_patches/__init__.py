"""Everything that MiniStack lacks for our templates.

Resource types are in ``types``, their attributes in ``attributes``, the values of generated secrets in
``generated_secrets``, names that AWS gives in ``fixed_names``, tasks of several containers in ``tasks``, what
containers are given in ``task_environment`` and their way to the embedded AWS in ``relay``, health checks in
``health``, grace periods in ``grace``, listeners in ``listeners``, what containers print in ``log_events``, how the end
of a container is noticed in ``watching``, questions about stacks in ``stacks``, the private registry in ``registry``
and ``registry_log``, the container engine in ``engine``, who may ask at all in ``guard`` and ``signatures``.

Written for MiniStack 1.5.33. These patches reach into a third-party package: each names what it expects to find, and
``apply`` fails with that name when a newer version has moved it. Only what is missing is added, so a version that has
learnt it is left alone. All of it is meant to be offered upstream.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from ecr_fargate_constructs.local.ministack_patches import engine as engine_patches
from ecr_fargate_constructs.local.ministack_patches import tasks as task_patches
from ecr_fargate_constructs.local.ministack_patches.attributes import answer_missing_attributes
from ecr_fargate_constructs.local.ministack_patches.fixed_names import give_secrets_their_arns, give_zones_their_ids
from ecr_fargate_constructs.local.ministack_patches.generated_secrets import generate_secrets
from ecr_fargate_constructs.local.ministack_patches.grace import keep_grace_periods
from ecr_fargate_constructs.local.ministack_patches.guard import guard
from ecr_fargate_constructs.local.ministack_patches.health import check_targets, wait_for_health
from ecr_fargate_constructs.local.ministack_patches.iam.policies import Policies
from ecr_fargate_constructs.local.ministack_patches.inside import WRITTEN_FOR, MovedError
from ecr_fargate_constructs.local.ministack_patches.inside import find as _find
from ecr_fargate_constructs.local.ministack_patches.listeners import choose_listeners
from ecr_fargate_constructs.local.ministack_patches.log_events import keep_lines_whole
from ecr_fargate_constructs.local.ministack_patches.registry import be_as_strict_as_ecr
from ecr_fargate_constructs.local.ministack_patches.registry_log import log_registry_requests
from ecr_fargate_constructs.local.ministack_patches.stacks import answer_when_settled
from ecr_fargate_constructs.local.ministack_patches.task_environment import serve_tasks
from ecr_fargate_constructs.local.ministack_patches.types import ADDED_TYPES, add_missing_types
from ecr_fargate_constructs.local.ministack_patches.watching import wait_for_processes

__all__ = ["ADDED_TYPES", "WRITTEN_FOR", "MovedError", "apply"]

_Properties: TypeAlias = dict[str, Any]


def apply(*, endpoint: str, rewrite_pulls: bool, password: str) -> frozenset[str]:
    """Patch the MiniStack of this process, and say which CloudFormation types it knows then.

    Args:
        endpoint: Where this MiniStack will answer, for example ``http://localhost:4566``.
        rewrite_pulls: Whether the engine has to be asked for ``localhost`` instead of AWS's name of the registry:
            docker has no registry map.
        password: The private registry's, of the user ``AWS``.

    Raises:
        MovedError: MiniStack's inside has moved.
    """
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    handlers = _find(provisioners, "_RESOURCE_HANDLERS")
    ec2, ecs = import_module("ministack.services.ec2"), import_module("ministack.services.ecs")
    add_missing_types(handlers, ec2, ecs, _find(provisioners, "_ec2_sg_permissions"))
    keep_grace_periods(handlers, ecs)
    answer_missing_attributes(handlers, ec2)
    task_patches.read_secrets_of_containers(provisioners)
    task_patches.start_essential_containers_first(provisioners)
    task_patches.refer_to_secrets_by_arn(handlers, import_module("ministack.services.secretsmanager"))
    secretsmanager = import_module("ministack.services.secretsmanager")
    generate_secrets(provisioners, secretsmanager)
    give_secrets_their_arns(secretsmanager)
    give_zones_their_ids(import_module("ministack.services.route53"))
    _accept_alarms_on_expressions(provisioners)
    ecr = import_module("ministack.services.ecr")
    be_as_strict_as_ecr(ecr)
    engine_patches.name_hotswapped_images(ecs)
    engine_patches.ask_own_registry_for_digests(endpoint, password)
    engine_patches.log_in_to_own_registry(endpoint, password, podman=not rewrite_pulls)
    engine_patches.publish_on_loopback()
    task_patches.share_the_network_of_a_task(ecs)
    task_patches.tell_an_early_exit(ecs)
    task_patches.remove_joined_containers_first(import_module("ministack.core.container_reaper"))
    alb = import_module("ministack.services.alb")
    check_targets(alb, _find)
    wait_for_health(ecs, alb, _find)
    choose_listeners(alb, provisioners)
    keep_lines_whole(ecs)
    wait_for_processes(ecs)
    answer_when_settled(import_module("ministack.services.cloudformation"))
    if rewrite_pulls:
        engine_patches.pull_from_localhost(endpoint)
    application = import_module("ministack.app")
    policies = Policies()
    logged = policies.behind_the_guard(log_registry_requests(_find(application, "app")))
    port = urlsplit(endpoint).port or 80
    guarded = policies.before_the_guard(guard(logged, ecr, port=port, password=password), password)
    application.app = serve_tasks(ecs, guarded, port=port, podman=not rewrite_pulls)  # type: ignore[attr-defined]
    return frozenset(handlers)


def _accept_alarms_on_expressions(provisioners: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Alarms on metric math are refused; let them exist, on a metric that nobody writes, and say that they are mute."""
    record = _find(provisioners, "_cw_metric_alarm_record")

    def take_note(name: str, properties: _Properties) -> object:
        if properties.get("Metrics"):
            print(f"not emulated: the alarm {name} is on an expression, and never goes off", flush=True)
            properties = {key: value for key, value in properties.items() if key != "Metrics"}
            properties |= {"Namespace": "NotEmulated", "MetricName": name}
        return record(name, properties)

    provisioners._cw_metric_alarm_record = take_note  # noqa: SLF001 - what this module is for
