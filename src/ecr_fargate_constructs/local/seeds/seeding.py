"""Putting seeds into the embedded AWS through its API."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.docker_shim import push_options
from ecr_fargate_constructs.local.instance import Memory
from ecr_fargate_constructs.local.ministack_patches.fixed_names import zone_reference
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.seeds.model import SUFFIX
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.seeds.model import Seeds, Zone

_NOT_THERE = {
    "ImageNotFoundException",
    "NoSuchHostedZone",
    "ParameterNotFound",
    "RepositoryNotFoundException",
    "ResourceNotFoundException",
}
_STUB = "ecr-fargate:stub"  # tag of a secret whose value is made up
_GIVE = "'ecr-fargate local seed FILE' gives it one"
_PULL_SECONDS = 600


def put(instance: Instance, seeds: Seeds) -> list[str]:
    """Put seeds into the embedded AWS of an instance, which has to run.

    A seed replaces the value that is there; a stub stands only where there is nothing.

    Returns:
        What the user should know: one line for each that is new or cannot be there.

    Raises:
        ToolError: Something cannot be put there.
    """
    try:
        return _put(instance, seeds)
    except ClientError as error:
        raise ToolError(f"the embedded AWS refuses a seed: {error}", log=instance.server_log) from error


def _put(instance: Instance, seeds: Seeds) -> list[str]:
    putting = _Seeder(instance, Cloud(instance), stubs=seeds.stubs)
    notes = [putting.zone(zone) for zone in seeds.zones]
    notes += [putting.vpc(name) for name in seeds.vpcs]
    notes += [putting.parameter(name, value) for name, value in seeds.parameters.items()]
    notes += [putting.secret(name, value) for name, value in seeds.secrets.items()]
    notes += [putting.image(name, source) for name, source in seeds.images.items()]
    return [note for note in notes if note]


@dataclass(frozen=True)
class _Seeder:
    instance: Instance
    cloud: Cloud
    stubs: bool

    def zone(self, zone: Zone) -> str | None:
        route53 = self.cloud.client("route53")
        if zone.identifier is None:
            if _zone_is_there(route53, zone, self.instance.region):
                return None
            reference = str(uuid.uuid4())
        elif _there(route53.get_hosted_zone, Id=zone.identifier):
            return None
        else:
            reference = zone_reference(zone.identifier)
        inside = {"VPC": {"VPCId": zone.vpc, "VPCRegion": self.instance.region}} if zone.vpc is not None else {}
        route53.create_hosted_zone(Name=zone.name, CallerReference=reference, **inside)
        called = f"hosted zone {zone.identifier or zone.name}"  # the domain of a stub is a guess
        return f"{called} does not exist here: an empty one stands for it" if self.stubs else f"{called} is there"

    def vpc(self, name: str) -> str | None:
        """Make a VPC with a public and a private subnet in each of two zones, as CDK's lookup reads them."""
        ec2 = self.cloud.client("ec2")
        if ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"]:
            return None
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": name}])
        zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"][:2]]
        for number, (kind, zone) in enumerate((kind, zone) for kind in ("Public", "Private") for zone in zones):
            made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{64 * number}.0/18", AvailabilityZone=zone)
            subnet = made["Subnet"]["SubnetId"]
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            tags = {"Name": f"{name}{kind}", "aws-cdk:subnet-name": kind, "aws-cdk:subnet-type": kind}
            ec2.create_tags(Resources=[subnet], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
        return f"VPC {name} does not exist here: one with two public and two private subnets stands for it"

    def parameter(self, name: str, value: str | tuple[str, ...]) -> str | None:
        ssm = self.cloud.client("ssm")
        if self.stubs and _there(ssm.get_parameter, Name=name):
            return None
        kind, text = ("String", value) if isinstance(value, str) else ("StringList", ",".join(value))
        ssm.put_parameter(Name=name, Value=text, Type=kind, Overwrite=True)
        return self._said("parameter", name)

    def secret(self, name: str, value: str) -> str | None:
        client = self.cloud.client("secretsmanager")
        there = _secret_called(client, name)
        if there is not None and self.stubs:
            _add_fields(client, there, value)
            return None
        if there is not None:
            client.put_secret_value(SecretId=there, SecretString=value)
            client.untag_resource(SecretId=there, TagKeys=[_STUB])
            return self._said("secret", name)
        if name.startswith("arn:"):  # it may have been seeded by its name, before its ARN was known
            tail = name.rpartition(":secret:")[2]
            named = next((short for short in (tail, SUFFIX.sub("", tail)) if _secret_called(client, short)), None)
            if named is not None:
                seeded = client.get_secret_value(SecretId=named)["SecretString"]
                client.delete_secret(SecretId=named, ForceDeleteWithoutRecovery=True)
                client.create_secret(Name=name, SecretString=seeded if self.stubs else value)
                return None if self.stubs else self._said("secret", name)
        tags = [{"Key": _STUB, "Value": "true"}] if self.stubs else []
        client.create_secret(Name=name, SecretString=value, Tags=tags)
        return self._said("secret", name)

    def image(self, name: str, source: str) -> str | None:
        ecr = self.cloud.client("ecr")
        repository, _, tag = name.partition(":")
        if not source:
            there = _there(ecr.describe_images, repositoryName=repository, imageIds=[{"imageTag": tag}])
            return None if there else f"image {name} does not exist here: 'ecr-fargate local seed FILE' puts it there"
        if not _there(ecr.describe_repositories, repositoryNames=[repository]):
            ecr.create_repository(repositoryName=repository)
        self._push(name, source)
        return f"image {name} is there"

    def _push(self, name: str, source: str) -> None:
        memory = Memory.load(self.instance.memory_file)
        engine = memory.engine if memory is not None else "podman"
        target = f"{self.instance.local_registry}/{name}"
        options, variables = push_options(engine, self.instance.login)
        if self._ask(engine, "image", "inspect", source).returncode != 0:
            self._checked(engine, name, "pull", source)
        self._checked(engine, name, "tag", source, target)
        try:
            self._checked(engine, name, "push", *options, target, **variables)
        finally:
            self._ask(engine, "rmi", target)  # the name alone: a task has to pull it

    def _checked(self, engine: str, name: str, *arguments: str, **variables: str) -> None:
        done = self._ask(engine, *arguments, **variables)
        if done.returncode != 0:
            why = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
            raise ToolError(f"the image {name} cannot be put there: '{engine} {arguments[0]}' failed: {why}")

    def _ask(self, engine: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - commands of ours, no shell
            [engine, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PULL_SECONDS,
            env={**os.environ, **podman_environment(self.instance), **variables},
        )

    def _said(self, kind: str, name: str) -> str:
        if self.stubs:
            return f"{kind} {name} does not exist here: a stub with a random value stands for it; {_GIVE}"
        return f"{kind} {name} is there"


def _zone_is_there(route53: Any, zone: Zone, region: str) -> bool:  # noqa: ANN401 - boto3
    """Return whether a zone has this name: a public one, or one that is private in the VPC."""
    if zone.vpc is not None:
        found = route53.list_hosted_zones_by_vpc(VPCId=zone.vpc, VPCRegion=region)["HostedZoneSummaries"]
    else:
        listed = route53.list_hosted_zones_by_name(DNSName=zone.name)["HostedZones"]
        found = [each for each in listed if not each.get("Config", {}).get("PrivateZone")]
    return any(each["Name"].rstrip(".") == zone.name for each in found)


def _secret_called(client: Any, name: str) -> str | None:  # noqa: ANN401 - boto3
    """Return how to refer to a secret that has this name or ARN, or whose ARN ends in it; None if there is none."""
    if _there(client.describe_secret, SecretId=name):
        return name
    pages = client.get_paginator("list_secrets").paginate()
    arns = (str(secret["ARN"]) for page in pages for secret in page["SecretList"])
    return next((arn for arn in arns if arn.endswith(f":secret:{name}")), None)


def _add_fields(client: Any, name: str, stub: str) -> None:  # noqa: ANN401
    """Give a stub the fields that are read by now and were not when it was made."""
    if _STUB not in {tag["Key"] for tag in client.describe_secret(SecretId=name).get("Tags", ())}:
        return
    before, now = (_fields(text) for text in (client.get_secret_value(SecretId=name)["SecretString"], stub))
    if now.keys() - before.keys():
        client.put_secret_value(SecretId=name, SecretString=json.dumps(now | before))


def _fields(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _there(describe: Any, **options: Any) -> bool:  # noqa: ANN401 - boto3
    """Return whether what is asked for exists."""
    try:
        describe(**options)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_THERE:
            raise
        return False
    return True
