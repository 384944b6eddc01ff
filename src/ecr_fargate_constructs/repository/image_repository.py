"""Images in a repository, new or existing: build, mirror, lock or name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.attempt import claim
from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.scopes import check_place
from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._rules.lock_file import LOCK_FILE, locked_image
from ecr_fargate_constructs._rules.refusal import located
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.image import published_image as images
from ecr_fargate_constructs.image.build import ImageBuild
from ecr_fargate_constructs.image.context import inspect_context, outdir_of
from ecr_fargate_constructs.image.direct import check_delivery
from ecr_fargate_constructs.repository.running_images import UNKNOWN

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from aws_cdk import aws_ecr as ecr
    from aws_cdk import aws_secretsmanager as secretsmanager
    from constructs import Construct

    from ecr_fargate_constructs.image.gates import Gate


class ImageRepository(LibraryConstruct):
    """Base class of ``PrivateRepository`` and ``ExistingRepository``."""

    _repository: ecr.IRepository

    def watch(self, tag: str, *, name: str, changes: bool = True) -> None:
        """Note an image that runs; does nothing for an existing repository, whose retention is unknown."""

    def build_and_push_image(
        self,
        directory: str | os.PathLike[str],
        *,
        id: str = "Image",  # noqa: A002 - CDK's word for it
        build: ImageBuild | None = None,
        scope: Construct | None = None,
        tags: Sequence[str] = (),
    ) -> images.PublishedImage:
        """Build an image from a directory and deliver it to this repository, tagged with the hash of its inputs.

        The stack that the image belongs to copies it there when it is deployed; or, for the repository of an
        ``ImageRepositoryStack``, the CDK command line pushes it before that stack is deployed.

        Args:
            directory: Directory with the Dockerfile. A relative path is resolved against the working directory of the
                process, as for ``cdk deploy``.
            id: Construct id; one for each image of the repository.
            build: Options of the build; default, ``ImageBuild()``.
            scope: Construct that the image belongs to; default, this repository. For the repository of an
                ``ImageRepositoryStack``, give the stack that runs the image.
            tags: Further tags for people, such as a version, ``["1.4.2"]``; default, none. Tags are immutable: if a tag
                names another image in the repository, the deployment fails before a task is replaced. Tasks run the
                image by the hash of its inputs. Not with the repository of an ``ImageRepositoryStack``.

        Raises:
            ConfigurationError: The directory cannot be built, the image cannot be delivered from ``scope``, or a tag
                cannot be one.
        """
        how, parent = build or ImageBuild(), self if scope is None else scope
        check_place(parent, id)
        claim(parent, id)
        with located(path_of(parent, id)):
            context = inspect_context(directory, how, outdir=outdir_of(parent))
            check_delivery(parent, self._repository)
            image = images.build_and_push(
                parent, id, context=context, build=how, repository=self._repository, tags=tuple(tags)
            )
        self.watch(image.tag or UNKNOWN, name=path_of(parent, id))
        return image

    def mirror_image(
        self,
        reference: str,
        *,
        id: str = "Mirror",  # noqa: A002 - CDK's word for it
        architecture: Architecture = Architecture.X86_64,
        all_architectures: bool = False,
        credentials: secretsmanager.ISecret | None = None,
    ) -> images.PublishedImage:
        """Copy an image of another registry into this repository, so that running it depends only on this repository.

        The bytes stay the same, and so does the digest. The registry may be public, or ECR in another region or
        account; a repository of another account has to allow this account to pull.

        Args:
            reference: Name of the image with a tag or a digest, for example ``"nginx:1.29"`` or
                ``"nginx:1.29@sha256:…"``. The copy has the same tag, or ``sha256-…`` if only a digest is named.
            id: Construct id; one for each image of the repository.
            architecture: The architecture to run; also the one to copy, unless all are copied; default, x86-64.
            all_architectures: Copy the whole index, with its digest; default, False: copy one architecture.
            credentials: Secret with the login for the registry, a JSON text with ``username`` and ``password``, or
                ``username`` and ``accessToken``; default, anonymous access. ECR needs none.

        The tag never expires while the mirror is in the program: the repository's ``retention`` protects it.

        Raises:
            ConfigurationError: ``reference`` is not an image's name, or names no version, or the tag belongs to another
                image.
        """
        check_place(self, id)
        claim(self, id)
        with located(path_of(self, id)):
            image = images.mirror(
                self,
                id,
                reference=reference,
                architecture=architecture,
                all_architectures=all_architectures,
                credentials=credentials,
                repository=self._repository,
            )
        self.watch(image.tag or UNKNOWN, name=path_of(self, id), changes=False)
        return image

    def locked_image(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - CDK's word for it
        lock_file: str | os.PathLike[str] = LOCK_FILE,
        architecture: Architecture | None = None,
        gates: Sequence[Gate] = (),
    ) -> images.PublishedImage:
        """Copy an image of the lock file into this repository, and run it by its digest: the same bytes in every stage.

        ``ecr-fargate image lock`` writes the file. Nothing is built, no directory is read, and no container engine is
        needed. The repository that the file names may be in another region; one of another account has to allow this
        account: ``pull_accounts`` of its ``PrivateRepository``. A digest that is here already is not copied again, so
        an earlier lock file rolls back even if the other repository no longer has that image.

        Args:
            name: Name of the image in the lock file.
            id: Construct id; one for each image of the repository; default, ``name``.
            lock_file: The lock file; a relative path is resolved against the working directory of the process; default,
                ``images.lock.json``.
            architecture: The architecture that tasks run; default, the image's own, or x86-64 if it has several. All
                architectures are copied.
            gates: Conditions that the image has to meet before it is tagged here, and so before it runs: ``Scanned``,
                ``NoFindings``, ``SignedBy``, ``DeployedTo``; default, none. An image that has passed is not checked
                again, so a rollback never fails because of a vulnerability that became known since.

        Raises:
            ConfigurationError: The lock file cannot be read, or has no such image; the image lacks this architecture;
                ``DeployedTo`` refuses it; or its tag belongs to another image of this program.
        """
        from ecr_fargate_constructs.image.locked import copy_locked  # noqa: PLC0415 - few images are locked

        construct_id = name if id is None else id
        check_place(self, construct_id)
        claim(self, construct_id)
        with located(path_of(self, construct_id)):
            image = copy_locked(
                self,
                construct_id,
                locked=locked_image(lock_file, name),
                architecture=architecture,
                gates=tuple(gates),
                lock_file=str(lock_file),
                repository=self._repository,
            )
        self.watch(image.tag or UNKNOWN, name=path_of(self, construct_id))
        return image

    def image_by_tag(self, tag: str, *, architecture: Architecture = Architecture.X86_64) -> images.PublishedImage:
        """Return an image that is already in this repository, by its tag.

        Raises:
            ConfigurationError: ``tag`` is not a tag.
        """
        image = images.existing_tag(self._repository, tag, architecture)
        self.watch(tag, name=f"the tag {tag}")
        return image

    def image_by_digest(
        self, digest: str, *, architecture: Architecture = Architecture.X86_64
    ) -> images.PublishedImage:
        """Return an image that is already in this repository, by its digest.

        Raises:
            ConfigurationError: ``digest`` is not a digest.
        """
        image = images.existing_digest(self._repository, digest, architecture)
        if not is_token(digest):
            self.watch(UNKNOWN, name=f"the digest {digest}")
        return image


class ExistingRepository(ImageRepository):
    """A repository that exists: images are built, mirrored and named as with ``PrivateRepository``.

    The repository itself does not change: it keeps its own retention, scanning and encryption, and there is no warning
    about images that its lifecycle policy expires. The copier's role may push to it; a repository of another account
    has to allow this account.
    """

    def __init__(self, scope: Construct, construct_id: str, *, repository: ecr.IRepository) -> None:
        """Use the repository.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            repository: The repository, for example ``ecr.Repository.from_repository_name(stack, "Shop", "shop/web")``.
        """
        super().__init__(scope, construct_id)
        self._repository = repository

    @property
    def repository(self) -> ecr.IRepository:
        """CDK's own construct."""
        return self._repository
