"""The plugin, by running pytest inside pytest: what is green, what is red, and what the failures say.

In this process: jsii, the Node process and the engine are started once for all of them.
"""

from __future__ import annotations

import sys

import aws_cdk as cdk
import cdk_nag
import cloudformation_validate
import pytest
from aws_cdk import assertions, aws_lambda, aws_sns, aws_sqs

from tests.testing.projects import edit, make_project, write

pytestmark = pytest.mark.integration

pytest_plugins = ["pytester"]

# What the projects import. Loaded here, each run finds it, and none of them takes it out of sys.modules at its end.
LOADED = (cdk, cdk_nag, cloudformation_validate, assertions, aws_lambda, aws_sns, aws_sqs)
TEST = "tests/unit/test_shop_stack.py"


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runner:
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        monkeypatch.delitem(sys.modules, name)  # the projects' tests are a package of this name, too
    return Runner(pytester)


class Runner:
    """Runs a test of a project."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.folder = pytester.path

    def __call__(self, *arguments: str) -> pytest.RunResult:
        quick = [word for name in ("cacheprovider", "hypothesispytest", "xdist") for word in ("-p", f"no:{name}")]
        return self.pytester.runpytest_inprocess(*quick, *arguments)

    def test(self, body: str, *arguments: str) -> pytest.RunResult:
        """A project with this test in it, and its run."""
        make_project(self.folder, test=body)
        return self(*arguments)


def test_ten_lines_are_red_on_a_change_and_green_when_an_asset_changes(run: Runner) -> None:
    make_project(run.folder)
    missing = run()
    missing.assert_outcomes(failed=1, passed=1)
    missing.stdout.fnmatch_lines(["*Snapshot 'test_the_template' does not exist!"])
    run("--snapshot-update").assert_outcomes(passed=2)
    assert [file.name for file in run.folder.rglob("__snapshots__/*/*")] == ["test_the_template.json"]
    run().assert_outcomes(passed=2)

    edit(run.folder, "shop/layer/python/answer.py", "41", "42")
    run().assert_outcomes(passed=2)

    edit(run.folder, "shop/shop_stack.py", "seconds(300)", "seconds(301)")
    changed = run()
    changed.assert_outcomes(failed=1, passed=1)
    changed.stdout.fnmatch_lines(
        [
            "E*~ Resources ShopQueue???????? (AWS::SQS::Queue)",
            "E*    Properties.VisibilityTimeout: 300 -> 301",
        ]
    )
    run("--snapshot-update").assert_outcomes(passed=2)
    run().assert_outcomes(passed=2)


def test_compliance_is_red_with_every_finding_and_how_to_answer_it(run: Runner) -> None:
    make_project(run.folder)
    edit(run.folder, "shop/shop_stack.py", 'self, "DeadQueue", enforce_ssl=True', 'self, "DeadQueue"')
    result = run("-k", "compliance")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*AssertionError: AwsSolutions: 1 rule broken and not acknowledged",
            "E*  AwsSolutions-SQS4: *",
            "E*      ShopStack/DeadQueue/Resource",
            'E*cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-SQS4", reason="...")',
            "tests*AssertionError",
        ]
    )
    edit(
        run.folder,
        "shop/shop_stack.py",
        "        lambda_.LayerVersion(",
        "        import aws_cdk as cdk\n"
        '        why = cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-SQS4", reason="a test")\n'
        "        cdk.Validations.of(dead).acknowledge(why)\n"
        "        lambda_.LayerVersion(",
    )
    run("-k", "compliance").assert_outcomes(passed=1)


def test_other_packs_and_the_whole_app(run: Runner) -> None:
    result = run.test(
        """
        import cdk_nag
        import pytest
        from shop.shop_stack import ShopStack

        def test_packs(assert_compliant, cdk_app):
            assert_compliant(cdk_app)
            packs = [cdk_nag.AwsSolutionsChecks, cdk_nag.HIPAASecurityChecks, cdk_nag.NIST80053R5Checks]
            assert_compliant(cdk_app, packs=packs)
            assert_compliant(ShopStack, packs=packs)

        def test_no_pack(assert_compliant):
            with pytest.raises(ValueError, match="packs is empty"):
                assert_compliant(ShopStack, packs=[])
        """
    )
    result.assert_outcomes(passed=2)


def test_each_builder_is_synthesized_once_with_the_context_of_the_project(run: Runner) -> None:
    result = run.test(
        """
        import aws_cdk as cdk
        import pytest
        from aws_cdk import aws_sqs as sqs
        from shop.shop_stack import ShopStack

        CALLS = []

        def fill(stack):
            CALLS.append(stack.node.id)
            seconds = cdk.Duration.seconds(stack.node.get_context("shop:visibility"))
            sqs.Queue(stack, "Queue", visibility_timeout=seconds, queue_name=f"{stack.region}-{stack.stack_name}")

        def make(app, id):
            return ShopStack(app, id, description="made")

        @pytest.mark.parametrize("again", range(3))
        def test_once(synthesize, again):
            synthesize(fill).has_resource_properties("AWS::SQS::Queue", {"VisibilityTimeout": 300})
            assert CALLS == ["Stack"]

        def test_ways(synthesize):
            context = {"shop:visibility": 5}
            synthesize(fill, context=context).has_resource_properties("AWS::SQS::Queue", {"VisibilityTimeout": 5})
            env = cdk.Environment(account="111122223333", region="eu-west-1")
            named = synthesize(fill, id="Named", env=env)
            named.has_resource_properties("AWS::SQS::Queue", {"QueueName": "eu-west-1-Named"})
            assert synthesize(make).to_json()["Description"] == "made"
            assert CALLS == ["Stack", "Stack", "Named"]

        @pytest.mark.parametrize(
            ("builder", "env", "message"),
            [
                (lambda: None, None, r"has 0 parameters; a builder has one \\(stack\\) or two \\(app, id\\)"),
                (lambda app, id: None, None, "has to return a stack, not None"),
                (ShopStack, cdk.Environment(region="eu-west-1"), "makes its own stack; set the environment there"),
            ],
        )
        def test_what_is_no_builder(synthesize, builder, env, message):
            with pytest.raises(TypeError, match=message):
                synthesize(builder, env=env)
        """
    )
    result.assert_outcomes(passed=7)


def test_the_app_runs_once_a_session_as_the_command_line_runs_it(run: Runner) -> None:
    make_project(run.folder)
    write(
        run.folder,
        "app.py",
        """
        import os
        import sys
        from pathlib import Path

        import aws_cdk as cdk

        from shop.shop_stack import ShopStack

        with Path("runs.txt").open("a") as file:
            print(sys.argv[1:], Path.cwd().name, file=file)
        app = cdk.App(context={"shop:visibility": "of the program"})
        assert app.node.get_context("shop:visibility") == 300
        ShopStack(app, "ShopStack")
        ShopStack(cdk.Stage(app, "Prod"), "ShopStack")
        """,
    )
    edit(run.folder, "cdk.json", "python3 app.py", "python3 app.py --flag")
    body = """
        import os
        import sys

        import aws_cdk
        import pytest

        def test_app(cdk_app):
            assert cdk_app.stacks == ("Prod/ShopStack", "ShopStack")
            cdk_app.template("Prod/ShopStack").resource_count_is("AWS::SQS::Queue", 2)
            assert cdk_app.template("ShopStack") is cdk_app.template("ShopStack")
            with pytest.raises(LookupError, match="has 2 stacks, name one: Prod/ShopStack, ShopStack"):
                cdk_app.template()
            with pytest.raises(LookupError, match="no stack 'Shop'; it has Prod/ShopStack, ShopStack"):
                cdk_app.template("Shop")
            assert "--flag" not in sys.argv
            assert aws_cdk.App().node.try_get_context("shop:visibility") is None
        """
    for name in ("one", "two"):
        write(run.folder, f"tests/unit/test_{name}.py", body)
    run("tests/unit/test_one.py", "tests/unit/test_two.py").assert_outcomes(passed=2)
    assert (run.folder / "runs.txt").read_text(encoding="utf-8") == f"['--flag'] {run.folder.name}\n"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import sys\nsys.exit(3)\n", "*app.py ended with status 3*"),
        ("raise ValueError('of the user')\n", "app.py:1: ValueError"),
        ("import aws_cdk\n", "*app.py made 0 cdk.App; `cdk_app` is for a program that makes one*"),
    ],
)
def test_an_app_that_fails_says_so(run: Runner, program: str, message: str) -> None:
    make_project(run.folder, app=program, test="def test_app(cdk_app):\n    pass\n")
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_no_project_to_run(run: Runner) -> None:
    run.pytester.makepyfile("def test_app(cdk_app):\n    pass\n")
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no cdk.json in *the `cdk_app` fixture runs the app that cdk.json names*"])


def test_an_assembly_is_read_and_no_app_run(run: Runner) -> None:
    body = """
        import pytest

        def test_app(cdk_app, assert_valid, template_snapshot):
            assert cdk_app.stacks == ("ShopStack",)
            assert_valid(cdk_app.template())
            assert cdk_app == template_snapshot

        def test_packs(cdk_app, assert_compliant):
            with pytest.raises(ValueError, match="omit the option"):
                assert_compliant(cdk_app)
        """
    make_project(run.folder, test=body)
    app = cdk.App(outdir=str(run.folder / "cdk.out"))
    aws_sqs.Queue(cdk.Stack(app, "ShopStack"), "Queue", enforce_ssl=True)
    app.synth()
    write(run.folder, "app.py", "raise AssertionError('the app was run')\n")
    run("--cdk-outdir", "cdk.out", "--snapshot-update").assert_outcomes(passed=2)
    run("--cdk-outdir", "cdk.out").assert_outcomes(passed=2)


def test_an_outdir_without_an_assembly_is_refused_at_once(run: Runner) -> None:
    make_project(run.folder)
    result = run("--cdk-outdir", "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--cdk-outdir=nowhere is not a cloud assembly*run `cdk synth` first"])


def test_validation_that_is_switched_off_outside_is_refused(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(run.folder)
    monkeypatch.setenv("CDK_VALIDATION", "false")
    result = run("--cdk-validation")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--cdk-validation has no effect while CDK_VALIDATION=false is set: unset it"])


def test_logical_ids_are_recorded_and_held(run: Runner) -> None:
    make_project(
        run.folder,
        test="""
        from shop.shop_stack import ShopStack

        def test_ids(synthesize, assert_logical_ids_stable):
            assert_logical_ids_stable(synthesize(ShopStack))
        """,
    )
    nothing = run()
    nothing.assert_outcomes(failed=1)
    nothing.stdout.fnmatch_lines(["E*nothing is recorded yet; record what is deployed with: pytest --snapshot-update"])
    run("--snapshot-update").assert_outcomes(passed=1)
    run().assert_outcomes(passed=1)

    edit(run.folder, "shop/shop_stack.py", '"ShopQueue"', '"RenamedQueue"')
    renamed = run()
    renamed.assert_outcomes(failed=1)
    renamed.stdout.fnmatch_lines(["E*ShopQueue???????? (AWS::SQS::Queue) is replaced by RenamedQueue????????: *"])
    assert "not recorded" not in renamed.stdout.str()

    edit(run.folder, "shop/shop_stack.py", '"RenamedQueue"', '"ShopQueue"')
    edit(
        run.folder,
        "shop/shop_stack.py",
        "        lambda_.LayerVersion(",
        '        from aws_cdk import aws_sns\n        aws_sns.Topic(self, "Topic")\n        lambda_.LayerVersion(',
    )
    added = run()
    added.assert_outcomes(failed=1)
    added.stdout.fnmatch_lines(
        ["E*Topic???????? (AWS::SNS::Topic) is new and not recorded; record it with: pytest --snapshot-update"]
    )


def test_updates_and_validity_are_fixtures_too(run: Runner) -> None:
    result = run.test(
        """
        import pytest
        from shop.shop_stack import ShopStack

        def test_them(synthesize, assert_no_replacement, assert_valid):
            template = synthesize(ShopStack)
            assert_valid(template)
            assert_no_replacement(template, template)

        def test_red(synthesize, assert_no_replacement):
            template = synthesize(ShopStack).to_json()
            named = synthesize(ShopStack).to_json()
            for resource in named["Resources"].values():
                if resource["Type"] == "AWS::SQS::Queue":
                    resource.setdefault("Properties", {})["QueueName"] = "name"
            assert_no_replacement(template, named)
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*this update would replace or interrupt 2 resources:",
            "E*ShopQueue???????? (AWS::SQS::Queue) would be replaced",
            'E*    QueueName: absent -> "name"',
            "tests*AssertionError",
        ]
    )


