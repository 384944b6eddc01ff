"""Patch MiniStack, the emulator behind the embedded AWS, with what this library's templates need and it lacks.

``types`` adds resource types and ``attributes`` their attributes; ``generated_secrets`` the values of generated
secrets; ``fixed_names`` the names that AWS assigns; ``run_task`` client tokens; ``tasks`` tasks as their definitions
say; ``task_environment`` the containers' environment, and ``relay`` their connection to the embedded AWS;
``deployments`` deployments of services; ``health`` health checks, and ``grace`` grace periods; ``listeners`` the choice
of a listener; ``balancing`` and ``forward_actions`` the choices of load balancers, ``rule_actions`` and
``token_actions`` their rewrites, redirects and access tokens, and ``template_targets`` functions as their targets;
``monitoring`` metrics, alarms and scaling; ``log_events`` log lines; ``agent`` the endpoint of ECS's agent in
containers; ``stacks`` answers about stacks, ``order`` the order of their resources, and ``exports`` their outputs and
exports; ``registry``, ``registry_log``, ``scans`` and ``accounts`` the private registry; ``engine`` the calls to the
container engine; ``guard`` and ``signatures`` access control; ``networks`` what its VPCs let pass; ``discovery`` the
names of other services in tasks; ``jobs`` schedules, and tasks of state machines; ``connections`` those of the server,
without MiniStack's internals.

Written for MiniStack 1.5.33. The patches use the internals of a third-party package: each names what it needs, and
``apply`` fails with that name if another version has moved it. A patch adds only what is missing, so a version that
has it already stays unchanged. All patches are meant to be offered upstream.
"""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ecr_fargate_constructs.local.balancing.key_sets import KeySets, fetcher
from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.ministack_patches import engine as engine_patches
from ecr_fargate_constructs.local.ministack_patches import tasks as task_patches
from ecr_fargate_constructs.local.ministack_patches.accounts import lead_to_other_accounts, serve_registries_by_path
from ecr_fargate_constructs.local.ministack_patches.agent import Agent
from ecr_fargate_constructs.local.ministack_patches.attributes import answer_missing_attributes
from ecr_fargate_constructs.local.ministack_patches.balancing import Balancing
from ecr_fargate_constructs.local.ministack_patches.deployments import (
    Interruptions,
    Protection,
    Syncs,
    control_deployments,
)
from ecr_fargate_constructs.local.ministack_patches.discovery import discover
from ecr_fargate_constructs.local.ministack_patches.exports import apply_changed_outputs, enforce_exports, read_outputs
from ecr_fargate_constructs.local.ministack_patches.fixed_names import give_secrets_their_arns, give_zones_their_ids
from ecr_fargate_constructs.local.ministack_patches.forward_actions import keep_weights
from ecr_fargate_constructs.local.ministack_patches.generated_secrets import generate_secrets
from ecr_fargate_constructs.local.ministack_patches.grace import keep_grace_periods
from ecr_fargate_constructs.local.ministack_patches.guard import guard
from ecr_fargate_constructs.local.ministack_patches.health import check, check_targets
from ecr_fargate_constructs.local.ministack_patches.https import serve_https
from ecr_fargate_constructs.local.ministack_patches.iam.policies import Policies
from ecr_fargate_constructs.local.ministack_patches.internals import WRITTEN_FOR, MovedError
from ecr_fargate_constructs.local.ministack_patches.internals import find as _find
from ecr_fargate_constructs.local.ministack_patches.jobs import run_jobs
from ecr_fargate_constructs.local.ministack_patches.listeners import choose_listeners
from ecr_fargate_constructs.local.ministack_patches.log_events import keep_lines_whole
from ecr_fargate_constructs.local.ministack_patches.monitoring import Monitoring
from ecr_fargate_constructs.local.ministack_patches.monitoring.minutes import every_minute
from ecr_fargate_constructs.local.ministack_patches.networks import EnforcedNetworks
from ecr_fargate_constructs.local.ministack_patches.networks.types import add_network_types
from ecr_fargate_constructs.local.ministack_patches.order import create_services_last
from ecr_fargate_constructs.local.ministack_patches.registry import apply_ecr_rules
from ecr_fargate_constructs.local.ministack_patches.registry_log import log_registry_requests
from ecr_fargate_constructs.local.ministack_patches.rule_actions import act_on_rules
from ecr_fargate_constructs.local.ministack_patches.run_task import start_no_task_twice
from ecr_fargate_constructs.local.ministack_patches.stacks import answer_when_settled
from ecr_fargate_constructs.local.ministack_patches.task_environment import serve_tasks
from ecr_fargate_constructs.local.ministack_patches.template_targets import (
    limit_invocations,
    register_targets_of_templates,
)
from ecr_fargate_constructs.local.ministack_patches.types import ADDED_TYPES, add_missing_types

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.https import Authority
    from ecr_fargate_constructs.local.ministack_patches.health import Blocks

__all__ = ["ADDED_TYPES", "WRITTEN_FOR", "MovedError", "apply"]


