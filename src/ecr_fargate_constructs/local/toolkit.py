"""Find or install the pinned version of the CDK command line, and run it against the embedded AWS."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.cdk_failures import cause
from ecr_fargate_constructs.local.commands import run
from ecr_fargate_constructs.local.docker_shim import Shim, write_shim
from ecr_fargate_constructs.local.instance import credentials_environment
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.processes import Process, stop_commands
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ecr_fargate_constructs.local.instance import Instance, Memory

VERSION = "2.1148.1"
"""The npm tag ``latest`` of aws-cdk is an older version that refuses cloud assemblies of the current aws-cdk-lib."""

_PROXIES = frozenset({"ALL_PROXY", "FTP_PROXY", "HTTP_PROXY", "HTTPS_PROXY"})  # lower case counts too
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class ToolkitError(ToolError):
    """The CDK command line failed.

    Attributes:
        lines: Its output.
    """

    def __init__(self, cause: str, lines: Sequence[str], *, log: Path) -> None:
        super().__init__(cause, log=log)
        self.lines = lines


def cache_directory() -> Path:
    """Return the directory for files that are downloaded or made once per user."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))  # a relative path is invalid
    return (base if base.is_absolute() else Path.home() / ".cache") / "ecr-fargate-constructs"


def find_toolkit(app_directory: Path, say: Callable[[str], None] = lambda _text: None) -> Path:
    """Return the CDK command line of the pinned version: the app's own, or one that is installed once per user."""
    if not all(shutil.which(name, path=search_path()) for name in ("node", "npm")):
        raise ToolError(
            "Node.js is missing", fix="install it, for example with pip install 'ecr-fargate-constructs[local]'"
        )
    home = cache_directory() / f"aws-cdk-{VERSION}"
    for directory in (app_directory, *app_directory.parents, home):
        if (directory == app_directory or _trusted(directory, app_directory)) and _version(directory) == VERSION:
            return directory / "node_modules" / ".bin" / "cdk"
    say(f"installing aws-cdk {VERSION}, once")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as temporary:
        options = ("--no-audit", "--no-fund", "--prefix", temporary)
        done = run("npm", "install", *options, f"aws-cdk@{VERSION}", PATH=search_path())
        if done.returncode != 0:
            raise ToolError(
                f"the CDK command line {VERSION} could not be installed: {done.stderr.strip()[-300:]}",
                fix=f"install it yourself in the app's directory: npm install --save-dev aws-cdk@{VERSION}",
            )
        with suppress(OSError):  # another command was faster
            Path(temporary, "node_modules").rename(_created(home) / "node_modules")
    return home / "node_modules" / ".bin" / "cdk"


def _created(directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    return directory


def _trusted(directory: Path, app_directory: Path) -> bool:
    """Return whether the packages in a folder belong to the user, to root or to the owner of the app."""
    trusted = {0, os.geteuid(), app_directory.stat().st_uid}
    installed = directory / "node_modules"
    parts = (installed, installed / "aws-cdk", installed / "aws-cdk" / "package.json", installed / ".bin" / "cdk")
    try:
        return all({part.lstat().st_uid, part.stat().st_uid} <= trusted for part in parts)
    except OSError:
        return False


def _version(directory: Path) -> str | None:
    file = directory / "node_modules" / "aws-cdk" / "package.json"
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["version"]) if file.is_file() else None
    except (ValueError, TypeError, KeyError):  # left by an interrupted npm
        return None


def search_path() -> str:
    """Return PATH with the user's virtual environment and this Python's scripts first, for ``python3`` and Node."""
    active = os.environ.get("VIRTUAL_ENV")
    first = [str(Path(active) / "bin")] if active else []
    return os.pathsep.join([*first, str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def toolkit_environment(
    instance: Instance, memory: Memory, stand_ins: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Return the environment of the CDK command line and of the app that it runs."""
    shim = instance.state / "cdk-docker"
    write_shim(shim)
    proxies = {name: value for name, value in os.environ.items() if name.upper() in _PROXIES}
    direct = [*filter(None, [os.environ.get("NO_PROXY")]), "localhost", "127.0.0.1", ".localhost"]
    return {
        # The built-in template validation takes ten seconds per run; the user's variable turns it on again.
        "CDK_VALIDATION": "false",
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name not in proxies},
        **podman_environment(instance),
        **Shim(
            memory.engine,
            instance.registry,
            instance.local_registry,
            login=str(instance.login),
            proxies=json.dumps(proxies),
            stand_ins=json.dumps(dict(stand_ins)),
        ).environment,
        "PATH": search_path(),
        "NO_PROXY": ",".join(direct),
        **credentials_environment(instance, memory),
        **instance.command_mark,
        "CDK_DEFAULT_ACCOUNT": instance.account,  # the command line would ask AWS, which may not be running yet
        "CDK_DEFAULT_REGION": instance.region,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DOCKER": str(shim),
        "NO_COLOR": "1",
    }


def run_toolkit(
    instance: Instance,
    memory: Memory,
    toolkit: Path,
    arguments: Sequence[str],
    *,
    on_line: Callable[[str], None],
    stand_ins: Mapping[str, str] = MappingProxyType({}),
    runs_app: bool = True,
) -> None:
    """Run the CDK command line; its output goes to its log, and line by line to ``on_line``.

    Args:
        instance: The instance.
        memory: The recorded state of the instance.
        toolkit: The program.
        arguments: Its arguments.
        on_line: Called with each line of its output.
        stand_ins: Images that replace others in builds, by the names that Dockerfiles write.
        runs_app: Whether it runs the app, and does not read a cloud assembly.
    """
    environment = toolkit_environment(instance, memory, stand_ins)
    if not runs_app:
        # Node compiles the command line once and not each time, which takes 0.7 of 1.8 s. An app must not inherit it:
        # jsii copies CDK to a new folder for each process, and Node would keep 6 MB more each time.
        environment.setdefault("NODE_COMPILE_CACHE", str(cache_directory() / "node"))
    lines: list[str] = []
    with (
        instance.toolkit_log.open("a", encoding="utf-8") as log,
        _running(
            [str(toolkit), *arguments, "--no-notices"],
            environment,
            instance.app_directory,
        ) as process,
    ):
        log.write(f"$ cdk {' '.join(arguments)}\n")
        for raw in process.stdout or ():
            log.write(raw)
            log.flush()
            lines.append(_COLOUR.sub("", raw).rstrip())
            if line := lines[-1].strip():
                on_line(line)
    if process.returncode != 0:
        why = cause(" ".join(arguments[:1]), lines, instance.app_directory)
        raise ToolkitError(why, lines, log=instance.toolkit_log)


@contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], directory: Path
) -> Iterator[subprocess.Popen[str]]:
    """Run a process, and stop it with its app and build if the command is interrupted."""
    with subprocess.Popen(  # noqa: S603 - a fixed command, no shell
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            yield process
        except BaseException:
            stop_commands([Process.of(process.pid)])
            raise
