"""Images of constructs that were refused: CDK's asset manifest has them, and nothing in CDK takes them out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

from ecr_fargate_constructs._cdk.attempt import on_failure
from ecr_fargate_constructs._cdk.names import notes_of
from ecr_fargate_constructs._cdk.site import root_of, stack_of

if TYPE_CHECKING:
    from constructs import IConstruct


def forget_if_refused(scope: IConstruct, asset: ecr_assets.DockerImageAsset) -> None:
    """Have the command line build and push no image of a construct whose making fails."""
    on_failure(lambda: _forget(scope, asset))


def _forget(scope: IConstruct, asset: ecr_assets.DockerImageAsset) -> None:
    """Note the image at the app, which strikes it out of the manifest as soon as that is written."""
    stack = stack_of(scope)
    while (parent := stack.nested_stack_parent) is not None:
        stack = parent  # whose manifest has the images of nested stacks
    refused = notes_of(scope, "refused images")
    if not refused:
        _strike_out_after_synth(root_of(scope), refused)
    refused.setdefault(stack, set()).add(asset.asset_hash)


def _strike_out_after_synth(app: Any, refused: dict[cdk.Stack, set[str]]) -> None:  # noqa: ANN401 - an app or a stage
    """CDK calls nobody back once a manifest is written, so that the app's own ``synth`` has to go on."""
    synth = app.synth

    def synth_and_strike_out(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - CDK's
        assembly = synth(*args, **options)
        for stack, hashes in refused.items():
            _strike_out(stack, hashes)
        return assembly

    app.synth = synth_and_strike_out


def _strike_out(stack: cdk.Stack, hashes: set[str]) -> None:
    stage = cdk.Stage.of(stack)
    if stage is None:
        return
    file = Path(stage.outdir) / f"{stack.artifact_id}.assets.json"
    if not file.is_file():
        return
    manifest = json.loads(file.read_text(encoding="utf-8"))
    images = manifest.get("dockerImages", {})
    # The same image may have been made again, or by somebody else.
    used = {each.asset_hash for each in stack.node.find_all() if isinstance(each, ecr_assets.DockerImageAsset)}
    for each in hashes - used:
        images.pop(each, None)
    file.write_text(json.dumps(manifest, indent=2), encoding="utf-8")
