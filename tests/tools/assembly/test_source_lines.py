"""The line of an app in the stack traces that CDK records."""

from __future__ import annotations

from pathlib import Path

import pytest

import ecr_fargate_constructs
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.assembly.source_lines import line_of_app, source_lines

LIBRARY = Path(ecr_fargate_constructs.__file__).parent
SKIPPED = [
    "...aws-cdk-lib, jsii runtime, node internals...",
    "(no user code in 10 frames, use --stack-trace-limit to capture more)",
]


@pytest.mark.parametrize(
    ("frames", "line"),
    [
        (["<module> (/srv/app.py:8)"], (Path("/srv/app.py"), 8)),
        (["new Shop (/srv/lib/shop.ts:21:5)"], (Path("/srv/lib/shop.ts"), 21)),
        (["build (/srv/a (copy)/app.py:8)"], (Path("/srv/a (copy)/app.py"), 8)),
        ([f"build ({LIBRARY}/service/base.py:140)", "<module> (/srv/app.py:8)"], (Path("/srv/app.py"), 8)),
        (["f (/v/lib/python3.13/site-packages/a/b.py:1)", "<module> (/srv/app.py:8)"], (Path("/srv/app.py"), 8)),
        (
            ["f (/usr/lib/python3/dist-packages/a.py:1)", "g (/srv/shop.py:3)", "h (/srv/app.py:8)"],
            (Path("/srv/shop.py"), 3),
        ),
        (["f (/v/lib/python3.13/site-packages/a/b.py:1)"], None),
        ([], None),
    ],
)
def test_the_innermost_line_of_the_app_is_found(frames: list[str], line: tuple[Path, int] | None) -> None:
    assert line_of_app([*SKIPPED, *frames]) == line


def test_what_was_left_out_is_no_line() -> None:
    assert list(source_lines(SKIPPED)) == []


@pytest.mark.integration
def test_a_resource_has_its_construct_and_no_trace_of_a_program_that_recorded_none(assemblies: Path) -> None:
    (repository,) = load(assemblies / "three_lines").of("AWS::ECR::Repository")
    assert repository.construct == "Web/Web/Repository/Default/Resource"
    assert line_of_app(repository.trace) is None
