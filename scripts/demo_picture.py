"""Draw the output of one run of ``make demo``, docs/demo.txt, as a terminal shows it.

``python scripts/demo_picture.py`` writes docs/demo.svg; a test compares the file with the result. The text is a record
of a real run; the colours are those that the command prints to a terminal.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parent.parent / "docs"
RECORD, PICTURE = DOCS / "demo.txt", DOCS / "demo.svg"
_WIDTH = 90
_STYLES = (
    (r"^✓", "green"),
    (r"[\d.]+ s$", "dim"),
    (r"^note", "yellow"),
    (r"^(service|stack|url|repository|tag|digest|tasks|runs) ", "bold"),
    (r"\b200$", "green"),
    (r"^Hello.*", "bold"),
)


def draw(record: str) -> str:
    """Return the picture."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ make demo PORT=4688", style="bold"))
    for line in record.splitlines():
        text = Text(line)
        for pattern, style in _STYLES:
            text.highlight_regex(pattern, style)
        for part in text.divide(range(_WIDTH, len(line), _WIDTH)):  # as a terminal wraps
            console.print(part, soft_wrap=True)
    svg = console.export_svg(title="make demo", unique_id="demo")
    # rich refers to a font on another server, but a picture must load nothing.
    svg = re.sub(r"\s*@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL).replace("Fira Code, monospace", "monospace")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(RECORD.read_text(encoding="utf-8")), encoding="utf-8")
