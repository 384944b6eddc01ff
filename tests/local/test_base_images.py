"""The images that builds read, and their stand-ins, without an engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local import base_images
from ecr_fargate_constructs.tools.assembly.stacks import BuiltImage
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DIGEST = f"sha256:{64 * 'a'}"


class _Engine:
    """An engine that knows some images by their labels, and pulls none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, reason: str = "no such host") -> None:
        self.labels: dict[str, str] = {}
        self.imported: list[str] = []
        self.pulls = False
        self.reason = reason
        monkeypatch.setattr(base_images._Engine, "_run", self._run)
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(shutil, "which", lambda name: name)
        monkeypatch.setattr(base_images, "_archive", lambda _: folder)

    def provide(self, *images: str) -> dict[str, str]:
        return base_images.provide("podman", images, {}, lambda _text: None)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        *_, image = arguments
        out, failed = "", False
        if arguments[0] == "image":
            out, failed = self.labels.get(image, ""), image not in self.labels
        elif arguments[0] == "pull":
            failed = not self.pulls
        elif arguments[0] == "import":
            self.imported.append(image)
            (label,) = (word for word in arguments if word.startswith("LABEL "))
            self.labels[image] = label.partition("=")[2]
        return subprocess.CompletedProcess([], int(failed), stdout=out, stderr=f"x\n{self.reason}\n")


def _images(folder: Path, text: str, arguments: dict[str, str], contexts: Mapping[str, str]) -> dict[str, str]:
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(text, encoding="utf-8")
    return base_images.images_of(BuiltImage(folder, dockerfile, arguments, contexts=contexts))


@pytest.mark.parametrize(
    ("text", "arguments", "images"),
    [
        ("FROM python:3.13-slim", {}, ["python:3.13-slim"]),
        ("# FROM no\nFROM --platform=linux/amd64 a:1 AS build\nFROM b:2\nCOPY --from=build /x /x", {}, ["a:1", "b:2"]),
        ("FROM a AS base\nFROM base AS next\nFROM next", {}, ["a"]),
        ("ARG TAG=3.13\nARG NAME\nFROM ${NAME:-python}:$TAG", {}, ["python:3.13"]),
        ("ARG TAG=3.13\nFROM python:${TAG}", {"TAG": "3.12"}, ["python:3.12"]),
        ('ARG TAG="3.13"\nFROM python:${TAG}', {}, ["python:3.13"]),
        ("FROM scratch\nCOPY x /x", {}, []),
        ("from a:1 \\\n  as build\nFROM A:1", {}, ["a:1", "A:1"]),
        (f"FROM a:1@{DIGEST}", {}, [f"a:1@{DIGEST}"]),
        (
            "FROM a AS one\nFROM b\nCOPY --from=one x y\nCOPY --chown=1 --from=c:2 x y",
            {},
            ["a", "b", "c:2"],
        ),
        ("FROM a\nFROM b\nCOPY --from=0 x y", {}, ["a", "b"]),
        ("FROM a\nCOPY --from=later x y\nFROM b AS later", {}, ["a", "later", "b"]),
        (
            "FROM a\nRUN --mount=type=cache,id=x --mount=type=bind,from=b:1,target=/y make --from=z",
            {},
            ["a", "b:1"],
        ),
        ("FROM a\nCOPY --from=$X x y\nADD --from=b x y\nCOPY x --from=c y", {}, ["a"]),
    ],
)
def test_the_images_of_a_dockerfile(tmp_path: Path, text: str, arguments: dict[str, str], images: list[str]) -> None:
    assert list(_images(tmp_path, text, arguments, {}).values()) == images


def test_images_have_the_names_that_the_dockerfile_writes(tmp_path: Path) -> None:
    text = "ARG HASH\nFROM nginx@${HASH}\nCOPY --from=python:3 x y\n"
    expected = {"nginx@${HASH}": f"nginx@{DIGEST}", "python:3": "python:3"}
    assert _images(tmp_path, text, {"HASH": DIGEST}, {}) == expected


