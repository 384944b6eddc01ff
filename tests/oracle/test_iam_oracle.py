"""The embedded AWS's evaluator of IAM policies against another one: @cloud-copilot/iam-simulate.

The oracle is under the AGPL. It runs unmodified, as a process of its own, and is no part of this library or of its
distribution: ``make iam-oracle`` installs it beside this file and asks it ten thousand times. Without it the test is
skipped, and ``local/ministack_patches/test_iam.py`` holds the cases that were worked out by hand.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecr_fargate_constructs.local.decisions import Decisions
from ecr_fargate_constructs.local.ministack_patches.iam.evaluator import Evaluator
from tests.oracle.policies import ACCOUNT, REGION, ROLE, SESSION, Case, Statement, cases

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PAIRS = int(os.environ.get("ECR_FARGATE_IAM_PAIRS", "500"))
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
EVERYBODY: tuple[Any, ...] = ("*", {"AWS": "*"})

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (HERE / "node_modules").is_dir() or shutil.which("node") is None,
        reason="the oracle is not installed: make iam-oracle",
    ),
]


class Oracle:
    """The other evaluator, which answers a line with a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Speak with a process."""
        self._process = process

    def allows(self, case: Case) -> bool:
        """Whether it would allow a request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(_simulation(case)), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert not answer.get("errors"), answer["errors"]
        assert not answer.get("ignored"), f"{case.action} knows no {answer['ignored']}"
        return bool(answer["decision"] == "Allowed")


def _simulation(case: Case) -> dict[str, Any]:
    limits = case.boundary if case.boundary != [] else [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]
    return {
        "request": {
            "principal": SESSION,
            "action": case.action,
            "resource": {"resource": case.resource, "accountId": ACCOUNT},
            "contextVariables": case.context,
        },
        "identityPolicies": [{"name": "own", "policy": _document(case.identity)}] if case.identity else [],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        **({"resourcePolicy": _document(case.resource_policy)} if case.resource_policy else {}),
        **({"permissionBoundaryPolicies": [{"name": "boundary", "policy": _document(limits)}]} if limits else {}),
    }


def _document(statements: list[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


class Embedded:
    """The evaluator of the embedded AWS, with a role of our own in its IAM."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Replace what looks up the policies of resources: there are none of these resources."""
        self._inside: Any = import_module("ministack.core.iam_evaluator")
        self._iam: Any = import_module("ministack.services.iam")
        self._scope = import_module("ministack.core.responses").request_scope
        self._policy: tuple[dict[str, Any], str] | None = None
        for name in ("enforce", "_resolve_condition_key"):
            monkeypatch.setattr(self._inside, name, getattr(self._inside, name))
        monkeypatch.setattr(self._inside, "_CONDITION_OPS", dict(self._inside._CONDITION_OPS))
        monkeypatch.setattr(self._inside, "_resource_policy", lambda *_: self._policy)
        actions: Any = import_module("ministack.core.iam_actions")
        monkeypatch.setattr(actions, "access_denied_response", actions.access_denied_response)
        self._evaluator = Evaluator(Decisions())

    def allows(self, case: Case) -> bool:
        """Whether it would allow a request."""
        with self._scope(ACCOUNT, REGION):
            self._iam._policies[BOUNDARY] = {
                "DefaultVersionId": "v1",
                "Versions": {"v1": {"Document": _document(case.boundary or [])}},
            }
            self._iam._roles[ROLE.rpartition("/")[2]] = {
                "Arn": ROLE,
                "InlinePolicies": {"own": _document(case.identity)},
                "AttachedPolicies": [],
                "PermissionsBoundary": None if case.boundary is None else BOUNDARY,
            }
            self._policy = None if case.resource_policy is None else (_document(case.resource_policy), ACCOUNT)
            key = self._evaluator.agent(ROLE, SESSION.rpartition("/")[2])
            secure = case.context.get("aws:SecureTransport")
            self._inside._request_origin.set(("127.0.0.1", secure == "true"))
            own = {name: value for name, value in case.context.items() if not name.startswith("aws:Principal")}
            answer = self._evaluator.enforce(key, case.action, case.scene.service, REGION, case.resource, own)
            return answer is None


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Start the oracle, and end it."""
    command = [shutil.which("node") or "node", str(HERE / "iam_oracle.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        yield Oracle(process)
        assert process.stdin is not None
        process.stdin.close()


def explained(case: Case, *, ours: bool, theirs: bool) -> bool:
    """Whether a disagreement has a reason.

    Only one has: a resource's policy that allows everybody ("*"), and a role whose permissions boundary does not allow
    the action. AWS documents that a boundary limits what is granted to the role's ARN, and does not limit what is
    granted to the ARN of a session; "*" is neither. The oracle takes it for the session, and the embedded AWS, which
    refuses where AWS is not known to allow, for the role.
    """
    everybody = any(each["Principal"] in EVERYBODY and each["Effect"] == "Allow" for each in case.resource_policy or ())
    return theirs and not ours and case.boundary is not None and everybody


def test_both_evaluators_decide_alike(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = Embedded(monkeypatch)
    seen: set[bool] = set()

    @settings(max_examples=PAIRS, database=None)
    @given(cases())
    def decide(case: Case) -> None:
        ours, theirs = embedded.allows(case), oracle.allows(case)
        seen.add(theirs)
        assert ours == theirs or explained(case, ours=ours, theirs=theirs), (
            f"the oracle {'allows' if theirs else 'refuses'} it"
        )

    decide()
    assert seen == {True, False}


@given(cases(), st.booleans())
@settings(max_examples=50, database=None)
def test_no_disagreement_without_a_boundary_is_explained(case: Case, ours: bool) -> None:  # noqa: FBT001 - Hypothesis
    if case.boundary is None:
        assert not explained(case, ours=ours, theirs=not ours)
