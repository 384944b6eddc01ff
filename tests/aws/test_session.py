"""A run of an example: whatever happens, its stacks and its secrets are deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.aws import session as sessions
from tests.aws.cases import CASES
from tests.aws.deployment import Ended
from tests.aws.options import Wish
from tests.aws.report import Report
from tests.aws.session import NotDeployableError, Session, hourly_cost
from tests.support import ROOT
from tests.support.example_apps import build

if TYPE_CHECKING:
    from pathlib import Path

DONE = Ended(0, "Web (no changes)")


class Aws:
    """A target without stacks; it remembers which secrets exist."""

    account, region, previews = "123456789012", "eu-west-1", True

    def __init__(self, *secrets: str) -> None:
        self.secrets = set(secrets)
        self.asked: list[str] = []

    def client(self, _: str) -> Aws:
        return self

    def impediment(self, *_: object) -> str:
        return ""

    def put_stubs(self, _: object) -> None:
        self.asked.append("put_stubs")

    def create_secret(self, *, Name: str, SecretString: str) -> None:  # noqa: N803 - as boto3 has it
        assert SecretString
        if Name in self.secrets:
            raise ClientError({"Error": {"Code": "ResourceExistsException", "Message": "no"}}, "CreateSecret")
        self.secrets.add(Name)

    def delete_secret(self, *, SecretId: str, ForceDeleteWithoutRecovery: bool) -> None:  # noqa: N803 - as boto3 has it
        assert ForceDeleteWithoutRecovery
        self.secrets.remove(SecretId)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as boto3
        def call(**_: object) -> Any:  # noqa: ANN401
            self.asked.append(name)
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, name)

        return call


class Deployed:
    """An example that is deployed nowhere."""

    def __init__(self, _: object, case: object, prefix: str, folder: Path) -> None:
        self.stacks: dict[str, str] = {}
        self.case, self.prefix, self.out = case, prefix, folder

    def synthesize(self, _: object) -> Ended:
        self.out.mkdir(parents=True)
        (self.out / "manifest.json").write_text(json.dumps({"artifacts": {}}), encoding="utf-8")
        return DONE

    def bootstrap(self) -> Ended:
        return self._run("bootstrap")

    def deploy(self) -> Ended:
        return self._run("deploy")

    def destroy(self) -> Ended:
        return self._run("destroy")

    def _run(self, what: str) -> Ended:
        RAN.append(what)
        outcome = OUTCOMES.get(what, DONE)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


RAN: list[str] = []
OUTCOMES: dict[str, Ended | BaseException] = {}


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    RAN.clear()
    OUTCOMES.clear()
    monkeypatch.setattr(sessions, "Deployed", Deployed)
    monkeypatch.setattr(sessions, "QUESTIONS", {"services": lambda _: {"Web": {"status": "ACTIVE"}}})
    monkeypatch.setattr(sessions, "record_of", lambda _: {"services": {"Web": {"status": "ACTIVE"}}})
    monkeypatch.setattr(sessions, "hourly_cost", lambda _: 0.155)


def _session(tmp_path: Path, aws: Aws, said: list[str] | None = None) -> Session:
    target: Any = aws
    lines: list[str] = [] if said is None else said
    return Session(Wish("123456789012"), target, tmp_path, Report(tmp_path / "report", "a test"), lines.append)


def test_a_run_is_compared_and_its_costs_are_said_before(tmp_path: Path) -> None:
    said: list[str] = []
    session = _session(tmp_path, Aws(), said)
    result = session.run(CASES["three_lines"])
    assert RAN == ["deploy", "deploy", "destroy"], "an account of yours is not bootstrapped"
    assert (result.problems, result.left) == ([], [])
    assert [str(each.verdict) for each in result.compared if each.path[0] == "services"] == ["Verdict.EQUAL"]
    assert said == ["three_lines: about 0.15 US dollars per hour, and what depends on usage"]
    assert session.report.results == [result]


def test_a_failed_deployment_is_a_problem_and_is_deleted(tmp_path: Path) -> None:
    OUTCOMES["deploy"] = Ended(1, "many lines\nthe last line")
    result = _session(tmp_path, Aws()).run(CASES["three_lines"])
    assert RAN == ["deploy", "destroy"]
    [problem] = result.problems
    assert "the last line" in problem


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a fault of the suite")])
def test_an_interrupted_deployment_is_deleted(tmp_path: Path, error: BaseException) -> None:
    OUTCOMES["deploy"] = error
    aws = Aws()
    with pytest.raises(type(error)):
        _session(tmp_path, aws).run(CASES["from_app_runner"])
    assert RAN == ["deploy", "destroy"]
    assert not aws.secrets


def test_a_question_that_fails_does_not_keep_the_stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> dict[str, Any]:
        raise RuntimeError("a fault of the suite")

    monkeypatch.setattr(sessions, "QUESTIONS", {"services": fail})
    with pytest.raises(RuntimeError):
        _session(tmp_path, Aws()).run(CASES["three_lines"])
    assert RAN == ["deploy", "destroy"]


def test_secrets_are_made_for_the_run_and_those_of_others_are_not_touched(tmp_path: Path) -> None:
    aws = Aws("shop/signing-key")
    with pytest.raises(NotDeployableError, match="secret shop/signing-key: ResourceExistsException"):
        _session(tmp_path, aws).run(CASES["task_secrets"])
    assert aws.secrets == {"shop/signing-key"}
    assert RAN == []


def test_a_removal_that_fails_is_a_problem(tmp_path: Path) -> None:
    OUTCOMES["destroy"] = Ended(1, "not deleted")
    result = _session(tmp_path, Aws()).run(CASES["three_lines"])
    assert "the removal failed: not deleted" in result.problems


def test_the_prefix_is_another_one_for_each_session(tmp_path: Path) -> None:
    prefixes = {_session(tmp_path, Aws()).prefix for _ in range(20)}
    assert len(prefixes) > 10
    assert all(each.startswith("efc-") for each in prefixes)


@pytest.mark.integration
def test_the_hourly_cost_of_an_example(tmp_path: Path) -> None:
    build(ROOT / "examples" / "retention.py", tmp_path / "nothing").synth()
    build(ROOT / "examples" / "three_lines.py", tmp_path / "something").synth()
    assert hourly_cost(tmp_path / "nothing") == 0
    assert 0.1 < hourly_cost(tmp_path / "something") < 0.3
