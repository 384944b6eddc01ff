"""The stacks and the images of a cloud assembly: where what is in which file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
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
        platform: What it is built for, such as ``linux/arm64``; None when that is left to the machine that builds.
        target: Stage of the Dockerfile; None for the last.
        tags: What it is tagged with where it is pushed to.
    """

    context: Path
    dockerfile: Path
    arguments: dict[str, str]
    platform: str | None = None
    target: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stack:
    """A stack of the app.

    Attributes:
        name: Name in CloudFormation.
        account: Account id that the app names; None when it leaves it open.
        region: Region that the app names; None when it leaves it open.
        template: Its template.
        assets: Its asset manifests.
        display: Its name in ``cdk list``.
        tags: Its tags, which CloudFormation hands on to its resources.
    """

    name: str
    account: str | None
    region: str | None
    template: Path
    assets: tuple[Path, ...]
    display: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    _described: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, compare=False)
    _description: Path | None = field(default=None, repr=False, compare=False)

    def resources(self) -> Iterator[tuple[str, str]]:
        """Type and logical id of each resource, those of nested stacks included."""
        templates = [self.template]
        for file in templates:
            for logical_id, resource in read(file).get("Resources", {}).items():
                yield resource["Type"], logical_id
                nested = self.nested_template(file, resource)
                if nested is not None:
                    templates.append(nested)

    def nested_template(self, file: Path, resource: Mapping[str, Any]) -> Path | None:
        """The template of a resource that is a nested stack; None for others."""
        if resource["Type"] != "AWS::CloudFormation::Stack":
            return None
        named = resource.get("Metadata", {}).get("aws:asset:path")
        if named:
            return file.parent / str(named)
        # The metadata are written by the command line only; the address of the template ends in its asset's hash.
        address = json.dumps(resource.get("Properties", {}).get("TemplateURL", ""))
        for manifest in self.assets:
            for identifier, asset in read(manifest).get("files", {}).items():
                if identifier in address:
                    return manifest.parent / str(asset["source"]["path"])
        return None

    def built_images(self) -> Iterator[BuiltImage]:
        """The images that its asset manifests have built from a directory."""
        for manifest in self.assets:
            for asset in read(manifest).get("dockerImages", {}).values():
                source = asset["source"]
                if "directory" in source:
                    context = manifest.parent / source["directory"]
                    yield BuiltImage(
                        context,
                        context / source.get("dockerFile", "Dockerfile"),
                        source.get("dockerBuildArgs", {}),
                        source.get("platform"),
                        source.get("dockerBuildTarget"),
                        tuple(sorted({place["imageTag"] for place in asset.get("destinations", {}).values()})),
                    )

    def metadata(self) -> dict[str, list[dict[str, Any]]]:
        """What the constructs of the stack recorded, by construct path."""
        found: dict[str, list[dict[str, Any]]] = {}
        described = [*self._described, *([read(self._description)] if self._description is not None else [])]
        for description in described:
            for path, entries in description.items():
                found.setdefault(path.strip("/"), []).extend(entries)
        return found


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


def read(file: Path) -> dict[str, Any]:
    """A JSON file of the assembly."""
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _named(identifier: str, artifact: Mapping[str, Any], names: Sequence[str]) -> bool:
    known_as = (identifier, artifact.get("displayName", identifier))
    return artifact["type"] == _STACK and any(fnmatchcase(own, name) for own in known_as for name in names)


def _stack(folder: Path, artifact: Mapping[str, Any], identifier: str, artifacts: Mapping[str, _Artifact]) -> Stack:
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    dependencies = [artifacts[other] for other in artifact.get("dependencies", []) if other in artifacts]
    description = artifact.get("additionalMetadataFile")
    return Stack(
        properties.get("stackName", identifier),
        None if account == "unknown-account" else account,
        None if region == "unknown-region" else region,
        folder / properties["templateFile"],
        tuple(
            home / other["properties"]["file"] for home, other in dependencies if other["type"] == "cdk:asset-manifest"
        ),
        artifact.get("displayName", identifier),
        properties.get("tags", {}),
        (artifact.get("metadata", {}),),
        None if description is None else folder / description,
    )


def _artifacts(assembly: Path) -> Iterator[tuple[str, _Artifact]]:
    for identifier, artifact in read(assembly / "manifest.json").get("artifacts", {}).items():
        yield identifier, (assembly, artifact)
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _artifacts(assembly / artifact["properties"]["directoryName"])
