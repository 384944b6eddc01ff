"""The request of CloudFormation: the properties of the custom resource, whose values all arrive as text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NUMBERS = {"weight", "base"}


@dataclass(frozen=True)
class Request:
    """One event.

    Attributes:
        identifier: Id of the event, the same when Lambda delivers it twice.
        deletes: Whether the resource is deleted.
        cluster: ARN of the cluster.
        definition: ARN of the task definition.
        container: Name of the application's container.
        command: The command.
        seconds: Longest time of the command.
        again: Whether an earlier version runs its command again.
        parameter: Name of the parameter with the history, which is the physical id too.
        launch: Network, capacity and size of the task, as ``RunTask`` takes them.
        started_by: What all tasks of this resource have in common.
    """

    identifier: str
    deletes: bool
    cluster: str
    definition: str
    container: str
    command: Sequence[str]
    seconds: float
    again: bool
    parameter: str
    launch: Mapping[str, Any]
    started_by: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Request:
        """Read an event."""
        properties = event["ResourceProperties"]
        place = f"{event['StackId']} {event['LogicalResourceId']}"
        return cls(
            identifier=event["RequestId"],
            deletes=event["RequestType"] == "Delete",
            cluster=properties["Cluster"],
            definition=properties["TaskDefinition"],
            container=properties["Container"],
            command=list(properties["Command"]),
            seconds=float(properties["TimeoutSeconds"]),
            again=str(properties["AgainForRollback"]).lower() == "true",
            parameter=properties["History"],
            launch=properties["Launch"],
            started_by=f"release/{hashlib.sha256(place.encode()).hexdigest()[:28]}",
        )

    @property
    def group(self) -> str:
        """The group of the event's own task."""
        return f"release:{self.identifier}"

    def run_task(self, attempt: int) -> dict[str, Any]:
        """Return the request that starts the task; a repeated one starts no second task."""
        size = dict(self.launch.get("size") or {})
        container: dict[str, Any] = {"name": self.container, "command": list(self.command)}
        if "limit" in size:
            container["memory"] = int(size["limit"])
        overrides: dict[str, Any] = {"containerOverrides": [container]}
        for name in ("cpu", "memory"):
            if name in size:
                overrides[name] = str(size[name])
        if "storage" in size:
            overrides["ephemeralStorage"] = {"sizeInGiB": int(size["storage"])}
        options = {name: value for name, value in self.launch.items() if name != "size"}
        strategy = options.get("capacityProviderStrategy")
        if strategy:
            options["capacityProviderStrategy"] = [
                {name: int(value) if name in _NUMBERS else value for name, value in each.items()} for each in strategy
            ]
        return {
            **options,
            "taskDefinition": self.definition,
            "count": 1,
            "overrides": overrides,
            "group": self.group,
            "startedBy": self.started_by,
            "clientToken": f"{self.identifier}-{attempt}"[:64],
            "propagateTags": "TASK_DEFINITION",
            "enableECSManagedTags": True,
        }
