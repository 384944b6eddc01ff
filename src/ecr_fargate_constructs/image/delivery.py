"""Delivery by copy: from the repository that the CDK command line pushes to, into the user's own.

The CDK command line pushes image assets only to the bootstrap's assets repository (aws-cdk#12597). A custom resource
copies the image from there before the task definition that names it is created.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.durations import of_seconds
from ecr_fargate_constructs._cdk.site import environment_of, path_of_construct, stack_of
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.copier.reference import Reference
from ecr_fargate_constructs.image.image_copier import ANSWER_SECONDS, ImageCopier

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_cdk import aws_ecr as ecr
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_secretsmanager as secretsmanager
    from constructs import Construct

RESOURCE_TYPE = "Custom::EcrFargateImageCopy"
ALL_ARCHITECTURES = "all"


def copy_image(
    scope: Construct,
    *,
    source: str,
    source_arn: Callable[[], str] | None,
    destination: ecr.IRepository,
    destination_uri: str,
    architecture: str,
    credentials: secretsmanager.ISecret | None = None,
) -> cdk.CustomResource:
    """Copy ``source`` to ``destination_uri`` when the stack is deployed, once per destination.

    Args:
        scope: Parent of the copy; its stack holds the function that copies.
        source: Full name of the image to copy, registry included.
        source_arn: Returns the ARN of the private repository that holds the source; None where the name of the source
            determines the ARN.
        destination: Repository that receives the copy.
        destination_uri: Full name of the copy.
        architecture: The architecture to copy from an index of several, or ``ALL_ARCHITECTURES``.
        credentials: Login for the source's registry.

    Returns:
        The copy: an existing one, if the stack already copies the same image to the same destination.
    """
    stack, copier = stack_of(scope), ImageCopier.of(scope)
    # Repositories of two other stacks may share a logical id, and so resolve to the same reference.
    named = [[destination_uri, path_of_construct(stack_of(destination))], source]
    target, origin = (json.dumps(each, sort_keys=True) for each in stack.resolve(named))
    content = f"{origin} {architecture}"
    noted = copier.copies.read(target)
    if noted is not None:
        copy, copied = noted
        if copied != content:
            raise ConfigurationError(
                f"{path_of_construct(copy)} already copies another image to the same tag of "
                f"{path_of_construct(destination)}, and a tag names one image; use another repository, or one "
                "mirror_image with all_architectures=True",
                path=path_of_construct(scope),
            )
        return copy
    _allow_reading(copier, stack, source, origin, source_arn)
    copier.allow_writing(destination.repository_arn)
    if credentials is not None:
        copier.allow_secret(credentials)
    copy = cdk.CustomResource(
        scope,
        "Copy",
        service_token=copier.service_token,
        resource_type=RESOURCE_TYPE,
        service_timeout=of_seconds(ANSWER_SECONDS),
        properties={
            "Source": source,
            "Destination": destination_uri,
            "Architecture": architecture,
            **({} if credentials is None else {"Credentials": credentials.secret_arn}),
        },
    )
    copier.make_wait(copy)
    _deploy_repository_first(stack, destination)
    copier.copies.write(
        target, path=f"{path_of_construct(scope)}/Copy".removeprefix(f"{path_of_construct(stack)}/"), content=content
    )
    return copy


def copy_role(scope: Construct) -> iam.Role:
    """Return the role that pushes the copies of a stack."""
    return ImageCopier.of(scope).role


def _allow_reading(
    copier: ImageCopier, stack: cdk.Stack, source: str, origin: str, source_arn: Callable[[], str] | None
) -> None:
    if source_arn is not None:
        copier.allow_reading(origin.rpartition(":")[0], source_arn)
        return
    reference = Reference.parse(source)
    if reference.ecr_region is not None:
        arn = stack.format_arn(
            service="ecr",
            region=reference.ecr_region,
            account=reference.host.partition(".")[0],
            resource="repository",
            resource_name=reference.repository,
        )
        copier.allow_reading(f"{reference.host}/{reference.repository}", lambda: arn)


def _deploy_repository_first(stack: cdk.Stack, repository: ecr.IRepository) -> None:
    """Add the dependency between the stacks where no reference does: names of another environment are plain text."""
    producer = stack_of(repository)
    if environment_of(producer) == environment_of(stack) or cdk.Stage.of(producer) is not cdk.Stage.of(stack):
        return
    stack.add_stack_dependency(producer)
