"""Variables in FROM, those of the platform, and what editors on Windows write."""

from __future__ import annotations

import time

import pytest

from ecr_fargate_constructs._rules.dockerfile import Dockerfile
from ecr_fargate_constructs._rules.dockerfile_variables import expanded

BY_PLATFORM = """\
FROM nginx:1.29 AS final-amd64
FROM nginx:1.30 AS final-arm64
FROM final-${TARGETARCH}
USER 10001
"""


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$A", "one"),
        ("${A}", "one"),
        ("x${A}y", "xoney"),
        ("$NONE.", "."),
        ("${NONE:-two}", "two"),
        ("${A:-two}", "one"),
        ("${EMPTY:-two}", "two"),
        ("${EMPTY-two}", ""),
        ("${NONE-two}", "two"),
        ("${A:+two}", "two"),
        ("${NONE:+two}", ""),
        ("${EMPTY:+two}", ""),
        ("${EMPTY+two}", "two"),
        ("${A:?it is needed}", "one"),
        ("${NONE:-${A}}", "one"),
        ("${NONE:-${EMPTY:-${A}-x}}", "one-x"),
        ("${A:+${A}-slim}", "one-slim"),
        ("plain", "plain"),
        ("${A#pattern}", "${A#pattern}"),
    ],
)
def test_a_variable_is_replaced(text: str, result: str) -> None:
    assert expanded(text, {"A": "one", "EMPTY": ""}) == result


def test_variables_that_double_end_soon() -> None:
    lines = ["ARG A0=xxxx", *(f"ARG A{n + 1}=$A{n}$A{n}$A{n}" for n in range(200)), "FROM $A200"]
    began = time.perf_counter()
    (base,) = Dockerfile.parse("\n".join(lines), {}).images.values()
    assert time.perf_counter() - began < 5  # measured: 0.01 s
    assert set(base) == {"x"}
    assert expanded("$A", {"A": "$A$A"}).strip("$A") == ""


@pytest.mark.parametrize(
    ("platform", "arguments", "base"),
    [
        (None, {}, "nginx:1.29"),
        ("linux/amd64", {}, "nginx:1.29"),
        ("linux/arm64", {}, "nginx:1.30"),
        ("linux/arm64/v8", {}, "nginx:1.30"),
        ("linux/amd64", {"TARGETARCH": "arm64"}, "nginx:1.30"),
    ],
)
def test_a_stage_is_named_by_the_platform(platform: str | None, arguments: dict[str, str], base: str) -> None:
    file = Dockerfile.parse(BY_PLATFORM, arguments, platform)
    assert file.chain()[0].image == base
    assert list(file.images.values()) == ["nginx:1.29", "nginx:1.30"]
    assert file.settings().user == "10001"


@pytest.mark.parametrize(
    ("head", "base"),
    [
        ("ARG TARGETARCH\nFROM a:$TARGETARCH", "a:arm64"),
        ("ARG TARGETARCH=x\nFROM a:$TARGETARCH", "a:x"),
        ("FROM a:${TARGETOS}-${BUILDARCH}", "a:linux-arm64"),
        ("ARG V=3.13\nARG BASE=python:${V}-slim\nFROM ${BASE}", "python:3.13-slim"),
        ("ARG DEBUG\nFROM a${DEBUG:+-debug}:1", "a:1"),
        ("ARG DEBUG=1\nFROM a${DEBUG:+-debug}:1", "a-debug:1"),
        ('FROM "a:1"', "a:1"),
    ],
)
def test_a_base_is_named_by_variables(head: str, base: str) -> None:
    assert list(Dockerfile.parse(head, {}, "linux/arm64").images.values()) == [base]


@pytest.mark.parametrize(
    ("option", "pinned"),
    [
        ("linux/arm64", "linux/arm64"),
        ("$P", "linux/amd64"),
        ("$BUILDPLATFORM", None),
        ("${TARGETPLATFORM}", None),
        ("linux/${TARGETARCH}", None),
        ("$NONE", None),
    ],
)
def test_a_platform_that_follows_the_build_pins_nothing(option: str, pinned: str | None) -> None:
    file = Dockerfile.parse(f"ARG P=linux/amd64\nFROM --platform={option} a:1\n", {})
    assert file.stages[0].platform == pinned


@pytest.mark.parametrize(
    "text", ["\ufeffFROM a:1\r\nUSER 1\r\n", "FROM\ta:1\nUSER\t1\n", "\ufeff# escape=`\nFROM a:1\nUSER `\n1\n"]
)
def test_marks_and_tabs_of_editors(text: str) -> None:
    file = Dockerfile.parse(text, {})
    assert file.images == {"a:1": "a:1"}
    assert file.settings().user == "1"


def test_a_variable_after_a_tab() -> None:
    assert Dockerfile.parse("FROM a\nENV\tA\tone two\nENV\tB=3\tC=4\n", {}).environment() == {
        "A": "one two",
        "B": "3",
        "C": "4",
    }
