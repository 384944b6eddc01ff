"""``ecr-fargate diagram``: nothing over anything else, nothing lost, the same bytes each time."""

from __future__ import annotations

import sys
from itertools import combinations
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.diagram import png as drawn
from ecr_fargate_constructs.tools.diagram.architecture import scene_of
from ecr_fargate_constructs.tools.diagram.labels import is_plumbing
from ecr_fargate_constructs.tools.diagram.layout import Frame, lay_out, shortened, text_width
from ecr_fargate_constructs.tools.diagram.png import png
from ecr_fargate_constructs.tools.diagram.scene import Arrow, Box, Group, Row, Scene, Tone
from ecr_fargate_constructs.tools.diagram.svg import FONTS, Curves, Theme, svg
from ecr_fargate_constructs.tools.errors import ToolError
from tests.support import ROOT
from tests.support.example_apps import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.model import App

NAMES = [file.stem for file in EXAMPLES]
_SVG = "{http://www.w3.org/2000/svg}"
_PART_OF_OTHERS = (
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::ECS::TaskDefinition",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ServiceDiscovery::Service",
)


@pytest.fixture(params=[*NAMES, "plain"])
def app(request: pytest.FixtureRequest, assemblies: Path, plain: Path) -> App:
    """Each example, and an app that uses no construct of ours."""
    return load(plain if request.param == "plain" else assemblies / request.param)


def _apart(one: Frame, other: Frame) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def _inside(inner: Frame, outer: Frame) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def test_nothing_is_over_anything_else_and_every_text_has_room(app: App) -> None:
    layout = lay_out(scene_of(app).root, margin=10, top=10)
    for (one, first), (other, second) in combinations(layout.boxes, 2):
        assert _apart(first, second), (one, other)
    for (outer, first), (inner, second) in combinations(layout.groups, 2):
        assert _apart(first, second) or _inside(second, first), (outer.title, inner.title)
    for box, frame in layout.boxes:
        assert _inside(frame, Frame(0, 0, layout.width, layout.height))
        assert text_width(shortened(box.title), 14) < frame.width
        assert all(text_width(shortened(row.text), 12) < frame.width for row in box.rows)
        for group, around in layout.groups:
            assert _apart(frame, around) or _inside(frame, around), (box.title, group.title)


def test_no_arrow_crosses_a_box(app: App) -> None:
    scene = scene_of(app)
    layout = lay_out(scene.root, margin=10, top=10)
    for arrow in scene.arrows:
        ends = [layout.anchors[arrow.start], layout.anchors[arrow.end]]
        others = [frame for _, frame in layout.boxes if not any(_inside(end, frame) for end in ends)]
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = Curves(scene, layout).of(arrow)
        for step in range(1, 40):
            t = step / 40
            x = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * x1 + 3 * (1 - t) * t**2 * x2 + t**3 * x3
            y = (1 - t) ** 3 * y0 + 3 * (1 - t) ** 2 * t * y1 + 3 * (1 - t) * t**2 * y2 + t**3 * y3
            assert not any(_inside(Frame(x, y, 0, 0), frame) for frame in others), arrow


def test_every_resource_is_drawn_or_counted(app: App) -> None:
    scene = scene_of(app)
    text = svg(scene)
    drawn = [each for each in app.resources if not is_plumbing(each) and not each.kind.startswith(_PART_OF_OTHERS)]
    assert drawn or app.of("AWS::ECR::Repository")
    for resource in drawn:
        assert resource.path in text, resource
    assert scene.hidden == sum(map(is_plumbing, app.resources))


def test_the_same_app_gives_the_same_bytes_and_xml_that_says_what_it_shows(app: App) -> None:
    text = svg(scene_of(app))
    assert text == svg(scene_of(app))
    root = ET.fromstring(text)  # noqa: S314 - made here
    assert root.attrib["role"] == "img"
    named = {each.attrib.get("id"): each.text for each in root}
    assert root.attrib["aria-labelledby"].split() == ["title", "description"]
    assert named["title"] == scene_of(app).title
    assert "Boxes:" in (named["description"] or "")
    for group in root.iter(f"{_SVG}g"):
        assert group.find(f"{_SVG}title") is not None


