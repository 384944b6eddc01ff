"""The service on EC2: its task, its place, and what it shares with its twin. Rows are those of docs/defaults.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    AppContainer,
    Ec2Capacity,
    Ec2Container,
    Egress,
    Feature,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
    PublicHttp,
    Route,
    RoutedEc2Service,
    Scaling,
    SharedLoadBalancer,
    Sidecar,
    Spot,
    TaskSize,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
SERVICE, TASK, GROUP = "AWS::ECS::Service", "AWS::ECS::TaskDefinition", "AWS::AutoScaling::AutoScalingGroup"


def _build(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
    stack = cdk.Stack(cdk.App(), "Stack")
    options.setdefault("container", AppContainer(NGINX, 80))
    LoadBalancedEc2Service(stack, "Web", ingress=PublicHttp(), **options)
    return template_of(stack)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return _build()


def _container(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = only(template, TASK)["Properties"]["ContainerDefinitions"][0]
    return found


def test_its_defaults_are_those_of_its_twin() -> None:
    """What differs is what machines are about, and nothing else."""
    template = _build()
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp())
    twin = template_of(stack)
    machines_have = {
        "Cluster",
        "CapacityProviderStrategy",
        "ForceNewDeployment",
        "PlacementConstraints",
        "PlacementStrategies",
        "SchedulingStrategy",
    }
    fargate_has = {"Cluster", "LaunchType", "PlatformVersion"}
    ours, theirs = (only(found, SERVICE)["Properties"] for found in (template, twin))
    assert {key: ours[key] for key in ours.keys() - machines_have} == {
        key: theirs[key] for key in theirs.keys() - fargate_has
    }
    ours, theirs = (only(found, TASK)["Properties"] for found in (template, twin))
    assert (ours.pop("RequiresCompatibilities"), theirs.pop("RequiresCompatibilities")) == (["EC2"], ["FARGATE"])
    container = ours["ContainerDefinitions"][0]
    assert container.pop("MemoryReservation") == 6
    # CDK adds it, since ECS sets it on Fargate only.
    assert container.pop("Environment") == [{"Name": "AWS_REGION", "Value": {"Ref": "AWS::Region"}}]
    assert ours == theirs
    for kind in (
        "AWS::Logs::LogGroup",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::EC2::VPC",
    ):
        assert of_type(template, kind) == of_type(twin, kind)


def test_tasks_wait_for_the_capacity_provider(template: dict[str, Any]) -> None:
    service = only(template, SERVICE)
    [association] = of_type(template, "AWS::ECS::ClusterCapacityProviderAssociations")
    assert association in service["DependsOn"]
    [strategy] = service["Properties"]["CapacityProviderStrategy"]
    assert strategy == {
        "CapacityProvider": {"Ref": next(iter(of_type(template, "AWS::ECS::CapacityProvider")))},
        "Weight": 1,
    }
    assert "LaunchType" not in service["Properties"]


def test_tasks_have_a_network_of_their_own_and_the_limits_of_the_size(template: dict[str, Any]) -> None:
    task = only(template, TASK)["Properties"]
    assert (task["NetworkMode"], task["Cpu"], task["Memory"]) == ("awsvpc", "256", "512")


def test_tasks_are_spread_over_zones_then_machines(template: dict[str, Any]) -> None:
    """Row 43."""
    service = only(template, SERVICE)["Properties"]
    assert service["PlacementStrategies"] == [
        {"Type": "spread", "Field": "attribute:ecs.availability-zone"},
        {"Type": "spread", "Field": "instanceId"},
    ]
    assert service["AvailabilityZoneRebalancing"] == "ENABLED"


def test_tasks_can_be_placed_otherwise() -> None:
    container = Ec2Container(
        NGINX,
        80,
        placement_constraints=[ecs.PlacementConstraint.distinct_instances()],
        placement_strategies=[ecs.PlacementStrategy.packed_by_memory()],
    )
    service = only(_build(container=container), SERVICE)["Properties"]
    assert service["PlacementStrategies"] == [{"Type": "binpack", "Field": "MEMORY"}]
    assert service["PlacementConstraints"] == [{"Type": "distinctInstance"}]
    assert service["AvailabilityZoneRebalancing"] == "DISABLED", "ECS refuses it when zones do not come first"


def test_what_fargate_refuses_is_there() -> None:
    """Row 33."""
    container = Ec2Container(
        NGINX,
        80,
        gpu_count=2,
        privileged=True,
        devices=[ecs.Device(host_path="/dev/fuse")],
        tmpfs=[ecs.Tmpfs(container_path="/scratch", size=64, mount_options=[ecs.TmpfsMountOption.NOEXEC])],
        shared_memory_mib=128,
        dns_servers=["10.0.0.2"],
        dns_search_domains=["internal"],
        docker_security_options=["no-new-privileges"],
    )
    machines = Ec2Capacity(instance_type=ec2.InstanceType("g5.12xlarge"))
    found = _container(_build(container=container, capacity=machines))
    assert found["ResourceRequirements"] == [{"Type": "GPU", "Value": "2"}]
    assert (found["Privileged"], found["DnsServers"]) == (True, ["10.0.0.2"])
    assert (found["DnsSearchDomains"], found["DockerSecurityOptions"]) == (["internal"], ["no-new-privileges"])
    parameters = found["LinuxParameters"]
    assert parameters["Devices"] == [{"HostPath": "/dev/fuse"}]
    assert parameters["Tmpfs"] == [{"ContainerPath": "/scratch", "Size": 64, "MountOptions": ["noexec"]}]
    assert (parameters["SharedMemorySize"], parameters["InitProcessEnabled"]) == (128, True)


def test_containers_without_a_limit_have_that_of_the_task() -> None:
    """CDK wants a figure for each container on EC2: the least reservation limits nothing."""
    sidecars = [Sidecar("limited", NGINX, memory_limit_mib=200), Sidecar("free", NGINX)]
    task = only(_build(sidecars=sidecars, size=TaskSize(256, 1024)), TASK)["Properties"]
    memory = {
        item["Name"]: (item.get("Memory"), item.get("MemoryReservation")) for item in task["ContainerDefinitions"]
    }
    assert memory == {"web": (None, 6), "limited": (200, None), "free": (None, 6)}
    assert task["Memory"] == "1024"


def test_a_cluster_with_machines_can_be_brought() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    cluster = ecs.Cluster(stack, "Mine")
    group = autoscaling.AutoScalingGroup(
        stack,
        "Group",
        vpc=cluster.vpc,
        instance_type=ec2.InstanceType("m7i.large"),
        machine_image=ecs.EcsOptimizedImage.amazon_linux2023(),
        require_imdsv2=True,
    )
    cluster.add_asg_capacity_provider(
        ecs.AsgCapacityProvider(stack, "Provider", auto_scaling_group=group, enable_managed_draining=True)
    )
    service = LoadBalancedEc2Service(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), cluster=cluster
    )
    assert service.auto_scaling_group is None
    template = template_of(stack)
    only(template, GROUP)
    assert only(template, SERVICE)["Properties"]["LaunchType"] == "EC2"


def test_tasks_and_machines_can_be_put_elsewhere() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    network = Network(stack, "Net", egress=Egress.ENDPOINTS, features=[Feature.LOGS, Feature.CONTAINER_INSTANCES])
    LoadBalancedEc2Service(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttp(),
        vpc=network.vpc,
        subnets=network.task_subnets,
    )
    template = template_of(stack)
    placement = only(template, SERVICE)["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert placement["Subnets"] == only(template, GROUP)["Properties"]["VPCZoneIdentifier"]
    assert all("PrivateSubnet" in subnet["Ref"] for subnet in placement["Subnets"])


def test_an_autoscaler_can_decide() -> None:
    template = _build(scaling=Scaling(min_capacity=3, max_capacity=9, cpu_percent=60))
    assert "DesiredCount" not in only(template, SERVICE)["Properties"]
    assert only(template, "AWS::ApplicationAutoScaling::ScalableTarget")["Properties"]["MinCapacity"] == 3


def test_its_properties_have_the_names_of_its_twin() -> None:
    names = {name for name in vars(LoadBalancedFargateService) if not name.startswith("_")}
    assert names <= {name for name in vars(LoadBalancedEc2Service) if not name.startswith("_")}
    stack = cdk.Stack(cdk.App(), "Stack")
    service = LoadBalancedEc2Service(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp())
    assert isinstance(service.service, ecs.Ec2Service)
    assert isinstance(service.auto_scaling_group, autoscaling.AutoScalingGroup)
    assert isinstance(service.listener, elbv2.ApplicationListener)
    assert isinstance(service.target_group, elbv2.ApplicationTargetGroup)
    assert service.container.container_name == "web"
    assert service.task_definition is service.pattern.task_definition
    assert service.url.startswith("http://")
    assert service.log_group is not None


def test_a_service_is_grantable_and_connectable() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    service = LoadBalancedEc2Service(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp())
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    dynamodb.TableV2(stack, "Table", partition_key=key).grant_read_data(service)
    client = ec2.SecurityGroup(stack, "Client", vpc=service.vpc)
    service.connections.allow_default_port_from(client)
    template = template_of(stack)
    assert [
        policy
        for policy in of_type(template, "AWS::IAM::Policy").values()
        if "TaskRole" in str(policy["Properties"]["Roles"]) and "dynamodb:GetItem" in str(policy)
    ]
    rules = of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    assert any("Client" in str(rule["Properties"]["SourceSecurityGroupId"]) for rule in rules)


def test_one_image_runs_on_fargate_and_on_machines(directory: Path) -> None:
    """One copy of the image, and both task definitions wait for it."""
    stack = cdk.Stack(cdk.App(), "Stack")
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory)
    container = AppContainer(image, 80)
    LoadBalancedFargateService(stack, "Fargate", container=container, ingress=PublicHttp())
    LoadBalancedEc2Service(stack, "Machines", container=container, ingress=PublicHttp())
    template = template_of(stack)
    [copy] = of_type(template, "Custom::EcrFargateImageCopy")
    tasks = of_type(template, TASK)
    assert {task["Properties"]["RequiresCompatibilities"][0] for task in tasks.values()} == {"FARGATE", "EC2"}
    assert all(copy in task["DependsOn"] for task in tasks.values())
    images = [task["Properties"]["ContainerDefinitions"][0]["Image"] for task in tasks.values()]
    assert images[0] == images[1]
    only(template, "AWS::EC2::VPC")


def test_feature_flags_change_nothing_of_ours(recommended_flags: dict[str, Any]) -> None:
    """Row 37: machines, sessions and scaling are the same in an app without any flag and in one with all of them."""
    templates = []
    for context in ({}, recommended_flags):
        stack = cdk.Stack(cdk.App(context=context), "Stack")
        scaling = Scaling(min_capacity=2, max_capacity=4, cpu_percent=60)
        container = AppContainer(NGINX, 80)
        LoadBalancedEc2Service(
            stack, "Web", container=container, ingress=PublicHttp(), scaling=scaling, enable_execute_command=True
        )
        templates.append(template_of(stack)["Resources"])
    without, with_all = templates
    closer = ("CustomVpcRestrictDefaultSG", "EcrFargateNetworkRestrictDefaultSecurityGroup")  # one flag asks for it
    different = {
        without.get(name, with_all.get(name))["Type"]
        for name in without.keys() | with_all.keys()
        if not name.startswith(closer)
        if without.get(name) != with_all.get(name)
    }
    assert different <= {"AWS::IAM::Policy"}, different  # minimizePolicies sorts actions and merges statements


def test_machines_of_one_service_are_in_a_cluster_of_their_own() -> None:
    """And so nothing of the other service's changes when one goes."""
    container = AppContainer(NGINX, 80)
    templates = []
    for names in (("One", "Two"), ("One",)):
        stack = cdk.Stack(cdk.App(), "Stack")
        for name in names:
            LoadBalancedEc2Service(stack, name, container=container, ingress=PublicHttp())
        templates.append(template_of(stack))
    both, one = templates
    kept = {name: item for name, item in both["Resources"].items() if not name.startswith("Two")}
    assert kept == one["Resources"]
    associations = of_type(both, "AWS::ECS::ClusterCapacityProviderAssociations").values()
    assert [len(each["Properties"]["CapacityProviders"]) for each in associations] == [1, 1]
    assert len({each["Properties"]["Cluster"]["Ref"] for each in associations}) == 2


