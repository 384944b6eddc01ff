"""Direct delivery: the CDK command line pushes straight into the user's own repository.

CDK's synthesizers have one repository for all image assets, the bootstrap's (aws-cdk#12597, #25756, #31467, #33228).
The synthesizer in this module differs from CDK's own ``DefaultStackSynthesizer`` in two respects: image assets get
another destination, and the stack's asset manifest depends on the stack of the repository. Without that dependency the
command line would push before the repository exists.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import aws_cdk as cdk
from aws_cdk import cloud_assembly_schema as schema

from ecr_fargate_constructs._cdk.attempt import on_failure, when_made
from ecr_fargate_constructs._cdk.neighbours import check_reachable
from ecr_fargate_constructs._cdk.site import remember, stack_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.refusal import located
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import IConstruct

# Version of the bootstrap stack that an asset manifest requires, and one whose roles are assumed with session tags.
_BOOTSTRAP_VERSION = 6
_BOOTSTRAP_VERSION_FOR_TAGS = 22


@runtime_checkable
class PushTarget(Protocol):
    """A stack with a repository that the CDK command line pushes to, such as ``ImageRepositoryStack``."""

    @property
    def pushed_name(self) -> str:
        """Name of the repository, known at synth."""

    def admit(self, role_arn: str) -> None:
        """Allow a role to push to the repository."""


class DirectSynthesizer(cdk.DefaultStackSynthesizer):
    """Sends the image assets of a stack to the user's repositories, and all other assets where CDK sends them."""

    def __init__(self, target: PushTarget, options: dict[str, Any]) -> None:
        """Make a synthesizer.

        Args:
            target: Destination of image assets, except those made within ``pushing_to``.
            options: Options of ``DefaultStackSynthesizer``.
        """
        super().__init__(**options)
        self._options = options
        self._default_target = target
        self._destination: PushTarget | None = target
        self._used: list[PushTarget] = []
        self._images = cdk.AssetManifestBuilder()
        self._assets: list[tuple[cdk.DockerImageAssetSource, cdk.AssetManifestDockerImageDestination]] = []

    @contextmanager
    def pushing_to(self, target: PushTarget | None) -> Iterator[None]:
        """Send the image assets made meanwhile to ``target``; None is the bootstrap's repository."""
        before, self._destination = self._destination, target
        try:
            yield
        finally:
            self._destination = before

    def reusable_bind(self, stack: cdk.Stack) -> cdk.IBoundStackSynthesizer:
        """Bind a stack to an instance of its own."""
        # CDK binds an object whose prototype is this one, which would leave the Python object unbound.
        bound = DirectSynthesizer(self._default_target, self._options)
        bound.bind(stack)
        return cast("cdk.IBoundStackSynthesizer", bound)

    # jsii calls back with one struct, not with keywords.
    def add_docker_image_asset(self, asset: cdk.DockerImageAssetSource) -> cdk.DockerImageAssetLocation:  # type: ignore[override]
        """Note the destination of an image, and return the image's location."""
        role = self._specialized("image_asset_publishing_role_arn", self.DEFAULT_IMAGE_ASSET_PUBLISHING_ROLE_ARN)
        if self._destination is None:
            repository = self._specialized("image_assets_repository_name", self.DEFAULT_IMAGE_ASSETS_REPOSITORY_NAME)
        else:
            # For images made by CDK's own constructs; jsii turns the error into a RuntimeError with the same message.
            with located(self._bound_stack.node.path):
                _check_environment(self._bound_stack, _stack_of(self._destination))
            repository = self._destination.pushed_name
            self._destination.admit(role)
            when_made(partial(self._use, self._destination))
        destination = cdk.AssetManifestDockerImageDestination(
            repository_name=repository,
            docker_tag_prefix=self._specialized("docker_tag_prefix", self.DEFAULT_DOCKER_ASSET_PREFIX),
            role=cdk.RoleOptions(
                assume_role_arn=role,
                assume_role_external_id=self._options.get("image_asset_publishing_external_id"),
                assume_role_additional_options=self._options.get("image_asset_publishing_role_additional_options"),
            ),
        )
        added = self._add(asset, destination)
        self._assets.append((asset, destination))
        on_failure(lambda: self._forget(asset))
        return self._cloud_formation_location_from_docker_image_asset(
            image_tag=added.image_tag, repository_name=added.repository_name
        )

    def _add(
        self, asset: cdk.DockerImageAssetSource, destination: cdk.AssetManifestDockerImageDestination
    ) -> schema.DockerImageDestination:
        return self._images.default_add_docker_image_asset(
            self._bound_stack, asset, destination, display_name=asset.display_name
        )

    def _use(self, target: PushTarget) -> None:
        if target not in self._used:
            self._used.append(target)
            _wait_for(self._bound_stack, target)

    def _forget(self, asset: cdk.DockerImageAssetSource) -> None:
        """Remove the image of a refused construct from the manifest."""
        self._assets = [each for each in self._assets if each[0] is not asset]
        self._images = cdk.AssetManifestBuilder()
        for each, destination in self._assets:
            self._add(each, destination)

    def synthesize(self, session: cdk.ISynthesisSession) -> None:
        """Write CDK's files, then add the images, and the stacks they wait for, to the asset manifest."""
        super().synthesize(session)
        if not self._images.has_assets:
            return
        stack = self._bound_stack
        file = Path(session.assembly.outdir) / f"{stack.artifact_id}.assets.json"
        files = json.loads(file.read_text(encoding="utf-8"))["files"]
        self._images.emit_manifest(
            stack,
            session,
            schema.AssetManifestOptions(
                requires_bootstrap_stack_version=self._required_bootstrap_version(),
                bootstrap_stack_version_ssm_parameter=self._specialized(
                    "bootstrap_stack_version_ssm_parameter", self.DEFAULT_BOOTSTRAP_STACK_VERSION_SSM_PARAMETER
                ),
            ),
            [target.artifact_id for target in map(_stack_of, self._used) if _in_one_assembly(stack, target)],
        )
        images = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**images, "files": files}, indent=2), encoding="utf-8")

    def _required_bootstrap_version(self) -> int:
        roles = ("file_asset_publishing_role_additional_options", "image_asset_publishing_role_additional_options")
        tagged = any("Tags" in (self._options.get(role) or {}) for role in roles)
        return _BOOTSTRAP_VERSION_FOR_TAGS if tagged else _BOOTSTRAP_VERSION

    def _specialized(self, option: str, default: str) -> str:
        """Return an option with its placeholders filled in as CDK does it: account and region where they are known."""
        given = self._options.get(option)
        text = str(default if given is None else given).replace("${Qualifier}", self.bootstrap_qualifier or "")
        stack = self._bound_stack
        for placeholder, value in (("${AWS::AccountId}", stack.account), ("${AWS::Region}", stack.region)):
            if not cdk.Token.is_unresolved(value):
                text = text.replace(placeholder, value)
        return text


