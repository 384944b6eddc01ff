"""``ecr-fargate diagram``: nothing over anything else, nothing lost, the same bytes each time."""

from __future__ import annotations

import itertools
import sys
from itertools import combinations, product
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.diagram import png as drawn
from ecr_fargate_constructs.tools.diagram.architecture import scene_of
from ecr_fargate_constructs.tools.diagram.curves import Curves
from ecr_fargate_constructs.tools.diagram.helpers import hidden
from ecr_fargate_constructs.tools.diagram.layout import Frame, lay_out
from ecr_fargate_constructs.tools.diagram.png import png
from ecr_fargate_constructs.tools.diagram.scene import Arrow, Box, Group, Row, Scene, Tone
from ecr_fargate_constructs.tools.diagram.svg import FONTS, Theme, svg
from ecr_fargate_constructs.tools.diagram.text import text_width, wrapped
from ecr_fargate_constructs.tools.errors import ToolError
from tests.support import ROOT
from tests.support.example_apps import EXAMPLES
from tests.tools.diagram.shapes import HEADER_VALUE, SHAPES

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.model import App

NAMES = [file.stem for file in EXAMPLES]
_SVG = "{http://www.w3.org/2000/svg}"
_PART_OF_OTHERS = (
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::ElasticLoadBalancingV2::TrustStore",
    "AWS::ECS::TaskDefinition",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ServiceDiscovery::Service",
)


@pytest.fixture(params=[*NAMES, "plain", *(shape.__name__ for shape in SHAPES)])
def app(request: pytest.FixtureRequest, assemblies: Path, plain: Path, shapes: Path) -> App:
    """Each example, an app of CDK's own pattern, and the apps in the shapes of other people's."""
    folder = shapes / request.param
    return load(plain if request.param == "plain" else folder if folder.is_dir() else assemblies / request.param)


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


def test_nothing_is_over_anything_else(app: App) -> None:
    layout = lay_out(scene_of(app).root, margin=10, top=10)
    for (one, first), (other, second) in combinations(layout.boxes, 2):
        assert _apart(first, second), (one, other)
    for (outer, first), (inner, second) in combinations(layout.groups, 2):
        assert _apart(first, second) or _inside(second, first), (outer.title, inner.title)
    for box, frame in layout.boxes:
        assert _inside(frame, Frame(0, 0, layout.width, layout.height))
        for group, around in layout.groups:
            assert _apart(frame, around) or _inside(frame, around), (box.title, group.title)


def _frame_of(element: ET.Element) -> Frame:
    return Frame(*(float(element.attrib[name]) for name in ("x", "y", "width", "height")))


def test_every_text_is_inside_its_frame_in_the_widest_font(app: App) -> None:
    """Read from the SVG itself: each text with the width that DejaVu Sans gives it, beside the frames around it."""
    root = ET.fromstring(svg(scene_of(app)))  # noqa: S314 - made here
    page = Frame(0, 0, float(root.attrib["width"]), float(root.attrib["height"]))
    sizes = {"heading": (18, True), "title": (14, True), "group": (14, True), "small": (12, False), "row": (12, False)}
    frames = [(page, root.findall(f"{_SVG}text"))]
    for element in root.iter(f"{_SVG}g"):
        first, *inner = (_frame_of(each) for each in element.findall(f"{_SVG}rect"))
        frames.append((first, element.findall(f"{_SVG}text")))
        for text, around in product(element.findall(f"{_SVG}text"), inner[1:]):
            x, y = (float(text.attrib[name]) for name in ("x", "y"))
            if around.y < y < around.y + around.height:
                frames.append((around, [text]))
    count = 0
    for frame, texts in frames:
        for text in texts:
            words = "".join(text.itertext()).removeprefix("".join(each.text or "" for each in text))
            size, bold = sizes[text.attrib["class"].split()[0]]
            x, y = (float(text.attrib[name]) for name in ("x", "y"))
            assert _inside(Frame(x, y - size * 0.8, text_width(words, size, bold=bold), size), frame), words
            count += 1
    assert count > 4


