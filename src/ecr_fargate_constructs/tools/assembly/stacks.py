"""The stacks and the images of a cloud assembly: where what is in which file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_Artifact: TypeAlias = "tuple[Path, dict[str, Any]]"  # the folder that its paths begin at, and what is said of it
_LARGEST = 64 * 2**20  # bytes; CloudFormation takes templates of one MiB
_MOST_NESTED = 2_000  # the quota of stacks of an account
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
                    check_nesting(self, len(templates))

    def nested_template(self, file: Path, resource: Mapping[str, Any]) -> Path | None:
        """The template of a resource that is a nested stack; None for others."""
        if resource["Type"] != "AWS::CloudFormation::Stack":
            return None
        named = resource.get("Metadata", {}).get("aws:asset:path")
        if named:
            return file.parent / str(named)
        # The metadata are written by the command line only; the address of the template ends in its asset's hash.
        address = json.dumps(resource.get("Properties", {}).get("TemplateURL", ""))
        return next((file for identifier, file in self._files if identifier in address), None)

    @cached_property
    def _files(self) -> list[tuple[str, Path]]:
        """The files that its asset manifests have published, by their hash."""
        return [
            (identifier, manifest.parent / str(asset["source"]["path"]))
            for manifest in self.assets
            for identifier, asset in read(manifest).get("files", {}).items()
            if identifier and "path" in asset["source"]
        ]

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
    taken = set(chosen)
    for identifier in chosen:  # it grows meanwhile
        more = [other for other in artifacts[identifier][1].get("dependencies", []) if other in artifacts]
        chosen += [other for other in dict.fromkeys(more) if other not in taken]
        taken.update(more)
    return [
        _stack(folder, artifact, identifier, artifacts)
        for identifier, (folder, artifact) in artifacts.items()
        if identifier in taken and artifact["type"] == _STACK
    ]


def read(file: Path) -> dict[str, Any]:
    """A JSON file of the assembly."""
    if not file.is_file():  # a pipe, or a device, has no end
        raise FileNotFoundError(f"{file} is no file")
    if file.stat().st_size > _LARGEST:
        raise ValueError(f"{file} has more than {_LARGEST // 2**20} MiB")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{file} holds no object of JSON")  # noqa: TRY004 - a fault of the file's, as the others
    return content


def check_nesting(stack: Stack, count: int) -> None:
    """Refuse more nested stacks than CloudFormation makes, as one that names itself would have.

    Raises:
        ValueError: There are more.
    """
    if count > _MOST_NESTED:
        raise ValueError(f"the stack {stack.name} has more than {_MOST_NESTED} nested ones; one of them names itself?")


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


def missing_context(assembly: Path) -> list[str]:
    """What the app asked of an account and did not get: keys of context."""
    keys = []
    for folder in dict.fromkeys([assembly, *(folder for _, (folder, _) in _artifacts(assembly))]):
        missing = read(folder / "manifest.json").get("missing")
        keys += [
            str(each.get("key")) for each in (missing if isinstance(missing, list) else ()) if isinstance(each, dict)
        ]
    return list(dict.fromkeys(keys))


def _artifacts(assembly: Path, above: frozenset[Path] = frozenset()) -> Iterator[tuple[str, _Artifact]]:
    above = above or frozenset({assembly.resolve()})
    for identifier, artifact in read(assembly / "manifest.json").get("artifacts", {}).items():
        yield identifier, (assembly, artifact)
        if artifact["type"] == "cdk:cloud-assembly":
            inner = assembly / artifact["properties"]["directoryName"]
            if inner.resolve() in above:
                raise ValueError(f"{inner} is an assembly in itself")
            yield from _artifacts(inner, above | {inner.resolve()})
