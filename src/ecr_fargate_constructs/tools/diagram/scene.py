"""What a picture shows: boxes in groups, and arrows between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Tone(Enum):
    """What a box is about; each tone has a colour."""

    NETWORK = "network"
    COMPUTE = "compute"
    STORAGE = "storage"
    SECURITY = "security"
    WATCH = "watch"
    OTHER = "other"


@dataclass(frozen=True)
class Row:
    """A line in a box.

    Attributes:
        text: What it says.
        anchor: Name by which arrows begin at it; empty when none does.
        framed: Whether it is drawn as a box of its own.
    """

    text: str
    anchor: str = ""
    framed: bool = False


@dataclass(frozen=True, kw_only=True)
class Box:
    """A resource, or several of a kind.

    Attributes:
        anchor: Its name, for arrows.
        title: Its first line.
        kind: What it is.
        rows: Further lines.
        tone: What it is about.
        tip: What a pointer that rests on it is shown.
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
        title: What it says above them; empty for a group that is not drawn.
        children: What is in it.
        beside: Whether they stand side by side, not one below the other.
        name: What kind of group it is.
    """

    title: str = ""
    children: tuple[Box | Group, ...] = ()
    beside: bool = False
    name: str = "plain"


@dataclass(frozen=True)
class Arrow:
    """An arrow.

    Attributes:
        start: Anchor that it begins at.
        end: Anchor that it leads to.
        dashed: Whether it only looks, and carries nothing.
    """

    start: str
    end: str
    dashed: bool = False


@dataclass(frozen=True)
class Scene:
    """A picture before it is drawn.

    Attributes:
        title: What it is of.
        root: Everything in it.
        arrows: The arrows.
        hidden: How many resources it leaves out, since they only join others.
    """

    title: str
    root: Group
    arrows: tuple[Arrow, ...] = ()
    hidden: int = field(default=0)
