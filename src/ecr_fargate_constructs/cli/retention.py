"""``ecr-fargate retention``: simulate a lifecycle policy, and check that it expires no image in use."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs._rules.simulation import Decision, EcrImage, Outcome, Plan, simulate
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.local.aws_clients import aws_client
from ecr_fargate_constructs.tools.aws_calls import call_aws
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.retention import sources
from ecr_fargate_constructs.tools.retention.picture import timeline
from ecr_fargate_constructs.tools.retention.usage import Usage, images_in_use, images_locked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ecr_fargate_constructs._rules.lifecycle_policy import LifecyclePolicy

retention = typer.Typer(
    help="Test lifecycle policies of ECR, offline or against the images in use.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_SHORT = len("sha256:") + 12  # of a digest, as docker shows it
_COLOURS = {Outcome.KEPT: "green", Outcome.ARCHIVED: "yellow", Outcome.EXPIRED: "red"}

_Policy = Annotated[
    Path | None, typer.Option("--policy", exists=True, dir_okay=False, help="File with the policy in JSON.")
]
_Template = Annotated[Path | None, typer.Option("--template", exists=True, help="Template, or cdk.out.")]
_Repository = Annotated[str | None, typer.Option("--repository", help="Name of a repository in AWS.")]
_Endpoint = Annotated[
    str | None, typer.Option(envvar="AWS_ENDPOINT_URL", help="Another endpoint, such as the embedded AWS.")
]


@retention.command("simulate")
def simulate_command(
    policy: _Policy = None,
    template: _Template = None,
    resource: Annotated[str | None, typer.Option(help="Logical id, if the templates have several policies.")] = None,
    images: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="File with the output of 'aws ecr describe-images'."),
    ] = None,
    repository: _Repository = None,
    endpoint_url: _Endpoint = None,
    at: Annotated[datetime | None, typer.Option(help="Time of the evaluation, in UTC; now by default.")] = None,
    svg: Annotated[Path | None, typer.Option(help="SVG file for a timeline of the result.")] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show what a policy would do to each image, and which rule decides."""
    if (images is None) == (repository is None):
        raise ToolError("exactly one source of images is needed", fix="give one of --images and --repository")
    if policy is not None and template is not None:
        raise ToolError("the policy is given twice", fix="give one of --policy and --template")
    ecr = None if repository is None else aws_client("ecr", endpoint_url)
    if policy is not None:
        chosen = sources.policy_from_file(policy)
    elif template is not None:
        chosen = _one(sources.policies_from_templates(template), resource)
    elif repository is not None:
        chosen = sources.live_policy(ecr, repository)
    else:
        raise ToolError("no policy is given", fix="give --policy or --template")
    listed = sources.images_from_file(images) if images is not None else sources.live_images(ecr, repository or "")
    now = datetime.now(timezone.utc) if at is None else at.replace(tzinfo=timezone.utc)
    plan = simulate(chosen, listed, now)
    if svg is not None:
        svg.write_text(timeline(plan, now), encoding="utf-8")
    if form is Format.JSON:
        print(json.dumps([_as_dict(decision) for decision in plan.decisions], indent=2))
    else:
        Console().print(_table(plan))


@retention.command()
def check(
    repository: Annotated[str, typer.Option("--repository", help="Name of the repository.")],
    cluster: Annotated[
        list[str] | None, typer.Option(help="Cluster to check; repeatable; all clusters by default.")
    ] = None,
    lock: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Lock file, whose images of this repository other stages run."),
    ] = None,
    endpoint_url: _Endpoint = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Exit with 1 if the policy expires, or has expired, an image of a service, its last revision, a task or a lock."""
    ecr, ecs = aws_client("ecr", endpoint_url), aws_client("ecs", endpoint_url)
    described = call_aws(lambda: ecr.describe_repositories(repositoryNames=[repository]), "ecr:DescribeRepositories")
    uri = described["repositories"][0]["repositoryUri"]
    usages = [*images_in_use(ecs, uri, cluster), *([] if lock is None else images_locked(lock, uri))]
    plan = simulate(
        sources.live_policy(ecr, repository), sources.live_images(ecr, repository), datetime.now(timezone.utc)
    )
    used = in_use(plan, usages)
    lost = [(decision, users) for decision, users in used if decision.outcome is not Outcome.KEPT]
    gone = missing(plan, usages)
    if form is Format.JSON:
        items = [{**_as_dict(decision), "users": users} for decision, users in lost]
        items += [{"reference": usage.reference, "outcome": "missing", "users": list(usage.users)} for usage in gone]
        print(json.dumps(items, indent=2))
    else:
        for decision, users in lost:
            print(plain(f"{decision.explain()}; used by {', '.join(users)}"))
        for usage in gone:
            print(plain(f"{usage.reference}: no longer in {repository}; used by {', '.join(usage.users)}"))
    if lost or gone:
        raise typer.Exit(1)
    if form is not Format.JSON:
        print(f"{len(used)} images of {repository} are in use, and the policy keeps all of them")


def in_use(plan: Plan, usages: Iterable[Usage]) -> list[tuple[Decision, list[str]]]:
    """Return the decisions about images in use, the newest image first, each with its users by tag and by digest."""
    users: dict[str, tuple[str, ...]] = {}
    for usage in usages:
        users[usage.reference] = (*users.get(usage.reference, ()), *usage.users)
    used = []
    for decision in plan.decisions:
        names = (*decision.image.tags, decision.image.digest)
        its_users = list(dict.fromkeys(user for name in names for user in users.get(name, ())))
        if its_users:
            used.append((decision, its_users))
    return used


def missing(plan: Plan, usages: Iterable[Usage]) -> list[Usage]:
    """Return the images in use that the repository no longer has."""
    present = {name for decision in plan.decisions for name in (*decision.image.tags, decision.image.digest)}
    return [usage for usage in usages if usage.reference not in present]


def _one(policies: dict[str, LifecyclePolicy], resource: str | None) -> LifecyclePolicy:
    if resource is None and len(policies) == 1:
        return next(iter(policies.values()))
    if resource not in policies:
        raise ToolError(
            f"the templates have the policies of {', '.join(policies)}; --resource names {resource or 'none'}",
            fix="name one of them with --resource",
        )
    return policies[resource]


def _as_dict(decision: Decision) -> dict[str, Any]:
    image: EcrImage = decision.image
    return {
        "digest": image.digest,
        "tags": list(image.tags),
        "pushedAt": image.pushed_at.isoformat(),
        "outcome": decision.outcome.value,
        "rulePriority": None if decision.rule is None else decision.rule.priority,
        "explanation": decision.explain(),
    }


def _table(plan: Plan) -> Table:
    summary = f"{len(plan.kept)} kept, {len(plan.archived)} archived, {len(plan.expired)} expired"
    table = Table(title=summary, title_justify="left")
    for column in ("image", "pushed", "outcome", "decided by"):
        table.add_column(column, overflow="fold")
    for decision in plan.decisions:
        table.add_row(
            escape(", ".join(decision.image.tags) or decision.image.digest[:_SHORT] or "untagged"),
            f"{decision.image.pushed_at:%Y-%m-%d %H:%M}",
            f"[{_COLOURS[decision.outcome]}]{decision.outcome.value}[/]",
            "no rule" if decision.rule is None else escape(str(decision.rule)),
        )
    return table
