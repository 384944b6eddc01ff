"""``ecr-fargate cost``: sums that were worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
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


def test_spot_is_a_range_from_the_largest_discount_to_no_discount(assemblies: Path) -> None:
    bill = _bill(assemblies / "spot")
    (tasks,) = bill.services
    assert (tasks.least, tasks.most) == (2, 4)
    (spot,) = bill.spot
    assert (spot.least, spot.most) == (0, 6)
    assert spot.highest == tasks.per_task
    assert spot.lowest == tasks.per_task * Decimal("0.3")
    assert bill.most_monthly == bill.fixed_monthly + 10 * tasks.per_task
    assert not any("Spot" in each for each in bill.unpriced)
    assert "as of 2026-06" in report.spot_sentences(bill)[0]
    (service,) = services(load(assemblies / "spot"))
    assert [on_demand(service, count) for count in (1, 2, 3, 6, 10)] == [1, 2, 3, 3, 4], "a base of 2, then 1 of 4"


_SPOT = [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]


def test_tasks_on_spot_alone(make: Callable[[dict[str, Any]], App]) -> None:
    resources = _task()
    resources["Service"]["Properties"]["CapacityProviderStrategy"] = _SPOT
    bill = bill_of(make(resources), TABLE)
    row = report.rows(bill)[-1]
    assert row.what == "Spot tasks of One/Service (1 vCPU, 2 GB, X86_64)"
    assert (row.count, row.price, row.monthly) == ("2", "10.81 to 36.04 per task", "21.62 to 72.08")
    assert [name for name, _ in report.totals(bill)] == [
        "fixed",
        "with tasks, Spot at its lowest price",
        "with tasks, Spot at its highest price",
    ]
    assert report.as_dict(bill, [])["spot"][0]["lowestPrice"] == "10.81"


def test_a_table_with_spot_prices_gives_a_price_and_one_without_gives_a_reason(
    make: Callable[[dict[str, Any]], App],
) -> None:
    resources = _task()
    resources["Service"]["Properties"]["CapacityProviderStrategy"] = _SPOT
    given = {"fargate.spot.x86.vcpu-hour": Decimal("0.0127"), "fargate.spot.x86.gb-hour": Decimal("0.0014")}
    bill = bill_of(make(resources), replace(TABLE, prices={**TABLE.prices, **given}))
    assert bill.least_monthly == bill.most_monthly == 2 * 730 * (Decimal("0.0127") + 2 * Decimal("0.0014"))
    assert not report.spot_sentences(bill)
    assert report.totals(bill)[-1][0] == "with tasks"
    prices = {name: price for name, price in TABLE.prices.items() if "share" not in name}
    bill = bill_of(make(resources), replace(TABLE, prices=prices))
    assert not bill.spot
    assert "on Spot (2 at least, 2 at most): the table has neither a price nor a share for Spot" in bill.unpriced[0]


def test_groups_by_launch_configuration_and_by_launch_template(make: Callable[[dict[str, Any]], App]) -> None:
    group = {"MinSize": "2", "MaxSize": "4"}
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "VolumeType": "gp3"}}
    settings = {"InstanceType": "t3.small", "BlockDeviceMappings": [disk]}
    bill = bill_of(
        make(
            {
                "Old": {"Type": "AWS::AutoScaling::LaunchConfiguration", "Properties": settings},
                "New": {
                    "Type": "AWS::EC2::LaunchTemplate",
                    "Properties": {"LaunchTemplateName": "new", "LaunchTemplateData": settings},
                },
                "A": {
                    "Type": "AWS::AutoScaling::AutoScalingGroup",
                    "Properties": {**group, "LaunchConfigurationName": {"Ref": "Old"}},
                },
                "B": {
                    "Type": "AWS::AutoScaling::AutoScalingGroup",
                    "Properties": {**group, "LaunchTemplate": {"LaunchTemplateName": "new", "Version": "1"}},
                },
                "C": {
                    "Type": "AWS::AutoScaling::AutoScalingGroup",
                    "Properties": {**group, "LaunchTemplate": {"LaunchTemplateName": "elsewhere", "Version": "1"}},
                },
            }
        ),
        TABLE,
    )
    assert _fixed(bill) == {"t3.small instances": (4, "60.74"), "GB of gp3 volumes": (120, "9.60")}
    assert bill.unpriced == ("instances of One/C: only the deployment knows their type",)


def test_groups_on_spot_and_of_several_types(make: Callable[[dict[str, Any]], App]) -> None:
    mixed = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Template"}, "Version": "1"},
            "Overrides": [{"InstanceType": "t3.large"}],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 50},
    }
    several = {
        "LaunchTemplate": {
            **mixed["LaunchTemplate"],  # type: ignore[dict-item]  # a dict, beside others
            "Overrides": [{"InstanceType": "t3.large"}, {"InstanceType": "m5.large"}, {"InstanceType": "x9.huge"}],
        }
    }
    sizes = {"MinSize": "4", "MaxSize": "4"}
    bill = bill_of(
        make(
            {
                "Template": {
                    "Type": "AWS::EC2::LaunchTemplate",
                    "Properties": {"LaunchTemplateData": {"InstanceType": "t3.micro"}},
                },
                "Cheap": {
                    "Type": "AWS::AutoScaling::LaunchConfiguration",
                    "Properties": {"InstanceType": "t3.micro", "SpotPrice": "0.01"},
                },
                "Mixed": {
                    "Type": "AWS::AutoScaling::AutoScalingGroup",
                    "Properties": {**sizes, "MixedInstancesPolicy": mixed},
                },
                "Several": {
                    "Type": "AWS::AutoScaling::AutoScalingGroup",
                    "Properties": {**sizes, "MixedInstancesPolicy": several},
                },
                "Spot": {
                    "Type": "AWS::AutoScaling::AutoScalingGroup",
                    "Properties": {**sizes, "LaunchConfigurationName": {"Ref": "Cheap"}},
                },
            }
        ),
        TABLE,
    )
    assert _fixed(bill) == {"t3.large instances": (3, "182.21")}, "1, and half of the other 3, rounded up"
    assert [(each.what, each.least) for each in bill.spot] == [
        ("t3.large Spot instances of One/Mixed", 1),
        ("t3.micro Spot instances of One/Spot", 4),
    ]
    assert (report.money(bill.spot[1].lowest), report.money(bill.spot[1].highest)) == ("0.76", "7.59")
    assert bill.unpriced == ("instances of One/Several: EC2 chooses among t3.large (60.74), m5.large (70.08), x9.huge",)


def test_each_kind_of_load_balancer_has_its_own_unit_and_addresses(make: Callable[[dict[str, Any]], App]) -> None:
    def balancer(**properties: object) -> dict[str, Any]:
        return {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": properties}

    fixed = {"AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}, "SubnetId": "subnet-1"}
    bill = bill_of(
        make(
            {
                "Address": {"Type": "AWS::EC2::EIP"},
                "N": balancer(Type="network", SubnetMappings=[fixed, {"SubnetId": "subnet-2"}]),
            }
        ),
        TABLE,
    )
    assert _fixed(bill) == {"network load balancers": (1, "16.43"), "public IPv4 addresses": (2, "7.30")}
    assert [(each.what, str(each.price)) for each in bill.usage] == [("network load balancer, per NLCU-hour", "0.006")]
    bill = bill_of(make({"A": balancer(Scheme="internal"), "G": balancer(Type="gateway", Scheme="internal")}), TABLE)
    assert [each.what for each in bill.usage] == ["load balancer, per LCU-hour"]
    assert bill.unpriced == ("gateway load balancers: no price named glb.hour",)


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
                "Queue": {"Type": "AWS::DynamoDB::Table"},
                "Other": {"Type": "AWS::DynamoDB::Table"},
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
    assert bill.unpriced == ("AWS::DynamoDB::Table (2)", "x9.huge instances: no price named ec2.x9.huge.hour")


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


def test_before_and_after_of_spot_are_at_the_lowest_price(make: Callable[[dict[str, Any]], App]) -> None:
    resources = _task()
    before = bill_of(make(resources), TABLE)
    resources["Service"]["Properties"]["CapacityProviderStrategy"] = _SPOT
    after = bill_of(make(resources), TABLE)
    assert [(each.what, report.money(each.change)) for each in report.compare(before, after)] == [
        ("tasks of One/Service", "-72.08"),
        ("Spot tasks of One/Service, at the lowest price", "21.62"),
    ]
    assert "Spot prices" in report.differences_as_markdown(before, after)


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
