"""CDK's bare pattern is deployed, and the same stack with mixins over it: the same resources, with our defaults."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.support import ROOT

if TYPE_CHECKING:
    from tests.e2e.local_app import LocalApp

STATE = {"AWS::CloudWatch::Alarm", "AWS::ECS::TaskDefinition", "AWS::CDK::Metadata"}
"""Types whose resources are new: alarms, and the next revision of the task definition."""


def _up(app: LocalApp, *, mixed: bool) -> None:
    text = (ROOT / "tests" / "e2e" / "adopted_app.py").read_text(encoding="utf-8")
    (app.directory / "app.py").write_text(text.replace("MIXED = False", f"MIXED = {mixed}"), encoding="utf-8")
    done = app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert app.get("/healthz")[0] == 200


def _resources(app: LocalApp) -> dict[str, str]:
    found = app.ask("cloudformation", "describe_stack_resources", StackName="Web")["StackResources"]
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found if each["ResourceType"] not in STATE
    }


def test_mixins_are_deployed_over_the_bare_pattern(local_app: LocalApp) -> None:
    shutil.rmtree(local_app.directory / "cdk.out", ignore_errors=True)
    _up(local_app, mixed=False)
    before, bare = _resources(local_app), local_app.service()
    assert bare["deploymentConfiguration"]["minimumHealthyPercent"] == 50
    assert bare["desiredCount"] == 1

    _up(local_app, mixed=True)
    assert _resources(local_app) == before
    assert local_app.stack_status() == "UPDATE_COMPLETE"
    service = local_app.service()
    assert service["serviceArn"] == bare["serviceArn"]
    assert (service["desiredCount"], service["runningCount"]) == (2, 2)
    configuration = service["deploymentConfiguration"]
    assert configuration["minimumHealthyPercent"] == 100
    assert configuration["deploymentCircuitBreaker"]["rollback"] is True
    assert len(configuration["alarms"]["alarmNames"]) == 3
    [group] = local_app.ask("elbv2", "describe_target_groups")["TargetGroups"]
    assert (group["HealthCheckIntervalSeconds"], group["HealthyThresholdCount"]) == (10, 2)
    [repository] = [
        each
        for each in local_app.ask("ecr", "describe_repositories")["repositories"]
        if "images" in each["repositoryName"]
    ]
    assert repository["imageTagMutability"] == "IMMUTABLE"
