"""Values for every option of every public noun: right, wrong, and only the deployment knows.

What an option gets follows from its annotation; ``RIGHT`` has figures and texts that are right, without which a service
would hardly ever be made.
"""

from __future__ import annotations

import enum
import inspect
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ec2, aws_ecr, aws_ecr_assets, aws_ecs, aws_elasticloadbalancingv2, aws_logs
from hypothesis import strategies as st

import ecr_fargate_constructs as library
from tests.fuzz.world import NGINX, OBJECTS, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Strategy = st.SearchStrategy["Draft"]

RIGHT: dict[str, Sequence[Any]] = {
    "TaskSize.cpu": (256, 512, 1024),
    "TaskSize.memory_mib": (512, 1024, 2048, 4096),
    "Scaling.min_capacity": (0, 1, 2),
    "Scaling.max_capacity": (2, 4),
    "ScheduledCapacity.min_capacity": (1, 2),
    "ScheduledCapacity.max_capacity": (2, 4),
    "Rolling.min_healthy_percent": (0, 50, 100),
    "Rolling.max_healthy_percent": (150, 200),
    "KeepNewest.count": (1, 10, 100),
    "EbsVolume.throughput": (125, 500),
    "EbsVolume.iops": (3_000, 10_000),
    "FixedResponse.status": (200, 404, 503),
    "Route.priority": (1, 100, 50_000),
    "port": (80, 8080, 65_535),
    "ports": (81, 9090),
    "container_port": (80, 8080),
    "days": (1, 90, 365),
    "percent": (0.1, 10, 50),
    "step_percent": (3, 10, 50),
    "ephemeral_storage_gib": (21, 200),
    "size_gib": (1, 100),
    "root_volume_gib": (30, 100),
    "max_azs": (2, 3),
    "memory_limit_mib": (6, 128, 512),
    "memory_reservation_mib": (6, 128),
    "priority": (1, 2, 3),
    "directory": ("app", "missing"),
    "dockerfile": ("Dockerfile", "other/Dockerfile"),
    "repository_name": ("web", "team/web"),
    "stack_name": ("Images", "team-images"),
    "pull_accounts": ("123456789012",),
    "replicate_from": ("210987654321",),
    "ReplicationDestination.account": ("210987654321",),
    "ReplicationDestination.region": ("us-east-1", "eu-west-1"),
    "RepositoryCreationTemplate.prefix": ("shop", "shop/web", "ROOT"),
    "push_accounts": ("123456789012",),
    "EnhancedScanning.repositories": ("*", "shop/*"),
    "ManagedSigning.repositories": ("*", "shop/*"),
    "signing_profile": ("arn:aws:signer:us-east-1:123456789012:/signing-profiles/shop",),
    "Redirect.host": ("www.example.com", "#{host}"),
    "Redirect.path": ("/shop/#{path}",),
    "prefix": ("hub", "team/hub"),
    "image": (NGINX, "nginx", "nginx:1.29"),
    "name": ("orders", "web-1", "metrics"),
    "domain_name": ("shop.example.com", "example.com"),
    "web_acl": ("arn:aws:wafv2:us-east-1:123456789012:regional/webacl/web/1",),
    "path": ("/", "/healthz", "/api/*"),
    "codes": ("200", "200-299"),
    "grpc_codes": ("0", "0-99"),
    "host": ("shop.example.com", "*.example.com"),
    "method": ("GET", "POST"),
    "source": ("10.0.0.0/8",),
    "tag_prefixes": ("v", "release-"),
    "tag_patterns": ("*", "v*"),
    "writable_paths": ("/tmp", "/var/run"),  # noqa: S108 - paths in a container
    "working_directory": ("/app",),
    "root_directory": ("/shop",),
    "snapshot_id": ("snap-05abe246af",),
    "content_type": ("text/plain", "application/json"),
    "user": ("10001:10001", "0"),
    "cookie_name": ("session",),
    "issuer": ("https://id.example.com",),
    "jwks_endpoint": ("https://id.example.com/jwks.json",),
    "Rewrite.regex": ("^/api/(.*)$", "^(.*)$"),
    "Rewrite.replace": ("/$1",),
    "JwtClaim.name": ("scope", "groups"),
    "JwtClaim.values": ("read", "write"),
    "target_control_port": (3000,),
    "authorization_endpoint": ("https://id.example.com/a",),
    "token_endpoint": ("https://id.example.com/t",),
    "user_info_endpoint": ("https://id.example.com/u",),
    "dns_servers": ("10.0.0.2",),
    "system_controls": ("net.core.somaxconn",),
    "response_headers": ("Strict-Transport-Security", "X-Frame-Options"),
    "values": ("yes", "v2"),
    "desired_count": (1, 2, 10),
    "target": ("builder",),
}
"""By ``Class.option``, or by option; names, where the option is a mapping."""

