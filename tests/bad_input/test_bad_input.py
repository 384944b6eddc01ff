"""Bad input: refused where it was written, in the caller's terms, before anything exists."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_route53 as route53

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ConfigurationError,
    EcrFargateService,
    ImageBuild,
    InternalHttp,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    Retention,
    Rolling,
    Route,
    TargetHealthCheck,
    TaskSize,
)
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NGINX = "public.ecr.aws/nginx/nginx:1.29"
SECONDS = cdk.Duration.seconds
Case = tuple[str, "Callable[[], object]", str, str]

VALUES: list[Case] = [
    ("cpu", lambda: TaskSize(300, 512), "TaskSize.cpu=300", "use one of 256, 512, 1024"),
    ("cpu as text", lambda: TaskSize("256", 512), "TaskSize.cpu='256'", "use one of 256"),  # type: ignore[arg-type]
    ("memory", lambda: TaskSize(256, 3000), "TaskSize.memory_mib=3000", "use one of 512, 1024, 2048"),
    ("storage low", lambda: TaskSize(ephemeral_storage_gib=20), "ephemeral_storage_gib=20", "use 21 to 200"),
    ("storage high", lambda: TaskSize(ephemeral_storage_gib=201), "ephemeral_storage_gib=201", "use 21 to 200"),
    ("keep none", lambda: Retention.keep_last(0), "Retention.keep_last", "1"),
    ("keep half", lambda: Retention.keep_last(1.5), "1.5", "1"),
    ("port high", lambda: AppContainer(NGINX, 70000), "AppContainer.port=70000", "use 1 to 65535"),
    ("port zero", lambda: AppContainer(NGINX, 0), "AppContainer.port=0", "use 1 to 65535"),
    ("port half", lambda: AppContainer(NGINX, 80.5), "AppContainer.port=80.5", "use 1 to 65535"),
    ("port as text", lambda: AppContainer(NGINX, "80"), "AppContainer.port='80'", "whole number"),  # type: ignore[arg-type]
    ("port as bool", lambda: AppContainer(NGINX, True), "AppContainer.port=True", "whole number"),
    ("image", lambda: AppContainer("Nginx:1", 80), "AppContainer.image='Nginx:1'", "in lower case"),
    (
        "environment",
        lambda: AppContainer(NGINX, 80, environment={"N": 1}),  # type: ignore[dict-item]
        "AppContainer.environment['N']=1 is an int",
        "use a string, for example '1'",
    ),
    ("unnamed", lambda: AppContainer(NGINX, 80, environment={"": "1"}), "AppContainer.environment", "a name"),
    ("command", lambda: AppContainer(NGINX, 80, command="a b"), "AppContainer.command='a b'", "['a', 'b']"),
    ("entry point", lambda: AppContainer(NGINX, 80, entry_point="a"), "AppContainer.entry_point='a'", "['a']"),
    ("stop", lambda: AppContainer(NGINX, 80, stop_timeout=SECONDS(121)), "stop_timeout is 121", "2 to 120"),
    ("memory limit", lambda: AppContainer(NGINX, 80, memory_limit_mib=1), "memory_limit_mib=1", "6 or more"),
    ("relative", lambda: AppContainer(NGINX, 80, writable_paths=["tmp"]), "writable_paths has 'tmp'", "'/tmp'"),
    (
        "writable twice",
        lambda: AppContainer(NGINX, 80, writable_paths=["/tmp"], readonly_root_filesystem=False),  # noqa: S108 - a path in a container
        "AppContainer.writable_paths",
        "omit one",
    ),
    ("codes", lambda: TargetHealthCheck(codes="600"), "TargetHealthCheck.codes='600'", "'200-299'"),
    ("codes backwards", lambda: TargetHealthCheck(codes="200,299-200"), "has the range '299-200'", "use '200-299'"),
    ("gRPC backwards", lambda: TargetHealthCheck(grpc_codes="12-0"), "grpc_codes='12-0'", "use '0-12'"),
    ("host header", lambda: Route(path="/*", header={"host": "a"}), "Route.header has 'host'", "use host="),
    ("path", lambda: TargetHealthCheck(path="healthz"), "TargetHealthCheck.path='healthz'", "'/healthz'"),
    ("check port", lambda: TargetHealthCheck(port=0), "TargetHealthCheck.port=0", "use 1 to 65535"),
    ("interval", lambda: TargetHealthCheck(interval=SECONDS(4)), "TargetHealthCheck.interval is 4", "5 to 300"),
    ("timeout", lambda: TargetHealthCheck(timeout=SECONDS(1)), "TargetHealthCheck.timeout is 1", "2 to 120"),
    ("slow", lambda: TargetHealthCheck(timeout=SECONDS(10)), "timeout is 10 seconds", "shorter than the interval"),
    ("healthy", lambda: TargetHealthCheck(healthy_threshold=1), "healthy_threshold=1", "use 2 to 10"),
    ("unhealthy", lambda: TargetHealthCheck(unhealthy_threshold=11), "unhealthy_threshold=11", "use 2 to 10"),
    ("idle", lambda: PublicHttp(idle_timeout=SECONDS(4001)), "PublicHttp.idle_timeout is 4001", "1 to 4000"),
    (
        "milliseconds",
        lambda: PublicHttp(idle_timeout=cdk.Duration.millis(1500)),
        "PublicHttp.idle_timeout is 1.5 seconds",
        "whole seconds",
    ),
    ("drain", lambda: InternalHttp(deregistration_delay=SECONDS(3601)), "deregistration_delay is 3601", "0 to 3600"),
    ("nobody", lambda: PublicHttp(allow_from=[]), "PublicHttp.allow_from is empty", "name peers"),
    ("no certificate", PublicHttps, "PublicHttps needs a certificate", "certificate="),
    ("no zone", lambda: PublicHttps(domain_name="a.b"), "PublicHttps.domain_name='a.b'", "add hosted_zone="),
    ("minimum", lambda: Rolling(min_healthy_percent=101), "min_healthy_percent=101", "use 0 to 100"),
    ("maximum", lambda: Rolling(max_healthy_percent=100), "Rolling.max_healthy_percent=100", "use 101 to 200"),
    ("failures", lambda: Rolling(failure_threshold=0), "Rolling.failure_threshold=0", "use 1 to 200"),
    ("secret", lambda: ImageBuild(args={"NPM_TOKEN": "x"}), "ImageBuild.args['NPM_TOKEN']", "use secrets="),
    ("token", lambda: ImageBuild(args={"R": cdk.Aws.REGION}), "ImageBuild.args['R'] is a CDK token", "plain string"),
    ("number", lambda: ImageBuild(args={"N": 1}), "ImageBuild.args['N']=1", "use a string"),  # type: ignore[dict-item]
    ("exclude", lambda: ImageBuild(exclude="*.md"), "ImageBuild.exclude='*.md'", "use ['*.md']"),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_a_value_that_cannot_work_is_refused_at_once(make: Callable[[], object], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


def _service(stack: cdk.Stack, **options: Any) -> object:  # noqa: ANN401 - passed on as they are
    return LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), **options)


def _vpc(stack: cdk.Stack) -> ec2.Vpc:
    public = ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)
    return ec2.Vpc(stack, "Vpc", nat_gateways=0, subnet_configuration=[public])


def _door(stack: cdk.Stack, directory: Path | str, **options: Any) -> object:  # noqa: ANN401 - passed on as they are
    return EcrFargateService(stack, "Web", directory=directory, **{"container_port": 80, **options})


def _context(folder: Path, name: str) -> Path:
    """A build context with one fault."""
    app = folder / "app"
    match name:
        case "missing":
            return app
        case "file":
            app.write_text("x", encoding="utf-8")
            return app
    make_app(app)
    dockerfile = app / "Dockerfile"
    match name:
        case "no Dockerfile":
            dockerfile.unlink()
        case "empty Dockerfile":
            dockerfile.write_text("\n", encoding="utf-8")
        case "Dockerfile a directory":
            dockerfile.unlink()
            dockerfile.mkdir()
        case "link out":
            (app / "hosts").symlink_to("/etc/hosts")
        case "link up":
            (app / "up").symlink_to("..")
    return app


@pytest.mark.parametrize(
    ("fault", "wrong", "fix"),
    [
        ("missing", "does not exist", "name the directory that holds the Dockerfile"),
        ("file", "is a file", "name the directory"),
        ("no Dockerfile", "ImageBuild.dockerfile='Dockerfile' does not exist", "ImageBuild(dockerfile=…)"),
        ("empty Dockerfile", "ImageBuild.dockerfile='Dockerfile'", "at least a FROM line"),
        ("Dockerfile a directory", "is not a file", "name the Dockerfile itself"),
        (
            "link out",
            "hosts in the build context is a symbolic link to /etc/hosts",
            "exclude the link in .dockerignore",
        ),
        ("link up", "up in the build context is a symbolic link to", "exclude the link in .dockerignore"),
    ],
)
def test_a_context_that_cannot_be_built_is_refused(
    stack: cdk.Stack, tmp_path: Path, fault: str, wrong: str, fix: str
) -> None:
    context = _context(tmp_path, fault)
    _refused(stack, lambda: _door(stack, context), "[Stack/Web] ", wrong, fix)
    repository = PrivateRepository(stack, "Repo")
    with pytest.raises(ConfigurationError, match=r"\[Stack/Repo/Image\]"):
        repository.build_and_push_image(context)
    assert [child.node.id for child in repository.node.children] == ["Default"]


@pytest.mark.parametrize("name", ["../Dockerfile", "/etc/hosts"])
def test_a_dockerfile_outside_of_the_context_is_refused(stack: cdk.Stack, directory: Path, name: str) -> None:
    build = ImageBuild(dockerfile=name)
    _refused(stack, lambda: _door(stack, directory, build=build), "[Stack/Web] ", repr(name), "a path inside it")


def test_a_link_inside_the_context_or_one_that_is_ignored_passes(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app")
    (app / "link").symlink_to("server.txt")
    (app / "out").symlink_to("/etc/hosts")
    (app / ".dockerignore").write_text("out\n", encoding="utf-8")
    _door(cdk.Stack(cdk.App(), "Stack"), app)


SCOPED: list[tuple[str, Callable[[cdk.Stack, Path], object], str, str]] = [
    (
        "port",
        lambda s, d: _door(s, d, container_port=70000),
        "container_port=70000 is not a TCP port",
        "use 1 to 65535",
    ),
    ("environment", lambda s, d: _door(s, d, environment={"A": None}), "environment['A']=None", "use a string"),
    ("tasks", lambda s, _: _service(s, desired_count=0), "desired_count=0", "use 1 or more"),
    ("grace", lambda s, _: _service(s, health_check_grace_period=SECONDS(2**31)), "grace_period is", "0 to 2147483647"),
    ("half a task", lambda s, _: _service(s, desired_count=1.5), "desired_count=1.5", "use 1 or more"),
    ("name", lambda s, _: PrivateRepository(s, "Web", repository_name="Team/Web"), "'Team/Web'", "example 'team/web'"),
    ("short name", lambda s, _: PrivateRepository(s, "Web", repository_name="a"), "repository_name='a'", "2 to 256"),
    ("long name", lambda s, _: PrivateRepository(s, "Web", repository_name="a" * 257), "repository_name=", "2 to 256"),
    ("separators", lambda s, _: PrivateRepository(s, "Web", repository_name="a//b"), "'a//b'", "separators"),
    ("empty", lambda s, _: PrivateRepository(s, "Web", empty_on_delete=True), "empty_on_delete=True", "DESTROY"),
    ("account", lambda s, _: PrivateRepository(s, "Web", pull_accounts=["1"]), "pull_accounts has '1'", "12 digits"),
    ("accounts", lambda s, _: PrivateRepository(s, "Web", pull_accounts="1"), "pull_accounts='1'", "use ['1']"),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in SCOPED], ids=[case[0] for case in SCOPED])
def test_an_option_that_cannot_work_is_refused_before_anything_exists(
    stack: cdk.Stack, directory: Path, make: Callable[[cdk.Stack, Path], object], wrong: str, fix: str
) -> None:
    _refused(stack, lambda: make(stack, directory), "[Stack/Web] ", wrong, fix)


def test_cluster_and_vpc_together_are_refused(stack: cdk.Stack) -> None:
    vpc = ec2.Vpc(stack, "Vpc")
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    _refused(stack, lambda: _service(stack, cluster=cluster, vpc=vpc), "[Stack/Web] cluster and vpc", "keep one")


@pytest.mark.parametrize("front_door", [True, False])
def test_a_network_without_a_way_to_the_image_is_refused(
    stack: cdk.Stack,
    directory: Path,
    front_door: bool,  # noqa: FBT001 - a table
) -> None:
    vpc = _vpc(stack)
    make = (lambda: _door(stack, directory, vpc=vpc)) if front_door else (lambda: _service(stack, vpc=vpc))
    _refused(stack, make, "[Stack/Web] the VPC has no private subnets", "ec2.SubnetType.PUBLIC", "add NAT")


def test_a_domain_outside_of_its_zone_is_refused(stack: cdk.Stack) -> None:
    zone = route53.HostedZone.from_hosted_zone_attributes(stack, "Zone", hosted_zone_id="Z", zone_name="example.com")
    with pytest.raises(
        ConfigurationError, match=r"'shop\.example\.org' is not in the zone example\.com.*\.example\.com"
    ):
        PublicHttps(domain_name="shop.example.org", hosted_zone=zone)
    with pytest.raises(ConfigurationError, match="badexample"):
        PublicHttps(domain_name="badexample.com", hosted_zone=zone)
    with pytest.raises(ConfigurationError, match="add the name"):
        PublicHttps(
            hosted_zone=zone, certificate=acm.Certificate.from_certificate_arn(stack, "C", "arn:aws:acm:a:b:c/d")
        )
    PublicHttps(domain_name="example.com.", hosted_zone=zone)


def test_an_architecture_that_contradicts_the_image_is_refused(stack: cdk.Stack, directory: Path) -> None:
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory)
    with pytest.raises(ConfigurationError, match=r"Architecture\.ARM64 contradicts the image"):
        AppContainer(image, 80, architecture=Architecture.ARM64)
    assert AppContainer(image, 80, architecture=Architecture.X86_64).runs_on is Architecture.X86_64


def test_a_name_both_plain_and_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"AppContainer has A both in environment and in secrets"):
        AppContainer(NGINX, 80, environment={"A": "1"}, secrets={"A": object()})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("ask", "wrong"),
    [
        (lambda r: r.image_by_tag("-x"), "tag='-x' is not an image tag"),
        (lambda r: r.image_by_digest("sha256:1"), "digest='sha256:1' is not an image digest"),
        (lambda r: r.mirror_image("nginx"), "reference='nginx' names no version"),
        (lambda r: r.mirror_image("Nginx:1"), "reference='Nginx:1' is not the name of an image"),
    ],
)
def test_images_that_cannot_be_named_are_refused(
    stack: cdk.Stack, ask: Callable[[PrivateRepository], object], wrong: str
) -> None:
    repository = PrivateRepository(stack, "Repo")
    with pytest.raises(ConfigurationError) as caught:
        ask(repository)
    assert str(caught.value).startswith("[Stack/Repo")
    assert wrong in str(caught.value)
    assert [child.node.id for child in repository.node.children] == ["Default"]


def test_a_relative_directory_counts_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_app(tmp_path / "app")
    monkeypatch.chdir(tmp_path)
    _door(cdk.Stack(cdk.App(), "Stack"), f".{os.sep}app")


def _refused(stack: cdk.Stack, make: Callable[[], object], *parts: str) -> None:
    before = [child.node.path for child in stack.node.find_all()]
    with pytest.raises(ConfigurationError) as caught:
        make()
    for part in parts:
        assert part in str(caught.value)
    assert [child.node.path for child in stack.node.find_all()] == before, "half a tree was left"
