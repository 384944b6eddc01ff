"""Draw the dashboard of examples/observability.py for the documentation: its layout from the template, sample data.

``python scripts/dashboard_picture.py`` writes docs/dashboard.svg; a test compares the file with the result.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import random
import zlib
from html import escape
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import assertions

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "dashboard.svg"
_CELL_WIDTH, _CELL_HEIGHT, _GAP = 44, 30, 6
_POINTS = 60
_INK, _FAINT, _LINE = "#16191f", "#687078", "#d5dbdb"
_COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c")
# Label of a metric: the level of its sample data, how much it varies, and what a bad deployment at minute 40 adds.
_SAMPLES = {
    "requests a minute": (1800, 220, 0),
    "5xx, % of the requests": (0.2, 0.2, 7),
    "p50, seconds": (0.08, 0.02, 0.05),
    "p90, seconds": (0.35, 0.08, 0.5),
    "p99, seconds": (0.9, 0.2, 1.9),
    "CPU, %": (46, 7, 18),
    "memory, %": (58, 2, 3),
    "healthy tasks": (4, 0, 0),
    "unhealthy tasks": (0, 0, 1),
    "desired": (4, 0, 0),
    "running": (4, 0, 0),
    "pending": (0, 0, 1),
    "in, bytes a second": (410_000, 40_000, 0),
    "out, bytes a second": (1_250_000, 90_000, 0),
}


def dashboard_body() -> dict[str, Any]:
    """Return the dashboard's body, with references resolved."""
    source = ROOT / "examples" / "observability.py"
    spec = importlib.util.spec_from_file_location("observability_example", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    template = assertions.Template.from_stack(module.build(cdk.App())).to_json()
    [dashboard] = [item for item in template["Resources"].values() if item["Type"] == "AWS::CloudWatch::Dashboard"]
    body = dashboard["Properties"]["DashboardBody"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else _name(part) for part in body)
    found: dict[str, Any] = json.loads(text)
    return found


def _name(reference: dict[str, Any]) -> str:
    target = reference.get("Ref") or reference["Fn::GetAtt"][0]
    return str(target)


def draw(body: dict[str, Any]) -> str:
    """Return the picture."""
    height = max(widget["y"] + widget["height"] for widget in body["widgets"]) * _CELL_HEIGHT
    width = 24 * _CELL_WIDTH
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 30}" font-family="sans-serif">',
        "<title>The dashboard of a service, with sample data</title>",
        f'<rect width="{width}" height="{height + 30}" fill="#f2f3f3"/>',
    ]
    for widget in body["widgets"]:
        box = (
            widget["x"] * _CELL_WIDTH + _GAP / 2,
            widget["y"] * _CELL_HEIGHT + _GAP / 2,
            widget["width"] * _CELL_WIDTH - _GAP,
            widget["height"] * _CELL_HEIGHT - _GAP,
        )
        parts += {"text": _text, "alarm": _alarms, "metric": _graph}[widget["type"]](widget["properties"], *box)
    note = (
        "Layout, metrics and thresholds are those of the template; the rest is sample data: a bad version at minute "
        "40, the alarms at minute 44."
    )
    parts.append(_label(note, _GAP, height + 19, size=12, colour=_FAINT))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _label(text: str, x: float, y: float, *, size: int = 11, colour: str = _INK, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _panel(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#ffffff" stroke="{_LINE}"/>'


def _text(properties: dict[str, Any], x: float, y: float, _width: float, height: float) -> list[str]:
    return [_label(properties["markdown"].lstrip("# "), x + 4, y + height - 6, size=16)]


def _alarms(properties: dict[str, Any], x: float, y: float, width: float, height: float) -> list[str]:
    parts = [_panel(x, y, width, height), _label(properties["title"], x + 8, y + 16, size=13)]
    alarms = properties["alarms"]
    each = (width - 16) / len(alarms)
    for index, name in enumerate(alarms):
        short = name.removeprefix("WebAlarms")[:-8]
        going_off = short in {"ErrorsWarning", "ErrorsCritical", "UnhealthyCritical"}
        colour = "#d13212" if going_off else "#1d8102"
        left = x + 8 + index * each
        parts += [
            f'<rect x="{left:.1f}" y="{y + 26}" width="{each - 4:.1f}" height="{height - 34}" fill="{colour}"/>',
            _label(short, left + 4, y + 46, size=10, colour="#ffffff"),
            _label("In alarm" if going_off else "OK", left + 4, y + 62, size=10, colour="#ffffff"),
        ]
    return parts


def _graph(properties: dict[str, Any], x: float, y: float, width: float, height: float) -> list[str]:
    labels = [_metric_label(metric) for metric in properties["metrics"]]
    series = {label: _sample(label) for label in labels if label is not None}
    limits = properties.get("annotations", {}).get("horizontal", [])
    axis = properties["yAxis"]["left"]
    highest = [value for values in series.values() for value in values] + [limit["value"] for limit in limits]
    top = axis.get("max") or _round_up(max(highest))
    left, right, upper, lower = x + 44, x + width - 10, y + 26, y + height - 30
    parts = [_panel(x, y, width, height), _label(properties["title"], x + 8, y + 16, size=13)]
    if axis.get("label"):
        parts.append(_label(axis["label"], x + width - 10, y + 16, colour=_FAINT, anchor="end"))
    for share in (0, 0.5, 1):
        level = lower - (lower - upper) * share
        parts.append(f'<path d="M{left:.1f} {level:.1f}H{right:.1f}" stroke="{_LINE}"/>')
        parts.append(_label(_figure(top * share), left - 6, level + 4, size=10, colour=_FAINT, anchor="end"))
    for limit in limits:
        level = lower - (lower - upper) * limit["value"] / top
        parts.append(
            f'<path d="M{left:.1f} {level:.1f}H{right:.1f}" stroke="{limit["color"]}" stroke-dasharray="5 3"/>'
        )
        parts.append(_label(limit["label"], right, level - 3, size=10, colour=limit["color"], anchor="end"))
    for index, (label, values) in enumerate(series.items()):
        colour = _COLOURS[index]
        step = (right - left) / (_POINTS - 1)
        line = " ".join(
            f"{left + step * at:.1f},{lower - (lower - upper) * min(1, value / top):.1f}"
            for at, value in enumerate(values)
        )
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(_label(f"— {label}", x + 8 + index * (width - 16) / 3, y + height - 10, size=10, colour=colour))
    return parts


def _metric_label(metric: list[Any]) -> str | None:
    """Return the label of a drawn metric; None for a metric that is only part of an expression."""
    options: dict[str, Any] = metric[-1] if isinstance(metric[-1], dict) else {}
    return None if options.get("visible") is False else options["label"]


def _sample(label: str) -> list[float]:
    base, move, bad = _SAMPLES[label]
    noise = random.Random(zlib.crc32(label.encode()))  # noqa: S311 - the same picture every time
    values = []
    for minute in range(_POINTS):
        wave = math.sin(minute / 9) * move / 2 + noise.uniform(-1, 1) * move / 2
        values.append(max(0, base + wave + (bad if 40 <= minute < 46 else 0)))
    return values


def _round_up(value: float) -> float:
    scale = 10.0 ** math.floor(math.log10(value))
    found: float = next(step * scale for step in (1.2, 1.6, 2, 3, 4, 5, 6, 8, 10, 12) if step * scale >= value * 1.05)
    return found


def _figure(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:.2g}" if value < 10 else f"{value:g}"


if __name__ == "__main__":
    os.environ.setdefault("CDK_VALIDATION", "false")
    PICTURE.write_text(draw(dashboard_body()), encoding="utf-8")
