"""Deploy an example, ask about it, compare, and delete it again, whatever happens."""

from __future__ import annotations

import json
import secrets as random
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.cost.bill import bill_of
from ecr_fargate_constructs.tools.cost.prices import price_table
from tests.aws import removal
from tests.aws.answers import balancers, registry, services, stacks
from tests.aws.answers.asking import Scene, created_in, resources_of
from tests.aws.comparison import compare, record_of, write_record
from tests.aws.deployment import Deployed, Ended
from tests.aws.masks import Mask
from tests.aws.report import Report, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.aws.answers.asking import Answer, Resource
    from tests.aws.cases import Case
    from tests.aws.options import Wish
    from tests.aws.targets import Target

QUESTIONS: dict[str, Callable[[Scene], Answer]] = {
    "target health": balancers.target_health,
    "http answers": balancers.http_answers,
    "services": services.services,
    "service deployments": services.service_deployments,
    "load balancers": balancers.load_balancers,
    "repositories": registry.repositories,
    "registry answers": registry.registry_answers,
    "runs of jobs": services.runs_of_jobs,
    "stack events": stacks.stack_events,
    "templates": stacks.templates,
}
"""The kinds of answers, in the order in which they are asked for: first what takes time to settle."""

_HOURS_PER_MONTH = 730
_LINES = 15


class NotDeployableError(Exception):
    """An example cannot be deployed to this target; the text says why."""


@dataclass
class Session:
    """The run of a session: one target, one report.

    Attributes:
        wish: What the caller asked for.
        target: Where the examples are deployed.
        folder: Where they are synthesized.
        report: What was compared.
        say: Shows a line to the caller.
    """

    wish: Wish
    target: Target
    folder: Path
    report: Report
    say: Callable[[str], None] = print
    _bootstrapped: bool = False

    @cached_property
    def prefix(self) -> str:
        """Prefix of all stacks of this session."""
        return f"efc-{random.token_hex(2)}-"

    def run(self, case: Case) -> Result:
        """Run an example.

        Raises:
            NotDeployableError: It cannot be deployed here.
        """
        deployed = Deployed(self.target, case, self.prefix, self.folder / case.name)
        _succeeded("synthesis", deployed.synthesize(self.wish.texts(case)))
        if why := self.target.impediment(case, deployed.out):
            raise NotDeployableError(why)
        if not self.wish.embedded:
            cost = self.report.costs[case.name] = hourly_cost(deployed.out)
            self.say(f"{case.name}: about {cost:.2f} US dollars per hour, and what depends on usage")
        self._bootstrap(deployed)
        with self._prerequisites(case) as values:
            self.target.put_stubs(deployed.out)
            result = self._deployed(deployed, values)
        self.report.results.append(result)
        if self.wish.record and not result.problems:
            write_record(case.name, result.answers)
        return result

    def _bootstrap(self, deployed: Deployed) -> None:
        if self.wish.embedded and not self._bootstrapped:
            _succeeded("bootstrap", deployed.bootstrap())
            self._bootstrapped = True

    def _deployed(self, deployed: Deployed, values: tuple[str, ...]) -> Result:
        cloudformation, templates = self.target.client("cloudformation"), _templates(deployed)
        seconds: dict[str, float] = {}
        problems: list[str] = []
        answers: Answer = {}
        mask = Mask.of(self.target.account, self.target.region, self.prefix, {}, secrets=values)
        resources: tuple[Resource, ...] | None = None
        created: frozenset[tuple[str, str]] | None = None
        try:
            started = time.monotonic()
            ended = deployed.deploy()
            seconds["deploy"] = round(time.monotonic() - started, 1)
            resources = resources_of(cloudformation, deployed.stacks)
            created = created_in(cloudformation, deployed.stacks)
            mask = Mask.of(
                self.target.account,
                self.target.region,
                self.prefix,
                {each.physical: each.logical for each in resources},
                secrets=values,
            )
            scene = Scene(self.target, deployed.stacks, resources, templates)
            answers = {"deployment": {"exit status": ended.status}}
            if ended.status:
                problems.append(f"the deployment failed: {_end_of(ended)}")
            started = time.monotonic()
            answers |= {kind: ask(scene) for kind, ask in QUESTIONS.items()}
            seconds["ask"] = round(time.monotonic() - started, 1)
            if not ended.status:
                again = deployed.deploy()
                unchanged = again.printed.count("(no changes)")
                answers["deployment"] |= {"again": again.status, "stacks without changes": unchanged}
        finally:
            started = time.monotonic()
            if resources is None or created is None:  # interrupted while it was deployed
                with suppress(ClientError):
                    resources = resources_of(cloudformation, deployed.stacks)
                    created = created_in(cloudformation, deployed.stacks)
            ended = deployed.destroy()
            left = removal.delete(self.target, removal.kept(resources or (), templates, created or frozenset()))
            seconds["destroy"] = round(time.monotonic() - started, 1)
        if ended.status:
            problems.append(f"the removal failed: {_end_of(ended)}")
        answers["removal"] = {"exit status": ended.status}
        left += [f"{stack}: {', '.join(each)}" for stack, each in stacks.gone(scene).items() if each]
        masked = mask({kind: each for kind, each in answers.items() if each})
        recorded = record_of(deployed.case.name)
        compared = compare(masked, recorded or {}, embedded=self.wish.embedded) if recorded else []
        return Result(deployed.case.name, seconds, masked, compared, mask(left), mask(problems))

    @contextmanager
    def _prerequisites(self, case: Case) -> Iterator[tuple[str, ...]]:
        """Create the secrets and parameters that an example imports; those that exist already are not touched."""
        manager, parameters = self.target.client("secretsmanager"), self.target.client("ssm")
        made: list[Callable[[], Any]] = []
        try:
            for name, value in case.secrets.items():
                try:
                    manager.create_secret(Name=name, SecretString=value)
                except ClientError as error:
                    raise NotDeployableError(f"secret {name}: {error.response['Error']['Code']}") from error
                made.append(partial(manager.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True))
            for name, value in case.parameters.items():
                try:
                    parameters.put_parameter(Name=name, Value=value, Type="SecureString")
                except ClientError as error:
                    raise NotDeployableError(f"parameter {name}: {error.response['Error']['Code']}") from error
                made.append(partial(parameters.delete_parameter, Name=name))
            yield (*case.secrets.values(), *case.parameters.values())
        finally:
            for remove in made:
                remove()


def hourly_cost(out: Path) -> float:
    """Return what a synthesized app costs per hour, in US dollars: list prices, without what depends on usage."""
    return float(bill_of(load(out, ()), price_table()).least_monthly) / _HOURS_PER_MONTH


def _templates(deployed: Deployed) -> dict[str, Answer]:
    artifacts = json.loads((deployed.out / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    found = {}
    for each in artifacts.values():
        if each["type"] == "aws:cloudformation:stack":
            properties = each["properties"]
            name = (properties.get("stackName") or each["displayName"]).removeprefix(deployed.prefix)
            found[name] = json.loads((deployed.out / properties["templateFile"]).read_text(encoding="utf-8"))
    return found


def _end_of(ended: Ended) -> str:
    return "\n".join(ended.printed.splitlines()[-_LINES:])


def _succeeded(what: str, ended: Ended) -> None:
    if ended.status:
        raise AssertionError(f"{what}: {ended.printed}")
