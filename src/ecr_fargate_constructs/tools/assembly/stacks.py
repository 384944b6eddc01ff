"""The stacks and images of a cloud assembly, and the files that hold them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_Artifact: TypeAlias = (
    "tuple[Path, dict[str, Any]]"  # the folder that its paths are relative to, and its entry in the manifest
)
_MAX_BYTES = 64 * 2**20  # of a file; CloudFormation accepts templates of up to one MiB
_MAX_NESTED = 2_000  # an account's default quota of stacks
_STACK = "aws:cloudformation:stack"


@dataclass(frozen=True)
class BuiltImage:
    """An image that the CDK command line will build.

    Attributes:
        context: Directory of the build context.
        dockerfile: The Dockerfile.
        arguments: Build arguments.
        platform: Platform, such as ``linux/arm64``; None for that of the machine that builds.
        target: Stage of the Dockerfile; None for the last.
        tags: Its tags in the repositories that it is pushed to.
        contexts: Its named build contexts.
    """

    context: Path
    dockerfile: Path
    arguments: dict[str, str]
    platform: str | None = None
    target: str | None = None
    tags: tuple[str, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """A stack of the app.

    Attributes:
        name: Name in CloudFormation.
        account: Account id; None if the app does not name one.
        region: Region; None if the app does not name one.
        template: File of its template.
        assets: Its asset manifests.
        display: Its name in ``cdk list``.
        tags: Its tags, which CloudFormation passes on to its resources.
    """

    name: str
    account: str | None
    region: str | None
    template: Path
    assets: tuple[Path, ...]
    display: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    _metadata: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, compare=False)
    _metadata_file: Path | None = field(default=None, repr=False, compare=False)

    def resources(self) -> Iterator[tuple[str, str]]:
        """Yield type and logical id of each resource, including those of nested stacks."""
        templates = [self.template]
        for file in templates:
            for logical_id, resource in read(file).get("Resources", {}).items():
                yield resource["Type"], logical_id
                nested = self.nested_template(file, resource)
                if nested is not None:
                    templates.append(nested)
                    check_nesting(self, len(templates))

    def nested_template(self, file: Path, resource: Mapping[str, Any]) -> Path | None:
        """Return the template file of a resource that is a nested stack; None for any other resource."""
        if resource["Type"] != "AWS::CloudFormation::Stack":
            return None
        asset_path = resource.get("Metadata", {}).get("aws:asset:path")
        if asset_path:
            return file.parent / str(asset_path)
        # Only the CDK command line writes this metadata; the template's URL ends in the hash of its asset.
        url = json.dumps(resource.get("Properties", {}).get("TemplateURL", ""))
        return next((file for identifier, file in self._files if identifier in url), None)

    @cached_property
    def _files(self) -> list[tuple[str, Path]]:
        """The files that its asset manifests publish, each with its hash."""
        return [
            (identifier, manifest.parent / str(asset["source"]["path"]))
            for manifest in self.assets
            for identifier, asset in read(manifest).get("files", {}).items()
            if identifier and "path" in asset["source"]
        ]

    def built_images(self) -> Iterator[BuiltImage]:
        """Yield the images that its asset manifests build from a directory."""
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
                        source.get("dockerBuildContexts", {}),
                    )

    def metadata(self) -> dict[str, list[dict[str, Any]]]:
        """Return the metadata that the constructs of the stack recorded, by construct path."""
        entries_by_path: dict[str, list[dict[str, Any]]] = {}
        metadata = [*self._metadata, *([read(self._metadata_file)] if self._metadata_file is not None else [])]
        for part in metadata:
            for path, entries in part.items():
                entries_by_path.setdefault(path.strip("/"), []).extend(entries)
        return entries_by_path


def stacks(assembly: Path, names: Sequence[str] = ()) -> list[Stack]:
    """Return the stacks that ``cdk deploy`` takes for these names, with their dependencies; all if empty."""
    artifacts = dict(_artifacts(assembly))
    chosen = [
        identifier
        for identifier, (_, artifact) in artifacts.items()
        if not names or _matches(identifier, artifact, names)
    ]
    seen = set(chosen)
    for identifier in chosen:  # the loop appends to the list
        dependencies = [other for other in artifacts[identifier][1].get("dependencies", []) if other in artifacts]
        chosen += [other for other in dict.fromkeys(dependencies) if other not in seen]
        seen.update(dependencies)
    return [
        _stack(folder, artifact, identifier, artifacts)
        for identifier, (folder, artifact) in artifacts.items()
        if identifier in seen and artifact["type"] == _STACK
    ]


def read(file: Path) -> dict[str, Any]:
    """Return the content of a JSON file of the assembly."""
    if not file.is_file():  # reading a pipe or a device may never end
        raise FileNotFoundError(f"{file} is not a file")
    if file.stat().st_size > _MAX_BYTES:
        raise ValueError(f"{file} has more than {_MAX_BYTES // 2**20} MiB")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{file} holds no JSON object")  # noqa: TRY004 - the file is at fault, as above
    return content


def check_nesting(stack: Stack, count: int) -> None:
    """Refuse more nested stacks than an account may have: a stack that contains itself would never end.

    Raises:
        ValueError: There are more.
    """
    if count > _MAX_NESTED:
        raise ValueError(f"stack {stack.name} has more than {_MAX_NESTED} nested stacks; does one contain itself?")


def _matches(identifier: str, artifact: Mapping[str, Any], names: Sequence[str]) -> bool:
    own_names = (identifier, artifact.get("displayName", identifier))
    return artifact["type"] == _STACK and any(fnmatchcase(own, name) for own in own_names for name in names)


def _stack(folder: Path, artifact: Mapping[str, Any], identifier: str, artifacts: Mapping[str, _Artifact]) -> Stack:
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    dependencies = [artifacts[other] for other in artifact.get("dependencies", []) if other in artifacts]
    metadata_file = artifact.get("additionalMetadataFile")
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
        None if metadata_file is None else folder / metadata_file,
    )


def missing_context(assembly: Path) -> list[str]:
    """Return the keys of the context that the app needs and that nobody has looked up."""
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
                raise ValueError(f"the cloud assembly {inner} contains itself")
            yield from _artifacts(inner, above | {inner.resolve()})
