"""The place of tasks: one cluster and VPC per stack, and subnets from which an image can be pulled."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.attempt import make_shared
from ecr_fargate_constructs._cdk.site import adopt, node_of, path_of, path_of_construct, remember, resource_of, stack_of
from ecr_fargate_constructs._cdk.tags import tag_cluster
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._rules.tokens import is_list_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.network import vpc as _vpc
from ecr_fargate_constructs.service.ingress.load_balancer import is_public
from ecr_fargate_constructs.service.parts import cfn_service
from ecr_fargate_constructs.service.task.order import wait_for_network, wait_for_own_network

if TYPE_CHECKING:
    from constructs import Construct, IConstruct

    from ecr_fargate_constructs.service.ingress.values import Ingress

# The id that CDK's pattern gives a stack's default cluster, so that services of both kinds share one.
_CLUSTER_ID = "EcsDefaultClusterMnL3mNNYN"
_NETWORK_ID = "EcrFargateNetwork"


class _OwnCluster(ecs.Cluster):
    """A cluster that waits for its network. Services refer to the cluster, so they wait too."""


def check_placement(
    *,
    cluster: ecs.ICluster | None,
    vpc: ec2.IVpc | None,
    subnets: ec2.SubnetSelection | None,
    balanced: bool = True,
) -> None:
    """Refuse contradictions, and networks in which no image could be pulled.

    Args:
        cluster: The given cluster.
        vpc: The given VPC.
        subnets: The given subnets.
        balanced: True with a load balancer, which needs two zones.
    """
    if cluster is not None and vpc is not None:
        raise ConfigurationError("cluster and vpc are both given, and the cluster has a VPC; keep one")
    network = vpc if vpc is not None else cluster.vpc if cluster is not None else None
    if subnets is not None:
        _check_subnets(network, subnets)
    if network is None:
        return
    if balanced:
        check_zones(network)
    if subnets is None and not network.private_subnets:
        raise ConfigurationError(
            "the VPC has no private subnets with internet access, so tasks could not pull their image; set "
            "subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC) (tasks get public addresses), add NAT, or "
            "add the endpoints ecr.api, ecr.dkr, logs and S3 and pass the isolated subnets (Network(egress=…) creates "
            "all three kinds; pass its task_subnets as subnets)"
        )


def _check_subnets(network: ec2.IVpc | None, subnets: ec2.SubnetSelection) -> None:
    """Refuse a selection that selects nothing."""
    fix = "use for example ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)"
    if network is None:
        named = subnets.subnet_group_name or (subnets.subnet_type.name if subnets.subnet_type else None)
        if named not in {None, "Public", "Private", "PUBLIC", "PRIVATE_WITH_EGRESS"}:
            raise ConfigurationError(
                f"subnets selects {named!r}, and the network that the stack's services share has Public and Private; "
                f"{fix}, or set vpc="
            )
        return
    try:
        found = select(network, subnets).subnets
    except RuntimeError as error:
        reason = str(error).splitlines()[0].partition(": ")
        raise ConfigurationError(f"subnets selects nothing: {reason[2] or reason[0]}; {fix}") from error
    if not found:
        raise ConfigurationError(f"subnets selects nothing in {network.node.path}; {fix}")


def select(vpc: ec2.IVpc, subnets: ec2.SubnetSelection) -> ec2.SelectedSubnets:
    """Return the subnets of a VPC that a selection names."""
    return vpc.select_subnets(
        availability_zones=subnets.availability_zones,
        one_per_az=subnets.one_per_az,
        subnet_filters=subnets.subnet_filters,
        subnet_group_name=subnets.subnet_group_name,
        subnets=subnets.subnets,
        subnet_type=subnets.subnet_type,
    )


def check_zones(vpc: ec2.IVpc) -> None:
    """Refuse a VPC with one zone: a load balancer needs two."""
    zones = vpc.availability_zones
    if len(zones) == 1 and not is_list_token(zones):
        raise ConfigurationError(
            "the VPC has one availability zone, and a load balancer needs two; use a VPC with max_azs=2 or more"
        )


def check_machine_placement(
    *,
    cluster: ecs.ICluster | None,
    vpc: ec2.IVpc | None,
    subnets: ec2.SubnetSelection | None,
    balanced: bool = True,
) -> None:
    """Refuse contradictions, and subnets from which instances without public addresses could pull no image."""
    network = vpc if vpc is not None else cluster.vpc if cluster is not None else None
    if network is None:
        public = subnets is not None and (
            subnets.subnet_type is ec2.SubnetType.PUBLIC or subnets.subnet_group_name == _vpc.public_subnets().name
        )
    elif subnets is None:
        public = not network.private_subnets
    else:
        _check_subnets(network, subnets)
        public = subnets.subnet_type is ec2.SubnetType.PUBLIC or select(network, subnets).has_public
    if public:
        raise ConfigurationError(
            "instances and their tasks get no public addresses, so they could not pull an image from public subnets; "
            "use private subnets with internet access, add NAT, or add endpoints and pass the isolated subnets"
        )
    check_placement(cluster=cluster, vpc=vpc, subnets=subnets, balanced=balanced)


def cluster_for(scope: Construct, vpc: ec2.IVpc | None) -> ecs.ICluster:
    """Return the stack's cluster for this VPC, or for the library's VPC, and create it if it is missing."""
    stack = stack_of(scope)
    if vpc is not None and path_of_construct(vpc) == f"{path_of_construct(stack)}/{_NETWORK_ID}":
        vpc = None  # the library's VPC has one cluster, also if the user passes that VPC
    return remember(stack, "cluster", lambda: _cluster_for(stack, None)) if vpc is None else _cluster_for(stack, vpc)


def _cluster_for(stack: cdk.Stack, vpc: ec2.IVpc | None) -> ecs.ICluster:
    cluster_id = f"{_CLUSTER_ID}{'' if vpc is None else _name_of(vpc)}"
    existing = cast("ecs.Cluster | None", node_of(stack).try_find_child(cluster_id))
    if existing is not None and vpc is not None and path_of_construct(existing.vpc) != path_of_construct(vpc):
        cluster_id += vpc.node.addr  # two VPCs of one name, in different scopes
        existing = cast("ecs.Cluster | None", node_of(stack).try_find_child(cluster_id))
    if existing is not None:
        return existing
    return make_shared(stack, lambda: _make_cluster(stack, cluster_id, vpc if vpc is not None else _network(stack)))


def cluster_of_instances(scope: Construct, vpc: ec2.IVpc | None) -> ecs.Cluster:
    """Create a cluster for the instances of one service, in this VPC or the one that the stack's services share.

    A service could not be removed from a cluster for several: CloudFormation removes a capacity provider from its
    cluster before it deletes the service on it, which ECS refuses (aws-cdk#15366, containers-roadmap#631).
    """
    return _make_cluster(scope, "Cluster", vpc if vpc is not None else network_for(scope))


def _make_cluster(scope: Construct, cluster_id: str, network: ec2.IVpc) -> ecs.Cluster:
    cluster = _OwnCluster(scope, cluster_id, vpc=network, container_insights_v2=ecs.ContainerInsights.ENABLED)
    adopt(cluster, scope, path_of(scope, cluster_id))
    remember(cluster, "vpc", lambda: network)
    parts.tag(cluster)
    tag_cluster(cluster, path_of_construct(cluster))
    resource = resource_of(cluster)
    if isinstance(network, ec2.Vpc) and _is_own(network):
        wait_for_own_network(resource, network)
    else:
        wait_for_network(resource, network)
    return cluster


def order(service: ecs.BaseService, cluster: ecs.ICluster, vpc: ec2.IVpc) -> None:
    """Make a service in the user's cluster wait for its network; the library's clusters wait themselves."""
    wait_for_way_out(cfn_service(service), cluster, vpc)


def wait_for_way_out(resource: cdk.CfnResource, cluster: ecs.ICluster, vpc: ec2.IVpc) -> None:
    """Do the same for any resource that starts tasks."""
    if not isinstance(cluster, _OwnCluster):
        wait_for_network(resource, vpc)


def keep_way_out(resource: IConstruct, vpc: ec2.IVpc) -> None:
    """Create instances after the routes and endpoints of their network, and delete them before those.

    An instance that cannot reach Amazon ECS while it is removed stays "deregistering", and so does the stack
    (aws-cdk#36071). The clusters of the library wait for the library's own network.
    """
    if not (isinstance(vpc, ec2.Vpc) and _is_own(vpc)):
        wait_for_network(resource, vpc, associations=True)


def _name_of(vpc: ec2.IVpc) -> str:
    """Return the id of a VPC, or of the construct around it, such as a ``Network``."""
    parent = vpc.node.scope
    return parent.node.id if vpc.node.id == "Default" and parent is not None else vpc.node.id


def task_subnets(
    scope: Construct, vpc: ec2.IVpc, subnets: ec2.SubnetSelection | None
) -> tuple[ec2.SubnetSelection, bool]:
    """Return the subnets of the tasks, and whether they need public addresses to pull their image."""
    if subnets is None:
        return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS), False
    selected = select(vpc, subnets)
    # Subnets of the app are checked at synth, by their routes; those of an imported VPC cannot be.
    isolated = {subnet.subnet_id for subnet in vpc.isolated_subnets if not isinstance(subnet, ec2.Subnet)}
    if isolated and isolated & set(selected.subnet_ids):
        warn(
            scope,
            "isolatedSubnets",
            "tasks run in isolated subnets: they can pull their image and write logs only through VPC endpoints for "
            "ecr.api, ecr.dkr, logs and S3 (gateway)",
        )
    return subnets, selected.has_public


def check_shared_network(vpc: ec2.IVpc | None, ingress: Ingress | None) -> None:
    """Refuse a VPC without the subnets that a load balancer needs."""
    if vpc is None:
        return
    check_zones(vpc)
    if ingress is not None and not is_public(ingress):
        return
    if not vpc.public_subnets:
        raise ConfigurationError(
            "the VPC has no public subnets, and a public load balancer needs them; add some, or use "
            "ingress=InternalHttp(…) or InternalHttps(…)"
        )


def network_for(scope: Construct) -> ec2.IVpc:
    """Return the VPC that the services of a stack share, and create it if it is missing."""
    stack = stack_of(scope)
    cluster = cast("ecs.Cluster | None", node_of(stack).try_find_child(_CLUSTER_ID))
    return _network(stack) if cluster is None else vpc_of(cluster)


def vpc_of(cluster: ecs.ICluster) -> ec2.IVpc:
    """Return the VPC of a cluster, which never changes."""
    return remember(cluster, "vpc", lambda: cluster.vpc)


def has_way_out(vpc: ec2.IVpc, subnets: ec2.SubnetSelection | None) -> bool:
    """Return whether tasks are in the private subnets of the library's VPC, which need no check."""
    return subnets is None and path_of_construct(vpc).endswith(f"/{_NETWORK_ID}") and _is_own(vpc)


def _is_own(vpc: ec2.IVpc) -> bool:
    """Return whether a network is the library's VPC: every task in it reaches the internet through NAT."""
    return path_of_construct(vpc) == f"{path_of_construct(stack_of(vpc))}/{_NETWORK_ID}"


def _network(stack: cdk.Stack) -> ec2.Vpc:
    existing = node_of(stack).try_find_child(_NETWORK_ID)
    if isinstance(existing, ec2.Vpc):
        return existing
    return make_shared(
        stack,
        lambda: _vpc.make_vpc(
            stack,
            _NETWORK_ID,
            nat_gateways=2,  # one per zone: if a zone fails, the other one keeps its internet access
            subnets=[_vpc.public_subnets(), _vpc.task_subnets(ec2.SubnetType.PRIVATE_WITH_EGRESS)],
        ),
    )
