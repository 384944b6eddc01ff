"""Build arguments, and a build's inputs beside its context."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

from ecr_fargate_constructs import ImageBuild
from tests.bad_input import bare, here
from tests.bad_input.case import Case, Expected, Passes, Refused

ARGUMENTS = "Build arguments"


def _args(what: str, expected: Expected, args: dict[str, Any]) -> Case:
    return Case(
        ARGUMENTS,
        what,
        lambda p: here.door(p, build=ImageBuild(args=args)),
        lambda p: bare.asset(p, p.context, build_args=args),
        expected,
    )


def _input(what: str, expected: Expected, **options: Any) -> Case:  # noqa: ANN401 - passed on
    """An input beside the directory."""
    return Case(
        ARGUMENTS,
        what,
        lambda p: here.door(p, build=ImageBuild(**options)),
        lambda p: bare.asset(p, p.context, **{f"build_{name}": value for name, value in options.items()}),
        expected,
    )


CASES = [
    _args("A number", Refused("ImageBuild.args['N']=1", "use a string, for example '1'"), {"N": 1}),
    _args("`None`", Refused("ImageBuild.args['N']=None", "use a string"), {"N": None}),
    _args("`True`", Refused("ImageBuild.args['N']=True", "use a string"), {"N": True}),
    _args("An empty name", Refused("ImageBuild.args has an empty name", "a name"), {"": "x"}),
    _args("A CDK token", Refused("ImageBuild.args['R'] is a CDK token", "plain string"), {"R": cdk.Aws.REGION}),
    _args(
        "`NPM_TOKEN`", Refused("ImageBuild.args['NPM_TOKEN'] looks like a secret", "use secrets="), {"NPM_TOKEN": "x"}
    ),
    _args(
        "`AWS_SECRET_ACCESS_KEY`",
        Refused("ImageBuild.args['AWS_SECRET_ACCESS_KEY'] looks like a secret", "use secrets="),
        {"AWS_SECRET_ACCESS_KEY": "x"},
    ),
    _args("`DB_PASSWORD`", Refused("ImageBuild.args['DB_PASSWORD'] looks like", "use secrets="), {"DB_PASSWORD": "x"}),
    _args(
        "An address with a password in it",
        Refused("ImageBuild.args['PIP_INDEX_URL'] looks like", "use secrets="),
        {"PIP_INDEX_URL": "https://user:hunter2@packages.example.com/index"},
    ),
    _args("An access key of AWS", Refused("ImageBuild.args['A'] looks like", "use secrets="), {"A": "AKIA" + "Q" * 16}),
    _args("`TOKEN_URL`, which names no secret", Passes("it says where, not what"), {"TOKEN_URL": "https://a/b"}),
    Case(
        ARGUMENTS,
        "Arguments as one string",
        lambda p: here.door(p, build=ImageBuild(args="A=1")),  # type: ignore[arg-type]
        lambda p: bare.asset(p, p.context, build_args="A=1"),
        Refused("ImageBuild.args='A=1'", "use for example"),
    ),
    Case(
        ARGUMENTS,
        "A build secret that is no source, but a number",
        lambda p: here.door(p, build=ImageBuild(secrets={"npm": 1})),  # type: ignore[dict-item]
        lambda p: bare.asset(p, p.context, build_secrets={"npm": 1}),
        Refused("ImageBuild.secrets['npm']=1", "use a string"),
    ),
    _input("A build secret that is a file's name", Refused("has '.npmrc'", "'src="), secrets={"npm": ".npmrc"}),
    _input("A build secret without a source", Refused("neither a file nor", "'src="), secrets={"npm": "type=file"}),
    _input(
        "A build secret of another type",
        Refused("type='ssm'", "use 'file' or 'env'"),
        secrets={"npm": "type=ssm,src=a"},
    ),
    _input("A build secret that is a CDK token", Refused("is a CDK token", "plain"), secrets={"npm": cdk.Aws.REGION}),
    _input(
        "A build secret whose file is missing",
        Refused("ImageBuild.secrets['npm']='src=nowhere' names a file that does not exist", "its absolute path"),
        secrets={"npm": "src=nowhere"},
    ),
    _input(
        "A build secret that is a directory",
        Refused("ImageBuild.secrets['npm']='src=/' names a directory", "name a file"),
        secrets={"npm": "src=/"},
    ),
    _input(
        "An SSH key that is missing",
        Refused("ImageBuild.ssh='default=nowhere' names a file that does not exist", "its absolute path"),
        ssh="default=nowhere",
    ),
    _input(
        "A named context that is missing",
        Refused("ImageBuild.contexts['shared']='./nowhere' does not exist", "name a directory"),
        contexts={"shared": "./nowhere"},
    ),
    _input(
        "A named context that is a file",
        Refused("ImageBuild.contexts['shared']='/etc/hosts' is a file", "name the directory"),
        contexts={"shared": "/etc/hosts"},
    ),
    _input(
        "A named context that is a CDK token", Refused("is a CDK token", "plain"), contexts={"shared": cdk.Aws.REGION}
    ),
    _input(
        "A named context that is an image",
        Passes("references are handed on"),
        contexts={"base": "docker-image://alpine:3.22"},
    ),
    _args("A name with `=`", Refused("has the name 'A=B'", "a name that the Dockerfile declares"), {"A=B": "1"}),
    Case(
        ARGUMENTS,
        "A cache in a registry, without its name",
        lambda p: here.door(p, build=ImageBuild(cache_to=ecr_assets.DockerCacheOption(type="registry"))),
        lambda p: bare.asset(p, p.context, cache_to=ecr_assets.DockerCacheOption(type="registry")),
        Refused("type registry without a ref", "params={'ref'"),
    ),
    Case(
        ARGUMENTS,
        "`exclude='*.md'`, a string for a list",
        lambda p: here.door(p, build=ImageBuild(exclude="*.md")),
        lambda p: bare.asset(p, p.context, exclude="*.md"),
        Refused("ImageBuild.exclude='*.md'", "use ['*.md']"),
    ),
]
