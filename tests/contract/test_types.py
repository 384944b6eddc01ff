"""What annotations name, and what is refused by them."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

import ecr_fargate_constructs as library
from ecr_fargate_constructs import AppContainer, ConfigurationError, LoadBalancedFargateService, PublicHttp, Route
from ecr_fargate_constructs._rules.typed import ALIASES, parsed, refuse_wrong_type
from ecr_fargate_constructs._rules.wrong_type import Either, Kind, Many, Named, Pairs

pytestmark = pytest.mark.integration

PLAIN = {"Any", "None", "bool", "float", "int", "object", "str", "datetime", "PathLike", "Callable"}
HERE = Path(library.__file__).parent
RUNS_IN_AWS = ("ecr_fargate_constructs.image.copier.", "ecr_fargate_constructs.supply_chain.verify_signatures")


def _modules() -> list[Any]:
    parts = ("_cdk", "_rules", "image", "mixins", "network", "observability", "repository", "service", "supply_chain")
    return [
        importlib.import_module(each.name)
        for part in parts
        for each in pkgutil.walk_packages([str(HERE / part)], f"ecr_fargate_constructs.{part}.")
        if not each.ispkg and not each.name.startswith(RUNS_IN_AWS)
    ]


def _names(kind: Kind) -> set[str]:
    match kind:
        case Named():
            return {kind.written}
        case Many(_, of):
            return _names(of)
        case Pairs(keys, values):
            return _names(keys) | _names(values)
        case Either(kinds):
            return set().union(*map(_names, kinds))


def _annotations() -> set[str]:
    found = set()
    for name in library.__all__:
        kind = getattr(library, name)
        if not inspect.isclass(kind) or issubclass(kind, (Enum, Exception)):
            continue
        if dataclasses.is_dataclass(kind):
            found |= {str(field.type) for field in dataclasses.fields(kind)}
        found |= {str(each.annotation) for each in list(inspect.signature(kind.__init__).parameters.values())[1:]}
    return found - {str(inspect.Parameter.empty)}


def test_a_number_is_called_so_unless_it_may_not_be_a_token() -> None:
    plain = {
        f"{name}.{option}"
        for name in library.__all__
        if inspect.isclass(kind := getattr(library, name)) and not issubclass(kind, (Enum, Exception, float))
        for option, each in inspect.signature(kind.__init__).parameters.items()
        if "float" in str(each.annotation)
    }
    assert plain == {
        "CloudWatchLogs.buffer_mib",
        "NonBlockingLogs.buffer_mib",
        "Network.max_azs",
        "Network.nat_gateways",
    }


@pytest.mark.parametrize("name", ALIASES)
def test_a_name_for_several_types_stands_for_what_it_says(name: str) -> None:
    (said,) = {
        str(value) if isinstance(value, str) else " | ".join(map(_written, typing.get_args(value) or [value]))
        for module in _modules()
        if (value := vars(module).get(name)) is not None and module.__name__ == _home(name)
    }
    assert _short(_names(parsed(said))) == _short(_names(parsed(ALIASES[name])))


def _home(name: str) -> str:
    """The module that a name is written in."""
    (home,) = {
        str(module.__name__)
        for module in _modules()
        if any(line.startswith((f"{name}: TypeAlias", f"{name} = ")) for line in inspect.getsource(module).splitlines())
    }
    return home


def _written(value: Any) -> str:  # noqa: ANN401 - a type
    return (
        str(value.__name__)
        if isinstance(value, type) and not typing.get_args(value)
        else str(value).replace("collections.abc.", "")
    )


def _short(names: set[str]) -> set[str]:
    return {name.rpartition(".")[2] for name in names}


def test_every_type_that_the_public_api_names_exists() -> None:
    known = {name for module in _modules() for name in vars(module)} | set(dir(library)) | PLAIN | {"Construct"}
    known |= {name for module in ("aws_cdk", *_cdk_modules()) for name in dir(importlib.import_module(module))}
    named = _short(set().union(*(_names(parsed(annotation)) for annotation in _annotations())))
    assert len(named) > 100
    assert named - known == set()


def _cdk_modules() -> list[str]:
    parts = [
        "cloudwatch",
        "cognito",
        "ec2",
        "ecr",
        "ecr_assets",
        "ecs",
        "efs",
        "iam",
        "kms",
        "lambda",
        "logs",
        "route53",
    ]
    more = ["applicationautoscaling", "certificatemanager", "elasticloadbalancingv2", "events", "secretsmanager"]
    return [f"aws_cdk.aws_{part}" for part in (*parts, *more, "s3", "servicediscovery", "signer", "sns", "sqs")] + [
        f"aws_cdk.interfaces.aws_{part}" for part in ("iam", "kms", "wafv2")
    ]


@pytest.mark.parametrize(
    ("annotation", "value", "said"),
    [
        ("Sequence[Mount]", 5, "X=5 is an int; use a list of Mount"),
        ("Sequence[Mount]", [5], "X[0]=5 is an int; use Mount"),
        ("Sequence[str]", "a", "X='a' is a string, not a list; use ['a']"),
        ("Sequence[str]", (each for each in "ab"), "is a generator; use a list of a string"),
        ("Mapping[str, ecs.Secret]", {5: None}, "X (a name)=5 is an int; use a string"),
        ("Mapping[str, ecs.Secret]", {"A": "b"}, "X['A'] is a str; use ecs.Secret"),
        ("cdk.Duration | None", 30, "X=30 is an int; use cdk.Duration or None"),
        ("cdk.Duration", cdk.Duration, "X is the class Duration itself, not an object of it: Duration(…)"),
        ("bool", "no", "X='no' is a str; use True or False"),
        ("str", b"a", "X=b'a' is a bytes; use a string"),
        ("float", True, "X=True is a bool; use a number"),
        ("ec2.IVpc", "vpc-1", "X='vpc-1' is a str; use ec2.IVpc"),
        ("ec2.IVpc", cdk.Duration.days(1), "X is a Duration; use ec2.IVpc"),
        ("Ingress | None", PublicHttp, "X is the class PublicHttp itself"),
        ("str", Path("a"), "X is a PosixPath; use a string"),
        ("datetime", "2026-01-01", "X='2026-01-01' is a str; use datetime"),
        ("Architecture", library.Posture.STANDARD, "X is a Posture; use Architecture"),
    ],
)
def test_a_wrong_type_is_named_with_its_place_and_what_to_use(annotation: str, value: object, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        refuse_wrong_type("X", annotation, value)
    assert said in str(refused.value)


def test_right_types_and_tokens_pass() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    vpc = ec2.Vpc.from_vpc_attributes(stack, "Vpc", vpc_id="vpc-1", availability_zones=["a"])
    token = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    for annotation, value in (
        ("ec2.IVpc | None", vpc),
        ("float", token),
        ("int | None", None),
        ("Sequence[str]", cdk.Fn.split(",", cdk.Aws.REGION)),
        ("str", cdk.Aws.REGION),
        ("str", cdk.Fn.get_att("A", "B")),
        ("Image", ecs.ContainerImage.from_registry("nginx:1")),
        ("Values", ["a"]),
        ("datetime", datetime.now(timezone.utc)),
        ("str | os.PathLike[str]", Path("a")),
        ("Iterable[EcrImage]", iter([])),
    ):
        refuse_wrong_type("X", annotation, value)


def test_a_route_whose_values_would_be_used_up_is_refused() -> None:
    once: Any = (each for each in ["10.0.0.0/8"])
    with pytest.raises(ConfigurationError, match=r"Route\.source=<generator.* use a string or a list of a string"):
        Route(path="/a", source=once)


def test_a_construct_refuses_before_it_makes_anything() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    wrong: Any = 1
    with pytest.raises(
        ConfigurationError, match=r"\[Stack/Web\] enable_execute_command=1 is an int; use True or False"
    ):
        LoadBalancedFargateService(
            stack, "Web", container=AppContainer("nginx:1", 80), ingress=PublicHttp(), enable_execute_command=wrong
        )
    assert not stack.node.children
    with pytest.raises(ConfigurationError, match=r"construct_id=5 is an int; use a string"):
        LoadBalancedFargateService(stack, wrong and 5, container=AppContainer("nginx:1", 80), ingress=PublicHttp())  # type: ignore[arg-type]
    nowhere: Any = None
    with pytest.raises(ConfigurationError, match="scope=None; use Construct"):
        LoadBalancedFargateService(nowhere, "Web", container=AppContainer("nginx:1", 80), ingress=PublicHttp())


def test_what_python_itself_refuses_stays_its_own() -> None:
    missing: Any = AppContainer
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'port'"):
        missing("nginx:1")
