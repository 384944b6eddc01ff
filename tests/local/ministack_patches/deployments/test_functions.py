"""What a function answers to its lifecycle hook; whatever is no answer is a refusal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.deployments.functions import ask_function


def _functions(result: Any, known: bool = True) -> SimpleNamespace:  # noqa: ANN401, FBT001, FBT002
    def run(_record: object, event: dict[str, Any]) -> Any:  # noqa: ANN401
        assert event == {"lifecycleStage": "POST_SCALE_UP"}
        if isinstance(result, Exception):
            raise result
        return result

    return SimpleNamespace(
        _get_func_record_for_ref=lambda ref: ({}, {}, ref) if not known else ({"a": 1}, {"b": 2}, ref),
        _execution_record_for_config=lambda *_: {},
        _execute_function_with_config_scope=run,
    )


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ({"body": {"hookStatus": "SUCCEEDED"}}, ("SUCCEEDED", None)),
        ({"body": '{"hookStatus": "IN_PROGRESS", "callBackDelay": 5}'}, ("IN_PROGRESS", 5.0)),
        ({"body": {"errorMessage": "no"}, "error": True}, ("FAILED", None)),
        ({"body": "null"}, ("FAILED", None)),
        ({"body": {"hookStatus": "SUCCEEDED", "callBackDelay": "soon"}}, ("FAILED", None)),
        (RuntimeError("no worker"), ("FAILED", None)),
    ],
)
def test_answers(result: Any, answer: tuple[str, float | None]) -> None:  # noqa: ANN401
    assert ask_function(_functions(result), "arn", {"lifecycleStage": "POST_SCALE_UP"}) == answer


def test_a_function_that_is_not_there_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask_function(_functions({}, known=False), "arn", {}) == ("FAILED", None)
    assert "there is no function arn" in capsys.readouterr().out
