"""Names that AWS takes once: who of an app has them.

They are noted at the app, for as long as it exists. Whoever has been taken out of the tree has no name any more.
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
    """The account and region of a stack; of one without, the stack itself: others may be deployed to elsewhere."""
    stack = stack_of(scope)
    account, region = environment_of(stack)
    if is_token(account) or is_token(region):
        return ("stack", path_of_construct(stack))
    return (account, region)


def assembly_key(scope: IConstruct) -> Key:
    """The account and region of a stack; of one without, all such stacks of the stage: they are deployed together."""
    stack = stack_of(scope)
    account, region = (None if is_token(each) else each for each in environment_of(stack))
    if account is None or region is None:
        stage = cdk.Stage.of(stack)
        return ("stage", "" if stage is None else stage.node.path, account or "", region or "")
    return (account, region)


def take_name(scope: IConstruct, what: str, key: Key, *, path: str, instead: str) -> None:
    """Note that the construct at ``path`` has a name, or refuse it.

    Args:
        scope: Any construct of the app.
        what: The name, as a message says it.
        key: What tells it apart.
        path: Whose it is to be; what is in it may have it too.
        instead: What to do when another one has it.

    Raises:
        ConfigurationError: Another construct has it.
    """
    holder = holder_of(scope, key, path=path)
    if holder is not None:
        raise ConfigurationError(f"{what} is already that of {holder}; {instead}", path=path)
    names = notes_of(scope, "names")
    if key not in names:
        names[key] = path
        on_failure(lambda: names.pop(key, None))


def holder_of(scope: IConstruct, key: Key, *, path: str) -> str | None:
    """The path of the construct that has a name; None when it is free, or has been given up."""
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
