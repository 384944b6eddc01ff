"""Amazon ECS Managed Instances: EC2 instances that AWS manages."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from ecr_fargate_constructs import (
    AppContainer,
    Ec2Capacity,
    Ec2WorkerService,
    InternalHttp,
    LoadBalancedEc2Service,
    ManagedInstancesCapacity,
    PublicHttp,
    QueueScaling,
    ReleaseCommand,
    Route,
    RoutedEc2Service,
    Scaling,
    ServiceAlarms,
    SharedLoadBalancer,
    Spot,
    TaskSize,
    WorkerContainer,
)
from ecr_fargate_constructs.errors import ConfigurationError
from tests.service.capacity.managed import IMAGE, PROFILE, PROVIDER, provider_of, requirements_of, web_on
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    web = web_on(stack)
    assert web.auto_scaling_group is None
    return template_of(stack)


def test_the_service_runs_on_the_provider_of_its_cluster(template: dict[str, Any]) -> None:
    [(name, provider)] = of_type(template, PROVIDER).items()
    [cluster] = of_type(template, "AWS::ECS::Cluster")
    assert provider["Properties"]["ClusterName"] == {"Ref": cluster}
    service = only(template, "AWS::ECS::Service")["Properties"]
    assert service["CapacityProviderStrategy"] == [{"CapacityProvider": {"Ref": name}, "Weight": 1}]
    assert "LaunchType" not in service, "ECS refuses both"
    assert service["Cluster"] == {"Ref": cluster}
    assert service["PlacementStrategies"] == []
    assert service["ForceNewDeployment"]["EnableForceNewDeployment"] is True
    for kind in (
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::EC2::LaunchTemplate",
        "AWS::ECS::ClusterCapacityProviderAssociations",  # which ECS refuses for them: aws-cdk#35699
    ):
        assert not of_type(template, kind), kind


def test_the_task_is_one_for_managed_instances(template: dict[str, Any]) -> None:
    task = only(template, "AWS::ECS::TaskDefinition")["Properties"]
    assert task["RequiresCompatibilities"] == ["MANAGED_INSTANCES"]
    assert task["NetworkMode"] == "awsvpc"
    assert task["RuntimePlatform"] == {"OperatingSystemFamily": "LINUX", "CpuArchitecture": "X86_64"}
    assert (task["Cpu"], task["Memory"]) == ("256", "512")


def test_by_default_ecs_chooses_the_instances(template: dict[str, Any]) -> None:
    """Row 96."""
    provider = provider_of(template)
    launch = provider["InstanceLaunchTemplate"]
    assert launch["CapacityOptionType"] == "ON_DEMAND"
    assert launch["Monitoring"] == "BASIC"
    assert launch["StorageConfiguration"] == {"StorageSizeGiB": 80}
    assert "InstanceRequirements" not in launch
    assert provider["PropagateTags"] == "CAPACITY_PROVIDER"
    [group] = launch["NetworkConfiguration"]["SecurityGroups"]
    assert "SecurityGroupIngress" not in template["Resources"][group["Fn::GetAtt"][0]]["Properties"]
    assert len(launch["NetworkConfiguration"]["Subnets"]) == 2


def test_ecs_may_pass_exactly_the_role_of_the_instances(template: dict[str, Any]) -> None:
    roles = of_type(template, "AWS::IAM::Role")
    [instance] = [
        name for name, role in roles.items() if role["Properties"].get("Description", "").startswith("Managed")
    ]
    [infrastructure] = [name for name, role in roles.items() if name.startswith("WebInfrastructureRole")]
    assert "RoleName" not in roles[instance]["Properties"], "a name would be taken in every region of the account"
    managed = roles[infrastructure]["Properties"]
    assert managed["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ecs.amazonaws.com"}
    assert [each["Fn::Join"][1][-1] for each in managed["ManagedPolicyArns"]] == [
        ":iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances"
    ]
    [policy] = managed["Policies"]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Action": "iam:PassRole",
            "Condition": {"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}},
            "Effect": "Allow",
            "Resource": {"Fn::GetAtt": [instance, "Arn"]},
        }
    ]
    assert provider_of(template)["InfrastructureRoleArn"] == {"Fn::GetAtt": [infrastructure, "Arn"]}


def test_the_instances_may_report_to_their_own_cluster_only(template: dict[str, Any]) -> None:
    [role] = [
        each["Properties"]
        for name, each in of_type(template, "AWS::IAM::Role").items()
        if name.startswith("WebInstanceRole")
    ]
    assert "ManagedPolicyArns" not in role
    [cluster] = of_type(template, "AWS::ECS::Cluster")
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    everywhere, of_cluster, of_instance = statements
    assert (everywhere["Action"], everywhere["Resource"]) == ("ecs:DiscoverPollEndpoint", "*")
    assert of_cluster["Resource"] == {"Fn::GetAtt": [cluster, "Arn"]}
    assert of_instance["Resource"]["Fn::Join"][1][-3:] == [":container-instance/", {"Ref": cluster}, "/*"]
    actions = {
        action
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    assert {action.partition(":")[0] for action in actions} == {"ecs"}


def test_types_are_those_named_and_hold_a_task(stack: cdk.Stack) -> None:
    capacity = ManagedInstancesCapacity(
        instance_types=[ec2.InstanceType("m7i.*"), ec2.InstanceType("c7i.2xlarge")],
        capacity_option_type=ecs.CapacityOptionType.SPOT,
        storage_gib=200,
        scale_in_after=cdk.Duration.minutes(15),
    )
    web_on(stack, capacity=capacity, size=TaskSize(cpu=2048, memory_mib=8192))
    template = template_of(stack)
    assert requirements_of(template) == {
        "AllowedInstanceTypes": ["m7i.*", "c7i.2xlarge"],
        "MemoryMiB": {"Min": 8192},
        "VCpuCount": {"Min": 2},
    }
    provider = provider_of(template)
    assert provider["InstanceLaunchTemplate"]["CapacityOptionType"] == "SPOT"
    assert provider["InstanceLaunchTemplate"]["StorageConfiguration"] == {"StorageSizeGiB": 200}
    assert provider["InfrastructureOptimization"] == {"ScaleInAfter": 900}


@pytest.mark.parametrize("name", ["Stack", "EcsStack"])
def test_spare_capacity_is_another_provider_to_which_the_service_is_deployed_again(name: str) -> None:
    templates = []
    for kind in (ecs.CapacityOptionType.ON_DEMAND, ecs.CapacityOptionType.SPOT):
        stack = cdk.Stack(cdk.App(), name)
        web_on(stack, capacity=ManagedInstancesCapacity(capacity_option_type=kind))
        templates.append(template_of(stack))
    before, after = ((of_type(each, PROVIDER), only(each, "AWS::ECS::Service")["Properties"]) for each in templates)
    assert before[0].keys().isdisjoint(after[0])
    names = [next(iter(each.values()))["Properties"].get("Name") for each, _ in (before, after)]
    assert names == [None, None] if name == "Stack" else len(set(names)) == 2
    nonces = {each["ForceNewDeployment"]["ForceNewDeploymentNonce"] for _, each in (before, after)}
    assert len(nonces) == 2


def _wish(**options: Any) -> ManagedInstancesCapacity:  # noqa: ANN401 - passed on
    options = {"v_cpu_count_min": 2, "memory_min": cdk.Size.gibibytes(4), **options}
    return ManagedInstancesCapacity(instance_requirements=ec2.InstanceRequirementsConfig(**options))


def test_requirements_get_the_architecture_of_the_image(stack: cdk.Stack) -> None:
    web_on(stack, capacity=_wish(v_cpu_count_max=8))
    assert requirements_of(template_of(stack)) == {
        "CpuManufacturers": ["intel", "amd"],
        "MemoryMiB": {"Min": 4096},
        "VCpuCount": {"Max": 8, "Min": 2},
    }


def test_a_narrower_wish_stays(stack: cdk.Stack) -> None:
    web_on(stack, capacity=_wish(cpu_manufacturers=[ec2.CpuManufacturer.AMD]))
    assert requirements_of(template_of(stack))["CpuManufacturers"] == ["amd"]


def test_roles_can_be_brought(stack: cdk.Stack) -> None:
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"))
    profile = iam.InstanceProfile.from_instance_profile_arn(stack, "Profile", PROFILE)
    web_on(stack, capacity=ManagedInstancesCapacity(infrastructure_role=role, instance_profile=profile))
    template = template_of(stack)
    provider = provider_of(template)
    assert provider["InfrastructureRoleArn"]["Fn::GetAtt"][0].startswith("Role")
    assert provider["InstanceLaunchTemplate"]["Ec2InstanceProfileArn"] == PROFILE
    assert not of_type(template, "AWS::IAM::InstanceProfile")
    assert not [name for name in of_type(template, "AWS::IAM::Role") if name.startswith("WebIn")]


def test_the_role_of_a_given_profile_may_be_passed_whatever_its_name(stack: cdk.Stack) -> None:
    """AWS's own policy passes ``ecsInstanceRole*`` only."""
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::111122223333:role/machines")
    profile = iam.InstanceProfile.from_instance_profile_attributes(
        stack, "Profile", instance_profile_arn=PROFILE, role=role
    )
    web_on(stack, capacity=ManagedInstancesCapacity(instance_profile=profile))
    [managed] = [
        each["Properties"]
        for name, each in of_type(template_of(stack), "AWS::IAM::Role").items()
        if name.startswith("WebInfrastructureRole")
    ]
    [statement] = managed["Policies"][0]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == "arn:aws:iam::111122223333:role/machines"


