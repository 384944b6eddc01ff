"""The services take the same options and have the same surface, but for what is listed with its reason (ADR 12)."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

import ecr_fargate_constructs
from ecr_fargate_constructs import (
    AppContainer,
    Ec2Container,
    Ec2WorkerContainer,
    Ec2WorkerService,
    EcrFargateService,
    JobContainer,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    RoutedEc2Service,
    RoutedFargateService,
    ScheduledJob,
    WorkerContainer,
    WorkerService,
)
from tests.support import ROOT

if TYPE_CHECKING:
    from constructs import Construct

TWINS = [
    EcrFargateService,
    LoadBalancedEc2Service,
    RoutedFargateService,
    RoutedEc2Service,
    WorkerService,
    Ec2WorkerService,
]
each_twin = pytest.mark.parametrize("twin", TWINS, ids=lambda kind: kind.__name__)

_SHARED = {
    "ingress": "it is that of the SharedLoadBalancer; its three options on targets are options of the service",
    "vpc": "it is that of the SharedLoadBalancer",
}
_NO_TRAFFIC = {
    "ingress": "nothing sends it requests",
    "health_check_grace_period": "it is about the checks of a load balancer",
}
_ONE_CONTAINER = "the front door is for a directory and a port; the nouns that it wires take the rest"
MISSING: dict[type[Construct], dict[str, str]] = {
    EcrFargateService: {
        "container": "directory or image, container_port, environment and secrets stand for it",
        "sidecars": _ONE_CONTAINER,
        "enable_execute_command": _ONE_CONTAINER,
        "log_retention": "the posture decides it: a month, or a year",
    },
    LoadBalancedEc2Service: {},
    RoutedFargateService: _SHARED,
    RoutedEc2Service: _SHARED,
    WorkerService: _NO_TRAFFIC,
    Ec2WorkerService: _NO_TRAFFIC,
}
"""Options of the Fargate service that another has not, and why."""

OTHERWISE = {(WorkerService, "container"), (Ec2WorkerService, "container")}
"""Options of another type: a worker's container has no port."""

_ROUTED = {"load_balancer", "route", "health_check", "deregistration_delay", "target_group"}
FURTHER: dict[type[Construct], set[str]] = {
    EcrFargateService: {"directory", "image", "container_port", "build", "repository", "environment", "secrets"},
    LoadBalancedEc2Service: {"capacity"},
    RoutedFargateService: _ROUTED,
    RoutedEc2Service: {*_ROUTED, "capacity"},
    WorkerService: set(),
    Ec2WorkerService: {"capacity"},
}
"""Options that the Fargate service has not: they are what the other is for."""


def _options(kind: type[Construct]) -> dict[str, inspect.Parameter]:
    _, _, _, *options = inspect.signature(kind.__init__).parameters.values()
    return {option.name: option for option in options}


FARGATE = _options(LoadBalancedFargateService)


@each_twin
def test_every_option_of_the_fargate_service_is_there_or_listed_with_the_reason(twin: type[Construct]) -> None:
    assert set(FARGATE) - set(_options(twin)) == set(MISSING[twin])


@each_twin
def test_no_other_option_is_there_than_those_that_the_service_is_for(twin: type[Construct]) -> None:
    assert set(_options(twin)) - set(FARGATE) == FURTHER[twin]


@each_twin
def test_an_option_of_the_same_name_is_the_same_option(twin: type[Construct]) -> None:
    for name, option in _options(twin).items():
        if name in FARGATE and (twin, name) not in OTHERWISE:
            assert (option.annotation, option.default) == (FARGATE[name].annotation, FARGATE[name].default), name


def test_what_stands_for_the_container_is_named_as_in_the_container() -> None:
    names = {each.removeprefix("container_") for each in ("container_port", "environment", "secrets")}
    assert names <= set(inspect.signature(AppContainer).parameters)


def test_a_worker_on_machines_takes_what_one_on_fargate_takes() -> None:
    fargate, machines = _options(WorkerService), _options(Ec2WorkerService)
    assert {name: machines[name].annotation for name in fargate} == {
        name: option.annotation for name, option in fargate.items()
    }
    options, further = (set(inspect.signature(kind).parameters) for kind in (WorkerContainer, Ec2WorkerContainer))
    assert options == set(inspect.signature(AppContainer).parameters) - {"port"}
    assert further - options == set(inspect.signature(Ec2Container).parameters) - set(
        inspect.signature(AppContainer).parameters
    )


NOT_OF_A_JOB = {
    "desired_count": "one task runs at a time",
    "scaling": "as desired_count; the capacity is an option",
    "deployment": "nothing is replaced: the next run has the new version",
    "release_command": "a job has no release: its first run with the new version is the command",
    "enable_execute_command": "a run ends by itself: for a shell there are services of the same image",
}
"""Options of a worker that a job has not, and why."""


def test_a_job_takes_what_a_worker_takes_or_the_reason_is_listed() -> None:
    worker, job = _options(WorkerService), _options(ScheduledJob)
    assert set(worker) - set(job) == set(NOT_OF_A_JOB)
    assert set(job) - set(worker) == {"schedule", "runs", "alarms", "enabled", "capacity"}
    for name in set(worker) & set(job) - {"container"}:
        assert (job[name].annotation, job[name].default) == (worker[name].annotation, worker[name].default), name
    assert set(inspect.signature(JobContainer).parameters) == set(inspect.signature(WorkerContainer).parameters)


ON_EC2: dict[type[Construct], type[Construct]] = {
    LoadBalancedFargateService: LoadBalancedEc2Service,
    RoutedFargateService: RoutedEc2Service,
    WorkerService: Ec2WorkerService,
}
"""What runs tasks on Fargate, and its twin on EC2 instances."""

WITHOUT_TWIN: dict[type[Construct], str] = {
    EcrFargateService: "it only wires three constructs; for EC2, wire `LoadBalancedEc2Service` with the same "
    "repository and image",
    ScheduledJob: "instances cost the same whether or not a job runs, and a job on Fargate costs nothing between its "
    "runs; a job that needs a GPU runs on a cluster of your own with CDK's `EcsRunEc2Task`",
}
"""What runs tasks on Fargate only, and why; the list of ADR 12 has the same words."""


def test_what_runs_on_fargate_has_a_twin_on_ec2_or_the_reason_is_listed() -> None:
    running = {
        kind
        for name in ecr_fargate_constructs.__all__
        if isinstance(kind := getattr(ecr_fargate_constructs, name), type) and hasattr(kind, "task_definition")
    }
    assert running == {*ON_EC2, *ON_EC2.values(), *WITHOUT_TWIN}
    page = (ROOT / "docs" / "adr" / "0012-parity.md").read_text(encoding="utf-8")
    for kind, reason in WITHOUT_TWIN.items():
        assert f"| a twin on EC2 | `{kind.__name__}` | {reason} |" in page


_OF_TRAFFIC = {"pattern", "load_balancer", "listener", "url", "target_group", "target_groups"}
NOT_EVERYWHERE = {
    WorkerService: _OF_TRAFFIC,
    Ec2WorkerService: _OF_TRAFFIC,
    RoutedFargateService: {"pattern"},  # which would make a load balancer
    RoutedEc2Service: {"pattern"},
}


@each_twin
def test_everything_that_the_fargate_service_has_is_there(twin: type[Construct]) -> None:
    surface = {name for name in dir(LoadBalancedFargateService) if not name.startswith("_")}
    assert {"enable_service_connect", "enable_cloud_map", "target_groups", "connections"} <= surface
    assert surface - set(dir(twin)) == NOT_EVERYWHERE.get(twin, set())
