"""Hooks of mkdocs: pages for files of the repository that are outside docs/.

Pages link to ``../examples/x.py`` and ``../CHANGELOG.md``, so that the links work in the repository itself. On the
site, each of these files has its own page.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
OUTSIDE = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "README.md": "index.md"}
"""Files next to docs/ and their pages on the site; the site's front page replaces the README."""

HOMES = {
    "adr/": "Decisions",
    "api/": "Reference",
    "doctor-rules": "Reference",
    "migrate-from-": "Compare and migrate",
    "": "Guides",
}
"""Sections of the navigation, by the prefix of their pages' names."""

_LINK = re.compile(r"\]\(([^)#\s]+)")
_PYTHON = re.compile(r"(^```python\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add pages that the navigation does not name to their section, after the named ones."""
    named = set(_pages_in(config.nav))
    for page in sorted((ROOT / "docs").rglob("*.md")):
        name = page.relative_to(ROOT / "docs").as_posix()
        if name not in named:
            home = next(title for start, title in HOMES.items() if name.startswith(start))
            _section(config.nav or [], home).append(name)
    return config


def _pages_in(nav: Any) -> Iterator[str]:  # noqa: ANN401 - as YAML gives it
    for item in nav if isinstance(nav, list) else nav.values() if isinstance(nav, dict) else ():
        if isinstance(item, str):
            yield item
        yield from _pages_in(item)


def _section(nav: list[Any], title: str) -> list[Any]:
    found = next(item[title] for item in nav if isinstance(item, dict) and title in item)
    assert isinstance(found, list)  # noqa: S101 - mkdocs.yml has these sections
    return found


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Create the pages of files outside docs/."""
    examples = sorted((ROOT / "examples").rglob("*.py"))
    pages = {f"examples/{_flat(file)}.md": _example(file) for file in examples}
    pages["examples.md"] = _index(examples)
    pages |= {page: (ROOT / name).read_text(encoding="utf-8") for name, page in OUTSIDE.items() if name != "README.md"}
    for source, content in pages.items():
        made = File.generated(config, source, content=content)
        if source.startswith("examples/"):
            made.inclusion = made.inclusion.NOT_IN_NAV
        files.append(made)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Redirect links out of docs/ to pages of this site, and dedent code."""
    del config, files
    here = Path(page.file.src_uri)
    home = ROOT if here.name in {"changelog.md", "contributing.md"} else ROOT / "docs" / here.parent
    up = "../" * len(here.parent.parts)

    def lead(link: re.Match[str]) -> str:
        goal = _page(home, link[1])
        return link[0] if goal is None else f"]({up}{goal}"

    return _PYTHON.sub(lambda block: f"{block[1]}{dedent(block[2])}{block[3]}", _LINK.sub(lead, markdown))


def _page(home: Path, target: str) -> str | None:
    """Return the page of a link's target, from the site's root; None if nothing has to change."""
    if "://" in target or target.startswith("mailto:"):
        return None
    path = (home / target).resolve()
    if not path.is_relative_to(ROOT):
        return None
    name = path.relative_to(ROOT).as_posix()
    if name in OUTSIDE:
        return OUTSIDE[name]
    if name.startswith("examples"):
        return f"examples/{_flat(path)}.md" if path.suffix == ".py" else "examples.md"
    return name.removeprefix("docs/") if home == ROOT else None


def _flat(file: Path) -> str:
    return "-".join(file.relative_to(ROOT / "examples").with_suffix("").parts)


def _example(file: Path) -> str:
    name = file.relative_to(ROOT).as_posix()
    return f"---\nhide:\n  - toc\n---\n\n# {name}\n\n```python\n{file.read_text(encoding='utf-8')}```\n"


def _index(examples: list[Path]) -> str:
    elsewhere = {"pipelines", "rehearsal"}
    lines = [
        "# Examples",
        "",
        "Each example is a complete program. Tests synthesize it, validate and lint its templates, compare its",
        "snapshot, and run cdk-nag on it.",
        "",
        *_table([file for file in examples if file.parent.name == "examples"]),
        "",
        "## A rehearsal",
        "",
        "This is the app of [Rehearse a deployment](deployments.md#rehearse-a-deployment).",
        "",
        *_table([file for file in examples if "rehearsal" in file.parts]),
        "",
        "## Pipelines",
        "",
        "These are the programs of [Pipelines](promotion.md#pipelines); their steps run against the embedded AWS.",
        "",
        *_table([file for file in examples if "pipelines" in file.parts]),
        "",
        "## Tests of an app",
        "",
        "These are the recipes of [Testing a CDK app with pytest](testing.md), and the app that they test.",
        "",
        *_table([file for file in examples if file.parent.name != "examples" and not elsewhere & {*file.parts}]),
    ]
    return "\n".join(lines) + "\n"


def _table(examples: list[Path]) -> list[str]:
    lines = ["| file | what it shows |", "|---|---|"]
    for file in examples:
        text = file.read_text(encoding="utf-8")
        about = text.split('"""')[1].strip().splitlines()[0] if text.startswith('"""') else "A complete test file."
        name = file.relative_to(ROOT / "examples").as_posix()
        lines.append(f"| [`{name}`](examples/{_flat(file)}.md) | {about} |")
    return lines
