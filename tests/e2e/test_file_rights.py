"""Who may write into a volume of ECS, on a real engine, and that both ways out of docs/container.md work.

ECS makes the directory of a volume as root:root 0755, and gives it the owner of the image's directory only where a
VOLUME names the same path ("Use bind mounts with Amazon ECS" in the developer guide). Here: a directory of root,
mounted; and an anonymous volume, which engines fill from the image as ECS does.
"""

from __future__ import annotations

import os
import resource
import subprocess
import uuid
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local import base_images
from ecr_fargate_constructs.local.engine import find_engine
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "public.ecr.aws/docker/library/python:3.13-slim"
WRITE = ["python", "-c", "open('/srv/scratch/a', 'w').write('x')"]
CHOWN = ["python", "-c", "import os; os.chown('/srv/scratch', 10001, 10001)"]


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([find_engine(install=False).name, *words], capture_output=True, text=True, check=False)  # noqa: S603


def _container(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a container on a read-only root; engines ask for more open files than this machine may allow."""
    options = []
    for name, kind in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        most = min(resource.getrlimit(kind)[1] % 2**63, 4096)  # -1 is no limit
        options.append(f"--ulimit={name}={most}:{most}")
    return _run("run", "--rm", "--read-only", *options, *words)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image whose user is none of root's, and which owns /srv/scratch."""
    base_images.provide(find_engine(install=False).name, [BASE], {}, lambda _: None)
    folder, name = tmp_path_factory.mktemp("rights"), f"localhost/file-rights-{uuid.uuid4().hex[:12]}"
    (folder / "Dockerfile").write_text(
        f"FROM {BASE}\nRUN mkdir -p /srv/scratch && chown 10001:10001 /srv/scratch\nUSER 10001:10001\n",
        encoding="utf-8",
    )
    built = _run("build", "--tag", name, str(folder))
    assert built.returncode == 0, built.stderr
    yield name
    _run("rmi", "--force", name)


@pytest.fixture
def volume(tmp_path: Path) -> str:
    """A directory as ECS makes it."""
    directory = tmp_path / "volume"
    directory.mkdir()
    directory.chmod(0o755)
    assert os.geteuid() == directory.stat().st_uid == 0, "the engine's directories are root's"
    return str(directory)


def test_a_volume_of_ecs_is_not_writable_for_another_user(image: str, volume: str) -> None:
    done = _container("--volume", f"{volume}:/srv/scratch", image, *WRITE)
    assert done.returncode != 0
    assert "PermissionError: [Errno 13]" in done.stderr


def test_a_container_that_chowns_first_makes_it_writable(image: str, volume: str) -> None:
    mounted = ("--volume", f"{volume}:/srv/scratch")
    first = _container(*mounted, "--user", "0", image, *CHOWN)
    assert first.returncode == 0, first.stderr
    done = _container(*mounted, image, *WRITE)
    assert done.returncode == 0, done.stderr


def test_a_directory_that_a_volume_takes_over_keeps_its_owner(image: str) -> None:
    done = _container("--volume", "/srv/scratch", image, *WRITE)
    assert done.returncode == 0, done.stderr


def test_the_sample_runs_on_a_read_only_root() -> None:
    """It writes nothing, so that its user, 10001, needs no volume on AWS."""
    base_images.provide(find_engine(install=False).name, [BASE], {}, lambda _: None)
    name = f"localhost/file-rights-{uuid.uuid4().hex[:12]}"
    assert _run("build", "--tag", name, str(ROOT / "app")).returncode == 0
    ask = (
        "import http.client, subprocess, sys, time\n"
        "server = subprocess.Popen([sys.executable, 'server.py'])\n"
        "for _ in range(50):\n"
        "    try:\n"
        "        connection = http.client.HTTPConnection('127.0.0.1', 8080)\n"
        "        connection.request('GET', '/healthz')\n"
        "        status = connection.getresponse().status\n"
        "        break\n"
        "    except OSError:\n"
        "        time.sleep(0.1)\n"
        "server.terminate()\n"
        "sys.exit(0 if status == 200 else 1)\n"
    )
    try:
        done = _container(name, "python", "-c", ask)
        assert done.returncode == 0, done.stderr
    finally:
        _run("rmi", "--force", name)
