"""Dockerfiles and their base images."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs._rules.dockerfile import Dockerfile
from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs.tools.doctor.readers.base_images import end_of_life

STAGED = """\
# syntax=docker/dockerfile:1
ARG TAG=3.13
FROM --platform=linux/amd64 python:${TAG} AS Base
ENV A=1 B="two words"
USER 10001
EXPOSE 8080/tcp $PORT
RUN <<EOF
USER root
EOF
FROM node:24 AS build
RUN npm ci && \\
    # a comment between
    npm run build
FROM base AS final
ENV C three
CMD ["python",
"-m", "app"]
FROM scratch AS debug
CMD sh
"""


def test_an_image_is_made_of_its_stages() -> None:
    file = Dockerfile.parse(STAGED.replace('["python",\n"-m", "app"]', '["python", "-m", "app"]'), {"TAG": "3.12"})
    assert file.images == {"python:${TAG}": "python:3.12", "node:24": "node:24"}
    assert [stage.name for stage in file.chain("final")] == ["base", "final"]
    assert [stage.name for stage in file.chain()] == ["debug"]
    assert [stage.name for stage in file.chain("1")] == ["build"]
    user, command = file.last("USER", "final"), file.last("CMD", "FINAL")
    assert user is not None
    assert command is not None
    assert (user.value, user.line) == ("10001", 5)
    assert (command.words, command.text, command.line) == (("python", "-m", "app"), "python -m app", 16)
    assert file.ports("final") == (8080,)
    assert file.environment("final") == {"A": "1", "B": "two words", "C": "three"}
    assert file.last("USER") is None
    assert file.chain()[0].platform is None
    assert file.chain("base")[0].platform == "linux/amd64"


def test_a_stage_named_like_its_base() -> None:
    assert Dockerfile.parse("FROM python AS python\nFROM python\n", {}).images == {"python": "python"}


def test_nothing_is_nothing() -> None:
    file = Dockerfile.parse("# only a comment\n", {})
    assert (file.chain(), file.images, file.last("CMD"), file.ports()) == ((), {}, None, ())


def test_what_is_not_json_is_a_shell_command() -> None:
    command = Dockerfile.parse("FROM a\nCMD ['python', 'x']\n", {}).last("CMD")
    assert command is not None
    assert command.words is None


@pytest.mark.parametrize(
    ("name", "ended"),
    [
        ("python:3.9-slim", True),
        ("python:3.13", False),
        ("python:3", False),
        ("public.ecr.aws/docker/library/python:3.8.20-alpine", True),
        ("node:20-bookworm", True),
        ("node:22", False),
        ("node:lts", False),
        ("ubuntu:20.04", True),
        ("ubuntu:24.04", False),
        ("debian:buster-slim", True),
        ("debian:bookworm", False),
        ("alpine:3.18", True),
        ("alpine:3.22", False),
        ("centos:7", True),
        ("acme/thing:1", False),
    ],
)
def test_base_images_at_their_end(name: str, ended: bool) -> None:  # noqa: FBT001 - a table
    assert (end_of_life(ImageReference.parse(name, name="x")) is not None) is ended
