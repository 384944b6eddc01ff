"""Images of the lock file: copied by digest, and run by digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from ecr_fargate_constructs._cdk.site import adopt, path_of
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.delivery import ALL_ARCHITECTURES, copy_image, copy_role
from ecr_fargate_constructs.image.gates import check_evidence
from ecr_fargate_constructs.image.published_image import PublishedImage, RepositoryImage

if TYPE_CHECKING:
    from aws_cdk import aws_ecr as ecr

    from ecr_fargate_constructs._rules.lock_file import LockedImage
    from ecr_fargate_constructs.image.gates import Gate


def copy_locked(
    scope: Construct,
    construct_id: str,
    *,
    locked: LockedImage,
    architecture: Architecture | None,
    gates: tuple[Gate, ...],
    lock_file: str,
    repository: ecr.IRepository,
) -> PublishedImage:
    """Copy the digest of a locked image into ``repository``, under the tag that it had.

    Raises:
        ConfigurationError: The image does not have the architecture, or the lock file's evidence rules it out.
    """
    runs_on = _architecture(locked, architecture, lock_file)
    check_evidence(locked, gates, lock_file)
    parent = Construct(scope, construct_id)
    adopt(parent, scope, path_of(scope, construct_id))
    copy = copy_image(
        parent,
        source=locked.uri,
        source_arn=None,
        destination=repository,
        destination_uri=repository.repository_uri_for_tag(locked.tag_of_copy),
        architecture=ALL_ARCHITECTURES,  # another architecture alone would have another digest
        gates=gates,
    )
    return PublishedImage(
        container_image=RepositoryImage(repository, locked.digest, delivery=copy),
        image_uri=repository.repository_uri_for_digest(locked.digest),
        tag=locked.tag_of_copy,
        architecture=runs_on,
        repository=repository,
        publisher=copy_role(parent),
        delivery=copy,
        architectures=tuple(map(Architecture, locked.architectures)),
    )


def _architecture(locked: LockedImage, wanted: Architecture | None, lock_file: str) -> Architecture:
    if wanted is None:
        first = Architecture.X86_64.value
        return Architecture(first if first in locked.architectures else locked.architectures[0])
    if wanted.value not in locked.architectures:
        raise ConfigurationError(
            f"architecture={wanted.name}, but {lock_file} locks {locked.name!r} for {', '.join(locked.architectures)}; "
            "use one of these, or omit architecture"
        )
    return wanted
