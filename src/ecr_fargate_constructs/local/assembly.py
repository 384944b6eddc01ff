"""What a synthesized CDK app holds, read from its cloud assembly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_Artifact: TypeAlias = "tuple[Path, dict[str, Any]]"  # the folder that its paths begin at, and what is said of it
_STACK = "aws:cloudformation:stack"


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


@dataclass(frozen=True)
class Stack:
    """A stack of the app.

    Attributes:
        name: Name in CloudFormation.
        account: Account id that the app names; None when it leaves it open.
        region: Region that the app names; None when it leaves it open.
        template: Its template.
        assets: Its asset manifests.
    """

    name: str
    account: str | None
    region: str | None
    template: Path
    assets: tuple[Path, ...]

    def resources(self) -> Iterator[tuple[str, str]]:
        """Type and logical id of each resource, those of nested stacks included."""
        templates = [self.template]
        for file in templates:
            for logical_id, resource in _read(file).get("Resources", {}).items():
                yield resource["Type"], logical_id
                nested = resource.get("Metadata", {}).get("aws:asset:path", "")
                if resource["Type"] == "AWS::CloudFormation::Stack" and nested:
                    templates.append(file.parent / nested)

    def built_images(self) -> Iterator[BuiltImage]:
        """The images that its asset manifests have built from a directory."""
        for manifest in self.assets:
            for asset in _read(manifest).get("dockerImages", {}).values():
                source = asset["source"]
                if "directory" in source:
                    context = manifest.parent / source["directory"]
                    dockerfile = context / source.get("dockerFile", "Dockerfile")
                    yield BuiltImage(context, dockerfile, source.get("dockerBuildArgs", {}))


def stacks(assembly: Path, names: Sequence[str] = ()) -> list[Stack]:
    """The stacks that ``cdk deploy`` takes for these names, with those that they depend on; all when none is named."""
    artifacts = dict(_artifacts(assembly))
    chosen = [
        identifier
        for identifier, (_, artifact) in artifacts.items()
        if not names or _named(identifier, artifact, names)
    ]
    for identifier in chosen:  # it grows meanwhile
        chosen += [
            other for other in artifacts[identifier][1].get("dependencies", []) if other in artifacts.keys() - {*chosen}
        ]
    return [
        _stack(folder, artifact, identifier, artifacts)
        for identifier, (folder, artifact) in artifacts.items()
        if identifier in chosen and artifact["type"] == _STACK
    ]


def _named(identifier: str, artifact: Mapping[str, Any], names: Sequence[str]) -> bool:
    known_as = (identifier, artifact.get("displayName", identifier))
    return artifact["type"] == _STACK and any(fnmatchcase(own, name) for own in known_as for name in names)


def _stack(folder: Path, artifact: Mapping[str, Any], identifier: str, artifacts: Mapping[str, _Artifact]) -> Stack:
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    dependencies = [artifacts[other] for other in artifact.get("dependencies", []) if other in artifacts]
    return Stack(
        properties.get("stackName", identifier),
        None if account == "unknown-account" else account,
        None if region == "unknown-region" else region,
        folder / properties["templateFile"],
        tuple(
            home / other["properties"]["file"] for home, other in dependencies if other["type"] == "cdk:asset-manifest"
        ),
    )


def _artifacts(assembly: Path) -> Iterator[tuple[str, _Artifact]]:
    for identifier, artifact in _read(assembly / "manifest.json").get("artifacts", {}).items():
        yield identifier, (assembly, artifact)
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _artifacts(assembly / artifact["properties"]["directoryName"])


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
