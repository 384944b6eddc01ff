"""Turn tasks of a compose file that end before a service starts into its release commands where possible."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate import compose_reasons as reasons
from ecr_fargate_constructs.tools.migrate.compose_hosts import links_of, mentions, names_of
from ecr_fargate_constructs.tools.migrate.model import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ecr_fargate_constructs.tools.migrate.fields import Fields
    from ecr_fargate_constructs.tools.migrate.model import Container, Service

_OF_ITS_OWN = {"command", "health_check", "stop_timeout", "depends_on", "labels", "environment", "secrets", "image"}
"""Options of a container in which a release command may differ from its service."""

_WORDS = {"read_only_root": "read_only", "writable_paths": "tmpfs", "entry_point": "entrypoint", "mounts": "volumes"}


def releases(
    services: Mapping[str, Service],
    waits: Mapping[str, Mapping[str, str]],
    one_off: Iterable[str],
    sections: Mapping[str, Fields],
    read: Callable[[str], str | None],
) -> dict[str, str]:
    """Return the services that run a task as their release command, by the name of the task, and list all other tasks.

    Args:
        services: All services and tasks.
        waits: For each of them, those that it waits for, with the conditions.
        one_off: The tasks.
        sections: All services and tasks, as they stand in the file.
        read: Reads a file by its path from the folder of the compose file; returns None if it cannot.
    """
    found: dict[str, str] = {}
    tasks, names = set(one_off), names_of(sections)
    for name in sorted(tasks, key=list(services).index):
        by_name = {**names, **links_of(sections[name])}
        mentioned = {by_name.get(each.name) for each in mentions(sections[name], name, read)}
        called = [each for each in services if each in mentioned and each not in tasks]
        waiting = [each for each in services if each not in tasks and waits[each].get(name) == "success"]
        waiting.sort(key=lambda each: services[each].shape is not Shape.WEB)
        problems = {
            each: _several(name, each, waits, services)
            or _called(name, each, called)
            or _differs(services[name], services[each])
            for each in waiting
        }
        owner = next((each for each, problem in problems.items() if problem is None), None)
        if owner is not None:
            found[name] = owner
            _list_options(name, sections[name])
        else:
            _list_tasks(name, problems, sections)
    return found


def with_releases(
    services: dict[str, Service],
    found: Mapping[str, str],
    waits: Mapping[str, Mapping[str, str]],
    tasks: Mapping[str, Service],
    sections: Mapping[str, Fields],
) -> dict[str, Service]:
    """Return the services with their release commands; other services that wait for one are deployed after its owner.

    Args:
        services: The services of the program, with their calls.
        found: The owner of each release command, by the name of the task.
        waits: For each service, those that it waits for, with the conditions.
        tasks: The tasks.
        sections: All services and tasks, as they stand in the file.
    """
    result = dict(services)
    for task, owner in found.items():
        result[owner] = replace(result[owner], release_command=tasks[task].container.command)
        for name in services:
            if name == owner or waits[name].get(task) != "success":
                continue
            if not _calls(services, owner, name):
                result[name] = replace(result[name], after=(*result[name].after, owner))
                continue
            sections[name].ledger.check(
                sections[name].mapping.entries["depends_on"],
                f"{task} is the release command of {owner}, which is deployed after {name}",
                f"make the new version of {name} work before and after {task}",
            )
    return result


def _list_options(name: str, section: Fields) -> None:
    """List the options of a task that a release command does not have."""
    entries = section.mapping.entries
    for key in reasons.RELEASE:
        if key in entries:
            section.ledger.leave_out(entries[key], *reasons.RELEASE[key])
    if "restart" in entries:
        section.ledger.check(
            entries["restart"],
            f"a deployment fails if {name} fails, and nothing runs it again",
            "deploy again when the cause is fixed",
        )


def _list_tasks(name: str, problems: Mapping[str, tuple[str, str] | None], sections: Mapping[str, Fields]) -> None:
    """List a task that runs as a container in every task of the services that wait for it."""
    for waiting, problem in problems.items():
        if problem is not None:
            node = sections[waiting].mapping.entries["depends_on"].entries[name]
            reason, fix = problem
            sections[waiting].ledger.check(node, f"{reason}, so {name} runs in every task of {waiting}", fix)


def _several(
    name: str, waiting: str, waits: Mapping[str, Mapping[str, str]], services: Mapping[str, Service]
) -> tuple[str, str] | None:
    """Refuse a task of a service without a port, and one of several tasks of a service."""
    others = [each for each, condition in waits[waiting].items() if condition == "success" and each in services]
    if services[waiting].shape is not Shape.WEB:
        return (
            f"{waiting} publishes no port and does not get {name} as its release command",
            f"if {name} may run once per version, add release_command=ReleaseCommand([…]) to a service in the program",
        )
    if len(others) > 1 or any(condition == "success" for condition in waits[name].values()):
        return (
            f"{name} is one of several tasks, and a service has one release command",
            "make them one task, and run 'ecr-fargate migrate' again",
        )
    return None


def _called(task: str, waiting: str, called: Sequence[str]) -> tuple[str, str] | None:
    """Refuse a task that calls services of the program: a release command has no Service Connect."""
    if not called:
        return None
    others = " and ".join(called)
    return (
        f"{task} calls {others}, but a release command has no Service Connect",
        f"if it works without {others}, add release_command=ReleaseCommand([…]) to {waiting} in the program",
    )


def _differs(task: Service, service: Service) -> tuple[str, str] | None:
    """Refuse a task that is not a command of the service's image with the service's configuration."""
    if task.container.image != service.container.image or task.arm != service.arm:
        return (
            f"{task.name} has another image than {service.name}, and cannot be its release command",
            f"put the command into the image of {service.name}, and run 'ecr-fargate migrate' again",
        )
    if task.container.command is None:
        return (
            f"{task.name} has no command, and cannot be a release command",
            f"write a command into services.{task.name}, and run 'ecr-fargate migrate' again",
        )
    options = [
        _WORDS.get(each.name, each.name)
        for each in fields(task.container)
        if each.name not in _OF_ITS_OWN and getattr(task.container, each.name) != getattr(service.container, each.name)
    ]
    options += _further(task.container, service.container)
    if not options:
        return None
    return (
        f"{task.name} differs from {service.name} in {', '.join(options)}, and cannot be its release command",
        f"set the same for {service.name}, and run 'ecr-fargate migrate' again",
    )


def _further(task: Container, service: Container) -> list[str]:
    """Return the variables of a task that its service does not have, or has with another value."""
    return [
        *(key for key, value in task.environment.items() if service.environment.get(key) != value),
        *(key for key, value in task.secrets.items() if service.secrets.get(key) != value),
    ]


def _calls(services: Mapping[str, Service], caller: str, called: str) -> bool:
    """Return whether a service calls another one, directly or through others."""
    pending = [caller]
    for each in pending:  # the loop appends to the list
        pending += [other for other in services[each].calls if other in services and other not in pending]
    return called in pending
