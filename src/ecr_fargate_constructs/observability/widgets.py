"""The widget factory: graphs of metrics with their thresholds. Knows no layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEIGHT = 6
"""Rows of the grid that a graph takes."""

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
    """A graph, with a line for each threshold, named after its severity.

    Args:
        title: Title.
        metrics: What is drawn.
        limits: Thresholds by severity.
        unit: What the figures are, at the axis.
        width: Columns of the grid, of 24.
        most: Upper end of the axis; left out, as the figures ask.
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
    """A line of text over the whole width."""
    return cloudwatch.TextWidget(markdown=markdown, width=24, height=1)


def alarm_states(alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    """Which alarms are on."""
    return cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=3)
