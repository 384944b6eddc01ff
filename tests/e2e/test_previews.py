"""Previews at once behind one load balancer, torn down in any order, and nothing of them left. The tests go on.

``ECR_FARGATE_PREVIEWS=20`` makes that many instead of three.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.toolkit import toolkit_environment

if TYPE_CHECKING:
    from tests.e2e.local_app import LocalApp

APP = """
from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer, Preview, PreviewStack, PrivateRepository, PublicHttp, Route, RoutedFargateService, Scaling,
    SharedLoadBalancer, TargetHealthCheck, Wake,
)

app = cdk.App()
preview = Preview.of(app)
shared = cdk.Stack(app, "Previews")
image = PrivateRepository(shared, "Repo").build_and_push_image(Path(__file__).parent / "app")
balancer = SharedLoadBalancer(
    shared, "Balancer", ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz"))
)
stack = cdk.Stack(app, "Shop") if preview is None else PreviewStack(app, "Shop", preview=preview)
name = "shop" if preview is None else preview.name
RoutedFargateService(
    stack,
    "Web",
    load_balancer=balancer,
    route=Route(host=f"{name}.example.com"),
    container=AppContainer(image, 8080, environment={"NAME": name}),
    scaling=None if preview is None else Scaling(min_capacity=0, max_capacity=1, wake=Wake()),
)
cdk.CfnOutput(stack, "Url", value=f"http://{name}.example.com/")
app.synth()
"""
NAMES = [f"pr-{number}" for number in range(int(os.environ.get("ECR_FARGATE_PREVIEWS", "3")))]
AT_ONCE = 3  # deployments that run at the same time: each is a synthesis
PATIENCE = 240  # seconds; for a machine that is busy with other tests
LISTED = {
    "cloudformation": (("describe_stacks", "Stacks", "StackName"),),
    "ecs": (("list_clusters", "clusterArns", ""), ("list_task_definitions", "taskDefinitionArns", "")),
    "elbv2": (
        ("describe_target_groups", "TargetGroups", "TargetGroupArn"),
        ("describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    ),
    "ec2": (("describe_security_groups", "SecurityGroups", "GroupId"), ("describe_vpcs", "Vpcs", "VpcId")),
    "iam": (("list_roles", "Roles", "RoleName"), ("list_policies", "Policies", "Arn")),
    "lambda": (("list_functions", "Functions", "FunctionName"),),
    "logs": (("describe_log_groups", "logGroups", "logGroupName"),),
    "cloudwatch": (("describe_alarms", "MetricAlarms", "AlarmName"),),
    "scheduler": (("list_schedules", "Schedules", "Name"),),
}


def _preview(app: LocalApp, *arguments: str) -> str:
    """What ``ecr-fargate preview`` prints."""
    done = subprocess.run(  # noqa: S603 - our own command
        [str(Path(sys.executable).parent / "ecr-fargate"), "preview", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=app.directory,
        env={**toolkit_environment(app.instance, app.memory), **app.credentials},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _everything(app: LocalApp) -> dict[str, set[str]]:
    """The resources that exist, by the operation that lists them."""
    found = {
        operation: {str(each[key] if key else each) for each in app.ask(service, operation)[field] if _exists(each)}
        for service, operations in LISTED.items()
        for operation, field, key in operations
    }
    [balancer] = found["describe_load_balancers"]
    listeners = app.ask("elbv2", "describe_listeners", LoadBalancerArn=balancer)["Listeners"]
    found["rules"] = {
        rule["RuleArn"]
        for listener in listeners
        for rule in app.ask("elbv2", "describe_rules", ListenerArn=listener["ListenerArn"])["Rules"]
    }
    found["services"] = {
        arn
        for cluster in found["list_clusters"]
        for arn in app.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
    }
    found["containers"] = {str(len(app.containers()))}
    return found


def _exists(found: Any) -> bool:  # noqa: ANN401 - what boto3 answers
    return not isinstance(found, dict) or found.get("StackStatus") != "DELETE_COMPLETE"


def _asked(app: LocalApp, name: str) -> tuple[int, str]:
    """What the application answers, once it is awake."""
    host = app.host.replace("shop", name, 1)  # shop.example.com.<name of the load balancer>
    deadline = time.monotonic() + PATIENCE
    while (answer := app.get(host=host))[0] in (307, 503):
        assert time.monotonic() < deadline, answer
        time.sleep(0.5)
    return answer


def _listed(app: LocalApp) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(_preview(app, "list", "--format", "json"))
    return found


def test_the_load_balancer_and_the_app_are_deployed_once(local_app: LocalApp) -> None:
    (local_app.directory / "app.py").write_text(APP, encoding="utf-8")
    local_app.edit('f"{GREETING}\\n"', "f\"{os.environ['NAME']}\\n\"")
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _asked(local_app, "shop") == (200, "shop\n")
    assert _listed(local_app) == []


def test_previews_at_once_answer_by_their_names_and_leave_nothing_in_whatever_order_they_go(
    local_app: LocalApp,
) -> None:
    before = _everything(local_app)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda name: _preview(local_app, "up", name, "--output", f"cdk.out.{name}"), NAMES))
    listed = _listed(local_app)
    assert {each["preview"] for each in listed} == set(NAMES)
    assert {each["status"] for each in listed} == {"CREATE_COMPLETE"}
    for each in listed:
        assert each["url"] == f"http://{each['preview']}.example.com/"
        assert _asked(local_app, each["preview"]) == (200, f"{each['preview']}\n")
    during = _everything(local_app)
    for kind in ("services", "describe_target_groups", "rules", "list_functions", "list_schedules"):
        assert len(during[kind]) >= len(before[kind]) + len(NAMES), kind

    names = random.sample(NAMES, len(NAMES))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        printed = list(pool.map(lambda name: _preview(local_app, "down", name), names))
    assert printed == [f"deleted Shop-preview-{name}\n" for name in names]
    assert _listed(local_app) == []
    deadline = time.monotonic() + PATIENCE
    while (after := _everything(local_app)) != before:
        left = {kind: (after[kind] - before[kind], before[kind] - after[kind]) for kind in before}
        assert time.monotonic() < deadline, {kind: each for kind, each in left.items() if any(each)}
        time.sleep(1)
    assert _asked(local_app, "shop") == (200, "shop\n")