WRONG_NUMBERS = (0, -1, 0.5, 1.5, 7, 101, 10**6, 2**53, float("nan"), float("inf"), True, "80")
WRONG_TYPES: tuple[object, ...] = (None, 5, "text", [], [5], {}, {"a": 5}, object)
WRONG_TEXTS = ("", " ", "a" * 300, "Größe", "a/b", "a b", "-", "*", "a\nb", "{{resolve:x}}", "$", "AKIA" + "Q" * 16)
SECONDS = (0, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86_400, 700_000)
UNIONS: dict[str, Sequence[str]] = {
    "Ingress": ("PublicHttp", "PublicHttps", "InternalHttp", "InternalHttps"),
    "Deployment": ("Rolling", "BlueGreen", "Canary", "Linear"),
    "Response": ("FixedResponse", "Redirect"),
    "BlueGreen | Canary | Linear": ("BlueGreen", "Canary", "Linear"),
    "LoadBalancerSettings | ExistingLoadBalancer": ("LoadBalancerSettings", "ExistingLoadBalancer"),
    "TestTraffic": ("TestTrafficPort", "TestTrafficHeader"),
    "Volume": ("SharedVolume", "EfsVolume", "EbsVolume"),
    "Ec2Capacity | ManagedInstancesCapacity": ("Ec2Capacity", "ManagedInstancesCapacity"),
    "FargateCapacity": ("OnDemand", "Spot", "Mixed"),
    "Logging": ("CloudWatchLogs",),
    "Authentication": ("OidcAuthentication", "CognitoAuthentication", "JwtValidation"),
    "RetentionRule": (
        "KeepNewest",
        "ExpireOlderThan",
        "ArchiveOlderThan",
        "ExpireUntagged",
        "ArchiveUnpulled",
        "ExpireArchived",
    ),
}
ENUMERATIONS: dict[str, Any] = {
    "cdk": cdk,
    "ec2": aws_ec2,
    "ecr": aws_ecr,
    "ecr_assets": aws_ecr_assets,
    "ecs": aws_ecs,
    "elbv2": aws_elasticloadbalancingv2,
    "logs": aws_logs,
}
NOT_FOR_FIREHOSE = ("PublishedImage",)  # made by a repository, not by people
ESSENTIAL = {"Route": ("path",), "PublicHttps": ("domain_name", "hosted_zone"), "InternalHttps": ("certificate",)}
"""Options that need not be, and without which hardly anything is made."""
ONE_IN = 40
"""Of so many values, one has a type that is wrong altogether."""
MOST_OPTIONS = 4


@dataclass(frozen=True)
class Draft:
    """A value that is yet to be made, and how it is written."""

    text: str
    make: Callable[[World], Any]

    def __repr__(self) -> str:
        return self.text


def plain(value: object) -> Draft:
    """A value that is there."""
    return Draft(repr(value), lambda _: value)


TOKEN_NUMBER = Draft("<number token>", lambda w: w.number)
TOKEN_TEXT = Draft("<text token>", lambda w: w.text)
NONE = st.just(plain(None))


def _sampled(values: Sequence[object]) -> Strategy:
    return st.sampled_from([plain(value) for value in values])


