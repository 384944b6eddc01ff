"""Environment variables, and the places of constructs."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    Ec2Capacity,
    EcrFargateService,
    ImageRepositoryStack,
    LoadBalancedEc2Service,
    PrivateRepository,
    PublicHttp,
)
from tests.bad_input import bare, here
from tests.bad_input.case import ACCOUNT, Case, Expected, Passes, Place, Refused, Warned

ENVIRONMENT = "Environment variables"


def _environment(what: str, expected: Expected, values: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        ENVIRONMENT,
        what,
        lambda p: here.service(p, container=here.container(environment=values)),
        lambda p: bare.pattern(p, image={"environment": values}),
        expected,
    )


def _container(what: str, expected: Expected, **options: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        ENVIRONMENT,
        what,
        lambda p: here.service(p, container=here.container(**options)),
        lambda p: bare.container(p, **options),
        expected,
    )


def _dot_env(place: Place) -> list[ecs.EnvironmentFile]:
    file = place.context / ".env"
    file.write_text("A=1\n", encoding="utf-8")
    return [ecs.EnvironmentFile.from_asset(str(file))]


SECRET = Warned("plainSecretInEnvironment")
ENVIRONMENT_CASES = [
    _environment("A number", Refused("AppContainer.environment['N']=1 is an int", "for example '1'"), {"N": 1}),
    _environment("`True`", Refused("AppContainer.environment['N']=True is a bool", "use a string"), {"N": True}),
    _environment("`None`", Refused("AppContainer.environment['N']=None", "use a string"), {"N": None}),
    _environment("A list", Refused("AppContainer.environment['N']=['a']", "use a string"), {"N": ["a"]}),
    _environment("An empty name", Refused("AppContainer.environment has an empty name", "a name"), {"": "x"}),
    _environment("One string for a mapping", Refused("AppContainer.environment='A=1'", "use for example"), "A=1"),
    _environment("70,000 letters", Refused("70,001 bytes", "a file in the image"), {"A": "x" * 70_000}),
    _environment(
        "A dynamic reference that is none",
        Refused("AppContainer.environment has '{{resolve:x}}'", "use for example"),
        {"A": "{{resolve:x}}"},
    ),
    _environment("`DB_PASSWORD`", SECRET, {"DB_PASSWORD": "hunter2"}),
    _environment("`STRIPE_API_KEY`", SECRET, {"STRIPE_API_KEY": "sk"}),
    _environment("An access key of AWS, under a name that says nothing", SECRET, {"A": "AKIA" + "Q" * 16}),
    _environment("An address with a password in it", SECRET, {"DB": "postgres://web:hunter2@db/web"}),
    _environment("`PGPASSWORD`", SECRET, {"PGPASSWORD": "hunter2"}),
    _environment("An address with a password and no user", SECRET, {"REDIS_URL": "redis://:hunter2@cache/0"}),
    _environment("A reference to a secret", SECRET, {"A": "{{resolve:secretsmanager:db:SecretString:password}}"}),
    _environment(
        "A reference to a SecureString",
        Refused("CloudFormation resolves no SecureString", "ecs.Secret.from_ssm_parameter(…)"),
        {"A": "{{resolve:ssm-secure:/shop/password:1}}"},
    ),
    _environment("An unwrapped `SecretValue`", SECRET, {"A": bare.secret_value().unsafe_unwrap()}),
    _environment(
        "A `SecretValue`",
        Refused("AppContainer.environment['A'] is a cdk.SecretValue", "ecs.Secret.from_secrets_manager(…)"),
        {"A": bare.secret_value()},
    ),
    _environment(
        "A password that is a number", Refused("['DB_PASSWORD'] is an int", "use a string"), {"DB_PASSWORD": 1}
    ),
    _environment("`TOKEN_URL`, which names no secret", Passes("it says where, not what"), {"TOKEN_URL": "https://a/b"}),
    Case(
        ENVIRONMENT,
        "A secret as plain text",
        lambda p: here.service(p, container=here.container(secrets={"KEY": "hunter2"})),
        lambda p: bare.pattern(p, image={"secrets": {"KEY": "hunter2"}}),
        Refused("AppContainer.secrets['KEY'] is a string", "ecs.Secret.from_secrets_manager(…)"),
    ),
    Case(
        ENVIRONMENT,
        "One name both plain and secret",
        lambda p: here.service(p, container=here.container(environment={"KEY": "a"}, secrets={"KEY": p.given})),
        lambda p: bare.pattern(p, image={"environment": {"KEY": "a"}, "secrets": {"KEY": p.given}}),
        Refused("AppContainer has KEY both in environment and in secrets", "remove one"),
        given=bare.secret,
    ),
    _container(
        "`command='nginx -g'`, a string for a list",
        Refused("AppContainer.command='nginx -g'", "['nginx', '-g']"),
        command="nginx -g",
    ),
    _container("`entry_point='sh'`", Refused("AppContainer.entry_point='sh'", "['sh']"), entry_point="sh"),
    _container(
        "A relative working directory",
        Refused("AppContainer.working_directory has 'app'", "absolute paths"),
        working_directory="app",
    ),
    _container(
        "A health check without a command",
        Refused("AppContainer.health_check has no command", "use for example"),
        health_check=ecs.HealthCheck(command=[]),
    ),
    _container(
        "`environment_files=['web.env']`, a string for a file",
        Refused("AppContainer.environment_files has 'web.env'", "ecs.EnvironmentFile.from_asset('web.env')"),
        environment_files=["web.env"],
    ),
    Case(
        ENVIRONMENT,
        "A file of variables that is called `.env`",
        lambda p: here.service(p, container=here.container(environment_files=_dot_env(p))),
        lambda p: bare.container(p, environment_files=_dot_env(p)),
        Refused("AppContainer.environment_files has", "'web.env'"),
    ),
    Case(
        ENVIRONMENT,
        "`GPU` on Fargate",
        lambda p: here.service(p, container=here.on_a_machine(gpu_count=1)),
        lambda p: bare.container(p, gpu_count=1),
        Refused("container is an Ec2Container", "LoadBalancedEc2Service"),
    ),
]

SCOPES = "Scopes"


def _id(what: str, expected: Expected, construct_id: str) -> Case:
    return Case(
        SCOPES,
        what,
        lambda p: PrivateRepository(p.stack, construct_id),
        lambda p: ecr.Repository(p.stack, construct_id),
        expected,
    )


def _elsewhere(place: Place, **env: str) -> cdk.Stack:
    """Another stack of the app, in another environment."""
    environment = cdk.Environment(**{"account": ACCOUNT, "region": "us-east-1", **env})
    return cdk.Stack(place.app, "Other", env=environment)


def _other(what: str, expected: Expected, make: Any, option: str, **env: str) -> Case:  # noqa: ANN401 - makes the neighbour
    return Case(
        SCOPES,
        what,
        lambda p: here.service(p, **{option: p.given}),
        lambda p: bare.pattern(p, **{option: p.given}),
        expected,
        given=lambda p: make(_elsewhere(p, **env)),
        region="us-east-1",
    )


def _vpc(stack: cdk.Stack) -> ec2.Vpc:
    return ec2.Vpc(stack, "Vpc")


def _cluster(stack: cdk.Stack) -> ecs.Cluster:
    return ecs.Cluster(stack, "Cluster")


def _double(place: Place) -> object:
    return PrivateRepository(place.stack, "Web")


def _pushed_from_elsewhere(place: Place) -> tuple[ImageRepositoryStack, cdk.Stack]:
    images = ImageRepositoryStack(place.app, "Images", env=cdk.Environment(account=ACCOUNT, region="eu-west-1"))
    env = cdk.Environment(account=ACCOUNT, region="us-east-1")
    return images, cdk.Stack(place.app, "Web", synthesizer=images.synthesizer(), env=env)


SCOPE_CASES = [
    Case(
        SCOPES,
        "The app",
        lambda p: EcrFargateService(p.app, "Web", directory=p.context, container_port=80),
        lambda p: bare.pattern_in(p.app),
        Refused("[Web] scope is the app, which is not in a stack", "cdk.Stack(app, …)"),
    ),
    Case(
        SCOPES,
        "A stage",
        lambda p: PrivateRepository(p.given, "Repo"),
        lambda p: bare.pattern_in(p.given),
        Refused("[Stage/Repo] scope is Stage, which is not in a stack", "cdk.Stack(app, …)"),
        given=lambda p: cdk.Stage(p.app, "Stage"),
    ),
    Case(
        SCOPES,
        "An id twice",
        here.door,
        bare.pattern,
        Refused("[Stack/Web] construct_id='Web' is already the id", "use another one"),
        given=_double,
    ),
    Case(
        SCOPES,
        "Two images of one id",
        lambda p: here.image(p, p.context),
        lambda p: [bare.asset(p, p.context), bare.asset(p, p.context)],
        Refused("[Stack/Repo/Image] construct_id='Image' is already the id", "use another one"),
        given=lambda p: bare.keep(here.repository(p), lambda repo: repo.build_and_push_image(p.context)),
    ),
    _id("An empty id", Refused("construct_id='' is empty", "use an id"), ""),
    _id("A CDK token as id", Refused("construct_id is a CDK token", "plain string"), cdk.Aws.STACK_NAME),
    _id("An id of 300 letters", Passes("CDK shortens logical ids"), "W" * 300),
    _id("An id in Unicode", Passes("CDK makes a logical id of its hash"), "服务"),
    _id("An id that begins with a digit", Passes("logical ids may"), "1Web"),
    _id("An id with a slash", Passes("CDK writes it otherwise"), "a/b"),
    _other(
        "A VPC of another region",
        Refused("vpc is in the region eu-west-1", "the stack's region"),
        _vpc,
        "vpc",
        region="eu-west-1",
    ),
    _other(
        "A VPC of another account",
        Refused("vpc is in the account 999999999999", "the stack's account"),
        _vpc,
        "vpc",
        account="9" * 12,
    ),
    _other("A VPC of another stack", Passes("stacks of one environment share it"), _vpc, "vpc"),
    _other(
        "A cluster of another region",
        Refused("cluster is in the region eu-west-1", "same env"),
        _cluster,
        "cluster",
        region="eu-west-1",
    ),
    Case(
        SCOPES,
        "A VPC of another app",
        lambda p: here.service(p, vpc=p.given),
        lambda p: bare.pattern(p, vpc=p.given),
        Refused("vpc is Stack/Vpc in another cdk.App", "one app"),
        given=lambda _: _vpc(cdk.Stack(cdk.App(), "Stack")),
    ),
    Case(
        SCOPES,
        "A repository of another region, whose name is generated",
        lambda p: here.door(p, repository=p.given),
        lambda p: bare.container_of(p, p.given.repository, "1"),
        Refused("where the repository's generated name is unknown", "give the repository a repository_name="),
        given=lambda p: PrivateRepository(_elsewhere(p, region="eu-west-1"), "Repo"),
        region="us-east-1",
    ),
    Case(
        SCOPES,
        "An image pushed to the repository of another region",
        lambda p: here.door(p, scope=p.given[1], repository=p.given[0].repository),
        None,
        Refused("pushes only within one account and region", "the same env"),
        given=_pushed_from_elsewhere,
    ),
    Case(
        SCOPES,
        "An image for a pushed repository, from a stack without its synthesizer",
        lambda p: here.door(p, repository=p.given.repository),
        None,
        Refused("requires its synthesizer", "synthesizer=images.synthesizer()"),
        given=lambda p: ImageRepositoryStack(p.app, "Images"),
    ),
    Case(
        SCOPES,
        "Machines for a cluster of another stack",
        lambda p: LoadBalancedEc2Service(
            p.stack, "Web", container=here.container(), ingress=PublicHttp(), cluster=p.given, capacity=Ec2Capacity()
        ),
        None,
        Refused("instances cannot be added to a cluster of another stack", "omit capacity"),
        given=lambda p: _cluster(cdk.Stack(p.app, "Other")),
    ),
    Case(
        SCOPES,
        "EC2 tasks in a cluster without machines",
        lambda p: LoadBalancedEc2Service(
            p.stack, "Web", container=here.container(), ingress=PublicHttp(), cluster=p.given
        ),
        lambda p: bare.on_machines(p, p.given),
        Refused("the cluster has no EC2 instances", "Ec2Capacity()"),
        given=lambda p: _cluster(p.stack),
    ),
]

CASES = [*ENVIRONMENT_CASES, *SCOPE_CASES]
