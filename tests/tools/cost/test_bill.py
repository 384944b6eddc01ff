"""``ecr-fargate cost``: sums that were worked out by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.cost import report
from ecr_fargate_constructs.tools.cost.bill import Bill, bill_of
from ecr_fargate_constructs.tools.cost.egress import egress_costs
from ecr_fargate_constructs.tools.cost.prices import price_table
from ecr_fargate_constructs.tools.cost.tasks import on_demand
from ecr_fargate_constructs.tools.errors import ToolError
from tests.tools.planting import copy_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.model import App

TABLE = price_table()


def _bill(folder: Path) -> Bill:
    return bill_of(load(folder), TABLE)


def _fixed(bill: Bill) -> dict[str, tuple[int, str]]:
    return {line.what: (int(line.count), report.money(line.monthly)) for line in bill.fixed}


@pytest.fixture
def make(tmp_path: Path) -> Callable[[dict[str, Any]], App]:
    """An app of one stack with these resources."""

    def app(resources: dict[str, Any], *, region: str = "unknown-region") -> App:
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        manifest = {
            "artifacts": {
                "One": {
                    "type": "aws:cloudformation:stack",
                    "environment": f"aws://unknown-account/{region}",
                    "properties": {"templateFile": "One.template.json"},
                }
            }
        }
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        (folder / "One.template.json").write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        return load(folder)

    return app


def test_the_front_page_app(assemblies: Path) -> None:
    """2 NAT gateways, 4 addresses, 1 load balancer, 4 metrics; a task takes 0.25 of 0.04048, 0.5 of 0.004445."""
    bill = _bill(assemblies / "three_lines")
    assert _fixed(bill) == {
        "NAT gateways": (2, "65.70"),
        "application load balancers": (1, "16.43"),
        "public IPv4 addresses": (4, "14.60"),
        "alarm metrics": (4, "0.40"),
    }
    (tasks,) = bill.services
    assert tasks.per_task == Decimal("0.0123425") * 730
    assert bill.fixed_monthly == Decimal("97.125")
    assert bill.least_monthly == Decimal("97.125") + 2 * Decimal("0.0123425") * 730
    assert bill.unpriced == ("AWS::Lambda::Function",)


def test_endpoints_in_two_zones(assemblies: Path) -> None:
    bill = _bill(assemblies / "endpoints")
    assert _fixed(bill)["interface endpoints, per zone"] == (8, "58.40")
    assert _fixed(bill)["secrets"] == (1, "0.40")
    assert "public IPv4 addresses" not in _fixed(bill), "its load balancer is internal"


def test_arm_is_cheaper(assemblies: Path) -> None:
    (tasks,) = _bill(assemblies / "compose").services
    assert tasks.per_task == (Decimal("0.5") * Decimal("0.03238") + Decimal("0.00356")) * 730
    assert (tasks.least, tasks.most) == (3, 3)


def test_spot_is_not_priced_and_says_so(assemblies: Path) -> None:
    bill = _bill(assemblies / "spot")
    (tasks,) = bill.services
    assert (tasks.least, tasks.most) == (2, 4)
    assert "on Spot (0 at least, 6 at most)" in bill.unpriced[0]
    (service,) = services(load(assemblies / "spot"))
    assert [on_demand(service, count) for count in (1, 2, 3, 6, 10)] == [1, 2, 3, 3, 4], "a base of 2, then 1 of 4"


def test_machines_cost_whatever_runs_on_them(assemblies: Path) -> None:
    bill = _bill(assemblies / "fargate_and_ec2")
    assert _fixed(bill)["m7i.large instances"] == (2, "147.17")
    assert _fixed(bill)["GB of gp3 volumes"] == (60, "4.80")
    assert [each.path for each in bill.services] == ["Both/Fargate/Service"]


def test_alarms_count_their_metrics_and_dashboards_their_number(assemblies: Path) -> None:
    bill = _bill(assemblies / "observability")
    assert _fixed(bill)["dashboards"] == (1, "3.00")
    metrics, _ = _fixed(bill)["alarm metrics"]
    alarms = load(assemblies / "observability").of("AWS::CloudWatch::Alarm")
    assert metrics > len(alarms)


def test_what_the_rest_costs(make: Callable[[dict[str, Any]], App]) -> None:
    alarm = {"MetricStat": {"Period": 10}}
    bill = bill_of(
        make(
            {
                "Key": {"Type": "AWS::KMS::Key"},
                "Zone": {"Type": "AWS::Route53::HostedZone"},
                "Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": {"Rules": [{}, {}, {}]}},
                "Quick": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [alarm, alarm]}},
                "Odd": {"Type": "AWS::EC2::Instance", "Properties": {"InstanceType": "x9.huge"}},
                "Small": {"Type": "AWS::EC2::Instance", "Properties": {"InstanceType": "t4g.micro"}},
                "Queue": {"Type": "AWS::SQS::Queue"},
                "Other": {"Type": "AWS::SQS::Queue"},
                "Network": {
                    "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                    "Properties": {"Type": "network", "Scheme": "internal"},
                },
            }
        ),
        TABLE,
    )
    assert _fixed(bill) == {
        "KMS keys": (1, "1.00"),
        "hosted zones": (1, "0.50"),
        "web ACLs": (1, "5.00"),
        "rules of web ACLs": (3, "3.00"),
        "high-resolution alarm metrics": (2, "0.60"),
        "t4g.micro instances": (1, "6.13"),
        "network load balancers": (1, "16.43"),
    }
    assert bill.unpriced == ("AWS::SQS::Queue (2)", "x9.huge instances: no price named ec2.x9.huge.hour")


def _task(**more: object) -> dict[str, Any]:
    properties = {"Cpu": "1024", "Memory": "2048", "RequiresCompatibilities": ["FARGATE"], **more}
    return {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties},
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {"LaunchType": "FARGATE", "DesiredCount": 2, "TaskDefinition": {"Ref": "Task"}},
        },
    }


def test_more_storage_and_public_addresses(make: Callable[[dict[str, Any]], App]) -> None:
    resources = _task(EphemeralStorage={"SizeInGiB": 50})
    network = {"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED"}}
    resources["Service"]["Properties"]["NetworkConfiguration"] = network
    (tasks,) = bill_of(make(resources), TABLE).services
    hourly = Decimal("0.04048") + 2 * Decimal("0.004445") + 30 * Decimal("0.000111") + Decimal("0.005")
    assert tasks.per_task == hourly * 730


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ({"RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}, "the table has no price"),
        ({"Cpu": {"Ref": "Size"}}, "the table has no price"),
    ],
)
def test_tasks_that_cannot_be_priced_are_named(
    make: Callable[[dict[str, Any]], App], task: dict[str, object], reason: str
) -> None:
    bill = bill_of(make(_task(**task)), TABLE)
    assert not bill.services
    assert bill.least_monthly == 0
    assert reason in bill.unpriced[0]


def test_nat_against_endpoints(assemblies: Path) -> None:
    (way,) = egress_costs(load(assemblies / "three_lines"), TABLE)
    assert (way.uses, way.zones, way.endpoints) == ("NAT", 2, ("ecr.api", "ecr.dkr", "logs"))
    assert (report.money(way.nat), report.money(way.endpoints_monthly)) == ("73.00", "43.80")
    (inside,) = egress_costs(load(assemblies / "endpoints"), TABLE)
    assert (inside.gateways, report.money(inside.nat)) == (2, "73.00")
    assert (inside.uses, inside.endpoints) == ("endpoints", ("ecr.api", "ecr.dkr", "logs", "secretsmanager"))


def test_one_nat_gateway_for_all_zones_costs_what_one_costs(assemblies: Path, tmp_path: Path) -> None:
    copy = copy_of(assemblies / "three_lines", tmp_path / "copy")
    copy.remove("EcrFargateNetworkPublicSubnet2NATGateway")
    copy.container["Image"] = (
        "111122223333.dkr.ecr.us-east-1.amazonaws.com/ecr-public/aws-observability/aws-otel-collector:v1"
    )
    (way,) = egress_costs(load(copy.save()), TABLE)
    assert (way.gateways, way.zones, report.money(way.nat)) == (1, 2, "36.50")
    assert way.endpoints == ("ecr.api", "ecr.dkr", "logs", "xray")
    (words,) = report.egress_sentences([way])
    assert words.startswith("Web/EcrFargateNetwork uses NAT. A NAT gateway with its address costs 36.50, plus")


def test_before_and_after(assemblies: Path) -> None:
    before, after = _bill(assemblies / "three_lines"), _bill(assemblies / "endpoints")
    found = {each.what: (report.money(each.before), report.money(each.after)) for each in report.compare(before, after)}
    assert found["NAT gateways"] == ("65.70", "0.00")
    assert found["interface endpoints, per zone"] == ("0.00", "58.40")
    assert report.differences_as_dict(before, after)["change"] == "-21.50"
    assert report.differences_as_markdown(before, after).splitlines()[4] == "| NAT gateways | 65.70 | 0.00 | -65.70 |"


def test_date_and_region_are_said(assemblies: Path, make: Callable[..., App]) -> None:
    bill = _bill(assemblies / "three_lines")
    for text in (report.heading(bill), report.markdown(bill, [])):
        assert "us-east-1 as of 2026-06" in text
    assert report.as_dict(bill, [])["pricesAsOf"] == "2026-06"
    other = bill_of(make({}, region="eu-west-1"), TABLE)
    assert other.unpriced == ("region eu-west-1: calculated at the prices of us-east-1",)


def test_a_table_of_ones_own(tmp_path: Path, assemblies: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text(
        json.dumps({"region": "eu-west-1", "date": "2026-11", "prices": {"nat.hour": "0.05"}}), encoding="utf-8"
    )
    bill = bill_of(load(assemblies / "three_lines"), price_table(file))
    assert bill.fixed_monthly == 2 * Decimal("0.05") * 730
    assert "application load balancers: no price named alb.hour" in bill.unpriced
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(ToolError, match="holds no price table"):
        price_table(file)


@pytest.mark.parametrize(
    ("number", "text"), [("0.10", "0.10"), ("0.045", "0.045"), ("730", "730"), ("3.00", "3"), ("0.000111", "0.000111")]
)
def test_numbers_have_no_exponent(number: str, text: str) -> None:
    assert report.plain(Decimal(number)) == text
