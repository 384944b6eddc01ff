"""``ecr-fargate explain`` and ``ecr-fargate local explain``: say why a deployment failed, and what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.panel import Panel
from rich.text import Text

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.aws_options import EndpointUrl, clients_at
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.local_options import AppDirectory, OneService, Port, aws_errors, running
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.local.app_status import app_status, chosen
from ecr_fargate_constructs.local.grants import read_barriers, read_decisions, roles_of_stacks
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.explain import sources
from ecr_fargate_constructs.tools.explain.explain import Explanation, explain, failed, health_checks, last_lines
from ecr_fargate_constructs.tools.explain.rules import HEALTH_CHECK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.explain.explain import Record

_EXPLAINED = 3
_UNKNOWN = 4


_Files = Annotated[
    list[Path] | None, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Responses of AWS, in JSON.")
]


def explain_command(
    files: _Files = None,
    stack: Annotated[str | None, typer.Option(help="Name of a stack in AWS.")] = None,
    service: Annotated[str | None, typer.Option(help="ARN of an ECS service in AWS.")] = None,
    endpoint_url: EndpointUrl = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Explain why a deployment failed, and what to do.

    Reads AWS (--stack or --service), or files with the output of 'aws ecs describe-services', 'aws ecs
    describe-tasks', 'aws ecs describe-service-deployments', 'aws cloudformation describe-stack-events', 'aws elbv2
    describe-target-health', 'aws elbv2 describe-target-groups' and 'aws logs get-log-events'. ECS forgets stopped tasks
    after an hour.

    Exits with 0 if nothing failed, 3 if something failed and the cause is known, 4 if the cause is not known.
    """
    if sum(each is not None for each in (files or None, stack, service)) != 1:
        raise ToolError("exactly one source is needed", fix="give files, --stack or --service")
    if files:
        record = sources.from_files(files)
    elif stack is not None:
        record = sources.from_stack(clients_at(endpoint_url), stack)
    else:
        record = sources.from_services(clients_at(endpoint_url), [service or ""])
    _report(record, as_json=form is Format.JSON)


def local_explain(
    app_dir: AppDirectory = Path(),
    port: Port = None,
    service: OneService = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Explain why this app does not run on the embedded AWS, and what to do.

    Exits with 0 if nothing failed, 3 if something failed and the cause is known, 4 if the cause is not known.
    """
    instance, memory = running(app_dir, port)
    cloud = Cloud(instance)
    with aws_errors(instance):
        status = app_status(cloud, instance.assembly, instance.port)
        if not status.stacks:
            raise ToolError("no stack of this app is deployed", fix="deploy with 'ecr-fargate local up'")
        if service is None:
            record = sources.from_stacks(cloud.client, status.stacks)
        else:
            record = sources.from_services(cloud.client, [each.arn for each in chosen(status.services, service)])
        roles = roles_of_stacks(cloud.client("cloudformation"), status.stacks)
        decisions = read_decisions(instance, memory)
        barriers = read_barriers(instance, memory)
    record["refusals"] = [asdict(each) for each in decisions if each.refusal and each.role in roles]
    names = {each.arn.rpartition("/")[2] for each in chosen(status.services, service)}
    record["barriers"] = [each.text for each in barriers if service is None or each.service in names]
    _report(record, as_json=form is Format.JSON)


def _report(record: Record, *, as_json: bool) -> None:
    causes = explain(record)
    if as_json:
        print(json.dumps([_as_dict(each, record) for each in causes], indent=2))
    else:
        _show(Console(), causes, record)
    if causes:
        sys.exit(_EXPLAINED)
    if failed(record):
        sys.exit(_UNKNOWN)


def _show(console: Console, causes: Sequence[Explanation], record: Record) -> None:
    if not causes:
        console.print(
            "Something failed, but no known cause matches what AWS reports." if failed(record) else "Nothing failed."
        )
        if failed(record):
            _show_lines(console, last_lines(record))
        return
    for each in causes:
        text = Text()
        text.append(f"{plain(each.sentence)}\n\n")
        text.append("What to do: ", style="bold")
        text.append(f"{each.fix}.\n")
        text.append("AWS reports: ", style="bold")
        text.append(plain(each.observation.text) + (f" ({each.times} times)" if each.times > 1 else "") + "\n")
        for check in _checks(each, record):
            text.append("Health check: ", style="bold")
            text.append(f"{plain(check)}\n")
        text.append("More: ", style="bold")
        text.append(each.rule.source)
        console.print(Panel(text, title=each.rule.cause, title_align="left", border_style="red"))

    _show_lines(console, last_lines(record))


def _show_lines(console: Console, lines: Sequence[str]) -> None:
    if lines:
        console.print("Last log lines of the task that failed last:", style="bold")
    for line in lines:
        console.print(Text(plain(line)), soft_wrap=True)


def _checks(each: Explanation, record: Record) -> list[str]:
    return health_checks(record) if each.rule.cause == HEALTH_CHECK else []


def _as_dict(each: Explanation, record: Record) -> dict[str, object]:
    return {
        "cause": each.rule.cause,
        "sentence": each.sentence,
        "fix": each.fix,
        "source": each.rule.source,
        "said": each.observation.text,
        "times": each.times,
        "health_checks": _checks(each, record),
        "last_lines": [plain(line) for line in last_lines(record)],
    }
