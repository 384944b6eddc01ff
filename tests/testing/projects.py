"""Projects as ``cdk init app --language python`` lays them out, for the plugin to be run in."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

APP = """
#!/usr/bin/env python3
import os

import aws_cdk as cdk

from shop.shop_stack import ShopStack

app = cdk.App()
ShopStack(app, "ShopStack")

app.synth()
"""
STACK = """
from pathlib import Path

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class ShopStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        dead = sqs.Queue(self, "DeadQueue", enforce_ssl=True)
        sqs.Queue(
            self,
            "ShopQueue",
            visibility_timeout=Duration.seconds(300),
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=3, queue=dead),
        )
        lambda_.LayerVersion(
            self,
            "Layer",
            code=lambda_.Code.from_asset(str(Path(__file__).parent / "layer")),
        )
"""
TEN_LINES = """
from shop.shop_stack import ShopStack


def test_the_template(synthesize, template_snapshot):
    assert synthesize(ShopStack) == template_snapshot


def test_compliance(assert_compliant):
    assert_compliant(ShopStack)
"""


def make_project(folder: Path, *, test: str = TEN_LINES, stack: str = STACK, app: str = APP) -> Path:
    """The project; ``folder`` must be empty."""
    write(folder, "app.py", app)
    write(folder, "shop/__init__.py", "")
    write(folder, "shop/shop_stack.py", stack)
    write(folder, "shop/layer/python/answer.py", "ANSWER = 41\n")
    write(folder, "tests/__init__.py", "")
    write(folder, "tests/unit/__init__.py", "")
    write(folder, "tests/unit/test_shop_stack.py", test)
    configuration = {"app": "python3 app.py", "context": {"shop:visibility": 300}}
    (folder / "cdk.json").write_text(json.dumps(configuration), encoding="utf-8")
    return folder


def write(folder: Path, name: str, text: str) -> None:
    """A file of the project."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Change a file of the project, which has to hold ``old``."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text, f"{name} does not hold {old!r}"
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    # Python tells an old .pyc by size and second; a test is faster than that.
    for stale in (folder / name).parent.glob("__pycache__/*.pyc"):
        stale.unlink()