def test_a_snapshot_of_several_stacks_names_the_stack(run: Runner) -> None:
    app = """
        import aws_cdk as cdk
        from shop.shop_stack import ShopStack

        app = cdk.App()
        ShopStack(app, "One")
        ShopStack(app, "Two", description="the second")
        """
    test = """
        def test_app(cdk_app, template_snapshot):
            assert cdk_app == template_snapshot
        """
    make_project(run.folder, app=app, test=test)
    run("--snapshot-update").assert_outcomes(passed=1)
    edit(run.folder, "app.py", "the second", "the other")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*stack Two", 'E*  Description: "the second" -> "the other"'])
    assert "stack One" not in result.stdout.str()


def test_another_fixture_called_snapshot_is_named_in_the_error(run: Runner) -> None:
    result = run.test(
        """
        import pytest

        @pytest.fixture
        def snapshot():
            return 1

        def test_it(template_snapshot):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the fixture `snapshot` is not syrupy's but int: rename yours*"])


def test_without_syrupy_the_error_says_what_to_install(run: Runner) -> None:
    result = run.test("def test_it(template_snapshot):\n    pass\n", "-p", "no:syrupy")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*template snapshots are made by syrupy, which is not active: pip install*testing*"])


def test_the_fixtures_are_listed_and_documented(run: Runner) -> None:
    text = run("--fixtures").stdout.str()
    for name in ("synthesize", "cdk_app", "template_snapshot", "assert_logical_ids_stable", "assert_compliant"):
        assert f"\n{name} " in text, name
    help_text = run("--help").stdout.str()
    assert "--cdk-validation" in help_text
    assert "--cdk-outdir=DIRECTORY" in help_text
    assert "no docstring available" not in text.partition("ecr_fargate_constructs")[2].partition("\n---")[0]
