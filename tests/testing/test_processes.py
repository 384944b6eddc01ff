"""What only processes of their own can show: start-up, workers, and CDK's own validation."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.testing.projects import edit, make_project, write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

pytest_plugins = ["pytester"]


def python(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name != "CDK_VALIDATION"}
    return subprocess.run(  # noqa: S603 - programs of ours
        [sys.executable, *arguments],
        cwd=folder,
        env={**variables, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def run_pytest(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return python(
        folder, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments, **environment
    )


def test_the_plugin_loads_nothing_of_the_library_until_a_fixture_is_used(tmp_path: Path) -> None:
    write(
        tmp_path,
        "test_plain.py",
        """
        import os
        import sys

        HEAVY = {"aws_cdk", "jsii", "constructs", "cdk_nag", "cloudformation_validate"}

        def of_the_library():
            return {name for name in sys.modules if name.startswith("ecr_fargate_constructs")}

        def test_nothing_is_loaded(request):
            plugin = request.config.pluginmanager.get_plugin("ecr_fargate_constructs")
            assert plugin is sys.modules["_ecr_fargate_pytest"]
            assert not of_the_library()
            assert not HEAVY & sys.modules.keys()
            assert "CDK_VALIDATION" not in os.environ

        def test_a_fixture_loads_what_it_needs(synthesize):
            assert "ecr_fargate_constructs.testing.synthesis" in of_the_library()
        """,
    )
    done = run_pytest(tmp_path, "-q", "-W", "error")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    write(tmp_path, "test_plain.py", "def test_it(synthesize):\n    pass\n")
    done = run_pytest(tmp_path, "-q", "-p", "no:ecr_fargate_constructs")
    assert "fixture 'synthesize' not found" in done.stdout


@pytest.mark.slow
def test_every_worker_of_xdist_has_one_node_process(tmp_path: Path) -> None:
    make_project(tmp_path)
    body = """
        import os
        import time
        from pathlib import Path

        from shop.shop_stack import ShopStack

        def children():
            for file in Path("/proc").glob("[0-9]*/stat"):
                try:
                    name, _, rest = file.read_text().partition(" (")[2].rpartition(") ")
                except OSError:  # it has ended meanwhile
                    continue
                if int(rest.split()[1]) == os.getpid():
                    yield name

        def test_all_of_it(synthesize, cdk_app, assert_compliant, worker_id):
            synthesize(ShopStack).resource_count_is("AWS::SQS::Queue", 2)
            cdk_app.template("ShopStack").resource_count_is("AWS::SQS::Queue", 2)
            assert_compliant(ShopStack)
            assert_compliant(cdk_app)
            assert list(children()).count("node") == 1, list(children())
            with Path("workers.txt").open("a") as file:
                print(worker_id, file=file)
            time.sleep(0.5)  # leave the others for the other worker

        """
    for name in ("one", "two", "three", "four"):
        write(tmp_path, f"tests/unit/test_{name}.py", body)
    write(tmp_path, "tests/unit/test_shop_stack.py", "")
    done = run_pytest(tmp_path, "-n", "2", "-W", "error")
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    assert set((tmp_path / "workers.txt").read_text(encoding="utf-8").split()) == {"gw0", "gw1"}


@pytest.mark.slow
def test_validation_on_request_makes_errors_of_the_built_in_rules(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        test="""
        import os

        from aws_cdk import CfnResource
        from shop.shop_stack import ShopStack

        def bad(stack):
            CfnResource(stack, "Cluster", type="AWS::ECS::Cluster", properties={"Nope": 1})

        def test_good(synthesize):
            synthesize(ShopStack)

        def test_bad(synthesize):
            synthesize(bad)

        def test_app(cdk_app):
            pass

        def test_environment():
            assert "CDK_VALIDATION" not in os.environ
        """,
    )
    edit(
        tmp_path,
        "app.py",
        "app.synth()",
        "cdk.CfnResource(cdk.Stack(app, 'Bad'), 'Cluster', type='AWS::ECS::Cluster', properties={'Nope': 1})",
    )
    done = run_pytest(tmp_path, "--cdk-validation")
    assert "1 failed, 2 passed, 1 error" in done.stdout, done.stdout
    told = [line.removeprefix("E").strip() for line in done.stdout.splitlines() if line.startswith("E ")]
    rule = "F3002: Nope: Additional properties are not allowed ('Nope' was unexpected)"
    for place in ("Stack/Cluster", "Bad/Cluster"):
        where = told.index(place)
        assert told[where - 3 : where] == ["AssertionError: 1 finding of aws-cdk-lib's built-in rules", "", rule]
