"""Delivery by copy: from the repository that the CDK command line pushes to, into the user's own.

The CDK command line pushes image assets only to the bootstrap's assets repository (aws-cdk#12597). A custom resource
copies the image from there before the task definition that names it is created.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.durations import of_seconds
from ecr_fargate_constructs._cdk.site import adopt, environment_of, path_of_construct, stack_of
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.image_copier import ANSWER_SECONDS, ImageCopier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aws_cdk import aws_ecr as ecr
    from aws_cdk import aws_ecr_assets as ecr_assets
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_secretsmanager as secretsmanager
    from constructs import Construct

    from ecr_fargate_constructs.image.copier.reference import Reference
    from ecr_fargate_constructs.image.gates import Gate

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
    gates: tuple[Gate, ...] = (),
    tags: tuple[str, ...] = (),
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
        gates: Conditions that the copier checks before the copy gets its tag.
        tags: Further tags of the copy.

    Returns:
        The copy: an existing one, if the stack already copies the same image to the same destination.
    """
    stack, copier = stack_of(scope), ImageCopier.of(scope)
    checked = _checked(gates)
    delivery = _Delivery(scope, destination, destination_uri, [source, architecture], [checked, list(tags)])
    existing = delivery.existing()
    if existing is not None:
        return existing
    _allow_reading(copier, stack, source, json.dumps(delivery.resolved[0], sort_keys=True), source_arn)
    if credentials is not None:
        copier.allow_secret(credentials)
    if checked:
        _allow_gates(copier, stack, gates, source=source, destination=destination)
    properties = {
        "Source": source,
        "Destination": destination_uri,
        "Architecture": architecture,
        **({} if credentials is None else {"Credentials": credentials.secret_arn}),
        **({"Gates": checked} if checked else {}),
        **({"Tags": list(tags)} if tags else {}),
    }
    return delivery.make(properties)


def put_together(
    scope: Construct,
    *,
    sources: Mapping[str, ecr_assets.DockerImageAsset],
    destination: ecr.IRepository,
    destination_uri: str,
    tags: tuple[str, ...] = (),
) -> cdk.CustomResource:
    """Copy images of several architectures to ``destination``, and put an index of them under ``destination_uri``.

    Args:
        scope: Parent of the copy.
        sources: The image of each architecture, as images name it.
        destination: Repository that receives the images and the index.
        destination_uri: Full name of the index.
        tags: Further tags of the index.

    Returns:
        The copy: an existing one, if the stack already makes the same index there.

    Raises:
        ConfigurationError: The stack makes the same index with other tags.
    """
    stack, copier = stack_of(scope), ImageCopier.of(scope)
    images = {architecture: asset.image_uri for architecture, asset in sources.items()}
    delivery = _Delivery(scope, destination, destination_uri, [*map(list, images.items())], [list(tags)])
    existing = delivery.existing()
    if existing is not None:
        return existing
    for asset, (_, uri) in zip(sources.values(), delivery.resolved, strict=True):
        origin = json.dumps(uri, sort_keys=True)
        _allow_reading(copier, stack, asset.image_uri, origin, lambda asset=asset: asset.repository.repository_arn)  # type: ignore[misc]
    properties = {"Images": images, "Destination": destination_uri, **({"Tags": list(tags)} if tags else {})}
    return delivery.make(properties)