def _right(kind: str, option: str, default: object) -> Sequence[Any]:
    found = RIGHT.get(f"{kind}.{option}", RIGHT.get(option))
    if found is not None:
        return found
    return (default,) if isinstance(default, (int, float, str)) else ()


def _numbers(right: Sequence[Any]) -> Strategy:
    good = _sampled(right or (1, 10, 50, 100))
    return st.one_of(good, good, good, st.just(TOKEN_NUMBER), _sampled(WRONG_NUMBERS))


def _texts(right: Sequence[Any]) -> Strategy:
    good = _sampled(right or ("web", "a-1"))
    return st.one_of(good, good, good, st.just(TOKEN_TEXT), _sampled(WRONG_TEXTS), st.text(max_size=12).map(plain))


def _times() -> Strategy:
    whole = st.sampled_from(SECONDS).map(lambda n: Draft(f"seconds({n})", lambda _: cdk.Duration.seconds(n)))
    return st.one_of(
        whole,
        whole,
        st.just(Draft("millis(1500)", lambda _: cdk.Duration.millis(1500))),
        st.just(Draft("seconds(<number token>)", lambda w: cdk.Duration.seconds(w.number))),
    )


def _several(one: Strategy, most: int = 3) -> Strategy:
    lists = st.one_of(st.lists(one, min_size=1, max_size=1), st.lists(one, max_size=most))
    return lists.map(lambda drafts: Draft(repr(drafts), lambda w: [draft.make(w) for draft in drafts]))


def _mapping(keys: Sequence[Any], values: Strategy) -> Strategy:
    key = st.one_of(st.sampled_from(list(keys)), st.sampled_from(list(keys)), st.sampled_from(WRONG_TEXTS))
    return st.dictionaries(key, values, max_size=3).map(
        lambda drafts: Draft(repr(drafts), lambda w: {name: draft.make(w) for name, draft in drafts.items()})
    )


def _enumeration(annotation: str) -> Any:  # noqa: ANN401 - a class, if there is one
    module, _, name = annotation.rpartition(".")
    return getattr(ENUMERATIONS.get(module, library), name, None)


def _of_annotation(kind: str, option: str, annotation: str, default: object) -> Strategy:  # noqa: C901, PLR0911, PLR0912 - a table
    right = _right(kind, option, default)

    def again(inner: str) -> Strategy:
        return _of_annotation(kind, option, inner, default)

    if annotation in OBJECTS:
        made = OBJECTS[annotation]
        return st.sampled_from([Draft(f"<{name}>", partial(World.once, make=make)) for name, make in made.items()])
    if annotation in UNIONS:
        return st.one_of(*(value_of(name) for name in UNIONS[annotation]))
    if annotation.endswith(" | None"):
        return st.one_of(NONE, again(annotation.removesuffix(" | None")))
    match annotation:
        case "None":
            return st.one_of(NONE, NONE, st.just(plain(3)))
        case "Number" | "float" | "int":
            return _numbers(right)
        case "str":
            return _texts(right)
        case "str | os.PathLike[str]":
            folders = {"app": lambda w: w.folder / "app", "missing": lambda w: w.folder / "missing"}
            return st.sampled_from(["app", "app", "app", "missing"]).map(lambda name: Draft(name, folders[name]))
        case "bool":
            return _sampled((False, True))
        case "datetime":
            return _sampled((datetime(2027, 1, 1, tzinfo=timezone.utc), datetime(2027, 1, 2)))  # noqa: DTZ001 - wrong
        case "cdk.Duration":
            return _times()
        case "Image":
            return st.one_of(_texts(right), again("ecs.ContainerImage"))
        case "str | ReplicationDestination":
            return st.one_of(_sampled(("us-west-2", "mars-1")), value_of("ReplicationDestination"))
        case "Approval | bool":
            return st.one_of(again("bool"), value_of("Approval"))
        case "Tags":
            return st.one_of(
                _several(_sampled(right), 1), _several(_sampled(right), 1), _several(_texts(right)), _texts(right)
            )
        case "Values":
            return st.one_of(_sampled(right or WRONG_TEXTS), _texts(right), _several(_texts(right)))
        case "Severities":
            return _mapping(("Warning", "Critical"), _numbers((70, 90)))
        case "Mapping[str, ecs.Secret]":
            return _mapping(("KEY",), again("ecs.Secret"))
        case "Mapping[str, object]":
            return _mapping(("a",), _sampled((1, "x")))
        case "Mapping[str, ecs.ContainerDependencyCondition]":
            return _mapping(("web", "metrics"), again("ecs.ContainerDependencyCondition"))
    if annotation.startswith("Mapping[str, "):
        names = right or ("NAME", "OTHER")
        inner = annotation.removeprefix("Mapping[str, ").removesuffix("]")
        return _mapping(names, _times() if inner == "cdk.Duration" else _texts(()))
    for start in ("Sequence[", "Collection["):
        if annotation.startswith(start):
            return _several(again(annotation.removeprefix(start).removesuffix("]")))
    found = _enumeration(annotation)
    if inspect.isclass(found) and issubclass(found, enum.Enum):
        return _sampled(list(found))
    if found is not None and annotation in library.__all__:
        return value_of(annotation)
    if inspect.isclass(found):
        return _constants(found)
    raise LookupError(f"{kind}.{option} is {annotation}, and nothing here draws that: add it to fuzz/world.py")


