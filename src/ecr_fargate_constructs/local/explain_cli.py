"""``ecr-fargate explain``: why a deployment failed, and what to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.panel import Panel
from rich.text import Text

from ecr_fargate_constructs._plain_text import plain
from ecr_fargate_constructs.local import explain_sources as sources
from ecr_fargate_constructs.local.aws_clients import aws_client
from ecr_fargate_constructs.local.errors import LocalError
from ecr_fargate_constructs.local.explain import Explanation, explain, failed
from ecr_fargate_constructs.local.printing import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXPLAINED = 3
_UNKNOWN = 4


_Files = Annotated[list[Path] | None, typer.Argument(exists=True, dir_okay=False, help="Answers of AWS, in JSON.")]


def explain_command(
    files: _Files = None,
    stack: Annotated[str | None, typer.Option(help="Name of a stack in AWS.")] = None,
    service: Annotated[str | None, typer.Option(help="ARN of an ECS service in AWS.")] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(envvar="AWS_ENDPOINT_URL", help="Another AWS, such as the embedded one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Say why a deployment failed, and what to do.

    Reads AWS (--stack or --service), or files with what 'aws ecs describe-services', 'aws ecs describe-tasks', 'aws
    cloudformation describe-stack-events', 'aws elbv2 describe-target-health' and 'aws logs get-log-events' print. ECS
    forgets stopped tasks after an hour.

    Leaves with 0 when nothing failed, 3 when something did and the cause is named, 4 when it is not known.
    """
    if sum(each is not None for each in (files or None, stack, service)) != 1:
        raise LocalError("what to explain is missing, or there twice", fix="give files, --stack or --service")
    if files:
        record = sources.from_files(files)
    elif stack is not None:
        record = sources.from_stack(_clients(endpoint_url), stack)
    else:
        record = sources.from_services(_clients(endpoint_url), [service or ""])
    causes = explain(record)
    if as_json:
        print(json.dumps([_as_dict(each) for each in causes], indent=2))
    else:
        _show(Console(), causes, something=failed(record))
    if causes:
        sys.exit(_EXPLAINED)
    if failed(record):
        sys.exit(_UNKNOWN)


def _clients(endpoint_url: str | None) -> sources.Clients:
    return lambda name: aws_client(name, endpoint_url)


def _show(console: Console, causes: Sequence[Explanation], *, something: bool) -> None:
    if not causes:
        console.print(
            "Something failed, and what AWS says of it is not known here." if something else "Nothing failed."
        )
        return
    for each in causes:
        text = Text()
        text.append(f"{plain(each.sentence)}\n\n")
        text.append("What to do: ", style="bold")
        text.append(f"{each.rule.fix}.\n")
        text.append("AWS says: ", style="bold")
        text.append(plain(each.observation.text) + (f" ({each.times} times)" if each.times > 1 else "") + "\n")
        text.append("More: ", style="bold")
        text.append(each.rule.source)
        console.print(Panel(text, title=each.rule.cause, title_align="left", border_style="red"))


def _as_dict(each: Explanation) -> dict[str, object]:
    return {
        "cause": each.rule.cause,
        "sentence": each.sentence,
        "fix": each.rule.fix,
        "source": each.rule.source,
        "said": each.observation.text,
        "times": each.times,
    }
