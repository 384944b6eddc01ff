"""Policies and requests of the kinds that the templates of this library use, for Hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hypothesis import strategies as st

ACCOUNT, REGION = "111122223333", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Web-TaskRole"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Web-TaskRole/0123456789abcdef"
_HERE = f"{REGION}:{ACCOUNT}"

Statement: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """A service: what is asked of it, and what its policies are about.

    Attributes:
        service: Its name.
        actions: Actions with the resources that they are asked on.
        keys: Condition keys of its requests, with values.
        own_policy: Whether its resources have policies of their own.
        required: Whether that policy has to allow, too.
    """

    service: str
    actions: dict[str, tuple[str, ...]]
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    own_policy: bool = False
    required: bool = False


_REPOSITORIES = (f"arn:aws:ecr:{_HERE}:repository/web", f"arn:aws:ecr:{_HERE}:repository/cdk-assets")
_OBJECTS = ("arn:aws:s3:::logs-bucket/AWSLogs/1", "arn:aws:s3:::other/key")
_BUCKETS = ("arn:aws:s3:::logs-bucket", "arn:aws:s3:::other")
_SECRETS = (f"arn:aws:secretsmanager:{_HERE}:secret:Key-AbCdEf", f"arn:aws:secretsmanager:{_HERE}:secret:Other-GhIjKl")
_STREAMS = (f"arn:aws:logs:{_HERE}:log-group:/web:log-stream:a", f"arn:aws:logs:{_HERE}:log-group:/other:log-stream:b")
_KEYS = (f"arn:aws:kms:{_HERE}:key/1234abcd-12ab-34cd-56ef-1234567890ab",)
_QUEUES = (f"arn:aws:sqs:{_HERE}:jobs", f"arn:aws:sqs:{_HERE}:dead")
_TOPICS = (f"arn:aws:sns:{_HERE}:alarms",)
_TABLES = (f"arn:aws:dynamodb:{_HERE}:table/Web", f"arn:aws:dynamodb:{_HERE}:table/Other")
_FUNCTIONS = (f"arn:aws:lambda:{_HERE}:function:hook",)
_CLUSTERS = (f"arn:aws:ecs:{_HERE}:cluster/main", f"arn:aws:ecs:{_HERE}:cluster/other")
_SERVICES = (f"arn:aws:ecs:{_HERE}:service/main/web",)
_FILES = (f"arn:aws:elasticfilesystem:{_HERE}:file-system/fs-01234567",)
_PARAMETERS = (f"arn:aws:ssm:{_HERE}:parameter/prod/url",)
_ACCESS_POINTS = tuple(f"arn:aws:elasticfilesystem:{_HERE}:access-point/fsap-{name}" for name in ("01", "02"))
_SOURCES = {
    "aws:SourceArn": (f"arn:aws:logs:{_HERE}:log-group:/web", "arn:aws:s3:::source"),
    "aws:SourceAccount": (ACCOUNT, "444455556666"),
    "aws:SecureTransport": ("true", "false"),
    "aws:PrincipalArn": (ROLE,),
    "aws:PrincipalAccount": (ACCOUNT,),
}

SCENES = (
    Scene(
        "ecr",
        {
            **dict.fromkeys(("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:PutImage"), _REPOSITORIES),
            "ecr:GetAuthorizationToken": ("*",),
        },
        {name: _SOURCES[name] for name in ("aws:PrincipalArn", "aws:SecureTransport")},
        own_policy=True,
    ),
    Scene(
        "s3",
        {"s3:GetObject": _OBJECTS, "s3:PutObject": _OBJECTS, "s3:ListBucket": _BUCKETS, "s3:GetBucketAcl": _BUCKETS},
        {"s3:TlsVersion": ("1.1", "1.2", "1.3"), **_SOURCES},
        own_policy=True,
    ),
    Scene(
        "kms",
        dict.fromkeys(("kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"), _KEYS),
        {
            "kms:ViaService": (f"secretsmanager.{REGION}.amazonaws.com", f"sqs.{REGION}.amazonaws.com"),
            **_SOURCES,
        },
        own_policy=True,
        required=True,
    ),
    Scene("secretsmanager", {"secretsmanager:GetSecretValue": _SECRETS}, _SOURCES, own_policy=True),
    Scene("sqs", dict.fromkeys(("sqs:SendMessage", "sqs:ReceiveMessage"), _QUEUES), _SOURCES, own_policy=True),
    Scene("sns", {"sns:Publish": _TOPICS}, _SOURCES, own_policy=True),
    Scene("lambda", {"lambda:InvokeFunction": _FUNCTIONS}, _SOURCES, own_policy=True),
    Scene("logs", dict.fromkeys(("logs:CreateLogStream", "logs:PutLogEvents"), _STREAMS), _SOURCES),
    Scene("dynamodb", dict.fromkeys(("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"), _TABLES), _SOURCES),
    Scene("ssm", dict.fromkeys(("ssm:GetParameter", "ssm:GetParameters"), _PARAMETERS), _SOURCES),
    Scene("ecs", {"ecs:DescribeServices": _SERVICES, "ecs:UpdateService": _SERVICES}, {"ecs:cluster": _CLUSTERS}),
    Scene(
        "elasticfilesystem",
        dict.fromkeys(("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"), _FILES),
        {"elasticfilesystem:AccessPointArn": _ACCESS_POINTS, "aws:SecureTransport": ("true", "false")},
    ),
)
_ALWAYS = ("aws:Principal", "aws:SecureTransport")
"""Keys that every signed request has."""
_OPERATORS = {
    "aws:SecureTransport": ("Bool", "BoolIfExists"),
    "s3:TlsVersion": ("NumericLessThan", "NumericGreaterThanEquals", "NumericLessThanIfExists"),
}
_TEXT = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIfExists",
    "StringNotEqualsIfExists",
    "StringEqualsIgnoreCase",
)
_ARN = ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "ArnLikeIfExists", "StringEquals", "StringLike")
_PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    {"AWS": ACCOUNT},
    {"AWS": ROLE},
    {"AWS": SESSION},
    {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/Other", ROLE]},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Other"},
    {"AWS": "arn:aws:iam::444455556666:root"},
    {"Service": "logs.amazonaws.com"},
)


@dataclass(frozen=True)
class Case:
    """A request, and the policies that decide about it.

    Attributes:
        scene: The service.
        action: What is asked.
        resource: On what.
        context: Condition keys of the request.
        identity: Statements of the role's policies.
        boundary: Statements of its permissions boundary; None for a role without.
        resource_policy: Statements of the resource's policy; None for a resource without.
    """

    scene: Scene
    action: str
    resource: str
    context: dict[str, str]
    identity: list[Statement]
    boundary: list[Statement] | None
    resource_policy: list[Statement] | None


def _patterns(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    """The values, and patterns that match some of them."""
    made = {*values, "*"}
    for value in set(values) - {"*"}:
        head, colon, last = value.rpartition(":")
        made |= {f"{head}{colon}*", f"{head}{colon}{last[:-1]}?", f"{head}{colon}{last[:2]}*"}
    return st.sampled_from(sorted(made))


def _actions(scene: Scene) -> st.SearchStrategy[str]:
    names = sorted(scene.actions)
    prefix = names[0].partition(":")[0]
    return st.sampled_from([*names, f"{prefix}:*", "*", names[0].rstrip("abcdefghijklmnopqrstuvwxyz") + "*"])


def _one_or_more(of: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return of | st.lists(of, min_size=1, max_size=3, unique=True)


@st.composite
def _conditions(draw: st.DrawFn, scene: Scene) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key in draw(st.lists(st.sampled_from(sorted(scene.keys)), max_size=2, unique=True)):
        values = scene.keys[key]
        operators = _OPERATORS.get(key) or (_ARN if values[0].startswith("arn:") else _TEXT)
        operator = draw(st.sampled_from([*operators, "Null"]))
        if operator == "Null":
            found.setdefault(operator, {})[key] = draw(st.sampled_from(["true", "false"]))
        elif operator in {"StringLike", "StringNotLike"}:
            found.setdefault(operator, {})[key] = draw(_one_or_more(_patterns(values)))
        elif operator.startswith("Arn"):  # AWS does not say what comes of a value that is no ARN, such as "*"
            found.setdefault(operator, {})[key] = draw(_one_or_more(_patterns(values).filter(lambda each: each != "*")))
        else:
            found.setdefault(operator, {})[key] = draw(_one_or_more(st.sampled_from(values)))
    return found


@st.composite
def _statements(draw: st.DrawFn, scene: Scene, *, principals: bool, most: int) -> list[Statement]:
    resources = tuple(sorted({each for found in scene.actions.values() for each in found}))
    found = []
    for number in range(draw(st.integers(0, most))):
        statement: Statement = {
            "Sid": f"S{number}",
            "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
            draw(st.sampled_from(["Action"] * 7 + ["NotAction"])): draw(_one_or_more(_actions(scene))),
            draw(st.sampled_from(["Resource"] * 9 + ["NotResource"])): draw(_one_or_more(_patterns(resources))),
        }
        if principals:
            statement["Principal"] = draw(st.sampled_from(_PRINCIPALS))
        conditions = draw(st.just({}) | _conditions(scene))
        if conditions:
            statement["Condition"] = conditions
        found.append(statement)
    return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a request and policies."""
    scene = draw(st.sampled_from(SCENES))
    action = draw(st.sampled_from(sorted(scene.actions)))
    resource = draw(st.sampled_from(scene.actions[action]))
    context = {
        key: draw(st.sampled_from(values))
        for key, values in scene.keys.items()
        if key.startswith(_ALWAYS) or draw(st.booleans())
    }
    own = scene.own_policy and resource != "*" and (scene.required or draw(st.booleans()))
    return Case(
        scene,
        action,
        resource,
        context,
        draw(_statements(scene, principals=False, most=3)),
        draw(st.none() | _statements(scene, principals=False, most=2)),
        draw(_statements(scene, principals=True, most=3)) if own else None,
    )