def test_routed_machines_are_in_a_cluster_of_their_own() -> None:
    """The same behind a load balancer that stays."""
    templates = []
    for names in (("one", "two"), ("one",)):
        stack = cdk.Stack(cdk.App(), "Stack")
        shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
        for name in names:
            route = Route(path=f"/{name}/*")
            container = AppContainer(NGINX, 80)
            RoutedEc2Service(stack, name, load_balancer=shared, route=route, container=container)
        templates.append(template_of(stack))
    both, one = templates
    for kind in ("AWS::ECS::Cluster", "AWS::ECS::ClusterCapacityProviderAssociations", "AWS::ECS::Service"):
        first = of_type(one, kind)
        assert len(of_type(both, kind)) == 2 * len(first) == 2
        assert {name: of_type(both, kind)[name] for name in first} == first


def test_machines_of_a_given_cluster_share_it() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    container = AppContainer(NGINX, 80)
    cluster = ecs.Cluster(stack, "Mine")
    for name in ("One", "Two"):
        machines = Ec2Capacity()
        LoadBalancedEc2Service(
            stack, name, container=container, ingress=PublicHttp(), cluster=cluster, capacity=machines
        )
    spot = Scaling(min_capacity=2, max_capacity=2, capacity=Spot())
    LoadBalancedFargateService(stack, "Three", container=container, ingress=PublicHttp(), scaling=spot, cluster=cluster)
    template = template_of(stack)
    providers = only(template, "AWS::ECS::ClusterCapacityProviderAssociations")["Properties"]["CapacityProviders"]
    own = [{"Ref": name} for name in of_type(template, "AWS::ECS::CapacityProvider")]
    assert providers == [*own, "FARGATE", "FARGATE_SPOT"]
    assert len(own) == len(of_type(template, GROUP)) == 2


def test_every_number_may_be_a_token() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")

    def number(name: str) -> float:
        return cdk.CfnParameter(stack, name, type="Number").value_as_number

    LoadBalancedEc2Service(
        stack,
        "Web",
        container=Ec2Container(NGINX, number("Port"), shared_memory_mib=number("Shared")),
        size=TaskSize(number("Cpu"), number("Memory")),
        capacity=Ec2Capacity(
            instance_type=ec2.InstanceType(cdk.CfnParameter(stack, "Type").value_as_string),
            min_capacity=number("Minimum"),
            max_capacity=number("Maximum"),
            target_percent=number("Full"),
            root_volume_gib=number("Root"),
        ),
        ingress=PublicHttp(),
    )
    template = template_of(stack)
    text = str(template["Resources"])
    for name in template["Parameters"]:
        if name != "BootstrapVersion" and not name.startswith("SsmParameter"):
            assert f"{{'Ref': '{name}'}}" in text, f"{name} got lost"
    assert "Token[" not in text