@pytest.mark.parametrize("name", ["aws-web", "EcsWeb", "fargate"])
def test_a_stack_whose_name_ecs_reserves_gets_another_name_for_its_provider(name: str) -> None:
    stack = cdk.Stack(cdk.App(), name)
    web_on(stack)
    assert only(template_of(stack), PROVIDER)["Properties"]["Name"].startswith("cp-")


def test_every_service_on_ec2_takes_them(stack: cdk.Stack) -> None:
    shared = SharedLoadBalancer(stack, "Shared", ingress=InternalHttp())
    RoutedEc2Service(
        stack,
        "Api",
        load_balancer=shared,
        route=Route(path="/api/*"),
        container=AppContainer(IMAGE, 80),
        capacity=ManagedInstancesCapacity(),
    )
    Ec2WorkerService(stack, "Worker", container=WorkerContainer(IMAGE), capacity=ManagedInstancesCapacity())
    template = template_of(stack)
    assert len(of_type(template, PROVIDER)) == 2
    for task in of_type(template, "AWS::ECS::TaskDefinition").values():
        assert task["Properties"]["RequiresCompatibilities"] == ["MANAGED_INSTANCES"]


def test_the_cluster_that_a_queue_and_alarms_see_has_container_insights(stack: cdk.Stack) -> None:
    """The cluster that CDK's service refers to is an import of the real one."""
    service = Ec2WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(IMAGE),
        capacity=ManagedInstancesCapacity(),
        scaling=QueueScaling(queue=sqs.Queue(stack, "Queue"), messages_per_task=10, min_capacity=0, max_capacity=5),
    )
    assert isinstance(service.cluster, ecs.Cluster)
    Annotations.from_stack(stack).has_no_warning("*", Match.string_like_regexp("queueScalingWithoutInsights"))


