"""Refuse stacks that the embedded AWS cannot deploy, before anything is built."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly import stacks as assembly
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.tools.assembly.stacks import Stack

_DEFAULT_PORT = 4566


def refuse_unknown(folder: Path, names: Sequence[str]) -> None:
    """Refuse names of stacks that the app does not have.

    Args:
        folder: The app's cloud assembly.
        names: Names of stacks, as the command line takes them.
    """
    unknown = [name for name in names if not assembly.stacks(folder, [name])]
    if unknown:
        existing = ", ".join(stack.display for stack in assembly.stacks(folder)) or "none"
        raise ToolError(f"the app has no stack {', '.join(unknown)}", fix=f"name one of its stacks: {existing}")


def refuse_other_environments(folder: Path, names: Sequence[str], instance: Instance, *, running: bool) -> None:
    """Refuse stacks for another account or region than the embedded AWS has.

    Args:
        folder: The app's cloud assembly.
        names: Names of the stacks to deploy; all stacks if empty.
        instance: The instance.
        running: Whether it is already running, so that its account and region cannot change.
    """
    own = instance.account, instance.region
    stacks = assembly.stacks(folder, names)
    groups = _by_environment(stacks, instance)
    if list(groups) in ([], [own]):
        return
    named = [stack for stack in stacks if any(fnmatchcase(stack.display, name) for name in names)]
    wanted = _by_environment(named or stacks, instance)
    order = sorted(wanted, key=lambda environment: environment != own)
    possible = [each for each in order if len(_by_environment(assembly.stacks(folder, wanted[each]), instance)) == 1]
    if possible:
        chosen = list(names) if len(groups) == 1 else wanted[possible[0]]
        fix = f"run '{command(instance, 'up', *chosen, environment=possible[0])}'"
        if running and possible[0] != own:
            fix += f", after '{command(instance, 'down')}'"
    else:
        fix = "give stacks that depend on each other the same account and region: 'up' deploys to only one of each"
    environments = "; ".join(
        f"{', '.join(each)} for account {account} in {region}" for (account, region), each in groups.items()
    )
    raise ToolError(
        f"the embedded AWS has account {instance.account} and region {instance.region}, and the app has {environments}",
        fix=fix,
    )


def refuse_unsupported(stacks: Iterable[Stack], supported: set[str]) -> None:
    """Refuse resource types that the embedded AWS does not support, before anything is deployed."""
    missing = [
        f"not emulated: {kind} ({logical_id})"
        for stack in stacks
        for kind, logical_id in stack.resources()
        if kind not in supported and not kind.startswith("Custom::")
    ]
    if missing:
        raise ToolError(
            "\n".join(dict.fromkeys(missing)), fix="name the stacks without these resources, or deploy to AWS"
        )


def command(instance: Instance, verb: str, *words: str, environment: tuple[str, str] | None = None) -> str:
    """Return a command for an instance, as the user has to type it in the current directory."""
    words_typed = ["ecr-fargate", "local", verb, *words]
    if instance.app_directory != Path.cwd():
        words_typed += ["--app-dir", str(instance.app_directory)]
    if instance.port != _DEFAULT_PORT:
        words_typed += ["--port", str(instance.port)]
    if environment not in {None, (instance.account, instance.region)} and environment is not None:
        words_typed += ["--account", environment[0], "--region", environment[1]]
    return shlex.join(words_typed)


def _by_environment(stacks: Iterable[Stack], instance: Instance) -> dict[tuple[str, str], list[str]]:
    """Return the names of stacks by account and region; the instance's are the defaults."""
    groups: dict[tuple[str, str], list[str]] = {}
    for stack in stacks:
        key = stack.account or instance.account, stack.region or instance.region
        groups.setdefault(key, []).append(stack.display or stack.name)
    return groups
