"""The widget factory: graphs of metrics with their thresholds. Independent of the layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEIGHT = 6
"""Rows of the grid that a graph covers."""

_COLOURS = {"Warning": cloudwatch.Color.ORANGE, "Critical": cloudwatch.Color.RED}


def graph(
    title: str,
    metrics: Sequence[cloudwatch.IMetric],
    *,
    limits: Mapping[str, float] | None = None,
    unit: str | None = None,
    width: int = 8,
    most: float | None = None,
) -> cloudwatch.GraphWidget:
    """Return a graph, with a line for each threshold, named after its severity.

    Args:
        title: Title.
        metrics: Metrics to draw.
        limits: Thresholds by severity; default, none.
        unit: Unit of the values, at the axis; default, none.
        width: Columns of the grid, of 24; default, 8.
        most: Upper end of the axis; default, automatic.
    """
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_y_axis=cloudwatch.YAxisProps(min=0, max=most, label=unit, show_units=False),
        left_annotations=[
            cloudwatch.HorizontalAnnotation(
                value=value, label=severity, color=_COLOURS.get(severity, cloudwatch.Color.GREY)
            )
            for severity, value in (limits or {}).items()
        ],
        legend_position=cloudwatch.LegendPosition.BOTTOM,
        width=width,
        height=HEIGHT,
    )


def heading(markdown: str) -> cloudwatch.TextWidget:
    """Return a line of text over the whole width."""
    return cloudwatch.TextWidget(markdown=markdown, width=24, height=1)


def alarm_states(alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    """Return a widget with the states of alarms."""
    return cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=3)
