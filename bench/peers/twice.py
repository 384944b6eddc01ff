"""A program twice in one process, so that CDK is imported the second time: ``python -m bench.peers.twice ours 1``.

It writes the seconds of both runs into the file that ``BENCH_TIMES`` names. The first includes the imports and the
start of Node, but not that of Python.
"""

from __future__ import annotations

import time

BEGUN = time.perf_counter()

import json  # noqa: E402 - what is imported from here on counts
import os  # noqa: E402
import runpy  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402


def main() -> None:
    """Synthesize twice."""
    program = sys.argv.pop(1)
    times, before = [], BEGUN
    for _ in range(2):
        runpy.run_module(f"bench.peers.{program}", run_name="__main__")
        now = time.perf_counter()
        times.append(now - before)
        before = now
    Path(os.environ["BENCH_TIMES"]).write_text(json.dumps(times), encoding="utf-8")


main()