def test_a_release_command_alarms_and_scaling_work(stack: cdk.Stack) -> None:
    web = web_on(
        stack,
        scaling=Scaling(min_capacity=2, max_capacity=4, cpu_percent=60),
        release_command=ReleaseCommand(["true"]),
    )
    ServiceAlarms.of(web)
    template = template_of(stack)
    [run] = of_type(template, "Custom::EcrFargateReleaseCommand").values()
    [name] = of_type(template, PROVIDER)
    assert str(run["Properties"]["Launch"]).count(name) == 1
    assert "launchType" not in run["Properties"]["Launch"]


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_cluster_can_be_of_another_stack_or_imported(elsewhere: bool) -> None:  # noqa: FBT001 - a case of the test
    app = cdk.App()
    there, stack = cdk.Stack(app, "There"), cdk.Stack(app, "Stack")
    vpc = ec2.Vpc(there, "Vpc")
    cluster: ecs.ICluster = ecs.Cluster(there, "Cluster", vpc=vpc)
    if not elsewhere:
        cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name="shop", vpc=vpc)
    for name in ("One", "Two"):
        LoadBalancedEc2Service(
            stack,
            name,
            container=AppContainer(IMAGE, 80),
            ingress=PublicHttp(),
            cluster=cluster,
            capacity=ManagedInstancesCapacity(),
        )
    template = template_of(stack)
    names = [each["Properties"]["ClusterName"] for each in of_type(template, PROVIDER).values()]
    assert len(names) == 2
    assert all("shop" in str(each) for each in names) is not elsewhere
    assert not of_type(template_of(there), PROVIDER)


