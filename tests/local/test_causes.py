"""Why the CDK command line failed: recorded outputs of it, of Python, podman and BuildKit."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecr_fargate_constructs.local.cdk_failures import NO_SYNTH, cause, failed_step

APP = Path("/home/me/shop")
TRACEBACK = """\
Traceback (most recent call last):
  File "/home/me/shop/app.py", line 4, in <module>
    build(app)
  File "/home/me/shop/lib/web.py", line 5, in build
    EcrFargateService(
  File "/home/me/shop/.venv/lib/python3.11/site-packages/jsii/_runtime.py", line 135, in __call__
    inst = super(JSIIMeta, cast(JSIIMeta, cls)).__call__(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pkg.errors.ConfigurationError: [Web/Web] container_port=70000 is not a TCP port
use 1 to 65535
python3 app.py: Subprocess exited with error 1
"""
CHAINED = """\
Traceback (most recent call last):
  File "/usr/lib/jsii/_runtime.py", line 1, in inner
    raise ValueError(x)
JavaScriptError: @jsii/kernel: stack of JavaScript

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/home/me/shop/app.py", line 5, in <module>
    cdk.Stack(app,"W")
  File "/usr/lib/jsii/_runtime.py", line 135, in __call__
    raise RuntimeError(resp.error) from JavaScriptError(resp.stack)
RuntimeError: There is already a Construct with name 'W' in App
python3 app.py: Subprocess exited with error 1
"""
SYNTAX = """\
  File "/home/me/shop/app.py", line 2
    app=cdk.App(
               ^
SyntaxError: '(' was never closed
python3 app.py: Subprocess exited with error 1
"""
FOREIGN = """\
Traceback (most recent call last):
  File "<string>", line 1, in <module>
ModuleNotFoundError: No module named 'nomodule'
python3 -c x: Subprocess exited with error 1
"""
ANNOTATIONS = """\
../tmp99tmlye7/lib/program.js:1:5660
ERROR Need to perform AWS calls (Construct Annotations)
   Web/Vpc
   Rule Annotation::error-annotation
Synthesis finished with errors
"""


SPOKEN = "pkg.errors.ConfigurationError: [Web/Web] container_port=70000 is not a TCP port\n  use 1 to 65535"
LOST = "python3: can't open file '/home/me/shop/no.py': [Errno 2] No such file or directory"


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            TRACEBACK,
            f"{SPOKEN}\n  at lib/web.py:5: EcrFargateService(",
        ),
        (
            CHAINED,
            "RuntimeError: There is already a Construct with name 'W' in App\n  at app.py:5: cdk.Stack(app,\"W\")",
        ),
        (SYNTAX, "SyntaxError: '(' was never closed\n  at app.py:2: app=cdk.App("),
        (FOREIGN, "ModuleNotFoundError: No module named 'nomodule'"),
        (
            f"{LOST}\npython3 no.py: Subprocess exited with error 2",
            LOST,
        ),
        ("no variable\npython3 app.py: Subprocess exited with error 1\n", "no variable"),
        (ANNOTATIONS, "[Web/Vpc] Need to perform AWS calls"),
        ("Error: boo\n    at Object (/x.js:1:7)\nnode app.js: Subprocess exited with error 1", "Error: boo"),
        ("nothing of note", "nothing of note"),
        ("", "it printed nothing"),
    ],
)
def test_an_app_that_fails_is_shown_with_its_own_place(printed: str, said: str) -> None:
    assert cause("synth", printed.splitlines(), APP) == f"cdk synth failed: {said}"


@pytest.mark.parametrize(
    "line",
    [
        "ENOENT: no such file or directory, open '/x/cdk.out.new/manifest.json'",
        "Error: ENOENT: no such file or directory, open 'out/manifest.json'",
    ],
)
def test_an_app_that_writes_nothing(line: str) -> None:
    assert cause("synth", ["85 feature flags are not configured.", line], APP) == NO_SYNTH


PODMAN = """\
Web: success: Published Web Template (current_account)
[1/2] STEP 1/3: FROM python:3.13-slim AS build
one
[1/2] STEP 2/3: RUN pip install x
two
/bin/sh: 1: pip: not found
Web: success: Published Function/Code
Error: building at STEP "RUN pip install x": while running runtime: exit status 127
Web: fail: cdk-docker build . exited with error code 127: /bin/sh: 1: pip: not found
"""
BUILDKIT = """\
#7 [2/4] WORKDIR /srv
#7 DONE 0.1s
#8 [3/4] RUN pip install x
#7 late
#8 0.312 /bin/sh: 1: pip: not found
#8 ERROR: process "/bin/sh -c pip install x" did not complete successfully: exit code: 127
------
ERROR: failed to build: failed to solve: process
"""


def test_a_failed_build_is_shown_with_its_whole_step() -> None:
    assert cause("deploy", PODMAN.splitlines(), APP) == (
        'cdk deploy failed: Error: building at STEP "RUN pip install x": while running runtime: exit status 127\n'
        "  [1/2] STEP 2/3: RUN pip install x\n  two\n  /bin/sh: 1: pip: not found"
    )
    assert failed_step(BUILDKIT.splitlines()) == [
        '#8 ERROR: process "/bin/sh -c pip install x" did not complete successfully: exit code: 127',
        "#8 [3/4] RUN pip install x",
        "#8 0.312 /bin/sh: 1: pip: not found",
    ]
    assert failed_step(["STEP 1/2: FROM x", "Web | CREATE_FAILED"]) == []


def test_what_cloudformation_says_comes_before_what_follows_from_it() -> None:
    lines = ["x", "Web | 2/9 | CREATE_FAILED | AWS::X | no", "❌ Web failed: Error: rolled back"]
    assert cause("deploy", lines, APP) == f"cdk deploy failed: {lines[1]}"