def test_no_arrow_crosses_a_box(app: App) -> None:
    scene = scene_of(app)
    layout = lay_out(scene.root, margin=10, top=10)
    curves = Curves(scene, layout)
    for arrow in scene.arrows:
        ends = [layout.anchors[arrow.start], layout.anchors[arrow.end]]
        others = [frame for _, frame in layout.boxes if not any(_inside(end, frame) for end in ends)]
        for (x0, y0), (x1, y1), (x2, y2), (x3, y3) in curves.of(arrow):
            for step in range(1, 40):
                t = step / 40
                x = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * x1 + 3 * (1 - t) * t**2 * x2 + t**3 * x3
                y = (1 - t) ** 3 * y0 + 3 * (1 - t) ** 2 * t * y1 + 3 * (1 - t) * t**2 * y2 + t**3 * y3
                assert not any(_inside(Frame(x, y, 0, 0), frame) for frame in others), arrow


def test_every_resource_is_drawn_or_counted(app: App) -> None:
    scene = scene_of(app)
    text = svg(scene)
    away = hidden(app)
    drawn = [each for each in app.resources if each not in away and not each.kind.startswith(_PART_OF_OTHERS)]
    assert drawn or app.of("AWS::ECR::Repository")
    for resource in drawn:
        assert resource.path in text, resource
    assert scene.hidden == len(away)


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


def _boxes(scene: Scene) -> dict[str, Box]:
    return {box.title: box for box, _ in lay_out(scene.root, margin=0, top=0).boxes}


def _arrows(scene: Scene) -> set[tuple[str, str]]:
    """The arrows by the titles of their boxes; a row counts as its box."""
    titles: dict[object, str] = {}
    for title, box in _boxes(scene).items():
        titles |= dict.fromkeys((box.anchor, *(row.anchor for row in box.rows if row.anchor)), title)
    return {(titles[arrow.start], titles[arrow.end]) for arrow in scene.arrows}


def _areas(scene: Scene) -> dict[str, str]:
    """The innermost group that each box is in, by title."""
    layout = lay_out(scene.root, margin=0, top=0)
    return {
        box.title: [group.title for group, around in layout.groups if _inside(frame, around)][-1]
        for box, frame in layout.boxes
        if any(_inside(frame, around) for _, around in layout.groups)
    }


def test_a_header_rule_shows_the_name_and_never_the_value(shapes: Path) -> None:
    app = load(shapes / "cdn_with_a_header")
    assert HEADER_VALUE in (app.folder / "StreamlitStack.template.json").read_text(encoding="utf-8")
    text = svg(scene_of(app))
    assert HEADER_VALUE not in text
    assert ">header X-Custom-Header</text>" in text
    assert ">/jobs/* query version</text>" in svg(scene_of(load(shapes / "machines_behind_a_load_balancer")))


def test_a_cdn_is_on_the_way_in(shapes: Path) -> None:
    arrows = _arrows(scene_of(load(shapes / "cdn_with_a_header")))
    assert {("internet", "CustomerFacingDistribution"), ("CustomerFacingDistribution", "WebAppAlb")} <= arrows
    assert ("Firewall", "CustomerFacingDistribution") in arrows
    assert ("internet", "WebAppAlb") not in arrows, "it admits the addresses of the CDN alone"
    scene = scene_of(load(shapes / "stores_in_the_network"))
    arrows = _arrows(scene)
    assert {("Cdn", "Alb"), ("Cdn", "StaticFiles"), ("Alb", "Web"), ("Alb", "Api")} <= arrows
    assert not any(end == "Cdn" for start, end in arrows if start != "internet"), "services only know its name"
    assert [row.text for row in _boxes(scene)["Cdn"].rows] == ["* to Alb", "/static/* to StaticFiles"]


def test_an_api_leads_to_the_load_balancer_of_its_link(shapes: Path) -> None:
    arrows = _arrows(scene_of(load(shapes / "an_api_before_a_network_load_balancer")))
    assert {("internet", "HttpApi"), ("HttpApi", "Inner/LB"), ("RestApi", "Tcp/LB")} <= arrows
    assert ("FixedAddresses", "Inner/LB") in arrows
    assert ("Api", "Handler") in _arrows(scene_of(load(shapes / "queues_and_functions")))


def test_stores_are_in_their_network(shapes: Path) -> None:
    scene = scene_of(load(shapes / "stores_in_the_network"))
    areas = _areas(scene)
    assert {areas[name] for name in ("Postgres", "Redis", "Plugins")} == {"private subnets, 2 zones"}
    assert [row.text for row in _boxes(scene)["Postgres"].rows] == ["2 instances, db.serverless"]
    assert "Postgres/Writer" not in areas
    areas = _areas(scene_of(load(shapes / "files_and_a_database_of_another_network")))
    assert {areas[name] for name in ("Database", "Uploads", "Web", "Web/LB")} == {"subnets"}


