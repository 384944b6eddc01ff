"""The collector's configuration is one: YAML, whose pipelines are made of parts that it has."""

from __future__ import annotations

from importlib import import_module

from ecr_fargate_constructs.service.container import telemetry


def test_pipelines_are_made_of_parts_that_are_configured() -> None:
    configuration = import_module("yaml").safe_load(telemetry.CONFIG)
    used: dict[str, set[str]] = {"receivers": set(), "processors": set(), "exporters": set()}
    for pipeline in configuration["service"]["pipelines"].values():
        assert set(pipeline) == set(used)
        for kind, names in pipeline.items():
            used[kind] |= set(names)
    for kind, names in used.items():
        assert names == set(configuration[kind]), kind
    assert configuration["service"]["extensions"] == list(configuration["extensions"])


def test_it_listens_on_the_ports_that_are_declared_and_on_localhost_only() -> None:
    configuration = import_module("yaml").safe_load(telemetry.CONFIG)
    endpoints = [each["endpoint"] for each in configuration["receivers"]["otlp"]["protocols"].values()]
    assert endpoints == [f"127.0.0.1:{port}" for port in telemetry.PORTS[:2]]
    assert configuration["service"]["telemetry"]["metrics"]["level"] == "none"


def test_it_writes_to_the_log_group_that_it_may_write() -> None:
    exporter = import_module("yaml").safe_load(telemetry.CONFIG)["exporters"]["awsemf"]
    _, logs = telemetry.permissions()
    assert all(f"log-group:{exporter['log_group_name']}" in resource for resource in logs.resources)
    assert exporter["log_stream_name"] == "{TaskId}"
