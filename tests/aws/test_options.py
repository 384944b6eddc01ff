"""The options: an account has to be named, and a suite that costs money does not start by accident."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.cases import CASES
from tests.aws.options import Wish, elsewhere
from tests.aws.targets import Account
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

SUITE = ROOT / "tests" / "aws" / "on_aws" / "test_examples.py"


class Options:
    """A configuration of pytest."""

    rootpath = Path("/project")

    def __init__(self, **values: object) -> None:
        self.values: dict[str, object] = {
            "--aws": None,
            "--aws-region": "us-east-1",
            "--aws-zone": None,
            "--aws-examples": None,
            "--aws-report": "aws-report",
            "--aws-record": False,
            **{f"--{name.replace('_', '-')}": value for name, value in values.items()},
        }

    def getoption(self, name: str) -> object:
        return self.values[name]


def _wish(**values: object) -> Wish | None:
    options: Any = Options(**values)
    return Wish.of(options)


def test_without_the_option_nothing_is_wished() -> None:
    assert _wish() is None


def test_what_is_wished() -> None:
    wish = _wish(aws="123456789012", aws_examples="spot,retention", aws_zone="Z012EXAMPLE:example.org")
    assert wish is not None
    assert not wish.embedded
    assert wish.examples == ("spot", "retention")
    assert wish.report == Path("/project/aws-report")
    assert ("example.com", "example.org") in wish.texts(CASES["https"])
    assert ('"eu-west-1"', '"us-east-1"') in wish.texts(CASES["https"])


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"aws": ""}, "neither an account id"),
        ({"aws": "12345"}, "neither an account id"),
        ({"aws": "123456789012", "aws_record": True}, "needs --aws=embedded"),
        ({"aws": "embedded", "aws_zone": "example.com"}, "is not ID:NAME"),
        ({"aws": "embedded", "aws_examples": "three_line"}, "three_line is not one of"),
    ],
)
def test_what_is_refused(values: dict[str, object], part: str) -> None:
    with pytest.raises(pytest.UsageError, match=part):
        _wish(**values)


def test_credentials_of_another_account_are_refused_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Sts:
        def get_caller_identity(self) -> dict[str, str]:
            return {"Account": "999999999999"}

    def client(_: object, service: str) -> Sts:
        asked.append(service)
        return Sts()

    monkeypatch.setattr(Account, "client", client)
    with pytest.raises(pytest.UsageError, match="those of account 999999999999, not of 123456789012"):
        Account("123456789012", "eu-west-1")
    assert asked == ["sts"]


@pytest.mark.parametrize("account", [None, "embedded"])
def test_the_suite_and_the_other_tests_never_run_together(account: str | None) -> None:
    config: Any = Options(aws=account)
    ignored: Callable[[Path], bool] = lambda path: bool(elsewhere(path, config))  # noqa: E731 - a short name
    others = [ROOT / "tests" / "test_posture.py", ROOT / "tests" / "e2e", ROOT / "examples" / "testing" / "test_x.py"]
    assert [ignored(path) for path in (SUITE, SUITE.parent)] == [account is None] * 2
    assert [ignored(path) for path in others] == [account is not None] * 3
    assert not any(ignored(path) for path in (ROOT, ROOT / "tests", ROOT / "tests" / "aws"))


def test_expensive_examples_have_to_be_named_on_an_account() -> None:
    case = CASES["ec2_gpu"]
    for_all, named = Wish("123456789012"), Wish("123456789012", examples=("ec2_gpu",))
    assert "g5.xlarge" in for_all.impediment(case)
    assert named.impediment(case) == ""
    assert "EC2" in Wish("embedded", examples=("ec2_gpu",)).impediment(case)


def test_examples_with_a_domain_need_a_zone_on_an_account_only() -> None:
    case = CASES["https"]
    assert "--aws-zone" in Wish("123456789012").impediment(case)
    assert Wish("123456789012", zone="Z012EXAMPLE:example.org").impediment(case) == ""
    assert Wish("embedded").impediment(case) == ""
