"""``ImageBuild`` takes what ``DockerImageAsset`` takes."""

from __future__ import annotations

import inspect
from dataclasses import fields

from aws_cdk import aws_ecr_assets as ecr_assets

from ecr_fargate_constructs import ImageBuild
from tests.support import ROOT

RENAMED = {
    "build_args": "args",
    "build_secrets": "secrets",
    "build_ssh": "ssh",
    "build_contexts": "contexts",
    "file": "dockerfile",
    "platform": "architecture",
}
"""Options of CDK that have another name here."""

ADDED = {"architectures"}
"""Options of a build that CDK's asset has not."""

LEFT_OUT = {"directory": "an argument of its own", "ignore_mode": "patterns are Docker's"}
"""Options of CDK that are no option of a build, with the reason as ``docs/image.md`` has it."""

OPTIONS = list(inspect.signature(ecr_assets.DockerImageAsset.__init__).parameters)[3:]


def test_every_option_of_cdk_is_an_option_of_a_build_or_left_out_for_a_reason() -> None:
    ours = {field.name for field in fields(ImageBuild)}
    assert {RENAMED.get(name, name) for name in OPTIONS if name not in LEFT_OUT} == ours - ADDED


def test_the_reasons_are_documented_and_name_options_that_exist() -> None:
    text = (ROOT / "docs" / "image.md").read_text(encoding="utf-8")
    for name, reason in LEFT_OUT.items():
        assert name in OPTIONS
        assert f"| `{name}` | {reason}" in text
    assert set(RENAMED) <= set(OPTIONS)


def test_the_documentation_names_every_option() -> None:
    text = (ROOT / "docs" / "image.md").read_text(encoding="utf-8")
    assert [field.name for field in fields(ImageBuild) if f"`{field.name}`" not in text] == []
