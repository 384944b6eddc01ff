"""The last service of another stack leaves a shared load balancer: exports refuse it, weak references do not.

The tests go on: a service joins by exports, cannot leave, and leaves once the references are weak.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.local_app import LocalApp

STRENGTH = "@aws-cdk/core:defaultCrossStackReferences"
WITH, WITHOUT = '("Api",)', "()"
SHARED = 8  # the listener, the load balancer, its security group, VPC, two subnets, name and ARN of the repository
APP = """
from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer, PrivateRepository, PublicHttp, Route, RoutedFargateService, SharedLoadBalancer, TargetHealthCheck
)

SERVICES = ("Api",)

app = cdk.App()
ingress = PublicHttp(health_check=TargetHealthCheck(path="/healthz"))
home, stack = cdk.Stack(app, "Home"), cdk.Stack(app, "Services")
shared = SharedLoadBalancer(home, "Shared", ingress=ingress)
repository = PrivateRepository(home, "Repo")
for name in SERVICES:
    image = repository.build_and_push_image(Path(__file__).parent / "app")
    route = Route(path="/")
    RoutedFargateService(stack, name, load_balancer=shared, route=route, container=AppContainer(image, 8080))
app.synth()
"""


def _configure(local_app: LocalApp, *, strength: str | None, services: str) -> None:
    """Set the strength of references in ``cdk.json``, or none, and the names of the services."""
    file = local_app.directory / "cdk.json"
    configuration = json.loads(file.read_text(encoding="utf-8"))
    configuration["context"].pop(STRENGTH, None)
    if strength is not None:
        configuration["context"][STRENGTH] = strength
    file.write_text(json.dumps(configuration), encoding="utf-8")
    text = APP.replace('SERVICES = ("Api",)', f"SERVICES = {services}")
    (local_app.directory / "app.py").write_text(text, encoding="utf-8")


def _up(local_app: LocalApp) -> None:
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr


def _exports(local_app: LocalApp) -> list[str]:
    found = [each["Name"] for each in local_app.ask("cloudformation", "list_exports")["Exports"]]
    return [name for name in found if not name.startswith("CdkBootstrap-")]


def _outputs(local_app: LocalApp) -> list[dict[str, Any]]:
    """The outputs of the shared stack that other stacks read."""
    [stack] = local_app.ask("cloudformation", "describe_stacks", StackName="Home")["Stacks"]
    return [output for output in stack["Outputs"] if output["OutputKey"].startswith("PublishOutput")]


def test_a_service_joins_by_exports(local_app: LocalApp) -> None:
    _configure(local_app, strength="strong", services=WITH)
    _up(local_app)
    assert local_app.get("/")[0] == 200
    assert len(_exports(local_app)) == SHARED
    imports = [local_app.ask("cloudformation", "list_imports", ExportName=name) for name in _exports(local_app)]
    assert {stack for each in imports for stack in each["Imports"]} == {"Services"}


def test_then_the_last_one_cannot_leave(local_app: LocalApp) -> None:
    _configure(local_app, strength="strong", services=WITHOUT)
    done = local_app.run("up")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "cannot be deleted as it is in use by Services" in done.stderr, done.stderr
    assert local_app.stack_status("Home") == "UPDATE_ROLLBACK_COMPLETE"
    assert local_app.stack_status("Services") == "CREATE_COMPLETE"
    assert len(_exports(local_app)) == SHARED
    assert local_app.get("/")[0] == 200


def test_exports_and_weak_references_side_by_side_are_a_step(local_app: LocalApp) -> None:
    _configure(local_app, strength="both", services=WITH)
    _up(local_app)
    assert len(_exports(local_app)) == len(_outputs(local_app)) == SHARED
    assert local_app.get("/")[0] == 200


def test_the_librarys_own_references_are_weak(local_app: LocalApp) -> None:
    _configure(local_app, strength=None, services=WITH)
    _up(local_app)
    assert _exports(local_app) == []
    assert len(_outputs(local_app)) == SHARED
    assert local_app.get("/")[0] == 200


def test_and_the_last_one_leaves_in_one_deployment(local_app: LocalApp) -> None:
    _configure(local_app, strength=None, services=WITHOUT)
    _up(local_app)
    assert local_app.stack_status("Home") == "UPDATE_COMPLETE"
    assert local_app.stack_status("Services") == "UPDATE_COMPLETE"
    assert _outputs(local_app) == []
    assert local_app.ask("ecs", "list_clusters")["clusterArns"] == []
    [balancer] = local_app.ask("elbv2", "describe_load_balancers")["LoadBalancers"]
    assert local_app.get("/", host=balancer["DNSName"])[0] == 404


def test_down_leaves_nothing(local_app: LocalApp) -> None:
    assert local_app.run("down").returncode == 0
    assert not local_app.leftovers()
