"""Delivery by copy: from where the CDK command line pushes, into the user's own repository.

The CDK command line pushes image assets to the bootstrap's assets repository and nowhere else (aws-cdk#12597). A custom
resource of ``cdk-ecr-deployment`` copies the image from there before the task definition that names it is created.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary, WeakSet

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._acknowledge import IAM4, IAM5_EVERY_RESOURCE, acknowledge, acknowledge_policy
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import (
    acknowledge_copy_function,
    acknowledge_for_checkov,
    acknowledge_grants,
    expect_grants,
)
from ecr_fargate_constructs._tree import stack_of
from ecr_fargate_constructs.posture import is_regulated

if TYPE_CHECKING:
    from aws_cdk import aws_ecr as ecr
    from cdk_ecr_deployment import ECRDeployment
    from constructs import Construct, IConstruct

    from ecr_fargate_constructs.architecture import Architecture

_ROLE_ID = "EcrFargateImageCopyRole"
_COPIES_ID, _INVOKE_ID = "EcrFargateImageCopies", "EcrFargateImageCopiesInvoke"
_MEMORY = 513
"""MiB. Functions of one size are one in a stack: this is none that an ``ECRDeployment`` of others has by default."""

_ASKED: WeakSet[cdk.Stack] = WeakSet()
_CODE = Path(__file__).with_name("copy_once.py")
_ROLES: WeakKeyDictionary[cdk.Stack, iam.Role] = WeakKeyDictionary()
_FROZEN: WeakKeyDictionary[iam.Role, iam.IRole] = WeakKeyDictionary()

_BASIC_EXECUTION = "service-role/AWSLambdaBasicExecutionRole"

_READ = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
_UPLOAD = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
_WRITE = [*_READ, *_UPLOAD, "ecr:DescribeImages"]


def copy_image(
    scope: Construct,
    *,
    source: str,
    source_repository: ecr.IRepository | None,
    destination: ecr.IRepository,
    destination_uri: str,
    architecture: Architecture,
) -> ECRDeployment:
    """Copy ``source`` to ``destination`` as ``destination_uri`` when the stack is deployed.

    Args:
        scope: Parent of the copy; its stack holds the function that copies.
        source: Full name of the image to copy.
        source_repository: The private repository that holds it; None for a public image.
        destination: Where the copy goes.
        destination_uri: Full name of the copy.
        architecture: The one architecture to copy when the source is an index of several.
    """
    from cdk_ecr_deployment import DockerImageName, ECRDeployment  # noqa: PLC0415 - 0.1 s that only copies need

    role = copy_role(scope)
    if source_repository is not None:
        _allow(role, _READ, source_repository.repository_arn)
    elif source.startswith("public.ecr.aws/"):
        _allow(role, ["ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken"], "*")
    _allow(role, _WRITE, destination.repository_arn)
    copy = ECRDeployment(
        scope,
        "Copy",
        src=DockerImageName(source),
        dest=DockerImageName(destination_uri),
        image_arch=[architecture.value],
        # The construct would add ECR actions and s3:GetObject on every resource of the account.
        role=_as_it_is(role),
        memory_limit=_MEMORY,
    )
    if stack_of(scope) not in _ASKED:
        _copy_once(scope, role)
        _ASKED.add(stack_of(scope))
    return copy


def copy_role(scope: Construct) -> iam.Role:
    """One role for the stack: the copy function is a singleton, and only the first caller may name its role."""
    stack = stack_of(scope)
    known = _ROLES.get(stack) or cast("iam.Role | None", stack.node.try_find_child(_ROLE_ID))
    if known is not None:
        _ROLES[stack] = known
        return known
    role = _ROLES[stack] = iam.Role(
        stack,
        _ROLE_ID,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description="Copies image assets into private repositories",
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(_BASIC_EXECUTION)],
    )
    acknowledge(
        role.node.default_child or role,
        {
            IAM4.format(_BASIC_EXECUTION): "It lets the function that copies images write its own log, and nothing "
            "else; the function's name, and with it that of its log group, is CloudFormation's."
        },
    )
    _allow(role, ["ecr:GetAuthorizationToken"], "*")  # the one ECR action that knows no resource
    acknowledge_grants(role)
    acknowledge_policy(
        role,
        {
            IAM5_EVERY_RESOURCE: "ecr:GetAuthorizationToken (and for a copy from ECR Public its two twins) takes no "
            "resource; layers and images are read and written in the named repositories only."
        },
    )
    return role


def _copy_once(scope: Construct, role: iam.Role) -> None:
    """Put a function of ours in front of the one that copies, which is asked only for tags that are not there.

    The one that copies is a singleton of the stack, under an id of its package's, and copies name it. So ours takes its
    place, and it stands beside it, as it was.
    """
    from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415 - only copies need it

    stack = stack_of(scope)
    [singleton] = [each for each in stack.node.children if each.node.id.endswith(f"{_MEMORY}MiB")]
    asked = singleton.node.default_child
    assert isinstance(asked, lambda_.CfnFunction)  # noqa: S101 - for the type checker
    copies = lambda_.CfnFunction(
        stack,
        _COPIES_ID,
        description="Copies images",
        code=asked.code,
        runtime=asked.runtime,
        handler=asked.handler,
        memory_size=asked.memory_size,
        timeout=asked.timeout,
        role=role.role_arn,
    )
    granted = role.node.find_child("DefaultPolicy").node.default_child
    copies.node.add_dependency(granted or role)
    asked.code = lambda_.CfnFunction.CodeProperty(zip_file=_CODE.read_text(encoding="utf-8"))
    asked.description = "Has images copied whose tag is not there yet"
    asked.runtime, asked.handler = lambda_.Runtime.PYTHON_3_14.name, "index.handler"
    asked.timeout = 60
    asked.environment = lambda_.CfnFunction.EnvironmentProperty(variables={"COPIES": copies.ref})
    # A policy of its own: the other one is there before the function that it would name.
    invoke = iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[copies.attr_arn])
    policy = iam.Policy(stack, _INVOKE_ID, statements=[invoke], roles=[role])
    asked.node.add_dependency(policy)
    if is_regulated(scope):
        expect_grants(policy)
        for function in (singleton, copies):
            _protect_function(scope, function)
        acknowledge_for_checkov(singleton, {"CKV_AWS_173": "Its one variable is the name of a function, no secret."})


def _protect_function(scope: Construct, function: IConstruct) -> None:
    """Encrypt its log, where CDK makes one, which a feature flag of the app decides; say what it goes without."""
    from aws_cdk import aws_logs as logs  # noqa: PLC0415 - only needed under REGULATED

    key = parts.encryption_key(scope)
    acknowledge_copy_function(function)
    log_group = function.node.try_find_child("LogGroup")
    resource = None if log_group is None else log_group.node.default_child
    if isinstance(resource, logs.CfnLogGroup) and key is not None:
        resource.kms_key_id = key.key_ref.key_arn


def _as_it_is(role: iam.Role) -> iam.IRole:
    known = _FROZEN.get(role)
    if known is None:
        known = _FROZEN[role] = role.without_policy_updates()
    return known


def _allow(role: iam.Role, actions: list[str], resource: str) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
