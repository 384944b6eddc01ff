"""Findings of the six rule packs that are acknowledged under ``Posture.REGULATED``, each with its reason.

STANDARD promises only AwsSolutions, so there they are not acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.acknowledge import acknowledge
from ecr_fargate_constructs.posture import is_regulated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs
    from constructs import IConstruct

HIPAA = "HIPAA.Security"
R4 = "NIST.800.53.R4"
R5 = "NIST.800.53.R5"
PCI = "PCI.DSS.321"
SERVERLESS = "Serverless"

_RESTRICTOR = "Custom::VpcRestrictDefaultSGCustomResourceProvider"
"""CDK's id of the custom resource that closes the default security groups of a stack."""


def acknowledge_in(construct: IConstruct, rule: str, packs: tuple[str, ...], reason: str) -> None:
    """Acknowledge a finding that several packs have, under ``Posture.REGULATED``."""
    if is_regulated(construct):
        acknowledge(construct, {f"{pack}::{pack}-{rule}": reason for pack in packs})


def acknowledge_for_checkov(construct: IConstruct, checks: Mapping[str, str]) -> None:
    """Acknowledge findings of checkov, which reads the metadata of resources, under ``Posture.REGULATED``.

    Args:
        construct: The resource, or CDK's construct around it.
        checks: Reasons by ids of checks.
    """
    if not is_regulated(construct):
        return
    resource = construct.node.default_child or construct
    if isinstance(resource, cdk.CfnResource):
        existing = (resource.get_metadata("checkov") or {}).get("skip", [])
        added = [{"id": check, "comment": reason} for check, reason in checks.items()]
        kept = [each for each in existing if each["id"] not in checks]
        resource.add_metadata("checkov", {"skip": [*kept, *added]})


def acknowledge_grants(role: iam.IRole) -> None:
    """Acknowledge the policy with the grants of ``role``; an imported role may have none in this app."""
    if is_regulated(role) and role.node.try_find_child("DefaultPolicy") is not None:
        expect_grants(role)


def expect_grants(role: IConstruct) -> None:
    """Acknowledge a role that will get a policy by a grant, or a policy itself."""
    acknowledge_in(
        role,
        "IAMNoInlinePolicy",
        (HIPAA, R4, R5, PCI),
        "What was granted to this one role: inline it belongs to the role alone, goes when the role goes, and nobody "
        "can attach it to anything else.",
    )


def acknowledge_unread_range(group: ec2.ISecurityGroup) -> None:
    """Acknowledge a security group that is open to the VPC's addresses, in either posture."""
    reason = "The rule cannot read the address range, which is the VPC's own: nobody outside of it may connect."
    acknowledge(group, {"AwsSolutions::AwsSolutions-EC23": reason})
    for rule in ("EC2RestrictedCommonPorts", "EC2RestrictedSSH"):
        acknowledge_in(group, rule, (HIPAA, R4, R5, PCI), reason)


def acknowledge_log_bucket(bucket: s3.Bucket) -> None:
    """Acknowledge the findings of a bucket for logs."""
    resource = bucket.node.default_child or bucket
    no_log = (
        "It holds access logs itself; a log of who reads them is CloudTrail's to write, and one in S3 would take a "
        "second bucket with the same finding."
    )
    acknowledge(resource, {"AwsSolutions::AwsSolutions-S1": no_log})
    acknowledge_in(resource, "S3BucketLoggingEnabled", (HIPAA, R4, R5, PCI), no_log)
    acknowledge_for_checkov(bucket, {"CKV_AWS_18": no_log})
    acknowledge_in(
        resource,
        "S3DefaultEncryptionKMS",
        (HIPAA, R5, PCI),
        "Elastic Load Balancing writes access logs to buckets with SSE-S3 only; everything in it is encrypted.",
    )
    acknowledge_in(
        resource,
        "S3BucketReplicationEnabled",
        (HIPAA, R4, R5, PCI),
        "Logs of one region, versioned, in the region that they tell of; who keeps them elsewhere too brings that "
        "bucket as log_bucket.",
    )
    acknowledge_in(
        resource,
        "S3BucketDefaultLockEnabled",
        (R4,),
        "A lock that not even the owner can take back is the owner's to choose, with its time: such a bucket comes as "
        "log_bucket. Versioning keeps what is overwritten or deleted for 30 days.",
    )


def acknowledge_network(vpc: ec2.Vpc) -> None:
    """Acknowledge the findings of a VPC with public subnets."""
    restrictor = cdk.Stack.of(vpc).node.try_find_child(_RESTRICTOR)
    if restrictor is not None:
        acknowledge_deployment_function(restrictor.node.find_child("Handler"))
    for subnet in vpc.public_subnets:
        acknowledge_in(
            subnet.node.find_child("DefaultRoute"),
            "VPCNoUnrestrictedRouteToIGW",
            (HIPAA, R5, PCI),
            "The route of public subnets to and from the internet. They hold load balancers and NAT gateways, and no "
            "tasks unless Egress.PUBLIC is set.",
        )


