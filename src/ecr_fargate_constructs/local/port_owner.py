"""Find the app whose embedded AWS is running on a port."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ecr_fargate_constructs.local import server
from ecr_fargate_constructs.local.instance import STATE_FOLDER


def app_on(port: int) -> Path | None:
    """Return the directory of the app whose embedded AWS is running on a port, started by any user, or None."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError, ValueError):
            arguments = file.read_bytes().decode().split("\0")
            if server.__name__ in arguments and str(port) in arguments:
                for state in (Path(each).parent for each in arguments if each.endswith(".json")):
                    if state.parent.name == STATE_FOLDER:
                        return state.parent.parent
    return None
