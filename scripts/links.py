"""Check the links of the built site, and those of the Markdown as it is read in the repository.

``python scripts/links.py site`` checks every page, picture and style sheet of the site, without a network: a link
inside it has to lead to an existing file and anchor, and a page may load nothing from other sites. Links to other sites
are listed but not followed, so the script does not know whether they still work.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent
_LOADED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "object": "data", "link": "href"}
_HARMLESS = {"canonical", "next", "prev", "edit"}  # what a <link> may name without the browser loading it
_ELSEWHERE = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"]|href=['"]|src=['"])(https?://[^'")\s]+)""")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_MARKDOWN_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@dataclass
class Found:
    """The result of checking some pages."""

    problems: list[str] = field(default_factory=list)
    inside: int = 0
    elsewhere: set[str] = field(default_factory=set)


class _Page(HTMLParser):
    """The anchors of a page, its links, and the files that it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        loaded = given.get(_LOADED.get(tag, ""))
        if loaded and not (tag == "link" and given.get("rel") in _HARMLESS):
            self.loads.append(loaded)


def check_site(site: Path) -> Found:
    """Check a built site."""
    found = Found()
    pages = {file: _Page(file.read_text(encoding="utf-8")) for file in sorted(site.rglob("*.html"))}
    if not pages:
        found.problems.append(f"{site} has no pages")
    for file, page in pages.items():
        where = file.relative_to(site).as_posix()
        for target in page.loads:
            if _is_elsewhere(target):
                found.problems.append(f"{where} loads {target}, which is not on this machine")
        for target in (*page.links, *(load for load in page.loads if not load.startswith("data:"))):
            if _is_elsewhere(target):
                found.elsewhere.add(target)
            elif urlsplit(target).scheme == "":
                found.inside += 1
                found.problems += [f"{where}: {problem}" for problem in _missing(site, file, target, pages)]
    for file in sorted([*site.rglob("*.css"), *site.rglob("*.svg")]):
        for target in _ELSEWHERE.findall(_without_names(file.read_text(encoding="utf-8"))):
            found.problems.append(f"{file.relative_to(site).as_posix()} loads {target}, which is not on this machine")
    return found


def _is_elsewhere(target: str) -> bool:
    return urlsplit(target).scheme in {"http", "https"} or target.startswith("//")


def _without_names(text: str) -> str:
    """Return a style sheet or picture without comments and without links that only a click follows."""
    return re.sub(r"/\*.*?\*/|<a [^>]*>", "", text, flags=re.DOTALL)


def _missing(site: Path, file: Path, target: str, pages: dict[Path, _Page]) -> Iterator[str]:
    parts = urlsplit(target)
    path = unquote(parts.path)
    base = site if path.startswith("/") else file.parent
    goal = (base / path.lstrip("/")).resolve() if path else file
    if goal.is_dir():
        goal /= "index.html"
    if not goal.is_file() or not goal.is_relative_to(site):
        yield f"{target} leads nowhere"
    elif parts.fragment and goal in pages and unquote(parts.fragment) not in pages[goal].anchors | {"__top"}:
        yield f"{target} has no such anchor"


def documents() -> list[Path]:
    """Return the documents that are read in the repository itself."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def check_markdown(files: Sequence[Path]) -> Found:
    """Check Markdown files: pictures, links to files, and the anchors that code hosts create from headings."""
    found = Found()
    for file in files:
        for target in _MARKDOWN_LINK.findall(_prose(file)):
            if _is_elsewhere(target):
                found.elsewhere.add(target)
                continue
            found.inside += 1
            path, _, fragment = target.partition("#")
            goal = (file.parent / path).resolve() if path else file
            where = file.relative_to(ROOT).as_posix()
            if not goal.exists():
                found.problems.append(f"{where}: {target} leads nowhere")
            elif fragment and fragment not in _anchors(goal):
                found.problems.append(f"{where}: {target} has no such anchor")
    return found


def _prose(file: Path) -> str:
    return _CODE.sub("", _FENCE.sub("", file.read_text(encoding="utf-8")))


def _anchors(file: Path) -> set[str]:
    headings = _HEADING.findall(_FENCE.sub("", file.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def main(site: Path) -> int:
    """Print the result; return 1 if a link leads nowhere."""
    built, written = check_site(site.resolve()), check_markdown(documents())
    elsewhere = sorted(built.elsewhere | written.elsewhere)
    print(*elsewhere, sep="\n")
    print(
        f"{built.inside} links inside the site and {written.inside} inside the Markdown followed; the {len(elsewhere)} "
        "to other sites above were not asked"
    )
    problems = [*built.problems, *written.problems]
    print(*problems, sep="\n", file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
