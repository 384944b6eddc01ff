"""``Hardened`` and ``LifecyclePolicy``: services, load balancers and repositories."""

from __future__ import annotations

import inspect
import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    ConfigurationError,
    Hardened,
    ImageRepositoryStack,
    KeepNewest,
    LifecyclePolicy,
    PrivateRepository,
    Retention,
)
from tests.mixins import bare
from tests.support.templates import attributes, of_type, only, template_of

ARN = "arn:aws:acm:eu-west-1:111122223333:certificate/a1b2c3d4"


def test_paths_stay_writable_and_none_is_mounted_twice() -> None:
    scope = bare.stack()
    web = bare.pattern(scope)
    web.with_(Hardened(writable_paths=["/tmp/", "/var/cache"]))  # noqa: S108 - paths in a container
    web.with_(Hardened(writable_paths=["/var/cache", "/run"]))
    template = template_of(scope)
    container = bare.container(template)
    assert container["ReadonlyRootFilesystem"] is True
    mounted = {each["ContainerPath"]: each["SourceVolume"] for each in container["MountPoints"]}
    assert list(mounted) == ["/tmp", "/var/cache", "/run"]  # noqa: S108 - as above
    [task] = of_type(template, "AWS::ECS::TaskDefinition").values()
    assert [each["Name"] for each in task["Properties"]["Volumes"]] == list(mounted.values())
    assert len(set(mounted.values())) == 3


def test_the_agent_of_shell_sessions_may_write() -> None:
    scope = bare.stack()
    bare.worker(scope, enable_execute_command=True).with_(Hardened())
    paths = [each["ContainerPath"] for each in bare.container(template_of(scope))["MountPoints"]]
    assert paths == ["/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm"]


def test_a_container_whose_root_the_app_leaves_writable_stays_so() -> None:
    scope = bare.stack()
    service = bare.worker(scope)
    service.task_definition.add_container(
        "agent", image=ecs.ContainerImage.from_registry(bare.NGINX), readonly_root_filesystem=False, essential=False
    )
    service.with_(Hardened(writable_paths=["/run"]))
    [task] = of_type(template_of(scope), "AWS::ECS::TaskDefinition").values()
    app, agent = task["Properties"]["ContainerDefinitions"]
    assert (app["ReadonlyRootFilesystem"], agent["ReadonlyRootFilesystem"]) == (True, False)
    assert "MountPoints" not in agent


def test_the_root_of_a_log_router_stays_writable() -> None:
    scope = bare.stack()
    service = bare.worker(scope)
    service.task_definition.add_firelens_log_router(
        "router",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.15"),
        firelens_config=ecs.FirelensConfig(type=ecs.FirelensLogRouterType.FLUENTBIT),
    )
    service.with_(Hardened(writable_paths=["/run"]))
    [task] = of_type(template_of(scope), "AWS::ECS::TaskDefinition").values()
    found = {each["Name"]: each for each in task["Properties"]["ContainerDefinitions"]}
    assert {name: each.get("ReadonlyRootFilesystem") for name, each in found.items()} == {"app": True, "router": None}
    assert "MountPoints" not in found["router"]


def test_windows_has_no_read_only_root() -> None:
    scope = bare.stack()
    task = ecs.FargateTaskDefinition(
        scope,
        "Task",
        cpu=1024,
        memory_limit_mib=2048,
        runtime_platform=ecs.RuntimePlatform(
            operating_system_family=ecs.OperatingSystemFamily.WINDOWS_SERVER_2022_CORE,
            cpu_architecture=ecs.CpuArchitecture.X86_64,
        ),
    )
    task.add_container(
        "web", image=ecs.ContainerImage.from_registry(bare.NGINX), port_mappings=[ecs.PortMapping(container_port=80)]
    )
    bare.pattern(scope, task_definition=task).with_(Hardened())
    assert "ReadonlyRootFilesystem" not in bare.container(template_of(scope))


