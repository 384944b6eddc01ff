"""``SafeDeployment`` and ``DeploymentAlarms`` on services of every shape."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    BlueGreen,
    ConfigurationError,
    DeploymentAlarms,
    RollbackAlarms,
    Rolling,
    SafeDeployment,
)
from tests.mixins import bare
from tests.support.templates import of_type, template_of

QUIET = Rolling(alarms=None)


def test_the_values_of_rolling_count() -> None:
    template = bare.with_pattern(SafeDeployment(Rolling(max_healthy_percent=150, failure_threshold=7, alarms=None)))
    configuration = bare.service(template)["DeploymentConfiguration"]
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (100, 150)
    assert configuration["DeploymentCircuitBreaker"]["ThresholdConfiguration"] == {"Type": "COUNT", "Value": 7}
    assert configuration["Alarms"] == {"AlarmNames": [], "Enable": False, "Rollback": False}  # CDK's own
    assert of_type(template, "AWS::CloudWatch::Alarm") == {}


def test_a_number_of_tasks_that_the_app_sets_stays_and_decides_the_threshold() -> None:
    template = bare.with_pattern(SafeDeployment(QUIET), desired_count=9)
    assert bare.service(template)["DesiredCount"] == 9
    breaker = bare.service(template)["DeploymentConfiguration"]["DeploymentCircuitBreaker"]
    assert breaker["ThresholdConfiguration"] == {"Type": "COUNT", "Value": 5}


def test_without_a_number_of_tasks_ecs_decides() -> None:
    template = bare.with_pattern(SafeDeployment(QUIET, desired_count=None))
    assert "DesiredCount" not in bare.service(template)


def test_a_service_without_a_load_balancer_keeps_its_number_and_has_no_alarms() -> None:
    """A second scheduler or consumer might do everything twice."""
    scope = bare.stack()
    bare.worker(scope).with_(SafeDeployment())
    properties = bare.service(template_of(scope))
    assert "DesiredCount" not in properties
    assert properties["DeploymentConfiguration"]["Alarms"]["Enable"] is False
    assert properties["DeploymentConfiguration"]["DeploymentCircuitBreaker"]["Rollback"] is True


@pytest.mark.parametrize("afterwards", [False, True])
def test_an_autoscaler_decides_alone_whenever_it_comes(afterwards: bool) -> None:  # noqa: FBT001 - a case
    scope = bare.stack()
    web = bare.pattern(scope)

    def scale() -> None:
        web.service.auto_scale_task_count(max_capacity=4, min_capacity=2).scale_on_cpu_utilization(
            "Cpu", target_utilization_percent=60
        )

    if not afterwards:
        scale()
    web.with_(SafeDeployment(QUIET))
    if afterwards:
        scale()
    properties = bare.service(template_of(scope))
    assert "DesiredCount" not in properties
    breaker = properties["DeploymentConfiguration"]["DeploymentCircuitBreaker"]
    assert breaker["ThresholdConfiguration"] == {"Type": "BOUNDED_PERCENT", "Value": 50}


def test_cdk_gives_the_scaling_of_a_service_the_id_that_is_looked_for() -> None:
    service = bare.worker(bare.stack())
    service.auto_scale_task_count(max_capacity=4)
    assert isinstance(service.node.find_child("TaskCount").node.find_child("Target"), appscaling.ScalableTarget)


def test_what_the_app_says_of_a_container_stays() -> None:
    scope = bare.stack()
    task = ecs.FargateTaskDefinition(
        scope,
        "Task",
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    task.add_container(
        "web",
        image=ecs.ContainerImage.from_registry(bare.NGINX),
        port_mappings=[ecs.PortMapping(container_port=80)],
        stop_timeout=cdk.Duration.seconds(90),
        linux_parameters=ecs.LinuxParameters(scope, "Linux", init_process_enabled=False),
    )
    bare.pattern(scope, task_definition=task).with_(SafeDeployment(QUIET))
    template = template_of(scope)
    container = bare.container(template)
    assert container["StopTimeout"] == 90
    assert container["LinuxParameters"]["InitProcessEnabled"] is False  # an image whose own init has to be process 1
    [definition] = of_type(template, "AWS::ECS::TaskDefinition").values()
    assert definition["Properties"]["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}


def test_a_service_that_must_not_run_twice_never_does() -> None:
    def deployed(*mixins: SafeDeployment) -> dict[str, Any]:
        scope = bare.stack()
        web = bare.pattern(scope, min_healthy_percent=0, max_healthy_percent=100)
        web.with_(*mixins)
        return bare.service(template_of(scope))

    kept, chosen = deployed(SafeDeployment()), deployed(SafeDeployment(Rolling()))
    configuration = kept["DeploymentConfiguration"]
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (0, 100)
    assert configuration["DeploymentCircuitBreaker"]["Enable"] is True
    assert "DesiredCount" not in kept
    assert "AvailabilityZoneRebalancing" not in kept  # ECS refuses it with 100 %
    configuration = chosen["DeploymentConfiguration"]
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (100, 200)
    assert chosen["DesiredCount"] == 2


def test_rebalancing_that_the_app_turns_off_stays_off() -> None:
    scope = bare.stack()
    bare.worker(scope, availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.DISABLED).with_(
        SafeDeployment(QUIET)
    )
    assert bare.service(template_of(scope))["AvailabilityZoneRebalancing"] == "DISABLED"


def test_cdk_no_longer_warns_of_what_the_mixin_sets() -> None:
    scope = bare.stack()
    web = bare.pattern(scope)
    assert "minHealthyPercent" in bare.warnings_of(web.service)
    web.with_(SafeDeployment())
    assert bare.warnings_of(web.service) == ""


@pytest.mark.parametrize(
    "options",
    [
        {"deployment_controller": ecs.DeploymentController(type=ecs.DeploymentControllerType.EXTERNAL)},
        {"deployment_controller": ecs.DeploymentController(type=ecs.DeploymentControllerType.CODE_DEPLOY)},
    ],
)
def test_other_controllers_are_skipped(options: dict[str, Any]) -> None:
    service = bare.worker(bare.stack(), **options)
    assert not SafeDeployment().supports(service)
    assert not DeploymentAlarms(RollbackAlarms(existing=["down"])).supports(service)


def test_a_service_that_shifts_traffic_gets_alarms_alone_for_both_groups() -> None:
    scope = bare.stack()
    service = bare.worker(scope, deployment_strategy=ecs.DeploymentStrategy.BLUE_GREEN)
    balancer = elbv2.ApplicationLoadBalancer(scope, "Balancer", vpc=service.cluster.vpc)
    blue, green = (
        elbv2.ApplicationTargetGroup(scope, name, vpc=service.cluster.vpc, port=80, target_type=elbv2.TargetType.IP)
        for name in ("Blue", "Other")
    )
    listener = balancer.add_listener("Listener", port=80, default_action=elbv2.ListenerAction.fixed_response(404))
    action = elbv2.ListenerAction.weighted_forward(
        [
            elbv2.WeightedTargetGroup(target_group=blue, weight=100),
            elbv2.WeightedTargetGroup(target_group=green, weight=0),
        ]
    )
    rule = elbv2.ApplicationListenerRule(
        scope,
        "Rule",
        listener=listener,
        priority=1,
        conditions=[elbv2.ListenerCondition.path_patterns(["/*"])],
        action=action,
    )
    service.task_definition.default_container.add_port_mappings(ecs.PortMapping(container_port=80))  # type: ignore[union-attr]  # it has one
    target = service.load_balancer_target(
        container_name="app",
        container_port=80,
        alternate_target=ecs.AlternateTarget(
            "Alternate",
            alternate_target_group=green,
            production_listener=ecs.ListenerRuleConfiguration.application_listener_rule(rule),
        ),
    )
    blue.add_target(target)
    assert not SafeDeployment().supports(service)
    service.with_(DeploymentAlarms())
    template = template_of(scope)
    configuration = bare.service(template)["DeploymentConfiguration"]
    assert configuration["Strategy"] == "BLUE_GREEN"
    assert len(configuration["Alarms"]["AlarmNames"]) == 6
    watched = str(of_type(template, "AWS::CloudWatch::Alarm"))
    for group in (blue, green):
        assert scope.resolve(group.target_group_full_name)["Fn::GetAtt"][0] in watched


def test_alarms_that_the_service_has_keep_rolling_it_back() -> None:
    scope = bare.stack()
    web = bare.pattern(scope)
    web.service.enable_deployment_alarms(["orders-late"], behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM)
    own = cloudwatch.Alarm.from_alarm_name(scope, "Own", "payments-late")
    web.with_(DeploymentAlarms(RollbackAlarms(existing=[own], latency=None, unhealthy_hosts=None)))
    alarms = bare.service(template_of(scope))["DeploymentConfiguration"]["Alarms"]
    names = [name for name in alarms["AlarmNames"] if isinstance(name, str)]
    assert names == ["orders-late", "payments-late"]
    assert len(alarms["AlarmNames"]) == 3
    assert (alarms["Enable"], alarms["Rollback"]) == (True, True)


def test_alarms_that_only_fail_a_deployment_are_named_in_a_warning() -> None:
    scope = bare.stack()
    web = bare.pattern(scope)
    web.service.enable_deployment_alarms(["orders-late"], behavior=ecs.AlarmBehavior.FAIL_ON_ALARM)
    web.with_(DeploymentAlarms())
    assert "ecr-fargate-constructs:alarmsRollBack" in bare.warnings_of(web.service)


def test_the_last_mixin_decides() -> None:
    template = bare.with_pattern(SafeDeployment(), DeploymentAlarms(RollbackAlarms(latency=None, error_percent=10)))
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert sorted(name.removeprefix("Web")[:12] for name in alarms) == ["TargetErrors", "TargetUnheal"]
    assert len(bare.service(template)["DeploymentConfiguration"]["Alarms"]["AlarmNames"]) == 2


def test_an_alarm_of_the_app_with_the_same_id_is_not_taken_for_one_of_a_mixin() -> None:
    scope = bare.stack()
    web = bare.pattern(scope)
    cloudwatch.Alarm(
        web, "TargetErrors", metric=web.load_balancer.metrics.request_count(), threshold=1, evaluation_periods=1
    )
    with pytest.raises(RuntimeError, match="TargetErrors"):
        web.with_(DeploymentAlarms())


def test_a_target_group_of_another_stack_is_found() -> None:
    app = cdk.App()
    network, stack = cdk.Stack(app, "Network"), cdk.Stack(app, "Stack")
    cluster = ecs.Cluster(network, "Cluster")
    balancer = elbv2.ApplicationLoadBalancer(network, "Balancer", vpc=cluster.vpc)
    group = elbv2.ApplicationTargetGroup(network, "Group", vpc=cluster.vpc, port=80, target_type=elbv2.TargetType.IP)
    balancer.add_listener("Listener", port=80, default_target_groups=[group])
    task = ecs.FargateTaskDefinition(stack, "Task")
    task.add_container(
        "web", image=ecs.ContainerImage.from_registry(bare.NGINX), port_mappings=[ecs.PortMapping(container_port=80)]
    )
    service = ecs.FargateService(stack, "Service", cluster=cluster, task_definition=task)
    service.attach_to_application_target_group(group)
    assert DeploymentAlarms().supports(service)
    service.with_(SafeDeployment())
    app.synth()
    assert len(of_type(template_of(stack), "AWS::CloudWatch::Alarm")) == 3


def test_percentages_that_replace_no_task_are_refused_with_the_path() -> None:
    scope = bare.stack()
    web = bare.pattern(scope, desired_count=2)
    with pytest.raises(RuntimeError, match=r"\[Stack/Web/Service\] Rolling\(.*never replaces 2 tasks") as caught:
        web.with_(SafeDeployment(Rolling(max_healthy_percent=149, alarms=None)))
    assert isinstance(caught.value.__context__, ConfigurationError)
    assert "DeploymentCircuitBreaker" not in bare.service(template_of(scope))["DeploymentConfiguration"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SafeDeployment(Rolling(ready_for=BlueGreen())), "SafeDeployment.rolling is ready_for=BlueGreen"),
        (lambda: SafeDeployment(desired_count=0), "SafeDeployment.desired_count=0"),
        (lambda: SafeDeployment(BlueGreen()), "SafeDeployment.rolling"),  # type: ignore[arg-type]  # what is refused
        (lambda: SafeDeployment(count=2), "SafeDeployment has no option 'count'"),  # type: ignore[call-arg]  # as above
        (lambda: DeploymentAlarms("down"), "DeploymentAlarms.alarms"),  # type: ignore[arg-type]  # as above
    ],
)
def test_wrong_options_are_refused_where_they_are_written(make: Any, message: str) -> None:  # noqa: ANN401 - a lambda
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert message in str(caught.value)
