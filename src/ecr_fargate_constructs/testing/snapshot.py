"""Templates as snapshots: normalised JSON, one file per test, and differences that name the resource."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from syrupy.extensions.json import JSONSnapshotExtension

from ecr_fargate_constructs.testing.differences import differences
from ecr_fargate_constructs.testing.normalisation import normalised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syrupy.types import PropertyFilter, PropertyMatcher, SerializableData, SerializedData


class TemplateSnapshotExtension(JSONSnapshotExtension):
    """The syrupy extension of ``template_snapshot``, for ``snapshot.use_extension(TemplateSnapshotExtension)``.

    It accepts a ``Template``, the JSON of one, or ``cdk_app``, of which it stores every stack.
    """

    def serialize(
        self,
        data: SerializableData,
        *,
        exclude: PropertyFilter | None = None,
        include: PropertyFilter | None = None,
        matcher: PropertyMatcher | None = None,
    ) -> SerializedData:
        """Return the JSON of the normalised template."""
        templates = getattr(data, "templates", None)
        plain = normalised(data) if templates is None else {name: normalised(each) for name, each in templates.items()}
        if exclude is None and include is None and matcher is None:
            # The same text as syrupy's for plain JSON, without its walk through every value.
            return json.dumps(plain, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        return super().serialize(plain, exclude=exclude, include=include, matcher=matcher)

    def diff_lines(self, serialized_data: SerializedData, snapshot_data: SerializedData) -> Iterator[str]:
        """Yield each resource that differs, with the path and both values."""
        new = json.loads(serialized_data)
        old = json.loads(snapshot_data) if snapshot_data else {}  # nothing is recorded yet
        if _is_template(new):
            yield from differences(old, new)
            return
        for stack in sorted(old.keys() | new.keys()):
            lines = list(differences(old.get(stack, {}), new.get(stack, {})))
            yield from [f"stack {stack}", *(f"  {line}" for line in lines)] if lines else []


def _is_template(data: dict[str, Any]) -> bool:
    return not all(isinstance(value, dict) and "Resources" in value for value in data.values())
