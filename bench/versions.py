"""The versions with which something was measured."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from bench.programs import TYPESCRIPT, solutions_python

PACKAGES = ("aws-cdk-lib", "constructs", "jsii", "ministack", "boto3", "urllib3")
SOLUTION_PACKAGES = ("aws-solutions-constructs.aws-alb-fargate", "aws-cdk-lib")


def versions() -> dict[str, str]:
    """Return the versions of all programs and libraries that take part, and the size of the machine."""
    node = Path(sys.executable).parent / "node"
    found = {
        "Python": platform.python_version(),
        "Node": _said(str(node), "--version").removeprefix("v"),
        **{name: version(name) for name in PACKAGES},
    }
    lock = json.loads((TYPESCRIPT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found["aws-cdk-lib (npm)"] = lock["node_modules/aws-cdk-lib"]["version"]
    for command in ("skopeo", "docker-registry"):
        if shutil.which(command):
            found[command] = next(word for word in _said(command, "--version").split() if word[0].isdigit())
    python = solutions_python()
    if python.is_file():
        code = f"from importlib.metadata import version; print(*map(version, {SOLUTION_PACKAGES!r}))"
        solution, library = _said(str(python), "-c", code).split()
        found["aws-solutions-constructs.aws-alb-fargate"] = f"{solution}, on aws-cdk-lib {library}"
    return found


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - our own
