"""Draw alarms: one box for those of each service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.diagram.scene import Arrow, Box, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ecr_fargate_constructs.tools.assembly.model import App, Resource

ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


def with_alarms(
    app: App, owners: Mapping[Resource, str], outside: Sequence[Box], arrows: Sequence[Arrow]
) -> tuple[list[Box], list[Arrow]]:
    """Return the boxes outside the network with those of the alarms, and the arrows to the latter.

    The alarms of a service or job follow the last box that it uses.

    Args:
        app: The app.
        owners: The anchors of the services and jobs, by the resources that alarms watch.
        outside: The boxes outside the network.
        arrows: The arrows so far.
    """
    by_owner: dict[str, list[Resource]] = {}
    for alarm in app.of(*ALARMS):
        watched = app.targets(alarm.properties, alarm.template)
        owner = next((owners[each] for each in watched if each in owners), None)
        by_owner.setdefault(owner or "", []).append(alarm)
    positions = {box.anchor: position for position, box in enumerate(outside)}
    ends: dict[str, list[str]] = {}
    for arrow in arrows:
        if not arrow.dashed:
            ends.setdefault(arrow.start, []).append(arrow.end)
    after: dict[int, list[Box]] = {}
    last: list[Box] = []
    for anchor, alarms in by_owner.items():
        box = _box(anchor, alarms)
        used_positions = [positions[each] for each in ends.get(anchor, ()) if each in positions]
        if used_positions:
            after.setdefault(max(used_positions), []).insert(0, box)
        else:
            last.append(box)
    merged = ((box, *after.get(position, ())) for position, box in enumerate(outside))
    watching = [Arrow(anchor, f"alarms:{anchor}", dashed=True) for anchor in by_owner if anchor]
    return [*(each for boxes in merged for each in boxes), *last], watching


def _box(anchor: str, alarms: Sequence[Resource]) -> Box:
    return Box(
        anchor=f"alarms:{anchor}",
        title="1 alarm" if len(alarms) == 1 else f"{len(alarms)} alarms",
        kind="CloudWatch",
        tone=Tone.WATCH,
        tip=", ".join(alarm.path for alarm in alarms),
    )
