"""The copier as Lambda has it: alone, small, and with what is there."""

from __future__ import annotations

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ecr_fargate_constructs.image import copier
from tests.image.copier.aws import DESTINATION, SOURCE, Aws
from tests.image.copier.images import Repeated, with_large_layer

pytestmark = pytest.mark.integration

FOLDER = Path(copier.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
ALLOWED = {*sys.stdlib_module_names, "boto3", "botocore", "urllib3"}
MIB = 2**20


def _imports(file: Path) -> list[tuple[int, str]]:
    """Imported modules, with the number of dots before them."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.level, node.module or ""))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_imports_nothing_but_itself_and_what_lambda_has(file: Path) -> None:
    for level, name in _imports(file):
        assert level <= 1, f"{name} is outside of the copier"
        if level == 0:
            assert name.partition(".")[0] in ALLOWED, name
        else:
            assert (FOLDER / f"{name}.py").is_file(), name


def test_there_is_something_to_look_at() -> None:
    assert {"handler.py", "registry.py", "copying.py"} <= {file.name for file in FILES}
    assert any(level == 1 for file in FILES for level, _ in _imports(file))


def test_its_zip_is_small() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in FILES:
            archive.write(file, f"copier/{file.name}")
    assert len(packed.getvalue()) <= 64 * 1024


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """The function's folder."""
    shutil.copytree(FOLDER, tmp_path / "copier", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _python(folder: Path, code: str, *, python: str = sys.executable, **environment: str) -> str:
    """What a program prints that begins in the function's folder."""
    ran = subprocess.run(  # noqa: S603
        [python, "-W", "error", "-c", code],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_it_runs_without_the_library_around_it(deployed: Path) -> None:
    code = "import copier.handler, sys; print(callable(copier.handler.handler), copier.__file__, *sys.modules)"
    called, file, *modules = _python(deployed, code).split()
    assert called == "True"
    assert Path(file).parent.parent == deployed
    assert not {"ecr_fargate_constructs", "aws_cdk", "jsii"} & set(modules)


def _newer_pythons() -> list[str]:
    found = [shutil.which(f"python3.{minor}") for minor in (12, 13, 14)]
    found += [str(file) for file in Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python3")]
    works = [each for each in found if each and subprocess.run([each, "-V"], capture_output=True).returncode == 0]  # noqa: PLW1510, S603
    return works if sys.version_info < (3, 12) else [*works, sys.executable]


def test_newer_pythons_read_it_without_a_warning(deployed: Path) -> None:
    pythons = _newer_pythons()
    if not pythons:
        pytest.skip("no Python from 3.12 on is here")
    code = "import pathlib; [compile(each.read_bytes(), each, 'exec') for each in pathlib.Path('copier').glob('*.py')]"
    for python in pythons:
        _python(deployed, code, python=python)


_MEASURED = f"""
import json, os, re
from pathlib import Path
from types import SimpleNamespace
import copier.handler, copier.login
token = {{"authorizationToken": os.environ["TOKEN"]}}
ecr = SimpleNamespace(get_authorization_token=lambda: {{"authorizationData": [token]}})
copier.login.client = lambda *_: ecr
def most():  # not getrusage: that counts what the parent had
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = most()
properties = {{"Source": "{SOURCE}", "Destination": "{DESTINATION}", "Architecture": "amd64"}}
event = dict(RequestType="Create", RequestId="r", StackId="s", LogicalResourceId="l", ResourceType="Copy",
    ResponseURL=os.environ["ANSWER"], ResourceProperties=properties)
copier.handler.handler(event, SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000))
print(json.dumps([before, most()]))
"""


def test_a_layer_of_300_mib_goes_through_256_mib_of_memory(aws: Aws, deployed: Path) -> None:
    large = aws.hold(with_large_layer(Repeated(bytes(range(256)) * 4096, 300)))
    printed = _python(deployed, _MEASURED, TOKEN=aws.registry.issue_token(), ANSWER=aws.cloudformation.url)
    [answer] = aws.cloudformation.answers
    assert answer.get("Data") == {"Digest": large.digest}
    assert aws.registry.named(DESTINATION).tags == {"v1": large.digest}
    before, most = (kib * 1024 for kib in json.loads(printed.splitlines()[-1]))
    assert most < 256 * MIB
    assert most - before < 16 * MIB, "a few parts of a layer, whatever its size"
