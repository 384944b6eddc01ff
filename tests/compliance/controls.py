"""Conditions of Security Hub and Control Tower, as functions of a template: which of them an app fails, and why.

Ids are those of "AWS Security Hub controls reference" (FSBP, CIS) and of Control Tower's proactive controls (``CT.``).
A condition without any resource that it speaks of is neither kept nor failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.templates import attributes, of_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.compliance.promises import Template

Properties = dict[str, Any]
_RUNTIMES = ("python3.1", "nodejs2", "java2", "ruby3", "dotnet8")
_TLS = (
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
)
_ADMIN = {"22", "3389", "-1"}

CHARGED = "costs extra, and STANDARD adds nothing that does"
PLAIN = "the service is asked for without a certificate, with a warning; PublicHttps meets it"

REMAINING = {
    "CT.CLOUDWATCH.PR.3": f"a customer's key for log groups {CHARGED}; Posture.REGULATED has one",
    "CloudWatch.15": "an alarm that rolls a deployment back tells ECS; whom else is the owner's to say: ServiceAlarms",
    "CloudWatch.16": f"a year of logs {CHARGED}; log_retention=, or Posture.REGULATED",
    "EC2.2": "closing the default security group takes a function; the app's own feature flag, which cdk init writes, "
    "or Posture.REGULATED closes it",
    "EC2.6": f"flow logs: their storage {CHARGED}; Posture.REGULATED has them",
    "EC2.10": f"an endpoint for the API of EC2 {CHARGED}, and no task calls it",
    "EC2.55": f"an endpoint for the API of ECR {CHARGED} beside NAT; Egress.ENDPOINTS has it",
    "EC2.56": f"an endpoint for Docker's protocol of ECR {CHARGED} beside NAT; Egress.ENDPOINTS has it",
    "EC2.57": f"an endpoint for Systems Manager {CHARGED}, and no task calls it unless it has parameters",
    "ECR.5": f"a customer's key for repositories {CHARGED}; Posture.REGULATED has one",
    "ECS.20": "the user is the image's to say, and most files of an image are readable by its own user alone; user=",
    "ELB.1": PLAIN,
    "ELB.5": f"access logs: their storage {CHARGED}; access_logs=, or Posture.REGULATED",
    "ELB.6": "deletion protection keeps a stack from being deleted, and a failed first deployment from being rolled "
    "back; LoadBalancerSettings(deletion_protection=True), or Posture.REGULATED",
    "ELB.16": f"a web ACL {CHARGED}; web_acl=, or Posture.REGULATED",
    "ELB.18": PLAIN,
    "ELB.21": "health checks go to the task inside the VPC, which would need a certificate of its own",
    "ELB.22": "the same of the traffic that the load balancer hands on",
    "Lambda.3": "the function that copies images talks to registries outside of any VPC; direct delivery has none",
}
"""What the three-line service fails, and why: what is irreducible, what is charged, and what somebody has to say."""


def failed(template: Template) -> set[str]:
    """Ids of the conditions that something in a template fails."""
    return {name for name, (kind, holds) in CONDITIONS.items() if not all(map(holds, _found(template, kind)))}


def _found(template: Template, kind: str) -> Iterator[Properties]:
    if kind == "":
        yield template
    for resource in of_type(template, kind).values():
        yield resource.get("Properties", {})


def _tagged(properties: Properties) -> bool:
    return any(not tag["Key"].startswith("aws:") for tag in properties.get("Tags", []))


def _containers(holds: Callable[[Properties], bool]) -> Callable[[Properties], bool]:
    return lambda task: all(map(holds, task["ContainerDefinitions"]))


def _attribute(name: str, *values: str) -> Callable[[Properties], bool]:
    return lambda balancer: attributes({"Properties": balancer}, "LoadBalancerAttributes").get(name) in values


def _is_redirect(listener: Properties) -> bool:
    return all(action["Type"] == "redirect" for action in listener["DefaultActions"])


def _encrypted(listener: Properties) -> bool:
    return listener.get("Protocol") in {"HTTPS", "TLS"}


def _endpoint(name: str) -> Callable[[Properties], bool]:
    def holds(template: Properties) -> bool:
        there = [str(each["ServiceName"]) for each in _found(template, "AWS::EC2::VPCEndpoint")]
        return not of_type(template, "AWS::EC2::VPC") or any(f"{name}'" in f"{each}'" for each in there)

    return holds


def _every_vpc_has(kind: str) -> Callable[[Properties], bool]:
    return lambda template: len(of_type(template, kind)) >= len(of_type(template, "AWS::EC2::VPC"))


def _balancers_have(kind: str) -> Callable[[Properties], bool]:
    balancer = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    return lambda template: len(of_type(template, kind)) >= len(of_type(template, balancer))


def _open(group: Properties) -> Iterator[Mapping[str, Any]]:
    for rule in group.get("SecurityGroupIngress", []):
        if rule.get("CidrIp") == "0.0.0.0/0" or rule.get("CidrIpv6") == "::/0":
            yield rule


def _insights(cluster: Properties) -> bool:
    settings = {each["Name"]: each["Value"] for each in cluster.get("ClusterSettings", [])}
    return settings.get("containerInsights") in {"enabled", "enhanced"}


def _retains(group: Properties) -> bool:
    return int(group.get("RetentionInDays", 0)) >= 365


def _no_secret(container: Properties) -> bool:
    names = {each["Name"] for each in container.get("Environment", [])}
    return not names & {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA"}


def _not_root(container: Properties) -> bool:
    return container.get("User", "root").partition(":")[0] not in {"root", "0"}


_CLUSTER, _SERVICE, _TASK = "AWS::ECS::Cluster", "AWS::ECS::Service", "AWS::ECS::TaskDefinition"
_BALANCER, _LISTENER = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::Listener"
_GROUP, _TARGETS = "AWS::EC2::SecurityGroup", "AWS::ElasticLoadBalancingV2::TargetGroup"
_REPOSITORY, _LOGS, _ALARM = "AWS::ECR::Repository", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"
_FUNCTION, _KEY = "AWS::Lambda::Function", "AWS::KMS::Key"

CONDITIONS: dict[str, tuple[str, Callable[[Properties], bool]]] = {
    "ECS.2": (
        _SERVICE,
        lambda each: each["NetworkConfiguration"]["AwsvpcConfiguration"].get("AssignPublicIp") != "ENABLED",
    ),
    "ECS.3": (_TASK, lambda each: each.get("PidMode") != "host"),
    "ECS.4": (_TASK, _containers(lambda each: not each.get("Privileged"))),
    "ECS.5": (_TASK, _containers(lambda each: each.get("ReadonlyRootFilesystem") is True)),
    "ECS.8": (_TASK, _containers(_no_secret)),
    "ECS.9": (_TASK, _containers(lambda each: "LogDriver" in each.get("LogConfiguration", {}))),
    "ECS.10": (_SERVICE, lambda each: each.get("LaunchType") == "EC2" or each.get("PlatformVersion") == "LATEST"),
    "ECS.12": (_CLUSTER, _insights),
    "ECS.13": (_SERVICE, _tagged),
    "ECS.14": (_CLUSTER, _tagged),
    "ECS.15": (_TASK, _tagged),
    "ECS.17": (_TASK, lambda each: each.get("NetworkMode") != "host"),
    "ECS.20": (_TASK, _containers(_not_root)),
    "CT.ECS.PR.7": (_TASK, _containers(lambda each: "Memory" in each)),
    "ECR.1": (_REPOSITORY, lambda each: each.get("ImageScanningConfiguration", {}).get("ScanOnPush") is True),
    "ECR.2": (_REPOSITORY, lambda each: each.get("ImageTagMutability") == "IMMUTABLE"),
    "ECR.3": (_REPOSITORY, lambda each: "LifecyclePolicy" in each),
    "ECR.5": (_REPOSITORY, lambda each: each.get("EncryptionConfiguration", {}).get("EncryptionType") == "KMS"),
    "ELB.1": (_LISTENER, lambda each: each["Protocol"] != "HTTP" or _is_redirect(each)),
    "ELB.4": (_BALANCER, _attribute("routing.http.drop_invalid_header_fields.enabled", "true")),
    "ELB.5": (_BALANCER, _attribute("access_logs.s3.enabled", "true")),
    "ELB.6": (_BALANCER, _attribute("deletion_protection.enabled", "true")),
    "ELB.12": (_BALANCER, _attribute("routing.http.desync_mitigation_mode", "defensive", "strictest")),
    "ELB.13": (_BALANCER, lambda each: len(each["Subnets"]) > 1),
    "ELB.16": ("", _balancers_have("AWS::WAFv2::WebACLAssociation")),
    "ELB.17": (_LISTENER, lambda each: not _encrypted(each) or each.get("SslPolicy") in _TLS),
    "ELB.18": (_LISTENER, _encrypted),
    "ELB.21": (_TARGETS, lambda each: each.get("HealthCheckProtocol") == "HTTPS"),
    "ELB.22": (_TARGETS, lambda each: each.get("Protocol") == "HTTPS"),
    "EC2.2": ("", _every_vpc_has("Custom::VpcRestrictDefaultSG")),
    "EC2.6": ("", _every_vpc_has("AWS::EC2::FlowLog")),
    "EC2.10": ("", _endpoint(".ec2")),
    "EC2.15": ("AWS::EC2::Subnet", lambda each: each.get("MapPublicIpOnLaunch") is not True),
    "EC2.18": (_GROUP, lambda each: {rule.get("FromPort") for rule in _open(each)} <= {80, 443}),
    "EC2.19": (_GROUP, lambda each: not {str(rule.get("FromPort")) for rule in _open(each)} & _ADMIN),
    "EC2.53": (_GROUP, lambda each: not {str(rule.get("FromPort")) for rule in _open(each)} & _ADMIN),
    "EC2.55": ("", _endpoint(".ecr.api")),
    "EC2.56": ("", _endpoint(".ecr.dkr")),
    "EC2.57": ("", _endpoint(".ssm")),
    "CloudWatch.15": (_ALARM, lambda each: bool(each.get("AlarmActions"))),
    "CloudWatch.16": (_LOGS, _retains),
    "CloudWatch.17": (_ALARM, lambda each: each.get("ActionsEnabled") is not False),
    "CT.CLOUDWATCH.PR.3": (_LOGS, lambda each: "KmsKeyId" in each),
    "KMS.4": (_KEY, lambda each: each.get("EnableKeyRotation") is True),
    "Lambda.2": (_FUNCTION, lambda each: "Runtime" not in each or str(each["Runtime"]).startswith(_RUNTIMES)),
    "Lambda.3": (_FUNCTION, lambda each: "VpcConfig" in each),
    "S3.8": ("AWS::S3::Bucket", lambda each: all(each.get("PublicAccessBlockConfiguration", {}).values())),
    "S3.13": ("AWS::S3::Bucket", lambda each: "LifecycleConfiguration" in each),
}
