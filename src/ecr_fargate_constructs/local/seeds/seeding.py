"""Create seeds in the embedded AWS through its API."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.aws_clients import post
from ecr_fargate_constructs.local.commands import reason, run
from ecr_fargate_constructs.local.docker_shim import push_options
from ecr_fargate_constructs.local.instance import Memory
from ecr_fargate_constructs.local.ministack_patches.fixed_names import zone_reference
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.seeds.model import SUFFIX
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    import subprocess

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.seeds.model import Seeds, Zone

_NOT_FOUND = {
    "ImageNotFoundException",
    "NoSuchHostedZone",
    "ParameterNotFound",
    "RepositoryNotFoundException",
    "ResourceNotFoundException",
}
_STUB = "ecr-fargate:stub"  # tag of a secret whose value is subnet up
_HINT = "'ecr-fargate local seed FILE' sets its value"
_PULL_SECONDS = 600
_VERDICTS = "/_ministack/verdicts"


def put(instance: Instance, seeds: Seeds) -> list[str]:
    """Create seeds in the embedded AWS of a running instance.

    A seed replaces an existing value; a stub does not.

    Returns:
        A line for each resource that was created, or that could not be.
    """
    try:
        return _put(instance, seeds)
    except ClientError as error:
        raise ToolError(f"the embedded AWS refused a seed: {error}", log=instance.server_log) from error


def _put(instance: Instance, seeds: Seeds) -> list[str]:
    seeder = _Seeder(instance, Cloud(instance), stubs=seeds.stubs)
    notes = [seeder.zone(zone) for zone in seeds.zones]
    notes += [seeder.vpc(name) for name in seeds.vpcs]
    notes += [seeder.parameter(name, value) for name, value in seeds.parameters.items()]
    notes += [seeder.secret(name, value) for name, value in seeds.secrets.items()]
    notes += [seeder.image(name, source) for name, source in seeds.images.items()]
    notes += seeder.verdicts(seeds)
    return [note for note in notes if note]


@dataclass(frozen=True)
class _Seeder:
    instance: Instance
    cloud: Cloud
    stubs: bool

    def zone(self, zone: Zone) -> str | None:
        route53 = self.cloud.client("route53")
        if zone.identifier is None:
            if _zone_exists(route53, zone, self.instance.region):
                return None
            reference = str(uuid.uuid4())
        elif _exists(route53.get_hosted_zone, Id=zone.identifier):
            return None
        else:
            reference = zone_reference(zone.identifier)
        vpc_option = {"VPC": {"VPCId": zone.vpc, "VPCRegion": self.instance.region}} if zone.vpc is not None else {}
        route53.create_hosted_zone(Name=zone.name, CallerReference=reference, **vpc_option)
        title = f"hosted zone {zone.identifier or zone.name}"  # the domain of a stub is a guess
        return f"{title} does not exist: created an empty zone as a stub" if self.stubs else f"{title} is ready"

    def vpc(self, name: str) -> str | None:
        """Create a VPC with a public and a private subnet in each of two zones, as CDK's lookup expects them.

        The private subnets reach the internet through one NAT gateway: a task may only start if it reaches its image.
        """
        ec2 = self.cloud.client("ec2")
        if ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"]:
            return None
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": name}])
        internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
        zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"][:2]]
        nat = None
        for number, (kind, zone) in enumerate((kind, zone) for kind in ("Public", "Private") for zone in zones):
            created = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{64 * number}.0/18", AvailabilityZone=zone)
            subnet = created["Subnet"]["SubnetId"]
            if nat is None:  # the first subnet is public
                address = ec2.allocate_address(Domain="vpc")["AllocationId"]
                nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            way_out = {"GatewayId": internet} if kind == "Public" else {"NatGatewayId": nat}
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **way_out)
            tags = {"Name": f"{name}{kind}", "aws-cdk:subnet-name": kind, "aws-cdk:subnet-type": kind}
            ec2.create_tags(Resources=[subnet], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
        return f"VPC {name} does not exist: created one with two public and two private subnets as a stub"

    def parameter(self, name: str, value: str | tuple[str, ...]) -> str | None:
        ssm = self.cloud.client("ssm")
        if self.stubs and _exists(ssm.get_parameter, Name=name):
            return None
        kind, text = ("String", value) if isinstance(value, str) else ("StringList", ",".join(value))
        ssm.put_parameter(Name=name, Value=text, Type=kind, Overwrite=True)
        return self._note("parameter", name)

    def secret(self, name: str, value: str) -> str | None:
        client = self.cloud.client("secretsmanager")
        existing = _secret_named(client, name)
        if existing is not None and self.stubs:
            _add_fields(client, existing, value)
            return None
        if existing is not None:
            client.put_secret_value(SecretId=existing, SecretString=value)
            client.untag_resource(SecretId=existing, TagKeys=[_STUB])
            return self._note("secret", name)
        if name.startswith("arn:"):  # it may exist under its name, from a seed file that did not have the ARN
            tail = name.rpartition(":secret:")[2]
            other = next((short for short in (tail, SUFFIX.sub("", tail)) if _secret_named(client, short)), None)
            if other is not None:
                seeded = client.get_secret_value(SecretId=other)["SecretString"]
                client.delete_secret(SecretId=other, ForceDeleteWithoutRecovery=True)
                client.create_secret(Name=name, SecretString=seeded if self.stubs else value)
                return None if self.stubs else self._note("secret", name)
        tags = [{"Key": _STUB, "Value": "true"}] if self.stubs else []
        client.create_secret(Name=name, SecretString=value, Tags=tags)
        return self._note("secret", name)

    def image(self, name: str, source: str) -> str | None:
        ecr = self.cloud.client("ecr")
        repository, _, tag = name.partition(":")
        if not source:
            exists = _exists(ecr.describe_images, repositoryName=repository, imageIds=[{"imageTag": tag}])
            return None if exists else f"image {name} does not exist: 'ecr-fargate local seed FILE' adds it"
        if not _exists(ecr.describe_repositories, repositoryNames=[repository]):
            ecr.create_repository(repositoryName=repository)
        self._push(name, source)
        return f"image {name} is ready"

    def verdicts(self, seeds: Seeds) -> list[str]:
        """Set the findings and signatures of images."""
        memory = Memory.load(self.instance.memory_file)
        if memory is None or not (seeds.findings or seeds.signatures):
            return []
        findings = {
            digest: found if isinstance(found, str) else dict(found) for digest, found in seeds.findings.items()
        }
        signatures = {image: list(profiles) for image, profiles in seeds.signatures.items()}
        post(self.instance, memory, _VERDICTS, {"findings": findings, "signatures": signatures})
        return [
            *(f"the scan of {digest} is ready" for digest in findings),
            *(f"the signatures of {image} are ready" for image in signatures),
        ]

    def _push(self, name: str, source: str) -> None:
        memory = Memory.load(self.instance.memory_file)
        engine = memory.engine if memory is not None else "podman"
        target = f"{self.instance.local_registry}/{name}"
        options, variables = push_options(engine, self.instance.login)
        if self._run_engine(engine, "image", "inspect", source).returncode != 0:
            self._checked(engine, name, "pull", source)
        self._checked(engine, name, "tag", source, target)
        try:
            self._checked(engine, name, "push", *options, target, **variables)
        finally:
            self._run_engine(engine, "rmi", target)  # only the name: a task has to pull the image

    def _checked(self, engine: str, name: str, *arguments: str, **variables: str) -> None:
        done = self._run_engine(engine, *arguments, **variables)
        if done.returncode != 0:
            raise ToolError(f"the image {name} cannot be added: '{engine} {arguments[0]}' failed: {reason(done)}")

    def _run_engine(self, engine: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return run(engine, *arguments, seconds=_PULL_SECONDS, **podman_environment(self.instance), **variables)

    def _note(self, kind: str, name: str) -> str:
        if self.stubs:
            return f"{kind} {name} does not exist: created a stub with a random value; {_HINT}"
        return f"{kind} {name} is ready"


def _zone_exists(route53: Any, zone: Zone, region: str) -> bool:  # noqa: ANN401 - boto3
    """Return whether there is a public zone of this name, or a private one in the VPC."""
    if zone.vpc is not None:
        zones = route53.list_hosted_zones_by_vpc(VPCId=zone.vpc, VPCRegion=region)["HostedZoneSummaries"]
    else:
        listed = route53.list_hosted_zones_by_name(DNSName=zone.name)["HostedZones"]
        zones = [each for each in listed if not each.get("Config", {}).get("PrivateZone")]
    return any(each["Name"].rstrip(".") == zone.name for each in zones)


def _secret_named(client: Any, name: str) -> str | None:  # noqa: ANN401 - boto3
    """Return the name or ARN of a secret with this name, this ARN or this end of its ARN; None if there is none."""
    if _exists(client.describe_secret, SecretId=name):
        return name
    pages = client.get_paginator("list_secrets").paginate()
    arns = (str(secret["ARN"]) for page in pages for secret in page["SecretList"])
    return next((arn for arn in arns if arn.endswith(f":secret:{name}")), None)


def _add_fields(client: Any, name: str, stub: str) -> None:  # noqa: ANN401
    """Add the fields to a stub that the app reads now and did not read before."""
    if _STUB not in {tag["Key"] for tag in client.describe_secret(SecretId=name).get("Tags", ())}:
        return
    old, new = (_fields(text) for text in (client.get_secret_value(SecretId=name)["SecretString"], stub))
    if new.keys() - old.keys():
        client.put_secret_value(SecretId=name, SecretString=json.dumps(new | old))


def _fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _exists(describe: Any, **options: Any) -> bool:  # noqa: ANN401 - boto3
    """Return whether a resource exists."""
    try:
        describe(**options)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_FOUND:
            raise
        return False
    return True
