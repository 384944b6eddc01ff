"""The content of a picture, without positions: boxes in groups, and arrows between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Tone(Enum):
    """The subject of a box; each tone has its colour."""

    NETWORK = "network"
    COMPUTE = "compute"
    STORAGE = "storage"
    SECURITY = "security"
    WATCH = "watch"
    OTHER = "other"


@dataclass(frozen=True)
class Row:
    """A row in a box.

    Attributes:
        text: Its text.
        anchor: Name of the anchor that arrows start at; empty if none does.
        framed: Whether it has its own frame.
    """

    text: str
    anchor: str = ""
    framed: bool = False


@dataclass(frozen=True, kw_only=True)
class Box:
    """A resource, or several of one kind.

    Attributes:
        anchor: Name of the anchor for arrows.
        title: Its first line.
        kind: Its second line: the kind of resource.
        rows: Further lines.
        tone: Its subject, which sets its colour.
        tip: Its tooltip.
    """

    anchor: str
    title: str
    kind: str
    rows: tuple[Row, ...] = ()
    tone: Tone = Tone.OTHER
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Boxes and groups that belong together.

    Attributes:
        title: Its title; empty for a group without a frame.
        children: Its boxes and groups.
        beside: Whether they are side by side instead of stacked.
        grid: Whether a high stack of boxes becomes several columns.
        joined: Number of its first boxes that may have arrows: if they need several columns, they are in rows.
        name: Kind of group, which sets its colour.
    """

    title: str = ""
    children: tuple[Box | Group, ...] = ()
    beside: bool = False
    grid: bool = False
    joined: int = 0
    name: str = "plain"


@dataclass(frozen=True)
class Arrow:
    """An arrow.

    Attributes:
        start: Anchor that it starts at.
        end: Anchor that it ends at.
        dashed: Whether it stands for watching, not for traffic or data.
        back: Whether it points at its start: the messages of a queue flow from its end.
    """

    start: str
    end: str
    dashed: bool = False
    back: bool = False


@dataclass(frozen=True)
class Scene:
    """A picture before it is drawn.

    Attributes:
        title: Its title.
        root: The group of everything in it.
        arrows: The arrows.
        hidden: Number of resources that are not drawn, since they only connect others or help to deploy them.
    """

    title: str
    root: Group
    arrows: tuple[Arrow, ...] = ()
    hidden: int = field(default=0)
