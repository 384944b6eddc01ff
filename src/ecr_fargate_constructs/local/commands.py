"""Run the programs that the embedded AWS needs, without a shell."""

from __future__ import annotations

import os
import subprocess


def run(*command: str, seconds: float | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program with further environment variables, and return its status and its output."""
    return subprocess.run(  # noqa: S603 - fixed commands, no shell
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
        env={**os.environ, **variables},
    )


def reason(failed: subprocess.CompletedProcess[str]) -> str:
    """Return the last line that a failed program wrote to standard error."""
    return (failed.stderr.strip().splitlines() or ["no reason given"])[-1]
