"""What docs/migrate-from-pattern.md says of a service that CDK's pattern made before."""

from __future__ import annotations

import re
from importlib import util
from typing import Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs.testing import Effect, updates
from tests.support import ROOT
from tests.support.templates import template_of

pytestmark = pytest.mark.integration

PAGE = (ROOT / "docs" / "migrate-from-pattern.md").read_text(encoding="utf-8")
LINE = re.compile(r"^\[([~+-])\] (\S+) +(\w+)", re.MULTILINE)
Templates = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def templates() -> Templates:
    spec = util.spec_from_file_location("from_pattern", ROOT / "examples" / "from_pattern.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return template_of(module.before(cdk.App())), template_of(module.build(cdk.App()))


def test_the_page_lists_what_changes(templates: Templates) -> None:
    before, after = (template["Resources"] for template in templates)
    found = {("-", item["Type"], name) for name, item in before.items() if name not in after}
    found |= {("+", item["Type"], name) for name, item in after.items() if name not in before}
    found |= {("~", item["Type"], name) for name, item in after.items() if before.get(name, item) != item}
    assert set(LINE.findall(PAGE)) == found
    assert f"[ ] {sum(before.get(name) == item for name, item in after.items())} resources" in PAGE


def test_nothing_is_replaced_but_the_tasks_security_group(templates: Templates) -> None:
    replaced = [update.logical_id for update in updates(*templates) if update.effect is Effect.REPLACED]
    assert replaced == ["WebServiceSecurityGroupBAF50CC8", "WebTaskDefwebLogGroup034DCD19"]
    log_group = templates[0]["Resources"]["WebTaskDefwebLogGroup034DCD19"]
    assert log_group["DeletionPolicy"] == "Retain"  # it leaves the stack, and stays
