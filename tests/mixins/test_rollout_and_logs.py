"""``FastRollout`` and ``NonBlockingLogs``: what the app sets stays, whenever it sets it."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import ConfigurationError, FastRollout, NonBlockingLogs, TargetHealthCheck
from tests.mixins import bare
from tests.support.templates import attributes, only, template_of


def test_a_path_that_the_app_sets_later_stays() -> None:
    scope = bare.stack()
    web = bare.pattern(scope)
    web.with_(FastRollout(TargetHealthCheck(codes="200"), deregistration_delay=cdk.Duration.seconds(5)))
    web.target_group.configure_health_check(path="/healthz", healthy_http_codes="204")
    template = template_of(scope)
    group = bare.target_group(template)
    assert (group["HealthCheckPath"], group["Matcher"]) == ("/healthz", {"HttpCode": "204"})
    assert (group["HealthCheckIntervalSeconds"], group["HealthyThresholdCount"]) == (10, 2)
    delay = attributes(only(template, "AWS::ElasticLoadBalancingV2::TargetGroup"), "TargetGroupAttributes")
    assert delay["deregistration_delay.timeout_seconds"] == "5"


@pytest.mark.parametrize("option", ["interval", "timeout"])
def test_interval_and_timeout_stay_together(option: str) -> None:
    scope = bare.stack()
    web = bare.pattern(scope)
    times: dict[str, Any] = {option: cdk.Duration.seconds(20)}
    web.target_group.configure_health_check(**times)
    web.with_(FastRollout())
    group = bare.target_group(template_of(scope))
    found = {name for name in group if name in {"HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds"}}
    assert found == {f"HealthCheck{option.title()}Seconds"}


def test_a_delay_that_the_app_sets_stays() -> None:
    scope = bare.stack()
    web = bare.pattern(scope)
    web.target_group.set_attribute("deregistration_delay.timeout_seconds", "600")
    web.service.with_(FastRollout())
    group = only(template_of(scope), "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert attributes(group, "TargetGroupAttributes")["deregistration_delay.timeout_seconds"] == "600"


def test_tasks_with_grpc_get_codes_of_grpc() -> None:
    scope = bare.stack()
    certificate = cdk.aws_certificatemanager.Certificate.from_certificate_arn(
        scope, "Certificate", "arn:aws:acm:eu-west-1:111122223333:certificate/a1b2c3d4"
    )
    web = bare.pattern(
        scope, certificate=certificate, protocol_version=elbv2.ApplicationProtocolVersion.GRPC, redirect_http=True
    )
    web.with_(FastRollout())
    assert bare.target_group(template_of(scope))["Matcher"] == {"GrpcCode": "12"}


def test_a_service_without_a_target_group_is_skipped() -> None:
    assert not FastRollout().supports(bare.worker(bare.stack()))


def test_only_containers_whose_logs_may_block_are_changed() -> None:
    scope = bare.stack()
    service = bare.worker(scope)
    assert not NonBlockingLogs().supports(service)  # its container has no log driver
    for name, driver in {
        "plain": ecs.LogDrivers.aws_logs(stream_prefix="plain"),
        "own": ecs.LogDrivers.aws_logs(stream_prefix="own", mode=ecs.AwsLogDriverMode.BLOCKING),
        "splunk": ecs.LogDrivers.splunk(secret_token=_secret(scope), url="https://splunk.example.com"),
    }.items():
        service.task_definition.add_container(name, image=ecs.ContainerImage.from_registry(bare.NGINX), logging=driver)
    service.with_(NonBlockingLogs(buffer_mib=4))
    definition = only(template_of(scope), "AWS::ECS::TaskDefinition")["Properties"]
    logging = {
        each["Name"]: each.get("LogConfiguration", {}).get("Options") for each in definition["ContainerDefinitions"]
    }
    assert (logging["plain"]["mode"], logging["plain"]["max-buffer-size"]) == ("non-blocking", "4194304b")
    assert (logging["own"]["mode"], logging["app"]) == ("blocking", None)
    assert "mode" not in logging["splunk"]


def _secret(scope: cdk.Stack) -> ecs.Secret:
    return ecs.Secret.from_secrets_manager(cdk.aws_secretsmanager.Secret(scope, "Token"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FastRollout(TargetHealthCheck(port=81)), "FastRollout.health_check has a port"),
        (
            lambda: FastRollout(deregistration_delay=cdk.Duration.hours(2)),
            "FastRollout.deregistration_delay",
        ),
        (lambda: FastRollout("/healthz"), "FastRollout.health_check"),  # type: ignore[arg-type]  # what is refused
        (lambda: NonBlockingLogs(buffer_mib=0), "NonBlockingLogs.buffer_mib=0"),
        (
            lambda: NonBlockingLogs(buffer_mib=cdk.Lazy.number(_Number())),
            "NonBlockingLogs.buffer_mib is a CDK token",
        ),
    ],
)
def test_wrong_options_are_refused_where_they_are_written(make: Any, message: str) -> None:  # noqa: ANN401 - a lambda
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert message in str(caught.value)


@jsii.implements(cdk.IStableNumberProducer)
class _Number:
    def produce(self) -> float:
        return 1