class _Delivery:
    """The copy to one destination: one resource in a stack, however many images need it.

    Attributes:
        resolved: The source, as CloudFormation has it.
    """

    def __init__(
        self,
        scope: Construct,
        destination: ecr.IRepository,
        uri: str,
        source: Sequence[object],
        options: Sequence[object],
    ) -> None:
        self._scope, self._stack, self._copier = scope, stack_of(scope), ImageCopier.of(scope)
        self._destination = destination
        # Repositories of two other stacks may share a logical id, and so resolve to the same reference.
        named = [uri, path_of_construct(stack_of(destination))]
        resolved = self._stack.resolve([named, source, options])  # all in one message to the Node process
        self.resolved: list[Any] = resolved[1]
        self._target, self._image, chosen = (json.dumps(each, sort_keys=True) for each in resolved)
        self._content = f"{self._image} {chosen}"

    def existing(self) -> cdk.CustomResource | None:
        """Return the copy that the stack makes already; None if there is none.

        Raises:
            ConfigurationError: The stack copies another image to this tag, or this one with other options.
        """
        noted = self._copier.copies.read(self._target)
        if noted is None:
            return None
        copy, content = noted
        if content == self._content:
            return copy
        if content.startswith(f"{self._image} "):
            raise ConfigurationError(
                f"{path_of_construct(copy)} already copies this image, with other tags or gates; give both the same, "
                "or use one image for both",
                path=path_of_construct(self._scope),
            )
        raise ConfigurationError(
            f"{path_of_construct(copy)} already copies another image to the same tag of "
            f"{path_of_construct(self._destination)}, and a tag names one image; use another repository, or one "
            "mirror_image with all_architectures=True",
            path=path_of_construct(self._scope),
        )

    def make(self, properties: Mapping[str, object]) -> cdk.CustomResource:
        """Make the copy, after the permissions of the function and the repository's stack."""
        self._copier.allow_writing(self._destination.repository_arn)
        copy = cdk.CustomResource(
            self._scope,
            "Copy",
            service_token=self._copier.service_token,
            resource_type=RESOURCE_TYPE,
            service_timeout=of_seconds(ANSWER_SECONDS),
            properties=properties,
        )
        path = f"{path_of_construct(self._scope)}/Copy"
        adopt(copy, self._scope, path)
        self._copier.make_wait(copy)
        _deploy_repository_first(self._stack, self._destination)
        place = path.removeprefix(f"{path_of_construct(self._stack)}/")
        self._copier.copies.write(self._target, path=place, content=self._content)
        return copy


def copy_role(scope: Construct) -> iam.Role:
    """Return the role that pushes the copies of a stack."""
    return ImageCopier.of(scope).role


def _checked(gates: tuple[Gate, ...]) -> list[dict[str, str]]:
    if not gates:
        return []
    from ecr_fargate_constructs.image.gates import as_properties  # noqa: PLC0415 - few images have gates

    return as_properties(gates)


def _reference(source: str) -> Reference:
    from ecr_fargate_constructs.image.copier.reference import Reference  # noqa: PLC0415 - not for an image that is built

    return Reference.parse(source)


def _allow_reading(
    copier: ImageCopier, stack: cdk.Stack, source: str, origin: str, source_arn: Callable[[], str] | None
) -> None:
    if source_arn is not None:
        copier.allow_reading(origin.rpartition(":")[0], source_arn)
        return
    reference = _reference(source)
    if reference.ecr_region is not None:
        copier.allow_reading(f"{reference.host}/{reference.repository}", lambda: _arn_of(stack, reference))


def _arn_of(stack: cdk.Stack, reference: Reference) -> str:
    """Return the ARN of the ECR repository of an image."""
    return stack.format_arn(
        service="ecr",
        region=reference.ecr_region,
        account=reference.host.partition(".")[0],
        resource="repository",
        resource_name=reference.repository,
    )


def _allow_gates(
    copier: ImageCopier, stack: cdk.Stack, gates: tuple[Gate, ...], *, source: str, destination: ecr.IRepository
) -> None:
    from ecr_fargate_constructs.image.gates import NoFindings, Scanned, SignedBy  # noqa: PLC0415 - few images have gates

    if any(isinstance(gate, Scanned | NoFindings) for gate in gates):
        copier.allow_findings(destination.repository_arn)
    if any(isinstance(gate, SignedBy) for gate in gates):
        copier.allow_signatures(_arn_of(stack, _reference(source)))


def _deploy_repository_first(stack: cdk.Stack, repository: ecr.IRepository) -> None:
    """Add the dependency between the stacks where no reference does: names of another environment are plain text."""
    producer = stack_of(repository)
    if environment_of(producer) == environment_of(stack) or cdk.Stage.of(producer) is not cdk.Stage.of(stack):
        return
    stack.add_stack_dependency(producer)
