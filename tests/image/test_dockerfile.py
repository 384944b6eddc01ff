"""Dockerfiles that cannot be built are refused, and no other: what builders take passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs import ConfigurationError, ImageBuild
from ecr_fargate_constructs._rules.dockerfile import Dockerfile
from ecr_fargate_constructs.image.dockerfile import check_dockerfile

if TYPE_CHECKING:
    from pathlib import Path

HEREDOC = """\
FROM python:3.13 AS build
RUN <<EOF
FROM nothing AS inside
COPPY a b
EOF
COPY <<"a.conf" <<-'b.conf' /etc/
USER root
a.conf
\tWORKDIR /
\tb.conf
RUN echo $((1<<2)) && echo "a <<b"
FROM build AS final
"""
CONTINUED = """\
# syntax=docker/dockerfile:1
# escape=`

ARG TAG=1 `
    # between

    OTHER=2
FROM python:${OTHER} AS base
RUN dir C:\\
COPY . C:\\app\\
"""


def _check(folder: Path, text: str, **options: object) -> str:
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    return check_dockerfile(folder, ImageBuild(**options)).path  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (HEREDOC, {"target": "final"}),
        (CONTINUED, {"target": "base"}),
        ("from scratch as X\ncopy a /\n", {"target": "x"}),
        ("FROM\tscratch\nCOPY\ta /\n", {"target": "0"}),
        ("FROM \\\n  scratch\n", {}),
        ("ARG BASE=scratch\nFROM ${BASE}\n", {}),
        ("ARG BASE\nFROM $BASE\n", {"args": {"BASE": "scratch"}}),
        ("ARG A=1 BASE=scratch\nFROM ${BASE}\n", {}),
        ("FROM ${BASE:-scratch}\n", {}),
        ("FROM --platform=$BUILDPLATFORM golang:1.25 AS build\nFROM scratch\n", {}),
        ("FROM $TARGETARCH AS arm64\n", {}),
        ("# FROM a\n\n  # b\nFROM scratch\nMAINTAINER me\nONBUILD RUN true\n", {}),
        ("FROM scratch\nRUN echo \\\n\n  two\n", {}),
        ("FROM scratch\nLABEL a=b\\", {}),
        ("# syntax=example.com/other:1\nINCLUDE base\n", {}),
    ],
)
def test_what_builders_take_passes(tmp_path: Path, text: str, options: dict[str, object]) -> None:
    assert _check(tmp_path, text, **options) == "Dockerfile"


@pytest.mark.parametrize(
    ("text", "options", "wrong"),
    [
        ("RUN <<EOF\nFROM scratch\nEOF\n", {}, "has no FROM line"),
        ("# FROM scratch\n", {}, "has no FROM line"),
        ("ENV A=1\nFROM scratch\n", {}, "has ENV in line 1, before the first FROM, where only ARG is allowed"),
        ("\nARG A=1\nLABEL a=b\nFROM scratch\n", {}, "has LABEL in line 3"),
        (HEREDOC, {"target": "inside"}, "is not a stage of ImageBuild.dockerfile='Dockerfile'; use 'build', 'final'"),
        (HEREDOC, {"target": "2"}, "which has 2; use '0' to '1'"),
        (
            "FROM scratch\nRUNN true\n",
            {},
            "has 'RUNN' in line 2, which is not a Dockerfile instruction; did you mean RUN?",
        ),
        ("FROM scratch\nENTRYPOINTS ['a']\n", {}, "did you mean ENTRYPOINT?"),
        ("FROM scratch\n=======\n", {}, "has '=======' in line 2, which is not a Dockerfile instruction; remove it"),
        ("FROM ${BASE}\n", {}, "has FROM ${BASE} in line 1, and no value is given for BASE"),
        ("FROM ${BASE}\n", {"args": {"BASE": "scratch"}}, "add ARG BASE"),
        ("FROM $BUILD_IMAGE\n", {}, "and no value is given for BUILD_IMAGE"),
        ("FROM scratch AS a\nFROM $A$B\n", {}, "and no value is given for A and B"),
    ],
)
def test_what_no_builder_takes_is_refused(tmp_path: Path, text: str, options: dict[str, object], wrong: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _check(tmp_path, text, **options)
    assert str(caught.value).startswith("ImageBuild.")
    assert wrong in str(caught.value)


def test_what_only_looks_like_a_heredoc_swallows_nothing() -> None:
    text = 'FROM a AS one\nRUN echo "see <<EOF" && echo $((1<<2))\nUSER 10001\nFROM b AS two\n'
    file = Dockerfile.parse(text, {})
    assert [stage.name for stage in file.stages] == ["one", "two"]
    assert file.settings("one").user == "10001"


def test_the_lines_of_heredocs_belong_to_their_instruction() -> None:
    file = Dockerfile.parse(HEREDOC, {})
    assert [stage.name for stage in file.stages] == ["build", "final"]
    assert [(each.name, each.line) for each in file.stages[0].instructions] == [("RUN", 2), ("COPY", 6), ("RUN", 11)]
    assert file.before is None


def test_a_backtick_joins_lines_where_the_file_says_so() -> None:
    file = Dockerfile.parse(CONTINUED, {})
    assert list(file.images.values()) == ["python:2"]
    assert [each.value for each in file.stages[0].instructions] == ["dir C:\\", ". C:\\app\\"]
    assert Dockerfile.parse("FROM a\nRUN x `\nUSER 1\n", {}).settings().user == "1"