def _constants(kind: type) -> Strategy:
    """The ready-made values of a class of CDK's that works as an enumeration."""
    names = sorted(name for name in dir(kind) if name.isupper())
    if not names:
        raise LookupError(f"{kind} has no ready-made values: add it to fuzz/world.py")
    return st.sampled_from([Draft(f"{kind.__name__}.{name}", partial(_constant, kind, name)) for name in names])


def _constant(kind: type, name: str, _: World) -> object:
    return getattr(kind, name)


def parameters(name: str) -> list[inspect.Parameter]:
    """The options of a public noun, without scope and id."""
    found = list(inspect.signature(getattr(library, name).__init__).parameters.values())[1:]
    return [each for each in found if each.name not in {"scope", "construct_id"}]


def strategy_for(name: str, option: inspect.Parameter) -> Strategy:
    """What an option gets.

    Raises:
        LookupError: Nothing is known that could be drawn.
    """
    meant = _of_annotation(name, option.name, str(option.annotation), option.default)
    return st.integers(0, ONE_IN).flatmap(lambda number: meant if number else _sampled(WRONG_TYPES))


@st.composite
def options_of(draw: st.DrawFn, name: str) -> dict[str, Draft]:
    """Some options of a noun: those that have to be, and a few of the others."""
    all_of_them = parameters(name)
    needed = [
        each for each in all_of_them if each.default is inspect.Parameter.empty or each.name in ESSENTIAL.get(name, ())
    ]
    others = [each for each in all_of_them if each not in needed]
    chosen = (
        draw(st.lists(st.sampled_from(others), max_size=MOST_OPTIONS, unique_by=lambda o: o.name)) if others else []
    )
    return {each.name: draw(strategy_for(name, each)) for each in (*needed, *chosen)}


def value_of(name: str) -> Strategy:
    """A value of a public type."""

    def draft(options: dict[str, Draft]) -> Draft:
        text = ", ".join(f"{option}={value}" for option, value in options.items())
        kind = getattr(library, name)
        return Draft(f"{name}({text})", lambda w: kind(**{option: value.make(w) for option, value in options.items()}))

    if name == "AllOf":  # which takes its tags one after the other
        tags = st.lists(st.one_of(st.sampled_from(WRONG_TEXTS), st.sampled_from(WRONG_TYPES)), max_size=3)
        return tags.map(lambda given: Draft(f"AllOf(*{given})", lambda _: getattr(library, name)(*given)))
    return st.deferred(lambda: options_of(name)).map(draft)