def push_target(repository: IConstruct) -> PushTarget | None:
    """Return the stack of a repository if images are pushed to it directly."""
    stack = stack_of(repository)
    return stack if isinstance(stack, PushTarget) else None


def check_delivery(scope: IConstruct, repository: IConstruct) -> None:
    """Refuse an image that cannot be pushed from the stack of ``scope``.

    Raises:
        ConfigurationError: Images are pushed directly to the repository, and that stack has another synthesizer, is in
            another account or region, or is the repository's own.
    """
    target = push_target(repository)
    if target is None:
        check_reachable(scope, repository)
        return
    stack, images = _top(stack_of(scope)), _stack_of(target)
    if stack is images:
        raise ConfigurationError(
            f"the image would belong to {images.node.path}, the stack of its repository, and be pushed before the "
            "repository exists; set scope= to the stack that runs the image"
        )
    if not isinstance(stack.synthesizer, DirectSynthesizer):
        raise ConfigurationError(
            f"images are pushed directly to the repository of {images.node.path}, which requires its synthesizer on "
            f"the stack {stack.node.id}; write cdk.Stack(…, {stack.node.id!r}, synthesizer=images.synthesizer()), "
            f"where images is the ImageRepositoryStack {images.node.path}"
        )
    _check_environment(stack, images)


def _check_environment(stack: cdk.Stack, images: cdk.Stack) -> None:
    if stack.environment != images.environment:
        raise ConfigurationError(
            f"the stack {stack.node.path} is in {stack.environment} and the repository of {images.node.path} in "
            f"{images.environment}, but the command line pushes only within one account and region; give both stacks "
            "the same env, and each environment its own ImageRepositoryStack"
        )


@contextmanager
def pushing(scope: IConstruct, target: PushTarget | None) -> Iterator[None]:
    """Send the image assets made in ``scope`` meanwhile to ``target``; None is the bootstrap's repository."""
    stack = stack_of(scope)
    synthesizer = remember(stack, "direct synthesizer", lambda: _direct_synthesizer_of(stack))
    if synthesizer is None:
        yield
        return
    with synthesizer.pushing_to(target):
        yield


def _direct_synthesizer_of(stack: cdk.Stack) -> DirectSynthesizer | None:
    """Return the direct synthesizer of a stack, nested or not; None for another synthesizer, which never changes."""
    synthesizer = _top(stack).synthesizer
    return synthesizer if isinstance(synthesizer, DirectSynthesizer) else None


def _wait_for(stack: cdk.Stack, target: PushTarget) -> None:
    """Deploy the repository's stack before ``stack``, and warn where CDK Pipelines does not keep that order."""
    images = _stack_of(target)
    if _in_one_assembly(stack, images):
        stack.add_stack_dependency(images)
    if cdk.Stage.of(stack) is not stack.node.root:
        warn(
            stack,
            "directDeliveryInStage",
            "CDK Pipelines pushes every image of a stage before it deploys a stack, so the first run fails unless the "
            f"repository {target.pushed_name} exists; deploy {images.node.path} once with the CDK command line "
            "beforehand, or deliver by copy",
        )


def _in_one_assembly(stack: cdk.Stack, other: cdk.Stack) -> bool:
    """Return whether one stack can depend on the other."""
    return cdk.Stage.of(stack) is cdk.Stage.of(other)


def _stack_of(target: PushTarget) -> cdk.Stack:
    return cast("cdk.Stack", target)


def _top(stack: cdk.Stack) -> cdk.Stack:
    """Return the top-level stack that a nested stack is deployed with."""
    parent = stack.nested_stack_parent
    return stack if parent is None else _top(parent)