def test_a_shared_load_balancer_leads_from_each_rule_to_its_service(assemblies: Path) -> None:
    scene = scene_of(load(assemblies / "shared_load_balancer"))
    layout = lay_out(scene.root, margin=0, top=0)
    boxes = {box.anchor: box for box, _ in layout.boxes}
    (balancer,) = (box for box in boxes.values() if box.kind == "load balancer")
    rules = {row.text: row.anchor for row in balancer.rows}
    ends = {arrow.start: boxes[arrow.end].title for arrow in scene.arrows}
    led = {text: ends[anchor] for text, anchor in rules.items() if anchor in ends}
    assert led == {
        "api.example.com": "Api",
        "/api/admin/* from 10.0.0.0/8": "Admin",
        "/api, /api/*": "Api",
        "/": "Home",
    }
    assert next(iter(rules)) == "HTTP 80 returns 404"
    (admin,) = (box for box in boxes.values() if box.title == "Admin")
    assert admin.kind == "Fargate service, stack Admin"
    assert [group.title for group, _ in layout.groups] == [
        "VPC EcrFargateNetwork 10.0.0.0/16",
        "public subnets, 2 zones",
        "private subnets, 2 zones",
        "outside the network",
    ]


def test_what_a_service_uses_is_beside_it(assemblies: Path) -> None:
    scene = scene_of(load(assemblies / "endpoints"))
    boxes = {box.anchor: box for box, _ in lay_out(scene.root, margin=0, top=0).boxes}
    (web,) = (anchor for anchor, box in boxes.items() if box.title == "Web")
    used = {(boxes[arrow.end].kind, arrow.dashed) for arrow in scene.arrows if arrow.start == web}
    assert used == {("ECR repository", False), ("log group", False), ("secret", False), ("CloudWatch", True)}


def test_long_texts_are_shortened_and_told_in_full() -> None:
    name = "a-very-long-name-that-nobody-would-want-to-see-drawn-in-full"
    box = Box(anchor="a", title=name, kind="thing", rows=(Row(name),), tone=Tone.OTHER)
    text = svg(Scene("Long <names>", Group(children=(box,)), (Arrow("a", "a"),)))
    assert f"<title>{name}</title>" in text
    assert f">{shortened(name)}</text>" in text
    assert len(shortened(name)) < 37
    assert "Long &lt;names&gt;" in text


def test_dark_where_the_screen_is() -> None:
    scene = Scene("None", Group())
    assert "@media (prefers-color-scheme:dark)" in svg(scene)
    assert "@media" not in svg(scene, Theme.LIGHT)
    assert "#0f141b" not in svg(scene, Theme.LIGHT)
    assert "#0f141b" in svg(scene, Theme.DARK)


@pytest.mark.usefixtures("font")
def test_png(assemblies: Path) -> None:
    picture = png(svg(scene_of(load(assemblies / "three_lines")), Theme.LIGHT), width=1280)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture[16:20], "big") == 1280


@pytest.mark.usefixtures("font")
def test_the_text_of_a_png_is_drawn() -> None:
    one, other = (png(svg(Scene(title, Group()), Theme.LIGHT)) for title in ("One", "Other"))
    assert one != other


def test_png_without_a_font_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "_TEXT", drawn._TEXT.replace(FONTS, "None of these"))
    with pytest.raises(ToolError, match=r"none of the fonts Helvetica, .*DejaVu Sans.* is installed"):
        png(svg(Scene("None", Group())))


def test_png_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ToolError, match="needs the package resvg-py"):
        png(svg(Scene("None", Group())))


def test_the_picture_in_the_documents_is_up_to_date(assemblies: Path) -> None:
    picture = ROOT / "docs" / "shared-load-balancer.svg"
    assert picture.read_text(encoding="utf-8") == svg(scene_of(load(assemblies / "shared_load_balancer")))
