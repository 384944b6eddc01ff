"""What a bad input is: the input, what it is given to here, and the CDK construct that people give it to otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import aws_cdk as cdk

from tests.support.inputs import make_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NGINX = "public.ecr.aws/nginx/nginx:1.29"
ACCOUNT = "123456789012"


@dataclass
class Place:
    """Where an input is tried: an empty stack, a folder, and what ``given`` has put there before."""

    folder: Path
    region: str | None = None
    given: Any = None
    _app: cdk.App = field(default_factory=cdk.App)

    @cached_property
    def stack(self) -> cdk.Stack:
        """The stack ``Stack``; its region is known where the case says so."""
        env = None if self.region is None else cdk.Environment(account=ACCOUNT, region=self.region)
        return cdk.Stack(self.app, "Stack", env=env)

    @property
    def app(self) -> cdk.App:
        """The app."""
        return self._app

    @cached_property
    def context(self) -> Path:
        """A build context without a fault."""
        return make_app(self.folder / "app")


@dataclass(frozen=True)
class Refused:
    """A ``ConfigurationError`` with these parts: where and which value, and what to do instead."""

    wrong: str
    fix: str


@dataclass(frozen=True)
class Warned:
    """Made, with this warning, which can be acknowledged by its id."""

    id: str


@dataclass(frozen=True)
class RefusedAtSynth:
    """Refused by a validation of CDK's: whether it is wrong is known when the app is complete."""

    wrong: str
    fix: str


@dataclass(frozen=True)
class Passes:
    """Made, since nothing is wrong with it.

    Attributes:
        because: Why.
        found: What stands in the template; ``ours`` returns its text then.
    """

    because: str
    found: str = ""


Expected: TypeAlias = Refused | Warned | RefusedAtSynth | Passes


@dataclass(frozen=True)
class Case:
    """An input.

    Attributes:
        family: What it is about.
        what: The input, in Markdown.
        ours: Gives it to this library.
        bare: Gives it to what CDK has; None where CDK has nothing that takes it.
        expected: What this library does.
        given: What exists before.
        region: Region of the stack, where it matters.
    """

    family: str
    what: str
    ours: Callable[[Place], object]
    bare: Callable[[Place], object] | None
    expected: Expected
    given: Callable[[Place], object] | None = None
    region: str | None = None
