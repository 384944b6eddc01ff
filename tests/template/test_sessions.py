"""Shell sessions in running tasks. Rows are those of docs/defaults.md."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, Mount, PublicHttp, SharedVolume, Sidecar
from support import of_type, only, template_of

NGINX = "public.ecr.aws/nginx/nginx:1.29"
AGENT = ["/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm"]
SESSION = {f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")}


def _add(stack: cdk.Stack, name: str = "Web", **options: Any) -> LoadBalancedFargateService:  # noqa: ANN401 - passed on
    options.setdefault("container", AppContainer(NGINX, 80))
    return LoadBalancedFargateService(stack, name, ingress=PublicHttp(), **options)


def _statements(template: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [
        statement
        for policy in of_type(template, "AWS::IAM::Policy").values()
        if role in str(policy["Properties"]["Roles"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def _warnings(stack: cdk.Stack) -> list[str]:
    found = cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    return [str(warning.entry.data) for warning in found]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    _add(
        stack,
        container=AppContainer(NGINX, 80, writable_paths=["/run"]),
        sidecars=[Sidecar("beside", NGINX), Sidecar("open", NGINX, readonly_root_filesystem=False)],
        enable_execute_command=True,
    )
    _add(stack, "Closed")
    return template_of(stack)


def _task(template: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [item for key, item in of_type(template, "AWS::ECS::TaskDefinition").items() if key.startswith(name)]
    properties: dict[str, Any] = found["Properties"]
    return properties


def test_sessions_are_off_unless_asked_for(template: dict[str, Any]) -> None:
    services = of_type(template, "AWS::ECS::Service")
    assert {name[:3]: item["Properties"]["EnableExecuteCommand"] for name, item in services.items()} == {
        "Web": True,
        "Clo": False,
    }
    assert not _statements(template, "ClosedTaskDefTaskRole")
    assert not {"/managed-agents"} & {
        mount["ContainerPath"]
        for container in _task(template, "Closed")["ContainerDefinitions"]
        for mount in container.get("MountPoints", [])
    }


def test_the_agent_can_write_on_a_read_only_root(template: dict[str, Any]) -> None:
    """Row 25."""
    mounts = {
        container["Name"]: [mount["ContainerPath"] for mount in container.get("MountPoints", [])]
        for container in _task(template, "Web")["ContainerDefinitions"]
    }
    assert mounts == {"web": ["/run", *AGENT], "beside": AGENT, "open": []}
    volumes = [volume["Name"] for volume in _task(template, "Web")["Volumes"]]
    assert len(volumes) == len(set(volumes)) == 7


def test_a_path_that_is_mounted_already_is_left_as_it_is() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    kept = Mount(AGENT[2], SharedVolume("kept"))
    _add(
        stack,
        container=AppContainer(NGINX, 80, writable_paths=[f"{AGENT[0]}/"], mounts=[kept]),
        enable_execute_command=True,
    )
    [container] = _task(template_of(stack), "Web")["ContainerDefinitions"]
    assert sorted(mount["ContainerPath"].rstrip("/") for mount in container["MountPoints"]) == sorted(AGENT)


def test_the_agent_may_talk_to_session_manager_and_write_the_audit_log(template: dict[str, Any]) -> None:
    session, stream, find = _statements(template, "WebTaskDefTaskRole")
    assert set(session["Action"]) == SESSION
    [group] = [name for name in of_type(template, "AWS::Logs::LogGroup") if "Exec" in name]
    assert set(stream["Action"]) == {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}
    assert stream["Resource"] == {"Fn::GetAtt": [group, "Arn"]}
    assert find["Action"] == "logs:DescribeLogGroups"
    assert find["Resource"] != "*"


def test_sessions_are_logged_for_a_year_in_a_log_group_that_stays(template: dict[str, Any]) -> None:
    [(name, group)] = [item for item in of_type(template, "AWS::Logs::LogGroup").items() if "Exec" in item[0]]
    assert (group["DeletionPolicy"], group["Properties"]["RetentionInDays"]) == ("Retain", 365)
    assert only(template, "AWS::ECS::Cluster")["Properties"]["Configuration"]["ExecuteCommandConfiguration"] == {
        "Logging": "OVERRIDE",
        "LogConfiguration": {"CloudWatchLogGroupName": {"Ref": name}},
    }


def test_two_services_share_the_audit_log_whoever_made_the_cluster() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    _add(stack, "Closed")
    _add(stack, "One", enable_execute_command=True)
    _add(stack, "Two", enable_execute_command=True)
    assert not _warnings(stack)
    template = template_of(stack)
    assert len([name for name in of_type(template, "AWS::Logs::LogGroup") if "Exec" in name]) == 1
    assert "OVERRIDE" in str(only(template, "AWS::ECS::Cluster"))


def test_a_given_cluster_that_says_nothing_logs_to_the_service() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    _add(stack, cluster=ecs.Cluster(stack, "Cluster"), enable_execute_command=True)
    [warning] = _warnings(stack)
    assert "ecr-fargate-constructs:execAuditLog" in warning
    assert "to the service's own log group" in warning
    template = template_of(stack)
    assert "Configuration" not in str(only(template, "AWS::ECS::Cluster"))
    [group] = of_type(template, "AWS::Logs::LogGroup")
    stream = _statements(template, "WebTaskDefTaskRole")[1]
    assert stream["Resource"] == {"Fn::GetAtt": [group, "Arn"]}


def test_a_given_cluster_that_asks_for_the_containers_log_gets_it() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    configuration = ecs.ExecuteCommandConfiguration(logging=ecs.ExecuteCommandLogging.DEFAULT)
    _add(
        stack,
        cluster=ecs.Cluster(stack, "Cluster", execute_command_configuration=configuration),
        enable_execute_command=True,
    )
    assert not _warnings(stack)
    assert "logs:PutLogEvents" in str(_statements(template_of(stack), "WebTaskDefTaskRole"))


def test_a_given_cluster_that_logs_is_left_alone() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    audit = logs.LogGroup(stack, "Audit")
    configuration = ecs.ExecuteCommandConfiguration(
        logging=ecs.ExecuteCommandLogging.OVERRIDE,
        log_configuration=ecs.ExecuteCommandLogConfiguration(cloud_watch_log_group=audit),
    )
    _add(
        stack,
        cluster=ecs.Cluster(stack, "Cluster", execute_command_configuration=configuration),
        enable_execute_command=True,
    )
    assert not _warnings(stack)
    assert "Audit" in str(_statements(template_of(stack), "WebTaskDefTaskRole"))


@pytest.mark.parametrize(
    ("logging", "own_driver", "where"),
    [
        (ecs.ExecuteCommandLogging.NONE, False, "nowhere, because its cluster says so"),
        (None, True, "nowhere, unless its cluster says otherwise"),
    ],
)
def test_sessions_that_nobody_logs_are_a_warning(
    logging: ecs.ExecuteCommandLogging | None,
    own_driver: bool,  # noqa: FBT001 - a table
    where: str,
) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    configuration = None if logging is None else ecs.ExecuteCommandConfiguration(logging=logging)
    cluster = ecs.Cluster(stack, "Cluster", execute_command_configuration=configuration)
    driver = ecs.LogDrivers.syslog() if own_driver else None
    _add(stack, cluster=cluster, container=AppContainer(NGINX, 80, logging=driver), enable_execute_command=True)
    [warning] = _warnings(stack)
    assert where in warning
    assert "logs:" not in str(_statements(template_of(stack), "WebTaskDefTaskRole"))
