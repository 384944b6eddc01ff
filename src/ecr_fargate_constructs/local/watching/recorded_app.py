"""Run the app for the CDK command line, and record how: its command, directory and environment.

Run as a program of its own, isolated from the app's modules: ``python -I recorded_app.py RECORD COMMAND``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

OVERFLOW = "CONTEXT_OVERFLOW_LOCATION_ENV"
"""Variable with a temporary file of the CDK command line: context that is too long for a variable."""


def main() -> None:
    """Record, and become the shell that runs the command."""
    record, command = sys.argv[1:]
    environment = dict(os.environ)
    overflow = environment.pop(OVERFLOW, None)
    content = {
        "command": command,
        "directory": str(Path.cwd()),
        "environment": environment,
        "context": Path(overflow).read_text(encoding="utf-8") if overflow else None,
    }
    file = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it has the instance's credentials
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        json.dump(content, opened)
    os.execv("/bin/sh", ["/bin/sh", "-c", command])  # noqa: S606 - as the CDK command line does


if __name__ == "__main__":
    main()
