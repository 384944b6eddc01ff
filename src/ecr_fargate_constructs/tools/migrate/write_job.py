"""Write jobs that run on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.model import Build
from ecr_fargate_constructs.tools.migrate.program import STACK
from ecr_fargate_constructs.tools.migrate.write_container import library_options, sidecars
from ecr_fargate_constructs.tools.migrate.write_web import log_days, public_subnets

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.code import Call, Name
    from ecr_fargate_constructs.tools.migrate.model import Service
    from ecr_fargate_constructs.tools.migrate.program import Program, Shared


def scheduled(program: Program, service: Service, schedule: str, shared: Shared) -> Name:
    """Write a job with its schedule."""
    size = None
    if service.cpu is not None or service.storage is not None:
        size = program.own(
            "TaskSize", cpu=service.cpu, memory_mib=service.memory, ephemeral_storage_gib=service.storage
        )
    image = program.image(service.container.image, service, service.name)
    beside = sidecars(program, service)
    container = program.own(
        "JobContainer",
        image,
        architecture=program.constant("Architecture.ARM64")
        if service.arm and not isinstance(service.container.image, Build)
        else None,
        **library_options(program, service.container, service),
    )
    return program.let(
        service.name,
        program.own(
            "ScheduledJob",
            STACK,
            program.construct_id(service.name),
            container=container,
            schedule=program.cdk("scheduler.ScheduleExpression.expression", schedule),
            runs=_runs(program, service),
            sidecars=beside or None,
            size=size,
            cluster=shared.cluster,
            subnets=public_subnets(program, service),
            log_retention=log_days(program, service),
        ),
    )


def _runs(program: Program, service: Service) -> Call | None:
    if service.retries is None and service.timeout is None:
        return None
    return program.own("JobRuns", timeout=program.duration(service.timeout), retries=service.retries)
