"""AwsSolutions finds nothing in an example that is not acknowledged, and nothing is acknowledged that is not found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import cdk_nag
import pytest

from ecr_fargate_constructs._cdk import acknowledge as _acknowledge
from tests.compliance import packs
from tests.support import example_apps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from constructs import IConstruct

    from ecr_fargate_constructs.testing import CdkApp
    from tests.compliance.packs import Checked

pytestmark = pytest.mark.integration

PACK = "AwsSolutions"
POLICIES = "arn:<AWS::Partition>:iam::aws:policy/service-role"
IAM5 = "AwsSolutions-IAM5[Resource::*]"
EVERYWHERE = {
    "AwsSolutions-EC23",  # who may connect to a load balancer
    "AwsSolutions-ELB2",  # access logs
}
PINNED = {
    *EVERYWHERE,
    "AwsSolutions-VPC7",  # flow logs
    "AwsSolutions-ECS2",  # plain environment variables
    f"AwsSolutions-IAM4[Policy::{POLICIES}/AWSLambdaBasicExecutionRole]",
    IAM5,  # actions that take no resource
}
_ECS = "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:"
ON_REQUEST = {
    "access_tokens": {"AwsSolutions-S1"},  # the example's own buckets
    "ec2_gpu": {"AwsSolutions-AS3", "AwsSolutions-IAM5[Action::ecs:Submit*]"},
    "fargate_and_ec2": {"AwsSolutions-AS3", "AwsSolutions-IAM5[Action::ecs:Submit*]"},
    "blue_green": {"AwsSolutions-IAM5[Resource::<ProbeB22986FB.Arn>:*]"},
    "endpoints": {"AwsSolutions-SMG4"},  # the example's own secret
    "https": {"AwsSolutions-S1"},  # the example's own bucket
    "managed_instances": {
        (
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
            "AmazonECSInfrastructureRolePolicyForManagedInstances]"
        ),
        f"{_ECS}container-instance/<WebCluster20B6B362>/*]",
        f"{_ECS}container-instance/<WorkerCluster89E4DD17>/*]",
        f"{_ECS}task/<WorkerCluster89E4DD17>/*]",
    },
    "registry": {"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecr:eu-central-1:444455556666:repository/shop/*]"},
    "exec_sessions": {
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:*]"
    },
    "release_command": {
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task-definition/ShopWebTaskDefE65F141C:*]",
        (
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/"
            "<EcsDefaultClusterMnL3mNNYN926A5246>/*]"
        ),
        (
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:"
            "<WebLogGroup1664F270>:log-stream:*]"
        ),
    },
    "sidecar_telemetry": {
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/ecs/otel:*]"
    },
    "scheduled_job": {
        "AwsSolutions-SF1",
        "AwsSolutions-SF2",
        "AwsSolutions-SQS3",
        *(f"{_ECS}task-definition/Jobs{name}:*]" for name in ("ReportTaskDefCFF3F9CC", "CleanUpTaskDefBD6A3ABA")),
        f"{_ECS}task/<EcsDefaultClusterMnL3mNNYN926A5246>/*]",
    },
    "supply_chain": {
        "AwsSolutions-IAM5[Resource::<SignedFunction3F069B31.Arn>:*]",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:service-revision/*]",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:service/*]",
    },
    "roles": {
        (
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/"
            "<EcsDefaultClusterMnL3mNNYN926A5246>/*]"
        ),
    },
    "scale_to_zero": {
        (
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/"
            "<EcsDefaultClusterMnL3mNNYN926A5246>/*]"
        ),
        *(
            f"AwsSolutions-IAM5[Resource::<{name}.Arn>:*]"
            for name in ("WikiWakeFunction7D60FBE7", "ReportsWakeFunction102AD7AD")
        ),
    },
    "worker": {
        (
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/"
            "<EcsDefaultClusterMnL3mNNYN926A5246>/*]"
        ),
    },
    "volumes": {
        f"AwsSolutions-IAM4[Policy::{POLICIES}/AmazonECSInfrastructureRolePolicyForVolumes]",
    },
}
"""What an example asks for beyond the service itself, and costs an acknowledgement more."""


STANDARD = [file for file in example_apps.EXAMPLES if file.stem != "regulated"]  # test_regulated.py has that one


@dataclass(frozen=True)
class Example:
    """An example after the rule pack."""

    checked: Checked
    recorded: dict[tuple[str, str], str]
    """Construct and rule to reason, of all that the constructs recorded."""


def _check(file: Path, outdir: Path) -> Checked:
    return packs.check(example_apps.build(file, outdir), outdir, [PACK])


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Example]:
    known: dict[Path, Example] = {}

    def checked(file: Path) -> Example:
        if file not in known:
            outdir = tmp_path_factory.mktemp("nag")
            app = example_apps.build(file, outdir)
            recorded = packs.recorded(app)
            known[file] = Example(packs.check(app, outdir, [PACK]), recorded)
        return known[file]

    return checked


@pytest.mark.parametrize("file", STANDARD, ids=lambda file: file.stem)
def test_an_example_has_no_finding_and_no_idle_acknowledgement(file: Path, check: Callable[[Path], Example]) -> None:
    example = check(file)
    assert example.checked.found == []
    assert set(example.recorded) == example.checked.acknowledged
    packs.check_each_is_needed(example.recorded, example.checked)


@pytest.mark.parametrize("file", STANDARD, ids=lambda file: file.stem)
def test_the_acknowledgements_are_these(file: Path, check: Callable[[Path], Example]) -> None:
    rules = {rule.removeprefix(f"{PACK}::") for _, rule in check(file).recorded}
    asked_for = ON_REQUEST.get(file.stem, set())
    assert asked_for <= rules <= PINNED | asked_for
    assert len(PINNED) <= 6
    if file.stem not in {
        "access_tokens",
        "retention",
        "https",
        "worker",
        "scheduled_job",
        "registry",
    }:  # no service, access logs, no load balancer
        assert rules >= EVERYWHERE


@pytest.mark.parametrize("file", STANDARD, ids=lambda file: file.stem)
def test_nothing_is_acknowledged_for_a_whole_stack_and_every_reason_says_something(
    file: Path, check: Callable[[Path], Example]
) -> None:
    for (path, _), reason in check(file).recorded.items():
        assert path.count("/") >= 1, f"{path} is a stack"
        assert len(reason) > 40


ECS_RESOURCE = "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:"
NEEDED = [
    ("three_lines", "Web/Web/Default/LB", "AwsSolutions-ELB2"),
    ("three_lines", "Web/Web/Default/LB/SecurityGroup", "AwsSolutions-EC23"),
    ("three_lines", "Web/EcrFargateNetwork/Resource", "AwsSolutions-VPC7"),
    ("three_lines", "Web/EcrFargateImageCopier/Role/DefaultPolicy", IAM5),
    ("three_lines", "Web/Web/Default/TaskDef/ExecutionRole/DefaultPolicy", IAM5),
    ("blue_green", "BlueGreen/Web/InfrastructureRole/DefaultPolicy", IAM5),
    ("blue_green", "BlueGreen/Web/HookRole/DefaultPolicy", "AwsSolutions-IAM5[Resource::<Probe"),
    ("compose", "Shop/Web/TaskDef/Resource", "AwsSolutions-ECS2"),
    ("ec2_gpu", "Gpu/Inference/InternalLB/SecurityGroup", "AwsSolutions-EC23"),
    ("ec2_gpu", "Gpu/Inference/Machines/ASG", "AwsSolutions-AS3"),
    ("ec2_gpu", "Gpu/Inference/MachineRole/DefaultPolicy", "AwsSolutions-IAM5[Action"),
    ("ec2_gpu", "Gpu/Inference/MachineRole/DefaultPolicy", IAM5),
    ("endpoints", "Inside/Network/EndpointSecurityGroup", "AwsSolutions-EC23"),
    ("exec_sessions", "Sessions/Web/TaskDef/TaskRole/DefaultPolicy", IAM5),
    ("exec_sessions", "Sessions/Web/TaskDef/TaskRole/DefaultPolicy", "AwsSolutions-IAM5[Resource::arn"),
    ("sidecar_telemetry", "Telemetry/Web/TaskDef/TaskRole/DefaultPolicy", IAM5),
    ("sidecar_telemetry", "Telemetry/Web/TaskDef/TaskRole/DefaultPolicy", "AwsSolutions-IAM5[Resource::arn"),
    ("supply_chain", "Shop/Signed/Role/DefaultPolicy", f"{ECS_RESOURCE}service-revision/"),
    ("supply_chain", "Shop/Signed/Role/DefaultPolicy", f"{ECS_RESOURCE}service/"),
    ("managed_instances", "Managed/Web/InfrastructureRole", "AwsSolutions-IAM4"),
    ("managed_instances", "Managed/Web/InstanceRole", IAM5),
    ("managed_instances", "Managed/Web/InstanceRole", f"{ECS_RESOURCE}container-instance/"),
    ("registry", "Recovery/Template/CreationRole/DefaultPolicy", "AwsSolutions-IAM5[Resource::arn"),
    ("release_command", "Shop/Web/Release/Policy", IAM5),
    ("release_command", "Shop/Web/Release/Policy", f"{ECS_RESOURCE}task-definition/"),
    ("release_command", "Shop/Web/Release/Policy", f"{ECS_RESOURCE}task/"),
    ("release_command", "Shop/Web/Release/Policy", ECS_RESOURCE.replace(":ecs:", ":logs:") + "log-group:"),
    ("scale_to_zero", "Tools/Wiki/Wake/Policy", IAM5),
    ("scale_to_zero", "Tools/Wiki/Wake/Policy", f"{ECS_RESOURCE}task/"),
    ("scale_to_zero", "Tools/Wiki/Wake/ScheduleRole/DefaultPolicy", "AwsSolutions-IAM5[Resource::<WikiWake"),
    ("scheduled_job", "Jobs/Report/StateMachine/Resource", "AwsSolutions-SF1"),
    ("scheduled_job", "Jobs/Report/StateMachine/Resource", "AwsSolutions-SF2"),
    ("scheduled_job", "Jobs/Report/DeadLetters/Resource", "AwsSolutions-SQS3"),
    ("scheduled_job", "Jobs/Report/StateMachineRole/DefaultPolicy", f"{ECS_RESOURCE}task-definition/"),
    ("scheduled_job", "Jobs/Report/StateMachineRole/DefaultPolicy", f"{ECS_RESOURCE}task/"),
    ("scheduled_job", "Jobs/Report/StateMachineRole/DefaultPolicy", IAM5),
    ("worker", "Worker/Worker/TaskDef/TaskRole/DefaultPolicy", f"{ECS_RESOURCE}task/"),
    ("volumes", "Volumes/Web/Default/Service/Volume-index/EBSRole", "AwsSolutions-IAM4"),
]
"""Every place in the sources that acknowledges something, in an example."""


@pytest.mark.parametrize(("example", "path", "rule"), NEEDED, ids=[f"{case[0]}-{case[2]}" for case in NEEDED])
def test_without_one_acknowledgement_the_check_fails(
    example: str, path: str, rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, left_out = _acknowledge._record, []

    def all_but_one(construct: IConstruct, findings: Mapping[str, str]) -> None:
        here = construct.node.path == path
        dropped = [finding for finding in findings if here and finding.startswith(f"{PACK}::{rule}")]
        left_out.extend(dropped)
        record(construct, {finding: reason for finding, reason in findings.items() if finding not in dropped})

    monkeypatch.setattr(_acknowledge, "_record", all_but_one)
    file = next(file for file in example_apps.EXAMPLES if file.stem == example)
    found = _check(file, tmp_path).found
    assert len(set(left_out)) == 1
    assert [each for _, each in found] == left_out[:1]
    assert found[0][0].startswith(path)


def test_every_place_that_acknowledges_is_in_that_list(check: Callable[[Path], Example]) -> None:
    reasons = {reason for file in STANDARD for reason in check(file).recorded.values()}
    listed = set()
    for example, path, rule in NEEDED:
        file = next(file for file in example_apps.EXAMPLES if file.stem == example)
        found = check(file).recorded
        listed |= {reason for (at, each), reason in found.items() if at == path and each.startswith(f"{PACK}::{rule}")}
    own = {reason for reason in reasons if not reason.startswith("An example")}
    assert own <= listed


def test_the_sample_app(cdk_app: CdkApp, assert_compliant: Callable[..., None]) -> None:
    assert_compliant(cdk_app)


def test_a_finding_in_another_region_has_its_name_spelled_out(tmp_path: Path) -> None:
    stack = cdk.Stack(cdk.App(outdir=str(tmp_path)), "Here", env=cdk.Environment(account="1" * 12, region="eu-west-1"))
    arn: Any = stack.format_arn(service="logs", resource="x")
    assert _acknowledge.iam5_resource(stack, arn) == (
        f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:eu-west-1:{'1' * 12}:x]"
    )


def test_a_variable_that_sounds_of_a_secret_stays_a_finding(tmp_path: Path) -> None:
    from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp  # noqa: PLC0415

    app = cdk.App(outdir=str(tmp_path))
    container = AppContainer("public.ecr.aws/nginx/nginx:1.29", 80, environment={"DB_PASSWORD": "x"})
    LoadBalancedFargateService(cdk.Stack(app, "Stack"), "Web", container=container, ingress=PublicHttp())
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError, match="AwsSolutions-ECS2"):
        app.synth()
