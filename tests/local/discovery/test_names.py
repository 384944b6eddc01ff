"""Which names a task knows, and its hosts file."""

from __future__ import annotations

from typing import Any

import pytest

from ecr_fargate_constructs.local.discovery import Endpoint, endpoints_for, name_of_namespace, with_names

ARN = "arn:aws:servicediscovery:us-east-1:1:namespace/ns-1"
NAMES = {ARN: "shop"}


def service(name: str, namespace: str = "shop", *services: dict[str, Any], enabled: object = True) -> dict[str, Any]:
    configuration = {"enabled": enabled, "namespace": namespace, "services": list(services)}
    return {"serviceArn": name, "serviceConnectConfiguration": configuration}


ORDERS = service("orders", ARN, {"portName": "web", "clientAliases": [{"port": 80, "dnsName": "orders"}]})
CARTS = service(
    "carts",
    "shop",
    {"portName": "web", "discoveryName": "carts", "clientAliases": [{"port": "81"}]},
    {"portName": "admin", "clientAliases": [{"port": 82, "dnsName": "orders"}]},
    {"portName": "inside"},
)
OTHER = service("other", "elsewhere", {"portName": "web", "clientAliases": [{"port": 80, "dnsName": "other"}]})


def test_a_client_knows_the_endpoints_of_its_namespace() -> None:
    assert endpoints_for(service("web"), [ORDERS, CARTS, OTHER, {"serviceArn": "none"}], NAMES) == [
        Endpoint("orders", 80, "orders", "web", "127.255.0.1"),
        Endpoint("carts.shop", 81, "carts", "web", "127.255.0.2"),
        Endpoint("orders", 82, "carts", "admin", "127.255.0.1"),
    ]


@pytest.mark.parametrize("client", [{}, {"serviceConnectConfiguration": None}, service("web", enabled="false")])
def test_a_client_without_service_connect_knows_none(client: dict[str, Any]) -> None:
    assert endpoints_for(client, [ORDERS], NAMES) == []


@pytest.mark.parametrize(
    ("configuration", "name"),
    [
        ({"enabled": "true", "namespace": ARN}, "shop"),
        ({"enabled": True, "namespace": "shop"}, "shop"),
        ({"enabled": False, "namespace": "shop"}, ""),
        ({"enabled": True}, ""),
        ({}, ""),
    ],
)
def test_a_namespace_has_one_name(configuration: dict[str, Any], name: str) -> None:
    assert name_of_namespace(configuration, NAMES) == name


def test_names_replace_those_that_were_written_before() -> None:
    first = with_names("127.0.0.1 localhost", [("127.255.0.1", "orders"), ("10.0.0.1", "tasks.shop")])
    assert first.splitlines()[1:] == ["127.255.0.1\torders # discovered", "10.0.0.1\ttasks.shop # discovered"]
    assert with_names(first, [("10.0.0.2", "tasks.shop")]) == (
        "127.0.0.1 localhost\n10.0.0.2\ttasks.shop # discovered\n"
    )
    assert with_names(first, []) == "127.0.0.1 localhost\n"