def test_a_refused_service_leaves_a_given_cluster_as_it_was() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"))
    before = [each.node.id for each in cluster.node.children]
    with pytest.raises(ConfigurationError):
        web_on(stack, cluster=cluster, scaling=Scaling(min_capacity=1, max_capacity=1, capacity=Spot()))
    assert [each.node.id for each in cluster.node.children] == before


def test_the_change_from_instances_of_ones_own_is_a_new_provider() -> None:
    """CloudFormation could not turn a provider of one kind into the other."""

    def provider(capacity: Ec2Capacity | ManagedInstancesCapacity) -> set[str]:
        stack = cdk.Stack(cdk.App(), "Stack")
        web_on(stack, capacity=capacity)
        return set(of_type(template_of(stack), PROVIDER))

    assert not provider(Ec2Capacity()) & provider(ManagedInstancesCapacity())


def _needed_before(resources: dict[str, Any], name: str) -> set[str]:
    """Return what CloudFormation creates before a resource, and deletes after it."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        resource = resources[waiting.pop()]
        text = json.dumps([resource.get("Properties"), resource.get("DependsOn")])
        new = {each for each in resources if f'"{each}"' in text} - found
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize(
    ("capacity", "kind"),
    [(ManagedInstancesCapacity(), PROVIDER), (Ec2Capacity(), "AWS::AutoScaling::AutoScalingGroup")],
)
@pytest.mark.parametrize("own_cluster", [False, True])
def test_instances_reach_ecs_until_they_are_removed(capacity: Any, kind: str, *, own_cluster: bool) -> None:  # noqa: ANN401 - of both kinds
    """Without their routes they stay "deregistering", and the deletion of the stack fails: aws-cdk#36071."""
    stack = cdk.Stack(cdk.App(), "Stack")
    vpc = ec2.Vpc(stack, "Vpc")
    vpc.add_interface_endpoint("Ecs", service=ec2.InterfaceVpcEndpointAwsService.ECS)
    where = {"cluster": ecs.Cluster(stack, "Cluster", vpc=vpc)} if own_cluster else {"vpc": vpc}
    web_on(stack, capacity=capacity, **where)
    template = template_of(stack)
    [name] = of_type(template, kind)
    before = _needed_before(template["Resources"], name)
    for needed in ("Route", "SubnetRouteTableAssociation", "NatGateway", "VPCEndpoint"):
        assert set(of_type(template, f"AWS::EC2::{needed}")) <= before, needed
