"""Fast synthesis of a builder's template: once per builder, with the context of ``cdk.json``."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import aws_cdk as cdk
from aws_cdk import assertions

from ecr_fargate_constructs.testing.reports import raise_on_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Builder: TypeAlias = "Callable[[cdk.Stack], object] | Callable[[cdk.App, str], cdk.Stack] | type[cdk.Stack]"

# The findings stay in the report of the assembly; the failure of the test shows them.
REPORTING = {"@aws-cdk/core:failSynthOnValidationErrors": False}
VALIDATION = {"@aws-cdk/core:validateAgainstDefaultRules": True}


@dataclass(frozen=True)
class Built:
    """A synthesized stack.

    Attributes:
        app: Its app.
        stack: The stack.
        outdir: The cloud assembly.
        template: The template.
    """

    app: cdk.App
    stack: cdk.Stack
    outdir: Path
    template: assertions.Template


class Synthesize:
    """Makes the template of a stack; the same builder is synthesized once per module.

    A builder is one of

    - a function of one parameter, an empty stack that it fills;
    - a function of two, the app and an id, that makes and returns a stack; a ``Stack`` class is such a function.
    """

    def __init__(self, make_folder: Callable[[str], Path], context: Mapping[str, Any], *, validate: bool) -> None:
        self._make_folder = make_folder
        self._context = context
        self._validate = validate
        self._built: dict[tuple[object, ...], Built] = {}

    def __call__(
        self,
        builder: Builder,
        *,
        id: str | None = None,  # noqa: A002 - CDK's name for it
        env: cdk.Environment | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> assertions.Template:
        """Return the template.

        Args:
            builder: The builder of the stack.
            id: Id of the stack; default, the name of the ``Stack`` class, or ``"Stack"`` for a function.
            env: Account and region of the stack; default, none. A builder of two parameters sets its own.
            context: Context in addition to that of ``cdk.json``; default, none.
        """
        return self.build(builder, id=id, env=env, context=context).template

    def build(
        self,
        builder: Builder,
        *,
        id: str | None = None,  # noqa: A002
        env: cdk.Environment | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Built:
        """Return the result with the app and the stack, which the template does not have."""
        environment = (env.account, env.region) if env is not None else ()
        key = (builder, id, environment, json.dumps(context, sort_keys=True, default=repr))
        if key not in self._built:
            name = id or (builder.__name__ if inspect.isclass(builder) else "Stack")
            self._built[key] = self._build(builder, name, env, {**self._context, **(context or {})})
        return self._built[key]

    def _build(self, builder: Any, id: str, env: cdk.Environment | None, context: dict[str, Any]) -> Built:  # noqa: A002, ANN401
        outdir = self._make_folder("synth")
        app = cdk.App(
            context=context | REPORTING | (VALIDATION if self._validate else {}),
            outdir=str(outdir),
            builtin_cloud_formation_validation=self._validate,
            analytics_reporting=False,
            stack_traces=False,
            tree_metadata=False,
        )
        match _parameters(builder):
            case 1:
                stack = cdk.Stack(app, id, env=env)
                builder(stack)
            case 2 if env is None:
                stack = builder(app, id)
            case 2:
                raise TypeError(f"env={env!r}: {_name(builder)} makes its own stack; set the environment there")
            case count:
                raise TypeError(f"{_name(builder)} has {count} parameters; a builder has one (stack) or two (app, id)")
        if not isinstance(stack, cdk.Stack):
            raise TypeError(
                f"{_name(builder)} has the parameters (app, id), so it has to return a stack, not {stack!r}"
            )
        template = assertions.Template.from_stack(stack)
        if self._validate:
            raise_on_findings(outdir, "aws-cdk-lib's built-in rules")
        return Built(app, stack, outdir, template)


def _parameters(builder: Callable[..., object]) -> int:
    if inspect.isclass(builder):
        return 2
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(
        parameter.kind in kinds and parameter.default is inspect.Parameter.empty
        for parameter in inspect.signature(builder).parameters.values()
    )


def _name(builder: object) -> str:
    return str(getattr(builder, "__qualname__", repr(builder)))
