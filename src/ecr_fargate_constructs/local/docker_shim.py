"""The command that stands for the container engine in the CDK command line (``CDK_DOCKER``).

The CDK command line logs in to, and pushes to, AWS's name of the registry, which leads nowhere here. This command
pushes to where the instance's registry really answers, and then removes the image from the engine, so that the task
that runs it has to pull it from the private repository. Every other verb goes to the engine as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_VARIABLE = "ECR_FARGATE_LOCAL_{}"


def write_shim(path: Path) -> None:
    """Write the executable that ``CDK_DOCKER`` names."""
    path.write_text(f"#!{sys.executable}\nfrom {__name__} import main\n\nmain()\n", encoding="utf-8")
    path.chmod(0o755)


def shim_environment(*, engine: str, registry: str, local_registry: str) -> dict[str, str]:
    """What the executable has to know."""
    values = {"ENGINE": engine, "REGISTRY": registry, "LOCAL_REGISTRY": local_registry}
    return {_VARIABLE.format(name): value for name, value in values.items()}


def main() -> None:
    """Run as ``CDK_DOCKER``."""
    engine, registry, local = (os.environ[_VARIABLE.format(name)] for name in ("ENGINE", "REGISTRY", "LOCAL_REGISTRY"))
    arguments = sys.argv[1:]
    match arguments:
        case ["login", *_, host] if registry in host:
            sys.stdin.read()
            print("Login Succeeded")
        case ["push", *_, image] if image.startswith(f"{registry}/"):
            sys.exit(_push(engine, image, image.replace(registry, local, 1)))
        case _:
            os.execvp(engine, [engine, *arguments])  # noqa: S606 - the engine takes this process's place


def _push(engine: str, image: str, target: str) -> int:
    insecure = ["--tls-verify=false"] if engine == "podman" else []  # docker allows plain HTTP on localhost
    tag = _run(engine, "tag", image, target)
    push = tag or _run(engine, "push", *insecure, target)
    if push == 0:
        # Each name of the image, or its layers would stay and the task's pull would prove nothing.
        names = subprocess.run(  # noqa: S603 - commands of ours, no shell
            [engine, "image", "inspect", "--format", "{{range .RepoTags}}{{println .}}{{end}}", image],
            capture_output=True,
            text=True,
            check=False,
        )
        _run(engine, "rmi", *(names.stdout.split() or [image, target]))
    return push


def _run(*command: str) -> int:
    return subprocess.run(command, check=False).returncode  # noqa: S603 - commands of ours, no shell
