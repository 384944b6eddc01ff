"""Services without a load balancer, on Fargate and on EC2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from ecr_fargate_constructs import (
    BlueGreen,
    Canary,
    ConfigurationError,
    DeploymentHook,
    Ec2Capacity,
    Ec2WorkerContainer,
    Ec2WorkerService,
    EcrFargateService,
    Linear,
    PrivateRepository,
    QueueScaling,
    RollbackAlarms,
    Rolling,
    Scaling,
    ServiceConnect,
    Sidecar,
    TestTrafficPort,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

IMAGE = "public.ecr.aws/docker/library/python:3.13-slim"
SERVICE, TASK = "AWS::ECS::Service", "AWS::ECS::TaskDefinition"


@pytest.fixture(params=[WorkerService, Ec2WorkerService], ids=lambda kind: kind.__name__)
def make(request: pytest.FixtureRequest, stack: cdk.Stack) -> Callable[..., Any]:
    def made(container: WorkerContainer | None = None, **options: Any) -> Any:  # noqa: ANN401 - of one of two classes
        return request.param(stack, "Worker", container=container or WorkerContainer(IMAGE), **options)

    return made


def _service(stack: cdk.Stack) -> dict[str, Any]:
    properties: dict[str, Any] = only(template_of(stack), SERVICE)["Properties"]
    return properties


def _container(stack: cdk.Stack) -> dict[str, Any]:
    (container,) = only(template_of(stack), TASK)["Properties"]["ContainerDefinitions"]
    found: dict[str, Any] = container
    return found


def test_there_is_no_load_balancer_and_nothing_that_it_needs(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make()
    properties = _service(stack)
    assert properties["DesiredCount"] == 2
    assert "LoadBalancers" not in properties
    assert "HealthCheckGracePeriodSeconds" not in properties
    kinds = {each["Type"] for each in template_of(stack)["Resources"].values()}
    assert not {kind for kind in kinds if "ElasticLoadBalancing" in kind or "Alarm" in kind}
    assert not of_type(template_of(stack), "AWS::EC2::SecurityGroupIngress")


def test_the_container(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make(WorkerContainer(IMAGE, command=["celery", "worker"], writable_paths=["/tmp"]))  # noqa: S108 - in a container
    container = _container(stack)
    assert container["Name"] == "worker"
    assert container["Command"] == ["celery", "worker"]
    assert container["StopTimeout"] == 120
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"]["InitProcessEnabled"] is True
    assert container["LogConfiguration"]["Options"]["mode"] == "non-blocking"
    assert "PortMappings" not in container


def test_a_failing_version_is_rolled_back_by_the_circuit_breaker(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make()
    configuration = _service(stack)["DeploymentConfiguration"]
    assert configuration["Strategy"] == "ROLLING"
    assert configuration["DeploymentCircuitBreaker"]["Enable"] is True
    assert configuration["DeploymentCircuitBreaker"]["Rollback"] is True
    assert configuration["Alarms"] == {"AlarmNames": [], "Enable": False, "Rollback": False}


def test_alarms_of_ones_own_roll_back(make: Callable[..., Any], stack: cdk.Stack) -> None:
    queue = WorkQueue(stack, "Jobs")
    make(deployment=Rolling(alarms=RollbackAlarms(existing=[queue.dead_letter_alarm, "other"])))
    assert _service(stack)["DeploymentConfiguration"]["Alarms"] == {
        "AlarmNames": [stack.resolve(queue.dead_letter_alarm.alarm_name), "other"],
        "Enable": True,
        "Rollback": True,
    }


def test_blue_green_without_traffic(make: Callable[..., Any], stack: cdk.Stack) -> None:
    function = lambda_.Function(
        stack,
        "Judge",
        code=lambda_.Code.from_inline("x"),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
    )
    hook = DeploymentHook(function=function, stages=[ecs.DeploymentLifecycleStage.POST_SCALE_UP])
    make(deployment=BlueGreen(bake_time=cdk.Duration.minutes(5), hooks=[hook]))
    properties = _service(stack)
    assert properties["DeploymentConfiguration"]["Strategy"] == "BLUE_GREEN"
    assert properties["DeploymentConfiguration"]["BakeTimeInMinutes"] == 5
    assert properties["DeploymentConfiguration"]["LifecycleHooks"][0]["LifecycleStages"] == ["POST_SCALE_UP"]
    assert "LoadBalancers" not in properties
    assert not [name for name in of_type(template_of(stack), "AWS::IAM::Role") if "Infrastructure" in name]


def test_a_task_may_protect_itself_and_no_task_of_another_cluster(make: Callable[..., Any], stack: cdk.Stack) -> None:
    worker = make()
    role = stack.resolve(worker.task_definition.task_role.role_name)
    (policy,) = (
        each["Properties"]
        for each in of_type(template_of(stack), "AWS::IAM::Policy").values()
        if each["Properties"]["Roles"] == [role]
    )
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["ecs:UpdateTaskProtection", "ecs:GetTaskProtection"]
    assert statement["Resource"]["Fn::Join"][1][-3:] == [
        ":task/",
        stack.resolve(worker.cluster.cluster_name),
        "/*",
    ]


def test_the_stop_timeout_ends_before_the_message_comes_back(make: Callable[..., Any], stack: cdk.Stack) -> None:
    queue = sqs.Queue(stack, "Jobs", visibility_timeout=cdk.Duration.seconds(45))
    make(scaling=QueueScaling(queue, 50))
    assert _container(stack)["StopTimeout"] == 45


def test_a_queue_has_sqss_own_visibility_unless_it_is_set(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make(scaling=QueueScaling(sqs.Queue(stack, "Jobs"), 50))
    assert _container(stack)["StopTimeout"] == 30


def test_the_visibility_of_a_queue_elsewhere_is_not_known(make: Callable[..., Any], stack: cdk.Stack) -> None:
    queue = sqs.Queue.from_queue_arn(stack, "Jobs", "arn:aws:sqs:eu-west-1:111122223333:jobs")
    make(WorkerContainer(IMAGE, stop_timeout=cdk.Duration.seconds(100)), scaling=QueueScaling(queue, 50))
    assert _container(stack)["StopTimeout"] == 100


def test_a_visibility_of_the_deployment_is_not_judged(make: Callable[..., Any], stack: cdk.Stack) -> None:
    later = cdk.Duration.seconds(cdk.CfnParameter(stack, "Later", type="Number").value_as_number)
    queue = sqs.Queue(stack, "Jobs", visibility_timeout=later)
    make(scaling=QueueScaling(queue, 50))
    assert _container(stack)["StopTimeout"] == 120


def test_a_stop_timeout_of_the_deployment_is_not_judged(make: Callable[..., Any], stack: cdk.Stack) -> None:
    later = cdk.Duration.seconds(cdk.CfnParameter(stack, "Later", type="Number").value_as_number)
    make(WorkerContainer(IMAGE, stop_timeout=later), scaling=QueueScaling(sqs.Queue(stack, "Jobs"), 50))
    assert _container(stack)["StopTimeout"] == {"Ref": "Later"}


def test_the_dead_letters_of_a_queue_are_asked_for(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make(scaling=QueueScaling(sqs.Queue(stack, "Jobs"), 50))
    found = cdk.assertions.Annotations.from_stack(stack).find_warning(
        "/Stack/Worker", cdk.assertions.Match.string_like_regexp("Stack/Jobs has no dead-letter queue")
    )
    assert len(found) == 1


def test_a_work_queue_needs_no_warning(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make(scaling=QueueScaling(WorkQueue(stack, "Jobs"), 50))
    match = cdk.assertions.Match.any_value()
    assert not cdk.assertions.Annotations.from_stack(stack).find_warning("*", match)


def test_a_worker_that_must_not_run_twice(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make(desired_count=1, deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101))
    configuration = _service(stack)["DeploymentConfiguration"]
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (0, 101)


def test_a_worker_calls_the_services_of_a_namespace(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make().enable_service_connect(ServiceConnect(namespace="apps"))
    assert _service(stack)["ServiceConnectConfiguration"]["Namespace"] == "apps"


def test_nobody_calls_a_worker(make: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"ServiceConnect\.name='jobs' is a name by which others call a port"):
        make().enable_service_connect(ServiceConnect(namespace="apps", name="jobs"))


def test_it_can_be_allowed_and_connected(make: Callable[..., Any], stack: cdk.Stack) -> None:
    worker, group = make(), ec2.SecurityGroup(stack, "Database", vpc=ec2.Vpc(stack, "Vpc"))
    queue = WorkQueue(stack, "Next")
    queue.queue.grant_send_messages(worker)
    group.connections.allow_from(worker, ec2.Port.tcp(5432))
    assert worker.connections.default_port is None
    assert "sqs:SendMessage" in str(of_type(template_of(stack), "AWS::IAM::Policy"))
    assert only(template_of(stack), "AWS::EC2::SecurityGroupIngress")["Properties"]["FromPort"] == 5432


def test_one_zone_is_enough(stack: cdk.Stack) -> None:
    WorkerService(stack, "Worker", container=WorkerContainer(IMAGE), vpc=ec2.Vpc(stack, "Vpc", max_azs=1))
    assert len(_service(stack)["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]) == 1


def test_one_image_for_all_roles_is_copied_once(stack: cdk.Stack, directory: Path) -> None:
    image = PrivateRepository(stack, "Repository").build_and_push_image(directory)
    for name in ("Mail", "Bills"):
        WorkerService(stack, name, container=WorkerContainer(image, command=[name]))
    template = template_of(stack)
    assert len(of_type(template, "Custom::EcrFargateImageCopy")) == 1
    tasks = of_type(template, TASK).values()
    images = {str(each["Properties"]["ContainerDefinitions"][0]["Image"]) for each in tasks}
    assert len(images) == 1
    assert len(of_type(template, "AWS::ECS::Cluster")) == 1


def test_a_gpu(stack: cdk.Stack) -> None:
    worker = Ec2WorkerService(
        stack,
        "Worker",
        container=Ec2WorkerContainer(IMAGE, gpu_count=1),
        capacity=Ec2Capacity(instance_type=ec2.InstanceType("g5.xlarge")),
    )
    assert _container(stack)["ResourceRequirements"] == [{"Type": "GPU", "Value": "1"}]
    assert worker.auto_scaling_group is not None


def test_fargate_has_no_gpu(stack: cdk.Stack) -> None:
    with pytest.raises(ConfigurationError, match=r"Ec2WorkerContainer, .*; use WorkerContainer, or Ec2WorkerService"):
        WorkerService(stack, "Worker", container=Ec2WorkerContainer(IMAGE, gpu_count=1))
    assert not stack.node.children


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deployment": Canary()}, r"Canary shifts traffic step by step, and a worker gets none; use Rolling\(…\) or"),
        ({"deployment": Linear()}, r"Linear shifts traffic step by step"),
        ({"deployment": BlueGreen(test_traffic=TestTrafficPort(port=8080))}, r"BlueGreen\.test_traffic is a listener"),
        ({"deployment": Rolling(ready_for=BlueGreen())}, r"Rolling\.ready_for keeps the second target group"),
        (
            {"deployment": Rolling(alarms=RollbackAlarms(error_percent=1))},
            r"RollbackAlarms\.error_percent is about the requests that a load balancer sends",
        ),
        ({"deployment": BlueGreen(alarms=RollbackAlarms(unhealthy_hosts=2))}, r"RollbackAlarms\.unhealthy_hosts is"),
        (
            {"deployment": Rolling(alarms=RollbackAlarms(latency=cdk.Duration.seconds(1)))},
            r"RollbackAlarms\.latency is",
        ),
        (
            {"scaling": Scaling(min_capacity=1, max_capacity=2, requests_per_target=5)},
            r"Scaling\.requests_per_target counts the requests of a load balancer, and a worker has none",
        ),
        ({"desired_count": 0}, r"desired_count=0 is not a number of tasks"),
        ({"sidecars": [Sidecar("worker", IMAGE)]}, r"two containers have the name 'worker'"),
        ({"container": "python"}, r"container='python' is a str; use WorkerContainer"),
    ],
)
def test_bad_input_is_refused(
    make: Callable[..., Any], stack: cdk.Stack, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        make(**options)
    assert "[Stack/Worker]" in str(refused.value)
    assert not stack.node.children


def test_a_message_that_would_come_back_while_its_task_stops_is_refused(
    make: Callable[..., Any], stack: cdk.Stack
) -> None:
    queue = WorkQueue(stack, "Jobs", visibility_timeout=cdk.Duration.seconds(60))
    with pytest.raises(
        ConfigurationError,
        match=r"stop_timeout is 90 seconds, but a received message becomes visible again after 60: .*; raise the "
        r"queue's visibility_timeout to 90 seconds or more, or lower stop_timeout",
    ):
        make(WorkerContainer(IMAGE, stop_timeout=cdk.Duration.seconds(90)), scaling=QueueScaling(queue, 50))


def test_the_bake_time_of_a_worker_needs_no_alarm(make: Callable[..., Any], stack: cdk.Stack) -> None:
    alarm = cloudwatch.Alarm.from_alarm_name(stack, "Mine", "mine")
    make(deployment=BlueGreen(alarms=RollbackAlarms(existing=[alarm])))
    assert _service(stack)["DeploymentConfiguration"]["Alarms"]["AlarmNames"] == ["mine"]


def test_more_tasks_than_the_quota_of_a_service_warn(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make(desired_count=2_000)
    annotations = cdk.assertions.Annotations.from_stack(stack)
    assert not annotations.find_warning("*", cdk.assertions.Match.string_like_regexp("more tasks than"))


def test_a_service_has_at_most_5000_tasks_until_the_quota_is_raised(make: Callable[..., Any], stack: cdk.Stack) -> None:
    make(desired_count=5_001)
    found = cdk.assertions.Annotations.from_stack(stack).find_warning(
        "*", cdk.assertions.Match.string_like_regexp(r"desired_count=5001 is more tasks than a service can have")
    )
    assert len(found) == 1


def test_a_website_and_its_workers_have_one_build_and_one_copy(stack: cdk.Stack, directory: Path) -> None:
    site = EcrFargateService(stack, "Site", directory=directory, container_port=8000)
    WorkerService(stack, "Worker", container=WorkerContainer(site.image, command=["work"]))
    WorkerService(stack, "Beat", container=WorkerContainer(site.image, command=["beat"]), desired_count=1)
    template = template_of(stack)
    assert len(of_type(template, "Custom::EcrFargateImageCopy")) == 1
    assert len(of_type(template, "AWS::ECR::Repository")) == 1
    tasks = [each["Properties"]["ContainerDefinitions"][0] for each in of_type(template, TASK).values()]
    assert len({str(each["Image"]) for each in tasks}) == 1
    assert {str(each.get("Command")) for each in tasks} == {"None", "['work']", "['beat']"}
    assert len(of_type(template, "AWS::ECS::Cluster")) == 1
    folder = cast("cdk.App", stack.node.root).synth().directory
    assets = json.loads((Path(folder) / f"{stack.artifact_id}.assets.json").read_text(encoding="utf-8"))
    assert len(assets["dockerImages"]) == 1
