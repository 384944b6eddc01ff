"""A copy of a synthesized app with one fault in it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tests.support.templates import of_type

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Copy:
    """A cloud assembly to edit; ``save`` writes what was edited."""

    folder: Path

    @cached_property
    def template(self) -> dict[str, Any]:
        """Its template."""
        content: dict[str, Any] = json.loads(self._file(".template.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def assets(self) -> dict[str, Any]:
        """Its asset manifest."""
        content: dict[str, Any] = json.loads(self._file(".assets.json").read_text(encoding="utf-8"))
        return content

    @property
    def image(self) -> dict[str, Any]:
        """Where its image is built from."""
        (asset,) = self.assets["dockerImages"].values()
        source: dict[str, Any] = asset["source"]
        return source

    @property
    def context(self) -> Path:
        """The build context of its image."""
        return self.folder / str(self.image["directory"])

    def only(self, kind: str) -> dict[str, Any]:
        """Properties of the one resource of a type."""
        (resource,) = of_type(self.template, kind).values()
        properties: dict[str, Any] = resource["Properties"]
        return properties

    def named(self, start: str) -> dict[str, Any]:
        """Properties of the one resource whose logical id begins so."""
        (name,) = (name for name in self.template["Resources"] if name.startswith(start))
        properties: dict[str, Any] = self.template["Resources"][name]["Properties"]
        return properties

    def remove(self, *starts: str) -> None:
        """Take resources away, by how their logical ids begin."""
        for start in starts:
            names = [name for name in self.template["Resources"] if name.startswith(start)]
            assert names, start
            for name in names:
                del self.template["Resources"][name]

    @property
    def service(self) -> dict[str, Any]:
        """Properties of its service."""
        return self.only("AWS::ECS::Service")

    @property
    def task(self) -> dict[str, Any]:
        """Properties of its task definition."""
        return self.only("AWS::ECS::TaskDefinition")

    @property
    def container(self) -> dict[str, Any]:
        """Its container."""
        container: dict[str, Any] = self.task["ContainerDefinitions"][0]
        return container

    @property
    def group(self) -> dict[str, Any]:
        """Properties of its target group."""
        return self.only("AWS::ElasticLoadBalancingV2::TargetGroup")

    @property
    def subnets(self) -> list[Any]:
        """The subnets of its tasks."""
        subnets: list[Any] = self.service["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]
        return subnets

    def dockerfile(self, old: str, new: str) -> None:
        """Change its Dockerfile."""
        file = self.context / "Dockerfile"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def attribute(self, name: str, value: str) -> None:
        """Set an attribute of its target group."""
        rest = [entry for entry in self.group["TargetGroupAttributes"] if entry["Key"] != name]
        self.group["TargetGroupAttributes"] = [*rest, {"Key": name, "Value": value}]

    def save(self) -> Path:
        """Write what was edited."""
        self._file(".template.json").write_text(json.dumps(self.template), encoding="utf-8")
        self._file(".assets.json").write_text(json.dumps(self.assets), encoding="utf-8")
        return self.folder

    def _file(self, ending: str) -> Path:
        (file,) = self.folder.glob(f"*{ending}")
        return file


def copy_of(folder: Path, into: Path) -> Copy:
    """A copy of an assembly, without the code of functions."""
    shutil.copytree(folder, into, ignore=shutil.ignore_patterns("bootstrap", "*.zip", "index.js"))
    return Copy(into)
