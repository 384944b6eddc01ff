"""Values that AWS refuses or that cannot work, and their neighbours that have to pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    AllOf,
    AppContainer,
    Approval,
    BlueGreen,
    CloudWatchLogs,
    CognitoAuthentication,
    ConfigurationError,
    ContainerRuntime,
    DeploymentHook,
    Ec2Capacity,
    Ec2Container,
    ImageBuild,
    KeepNewest,
    OidcAuthentication,
    PrivateRepository,
    PullThroughCache,
    Redirect,
    RollbackAlarms,
    Scaling,
    ScheduledCapacity,
    TestTrafficPort,
    Upstream,
)
from ecr_fargate_constructs._cdk.alarm_actions import bound

if TYPE_CHECKING:
    from collections.abc import Callable

NGINX = "public.ecr.aws/nginx/nginx:1.29"
STAGE = ecs.DeploymentLifecycleStage
PTRACE, ALL = ecs.Capability.SYS_PTRACE, ecs.Capability.ALL
TOKEN = cdk.Token.as_string(cdk.Fn.ref("Later"))
AT = appscaling.Schedule.cron(hour="8", minute="0")


def _checked(*command: str) -> AppContainer:
    return AppContainer(NGINX, 80, health_check=ecs.HealthCheck(command=list(command)))


def _stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def _times(number: int) -> Scaling:
    schedule = [ScheduledCapacity(name=f"n{each}", at=AT, min_capacity=2) for each in range(number)]
    return Scaling(min_capacity=2, max_capacity=4, cpu_percent=60, schedule=schedule)


def _cognito(*, imported: bool = False, **options: Any) -> CognitoAuthentication:  # noqa: ANN401 - CDK's options
    stack = _stack()
    pool = cognito.UserPool(stack, "Users")
    client: cognito.IUserPoolClient = pool.add_client("Client", **options)
    if imported:
        client = cognito.UserPoolClient.from_user_pool_client_id(stack, "Other", "abc")
    domain = pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix="shop"))
    return CognitoAuthentication(user_pool=pool, client=client, domain=domain)


def _oidc(**options: Any) -> OidcAuthentication:  # noqa: ANN401 - bad input
    addresses = dict.fromkeys(
        ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint"), "https://a.b"
    )
    return OidcAuthentication(
        **{**addresses, "client_id": "web", "client_secret": cdk.SecretValue.secrets_manager("oidc"), **options}
    )


def _hook(**details: object) -> DeploymentHook:
    code = lambda_.Code.from_inline("x")
    function = lambda_.Function(
        _stack(), "Hook", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code
    )
    return DeploymentHook(function=function, stages=[STAGE.POST_SCALE_UP], details=details)


def _cached(name: str | None, *, imported: bool = False) -> PullThroughCache:
    stack = _stack()
    secret = (
        secretsmanager.Secret.from_secret_name_v2(stack, "Secret", str(name))
        if imported
        else secretsmanager.Secret(stack, "Secret", secret_name=name)
    )
    return PullThroughCache(stack, "Cache", upstream=Upstream.DOCKER_HUB, credentials=secret)


def _cache(**params: str) -> ImageBuild:
    return ImageBuild(cache_from=[ecr_assets.DockerCacheOption(type="registry", params=params or None)])


def _accounts(number: int) -> PrivateRepository:
    accounts = [str(100_000_000_000 + each) for each in range(number)]
    return PrivateRepository(_stack(), "Repo", pull_accounts=accounts[::2], push_accounts=accounts[1::2])


def _actions(number: int) -> list[cloudwatch.IAlarmAction]:
    stack = _stack()
    return bound(sns.Topic(stack, f"Topic{each}") for each in range(number))


def _constrained(number: int) -> Ec2Container:
    constraints = [ecs.PlacementConstraint.member_of(f"attribute:a == {each}") for each in range(number)]
    return Ec2Container(NGINX, 80, placement_constraints=constraints)


def _spread(number: int) -> Ec2Container:
    strategies = [ecs.PlacementStrategy.spread_across(f"attribute:a{each}") for each in range(number)]
    return Ec2Container(NGINX, 80, placement_strategies=strategies)


def _secret() -> ecs.Secret:
    return ecs.Secret.from_secrets_manager(secretsmanager.Secret.from_secret_name_v2(_stack(), "Secret", "web"))


def _approved(stage: ecs.DeploymentLifecycleStage) -> BlueGreen:
    return BlueGreen(test_traffic=TestTrafficPort(port=8443), approval=Approval(stage=stage))


def _all_of(number: int) -> KeepNewest:
    return KeepNewest(10, tag_prefixes=AllOf(*(f"p{each:04}" for each in range(number))))


def _scheduled_by_events() -> ScheduledCapacity:
    return ScheduledCapacity(name="day", at=events.Schedule.cron(hour="8"), min_capacity=2)  # type: ignore[arg-type]


REFUSED: list[tuple[str, Callable[[], object]]] = [
    ("command=['CMD'] is only the kind of a command", lambda: _checked("CMD")),
    ("command=['NONE'] is only the kind of a command", lambda: _checked("NONE")),
    ("would run only 'curl'", lambda: _checked("CMD-SHELL", "curl", "-f")),
    ("AppContainer.secrets has the name 'A=B'", lambda: AppContainer(NGINX, 80, secrets={"A=B": _secret()})),
    ("AppContainer.secrets has the name ''", lambda: AppContainer(NGINX, 80, secrets={"": _secret()})),
    ("adds and drops SYS_PTRACE", lambda: ContainerRuntime(added_capabilities=[PTRACE], dropped_capabilities=[PTRACE])),
    ("stream_prefix='a*'", lambda: CloudWatchLogs(stream_prefix="a*")),
    ("stream_prefix=''", lambda: CloudWatchLogs(stream_prefix="")),
    ("multiline_pattern='[0-9'", lambda: CloudWatchLogs(multiline_pattern="[0-9")),
    ("multiline_pattern='a)'", lambda: CloudWatchLogs(multiline_pattern="a)")),
    ("OidcAuthentication.client_id is empty", lambda: _oidc(client_id="")),
    ("OidcAuthentication.scope is empty", lambda: _oidc(scope="")),
    ("OidcAuthentication.client_id=5 is an int", lambda: _oidc(client_id=5)),
    ("CognitoAuthentication.client has no secret", _cognito),
    ("CognitoAuthentication.client has no secret", lambda: _cognito(generate_secret=False)),
    ("Redirect.query='?' begins with '?'", lambda: Redirect(host="a.example.com", query="?")),
    ("DeploymentHook.details is not JSON", lambda: _hook(share=float("inf"))),
    ("DeploymentHook.details is not JSON", lambda: _hook(shares={1, 2})),
    ("waits at TEST_TRAFFIC_SHIFT", lambda: _approved(STAGE.TEST_TRAFFIC_SHIFT)),
    ("waits at PRODUCTION_TRAFFIC_SHIFT", lambda: _approved(STAGE.PRODUCTION_TRAFFIC_SHIFT)),
    ("has a name of 256 characters", lambda: RollbackAlarms(existing=["a" * 256])),
    ("Scaling.schedule has 201 entries", lambda: _times(201)),
    ("is the secret 'hub'", lambda: _cached("hub")),
    ("is the secret '(without secret_name=)'", lambda: _cached(None)),
    ("is the secret 'hub'", lambda: _cached("hub", imported=True)),
    ("ImageBuild.args has the name 'A B'", lambda: ImageBuild(args={"A B": "1"})),
    ("type registry without a ref", _cache),
    ("400 accounts are given in pull_accounts and push_accounts", lambda: _accounts(400)),
    ("actions has 6 entries for one alarm", lambda: _actions(6)),
    ("placement_constraints has 11", lambda: _constrained(11)),
    ("placement_strategies has 6", lambda: _spread(6)),
    ("Ec2Container.dns_servers has 'dns'", lambda: Ec2Container(NGINX, 80, dns_servers=["dns"])),
    ("tmpfs has 'tmp'", lambda: Ec2Container(NGINX, 80, tmpfs=[ecs.Tmpfs(container_path="tmp", size=1)])),
    ("devices has 'fuse'", lambda: Ec2Container(NGINX, 80, devices=[ecs.Device(host_path="fuse")])),
    ("requires 1,001 tags on an image, which has at most 1,000", lambda: _all_of(1001)),
    ("KeepNewest.count=2147483648 is more than", lambda: KeepNewest(2**31)),
    ("Ec2Capacity.max_capacity=2147483648 is more than", lambda: Ec2Capacity(max_capacity=2**31)),
    ("is aws_cdk.aws_events.Schedule", _scheduled_by_events),
]
PASSES: list[Callable[[], object]] = [
    lambda: _checked("CMD", "curl", "-f", "http://localhost"),
    lambda: _checked("CMD-SHELL", "curl -f http://localhost || exit 1"),
    lambda: _checked("curl -f http://localhost"),
    lambda: _checked("curl", "-f", "http://localhost"),
    lambda: AppContainer(NGINX, 80, secrets={"MY.KEY-1": _secret(), TOKEN: _secret()}),
    lambda: ContainerRuntime(added_capabilities=[PTRACE], dropped_capabilities=[ALL]),
    lambda: CloudWatchLogs(stream_prefix="shop/web", multiline_pattern=r"^\[INFO\] \d{4}"),
    lambda: CloudWatchLogs(stream_prefix=TOKEN),
    lambda: CloudWatchLogs(multiline_pattern=r"^\pL+\z"),  # of Docker's kind, and not of Python's
    lambda: CloudWatchLogs(multiline_pattern=TOKEN),
    lambda: _oidc(client_id=TOKEN, scope="openid email"),
    lambda: _cognito(generate_secret=True),
    lambda: _cognito(imported=True),
    lambda: Redirect(host="a.example.com", query="a=b?"),
    lambda: _hook(share=0.5, name=TOKEN, none=None, nested={"a": [1]}),
    lambda: _approved(STAGE.POST_TEST_TRAFFIC_SHIFT),
    lambda: RollbackAlarms(existing=["a" * 255, TOKEN]),
    lambda: _times(200),
    lambda: _cached("ecr-pullthroughcache/hub"),
    lambda: _cached("ecr-pullthroughcache/hub", imported=True),
    lambda: _cached(TOKEN),
    lambda: _cache(ref="registry.example.com/web:cache"),
    lambda: ImageBuild(cache_to=ecr_assets.DockerCacheOption(type="gha")),
    lambda: ImageBuild(args={"PIP_INDEX": "a=b"}),
    lambda: _accounts(300),
    lambda: _actions(5),
    lambda: _constrained(10),
    lambda: _spread(5),
    lambda: Ec2Container(NGINX, 80, dns_servers=["10.0.0.2", "fd00:ec2::253", TOKEN]),
    lambda: Ec2Container(
        NGINX,
        80,
        tmpfs=[ecs.Tmpfs(container_path="/tmp", size=1)],  # noqa: S108 - a path in a container
        devices=[ecs.Device(host_path="/dev/fuse")],
    ),
    lambda: _all_of(1000),
    lambda: KeepNewest(10, tag_prefixes=AllOf(*(f"p{each}" for each in range(1001)))),  # p1000 is p1, p10 and p100
    lambda: KeepNewest(10, tag_patterns=AllOf(*(f"*{each}*" for each in range(1001)))),  # one tag may match all
    lambda: KeepNewest(2**31 - 1),
]


@pytest.mark.parametrize(("wrong", "make"), REFUSED, ids=[f"{number}-{each[0]}" for number, each in enumerate(REFUSED)])
def test_what_cannot_work_is_refused(wrong: str, make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert wrong in str(caught.value)


@pytest.mark.parametrize("make", PASSES, ids=map(str, range(len(PASSES))))
def test_what_works_passes(make: Callable[[], object]) -> None:
    assert make() is not None


def test_cdk_itself_takes_no_schedule_of_eventbridge_for_scaling() -> None:
    target = appscaling.ScalableTarget(
        _stack(),
        "Target",
        min_capacity=1,
        max_capacity=2,
        resource_id="service/a/b",
        scalable_dimension="ecs:service:DesiredCount",
        service_namespace=appscaling.ServiceNamespace.ECS,
    )
    wrong: Any = events.Schedule.cron(hour="8")
    with pytest.raises(TypeError, match=r"schedule must be aws_cdk\.aws_applicationautoscaling\.Schedule"):
        target.scale_on_schedule("Day", schedule=wrong, min_capacity=1)
