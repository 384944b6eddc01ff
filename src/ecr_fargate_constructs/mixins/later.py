"""Property overrides that are decided at synth, because the app may set the property after the mixin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import jsii

from ecr_fargate_constructs.mixins.adopted import properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def at_synth(produce: Callable[[], object]) -> cdk.IResolvable:
    """Return a value that is asked for whenever the template is rendered; None removes the property."""
    return cdk.Lazy.uncached_any(_Producer(produce))


def fill(resource: cdk.CfnResource, defaults: Mapping[str, object]) -> None:
    """Set properties of a resource that the app does not set, neither now nor later.

    Args:
        resource: The resource.
        defaults: Values by the names of the properties, as CloudFormation writes them. If the app sets one of them,
            none is used.
    """

    def produce(name: str, default: object) -> object:
        known = properties(resource, *map(_camel, defaults))
        given = {each: known.get(_camel(each)) for each in defaults}
        if all(value is None for value in given.values()):
            return default
        return _as_in_template(given[name])

    for name, default in defaults.items():
        resource.add_property_override(name, at_synth(partial(produce, name, default)))


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _as_in_template(value: Any) -> Any:  # noqa: ANN401 - of any type
    """Return a structure with the names that CloudFormation has for its parts."""
    return {key[0].upper() + key[1:]: each for key, each in value.items()} if isinstance(value, dict) else value


@jsii.implements(cdk.IAnyProducer)
class _Producer:
    def __init__(self, produce: Callable[[], object]) -> None:
        self._produce = produce

    def produce(self, context: cdk.IResolveContext) -> object:  # noqa: ARG002 - CDK passes it
        """Return the value."""
        return self._produce()
