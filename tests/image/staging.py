"""A synthesized image: its tag, and the files that CDK staged for its build."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from ecr_fargate_constructs import ImageRepositoryStack, PrivateRepository

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from ecr_fargate_constructs import ImageBuild

    Place: TypeAlias = Callable[[cdk.App, Path, ImageBuild | None], None]


@dataclass(frozen=True)
class Staged:
    """One image of a synthesized app.

    Attributes:
        tag: Its tag.
        files: The files and links that were staged, relative to the staged directory.
        directory: The staged directory.
        source: Its source in the asset manifest.
        warnings: The warnings of the app's stacks.
    """

    tag: str
    files: set[str]
    directory: Path
    source: dict[str, Any]
    warnings: list[str]


def in_stack(app: cdk.App, context: Path, build: ImageBuild | None) -> None:
    """An image that is copied, in a stack of the app."""
    PrivateRepository(cdk.Stack(app, "Stack"), "Repo").build_and_push_image(context, build=build)


def in_stage(app: cdk.App, context: Path, build: ImageBuild | None) -> None:
    """The same in a stage."""
    PrivateRepository(cdk.Stack(cdk.Stage(app, "Prod"), "Stack"), "Repo").build_and_push_image(context, build=build)


def in_nested_stage(app: cdk.App, context: Path, build: ImageBuild | None) -> None:
    """The same in a stage within a stage."""
    stage = cdk.Stage(cdk.Stage(app, "Outer"), "Inner")
    PrivateRepository(cdk.Stack(stage, "Stack"), "Repo").build_and_push_image(context, build=build)


def directly(app: cdk.App, context: Path, build: ImageBuild | None) -> None:
    """An image that is pushed straight into its repository."""
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Stack", synthesizer=images.synthesizer())
    images.repository.build_and_push_image(context, build=build, scope=stack)


PLACES: list[Place] = [in_stack, in_stage, in_nested_stage, directly]


def stage_image(
    context: Path,
    build: ImageBuild | None = None,
    *,
    outdir: Path | None = None,
    place: Place = in_stack,
) -> Staged:
    """Synthesize an app with one image."""
    app = cdk.App(outdir=None if outdir is None else str(outdir))
    place(app, context, build)
    root = Path(app.synth().directory)
    # CDK adds files to a former output folder; the manifests are of this synthesis.
    [(tag, image, manifest)] = [
        (tag, image, manifest)
        for manifest in sorted(root.rglob("*Stack*.assets.json"))
        for tag, image in json.loads(manifest.read_text(encoding="utf-8")).get("dockerImages", {}).items()
    ]
    directory = (manifest.parent / image["source"]["directory"]).resolve()
    files = {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    warnings = [
        str(entry.entry.data)
        for stack in app.node.find_all()
        if isinstance(stack, cdk.Stack)
        for entry in cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    ]
    return Staged(tag, files, directory, image["source"], warnings)