def apply(
    *,
    endpoint: str,
    rewrite_pulls: bool,
    password: str,
    authority: Authority | None = None,
    https_port: int = 0,
    speed: float | None = None,
) -> frozenset[str]:
    """Patch the MiniStack of this process, and return the CloudFormation types that it supports then.

    Args:
        endpoint: URL of this MiniStack, for example ``http://localhost:4566``.
        rewrite_pulls: Whether pulls must use ``localhost`` instead of AWS's host name of the registry: docker cannot
            map registries.
        password: Password of the private registry's user ``AWS``.
        authority: Issues the certificates of HTTPS listeners; without one their rules answer over HTTP.
        https_port: Port of HTTPS listeners.
        speed: How fast the clock of the embedded AWS passes, for a rehearsal of deployments; without it, it is the
            machine's, and bake times are skipped.
    """
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    handlers = _find(provisioners, "_RESOURCE_HANDLERS")
    ec2, ecs = import_module("ministack.services.ec2"), import_module("ministack.services.ecs")
    add_missing_types(handlers, ec2, ecs, _find(provisioners, "_ec2_sg_permissions"))
    add_network_types(handlers)
    keep_grace_periods(handlers, ecs)
    answer_missing_attributes(handlers, ec2)
    task_patches.read_definitions(provisioners, handlers, ecs)
    task_patches.refer_to_secrets_by_arn(handlers, import_module("ministack.services.secretsmanager"))
    secretsmanager = import_module("ministack.services.secretsmanager")
    generate_secrets(provisioners, secretsmanager)
    give_secrets_their_arns(secretsmanager)
    give_zones_their_ids(import_module("ministack.services.route53"))
    ecr = import_module("ministack.services.ecr")
    verdicts = apply_ecr_rules(ecr)
    lead_to_other_accounts(ecr)
    _lead_engine_to_registries(ecs, endpoint, password, podman=not rewrite_pulls)
    start_no_task_twice(ecs)
    port = urlsplit(endpoint).port or 80
    synced = task_patches.supervise_tasks(ecs, port, Path(tempfile.gettempdir()) / "tasks", podman=not rewrite_pulls)
    alb, networks = import_module("ministack.services.alb"), EnforcedNetworks()
    register_targets_of_templates(alb, handlers)
    clock, blocks = Clock(1 if speed is None else speed), networks.balancers.blocks
    monitoring = _balance(alb, ecs, provisioners, clock, blocks)
    act_on_rules(alb, provisioners, KeySets(fetcher(None if authority is None else authority.file)))
    task_patches.remove_joined_containers_first(import_module("ministack.core.container_reaper"))
    monitoring.apply(handlers, provisioners)
    controlled = control_deployments(
        ecs,
        alb,
        handlers,
        lambda target, group: check(target, group, blocks),
        clock,
        rehearses=speed is not None,
        outdated=synced.outdated,
    )
    choose_listeners(alb, provisioners, {"http": port, "https": https_port} if authority else None)
    keep_lines_whole(ecs, _find(import_module("ministack.core.responses"), "request_scope"))
    _keep_stacks_apart("ministack.services.cloudformation")
    application = import_module("ministack.app")
    monitoring.serve(application)
    policies = Policies()
    networks.decide_about_task_starts()
    interruptible = Interruptions(ecs, controlled).serve(log_registry_requests(_find(application, "app")))
    interruptible = Syncs(ecs, controlled, synced).serve(interruptible)
    inside = networks.behind_the_guard(verdicts.serve(interruptible))
    logged = policies.behind_the_guard(inside)
    guarded = policies.before_the_guard(guard(logged, ecr, port=port, password=password), password)
    guarded = networks.before_the_guard(guarded)
    if authority is not None:
        guarded = serve_https(guarded, authority, https_port)
    guarded = serve_registries_by_path(guarded, port)
    agent = Agent(ecs, Protection(ecs, controlled, clock), policies.refusal_of_task)
    served = serve_tasks(
        ecs,
        agent.answer(guarded),
        discover(handlers, provisioners, ecs, networks.task_passes),
        port=port,
        podman=not rewrite_pulls,
    )
    application.app = served  # type: ignore[attr-defined]
    run_jobs(handlers, clock)
    every_minute(clock, monitoring.minute_ended)
    return frozenset(handlers)


def _keep_stacks_apart(package: str) -> None:
    """Let answers about a stack wait for it, deploy changed outputs, and protect exports that another stack imports."""
    cloudformation, handlers = import_module(package), import_module(f"{package}.handlers")
    answer_when_settled(cloudformation)
    apply_changed_outputs(cloudformation, handlers)
    stacks, engine = import_module(f"{package}.stacks"), import_module(f"{package}.engine")
    create_services_last(engine, stacks, import_module(f"{package}.changesets"))
    enforce_exports(cloudformation, handlers, stacks)
    read_outputs(cloudformation, engine, stacks, import_module("ministack.core.responses"))


def _lead_engine_to_registries(ecs: Any, endpoint: str, password: str, *, podman: bool) -> None:  # noqa: ANN401 - untyped
    """Let the engine pull the images of tasks from the private registries, and publish ports on loopback."""
    engine_patches.name_hotswapped_images(ecs)
    engine_patches.ask_own_registry_for_digests(endpoint, password)
    engine_patches.log_in_to_own_registry(endpoint, password, podman=podman)
    engine_patches.publish_on_loopback()
    own = _find(import_module("ministack.core.responses"), "get_account_id")()
    engine_patches.use_local_names(endpoint, mapped=own if podman else "")


def _balance(alb: Any, ecs: Any, provisioners: Any, clock: Clock, blocks: Blocks) -> Monitoring:  # noqa: ANN401 - untyped
    """Let the load balancers balance, check targets and drain them; return what counts their requests."""
    limit_invocations(alb)
    monitoring = Monitoring(clock, blocks)
    balancing = Balancing(alb, clock, monitoring.observe)
    keep_weights(alb, provisioners)
    balancing.measure_targets()
    check_targets(alb, _find, blocks, balancing.choose, balancing.draining)
    balancing.balance()
    balancing.drain(ecs)
    return monitoring
