"""The app that P7 deploys: the program that ``BENCH_PROGRAM`` names. Only that program imports what it needs."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parent / f"{os.environ['BENCH_PROGRAM']}.py"))
