"""The pipelines of examples/pipelines: their workflow, their templates, and the commands that they run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml

from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "examples" / "pipelines"
WORKFLOW = FOLDER / ".github" / "workflows" / "deploy.yml"

Step = dict[str, Any]


def workflow() -> dict[str, Any]:
    """The workflow; YAML 1.1 reads its key ``on`` as true."""
    read: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return {"on" if key is True else str(key): value for key, value in read.items()}


def commands(job: str) -> list[Step]:
    """The steps of a job that are commands."""
    return [step for step in workflow()["jobs"][job]["steps"] if "run" in step]


def copy_of_the_example(folder: Path) -> Path:
    """The example as a repository of its own would have it."""
    return shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "cdk.out"))


def synthesize(folder: Path, program: str) -> Path:
    """Run a program of the example with the context of its cdk.json, and return its cloud assembly."""
    context = json.dumps(json.loads((folder / "cdk.json").read_text(encoding="utf-8"))["context"])
    outdir = folder / f"{program}.out"
    done = subprocess.run(  # noqa: S603 - a program of the example
        [sys.executable, f"{program}.py"],
        cwd=folder,
        env={**os.environ, "CDK_OUTDIR": str(outdir), "CDK_CONTEXT_JSON": context, "CDK_VALIDATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return outdir


def template(assembly: Path, stack: str) -> dict[str, Any]:
    """The template of a stack, wherever in the assembly."""
    [file] = assembly.rglob(f"{stack}.template.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def build_commands(of: dict[str, Any], project: str) -> list[str]:
    """The commands of the only CodeBuild project of a template whose logical id contains a name."""
    [spec] = [
        resource["Properties"]["Source"]["BuildSpec"]
        for name, resource in of["Resources"].items()
        if resource["Type"] == "AWS::CodeBuild::Project" and project in name
    ]
    phases = json.loads(spec)["phases"]
    return [command for phase in ("install", "build") for command in phases[phase]["commands"]]
