"""Refuse to delete, change or duplicate an export that is in use, and let outputs and imports change, as on AWS.

MiniStack overwrites another stack's export of the same name, changes a value that others import, keeps an export that a
template no longer has, and refuses to delete a stack only while its importers are settled. CloudFormation refuses all
of it: an update is rolled back (aws-cdk#7602), and a deletion is canceled, which leaves the stack in its status
(aws-cdk#604; "Delete canceled. Cannot delete export" in aws-cdk#33395).

MiniStack makes no executable change set for a template in which only outputs differ, or for one that takes the same
values from elsewhere: an output could be neither added nor removed, and a stack would keep its imports forever.
CloudFormation executes both. The first lists no changes (jenkinsci/pipeline-aws-plugin#210); with the second, CDK's
authors moved stacks from exports to weak references (aws-cdk#37824). Written for MiniStack 1.5.33, and applied by
``ministack_patches``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find

_Exports: TypeAlias = dict[str, dict[str, str]]

_NO_IMPORTS = {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"}
"""Statuses of stacks without resources: deleted ones, and those that exist only as a change set."""

_ACCOUNT = 4  # the part of an ARN
_NO_CHANGES = "The submitted information didn't contain changes."


def enforce_exports(cloudformation: Any, handlers: Any, stacks: Any) -> None:  # noqa: ANN401 - an untyped package
    """Make the outputs of a deployment, and the deletion of a stack, respect the imports of other stacks.

    Args:
        cloudformation: MiniStack's package ``cloudformation``.
        handlers: Its module ``handlers``.
        stacks: Its module ``stacks``.
    """
    _Enforced(cloudformation, handlers, stacks)


def apply_changed_outputs(cloudformation: Any, handlers: Any) -> None:  # noqa: ANN401
    """Make a change set executable if it changes only outputs and imports.

    Args:
        cloudformation: MiniStack's package ``cloudformation``.
        handlers: Its module ``handlers``.
    """
    change_sets, stacks = find(cloudformation, "_change_sets"), find(cloudformation, "_stacks")
    imported_names, actions = find(handlers, "_imported_export_names"), find(handlers, "_ACTION_HANDLERS")
    create = actions["CreateChangeSet"]

    def changes(change_set: dict[str, Any]) -> bool:
        name, after = change_set["StackName"], change_set["_template"]
        stack = stacks[name]
        outputs = [template.get("Outputs", {}) for template in (stack.get("_template") or {}, after)]
        parameters = change_set["_resolved_params"]
        imports: set[str] = imported_names({**stack, "_template": after, "_resolved_params": parameters}, name)
        return outputs[0] != outputs[1] or imports != set(imported_names(stack, name))

    def create_change_set(parameters: Any) -> object:  # noqa: ANN401
        answer: object = create(parameters)
        for each in change_sets.values():
            empty = each["ChangeSetType"] == "UPDATE" and str(each["StatusReason"]).startswith(_NO_CHANGES)
            if empty and changes(each):
                each.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
        return answer

    actions["CreateChangeSet"] = create_change_set


def read_outputs(cloudformation: Any, engine: Any, stacks: Any, responses: Any) -> None:  # noqa: ANN401
    """Let ``Fn::GetStackOutput`` read the stacks of any account and region, and none that was deleted.

    Args:
        cloudformation: MiniStack's package ``cloudformation``.
        engine: Its module ``engine``.
        stacks: Its module ``stacks``.
        responses: MiniStack's module ``responses``.
    """
    known, resolve = find(cloudformation, "_stacks"), find(engine, "_resolve_refs")
    account, region, enter = (find(responses, name) for name in ("get_account_id", "get_region", "request_scope"))

    def resolve_refs(value: Any, *rest: Any) -> Any:  # noqa: ANN401
        wanted = value.get("Fn::GetStackOutput") if isinstance(value, dict) else None
        if not isinstance(wanted, dict):
            return resolve(value, *rest)
        where = {name: str(resolve_refs(each, *rest)) for name, each in wanted.items()}
        role = where.get("RoleArn", "").split(":")
        with enter(role[_ACCOUNT] if len(role) > _ACCOUNT else account(), where.get("Region") or region()):
            stack = known.get(where["StackName"]) or {}
        if stack.get("StackStatus", "DELETE_COMPLETE") in _NO_IMPORTS:
            raise ValueError(f"Stack with id {where['StackName']} does not exist")
        for each in stack.get("Outputs") or ():
            if each["OutputKey"] == where["OutputName"]:
                return each.get("OutputValue", "")
        raise ValueError(f"Stack {where['StackName']} has no output {where['OutputName']}")

    find(stacks, "_resolve_refs")
    engine._resolve_refs = stacks._resolve_refs = resolve_refs  # noqa: SLF001 - the patched internals


class _Enforced:
    """The exports of all stacks, with the imports of the others."""

    def __init__(self, cloudformation: Any, handlers: Any, stacks: Any) -> None:  # noqa: ANN401
        self._exports, self._stacks = find(cloudformation, "_exports"), find(cloudformation, "_stacks")
        self._imported_names, self._find_stack = (
            find(handlers, "_imported_export_names"),
            find(handlers, "_resolve_stack"),
        )
        self._parameter, self._answer = find(handlers, "_p"), find(handlers, "_xml")
        self._add_event, self._resolve = find(stacks, "_add_event"), find(stacks, "_resolve_stack_outputs")
        actions = find(handlers, "_ACTION_HANDLERS")
        self._delete = actions["DeleteStack"]
        actions["DeleteStack"] = self._delete_stack
        stacks._resolve_stack_outputs = self._resolve_outputs  # noqa: SLF001 - the patched internals

    def _of(self, stack_id: str) -> _Exports:
        """Return the exports of a stack."""
        return {name: dict(each) for name, each in self._exports.items() if each["StackId"] == stack_id}

    def _users(self, name: str, owner: str) -> str:
        """Return the other stacks that import an export, as CloudFormation lists them."""
        importers = [
            each
            for each, stack in list(self._stacks.items())
            if stack.get("StackId") != owner
            and stack.get("StackStatus") not in _NO_IMPORTS
            and name in self._imported_names(stack, each)
        ]
        return " and ".join(sorted(importers))

    def _resolve_outputs(self, *arguments: Any) -> tuple[object, _Exports]:  # noqa: ANN401
        """Resolve the outputs of a stack at the end of its deployment, which is rolled back if this raises."""
        outputs, exported = self._resolve(*arguments)
        stack_id = arguments[-1]
        before = self._of(stack_id)
        for name in exported.keys() - before.keys():
            if name in self._exports:
                owner = self._find_stack(self._exports[name]["StackId"])["StackName"]
                raise ValueError(f"Export with name {name} is already exported by stack {owner}")
        for name, each in before.items():
            if exported.get(name) != each and (users := self._users(name, stack_id)):
                change = "updated" if name in exported else "deleted"
                raise ValueError(f"Export {name} cannot be {change} as it is in use by {users}")
        for name in before.keys() - exported.keys():
            del self._exports[name]
        return outputs, exported

    def _delete_stack(self, parameters: Any) -> object:  # noqa: ANN401
        stack = self._find_stack(self._parameter(parameters, "StackName"))
        if stack is not None and not stack.get("EnableTerminationProtection"):
            for name in self._of(stack["StackId"]):
                if users := self._users(name, stack["StackId"]):
                    return self._cancel(
                        stack, f"Delete canceled. Cannot delete export {name} as it is in use by {users}."
                    )
        return self._delete(parameters)

    def _cancel(self, stack: dict[str, Any], reason: str) -> object:
        stack["StackStatusReason"] = reason
        name, kind = stack["StackName"], "AWS::CloudFormation::Stack"
        self._add_event(stack["StackId"], name, name, kind, stack["StackStatus"], reason, stack["StackId"])
        return self._answer(200, "DeleteStackResponse", "")
