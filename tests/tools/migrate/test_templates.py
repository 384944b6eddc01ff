"""Who reaches whom in the templates of the programs, how often a store runs, and how it is replaced."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.tools.migrate.cases import CASES
from tests.tools.migrate.synthesis import synthesized

pytestmark = pytest.mark.integration

if TYPE_CHECKING:
    from pathlib import Path

Rule = tuple[str, str, int]
PUBLIC_PORTS = {
    "compose_loopback": {"Web": 3000},
    "compose_address": {"Open": 8080},
    "compose_ports": {"First": 8080, "Random": 8080, "Tls": 443, "Variable": 8080},
    "copilot_private_app_runner": {},
}


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """The resources of a type, by logical id."""
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def rules(template: dict[str, Any]) -> set[Rule]:
    """The rules between security groups: who is called, who calls, and at which port."""
    found = set()
    for rule in of_type(template, "AWS::EC2::SecurityGroupIngress").values():
        source = rule.get("SourceSecurityGroupId")
        if source is not None:
            found.add((rule["GroupId"]["Fn::GetAtt"][0], source["Fn::GetAtt"][0], rule["FromPort"]))
    return found


def may_call(template: dict[str, Any], caller: str, called: str, port: int) -> bool:
    """Whether a rule lets one service call another."""
    return any(
        group.startswith(called) and source.startswith(caller) and number == port
        for group, source, number in rules(template)
    )


def template_of(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The template of a case."""
    return synthesized(next(case for case in CASES if case.name == name), tmp_path, monkeypatch)


@pytest.mark.parametrize("name", PUBLIC_PORTS)
def test_the_internet_reaches_the_ports_that_are_published_on_all_addresses_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = template_of(name, tmp_path, monkeypatch)
    balancers = of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    public = [each for each, properties in balancers.items() if properties["Scheme"] == "internet-facing"]
    assert len(public) == len(PUBLIC_PORTS[name])
    for service, port in PUBLIC_PORTS[name].items():
        groups = [
            properties["Port"]
            for each, properties in of_type(template, "AWS::ElasticLoadBalancingV2::TargetGroup").items()
            if each.startswith(service)
        ]
        assert groups == [80]  # CDK's own figure for HTTP; tasks register with the port of their container
        services = [each for each in of_type(template, "AWS::ECS::Service").items() if each[0].startswith(service)]
        assert services[0][1]["LoadBalancers"][0]["ContainerPort"] == port


def test_services_of_a_compose_file_reach_each_other_at_the_ports_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = template_of("compose_expose", tmp_path, monkeypatch)
    assert all(may_call(template, "Admin", "Api", port) for port in (8080, 9000, 9464))
    services = of_type(template, "AWS::ECS::Service")
    (api,) = [properties for name, properties in services.items() if name.startswith("Api")]
    offered = api["ServiceConnectConfiguration"]["Services"]
    assert {(each["ClientAliases"][0]["DnsName"], each["ClientAliases"][0]["Port"]) for each in offered} == {
        ("api", 8080), ("api", 9000), ("api", 9464),
    }  # fmt: skip


def test_networks_of_a_compose_file_keep_services_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = template_of("compose_networks", tmp_path, monkeypatch)
    assert may_call(template, "Proxy", "Api", 3000)
    assert may_call(template, "Api", "Queue", 5673)
    assert not any(may_call(template, "Proxy", "Queue", port) for port in range(65536))
    assert not any(may_call(template, "Api", "Reports", port) for port in range(65536))
    names = [
        each["ClientAliases"][0]["DnsName"]
        for service in of_type(template, "AWS::ECS::Service").values()
        for each in service.get("ServiceConnectConfiguration", {}).get("Services", ())
    ]
    assert sorted(names) == ["backend", "jobs-queue", "proxy"]


def test_the_ports_of_a_dockerfile_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = template_of("compose_dockerfiles", tmp_path, monkeypatch)
    assert may_call(template, "Site", "Api", 9000)
    assert may_call(template, "Site", "Api", 9001)
    assert not may_call(template, "Site", "Api", 5353)


def test_stores_on_volumes_run_once_and_stop_before_their_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = template_of("compose_monitoring", tmp_path, monkeypatch)
    found = {
        name.rstrip("0123456789ABCDEF"): (
            properties["DesiredCount"],
            properties["DeploymentConfiguration"]["MinimumHealthyPercent"],
            properties["DeploymentConfiguration"]["MaximumPercent"],
        )
        for name, properties in of_type(template, "AWS::ECS::Service").items()
    }
    assert Counter(found.values()) == {(1, 0, 101): 2, (3, 100, 200): 1, (2, 100, 200): 1}, found


def test_services_of_a_copilot_environment_reach_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = template_of("copilot_discovery", tmp_path, monkeypatch)
    assert may_call(template, "Front", "Api", 9000)
    assert may_call(template, "Nightly", "Api", 9000)
    assert not any(called.startswith("Apart") for called, _, _ in rules(template))
    assert not may_call(template, "Public", "Api", 9000)
    (namespace,) = of_type(template, "AWS::ServiceDiscovery::PrivateDnsNamespace").values()
    assert namespace["Name"] == "test.shop.local"
    assert {each["Name"] for each in of_type(template, "AWS::ServiceDiscovery::Service").values()} == {"front", "api"}
    variables = {
        each["Name"]: each["Value"]
        for task in of_type(template, "AWS::ECS::TaskDefinition").values()
        for container in task["ContainerDefinitions"]
        if container["Name"] == "web"
        for each in container["Environment"]
        if task["ContainerDefinitions"][0]["Environment"][0]["Value"] == "front"
    }
    assert variables["COPILOT_SERVICE_DISCOVERY_ENDPOINT"] == "test.shop.local"
    assert variables["COPILOT_APPLICATION_NAME"] == "shop"
    assert variables["COPILOT_ENVIRONMENT_NAME"] == "test"
    assert variables["COPILOT_LB_DNS"]["Fn::GetAtt"][1] == "DNSName"


def test_members_of_service_connect_are_deployed_after_those_that_they_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = template_of("copilot_connect", tmp_path, monkeypatch)
    assert may_call(template, "Front", "Api", 9000)
    assert may_call(template, "Front", "Mail", 2500)
    (front,) = [
        each
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::ECS::Service" and name.startswith("Front")
    ]
    assert {name[:3] for name in front["DependsOn"] if name.startswith(("Api", "Mail"))} == {"Api", "Mai"}
