"""The load-balanced service: task, container, deployment and logs. Rows are those of docs/defaults.md."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    LoadBalancedFargateService,
    PublicHttp,
    Rolling,
    TargetHealthCheck,
    TaskSize,
)
from support import of_type, only, template_of

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def _build(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
    stack = cdk.Stack(cdk.App(), "Stack")
    options.setdefault("container", AppContainer(NGINX, 80))
    options.setdefault("ingress", PublicHttp())
    LoadBalancedFargateService(stack, "Web", **options)
    return template_of(stack)


def _task(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = only(template, "AWS::ECS::TaskDefinition")["Properties"]
    return properties


def _container(template: dict[str, Any]) -> dict[str, Any]:
    [container] = _task(template)["ContainerDefinitions"]
    found: dict[str, Any] = container
    return found


def _service(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = only(template, "AWS::ECS::Service")["Properties"]
    return properties


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return _build()


def test_the_platform_is_explicit(template: dict[str, Any]) -> None:
    """Row 1."""
    assert _task(template)["RuntimePlatform"] == {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}
    assert _service(template)["PlatformVersion"] == "LATEST"


def test_arm_runs_on_arm() -> None:
    """Row 1."""
    template = _build(container=AppContainer(NGINX, 80, architecture=Architecture.ARM64))
    assert _task(template)["RuntimePlatform"]["CpuArchitecture"] == "ARM64"


def test_the_size_is_a_quarter_of_a_cpu_and_512_mib(template: dict[str, Any]) -> None:
    """Row 7."""
    assert (_task(template)["Cpu"], _task(template)["Memory"]) == ("256", "512")


def test_size_and_storage_can_be_given() -> None:
    """Rows 7 and 8."""
    task = _task(_build(size=TaskSize(cpu=1024, memory_mib=3072, ephemeral_storage_gib=40)))
    assert (task["Cpu"], task["Memory"], task["EphemeralStorage"]) == ("1024", "3072", {"SizeInGiB": 40})


def test_two_tasks_and_none_less_while_deploying(template: dict[str, Any]) -> None:
    """Row 9."""
    configuration = _service(template)["DeploymentConfiguration"]
    assert _service(template)["DesiredCount"] == 2
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (100, 200)


def test_a_broken_deployment_rolls_back_after_a_few_tasks(template: dict[str, Any]) -> None:
    """Row 10."""
    assert _service(template)["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {
        "Enable": True,
        "Rollback": True,
        "ResetOnHealthyTask": False,
        "ThresholdConfiguration": {"Type": "COUNT", "Value": 3},
    }


@pytest.mark.parametrize(("tasks", "threshold"), [(1, 3), (6, 3), (7, 4), (20, 10), (1000, 200)])
def test_the_threshold_is_half_of_the_tasks_from_3_to_200(tasks: int, threshold: int) -> None:
    """Row 10."""
    breaker = _service(_build(desired_count=tasks))["DeploymentConfiguration"]["DeploymentCircuitBreaker"]
    assert breaker["ThresholdConfiguration"]["Value"] == threshold


def test_the_deployment_can_be_tuned() -> None:
    rolling = Rolling(min_healthy_percent=50, max_healthy_percent=150, failure_threshold=1)
    configuration = _service(_build(deployment=rolling))["DeploymentConfiguration"]
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (50, 150)
    assert configuration["DeploymentCircuitBreaker"]["ThresholdConfiguration"] == {"Type": "COUNT", "Value": 1}


def test_tasks_are_rebalanced_among_zones(template: dict[str, Any]) -> None:
    assert _service(template)["AvailabilityZoneRebalancing"] == "ENABLED"


def test_logs_outlive_the_stack_and_expire(template: dict[str, Any]) -> None:
    """Rows 11 and 26."""
    group = only(template, "AWS::Logs::LogGroup")
    assert (group["DeletionPolicy"], group["Properties"]["RetentionInDays"]) == ("Retain", 30)
    assert _build(log_retention=logs.RetentionDays.ONE_YEAR) != template


def test_logs_never_block_the_application(template: dict[str, Any]) -> None:
    """Row 27."""
    options = _container(template)["LogConfiguration"]["Options"]
    assert (options["mode"], options["max-buffer-size"]) == ("non-blocking", "26214400b")
    assert _container(template)["LogConfiguration"]["LogDriver"] == "awslogs"


def test_a_log_driver_of_the_users_replaces_the_log_group() -> None:
    driver = ecs.LogDrivers.syslog()
    stack = cdk.Stack(cdk.App(), "Stack")
    service = LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80, logging=driver), ingress=PublicHttp()
    )
    assert service.log_group is None
    template = template_of(stack)
    assert _container(template)["LogConfiguration"]["LogDriver"] == "syslog"
    assert not of_type(template, "AWS::Logs::LogGroup")


def test_tasks_stop_gently(template: dict[str, Any]) -> None:
    """Rows 12 and 13."""
    assert _container(template)["StopTimeout"] == 30
    assert _container(template)["LinuxParameters"]["InitProcessEnabled"] is True


@pytest.mark.parametrize(("delay", "timeout"), [(5, 30), (45, 45), (300, 120)])
def test_tasks_have_at_least_as_long_as_the_load_balancer_drains(delay: int, timeout: int) -> None:
    """Row 12."""
    template = _build(ingress=PublicHttp(deregistration_delay=cdk.Duration.seconds(delay)))
    assert _container(template)["StopTimeout"] == timeout


def test_a_stop_timeout_of_the_users_stands() -> None:
    template = _build(container=AppContainer(NGINX, 80, stop_timeout=cdk.Duration.seconds(5)))
    assert _container(template)["StopTimeout"] == 5


@pytest.mark.parametrize(
    ("start", "interval", "threshold", "grace"),
    [(None, 10, 2, 60), (90, 10, 2, 110), (None, 30, 5, 150), (10, 6, 2, 60)],
)
def test_the_grace_period_covers_the_start(start: int | None, interval: int, threshold: int, grace: int) -> None:
    """Row 15."""
    check = ecs.HealthCheck(
        command=["CMD-SHELL", "true"], start_period=None if start is None else cdk.Duration.seconds(start)
    )
    template = _build(
        container=AppContainer(NGINX, 80, health_check=check),
        ingress=PublicHttp(
            health_check=TargetHealthCheck(interval=cdk.Duration.seconds(interval), healthy_threshold=threshold)
        ),
    )
    assert _service(template)["HealthCheckGracePeriodSeconds"] == grace


def test_the_root_file_system_is_read_only_but_for_named_paths() -> None:
    template = _build(container=AppContainer(NGINX, 80, writable_paths=["/run", "/var/cache/nginx"]))
    container = _container(template)
    assert container["ReadonlyRootFilesystem"] is True
    mounts = {mount["ContainerPath"]: mount["SourceVolume"] for mount in container["MountPoints"]}
    assert mounts == {"/run": "writable-0", "/var/cache/nginx": "writable-1"}
    assert {volume["Name"] for volume in _task(template)["Volumes"]} == set(mounts.values())


def test_container_options_reach_the_container() -> None:
    template = _build(
        container=AppContainer(
            NGINX,
            8080,
            environment={"A": "1"},
            command=["serve"],
            entry_point=["/init"],
            user="10001",
            working_directory="/srv",
            memory_limit_mib=128,
            ulimits=[ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=1024, hard_limit=2048)],
            docker_labels={"team": "web"},
            readonly_root_filesystem=False,
        )
    )
    container = _container(template)
    assert container["Environment"] == [{"Name": "A", "Value": "1"}]
    assert (container["Command"], container["EntryPoint"]) == (["serve"], ["/init"])
    assert (container["User"], container["WorkingDirectory"], container["Memory"]) == ("10001", "/srv", 128)
    assert container["Ulimits"] == [{"Name": "nofile", "SoftLimit": 1024, "HardLimit": 2048}]
    assert container["DockerLabels"] == {"team": "web"}
    assert container["ReadonlyRootFilesystem"] is False


def test_the_host_port_is_left_to_ecs(template: dict[str, Any]) -> None:
    """Row 32."""
    [mapping] = _container(template)["PortMappings"]
    assert mapping == {"ContainerPort": 80, "Protocol": "tcp", "Name": "web", "AppProtocol": "http"}


def test_nothing_that_fargate_refuses_can_be_said() -> None:
    """Row 33."""
    fields = set(AppContainer.__dataclass_fields__)
    assert not fields & {"privileged", "links", "dns_servers", "extra_hosts", "gpu_count", "devices", "tmpfs"}


def test_tags_travel_to_the_tasks(template: dict[str, Any]) -> None:
    assert _service(template)["PropagateTags"] == "SERVICE"
    assert _service(template)["EnableECSManagedTags"] is True
    assert _service(template)["EnableExecuteCommand"] is False


def test_a_bare_nginx_works_and_warns() -> None:
    """Row 24."""
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(stack, "Web", container=AppContainer("nginx", 80), ingress=PublicHttp())
    found = [
        str(warning.entry.data)
        for warning in cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    ]
    assert any("mirror_image('nginx')" in text and "ecr-fargate-constructs:dockerHubImage" in text for text in found)
    assert any("ecr-fargate-constructs:unpinnedImage" in text for text in found)
    assert len(found) == 2


def test_a_service_is_grantable_and_connectable() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    service = LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp())
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    dynamodb.TableV2(stack, "Table", partition_key=key).grant_read_data(service)
    database = ec2.SecurityGroup(stack, "Database", vpc=service.vpc)
    database.connections.allow_from(service, ec2.Port.tcp(5432))
    template = template_of(stack)
    granted = [
        policy
        for policy in of_type(template, "AWS::IAM::Policy").values()
        if "TaskRole" in str(policy["Properties"]["Roles"]) and "dynamodb:GetItem" in str(policy)
    ]
    assert len(granted) == 1
    rules = of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    assert any(rule["Properties"].get("FromPort") == 5432 for rule in rules)


def test_every_number_may_be_a_token() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")

    def number(name: str) -> float:
        return cdk.CfnParameter(stack, name, type="Number").value_as_number

    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, number("Port"), memory_limit_mib=number("Limit")),
        size=TaskSize(number("Cpu"), number("Memory"), number("Storage")),
        desired_count=number("Count"),
        ingress=PublicHttp(
            health_check=TargetHealthCheck(
                port=number("CheckPort"), healthy_threshold=number("Good"), unhealthy_threshold=number("Bad")
            )
        ),
        deployment=Rolling(
            min_healthy_percent=number("Minimum"),
            max_healthy_percent=number("Maximum"),
            failure_threshold=number("Failures"),
        ),
    )
    template = template_of(stack)
    text = str(template["Resources"])
    for name in template["Parameters"]:
        if name != "BootstrapVersion":
            assert f"{{'Ref': '{name}'}}" in text, f"{name} got lost"
    assert "Token" not in text
