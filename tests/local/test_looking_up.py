"""An app that looks things up while it is synthesized: in rounds, and only in the account that the embedded AWS has."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local import seeds, toolkit
from ecr_fargate_constructs.local.deployment import Deployment, NeedsAwsError
from ecr_fargate_constructs.local.instance import Instance, Memory
from ecr_fargate_constructs.local.progress import Progress
from ecr_fargate_constructs.local.seeds.seeding import _Seeder
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NO_LOOKUPS = "Context lookups have been disabled."
HERE = {"account": "111122223333", "region": "eu-west-1"}
VPC = ("vpc-provider", HERE | {"filter": {"tag:Name": "prod"}})


def _zone(vpc: str) -> tuple[str, dict[str, Any]]:
    return "hosted-zone", HERE | {"domainName": "corp.example", "privateZone": True, "vpcId": vpc}


class _App:
    """An app whose synthesis asks for something else each time, and is done when there is nothing left to ask."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.rounds: list[list[tuple[str, dict[str, Any]]]] = []
        self.put: list[seeds.Seeds] = []
        self.said = NO_LOOKUPS
        self.instance = Instance(folder, 4600, HERE["account"], HERE["region"])
        self.instance.make_state()
        monkeypatch.setattr(toolkit, "find_toolkit", lambda *_: folder)
        monkeypatch.setattr(toolkit, "run_toolkit", self._run)
        monkeypatch.setattr(seeds, "put", self._put)

    def synthesize(self, *, running: bool, account: str = HERE["account"]) -> list[Any]:
        instance = Instance(self.instance.app_directory, 4600, account, HERE["region"])
        memory = Memory(instance.account, instance.region, "podman", "")
        return Deployment(instance, memory, [], Progress()).synthesize(running=running)

    def _run(self, _instance: Instance, _memory: Memory, _tool: Path, arguments: Sequence[str], **_: object) -> None:
        folder = Path(arguments[-1])
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        missing = self.rounds.pop(0) if self.rounds else []
        listed = [{"key": provider, "provider": provider, "props": props} for provider, props in missing]
        stack = {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{HERE['account']}/{HERE['region']}",
            "properties": {"templateFile": "Web.json"},
        }
        manifest = {"artifacts": {"Web": stack}, "missing": listed}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        (folder / "Web.json").write_text("{}", encoding="utf-8")
        if missing:
            raise toolkit.ToolkitError("no", [self.said], log=self.instance.toolkit_log)

    def _put(self, _instance: Instance, stubs: seeds.Seeds) -> list[str]:
        self.put.append(stubs)
        return [*stubs.vpcs, *(zone.name for zone in stubs.zones)]


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _App:
    return _App(monkeypatch, tmp_path)


def test_a_zone_in_a_vpc_is_looked_up_after_the_vpc(asking: _App) -> None:
    asking.rounds = [[VPC, _zone("vpc-12345")], [_zone("vpc-7")]]
    assert [stack.name for stack in asking.synthesize(running=True)] == ["Web"]
    first, second = asking.put
    assert (first.vpcs, first.zones) == (("prod",), ())
    assert second.zones == (seeds.Zone("corp.example", vpc="vpc-7"),)


def test_a_lookup_that_no_stub_ends_is_given_up(asking: _App) -> None:
    asking.rounds = [[_zone(f"vpc-{number}")] for number in range(9)]
    with pytest.raises(toolkit.ToolkitError):
        asking.synthesize(running=True)
    assert len(asking.put) == 3


@pytest.mark.parametrize("running", [False, True])
def test_a_lookup_in_another_account_is_refused_before_anything_starts(asking: _App, *, running: bool) -> None:
    asking.rounds = [[VPC]]
    with pytest.raises(ToolError) as caught:
        asking.synthesize(running=running, account="000000004600")
    assert "the app has Web for account 111122223333 in eu-west-1" in caught.value.cause
    assert "--account 111122223333 --region eu-west-1" in str(caught.value.fix)
    assert not any(stubs.vpcs for stubs in asking.put)


def test_a_lookup_in_this_account_takes_an_embedded_aws(asking: _App) -> None:
    asking.rounds = [[VPC]]
    with pytest.raises(NeedsAwsError):
        asking.synthesize(running=False)


class _Route53:
    """Route 53 with a public and a private zone, which writes down what is made."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []

    def list_hosted_zones_by_name(self, **_: object) -> dict[str, Any]:
        return {
            "HostedZones": [
                {"Name": "corp.example.", "Config": {"PrivateZone": True}},
                {"Name": "example.com.", "Config": {"PrivateZone": False}},
            ]
        }

    def list_hosted_zones_by_vpc(self, VPCId: str, **_: object) -> dict[str, Any]:  # noqa: N803 - boto3's
        return {"HostedZoneSummaries": [{"Name": "corp.example."}] if VPCId == "vpc-7" else []}

    def create_hosted_zone(self, **zone: object) -> None:
        self.made.append(zone)


@pytest.fixture
def put_zone() -> Callable[[seeds.Zone], list[dict[str, Any]]]:
    def put(zone: seeds.Zone) -> list[dict[str, Any]]:
        route53 = _Route53()
        anything: Any = SimpleNamespace(client=lambda _: route53, region="eu-west-1")
        _Seeder(anything, anything, stubs=True).zone(zone)
        return route53.made

    return put


def test_a_private_zone_is_made_in_its_vpc(put_zone: Callable[..., list[dict[str, Any]]]) -> None:
    [made] = put_zone(seeds.Zone("corp.example", vpc="vpc-8"))
    assert made["VPC"] == {"VPCId": "vpc-8", "VPCRegion": "eu-west-1"}
    [made] = put_zone(seeds.Zone("corp.example"))  # the private one is no public one
    assert "VPC" not in made


def test_a_zone_that_is_there_is_not_made_again(put_zone: Callable[..., list[dict[str, Any]]]) -> None:
    assert put_zone(seeds.Zone("corp.example", vpc="vpc-7")) == []
    assert put_zone(seeds.Zone("example.com")) == []
