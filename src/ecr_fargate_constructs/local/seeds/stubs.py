"""Make stubs for resources that an app's templates refer to and none of its stacks creates."""

from __future__ import annotations

import json
import re
import secrets
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.seeds.model import SUFFIX, Seeds, Zone
from ecr_fargate_constructs.local.seeds.references import mappings, text, texts
from ecr_fargate_constructs.tools.assembly import stacks as assembly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.stacks import Stack

# ARN, and of an ECS secret the field of JSON: ECS developer guide, "Pass sensitive data to a container".
_SECRET = re.compile(r"(arn:[^:]+:secretsmanager:([^:]+):([^:]+):secret:([^:*?]+))(?::([^:]*))?(?::.*)?")
_PARAMETER = re.compile(r"arn:[^:]+:ssm:[^:]+:[^:]+:parameter(/[^*]+|/[^/*]+)")
_DYNAMIC = re.compile(r"\{\{resolve:(secretsmanager|ssm|ssm-secure):([^{}]+)\}\}")
_IMAGE = re.compile(r"[^/]+\.dkr\.ecr\.[^/]+/([^:@]+:[^:@]+)")
_AWS_OWN = ("/aws/", "/cdk-bootstrap/")  # prefixes of AWS's public parameters, and of those of the bootstrap stack


def stubs(assembly_directory: Path) -> Seeds:
    """Return stubs for resources that a cloud assembly refers to by a fixed name, and that none of its stacks creates.

    Secrets and parameters get random values. Images have no stub: their entries are empty.
    """
    references = _References()
    for stack in assembly.stacks(assembly_directory):
        references.environment = (stack.region, stack.account)
        for template in _templates(stack):
            references.read(template)
        for manifest in stack.assets:
            for asset in assembly.read(manifest).get("dockerImages", {}).values():
                places = asset["destinations"].values()
                # With placeholders as in a template.
                references.created.update(str(text({"Fn::Sub": place["repositoryName"]})) for place in places)
    return references.seeds()


class _References:
    """The resources that templates refer to, and those that they create."""

    def __init__(self) -> None:
        self.created: set[str] = set()
        self.environment: tuple[str | None, str | None] = (None, None)
        self._secrets: dict[str, set[str]] = {}
        self._parameters: dict[str, bool] = {}
        self._zones: dict[str, list[str]] = {}
        self._images: set[str] = set()

    def read(self, template: dict[str, Any]) -> None:
        """Collect the references and the resources of a template."""
        for parameter in template.get("Parameters", {}).values():
            kind, name = str(parameter.get("Type")), parameter.get("Default")
            if kind.startswith("AWS::SSM::Parameter::Value<") and isinstance(name, str):
                self._parameters[name] = "<List<" in kind
        for resource in template.get("Resources", {}).values():
            properties = resource.get("Properties", {})
            names = {
                "AWS::ECR::Repository": "RepositoryName",
                "AWS::SecretsManager::Secret": "Name",
                "AWS::SSM::Parameter": "Name",
            }
            name_in_template = text(properties.get(names.get(resource["Type"], "")))
            if name_in_template is not None:
                self.created.add(name_in_template)
            self._read_properties(properties)

    def _read_properties(self, properties: dict[str, Any]) -> None:
        for mapping in mappings(properties):
            zone, name = mapping.get("HostedZoneId"), text(mapping.get("Name", mapping.get("DomainName")))
            if isinstance(zone, str) and name is not None:  # the target of an alias has a zone of AWS, and no name
                self._zones.setdefault(zone, []).append(name.rstrip("."))
        for key, value in texts(properties):
            if secret := _SECRET.fullmatch(value):
                arn, region, account, name, field = secret.groups()
                own = (region, account) == self.environment and not SUFFIX.search(name)
                # A name is enough for an ARN in any account and region, and for one that ends in the name itself.
                fields = self._secrets.setdefault(name if own or "${" in region + account else arn, set())
                fields.update([field] if field else [])
            elif parameter := _PARAMETER.fullmatch(value):
                path = parameter[1]
                self._parameters.setdefault(path if path.count("/") > 1 else path[1:], False)
            elif key == "Image" and (image := _IMAGE.fullmatch(value)):
                self._images.add(image[1])
            for service, reference in _DYNAMIC.findall(value):
                self._refer(service, reference)

    def _refer(self, service: str, reference: str) -> None:
        """Collect a dynamic reference: CloudFormation user guide, "Get values stored in other services"."""
        if service != "secretsmanager":
            self._parameters.setdefault(reference.partition(":")[0], False)
            return
        arn = re.match(r"arn:[^:]+:secretsmanager:[^:]+:[^:]+:secret:[^:]+", reference)
        name = arn[0] if arn else reference.partition(":")[0]
        if "${" in name:
            name = name.rpartition(":")[2]
        _kind, key, *_ = [*reference.removeprefix(arn[0] if arn else name).lstrip(":").split(":"), "", ""]
        self._secrets.setdefault(name, set()).update([key] if key else [])

    def seeds(self) -> Seeds:
        """Return stubs for the references to resources that no template creates."""
        return Seeds(
            secrets={
                name: json.dumps({field: _random() for field in sorted(fields)}) if fields else _random()
                for name, fields in sorted(self._secrets.items())
                if name not in self.created
            },
            parameters={
                name: (_random(),) if several else _random()
                for name, several in sorted(self._parameters.items())
                if name not in self.created and not name.startswith(_AWS_OWN)
            },
            zones=tuple(Zone(_domain(names), zone) for zone, names in sorted(self._zones.items())),
            images={name: "" for name in sorted(self._images) if name.partition(":")[0] not in self.created},
            stubs=True,
        )


def _templates(stack: Stack) -> Iterator[dict[str, Any]]:
    files = [stack.template]
    for file in files:
        template = assembly.read(file)
        yield template
        for resource in template.get("Resources", {}).values():
            nested = stack.nested_template(file, resource)
            if nested is not None:
                files.append(nested)
                assembly.check_nesting(stack, len(files))


def _domain(names: Sequence[str]) -> str:
    """Return the longest domain that contains all names."""
    levels = zip(*(reversed(name.split(".")) for name in names), strict=False)
    shared = [level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels)]
    return ".".join(reversed(shared)) or names[0]


def _random() -> str:
    return secrets.token_urlsafe(24)