def test_machines_are_behind_their_load_balancer_and_hold_the_services_of_their_cluster(shapes: Path) -> None:
    scene = scene_of(load(shapes / "machines_behind_a_load_balancer"))
    assert {("Front", "WebGroup"), ("Front", "Worker")} <= _arrows(scene)
    assert [row.text for row in _boxes(scene)["WebGroup"].rows] == ["1 instance", "t3.micro"]
    assert [row.text for row in _boxes(scene)["Cluster/Capacity"].rows] == ["2 to 6 instances", "m5.large"]
    assert _areas(scene)["Worker"] == "private subnets, 2 zones"


@pytest.mark.parametrize("name", ["queues_and_functions", "machines_behind_a_load_balancer", "three_lines"])
def test_helper_functions_and_what_only_connects_are_left_out(name: str, shapes: Path, assemblies: Path) -> None:
    folder = shapes / name
    scene = scene_of(load(folder if folder.is_dir() else assemblies / name))
    kinds = {box.kind for box in _boxes(scene).values()}
    assert not {kind for kind in kinds if kind.endswith(("policy", "mapping", "deployment", "subscription", "stage"))}
    functions = {box.title for box in _boxes(scene).values() if box.kind in {"function", "topic"}}
    assert functions == ({"Mailer", "Handler", "Events"} if name == "queues_and_functions" else set())


@pytest.mark.parametrize(("name", "least"), [("a_long_pipeline", 78), ("many_services", 74)])
def test_eighty_boxes_have_several_columns(name: str, least: int, shapes: Path) -> None:
    layout = lay_out(scene_of(load(shapes / name)).root, margin=24, top=64)
    assert len(layout.boxes) > least
    assert layout.height < 1600, "about as high as a screen, and not 4000 pixels"
    assert layout.width < 2.5 * layout.height


def test_arrows_to_and_from_different_boxes_of_a_grid_do_not_share_a_line(shapes: Path) -> None:
    layout = lay_out(scene_of(load(shapes / "many_services")).root, margin=24, top=64)
    lines: dict[tuple[float, float], str] = {}
    for box, _ in layout.boxes:
        cell = layout.cells.get(box.anchor)
        for height in {cell.above, cell.below} if cell is not None else ():
            assert lines.setdefault((cell.grid.x, round(height, 2)), box.anchor) == box.anchor  # type: ignore[union-attr]
    assert len(lines) > 100


def test_arrows_between_the_same_boxes_do_not_share_a_line(app: App) -> None:
    scene = scene_of(app)
    curves = Curves(scene, lay_out(scene.root, margin=24, top=64))
    level: list[tuple[Arrow, float, float, float]] = []
    for arrow in scene.arrows:
        inner = curves.of(arrow)[1:-1]
        level += [(arrow, start[0], stop[0], start[1]) for start, _, _, stop in inner if start[1] == stop[1]]
    for (one, left, right, height), (other, start, stop, at) in itertools.combinations(level, 2):
        apart = one.start != other.start and one.end != other.end
        assert not apart or abs(height - at) >= 1 or right <= start or stop <= left, (one, other)


def test_long_texts_are_wrapped_and_the_middle_of_the_longest_left_out() -> None:
    name = "a-long-name-that-does-not-fit-on-a-single-line-of-a-box-but-on-two"
    longest = " ".join(f"{number:03}" for number in range(300))
    box = Box(anchor="a", title=name, kind="thing", rows=(Row(longest),), tone=Tone.OTHER)
    text = svg(Scene("Long <names>", Group(children=(box,)), (Arrow("a", "a"),)))
    assert "".join(wrapped(name, 14, 270, bold=True)) == name
    assert len(wrapped(name, 14, 270, bold=True)) == 2
    assert f"<title>{longest}</title>" in text
    first, middle, last = wrapped(longest, 12, 270)
    assert first.startswith("000")
    assert "…" in middle
    assert last.endswith("299")
    assert "Long &lt;names&gt;" in text
    assert wrapped("界" * 20, 14, 140) == ("界" * 10, "界" * 10)


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
