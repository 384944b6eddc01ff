"""How long ``ecr-fargate local up --watch`` takes from an edit of the sample until all of its answers have it."""

from __future__ import annotations

import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.goals import Goal
from bench.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 1.5
_EDITS = 10
_PATIENCE = 120
_QUIET = 0.5  # seconds without an old answer after which there is none left
_READY = "watching"


def watching(port: int) -> Goal:
    """Deploy the sample, with its two tasks, and edit its greeting ten times while a client asks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("app.py", "cdk.json"):
            shutil.copy(ROOT / file, folder / file)
        shutil.copytree(ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        with subprocess.Popen(_command(folder, port, "up", "--watch"), stdout=subprocess.PIPE, text=True) as command:  # noqa: S603 - our own command
            try:
                _wait(command)
                url = subprocess.run(_command(folder, port, "url"), capture_output=True, text=True, check=True).stdout  # noqa: S603
                return goal(*served(folder / "app" / "server.py", port, urlsplit(url.strip()).hostname or ""))
            finally:
                command.terminate()
                command.communicate()
                subprocess.run(_command(folder, port, "down"), check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def goal(seconds: Sequence[float], lost: int) -> Goal:
    """Return the row, which stands below P7."""
    median = statistics.median(seconds)
    return Goal(
        name="",
        measure="`local up --watch`: from an edit of the sample until each answer of its two tasks has it, ten edits",
        goal=f"median ≤ {LONGEST} s, no request lost",
        figure=f"median {median:.1f} s, {min(seconds):.1f} to {max(seconds):.1f} s; {lost} lost",
        met=median <= LONGEST and not lost,
    )


def served(file: Path, port: int, host: str, edits: int = _EDITS) -> tuple[list[float], int]:
    """Edit the greeting of the sample; return the seconds until the last old answer, and the number of lost requests.

    Args:
        file: The sample's server.
        port: Port of the load balancer.
        host: Its name.
        edits: Number of edits.
    """
    text, seconds, lost = file.read_text(encoding="utf-8"), [], 0
    line = next(each for each in text.splitlines() if each.startswith("GREETING = "))
    for number in range(edits):
        greeting = f"Edit {number} of {time.time_ns()}"
        file.write_text(text.replace(line, f'GREETING = "{greeting}"'), encoding="utf-8")
        begun = last = time.perf_counter()
        new = False
        while not new or time.perf_counter() - last < _QUIET:
            status, body = _ask(port, host)
            lost += status != http.client.OK
            if greeting in body:
                new = True
            else:
                last = time.perf_counter()
            if time.perf_counter() - begun > _PATIENCE:
                raise RuntimeError(f"edit {number} was not served within {_PATIENCE} seconds")
        seconds.append(last - begun)
    return seconds, lost


def _ask(port: int, host: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def _command(folder: Path, port: int, verb: str, *arguments: str) -> list[str]:
    program = str(Path(sys.executable).parent / "ecr-fargate")
    return [program, "local", verb, "--app-dir", str(folder), "--port", str(port), *arguments]


def _wait(command: subprocess.Popen[str]) -> None:
    for line in command.stdout or ():
        if line.startswith(_READY):
            return
    raise RuntimeError("'local up --watch' has ended")


if __name__ == "__main__":
    os.environ.setdefault("CDK_VALIDATION", "false")
    print(watching(int(sys.argv[1]) if len(sys.argv) > 1 else 4700))
