"""Ids are public API: a change of one of these replaces a resource, or breaks an acknowledgement, of every user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_scheduler as scheduler

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    Ec2WorkerService,
    EcrFargateService,
    ImageRepositoryStack,
    InternalHttp,
    JobContainer,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Posture,
    PrivateRepository,
    PublicHttp,
    QueueScaling,
    ReleaseCommand,
    Rolling,
    Scaling,
    ScheduledJob,
    ServiceAlarms,
    ServiceDashboard,
    ServiceThresholds,
    Wake,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)
from tests.support import ROOT
from tests.support.templates import of_type, template_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

STATEFUL = {
    "AWS::ECR::Repository": "WebRepositoryFD65F3F1",
    "AWS::Logs::LogGroup": "WebLogGroup1664F270",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "WebLB720665E7",
    "AWS::ElasticLoadBalancingV2::Listener": "WebLBPublicListenerB3D72A27",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "WebLBPublicListenerECSGroupB52EA5B2",
    "AWS::ECS::Service": "WebServiceD04B5F3E",
    "AWS::ECS::TaskDefinition": "WebTaskDef1C8E6ED7",
    "AWS::ECS::Cluster": "EcsDefaultClusterMnL3mNNYN926A5246",
    "AWS::EC2::VPC": "EcrFargateNetwork81508412",
    "Custom::EcrFargateImageCopy": "WebImageCopy495EE816",
}
COPIER = {
    "AWS::IAM::Role": "EcrFargateImageCopierRole75EAFB0B",
    "AWS::IAM::Policy": "EcrFargateImageCopierRoleDefaultPolicyD3A14B9F",
    "AWS::Lambda::Function": "EcrFargateImageCopierFunctionB6D9FF84",
    "AWS::Logs::LogGroup": "EcrFargateImageCopierLogGroup23E7F9F5",
}
"""CloudFormation refuses a custom resource of another function, so this one never gets another id."""

RELEASE = {
    "AWS::IAM::Role": "WebReleaseRole317F662E",
    "AWS::IAM::Policy": "WebReleasePolicy6BDAA87D",
    "AWS::Lambda::Function": "WebReleaseFunction3659ACCD",
    "AWS::Logs::LogGroup": "WebReleaseLogGroupE54B3A23",
    "Custom::EcrFargateReleaseCommand": "WebReleaseRunAAD460DA",
}
"""The same goes for the function of a release command, whose parameter has the name of these ids, too."""

WAKE = {
    "AWS::Lambda::Function": "WebWakeFunction9ABBC187",
    "AWS::CloudWatch::Alarm": "WebWakeIdle97DFE6B8",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "WebWakeTargetGroup92C2AE04",
}
"""The function, alarm and target group of a service that sleeps."""

INTERNAL = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "WebInternalLBBB079707",
}
EC2 = {
    "AWS::Logs::LogGroup": ["EcrFargateExecLogBB2CA130", "WebLogGroup1664F270"],
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ["WebLB720665E7"],
    "AWS::ElasticLoadBalancingV2::TargetGroup": ["WebLBPublicListenerECSGroupB52EA5B2"],
    "AWS::ECS::Service": ["WebServiceD04B5F3E"],
    "AWS::ECS::TaskDefinition": ["WebTaskDef1C8E6ED7"],
    "AWS::ECS::Cluster": ["WebCluster20B6B362"],
    "AWS::ECS::CapacityProvider": ["WebCapacityProvider5B5EC297"],
    "AWS::ECS::ClusterCapacityProviderAssociations": ["WebCluster07B7FBCB"],
    "AWS::AutoScaling::AutoScalingGroup": ["WebMachinesASG1BC4A246"],
    "AWS::EC2::LaunchTemplate": ["WebLaunchTemplate2DE16FC2"],
    "AWS::ApplicationAutoScaling::ScalableTarget": ["WebServiceTaskCountTargetF7BAB0BC"],
    "AWS::ApplicationAutoScaling::ScalingPolicy": [
        "WebServiceTaskCountTargetCpu44C13166",
        "WebServiceTaskCountTargetMemory0E5CE4F8",
        "WebServiceTaskCountTargetRequests11B8180B",
    ],
}
REGULATED = {
    "AWS::EC2::FlowLog": ["EcrFargateNetworkRegulatedFlowLog89AAB39D"],
    "AWS::KMS::Key": ["EcrFargateKey62135120"],
    "AWS::Logs::LogGroup": [COPIER["AWS::Logs::LogGroup"], "EcrFargateWebAclLog79A81184", "WebLogGroup1664F270"],
    "AWS::S3::Bucket": ["EcrFargateLogBucket00BA6EED"],
    "AWS::WAFv2::WebACL": ["EcrFargateWebAcl"],
    "AWS::WAFv2::WebACLAssociation": ["WebWebAcl3A82672D"],
    "Custom::VpcRestrictDefaultSG": ["EcrFargateNetworkRestrictDefaultSecurityGroupCustomResource3EAA5EC9"],
}
SHIFTING = {
    "AWS::CloudWatch::Alarm": [
        "WebGreenErrors0AF33358",
        "WebGreenLatency9C6A694D",
        "WebGreenUnhealthy447CAFA3",
        "WebTargetErrors9B52B538",
        "WebTargetLatency29FB2F1F",
        "WebTargetUnhealthyEEF0E139",
    ],
    "AWS::ECS::Service": ["WebServiceD04B5F3E"],
    "AWS::ElasticLoadBalancingV2::Listener": ["WebLBPublicListenerB3D72A27"],
    "AWS::ElasticLoadBalancingV2::ListenerRule": ["WebLBPublicListenerProductionRule648D36F0"],
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ["WebLB720665E7"],
    "AWS::ElasticLoadBalancingV2::TargetGroup": [
        "WebLBPublicListenerECSGroupB52EA5B2",
        "WebLBPublicListenerGreenGroup0E7A9097",
    ],
}
WORKER = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ["WorkerServiceTaskCountTarget62C0CE6C"],
    "AWS::ApplicationAutoScaling::ScalingPolicy": [
        "WorkerServiceTaskCountTargetBacklog91D6A1A9",
        "WorkerServiceTaskCountTargetWake60302F28",
    ],
    "AWS::CloudWatch::Alarm": [
        "JobsAgeF6904A88",
        "JobsDeadLetterF3135724",
        "WorkerServiceTaskCountTargetWaiting0699391B",
    ],
    "AWS::ECS::Service": ["WorkerService3F60922A"],
    "AWS::ECS::TaskDefinition": ["WorkerTaskDefDDCBF30E"],
    "AWS::Logs::LogGroup": ["WorkerLogGroup67ABCFFE"],
    "AWS::SQS::Queue": ["JobsDeadLetters8D991969", "JobsQueue24944186"],
    "AWS::SQS::QueuePolicy": ["JobsDeadLettersPolicyFAA7FCDC", "JobsQueuePolicyDAC7BEBF"],
}
JOB = {
    "AWS::CloudWatch::Alarm": ["JobDeadLetterB591A99D", "JobFailed23E8CBA1", "JobMissed24529CBF"],
    "AWS::EC2::SecurityGroup": ["JobSecurityGroupE68C281D"],
    "AWS::ECS::TaskDefinition": ["JobTaskDef00376DAB"],
    "AWS::Logs::LogGroup": ["JobLogGroup1FE34A36"],
    "AWS::SQS::Queue": ["JobDeadLetters365C97E6"],
    "AWS::Scheduler::Schedule": ["JobSchedule20627B1E"],
    "AWS::StepFunctions::StateMachine": ["JobStateMachineE2E0FF72"],
}
WARNINGS = {
    "ecr-fargate-constructs:alarmsRollBack",
    "ecr-fargate-constructs:cachedImageMayExpire",
    "ecr-fargate-constructs:containerPortNotExposed",
    "ecr-fargate-constructs:directDeliveryInStage",
    "ecr-fargate-constructs:dockerHubImage",
    "ecr-fargate-constructs:execAuditLog",
    "ecr-fargate-constructs:hostWithoutCertificate",
    "ecr-fargate-constructs:importedClusterCapacity",
    "ecr-fargate-constructs:isolatedSubnets",
    "ecr-fargate-constructs:jobTooRareForAlarm",
    "ecr-fargate-constructs:largeBuildContext",
    "ecr-fargate-constructs:machineImageWithoutAgent",
    "ecr-fargate-constructs:machinesAboveQuota",
    "ecr-fargate-constructs:oneSessionPerNamespace",
    "ecr-fargate-constructs:plainClientSecret",
    "ecr-fargate-constructs:plainHttp",
    "ecr-fargate-constructs:plainSecretInCommand",
    "ecr-fargate-constructs:plainSecretInEnvironment",
    "ecr-fargate-constructs:queueScalingWithoutInsights",
    "ecr-fargate-constructs:queueWithoutDeadLetters",
    "ecr-fargate-constructs:registryOutOfReach",
    "ecr-fargate-constructs:repositoryNotEmptied",
    "ecr-fargate-constructs:retentionKept",
    "ecr-fargate-constructs:retentionMayExpireRunningImage",
    "ecr-fargate-constructs:retentionNeverActs",
    "ecr-fargate-constructs:securityGroupRules",
    "ecr-fargate-constructs:sensitiveFilesInBuildContext",
    "ecr-fargate-constructs:signatureMayExpire",
    "ecr-fargate-constructs:tasksAboveQuota",
    "ecr-fargate-constructs:ulimitIgnored",
    "ecr-fargate-constructs:unknownInstanceType",
    "ecr-fargate-constructs:unpinnedImage",
    "ecr-fargate-constructs:writablePathOwnedByRoot",
}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    directory = tmp_path_factory.mktemp("app")
    (directory / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    found = {}
    for name, ingress in (("public", PublicHttp()), ("internal", InternalHttp())):
        stack = cdk.Stack(cdk.App(), "Web")
        EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=ingress)
        found[name] = template_of(stack)
    return found


@pytest.mark.parametrize(("kind", "logical_id"), STATEFUL.items())
def test_logical_ids_of_the_public_service(templates: dict[str, dict[str, Any]], kind: str, logical_id: str) -> None:
    found = of_type(templates["public"], kind)
    assert [name for name in found if name not in COPIER.values()] == [logical_id]


@pytest.mark.parametrize(("kind", "logical_id"), COPIER.items())
def test_logical_ids_of_the_function_that_copies(
    templates: dict[str, dict[str, Any]], regulated_template: dict[str, Any], kind: str, logical_id: str
) -> None:
    for template in (templates["public"], templates["internal"], regulated_template):
        assert logical_id in of_type(template, kind)


@pytest.fixture(scope="module")
def release_templates(directory: Path) -> dict[str, dict[str, Any]]:
    found = {}
    command = ReleaseCommand(["migrate"])
    balanced = (LoadBalancedFargateService, LoadBalancedEc2Service)
    for kind in (EcrFargateService, *balanced, WorkerService, Ec2WorkerService):
        stack = cdk.Stack(cdk.App(), "Web")
        options: dict[str, Any] = {"container": WorkerContainer("nginx:1.29")}
        if kind is EcrFargateService:
            options = {"directory": directory, "container_port": 80, "ingress": PublicHttp()}
        elif kind in balanced:
            options = {"container": AppContainer("nginx:1.29", 80), "ingress": PublicHttp()}
        kind(stack, "Web", release_command=command, **options)
        found[kind.__name__] = template_of(stack)
    return found


@pytest.mark.parametrize(("kind", "logical_id"), RELEASE.items())
def test_logical_ids_of_a_release_command(
    release_templates: dict[str, dict[str, Any]], kind: str, logical_id: str
) -> None:
    for name, template in release_templates.items():
        assert logical_id in of_type(template, kind), name


def test_the_name_of_the_parameter_with_the_versions(release_templates: dict[str, dict[str, Any]]) -> None:
    for template in release_templates.values():
        [run] = of_type(template, "Custom::EcrFargateReleaseCommand").values()
        _, parts = run["Properties"]["History"]["Fn::Join"]
        assert (parts[0], parts[-1]) == ("/ecr-fargate/release/", "/WebRelease37761AB2")


def test_logical_ids_of_a_service_that_sleeps() -> None:
    for kind in (LoadBalancedFargateService, LoadBalancedEc2Service):
        stack = cdk.Stack(cdk.App(), "Web")
        scaling = Scaling(min_capacity=0, max_capacity=1, wake=Wake())
        kind(stack, "Web", container=AppContainer("nginx:1.29", 80), ingress=PublicHttp(), scaling=scaling)
        template = template_of(stack)
        for resource, logical_id in WAKE.items():
            assert logical_id in of_type(template, resource), kind
        assert {"WebRule", "WebWakeRule"} == {
            name[:-8] for name in of_type(template, "AWS::ElasticLoadBalancingV2::ListenerRule")
        }


@pytest.mark.parametrize(("kind", "logical_id"), INTERNAL.items())
def test_logical_ids_of_the_internal_service(templates: dict[str, dict[str, Any]], kind: str, logical_id: str) -> None:
    assert list(of_type(templates["internal"], kind)) == [logical_id]


@pytest.fixture(scope="module")
def regulated_template(directory: Path) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Web")
    Posture.REGULATED.apply_to(stack)
    EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp())
    return template_of(stack)


@pytest.mark.parametrize(("kind", "logical_ids"), REGULATED.items())
def test_logical_ids_of_what_a_regulated_stack_has_once(
    regulated_template: dict[str, Any], kind: str, logical_ids: list[str]
) -> None:
    assert sorted(of_type(regulated_template, kind)) == logical_ids


@pytest.mark.parametrize(("kind", "logical_id"), STATEFUL.items())
def test_the_posture_changes_no_logical_id(regulated_template: dict[str, Any], kind: str, logical_id: str) -> None:
    assert logical_id in of_type(regulated_template, kind)


@pytest.fixture(scope="module")
def ec2_template() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Web")
    LoadBalancedEc2Service(
        stack,
        "Web",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80),
        ingress=PublicHttp(),
        scaling=Scaling(min_capacity=2, max_capacity=4, cpu_percent=60, memory_percent=60, requests_per_target=60),
        enable_execute_command=True,
    )
    return template_of(stack)


@pytest.mark.parametrize(("kind", "logical_ids"), EC2.items())
def test_logical_ids_of_the_service_on_machines(
    ec2_template: dict[str, Any], kind: str, logical_ids: list[str]
) -> None:
    assert sorted(of_type(ec2_template, kind)) == logical_ids


@pytest.fixture(scope="module")
def shifting_template() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Web")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80),
        ingress=PublicHttp(),
        deployment=BlueGreen(),
    )
    return template_of(stack)


@pytest.mark.parametrize(("kind", "logical_ids"), SHIFTING.items())
def test_logical_ids_of_a_service_whose_traffic_shifts(
    shifting_template: dict[str, Any], kind: str, logical_ids: list[str]
) -> None:
    assert sorted(of_type(shifting_template, kind)) == logical_ids


@pytest.fixture(scope="module")
def worker_templates() -> dict[str, dict[str, Any]]:
    found, container = {}, "public.ecr.aws/docker/library/python:3.13-slim"
    for kind in (WorkerService, Ec2WorkerService):
        stack = cdk.Stack(cdk.App(), "Web")
        scaling = QueueScaling(WorkQueue(stack, "Jobs"), messages_per_task=10, min_capacity=0)
        kind(stack, "Worker", container=WorkerContainer(container), scaling=scaling)
        found[kind.__name__] = template_of(stack)
    return found


@pytest.mark.parametrize("service", ["WorkerService", "Ec2WorkerService"])
@pytest.mark.parametrize(("kind", "logical_ids"), WORKER.items())
def test_logical_ids_of_a_worker(
    worker_templates: dict[str, dict[str, Any]], kind: str, logical_ids: list[str], service: str
) -> None:
    assert sorted(of_type(worker_templates[service], kind)) == logical_ids


def test_the_logical_ids_of_a_job() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    schedule = scheduler.ScheduleExpression.rate(cdk.Duration.hours(1))
    ScheduledJob(stack, "Job", container=JobContainer("public.ecr.aws/nginx/nginx:1.29"), schedule=schedule)
    template = template_of(stack)
    assert {kind: sorted(of_type(template, kind)) for kind in JOB} == JOB


def test_the_logical_ids_of_alarms_and_dashboard() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    web = LoadBalancedFargateService(
        stack, "Web", container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80), deployment=Rolling(alarms=None)
    )
    ServiceAlarms.of(web, thresholds=ServiceThresholds(cpu_percent={"Warning": 70}, memory_percent={}, latency={}))
    ServiceDashboard.of(web)
    template = template_of(stack)
    assert sorted(of_type(template, "AWS::CloudWatch::Alarm")) == [
        "WebAlarmsCpuWarning5E04CE18",
        "WebAlarmsErrorsCritical8EBC379C",
        "WebAlarmsErrorsWarningB8E52B45",
        "WebAlarmsUnhealthyCritical5D3241C2",
    ]
    assert list(of_type(template, "AWS::CloudWatch::Dashboard")) == ["WebDashboard60E09F7D"]


def test_the_logical_id_of_a_repository_on_its_own() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    PrivateRepository(stack, "Repo")
    assert list(of_type(template_of(stack), "AWS::ECR::Repository")) == ["Repo02AC86CF"]


def test_the_logical_id_of_a_repository_in_a_stack_of_its_own() -> None:
    assert list(of_type(template_of(ImageRepositoryStack(cdk.App(), "Images")), "AWS::ECR::Repository")) == [
        "Repository22E53BBD"
    ]


def test_the_warning_ids_are_these() -> None:
    found = set()
    for file in (ROOT / "src").rglob("*.py"):
        for name in re.findall(r'\bwarn\(\s*[\w.]+,\s*"(\w+)"', file.read_text(encoding="utf-8")):
            found.add(f"ecr-fargate-constructs:{name}")
    assert found == WARNINGS


def test_a_warning_can_be_acknowledged(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    stack = cdk.Stack(cdk.App(), "Stack")
    web = EcrFargateService(stack, "Web", directory=tmp_path, container_port=80)
    cdk.Annotations.of(web).acknowledge_warning("ecr-fargate-constructs:plainHttp")
    assert not cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
