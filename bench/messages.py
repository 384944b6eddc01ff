"""Messages from Python to CDK in the Node process, for each service: ``python -m bench.messages shared``.

Each message costs about as much as the object that it creates, so this is the number to lower if a synthesis is slow.
The command prints the lines of this library, or of the program, that send most of them. The programs are in ``peers/``.
"""

from __future__ import annotations

import collections
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.processes import ROOT, cdk_environment

FEW, MANY = 2, 12


def count(program: str, services: int) -> collections.Counter[str]:
    """Count the messages in a separate process."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "messages.json"
        environment = {**os.environ, **cdk_environment(), "CDK_OUTDIR": folder, "BENCH_MESSAGES": str(report)}
        command = [sys.executable, "-m", "bench.messages", program, str(services)]
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)  # noqa: S603 - our own
        return collections.Counter(json.loads(report.read_text(encoding="utf-8")))


def each_service(program: str) -> dict[str, float]:
    """Return the messages that each further service sends, by sender and kind."""
    more = count(program, MANY)
    more.subtract(count(program, FEW))
    return {what: number / (MANY - FEW) for what, number in more.items() if number}


def _watch(program: str, report: Path) -> None:
    """Run a program and record the sender of each message."""
    from jsii._kernel.providers import process  # noqa: PLC0415 - starts the Node process

    found: collections.Counter[str] = collections.Counter()
    node: Any = process._NodeProcess  # noqa: SLF001 - there is no other place to watch
    send = node.send

    def watched(self: object, request: Any, response: Any) -> Any:  # noqa: ANN401 - whatever jsii says
        found[f"{_sender()} {_said(request)}"] += 1
        return send(self, request, response)

    node.send = watched
    sys.argv = [program, sys.argv[2]]
    runpy.run_module(f"bench.peers.{program}", run_name="__main__")
    report.write_text(json.dumps(found), encoding="utf-8")


def _sender() -> str:
    frame: Any = sys._getframe(2)  # noqa: SLF001 - documented for tools like this
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if ROOT / "src" in file.parents or ROOT / "bench" / "peers" in file.parents:
            return f"{file.name}:{frame.f_lineno}"
        frame = frame.f_back
    return "CDK"


def _said(request: Any) -> str:  # noqa: ANN401 - one of jsii's kinds
    names = (getattr(request, name, None) for name in ("fqn", "method", "property"))
    return " ".join([type(request).__name__.removesuffix("Request"), *(str(name) for name in names if name)])


def main() -> None:
    """Count the messages and print those that each further service adds."""
    program = sys.argv[1] if len(sys.argv) > 1 else "ours"
    report = os.environ.get("BENCH_MESSAGES")
    if report is not None:
        _watch(program, Path(report))
        return
    each = each_service(program)
    for what, number in sorted(each.items(), key=lambda item: -item[1]):
        print(f"{number:5.1f} {what}")
    print(f"{sum(each.values()):g} messages a service")


if __name__ == "__main__":
    main()
