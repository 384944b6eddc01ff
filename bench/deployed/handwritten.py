"""The same resources as with a copy, hand-written: the cost without this library."""

from __future__ import annotations

import os
import runpy
import sys

os.environ["BENCH_APP"] = "images/handwritten"
sys.argv[1:] = ["1"]
runpy.run_module("bench.peers.handwritten", run_name="__main__")