def test_a_load_balancer_with_https() -> None:
    scope = bare.stack()
    certificate = acm.Certificate.from_certificate_arn(scope, "Certificate", ARN)
    web = bare.pattern(scope, certificate=certificate, redirect_http=True)
    web.load_balancer.set_attribute("routing.http.desync_mitigation_mode", "strictest")
    web.with_(Hardened())
    template = template_of(scope)
    balancer = attributes(only(template, "AWS::ElasticLoadBalancingV2::LoadBalancer"), "LoadBalancerAttributes")
    assert balancer["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert balancer["routing.http.desync_mitigation_mode"] == "strictest"
    policies = {
        each["Properties"]["Protocol"]: each["Properties"].get("SslPolicy")
        for each in of_type(template, "AWS::ElasticLoadBalancingV2::Listener").values()
    }
    assert policies == {"HTTP": None, "HTTPS": "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"}


def test_a_tls_policy_that_the_app_sets_stays() -> None:
    scope = bare.stack()
    certificate = acm.Certificate.from_certificate_arn(scope, "Certificate", ARN)
    bare.pattern(scope, certificate=certificate, ssl_policy=elbv2.SslPolicy.TLS12).with_(Hardened())
    listener = only(template_of(scope), "AWS::ElasticLoadBalancingV2::Listener")["Properties"]
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS-1-2-2017-01"


def test_a_repository_whose_tags_may_move_stays_so() -> None:
    scope = bare.stack()
    ecr.Repository(scope, "Repository", image_tag_mutability=ecr.TagMutability.MUTABLE, image_scan_on_push=False).with_(
        Hardened()
    )
    repository = only(template_of(scope), "AWS::ECR::Repository")["Properties"]
    assert repository["ImageTagMutability"] == "MUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": False}


def test_the_retention_is_that_of_the_librarys_own_repository() -> None:
    scope = bare.stack()
    ecr.Repository(scope, "Bare").with_(LifecyclePolicy())
    PrivateRepository(scope, "Own")
    own, mixed = (
        each["Properties"]["LifecyclePolicy"]
        for _, each in sorted(of_type(template_of(scope), "AWS::ECR::Repository").items(), reverse=True)
    )
    assert own == mixed
    defaults = [
        inspect.signature(kind.__init__).parameters["retention"].default
        for kind in (PrivateRepository, LifecyclePolicy)
    ]
    assert defaults[0] == defaults[1]


def test_the_last_retention_decides_among_mixins() -> None:
    scope = bare.stack()
    repository = ecr.Repository(scope, "Repository")
    repository.with_(LifecyclePolicy(), LifecyclePolicy(Retention([KeepNewest(100, tag_prefixes=["release-"])])))
    text = only(template_of(scope), "AWS::ECR::Repository")["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    [rule] = json.loads(text)["rules"]
    assert (rule["selection"]["tagPrefixList"], rule["selection"]["countNumber"]) == (["release-"], 100)


def test_a_policy_of_the_app_stays_and_a_warning_says_so() -> None:
    scope = bare.stack()
    repository = ecr.Repository(scope, "Repository", lifecycle_rules=[ecr.LifecycleRule(max_image_count=3)])
    repository.with_(LifecyclePolicy())
    assert "ecr-fargate-constructs:retentionKept" in bare.warnings_of(repository)
    text = only(template_of(scope), "AWS::ECR::Repository")["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    assert json.loads(text)["rules"][0]["selection"]["countNumber"] == 3


def test_a_retention_that_never_acts_warns() -> None:
    repository = ecr.Repository(bare.stack(), "Repository")
    repository.with_(LifecyclePolicy(Retention([KeepNewest(1_000_000)])))
    assert "ecr-fargate-constructs:retentionNeverActs" in bare.warnings_of(repository)


def test_a_number_that_is_a_token_is_written_by_cdk() -> None:
    scope = bare.stack()
    kept = cdk.CfnParameter(scope, "Kept", type="Number", default=20)
    ecr.Repository(scope, "Repository").with_(LifecyclePolicy(Retention([KeepNewest(kept.value_as_number)])))
    text = only(template_of(scope), "AWS::ECR::Repository")["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    assert {"Ref": "Kept"} in text["Fn::Join"][1]


def test_an_imported_repository_and_a_stack_of_images_are_skipped() -> None:
    app = cdk.App()
    imported = ecr.Repository.from_repository_name(cdk.Stack(app, "Stack"), "Imported", "shop/web")
    images = ImageRepositoryStack(app, "Images")
    for kind in (Hardened, LifecyclePolicy):
        assert not kind().supports(imported)
        assert cdk.Mixins.of(images).apply(kind()).report == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hardened(writable_paths=["tmp"]), "Hardened.writable_paths has 'tmp'"),
        (lambda: Hardened(writable_paths="/tmp"), "Hardened.writable_paths"),  # noqa: S108 - what is refused
        (lambda: LifecyclePolicy(20), "LifecyclePolicy.retention"),  # type: ignore[arg-type]  # as above
    ],
)
def test_wrong_options_are_refused_where_they_are_written(make: Any, message: str) -> None:  # noqa: ANN401 - a lambda
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert message in str(caught.value)
