"""Synthesize the app again without the CDK command line: in a process that has imported the CDK already.

The first synthesis records the app's command, directory and environment. The process for the next one starts with the
same, so that it may do beforehand what takes most of the time. An app in another language than Python is run by the
CDK command line each time.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.cdk_failures import cause
from ecr_fargate_constructs.local.processes import Process, stop_commands
from ecr_fargate_constructs.local.toolkit import ToolkitError, search_path
from ecr_fargate_constructs.local.watching.recorded_app import OVERFLOW
from ecr_fargate_constructs.tools.assembly import stacks as assembly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.instance import Instance

_HERE = Path(__file__).parent
_PYTHON = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
_SPECIAL = re.compile(r"[`$<>|&;(){}*?\\~]")
_UNSTAGED = "aws:cdk:disable-asset-staging"
"""Context of aws-cdk-lib with which the assembly names the folders of assets themselves, not copies."""
_OUTDIR, _CONTEXT = "CDK_OUTDIR", "CDK_CONTEXT_JSON"
_REPORTS = ("CDK_ERROR_FILE", "CDK_PERF_COUNTERS_FILE")
_SETTINGS = ("cdk.json", "cdk.context.json")


class WarmApp:
    """The app of an instance, with a process that waits for its next synthesis."""

    def __init__(self, instance: Instance) -> None:
        """Start nothing yet."""
        self._instance = instance
        self._folder = instance.memory_file.parent / "watch"  # the environment has the instance's secret
        self._record, self._report = self._folder / "app.json", self._folder / "report.json"
        self._process: subprocess.Popen[str] | None = None

    def command(self) -> str | None:
        """Return the command for the CDK command line, which records the app's own; None if cdk.json names no app."""
        try:
            settings = json.loads((self._instance.app_directory / "cdk.json").read_text(encoding="utf-8"))
            command = settings["app"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not isinstance(command, str):
            return None
        for folder in (self._folder.parent, self._folder):  # the mode does not count for parents
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        recorder = [sys.executable, "-I", str(_HERE / "recorded_app.py"), str(self._record), command]
        return shlex.join(recorder)

    @property
    def files(self) -> frozenset[Path] | None:
        """The files that the app read in its last warm synthesis; None before the first one."""
        try:
            return frozenset(map(Path, json.loads(self._report.read_text(encoding="utf-8"))["files"]))
        except (OSError, ValueError, KeyError):
            return None

    def prepare(self) -> None:
        """Start the process for the next synthesis, if the app is a Python script."""
        self.close()
        recorded = self._recorded()
        words = _python_script(recorded["command"]) if recorded is not None else None
        if recorded is None or words is None:
            return
        program = shutil.which(words[0], path=search_path())
        if program is None:
            return
        command = [program, str(_HERE / "warm_app.py"), str(self._report), *words[1:]]
        self._process = self._start(command, recorded, self._environment(recorded))

    def synthesize(self, folder: Path) -> bool:
        """Run the app in the process that waits; return False if there is none, or another environment is needed.

        Raises:
            ToolkitError: The app has failed.
        """
        process, self._process = self._process, None
        recorded = self._recorded()
        if process is None or recorded is None or self._settings_changed() or not _writes_to(recorded, folder):
            if process is not None:
                _end(process)
            return False
        shutil.rmtree(folder, ignore_errors=True)
        self._finish(process)
        try:
            return not assembly.missing_context(folder)
        except (OSError, ValueError):  # it wrote no assembly: the CDK command line says what is wrong
            return False

    def sources(self) -> dict[str, Path]:
        """Return the folder of each image's build context, by the name of its asset; nothing if the app fails."""
        recorded = self._recorded()
        if recorded is None:
            return {}
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            environment = self._environment(recorded)
            context = json.loads(recorded["context"] or environment.get(_CONTEXT, "{}")) | {_UNSTAGED: True}
            file = Path(folder) / "context.json"
            file.write_text(json.dumps(context), encoding="utf-8")
            # As the file of context that is too long for a variable: the app reads both.
            environment |= {_CONTEXT: "{}", OVERFLOW: str(file), _OUTDIR: f"{folder}/cdk.out"}
            process = self._start(["/bin/sh", "-c", recorded["command"]], recorded, environment)
            with suppress(ToolkitError, OSError, ValueError):
                self._finish(process)
                return {name: path.resolve() for name, path in image_folders(Path(folder) / "cdk.out")}
        return {}

    def close(self) -> None:
        """End the process that waits."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _recorded(self) -> dict[str, Any] | None:
        try:
            recorded: dict[str, Any] = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return recorded

    def _settings_changed(self) -> bool:
        """Return whether the CDK command line would give the app another environment now."""
        recorded = self._record.stat().st_mtime_ns
        files = (self._instance.app_directory / name for name in _SETTINGS)
        return any(file.stat().st_mtime_ns > recorded for file in files if file.exists())

    def _environment(self, recorded: dict[str, Any]) -> dict[str, str]:
        environment: dict[str, str] = dict(recorded["environment"])
        for name in self._instance.command_mark:  # the next command would stop it; it ends by itself with its input
            environment.pop(name, None)
        for name in _REPORTS:  # only the CDK command line reads them
            environment.pop(name, None)
        if recorded["context"] is not None:
            file = self._folder / "context.json"
            file.write_text(recorded["context"], encoding="utf-8")
            environment[OVERFLOW] = str(file)
        return environment

    @staticmethod
    def _start(command: list[str], recorded: dict[str, Any], environment: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - the app's own command
            command,
            cwd=recorded["directory"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def _finish(self, process: subprocess.Popen[str]) -> None:
        """Give a process the word, and wait for its end."""
        try:
            output, _ = process.communicate("\n")
        except BaseException:
            _end(process)
            raise
        with self._instance.toolkit_log.open("a", encoding="utf-8") as log:
            log.write(f"$ (warm) {shlex.join(map(str, process.args))}\n{output}")  # type: ignore[arg-type]
        if process.returncode != 0:
            lines = output.splitlines()
            raise ToolkitError(
                cause("synth", lines, self._instance.app_directory), lines, log=self._instance.toolkit_log
            )


def _end(process: subprocess.Popen[str]) -> None:
    stop_commands([Process.of(process.pid)])
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    process.wait()


def _writes_to(recorded: dict[str, Any], folder: Path) -> bool:
    outdir: str = recorded["environment"].get(_OUTDIR, "")
    return os.path.realpath(outdir) == os.path.realpath(folder)


def _python_script(command: str) -> list[str] | None:
    """Return the words of a command such as ``python3 app.py``; None for any other."""
    if _SPECIAL.search(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    is_script = len(words) > 1 and _PYTHON.fullmatch(words[0]) and words[1].endswith(".py")
    return words if is_script else None


def image_folders(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and build context of each image that an assembly builds; an asset's name is the same every time."""
    for stack in assembly.stacks(folder):
        for manifest in stack.assets:
            for identifier, asset in assembly.read(manifest).get("dockerImages", {}).items():
                if "directory" in asset["source"]:
                    name = f"{stack.name} {asset.get('displayName') or identifier}"
                    yield name, manifest.parent / asset["source"]["directory"]
