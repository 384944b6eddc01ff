"""CloudFormation types of networks that MiniStack lacks, and the rules of default security groups.

Written for MiniStack 1.5.33.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, Properties, find

_Handler: TypeAlias = dict[str, Callable[..., Any]]

NETWORK_TYPES = (
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::SubnetNetworkAclAssociation",
)
"""CloudFormation types that ``add_network_types`` registers where they are missing."""

_VPC = "AWS::EC2::VPC"
_LAST_RULE, _ANY = 32767, "0.0.0.0/0"


def add_network_types(handlers: dict[str, Any]) -> None:
    """Register the missing types, and let the members of a default security group reach each other, as on AWS."""
    ec2 = import_module("ministack.services.ec2")
    acls = find(ec2, "_network_acls")
    makers = {
        "AWS::EC2::NetworkAcl": lambda: _acls(acls, find(ec2, "get_account_id")),
        "AWS::EC2::NetworkAclEntry": lambda: _entries(acls),
        "AWS::EC2::SubnetNetworkAclAssociation": lambda: _associations(acls),
    }
    handlers.update({name: makers[name]() for name in NETWORK_TYPES if name not in handlers})
    if _VPC not in handlers:
        raise MovedError(f"type {_VPC}")
    handlers[_VPC] = _with_default_rule(handlers[_VPC], find(ec2, "_security_groups"))


def _with_default_rule(handler: _Handler, groups: dict[str, Any]) -> _Handler:
    create_vpc = handler["create"]

    def create(*arguments: Any, **options: Any) -> tuple[str, Properties]:  # noqa: ANN401 - passed on
        name, attributes = create_vpc(*arguments, **options)
        group = groups.get(attributes["DefaultSecurityGroup"])
        if group is not None and not group["IpPermissions"]:
            pairs = [{"GroupId": group["GroupId"], "UserId": group.get("OwnerId", "")}]
            nothing: dict[str, list[object]] = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
            group["IpPermissions"] = [{"IpProtocol": "-1", **nothing, "UserIdGroupPairs": pairs}]
        return name, attributes

    return {**handler, "create": create}


def _acls(acls: dict[str, Any], account: Callable[[], str]) -> _Handler:
    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        name = f"acl-{secrets.token_hex(9)[:17]}"
        acls[name] = {
            "NetworkAclId": name,
            "VpcId": properties["VpcId"],
            "IsDefault": False,
            "Entries": [
                {"RuleNumber": _LAST_RULE, "Protocol": "-1", "RuleAction": "deny", "Egress": out, "CidrBlock": _ANY}
                for out in (False, True)
            ],
            "Associations": [],
            "Tags": list(properties.get("Tags") or ()),
            "OwnerId": account(),
        }
        return name, {"Id": name}

    def update(name: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, Properties]:
        acls[name]["Tags"] = list(new.get("Tags") or ())
        return name, {"Id": name}

    def delete(name: str, _properties: Properties) -> None:
        acls.pop(name, None)

    return {"create": create, "update": update, "delete": delete}


def _entries(acls: dict[str, Any]) -> _Handler:
    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        entry = {
            "RuleNumber": int(properties["RuleNumber"]),
            "Protocol": str(properties.get("Protocol", "-1")),
            "RuleAction": str(properties["RuleAction"]).lower(),
            "Egress": _boolean(properties.get("Egress", False)),
            **{key: properties[key] for key in ("CidrBlock", "Ipv6CidrBlock") if properties.get(key)},
        }
        span = properties.get("PortRange")
        if span:
            entry["PortRange"] = {"From": int(span["From"]), "To": int(span["To"])}
        name = properties["NetworkAclId"]
        _remove(acls, properties)
        acls[name]["Entries"].append(entry)
        identifier = f"{name}|{entry['RuleNumber']}|{entry['Egress']}"
        return identifier, {"Id": identifier}

    def update(_entry: str, old: Properties, new: Properties, stack: str) -> tuple[str, Properties]:
        _remove(acls, old)
        return create("", new, stack)

    def delete(_entry: str, properties: Properties) -> None:
        _remove(acls, properties)

    return {"create": create, "update": update, "delete": delete}


def _remove(acls: dict[str, Any], properties: Properties) -> None:
    acl = acls.get(properties["NetworkAclId"])
    if acl is not None:
        key = int(properties["RuleNumber"]), _boolean(properties.get("Egress", False))
        acl["Entries"] = [each for each in acl["Entries"] if (each["RuleNumber"], each["Egress"]) != key]


def _associations(acls: dict[str, Any]) -> _Handler:
    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        name, subnet = f"aclassoc-{secrets.token_hex(9)[:17]}", properties["SubnetId"]
        for acl in acls.values():  # a subnet has one network ACL
            acl["Associations"] = [each for each in acl["Associations"] if each.get("SubnetId") != subnet]
        acl = acls[properties["NetworkAclId"]]
        association = {
            "NetworkAclAssociationId": name,
            "NetworkAclId": properties["NetworkAclId"],
            "SubnetId": subnet,
        }
        acl["Associations"].append(association)
        return name, {"AssociationId": name}

    def update(name: str, old: Properties, new: Properties, stack: str) -> tuple[str, Properties]:
        delete(name, old)
        return create("", new, stack)

    def delete(name: str, _properties: Properties) -> None:
        for acl in acls.values():
            acl["Associations"] = [each for each in acl["Associations"] if each["NetworkAclAssociationId"] != name]

    return {"create": create, "update": update, "delete": delete}


def _boolean(value: object) -> bool:
    return str(value).lower() == "true"
