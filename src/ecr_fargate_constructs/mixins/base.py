"""The base class of the mixins: what they support, and the checks before they change anything."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

import jsii
from constructs import Construct, IConstruct, IMixin

from ecr_fargate_constructs._cdk.construct import Whole
from ecr_fargate_constructs._cdk.neighbours import check_neighbours
from ecr_fargate_constructs._cdk.site import path_of_construct
from ecr_fargate_constructs._rules.refusal import located
from ecr_fargate_constructs._rules.typed import admitted

if TYPE_CHECKING:
    from collections.abc import Callable


def is_ours(construct: IConstruct) -> bool:
    """Return whether a construct is part of one of this library's, which has its own options for all of this."""
    return any(isinstance(each, Whole) for each in construct.node.scopes)


@jsii.implements(IMixin)
class LibraryMixin:
    """A mixin of this library.

    It is not a dataclass, as the other values are: jsii would pass a dataclass to the Node process as a mapping.
    """

    _kinds: ClassVar[tuple[type[Construct], ...]] = ()
    """CDK's classes that the mixin changes."""
    _options: dict[str, object]

    def __init_subclass__(cls) -> None:
        """Make the constructor refuse arguments of wrong types, as a value object does."""
        super().__init_subclass__()
        cls.__init__ = _typed(cls.__name__, cls.__init__)  # type: ignore[method-assign]

    def supports(self, construct: IConstruct) -> bool:
        """Return whether the mixin changes a construct: one of CDK's, outside of this library's own constructs."""
        if not isinstance(construct, self._kinds):
            return False
        return not is_ours(construct) and self._suits(construct)

    def apply_to(self, construct: IConstruct) -> None:
        """Change a construct.

        Raises:
            ConfigurationError: The construct contradicts the mixin. CDK calls this method from its Node process, so the
                error reaches the program as a ``RuntimeError`` with the same text.
        """
        if not isinstance(construct, Construct):
            return
        with located(path_of_construct(construct)):
            check_neighbours(construct, self._options, owner=type(self).__name__)
            self._apply(construct)

    def _suits(self, construct: Any) -> bool:  # noqa: ANN401, ARG002 - one of _kinds; a mixin may look closer
        return True

    def _apply(self, construct: Any) -> None:  # noqa: ANN401 - one of _kinds
        raise NotImplementedError  # each mixin has its own


def _typed(name: str, init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def checked(self: LibraryMixin, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the caller gives
        bound = admitted(init, (self, *args), kwargs, what=name, owner=f"{name}.")
        if bound is None:
            init(self, *args, **kwargs)  # raises Python's own error about the call
            return
        self._options = {option: value for option, value in bound.arguments.items() if option != "self"}
        init(*bound.args, **bound.kwargs)

    return checked
