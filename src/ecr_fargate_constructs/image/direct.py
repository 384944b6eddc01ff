"""Direct delivery: the CDK command line pushes straight into the user's own repository.

CDK's synthesizers know one repository for all image assets, the bootstrap's (aws-cdk#12597, #25756, #31467, #33228).
The one here is CDK's own ``DefaultStackSynthesizer`` in all but two things: image assets get another destination, and
the stack's asset manifest depends on the stack of the repository. Without that dependency the command line would push
before the repository exists.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import cloud_assembly_schema as schema

from ecr_fargate_constructs._cdk.attempt import on_failure, when_made
from ecr_fargate_constructs._cdk.site import remember, stack_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import IConstruct

# What the bootstrap stack has to be for an asset manifest, and for one whose roles are assumed with session tags.
_BOOTSTRAP_VERSION = 6
_BOOTSTRAP_VERSION_FOR_TAGS = 22


@runtime_checkable
class PushTarget(Protocol):
    """A stack with a repository that the CDK command line pushes to, such as ``ImageRepositoryStack``."""

    @property
    def pushed_name(self) -> str:
        """Name of the repository, known at synth."""

    def admit(self, role_arn: str) -> None:
        """Let a role push to the repository."""


class DirectSynthesizer(cdk.DefaultStackSynthesizer):
    """Sends the image assets of a stack to repositories of the user's, and all else where CDK sends it."""

    def __init__(self, target: PushTarget, options: dict[str, Any]) -> None:
        """Make a synthesizer.

        Args:
            target: Where image assets go, but for those made while ``pushing_to`` another place.
            options: Options of ``DefaultStackSynthesizer``.
        """
        super().__init__(**options)
        self._options = options
        self._home = target
        self._destination: PushTarget | None = target
        self._used: list[PushTarget] = []
        self._images = cdk.AssetManifestBuilder()
        self._assets: list[tuple[cdk.DockerImageAssetSource, cdk.AssetManifestDockerImageDestination]] = []

    @contextmanager
    def pushing_to(self, target: PushTarget | None) -> Iterator[None]:
        """Send image assets that are made meanwhile to ``target``; None is the bootstrap's repository."""
        before, self._destination = self._destination, target
        try:
            yield
        finally:
            self._destination = before

    def reusable_bind(self, stack: cdk.Stack) -> cdk.IBoundStackSynthesizer:
        """Serve a stack, each with an instance of its own."""
        # CDK binds an object whose prototype is this one, which would leave the Python object unbound.
        bound = DirectSynthesizer(self._home, self._options)
        bound.bind(stack)
        return cast("cdk.IBoundStackSynthesizer", bound)

    # jsii calls back with one struct, not with keywords.
    def add_docker_image_asset(self, asset: cdk.DockerImageAssetSource) -> cdk.DockerImageAssetLocation:  # type: ignore[override]
        """Note where an image goes, and say where it will be found."""
        role = self._specialized("image_asset_publishing_role_arn", self.DEFAULT_IMAGE_ASSET_PUBLISHING_ROLE_ARN)
        if self._destination is None:
            repository = self._specialized("image_assets_repository_name", self.DEFAULT_IMAGE_ASSETS_REPOSITORY_NAME)
        else:
            # For images that CDK's own constructs make; jsii makes a RuntimeError of it, and keeps the message.
            _check_environment(self._bound_stack, _stack_of(self._destination), path=self._bound_stack.node.path)
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
        made = self._add(asset, destination)
        self._assets.append((asset, destination))
        on_failure(lambda: self._forget(asset))
        return self._cloud_formation_location_from_docker_image_asset(
            image_tag=made.image_tag, repository_name=made.repository_name
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
        """Build no image of a construct that was refused."""
        self._assets = [each for each in self._assets if each[0] is not asset]
        self._images = cdk.AssetManifestBuilder()
        for each, destination in self._assets:
            self._add(each, destination)

    def synthesize(self, session: cdk.ISynthesisSession) -> None:
        """Write what CDK writes, then add the images, and what they wait for, to the asset manifest."""
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
        """An option with its placeholders filled in as CDK does it: account and region where they are known."""
        given = self._options.get(option)
        text = str(default if given is None else given).replace("${Qualifier}", self.bootstrap_qualifier or "")
        stack = self._bound_stack
        for placeholder, value in (("${AWS::AccountId}", stack.account), ("${AWS::Region}", stack.region)):
            if not cdk.Token.is_unresolved(value):
                text = text.replace(placeholder, value)
        return text


def push_target(repository: IConstruct) -> PushTarget | None:
    """The stack whose repository this is, if images are pushed to it directly."""
    stack = stack_of(repository)
    return stack if isinstance(stack, PushTarget) else None


def check_delivery(scope: IConstruct, repository: IConstruct, *, path: str) -> None:
    """Refuse an image that could not be pushed from the stack of ``scope``.

    Raises:
        ConfigurationError: The repository is pushed to directly, and that stack has another synthesizer, or is in
            another account or region, or is the repository's own.
    """
    target = push_target(repository)
    if target is None:
        _check_reachable(scope, repository, path=path)
        return
    stack, images = _top(stack_of(scope)), _stack_of(target)
    if stack is images:
        raise ConfigurationError(
            f"the image would belong to {images.node.path}, the stack of its repository, and be pushed before that "
            "exists; give scope=, the stack that runs the image",
            path=path,
        )
    if not isinstance(stack.synthesizer, DirectSynthesizer):
        raise ConfigurationError(
            f"the repository of {images.node.path} is pushed to directly, which takes a synthesizer of its own; write "
            f"cdk.Stack(…, {stack.node.id!r}, synthesizer=images.synthesizer()), where images is the "
            f"ImageRepositoryStack {images.node.path}",
            path=path,
        )
    _check_environment(stack, images, path=path)


def _check_reachable(scope: IConstruct, repository: IConstruct, *, path: str) -> None:
    """Refuse a repository of another account or region whose name nobody knows there."""
    stack, home = stack_of(scope), stack_of(repository)
    if stack is home:
        return
    made = [each for each in repository.node.find_all() if isinstance(each, ecr.CfnRepository)]
    if stack.environment == home.environment or not made or not is_token(made[0].repository_name):
        return
    if any(is_token(each) for each in (stack.account, stack.region, home.account, home.region)):
        return
    raise ConfigurationError(
        f"the repository {repository.node.path} is in {home.environment} and stack {stack.node.path} in "
        f"{stack.environment}, where its generated name is not known; give it a repository_name=, or make one in the "
        "stack's own environment",
        path=path,
    )


def _check_environment(stack: cdk.Stack, images: cdk.Stack, *, path: str) -> None:
    if stack.environment != images.environment:
        raise ConfigurationError(
            f"stack {stack.node.path} is in {stack.environment} and the repository of {images.node.path} in "
            f"{images.environment}, but the command line pushes within one account and region only; give both stacks "
            "the same env, and each environment an ImageRepositoryStack of its own",
            path=path,
        )


@contextmanager
def pushing(scope: IConstruct, target: PushTarget | None) -> Iterator[None]:
    """Send the image assets that are made in ``scope`` meanwhile to ``target``; None is the bootstrap's repository."""
    stack = stack_of(scope)
    synthesizer = remember(stack, "direct synthesizer", lambda: _direct_synthesizer_of(stack))
    if synthesizer is None:
        yield
        return
    with synthesizer.pushing_to(target):
        yield


def _direct_synthesizer_of(stack: cdk.Stack) -> DirectSynthesizer | None:
    """What synthesizes a stack, nested or not, if it is one of these; a stack never gets another one."""
    synthesizer = _top(stack).synthesizer
    return synthesizer if isinstance(synthesizer, DirectSynthesizer) else None


def _wait_for(stack: cdk.Stack, target: PushTarget) -> None:
    """Deploy the repository's stack before ``stack``, and say where that order is not kept."""
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
    """Whether one can depend on the other."""
    return cdk.Stage.of(stack) is cdk.Stage.of(other)


def _stack_of(target: PushTarget) -> cdk.Stack:
    return cast("cdk.Stack", target)


def _top(stack: cdk.Stack) -> cdk.Stack:
    """The stack that a nested stack is deployed with."""
    parent = stack.nested_stack_parent
    return stack if parent is None else _top(parent)
