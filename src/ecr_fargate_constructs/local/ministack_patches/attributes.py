"""Add attributes for ``Fn::GetAtt`` that the library's templates use and MiniStack lacks.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, Properties, find

_Describe: TypeAlias = Callable[[str], Properties]

WIDENED_TYPES = ("AWS::EC2::VPC",)
"""CloudFormation types that get further attributes."""


def answer_missing_attributes(handlers: dict[str, Any], ec2: object) -> None:
    """Add attributes to the result of creating or updating a resource; MiniStack's own attributes stay."""
    vpcs = find(ec2, "_vpcs")

    def describe_vpc(name: str) -> Properties:
        return {"CidrBlock": vpcs[name]["CidrBlock"]}

    descriptions: dict[str, _Describe] = {"AWS::EC2::VPC": describe_vpc}
    for kind in WIDENED_TYPES:
        if kind not in handlers:
            raise MovedError(f"type {kind}")
        handlers[kind] = _widened(handlers[kind], descriptions[kind])


def _widened(handler: dict[str, Any], describe: _Describe) -> dict[str, Any]:
    def wrap(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **options: Any) -> tuple[str, Properties]:  # noqa: ANN401 - passed on
            name, attributes = change(*arguments, **options)
            return name, {**describe(name), **attributes}

        return changed

    return {**handler, **{verb: wrap(handler[verb]) for verb in ("create", "update") if verb in handler}}
