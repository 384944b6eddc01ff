"""Build the distribution and test it as users will use it: run by ``make dist``.

The wheel and the source distribution are built twice and have to be identical byte for byte. The wheel is installed in
a new environment of every supported Python on this machine, and in one more with the lowest versions that it allows; in
each of them the smallest example is synthesized.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from configparser import ConfigParser
from email import message_from_bytes
from pathlib import Path

from packaging.metadata import Metadata
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PACKAGE = "ecr_fargate_constructs"
_BESIDE_SOURCES = {"CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}
_TRY = """
import os, runpy, sys
os.environ["CDK_VALIDATION"] = "false"  # the template is looked at below
import aws_cdk as cdk, ecr_fargate_constructs as library
assert library.__file__.startswith(sys.prefix), library.__file__
for name in library.__all__:
    getattr(library, name)
app = cdk.App()
runpy.run_path("three_lines.py")["build"](app)
resources = app.synth().get_stack_by_name("Web").template["Resources"].values()
kinds = {resource["Type"] for resource in resources}
assert {"AWS::ECR::Repository", "AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::LoadBalancer"} <= kinds, kinds
"""


class DistributionError(Exception):
    """An error that must prevent a release."""


def supported_pythons(project: str) -> list[str]:
    """Return the Python versions that the classifiers name."""
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)


def lowest(requirement: str) -> str:
    """Return the lowest version that a requirement allows, as a pin."""
    parsed = Requirement(requirement)
    (floor,) = [each.version for each in parsed.specifier if each.operator == ">="]
    return f"{parsed.name}=={floor}"


def dependencies(project: str) -> list[str]:
    """Return the library's own requirements."""
    block = re.search(r"^dependencies = \[\n(.*?)^\]", project, re.DOTALL | re.MULTILINE)
    return re.findall(r'"([^"]+)"', block[1]) if block is not None else []


def check_metadata(metadata: bytes) -> None:
    """Refuse metadata that a package index would refuse, and a description that it would not render."""
    parsed = Metadata.from_email(metadata, validate=True)
    missing = [
        name for name in ("summary", "description", "license_expression", "keywords") if not getattr(parsed, name)
    ]
    if missing:
        raise DistributionError(f"the metadata has no {', '.join(missing)}")
    kind = message_from_bytes(metadata)["Description-Content-Type"]
    if not str(kind).startswith("text/markdown"):
        raise DistributionError(f"the description is {kind}, and the README is Markdown")


def check_entry_points(text: str, names: set[str]) -> None:
    """Refuse an entry point whose module is not in the wheel."""
    points = ConfigParser(delimiters="=")
    points.read_string(text)
    for group in points.sections():
        for name, target in points.items(group):
            module = target.partition(":")[0]
            file = module.replace(".", "/")
            if names.isdisjoint({f"{file}.py", f"{file}/__init__.py"}):
                raise DistributionError(f"the entry point {name!r} is {module}, which the wheel lacks")


def check_names(names: set[str], sources: set[str], *, beside: set[str], what: str) -> None:
    """Refuse a distribution that contains more or less than the sources."""
    expected = sources | beside
    if names != expected:
        raise DistributionError(
            f"{what} lacks {sorted(expected - names) or 'nothing'} and has {sorted(names - expected) or 'nothing'} too"
        )


def interpreter(version: str) -> Path | None:
    """Return a working interpreter of a version, from the path or from pyenv."""
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which(f"python{version}")
    candidates = [*([Path(found)] if found else []), *sorted(folder.glob(f"{version}.*/bin/python"), reverse=True)]
    for candidate in candidates:
        shown = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - a Python
        if shown.returncode == 0 and shown.stdout.startswith(f"Python {version}."):
            return candidate
    return None


def run(*command: str | Path, folder: Path = ROOT, expect: int = 0) -> str:
    """Run a program; show its output if its exit status is not the expected one."""
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(  # noqa: S603 - our own programs
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != expect:
        raise DistributionError(
            f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    return done.stdout + done.stderr


def build(into: Path) -> dict[str, str]:
    """Build both distributions; return the digest of each."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", into, ROOT)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(into.iterdir())}


def check_contents(wheel: Path, source: Path) -> None:
    """Compare both distributions with the sources."""
    listed = run("git", "ls-files", "src").splitlines() if (ROOT / ".git").exists() else []
    sources = set(listed) or {str(file.relative_to(ROOT)) for file in (ROOT / "src").rglob("*") if file.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}
        (metadata,) = [archive.read(name) for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        (points,) = [archive.read(name) for name in archive.namelist() if name.endswith("/entry_points.txt")]
    check_names(names, {name.removeprefix("src/") for name in sources}, beside=set(), what=wheel.name)
    check_metadata(metadata)
    check_entry_points(points.decode(), names)
    with tarfile.open(source) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    check_names(names, sources, beside=_BESIDE_SOURCES, what=source.name)
    if f"src/{PACKAGE}/py.typed" not in sources:
        raise DistributionError("py.typed is missing")


def try_wheel(python: Path, wheel: Path, pins: list[str], folder: Path) -> None:
    """Install the wheel away from this checkout, and use it."""
    run(python, "-m", "venv", folder / "venv")
    inside = folder / "venv" / "bin"
    pip = (inside / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    run(*pip, wheel, *pins)
    shutil.copy(ROOT / "examples" / "three_lines.py", folder)
    shutil.copytree(ROOT / "app", folder / "app")
    run(inside / "python", "-c", _TRY, folder=folder)
    run(inside / "ecr-fargate", "--help", folder=folder, expect=1)  # it prints which extra it needs
    run(*pip, f"{wheel}[cli]", *pins)
    manifest = ROOT / "tests" / "tools" / "migrate" / "fixtures" / "copilot_basic.yml"
    answer = json.loads(run(inside / "ecr-fargate", "migrate", manifest, "--format", "json", folder=folder))
    compile(answer["program"], "app.py", "exec")
    missing = run(inside / "ecr-fargate", "local", "status", folder=folder, expect=1)
    if "ecr-fargate-constructs[local]" not in missing:
        raise DistributionError(f"'ecr-fargate local' does not say which extra it needs: {missing}")


def main() -> int:
    """Build, check and test; stop at the first failure."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, second = build(dist), build(folder / "again")
        if first != second:
            raise DistributionError(f"two builds are not the same: {first} and {second}")
        (wheel,), (source,) = list(dist.glob("*.whl")), list(dist.glob("*.tar.gz"))
        check_contents(wheel, source)
        for file, digest in first.items():
            print(
                f"{file}: {(dist / file).stat().st_size // 1024} KiB, sha256 {digest[:16]}…, built twice the same",
                flush=True,
            )
        here = {version: interpreter(version) for version in supported_pythons(project)}
        for version, python in here.items():
            if python is None:
                print(f"Python {version}: not at hand, not tried")
                continue
            try_wheel(python, wheel, [], folder / version)
            print(f"Python {version}: installed, imported, synthesized; ecr-fargate migrate ran", flush=True)
        found = [python for python in here.values() if python is not None]
        pins = [lowest(each) for each in dependencies(project)]
        if found:
            try_wheel(found[0], wheel, pins, folder / "lowest")
            print(f"lowest versions ({', '.join(pins)}): the same")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DistributionError as error:
        sys.exit(f"✗ {error}")
