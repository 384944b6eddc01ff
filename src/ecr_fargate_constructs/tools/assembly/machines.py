"""The EC2 instances of an app, with their launch template or launch configuration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App, Resource

GROUP = "AWS::AutoScaling::AutoScalingGroup"
_TEMPLATE = "AWS::EC2::LaunchTemplate"
_MIXED = ("MixedInstancesPolicy", "LaunchTemplate")
_ALL = 100  # percent on demand, EC2's default


@dataclass(frozen=True)
class Machines:
    """The instances of an Auto Scaling group, or a single instance.

    Attributes:
        app: The app.
        resource: The group or the instance.
    """

    app: App
    resource: Resource

    @property
    def least(self) -> int | None:
        """Minimum size of the group; None if only the deployment knows it."""
        return 1 if self.resource.kind != GROUP else self._number(self.resource.get("MinSize"))

    @property
    def most(self) -> int | None:
        """Maximum size of the group; None if only the deployment knows it."""
        return 1 if self.resource.kind != GROUP else self._number(self.resource.get("MaxSize"))

    @cached_property
    def plan(self) -> Resource | None:
        """The launch template or launch configuration; None if the app does not create it."""
        home = self.resource.template
        named = self.resource.get("LaunchTemplate") or self.resource.get(*_MIXED, "LaunchTemplateSpecification") or {}
        value = named or self.resource.get("LaunchConfigurationName")
        target = self.app.target(value, home)
        if target is not None or not isinstance(named, dict):
            return target
        name = self.app.literal(named.get("LaunchTemplateName"), home)
        templates = (each for each in self.app.of(_TEMPLATE) if name is not None and each.template.stack is home.stack)
        return next((each for each in templates if _text(each, "LaunchTemplateName") == name), None)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """Instance types that it may launch; none if only the deployment knows them."""
        overrides = self.resource.get(*_MIXED, "Overrides") or []
        named = [self.app.literal(each.get("InstanceType"), self.resource.template) for each in overrides]
        if not named:
            value, home = self.setting("InstanceType")
            named = [self.app.literal(value, home.template)]
        return tuple(dict.fromkeys(each for each in named if each is not None)) if all(named) else ()

    @property
    def volumes(self) -> tuple[tuple[str, int], ...]:
        """Type and size in GiB of each volume that it adds to an instance."""
        mappings, home = self.setting("BlockDeviceMappings")
        disks = [each.get("Ebs") or {} for each in mappings or []]
        sizes = [
            (str(disk.get("VolumeType") or "gp2"), self.app.number(disk.get("VolumeSize"), home.template))
            for disk in disks
        ]
        return tuple((kind, size) for kind, size in sizes if size is not None)

    def on_demand(self, count: int) -> int:
        """Return how many of ``count`` instances are not Spot instances."""
        market, _ = self.setting("InstanceMarketOptions")
        price, _ = self.setting("SpotPrice")
        if price is not None or (isinstance(market, dict) and market.get("MarketType") == "spot"):
            return 0
        parts = self.resource.get("MixedInstancesPolicy", "InstancesDistribution") or {}
        base = min(count, self._number(parts.get("OnDemandBaseCapacity")) or 0)
        percent = self._number(parts.get("OnDemandPercentageAboveBaseCapacity"))
        return base - (-(count - base) * (_ALL if percent is None else percent) // _ALL)

    def setting(self, name: str) -> tuple[Any, Resource]:
        """Return a launch setting, and the resource that has it."""
        own = self.resource.get(name)
        if own is not None or self.plan is None:
            return own, self.resource
        inside = ("LaunchTemplateData",) if self.plan.kind == _TEMPLATE else ()
        return self.plan.get(*inside, name), self.plan

    def _number(self, value: Any) -> int | None:  # noqa: ANN401 - whatever CloudFormation has
        return self.app.number(value, self.resource.template)


def _text(resource: Resource, name: str) -> str:
    return str(resource.get(name))