def acknowledge_alarm(scope: IConstruct, alarm: cloudwatch.Alarm) -> None:
    """Acknowledge that an alarm in ``scope`` has no action: a deployment reads it."""
    if not is_regulated(scope):
        return
    acknowledge_in(
        alarm.node.default_child or alarm,
        "CloudWatchAlarmAction",
        (HIPAA, R4, R5),
        "ECS reads this alarm while it deploys, and rolls back by itself; alarms that tell people are those of "
        "ServiceAlarms.",
    )


def acknowledge_dead_letters(queue: sqs.Queue) -> None:
    """Acknowledge that a dead-letter queue has no dead-letter queue of its own."""
    acknowledge_in(
        queue.node.default_child or queue,
        "SQSRedrivePolicy",
        (SERVERLESS,),
        "It is the dead-letter queue itself: nobody takes messages from it that could fail again.",
    )


def acknowledge_job(machine: IConstruct) -> None:
    """Acknowledge that the state machine of a job sends no traces."""
    acknowledge_in(
        machine,
        "StepFunctionStateMachineXray",
        (SERVERLESS,),
        "A run starts one task and waits for it, and its history is kept: a trace would say nothing more.",
    )


def acknowledge_redirect(listener: elbv2.ApplicationListener | None) -> None:
    """Acknowledge that the listener that redirects to HTTPS has no certificate."""
    if listener is not None:
        acknowledge_in(
            listener.node.default_child or listener,
            "ELBv2ACMCertificateRequired",
            (HIPAA, R5, PCI),
            "It answers every request with a redirect to HTTPS and passes none on, so nothing is there to encrypt.",
        )


_NO_VPC = "It talks to AWS's own services, which are outside of any VPC, and to nothing inside of one."
_NO_CONCURRENCY = "CloudFormation calls it in deployments only; concurrency set aside would be taken from all others."
_NO_QUEUE = "CloudFormation waits for its answer, and a failure fails the deployment: nothing is left for a queue."


def acknowledge_copy_function(function: IConstruct) -> None:
    """Acknowledge the findings of the function that copies images."""
    trace = "One call in a deployment, whose log tells how it went; a trace would take a permission on every resource."
    _acknowledge_function(function, _NO_CONCURRENCY, _NO_QUEUE, trace)


def acknowledge_counting_rule(rule: IConstruct) -> None:
    """Acknowledge the findings of an event rule whose matches an alarm counts."""
    acknowledge_in(
        rule.node.default_child or rule,
        "EventBusDLQ",
        (SERVERLESS,),
        "The alarm counts what the rule matches, delivered or not; a target that must not miss any brings its queue.",
    )


def acknowledge_hook_function(function: IConstruct) -> None:
    """Acknowledge the findings of a function that ECS invokes in deployments."""
    rare = "ECS asks it in deployments only; concurrency set aside would be taken from all others."
    answered = "ECS waits for its answer, and a failure rolls the deployment back: nothing is left for a queue."
    trace = "A few calls in a deployment, and a log of each; a trace would take a permission on every resource."
    _acknowledge_function(function, rare, answered, trace)


def acknowledge_wake_function(function: IConstruct) -> None:
    """Acknowledge the findings of the function that starts a service at a request."""
    shared = "It runs while a service starts; concurrency set aside would be taken from all others."
    again = "A client comes back and the schedule calls again in a minute: nothing is left for a queue."
    trace = "It waits for a task to start, and its log tells what it did; a trace would say nothing more."
    _acknowledge_function(function, shared, again, trace)


def acknowledge_idle_alarm(alarm: IConstruct) -> None:
    """Acknowledge that the alarm on missing requests has no action."""
    acknowledge_in(
        alarm.node.default_child or alarm,
        "CloudWatchAlarmAction",
        (HIPAA, R4, R5),
        "It is no fault: the function that stops an idle service reads the alarm's state every minute.",
    )


def _acknowledge_function(function: IConstruct, concurrency: str, queue: str, trace: str) -> None:
    if not is_regulated(function):
        return
    resource = function.node.default_child or function
    acknowledge_in(resource, "LambdaInsideVPC", (HIPAA, R4, R5, PCI), _NO_VPC)
    acknowledge_in(resource, "LambdaConcurrency", (HIPAA, R5), concurrency)
    acknowledge_in(resource, "LambdaDLQ", (HIPAA, R5, SERVERLESS), queue)
    acknowledge_in(resource, "LambdaTracing", (SERVERLESS,), trace)
    acknowledge_for_checkov(function, {"CKV_AWS_115": concurrency, "CKV_AWS_116": queue, "CKV_AWS_117": _NO_VPC})


def acknowledge_deployment_function(function: IConstruct) -> None:
    """Acknowledge checkov's findings of a function; rule packs do not see the functions that CDK makes by type name."""
    acknowledge_for_checkov(
        function, {"CKV_AWS_115": _NO_CONCURRENCY, "CKV_AWS_116": _NO_QUEUE, "CKV_AWS_117": _NO_VPC}
    )