def test_a_build_context_replaces_an_image(tmp_path: Path) -> None:
    text = "FROM base\nCOPY --from=files x y\nCOPY --from=c:1 x y\n"
    contexts = {"base": "docker-image://nginx:1.29", "files": "/somewhere", "unused": "/elsewhere"}
    assert _images(tmp_path, text, {}, contexts) == {"base": "nginx:1.29", "c:1": "c:1"}


@pytest.mark.parametrize(
    ("reason", "wrong", "fix"),
    [
        ("manifest unknown", "cannot be pulled: manifest unknown", "correct its name in the Dockerfile"),
        ("dial tcp: no such host", "cannot be reached: dial tcp: no such host", "'podman load'"),
    ],
)
@pytest.mark.parametrize("image", ["example.com/thing:1", f"thing@{DIGEST}", "python:3.13", f"python@{DIGEST}"])
def test_an_image_that_nothing_replaces_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, image: str, reason: str, wrong: str, fix: str
) -> None:
    with pytest.raises(ToolError, match=wrong) as caught:
        _Engine(monkeypatch, tmp_path, reason).provide(image)
    assert fix in str(caught.value.fix)


def test_the_stand_in_of_nginx_has_the_site_and_the_user_of_the_official_image(tmp_path: Path) -> None:
    for folder in ("etc/nginx/sites-enabled", "etc/nginx/conf.d", "var/log/nginx", "var/lib/nginx/body"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/nginx/sites-enabled/default").write_text("root /var/www/html;", encoding="utf-8")
    (stand_in,) = (each for each in base_images._STAND_INS if each.images.fullmatch("public.ecr.aws/nginx/nginx:1.29"))
    for command in stand_in.commands:
        subprocess.run(["sh", "-ec", command, "sh", str(tmp_path)], check=True)  # noqa: S603, S607 - as mmdebstrap does
    assert "root /usr/share/nginx/html;" in (tmp_path / "etc/nginx/conf.d/default.conf").read_text(encoding="utf-8")
    assert not list((tmp_path / "etc/nginx/sites-enabled").iterdir())
    assert (tmp_path / "etc/passwd").read_text(encoding="utf-8").startswith("nginx:x:101:101:")
    assert (tmp_path / "var/lib/nginx").resolve() == tmp_path / "var/cache/nginx"


@pytest.mark.parametrize("image", ["nginx", "nginx:1.29", "example.com/python:3.13-slim-bookworm"])
def test_a_stand_in_has_the_name_of_its_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, image: str) -> None:
    engine = _Engine(monkeypatch, tmp_path)
    assert engine.provide(image) == {image: image}
    assert engine.imported == [image]


@pytest.mark.parametrize("image", [f"nginx:1.29@{DIGEST}", f"public.ecr.aws/nginx/nginx@{DIGEST}"])
def test_a_stand_in_for_a_digest_has_a_name_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, image: str
) -> None:
    engine = _Engine(monkeypatch, tmp_path)
    name = engine.provide(image)[image]
    assert name.startswith("localhost/ecr-fargate-stand-in:debian-nginx-light-")
    assert engine.imported == [name]
    assert engine.provide(image) == {image: name}
    assert engine.imported == [name]


def test_an_image_that_is_there_or_can_be_pulled_needs_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = _Engine(monkeypatch, tmp_path)
    engine.labels["nginx:1.29"] = ""
    assert engine.provide("nginx:1.29") == {}
    assert engine.provide("nginx:1.30") == {"nginx:1.30": "nginx:1.30"}
    engine.pulls = True
    assert engine.provide("nginx:1.30", f"nginx@{DIGEST}") == {}


def test_a_stand_in_of_an_earlier_version_is_made_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = _Engine(monkeypatch, tmp_path)
    engine.labels["nginx:1.29"] = "of an earlier version"
    for _ in range(2):
        assert engine.provide("nginx:1.29") == {"nginx:1.29": "nginx:1.29"}
        assert engine.imported == ["nginx:1.29"]
