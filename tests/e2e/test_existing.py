"""An app that refers to what exists already: seeds and stubs stand for it, and its task gets them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local import base_images, seeds
from ecr_fargate_constructs.local.instance import instance_at
from ecr_fargate_constructs.local.podman import podman_environment
from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = "public.ecr.aws/docker/library/python:3.13-slim"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/other-AbCdEf"
SEEDS = f"""
secrets:
  prod/key: seeded
  {ARN}: seeded by its ARN
parameters:
  /prod/plain: seeded in plain
images:
  shop:1.2: {IMAGE}
"""


@pytest.fixture
def existing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalApp, str]]:
    """The app and what was printed when its smaller stack was deployed; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("existing") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "existing_app.py", folder / "app.py")
    app = LocalApp(folder, free_port())
    done = app.run("up", "Base")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield app, done.stdout
    finally:
        app.run("down")
    assert not app.leftovers()


def test_the_task_gets_what_was_seeded_and_stubs_for_the_rest(existing: tuple[LocalApp, str]) -> None:
    app, printed = existing
    for what in ("secret prod/key", f"secret {ARN}", "parameter /prod/plain", "parameter /prod/looked/up"):
        assert f"note {what} does not exist: created a stub with a random value; 'ecr-fargate" in printed
    for what in ("hosted zone example.org", "hosted zone corp.example", "hosted zone Z0123456789EXAMPLE", "VPC prod"):
        assert f"note {what} does not exist: " in printed
    assert "note image shop:1.2 does not exist: 'ecr-fargate local seed FILE' adds it" in printed

    instance, memory = instance_at(app.directory, app.port, None, None)
    assert memory is not None
    base_images.provide(memory.engine, [IMAGE], podman_environment(instance), lambda _: None)
    file = app.directory / "seeds.yaml"
    file.write_text(SEEDS, encoding="utf-8")
    assert len(seeds.put(instance, seeds.read(file))) == 4
    assert app.images() == []  # or it would not be pulled from the repository

    done = app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "note" not in done.stdout
    assert not (app.directory / "cdk.context.json").exists()
    status, body = app.get()
    assert status == 200, body
    seen = json.loads(body)
    assert seen["BY_NAME"] == "seeded"
    assert seen["BY_ARN"] == "seeded by its ARN"
    assert seen["PLAIN"] == "seeded in plain"
    fields = json.loads(app.ask("secretsmanager", "get_secret_value", SecretId="prod/fields")["SecretString"])
    assert seen["FIELD"] == fields["password"]
    stub = app.ask("ssm", "get_parameter", Name="/prod/parameter")["Parameter"]["Value"]
    assert seen["PARAMETER"] == stub != ""
    looked_up = app.ask("ssm", "get_parameter", Name="/prod/looked/up")["Parameter"]["Value"]
    assert seen["LOOKED_UP"] == looked_up
    [vpc] = app.ask("ec2", "describe_vpcs", Filters=[{"Name": "tag:Name", "Values": ["prod"]}])["Vpcs"]
    [group] = app.ask("elbv2", "describe_target_groups")["TargetGroups"]
    assert group["VpcId"] == vpc["VpcId"]
    records = app.ask("route53", "list_resource_record_sets", HostedZoneId="Z0123456789EXAMPLE")
    assert "shop.example.com." in [record["Name"] for record in records["ResourceRecordSets"]]
