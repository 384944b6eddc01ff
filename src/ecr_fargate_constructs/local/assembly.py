"""What a synthesized CDK app holds, read from its cloud assembly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ALWAYS_KNOWN = ("AWS::CDK::Metadata", "AWS::CloudFormation::", "Custom::")


@dataclass(frozen=True)
class BuiltImage:
    """An image that the CDK command line will build.

    Attributes:
        context: Directory that is built.
        dockerfile: The Dockerfile.
        arguments: Build arguments.
    """

    context: Path
    dockerfile: Path
    arguments: dict[str, str]


def stack_names(assembly: Path) -> list[str]:
    """Names of the app's stacks, as CloudFormation knows them, in the order of the assembly."""
    return [
        artifact["properties"].get("stackName", name)
        for name, artifact in _artifacts(assembly)
        if artifact["type"] == "aws:cloudformation:stack"
    ]


def templates(assembly: Path) -> dict[str, dict[str, Any]]:
    """File name to template, nested stacks included."""
    return {
        str(file.relative_to(assembly)): json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(assembly.rglob("*.template.json"))
    }


def built_images(assembly: Path) -> list[BuiltImage]:
    """The images that the app's asset manifests ask for."""
    images = []
    for manifest in sorted(assembly.rglob("*.assets.json")):
        for asset in json.loads(manifest.read_text(encoding="utf-8")).get("dockerImages", {}).values():
            source = asset["source"]
            if "directory" in source:
                context = manifest.parent / source["directory"]
                dockerfile = context / source.get("dockerFile", "Dockerfile")
                images.append(BuiltImage(context, dockerfile, source.get("dockerBuildArgs", {})))
    return images


def unsupported(assembly: Path, known: set[str]) -> list[tuple[str, str]]:
    """Types and logical ids of the resources that are not among ``known``."""
    return [
        (resource["Type"], logical_id)
        for template in templates(assembly).values()
        for logical_id, resource in template.get("Resources", {}).items()
        if resource["Type"] not in known and not resource["Type"].startswith(_ALWAYS_KNOWN)
    ]


def _artifacts(assembly: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))
    for name, artifact in manifest.get("artifacts", {}).items():
        yield name, artifact
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _artifacts(assembly / artifact["properties"]["directoryName"])
