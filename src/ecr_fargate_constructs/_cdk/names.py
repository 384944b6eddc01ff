"""Names that have to be unique in AWS, and the constructs of an app that hold them.

They are recorded at the app. The name of a construct that was removed from the tree is free again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.attempt import on_failure
from ecr_fargate_constructs._cdk.site import environment_of, node_of, path_of_construct, root_of, stack_of
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from constructs import IConstruct

    Key = tuple[str, ...]

_ATTRIBUTE = "_ecr_fargate_constructs_names"


def environment_key(scope: IConstruct) -> Key:
    """Return account and region of a stack; the stack itself if it has none, because others may be elsewhere."""
    stack = stack_of(scope)
    account, region = environment_of(stack)
    if is_token(account) or is_token(region):
        return ("stack", path_of_construct(stack))
    return (account, region)


def assembly_key(scope: IConstruct) -> Key:
    """Return account and region of a stack; if it has none, one key for all such stacks of its stage.

    The stacks of a stage are deployed together.
    """
    stack = stack_of(scope)
    account, region = (None if is_token(each) else each for each in environment_of(stack))
    if account is None or region is None:
        stage = cdk.Stage.of(stack)
        return ("stage", "" if stage is None else stage.node.path, account or "", region or "")
    return (account, region)


def take_name(scope: IConstruct, what: str, key: Key, *, path: str, instead: str) -> None:
    """Record that the construct at ``path`` holds a name, or refuse it.

    Args:
        scope: Any construct of the app.
        what: The name, as the message calls it.
        key: The key under which it is recorded.
        path: Path of the new holder; constructs inside it may use the name too.
        instead: The advice if another construct holds it.
    """
    holder = holder_of(scope, key, path=path)
    if holder is not None:
        raise ConfigurationError(f"{what} is already used by {holder}; {instead}", path=path)
    names = notes_of(scope, "names")
    if key not in names:
        names[key] = path
        on_failure(lambda: names.pop(key, None))


def holder_of(scope: IConstruct, key: Key, *, path: str) -> str | None:
    """Return the path of another construct that holds a name; None if it is free."""
    holder: str | None = notes_of(scope, "names").get(key)
    if holder is None or path == holder or path.startswith(f"{holder}/"):
        return None
    if stands(scope, holder):
        return holder
    del notes_of(scope, "names")[key]
    return None


def notes_of(scope: IConstruct, kind: str) -> dict[Any, Any]:
    """Return the notes of one kind that belong to the app of ``scope``."""
    kinds: dict[str, dict[Any, Any]] = vars(root_of(scope)).setdefault(_ATTRIBUTE, {})
    return kinds.setdefault(kind, {})


def stands(scope: IConstruct, path: str) -> bool:
    """Return whether the app has a construct at a path."""
    found: IConstruct | None = root_of(scope)
    for construct_id in path.split("/"):
        found = None if found is None else node_of(found).try_find_child(construct_id)
    return found is not None
