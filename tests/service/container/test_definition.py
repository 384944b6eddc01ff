"""What reaches the containers of a task. Rows are those of docs/defaults.md."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import (
    AppContainer,
    CloudWatchLogs,
    ContainerRuntime,
    LoadBalancedFargateService,
    PublicHttp,
    RestartPolicy,
    Sidecar,
)
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
BUSYBOX = "public.ecr.aws/docker/library/busybox:1.37"
SECONDS = cdk.Duration.seconds


def _containers(app: AppContainer, *sidecars: Sidecar, stack: cdk.Stack | None = None) -> dict[str, dict[str, Any]]:
    stack = stack or cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(stack, "Web", container=app, sidecars=sidecars, ingress=PublicHttp())
    definitions = only(template_of(stack), "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    return {each["Name"]: each for each in definitions}


OPTIONS: list[tuple[str, dict[str, Any], str, Any]] = [
    ("environment", {"environment": {"A": "1"}}, "Environment", [{"Name": "A", "Value": "1"}]),
    ("command", {"command": ["serve", "now"]}, "Command", ["serve", "now"]),
    ("entry point", {"entry_point": ["/init"]}, "EntryPoint", ["/init"]),
    ("user", {"user": "10001:10001"}, "User", "10001:10001"),
    ("working directory", {"working_directory": "/srv"}, "WorkingDirectory", "/srv"),
    (
        "health check",
        {"health_check": ecs.HealthCheck(command=["CMD", "true"], interval=SECONDS(10), timeout=SECONDS(3), retries=2)},
        "HealthCheck",
        {"Command": ["CMD", "true"], "Interval": 10, "Timeout": 3, "Retries": 2},
    ),
    ("stop timeout", {"stop_timeout": SECONDS(90)}, "StopTimeout", 90),
    ("writable root", {"readonly_root_filesystem": False}, "ReadonlyRootFilesystem", False),
    ("cpu", {"cpu": 64}, "Cpu", 64),
    ("memory limit", {"memory_limit_mib": 128}, "Memory", 128),
    ("memory reservation", {"memory_reservation_mib": 64}, "MemoryReservation", 64),
    (
        "ulimits",
        {"ulimits": [ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=1024, hard_limit=2048)]},
        "Ulimits",
        [{"Name": "nofile", "SoftLimit": 1024, "HardLimit": 2048}],
    ),
    ("docker labels", {"docker_labels": {"team": "web"}}, "DockerLabels", {"team": "web"}),
    ("restart", {"restart": RestartPolicy()}, "RestartPolicy", {"Enabled": True, "RestartAttemptPeriod": 300}),
    (
        "restart of some",
        {"restart": RestartPolicy(ignored_exit_codes=[0, 3], attempt_period=SECONDS(60))},
        "RestartPolicy",
        {"Enabled": True, "RestartAttemptPeriod": 60, "IgnoredExitCodes": [0, 3]},
    ),
    ("start timeout", {"runtime": ContainerRuntime(start_timeout=SECONDS(60))}, "StartTimeout", 60),
    (
        "system controls",
        {"runtime": ContainerRuntime(system_controls={"net.core.somaxconn": "1024"})},
        "SystemControls",
        [{"Namespace": "net.core.somaxconn", "Value": "1024"}],
    ),
    (
        "version consistency",
        {"runtime": ContainerRuntime(version_consistency=ecs.VersionConsistency.DISABLED)},
        "VersionConsistency",
        "disabled",
    ),
    (
        "capabilities",
        {
            "runtime": ContainerRuntime(
                added_capabilities=[ecs.Capability.SYS_PTRACE], dropped_capabilities=[ecs.Capability.NET_RAW]
            )
        },
        "LinuxParameters",
        {"InitProcessEnabled": True, "Capabilities": {"Add": ["SYS_PTRACE"], "Drop": ["NET_RAW"]}},
    ),
    ("standard input", {"runtime": ContainerRuntime(interactive=True)}, "Interactive", True),
    ("terminal", {"runtime": ContainerRuntime(pseudo_terminal=True)}, "PseudoTerminal", True),
    (
        "credential",
        {"runtime": ContainerRuntime(credential_specs=[ecs.DomainlessCredentialSpec("arn:aws:s3:::bucket/gmsa.json")])},
        "CredentialSpecs",
        ["credentialspecdomainless:arn:aws:s3:::bucket/gmsa.json"],
    ),
]


@pytest.mark.parametrize(
    ("options", "name", "value"), [each[1:] for each in OPTIONS], ids=[each[0] for each in OPTIONS]
)
def test_an_option_reaches_the_application_and_a_sidecar_alike(options: dict[str, Any], name: str, value: Any) -> None:  # noqa: ANN401
    found = _containers(AppContainer(NGINX, 80, **options), Sidecar("beside", BUSYBOX, **options))
    assert found["web"][name] == value
    assert found["beside"][name] == value


def test_what_is_not_said_is_the_same_for_both_and_explicit() -> None:
    """Rows 13, 27, 40 and 41."""
    found = _containers(AppContainer(NGINX, 80), Sidecar("beside", BUSYBOX))
    for name, each in found.items():
        assert each.pop("Name") == name
        assert each.pop("Image") == (NGINX if name == "web" else BUSYBOX)
        assert each.pop("LogConfiguration")["Options"]["awslogs-stream-prefix"] == name
    [port] = found["web"].pop("PortMappings")
    assert port == {"ContainerPort": 80, "Protocol": "tcp", "Name": "web", "AppProtocol": "http"}
    assert found["web"] == found["beside"]
    assert found["web"] == {
        "Essential": True,
        "LinuxParameters": {"Capabilities": {}, "InitProcessEnabled": True},
        "ReadonlyRootFilesystem": True,
        "StopTimeout": 30,
        "VersionConsistency": "enabled",
    }


def test_secrets_come_from_both_stores_and_from_one_field() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    secret = secretsmanager.Secret(stack, "Secret")
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(stack, "Key", parameter_name="/shop/key")
    secrets = {
        "WHOLE": ecs.Secret.from_secrets_manager(secret),
        "FIELD": ecs.Secret.from_secrets_manager(secret, "password"),
        "PARAMETER": ecs.Secret.from_ssm_parameter(parameter),
    }
    app = AppContainer(NGINX, 80, secrets=secrets)
    found = _containers(app, Sidecar("beside", BUSYBOX, secrets={"WHOLE": secrets["WHOLE"]}), stack=stack)
    given = {each["Name"]: str(each["ValueFrom"]) for each in found["web"]["Secrets"]}
    assert set(given) == {"WHOLE", "FIELD", "PARAMETER"}
    assert ":password::" in given["FIELD"]
    assert "parameter/shop/key" in given["PARAMETER"]
    assert [each["Name"] for each in found["beside"]["Secrets"]] == ["WHOLE"]
    policies = of_type(template_of(stack), "AWS::IAM::Policy").values()
    [policy] = [each for each in policies if "ExecutionRole" in str(each["Properties"]["Roles"])]
    actions = str(policy["Properties"]["PolicyDocument"])
    assert "secretsmanager:GetSecretValue" in actions
    assert "ssm:GetParameters" in actions


def test_environment_files_are_read_from_s3() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "settings")
    files = [ecs.EnvironmentFile.from_bucket(bucket, "shop.env")]
    found = _containers(AppContainer(NGINX, 80, environment_files=files), stack=stack)
    [file] = found["web"]["EnvironmentFiles"]
    assert file["Type"] == "s3"
    assert "settings/shop.env" in str(file["Value"])


def test_a_migration_ends_before_the_application_starts_and_a_proxy_is_healthy() -> None:
    conditions = ecs.ContainerDependencyCondition
    found = _containers(
        AppContainer(NGINX, 80, depends_on={"migrate": conditions.SUCCESS, "proxy": conditions.HEALTHY}),
        Sidecar("migrate", BUSYBOX, essential=False, command=["true"]),
        Sidecar(
            "proxy",
            BUSYBOX,
            health_check=ecs.HealthCheck(command=["CMD", "true"]),
            depends_on={"migrate": conditions.COMPLETE},
        ),
    )
    assert found["web"]["DependsOn"] == [
        {"ContainerName": "migrate", "Condition": "SUCCESS"},
        {"ContainerName": "proxy", "Condition": "HEALTHY"},
    ]
    assert found["proxy"]["DependsOn"] == [{"ContainerName": "migrate", "Condition": "COMPLETE"}]
    assert found["migrate"]["Essential"] is False
    assert "DependsOn" not in found["migrate"]


def test_the_application_is_the_default_container_and_takes_the_traffic() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    service = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        sidecars=[Sidecar("proxy", BUSYBOX, ports=[9901, 9902])],
        ingress=PublicHttp(),
    )
    assert service.task_definition.default_container is not None
    assert service.task_definition.default_container.container_name == service.container.container_name == "web"
    [target] = only(template_of(stack), "AWS::ECS::Service")["Properties"]["LoadBalancers"]
    assert (target["ContainerName"], target["ContainerPort"]) == ("web", 80)
    [_, proxy] = only(template_of(stack), "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    assert [each["ContainerPort"] for each in proxy["PortMappings"]] == [9901, 9902]


def test_lines_can_be_joined_and_buffered() -> None:
    """Row 27."""
    logging = CloudWatchLogs(buffer_mib=4, multiline_pattern=r"^\d{4}-", stream_prefix="shop")
    options = _containers(AppContainer(NGINX, 80, logging=logging))["web"]["LogConfiguration"]["Options"]
    assert (options["mode"], options["max-buffer-size"]) == ("non-blocking", "4194304b")
    assert (options["awslogs-multiline-pattern"], options["awslogs-stream-prefix"]) == (r"^\d{4}-", "shop")
    dated = CloudWatchLogs(datetime_format="%Y-%m-%d")
    options = _containers(AppContainer(NGINX, 80, logging=dated))["web"]["LogConfiguration"]["Options"]
    assert options["awslogs-datetime-format"] == "%Y-%m-%d"


def test_a_sidecar_without_a_driver_of_its_own_keeps_the_log_group() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    app = AppContainer(NGINX, 80, logging=ecs.LogDrivers.syslog())
    found = _containers(app, Sidecar("beside", BUSYBOX), stack=stack)
    assert found["web"]["LogConfiguration"]["LogDriver"] == "syslog"
    assert found["beside"]["LogConfiguration"]["LogDriver"] == "awslogs"
    assert len(of_type(template_of(stack), "AWS::Logs::LogGroup")) == 1


def test_lines_go_through_the_log_router() -> None:
    """Row 43."""
    stack = cdk.Stack(cdk.App(), "Stack")
    statement = iam.PolicyStatement(actions=["firehose:PutRecordBatch"], resources=["arn:aws:firehose:a:b:c/d"])
    firelens = ecs.LogDrivers.firelens(options={"Name": "firehose", "delivery_stream": "shop"})
    found = _containers(
        AppContainer(NGINX, 80, logging=firelens), Sidecar.log_router(permissions=[statement]), stack=stack
    )
    assert found["web"]["LogConfiguration"]["LogDriver"] == "awsfirelens"
    router = found["log-router"]
    assert router["FirelensConfiguration"] == {"Type": "fluentbit", "Options": {"enable-ecs-log-metadata": "true"}}
    assert router["Image"] == "public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.15"
    assert (router["Essential"], router["User"], router["MemoryReservation"]) == (True, "0", 50)
    assert router["ReadonlyRootFilesystem"] is False
    assert router["LogConfiguration"]["LogDriver"] == "awslogs"
    assert set(found) == {"web", "log-router"}, "CDK must not add a router of its own"
    assert "firehose:PutRecordBatch" in str(of_type(template_of(stack), "AWS::IAM::Policy"))


def test_the_log_router_reads_a_configuration_of_its_own() -> None:
    config = ecs.FirelensOptions(
        config_file_type=ecs.FirelensConfigFileType.FILE, config_file_value="/extra.conf", enable_ecs_log_metadata=False
    )
    router = _containers(AppContainer(NGINX, 80), Sidecar.log_router(config=config))["log-router"]
    assert router["FirelensConfiguration"]["Options"] == {
        "enable-ecs-log-metadata": "false",
        "config-file-type": "file",
        "config-file-value": "/extra.conf",
    }


def test_the_collector_listens_on_localhost_and_may_do_what_it_needs() -> None:
    """Row 44."""
    stack = cdk.Stack(cdk.App(), "Stack")
    otel = _containers(AppContainer(NGINX, 80), Sidecar.adot(), stack=stack)["otel"]
    assert otel["Image"] == "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0"
    assert [each["ContainerPort"] for each in otel["PortMappings"]] == [4317, 4318, 13133]
    assert (otel["Essential"], otel["MemoryReservation"]) == (False, 128)
    assert otel["ReadonlyRootFilesystem"] is True
    assert otel["HealthCheck"]["Command"] == ["CMD", "/healthcheck"]
    [variable] = otel["Environment"]
    assert variable["Name"] == "AOT_CONFIG_CONTENT"
    assert variable["Value"].count("endpoint: 127.0.0.1:") == 2
    assert 'log_stream_name: "{TaskId}"' in variable["Value"]
    policies = of_type(template_of(stack), "AWS::IAM::Policy").values()
    [policy] = [each for each in policies if "TaskRole" in str(each["Properties"]["Roles"])]
    traces, metrics = policy["Properties"]["PolicyDocument"]["Statement"]
    assert traces["Action"] == ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    assert traces["Resource"] == "*"
    assert all(action.startswith("logs:") for action in metrics["Action"])
    assert len(metrics["Resource"]) == 2
    assert all("log-group:/aws/ecs/otel" in str(resource) for resource in metrics["Resource"])


def test_the_collector_takes_a_configuration_with_its_permissions() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    collector = Sidecar.adot(config="receivers: {}", permissions=[], environment={"A": "1"}, memory_limit_mib=256)
    otel = _containers(AppContainer(NGINX, 80), collector, stack=stack)["otel"]
    assert {each["Name"]: each["Value"] for each in otel["Environment"]} == {
        "A": "1",
        "AOT_CONFIG_CONTENT": "receivers: {}",
    }
    assert "xray" not in str(template_of(stack)["Resources"])
