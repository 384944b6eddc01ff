"""Refuse a tag that is not the version of the package, or that the changelog does not describe: run by a release."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def fault(tag: str, project: str, changelog: str) -> str | None:
    """Return what is wrong with a tag; None if it may be released."""
    version = re.search(r'^version = "(.*)"$', project, re.MULTILINE)
    if version is None or tag != f"v{version[1]}":
        return f"the tag is {tag}, and pyproject.toml has version {version[1] if version else 'none'}"
    if not re.search(rf"^## \[{re.escape(version[1])}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        return f"CHANGELOG.md has no heading '## [{version[1]}] - DATE'"
    return None


def main() -> int:
    """Check the tag that is the argument."""
    (tag,) = sys.argv[1:]
    found = fault(
        tag,
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    )
    if found is not None:
        print(f"✗ {found}", file=sys.stderr)
        return 1
    print(f"{tag} is the version of the package")
    return 0


if __name__ == "__main__":
    sys.exit(main())
