"""The resources of a release command: on every service, before it, with no permission to spare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    Canary,
    CloudWatchLogs,
    ConfigurationError,
    EbsVolume,
    Ec2WorkerService,
    EcrFargateService,
    EfsVolume,
    ImageRepositoryStack,
    Linear,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Mount,
    PublicHttp,
    ReleaseCommand,
    RestartPolicy,
    Rolling,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    Scaling,
    SharedLoadBalancer,
    Sidecar,
    Spot,
    TaskSize,
    WorkerContainer,
    WorkerService,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs import Deployment

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
RUN = "Custom::EcrFargateReleaseCommand"
MIGRATE = ReleaseCommand(["manage.py", "migrate"])
KINDS = [
    EcrFargateService,
    LoadBalancedFargateService,
    LoadBalancedEc2Service,
    RoutedFargateService,
    RoutedEc2Service,
    WorkerService,
    Ec2WorkerService,
]


def _make(stack: cdk.Stack, kind: Any, directory: Path | None = None, **options: Any) -> Any:  # noqa: ANN401 - of any kind
    if kind is EcrFargateService:
        options |= {"directory": directory, "container_port": 80, "ingress": PublicHttp()}
    elif kind in (WorkerService, Ec2WorkerService):
        options.setdefault("container", WorkerContainer(NGINX))
    else:
        options.setdefault("container", AppContainer(NGINX, 80))
        if kind in (RoutedFargateService, RoutedEc2Service):
            shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
            options |= {"load_balancer": shared, "route": Route(path="/*")}
        else:
            options["ingress"] = PublicHttp()
    return kind(stack, "Web", release_command=options.pop("release_command", MIGRATE), **options)


def _launch(template: dict[str, Any]) -> dict[str, Any]:
    launch: dict[str, Any] = only(template, RUN)["Properties"]["Launch"]
    return launch


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_on_every_service_it_runs_before_the_service_in_its_network(
    kind: Any,  # noqa: ANN401 - a class
    stack: cdk.Stack,
    directory: Path,
) -> None:
    made = _make(stack, kind, directory)
    database = cdk.CfnResource(stack, "Database", type="Test::Data::Base")
    made.release_command.node.add_dependency(database)
    template = template_of(stack)
    [(name, run)] = of_type(template, RUN).items()
    service = only(template, "AWS::ECS::Service")
    assert name in service["DependsOn"]
    properties, network = run["Properties"], service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert properties["TaskDefinition"] == service["Properties"]["TaskDefinition"]
    assert stack.resolve(made.cluster.cluster_arn) == properties["Cluster"]
    assert properties["Command"] == ["manage.py", "migrate"]
    assert properties["Container"] == made.container.container_name
    assert properties["Launch"]["networkConfiguration"] == {
        "awsvpcConfiguration": {
            "subnets": network["Subnets"],
            "securityGroups": network["SecurityGroups"],
            "assignPublicIp": network["AssignPublicIp"],
        }
    }
    assert "Database" in run["DependsOn"]
    # Whatever the service waits for, the command waits for too.
    assert set(service["DependsOn"]) - {name} <= set(run["DependsOn"])


@pytest.mark.parametrize(
    "deployment", [Rolling(), BlueGreen(), Canary(), Linear()], ids=lambda each: type(each).__name__
)
def test_with_every_strategy(deployment: Deployment, stack: cdk.Stack) -> None:
    _make(stack, LoadBalancedFargateService, deployment=deployment)
    template = template_of(stack)
    [name] = of_type(template, RUN)
    assert name in only(template, "AWS::ECS::Service")["DependsOn"]


def test_with_direct_delivery_it_runs_the_image_that_was_pushed(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
    _make(stack, EcrFargateService, directory, repository=images.repository)
    template = template_of(stack)
    [(name, run)] = of_type(template, RUN).items()
    service = only(template, "AWS::ECS::Service")
    assert name in service["DependsOn"]
    assert run["Properties"]["TaskDefinition"] == service["Properties"]["TaskDefinition"]
    assert not of_type(template, "Custom::CDKECRDeployment")
    assert "container-assets" not in str(only(template, "AWS::ECS::TaskDefinition"))


def test_without_one_there_is_no_function(stack: cdk.Stack) -> None:
    assert _make(stack, LoadBalancedFargateService, release_command=None).release_command is None
    template = template_of(stack)
    assert not of_type(template, RUN)
    assert not of_type(template, "AWS::Lambda::Function")


def test_it_is_never_interrupted_by_spot(stack: cdk.Stack) -> None:
    _make(stack, WorkerService, scaling=Scaling(min_capacity=1, max_capacity=3, cpu_percent=50, capacity=Spot()))
    launch = _launch(template_of(stack))
    assert (launch["launchType"], launch["platformVersion"]) == ("FARGATE", "LATEST")
    assert "capacityProviderStrategy" not in launch


def test_on_instances_it_uses_those_of_the_service(stack: cdk.Stack) -> None:
    _make(stack, LoadBalancedEc2Service)
    template = template_of(stack)
    service = only(template, "AWS::ECS::Service")["Properties"]
    [strategy] = service["CapacityProviderStrategy"]
    launch = _launch(template)
    assert launch["capacityProviderStrategy"] == [{"capacityProvider": strategy["CapacityProvider"], "weight": 1}]
    assert "launchType" not in launch
    [association] = of_type(template, "AWS::ECS::ClusterCapacityProviderAssociations")
    assert association in only(template, RUN)["DependsOn"]


def test_a_size_of_its_own_is_the_limit_of_a_lone_container_too(stack: cdk.Stack) -> None:
    size = TaskSize(1024, 2048, ephemeral_storage_gib=50)
    _make(stack, WorkerService, release_command=ReleaseCommand(["migrate"], size=size))
    assert _launch(template_of(stack))["size"] == {"cpu": 1024, "memory": 2048, "limit": 2048, "storage": 50}
    other = cdk.Stack(cdk.App(), "Other")
    container = WorkerContainer(NGINX, memory_limit_mib=256)
    _make(
        other, WorkerService, container=container, release_command=ReleaseCommand(["migrate"], size=TaskSize(512, 1024))
    )
    assert _launch(template_of(other))["size"] == {"cpu": 512, "memory": 1024}


def test_the_wait_of_cloudformation_is_longer_than_the_command_and_within_its_hour(stack: cdk.Stack) -> None:
    longest = ReleaseCommand(["migrate"], timeout=cdk.Duration.minutes(55))
    _make(stack, WorkerService, release_command=longest)
    properties = only(template_of(stack), RUN)["Properties"]
    assert (properties["TimeoutSeconds"], properties["ServiceTimeout"]) == (3300, "3600")


def test_it_waits_for_the_rules_by_which_the_tasks_reach_others_and_not_for_those_that_wait_for_the_service(
    stack: cdk.Stack,
) -> None:
    web = _make(stack, LoadBalancedFargateService)
    database = ec2.SecurityGroup(stack, "Database", vpc=web.vpc)
    database.connections.allow_from(web, ec2.Port.tcp(5432))
    late = ec2.SecurityGroup(stack, "Late", vpc=web.vpc)
    late.connections.allow_from(web, ec2.Port.tcp(6379))
    late.node.add_dependency(web.service)
    template = template_of(stack)
    rules = {
        each["Properties"]["FromPort"]: name
        for name, each in of_type(template, "AWS::EC2::SecurityGroupIngress").items()
    }
    run = only(template, RUN)
    assert rules[5432] in run["DependsOn"]
    assert rules[6379] not in run["DependsOn"]
    assert rules[5432] not in only(template, "AWS::ECS::Service").get("DependsOn", [])


def test_it_waits_for_the_grants_of_the_task_role_and_the_mount_targets(stack: cdk.Stack) -> None:
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=1)
    files = efs.FileSystem(stack, "Files", vpc=vpc)
    container = WorkerContainer(NGINX, mounts=[Mount("/files", EfsVolume("files", files))])
    _make(stack, WorkerService, container=container, vpc=vpc)
    template = template_of(stack)
    depends = only(template, RUN)["DependsOn"]
    assert set(of_type(template, "AWS::EFS::MountTarget")) <= set(depends)
    assert any("TaskRoleDefaultPolicy" in each for each in depends)


def _statements(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    [policy] = [
        each["Properties"]["PolicyDocument"]["Statement"]
        for name, each in of_type(template, "AWS::IAM::Policy").items()
        if name.startswith("WebReleasePolicy")
    ]
    found = {}
    for each in policy:
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        found[" ".join(actions)] = each
    return found


def test_the_function_may_run_one_task_definition_in_one_cluster_with_its_two_roles(stack: cdk.Stack) -> None:
    web = _make(stack, LoadBalancedFargateService)
    statements = _statements(template_of(stack))
    cluster = {"ArnEquals": {"ecs:cluster": stack.resolve(web.cluster.cluster_arn)}}
    assert set(statements) == {
        "ecs:RunTask",
        "iam:PassRole",
        "ecs:ListTasks",
        "ecs:DescribeTasks ecs:StopTask",
        "ecs:TagResource",
        "ecs:DescribeTaskDefinition",
        "ssm:DeleteParameter ssm:GetParameter ssm:PutParameter",
        "lambda:InvokeFunction",
        "logs:GetLogEvents",
    }
    run = statements["ecs:RunTask"]
    assert run["Resource"]["Fn::Join"][1][-1] == f":task-definition/{web.task_definition.family}:*"
    assert run["Condition"] == cluster
    roles = [web.task_definition.task_role, web.task_definition.execution_role]
    assert statements["iam:PassRole"]["Resource"] == [stack.resolve(each.role_arn) for each in roles]
    assert statements["iam:PassRole"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }
    assert statements["ecs:ListTasks"]["Condition"] == cluster
    everywhere = {actions for actions, each in statements.items() if each["Resource"] == "*"}
    assert everywhere == {"ecs:ListTasks", "ecs:DescribeTaskDefinition"}, "which take no resource"


def test_a_log_of_the_users_own_is_not_read(stack: cdk.Stack) -> None:
    own = WorkerContainer(NGINX, logging=ecs.LogDrivers.fluentd())
    _make(stack, WorkerService, container=own, sidecars=[Sidecar("proxy", NGINX, logging=CloudWatchLogs())])
    assert "logs:GetLogEvents" not in _statements(template_of(stack))


def test_a_secret_in_the_command_is_warned_of(stack: cdk.Stack) -> None:
    _make(stack, WorkerService, release_command=ReleaseCommand(["load", "postgres://app:hunter2secret@db/shop"]))
    warnings = cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    assert any("ReleaseCommand.command looks like it holds a secret" in str(each.entry.data) for each in warnings)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (
            LoadBalancedEc2Service,
            {"release_command": ReleaseCommand(["a"], size=TaskSize())},
            r"ReleaseCommand\.size=.* is for Fargate",
        ),
        (
            WorkerService,
            {
                "release_command": ReleaseCommand(["a"], size=TaskSize(256, 512)),
                "container": WorkerContainer(NGINX, memory_limit_mib=1024),
                "size": TaskSize(512, 2048),
            },
            r"ReleaseCommand\.size: .*1024",
        ),
        (
            WorkerService,
            {"container": WorkerContainer(NGINX, restart=RestartPolicy())},
            r"the agent would start the command again",
        ),
        (
            WorkerService,
            {"container": WorkerContainer(NGINX, mounts=[Mount("/disk", EbsVolume("disk", 20))])},
            r"EbsVolume 'disk' is made by the service for its own tasks",
        ),
    ],
    ids=["size on instances", "too small a size", "restarts", "a disk"],
)
def test_what_cannot_run_is_refused_and_leaves_nothing(
    kind: Any,  # noqa: ANN401 - a class
    options: dict[str, Any],
    message: str,
    stack: cdk.Stack,
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        _make(stack, kind, **options)
    assert not stack.node.children
