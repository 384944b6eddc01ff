"""Fifty template tests of one stack, compared with one bare synthesis of it: whole processes, in turn, medians.

    python bench/testing.py [pairs]

Built-in validation is off on both sides, and pytest has only the plugins that the extra ``[testing]`` installs. The
goal is a ratio of at most 1.3.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

GOAL = 1.3
PAIRS = 7
STACK = """
    from pathlib import Path

    from aws_cdk import Stack
    from aws_cdk import aws_certificatemanager as acm

    from ecr_fargate_constructs import EcrFargateService, PublicHttps

    ARN = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"


    class ShopStack(Stack):
        def __init__(self, scope, construct_id, **kwargs):
            super().__init__(scope, construct_id, **kwargs)
            ingress = PublicHttps(certificate=acm.Certificate.from_certificate_arn(self, "Certificate", ARN))
            directory = Path(__file__).parent / "context"
            web = EcrFargateService(self, "Web", directory=directory, container_port=80, ingress=ingress)
            web.service.auto_scale_task_count(min_capacity=2, max_capacity=10)
    """
BARE = """
    import aws_cdk as cdk

    from shop_stack import ShopStack

    app = cdk.App()
    ShopStack(app, "ShopStack")
    app.synth()
    """
TESTS = """
    import pytest
    from ecr_fargate_constructs.testing import service_in
    from shop_stack import ShopStack


    @pytest.mark.parametrize("number", range(10))
    class TestShop:
        def test_properties(self, synthesize, number):
            properties = {"ImageTagMutability": "IMMUTABLE"}
            synthesize(ShopStack).has_resource_properties("AWS::ECR::Repository", properties)

        def test_count(self, synthesize, number):
            synthesize(ShopStack).resource_count_is("AWS::ECS::Service", 1)

        def test_image(self, synthesize, number):
            service_in(synthesize(ShopStack)).runs_image_from("WebRepositoryFD65F3F1")

        def test_service(self, synthesize, number):
            service_in(synthesize(ShopStack)).has_circuit_breaker().scales_between(2, 10).answers_on(443)

        def test_snapshot(self, synthesize, template_snapshot, number):
            assert synthesize(ShopStack) == template_snapshot
    """


def main() -> int:
    """Measure, print, and fail if the goal is missed."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, text in (("shop_stack.py", STACK), ("bare.py", BARE), ("test_shop.py", TESTS)):
            (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
        (folder / "context").mkdir()
        (folder / "context" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
        tests = ["-m", "pytest", "-q", "-p", "syrupy", "-p", "_ecr_fargate_pytest"]
        for warm_up in (["bare.py"], [*tests, "--snapshot-update"]):
            _seconds(folder, *warm_up)
        measured = [(_seconds(folder, "bare.py"), _seconds(folder, *tests)) for _ in range(pairs)]
    bare, suite = (statistics.median(each) for each in zip(*measured, strict=True))
    ratio = statistics.median(second / first for first, second in measured)
    print(f"bare synthesis {bare:.2f} s, 50 tests {suite:.2f} s, median ratio {ratio:.2f} (goal: at most {GOAL})")
    return 0 if ratio <= GOAL else 1


def _seconds(folder: Path, *arguments: str) -> float:
    environment = os.environ | {"CDK_VALIDATION": "false", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # keep compiled code, as on any machine
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, check=True)  # noqa: S603
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
