"""Add the CloudFormation types that the library's templates use and MiniStack lacks.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

_Module: TypeAlias = object
_Permissions: TypeAlias = Callable[[list[Properties]], list[Any]]
_Handler: TypeAlias = dict[str, Callable[..., Any]]

ADDED_TYPES = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "Custom::VpcRestrictDefaultSG",
)
"""CloudFormation types that ``apply`` registers where they are missing."""

_CLIENT_ERROR = 400


def add_missing_types(handlers: dict[str, Any], ec2: _Module, ecs: _Module, permissions: _Permissions) -> None:
    """Register the missing types; none of them if MiniStack's internals have changed."""
    groups = find(ec2, "_security_groups")
    makers: dict[str, Callable[[], _Handler]] = {
        "AWS::ApplicationAutoScaling::ScalableTarget": lambda: _scalable_targets(ecs),
        "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policies,
        "AWS::EC2::EIP": lambda: _addresses(ec2),
        "AWS::EC2::NatGateway": lambda: _gateways(ec2),
        "AWS::EC2::SecurityGroupIngress": lambda: _rules(groups, "IpPermissions", permissions),
        "AWS::EC2::SecurityGroupEgress": lambda: _rules(groups, "IpPermissionsEgress", permissions),
        "AWS::ECS::ClusterCapacityProviderAssociations": lambda: _capacity_providers(ecs),
        "Custom::VpcRestrictDefaultSG": lambda: _closed_groups(groups),
    }
    handlers.update({name: makers[name]() for name in ADDED_TYPES if name not in handlers})


def _closed_groups(groups: dict[str, Any]) -> _Handler:
    """Do what CDK's function for this type does, which needs Node and an SDK that only Lambda has."""

    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        name = str(properties.get("DefaultSecurityGroupId"))
        group = groups.get(name)
        if group is not None:
            group["IpPermissions"], group["IpPermissionsEgress"] = [], []
        return f"closed-{name}", {}

    def delete(_name: str, _properties: Properties) -> None:
        """Leave it closed: its VPC is deleted, too."""

    return {"create": create, "delete": delete}


def _addresses(ec2: _Module) -> _Handler:
    addresses, random_ip = find(ec2, "_addresses"), find(ec2, "_random_ip")

    def create(_logical_id: str, _properties: Properties, _stack: str) -> tuple[str, Properties]:
        allocation, address = _new_id("eipalloc"), random_ip("52.")
        nothing = dict.fromkeys(("AssociationId", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress"))
        addresses[allocation] = {"AllocationId": allocation, "PublicIp": address, "Domain": "vpc", **nothing}
        return address, {"AllocationId": allocation, "PublicIp": address}

    def delete(address: str, _properties: Properties) -> None:
        for allocation in [key for key, value in addresses.items() if value["PublicIp"] == address]:
            addresses.pop(allocation, None)

    return {"create": create, "delete": delete}


def _gateways(ec2: _Module) -> _Handler:
    gateways, subnets, now = (find(ec2, name) for name in ("_nat_gateways", "_subnets", "_now_ts"))

    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        gateway = _new_id("nat")
        gateways[gateway] = {
            "NatGatewayId": gateway,
            "SubnetId": properties["SubnetId"],
            "VpcId": (subnets.get(properties["SubnetId"]) or {}).get("VpcId", ""),
            "AllocationId": properties.get("AllocationId"),
            "ConnectivityType": "public",
            "State": "available",
            "CreateTime": now(),
            "Tags": [],
        }
        return gateway, {"NatGatewayId": gateway}

    def delete(gateway: str, _properties: Properties) -> None:
        gateways.pop(gateway, None)

    return {"create": create, "delete": delete}


def _rules(groups: dict[str, Any], direction: str, permissions: _Permissions) -> _Handler:
    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        rule = _new_id("sgr")
        groups[properties["GroupId"]][direction].extend(permissions([properties]))
        return rule, {"Id": rule}

    def delete(_rule: str, properties: Properties) -> None:
        group = groups.get(properties["GroupId"])
        for permission in permissions([properties]):
            if group and permission in group[direction]:
                group[direction].remove(permission)

    def update(
        rule: str, old: Properties, new: Properties, stack: str
    ) -> tuple[str, Properties]:  # without it MiniStack would keep the old rule beside the new one
        delete(rule, old)
        return create("", new, stack)

    return {"create": create, "update": update, "delete": delete}


def _scalable_targets(ecs: _Module) -> _Handler:
    """Support scalable targets: registering one brings the number of tasks into its limits, as on AWS."""
    services, update_service = find(ecs, "_services"), find(ecs, "_update_service")

    def register(properties: Properties) -> tuple[str, Properties]:
        namespace, resource = properties["ServiceNamespace"], properties["ResourceId"]
        if namespace != "ecs":
            raise ValueError(f"not emulated: scaling of {namespace}; only scaling of ECS services is emulated")
        _, cluster, name = resource.split("/")
        desired = int(services[f"{cluster}/{name}"]["desiredCount"])
        limited = min(max(desired, int(properties["MinCapacity"])), int(properties["MaxCapacity"]))
        if limited != desired:
            status, _, body = update_service({"cluster": cluster, "service": name, "desiredCount": limited})
            if status >= _CLIENT_ERROR:
                raise ValueError(f"the number of tasks of {name} could not be set to {limited}: {body!r}")
        for action in properties.get("ScheduledActions") or []:
            print(
                f"not emulated: the scheduled action {action['ScheduledActionName']} of {name} never runs", flush=True
            )
        identifier = f"{resource}|{properties['ScalableDimension']}|{namespace}"
        return identifier, {"Id": identifier}

    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        return register(properties)

    def update(_target: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, Properties]:
        return register(new)

    def delete(_target: str, _properties: Properties) -> None:
        """Do nothing: the number of tasks stays as it is, as on AWS."""

    return {"create": create, "update": update, "delete": delete}


def _scaling_policies() -> _Handler:
    """Accept scaling policies, which never act: there is no load to measure."""

    def create(logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        name = properties.get("PolicyName", logical_id)
        print(f"not emulated: the scaling policy {name} never acts; the service stays at its minimum", flush=True)
        arn = f"arn:aws:autoscaling:::scalingPolicy:{_new_id('policy')}:policyName/{name}"
        return arn, {"Arn": arn}

    def delete(_policy: str, _properties: Properties) -> None:
        """Do nothing: nothing was stored."""

    return {"create": create, "delete": delete}


def _capacity_providers(ecs: _Module) -> _Handler:
    put = find(ecs, "_put_cluster_capacity_providers")

    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        strategy = [
            {key[0].lower() + key[1:]: value for key, value in item.items()}
            for item in properties.get("DefaultCapacityProviderStrategy") or []
        ]
        cluster, providers = properties["Cluster"], properties.get("CapacityProviders") or []
        status, _, body = put(
            {"cluster": cluster, "capacityProviders": providers, "defaultCapacityProviderStrategy": strategy}
        )
        if status >= _CLIENT_ERROR:
            raise ValueError(f"the capacity providers of {cluster} could not be set: {body!r}")
        return cluster, {}

    def update(_cluster: str, _old: Properties, new: Properties, stack: str) -> tuple[str, Properties]:
        return create("", new, stack)

    def delete(cluster: str, _properties: Properties) -> None:
        put({"cluster": cluster, "capacityProviders": [], "defaultCapacityProviderStrategy": []})

    return {"create": create, "update": update, "delete": delete}


def _new_id(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(9)[:17]}"
