"""Exports of the embedded AWS's stacks: in use by another stack, they are neither deleted nor changed."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest

from ecr_fargate_constructs.local.ministack_patches.exports import apply_changed_outputs, enforce_exports, read_outputs

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("", ".handlers", ".stacks")
URL = {"Fn::ImportValue": "Home:Url"}
RESPONSES = import_module("ministack.core.responses")


def _template(value: Any, **outputs: Any) -> dict[str, Any]:  # noqa: ANN401
    """A parameter with a value, and outputs: their values, with exports of the stack's names."""
    return {
        "Resources": {"Value": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}},
        "Outputs": {
            key: {"Value": output, "Export": {"Name": {"Fn::Sub": f"Home:{key}"}}} for key, output in outputs.items()
        },
    }


class CloudFormation:
    """Stacks of MiniStack, changed one after the other."""

    def __init__(self, module: Any) -> None:  # noqa: ANN401
        self._module = module

    def ask(self, action: str, **parameters: str) -> str:
        """The answer to a request, when what it began is done."""

        async def run() -> str:
            body = urlencode({"Action": action, **parameters}).encode()
            _, _, answer = await self._module.handle_request("POST", "/", {}, body, {})
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others)
            return answer.decode() if isinstance(answer, bytes) else str(answer)

        return asyncio.run(run())

    def deploy(self, name: str, template: dict[str, Any]) -> str:
        """Create or update a stack, and return its status."""
        action = "UpdateStack" if name in self._module._stacks else "CreateStack"
        self.ask(action, StackName=name, TemplateBody=json.dumps(template))
        return self.status(name)

    def change(self, name: str, template: dict[str, Any]) -> tuple[str, str]:
        """Execute a change set, as the CDK command line does; return its status, and then the stack's."""
        names = {"StackName": name, "ChangeSetName": f"changes-{len(self._module._change_sets)}"}
        self.ask("CreateChangeSet", **names, TemplateBody=json.dumps(template))
        *_, status = [each["Status"] for each in self._module._change_sets.values()]
        self.ask("ExecuteChangeSet" if status == "CREATE_COMPLETE" else "DeleteChangeSet", **names)
        return status, self.status(name)

    def status(self, name: str) -> str:
        return str(self._module._stacks[name]["StackStatus"])

    def reasons(self, name: str) -> list[str]:
        """What the events of a stack give as reasons."""
        events = self._module._stack_events[self._module._stacks[name]["StackId"]]
        return [event["ResourceStatusReason"] for event in events if event["ResourceStatusReason"]]

    def exports(self) -> dict[str, str]:
        """The values of all exports."""
        return {name: each["Value"] for name, each in self._module._exports.items()}

    def importers(self, name: str) -> list[str]:
        """The answer of ``ListImports``: stacks, or a message."""
        answer = ET.fromstring(self.ask("ListImports", ExportName=name))  # noqa: S314 - MiniStack's own
        return [each.text or "" for each in answer.iter() if each.tag.rpartition("}")[2] in {"member", "Message"}]


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFormation]:
    """MiniStack with the patch, and with ``Home``, whose export ``Other`` imports."""
    package, handlers, stacks = (import_module(f"ministack.services.cloudformation{name}") for name in NAMES)
    actions = dict(handlers._ACTION_HANDLERS)
    monkeypatch.setattr(stacks, "_resolve_stack_outputs", stacks._resolve_stack_outputs)
    for each in (package, import_module("ministack.services.ssm")):
        each.reset()
    apply_changed_outputs(package, handlers)
    enforce_exports(package, handlers, stacks)
    engine = import_module("ministack.services.cloudformation.engine")
    monkeypatch.setattr(engine, "_resolve_refs", engine._resolve_refs)
    monkeypatch.setattr(stacks, "_resolve_refs", stacks._resolve_refs)
    read_outputs(package, engine, stacks, RESPONSES)
    found = CloudFormation(package)
    assert found.deploy("Home", _template("1", Url="one", Port="80")) == "CREATE_COMPLETE"
    assert found.deploy("Other", _template(URL)) == "CREATE_COMPLETE"
    yield found
    handlers._ACTION_HANDLERS.update(actions)
    package.reset()


def test_an_export_in_use_is_not_deleted(cloudformation: CloudFormation) -> None:
    assert cloudformation.deploy("Home", _template("2", Port="80")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Export Home:Url cannot be deleted as it is in use by Other" in cloudformation.reasons("Home")
    assert cloudformation.exports() == {"Home:Url": "one", "Home:Port": "80"}
    stack = cloudformation._module._stacks["Home"]
    assert stack["_resources"]["Value"]["Properties"]["Value"] == "1"  # as before the update


def test_an_export_in_use_is_not_changed(cloudformation: CloudFormation) -> None:
    changed = _template("1", Url="two", Port="80")
    assert cloudformation.deploy("Home", changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Export Home:Url cannot be updated as it is in use by Other" in cloudformation.reasons("Home")
    assert cloudformation.exports()["Home:Url"] == "one"


def test_all_its_users_are_named(cloudformation: CloudFormation) -> None:
    cloudformation.deploy("Another", _template(URL))
    cloudformation.deploy("Home", _template("2", Port="80"))
    assert "Export Home:Url cannot be deleted as it is in use by Another and Other" in cloudformation.reasons("Home")


def test_an_export_that_nobody_uses_changes_and_goes(cloudformation: CloudFormation) -> None:
    assert cloudformation.deploy("Home", _template("1", Url="one", Port="81")) == "UPDATE_COMPLETE"
    assert cloudformation.exports() == {"Home:Url": "one", "Home:Port": "81"}
    assert cloudformation.deploy("Home", _template("1", Url="one")) == "UPDATE_COMPLETE"
    assert cloudformation.exports() == {"Home:Url": "one"}


def test_it_goes_once_its_user_has_left(cloudformation: CloudFormation) -> None:
    assert cloudformation.deploy("Other", _template("none")) == "UPDATE_COMPLETE"
    assert cloudformation.deploy("Home", _template("2")) == "UPDATE_COMPLETE"
    assert cloudformation.exports() == {}


def test_a_weak_reference_holds_nothing(cloudformation: CloudFormation) -> None:
    weak = {"Fn::GetStackOutput": {"StackName": "Home", "OutputName": "Url"}}
    assert cloudformation.deploy("Other", _template(weak)) == "UPDATE_COMPLETE"
    assert cloudformation._module._stacks["Other"]["_resources"]["Value"]["Properties"]["Value"] == "one"
    assert cloudformation.deploy("Home", _template("2")) == "UPDATE_COMPLETE"


def test_an_export_of_another_stacks_name_is_refused(cloudformation: CloudFormation) -> None:
    assert cloudformation.deploy("Twin", _template("1", Url="mine")) == "ROLLBACK_COMPLETE"
    assert "Export with name Home:Url is already exported by stack Home" in cloudformation.reasons("Twin")
    assert cloudformation.exports()["Home:Url"] == "one"


def test_a_stack_whose_export_is_in_use_is_not_deleted(cloudformation: CloudFormation) -> None:
    cloudformation.ask("DeleteStack", StackName="Home")
    assert cloudformation.status("Home") == "CREATE_COMPLETE"
    reason = "Delete canceled. Cannot delete export Home:Url as it is in use by Other."
    assert reason in cloudformation.reasons("Home")
    assert reason in cloudformation.ask("DescribeStacks", StackName="Home")
    cloudformation.ask("DeleteStack", StackName="Other")
    cloudformation.ask("DeleteStack", StackName="Home")
    assert cloudformation.status("Home") == "DELETE_COMPLETE"
    assert cloudformation.exports() == {}


def test_termination_protection_is_refused_first(cloudformation: CloudFormation) -> None:
    cloudformation._module._stacks["Home"]["EnableTerminationProtection"] = True
    assert "TerminationProtection is enabled" in cloudformation.ask("DeleteStack", StackName="Home")


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_user_that_is_not_settled_is_one(cloudformation: CloudFormation, status: str) -> None:
    cloudformation._module._stacks["Other"]["StackStatus"] = status
    cloudformation.ask("DeleteStack", StackName="Home")
    assert cloudformation.status("Home") == "CREATE_COMPLETE"
    assert cloudformation.deploy("Home", _template("2")) == "UPDATE_ROLLBACK_COMPLETE"


def test_imports_are_listed(cloudformation: CloudFormation) -> None:
    assert cloudformation.importers("Home:Url") == ["Other"]
    assert cloudformation.importers("Home:Port") == ["Export 'Home:Port' is not imported by any stack."]


def test_a_change_set_of_outputs_alone_is_executed(cloudformation: CloudFormation) -> None:
    more = _template("1", Url="one", Port="80", Path="/")
    assert cloudformation.change("Home", more) == ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert cloudformation.exports()["Home:Path"] == "/"
    assert cloudformation.change("Home", more) == ("FAILED", "UPDATE_COMPLETE")  # nothing changes
    fewer = _template("1", Port="80")
    assert cloudformation.change("Home", fewer) == ("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    assert cloudformation.exports()["Home:Url"] == "one"


def test_a_change_set_that_takes_the_same_value_from_elsewhere_is_executed(cloudformation: CloudFormation) -> None:
    weak = {"Fn::GetStackOutput": {"StackName": "Home", "OutputName": "Url"}}
    assert cloudformation.change("Other", _template(weak)) == ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert cloudformation.importers("Home:Url") == ["Export 'Home:Url' is not imported by any stack."]
    assert cloudformation.change("Home", _template("1")) == ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def _output(stack: str, **where: str) -> dict[str, Any]:
    return {"Fn::GetStackOutput": {"StackName": stack, "OutputName": "Port", **where}}


def test_an_output_is_read_until_its_stack_is_deleted(cloudformation: CloudFormation) -> None:
    assert cloudformation.deploy("Reader", _template(_output("Home"))) == "CREATE_COMPLETE"
    assert cloudformation._module._stacks["Reader"]["_resources"]["Value"]["Properties"]["Value"] == "80"
    cloudformation.ask("DeleteStack", StackName="Reader")
    cloudformation.ask("DeleteStack", StackName="Other")
    cloudformation.ask("DeleteStack", StackName="Home")
    assert cloudformation.status("Home") == "DELETE_COMPLETE"
    assert cloudformation.deploy("Late", _template(_output("Home"))) == "ROLLBACK_COMPLETE"
    assert any("Stack with id Home does not exist" in each for each in cloudformation.reasons("Late"))


@pytest.mark.parametrize(
    "where",
    [
        {"Region": "eu-west-1"},
        {"Region": "eu-west-1", "RoleArn": "arn:aws:iam::444455556666:role/cdk-hnb659fds-cfn-exec-role"},
    ],
)
def test_an_output_of_another_region_or_account_is_read_there(
    cloudformation: CloudFormation, where: dict[str, str]
) -> None:
    account = where["RoleArn"].split(":")[4] if "RoleArn" in where else RESPONSES.get_account_id()
    with RESPONSES.request_scope(account, "eu-west-1"):
        assert cloudformation.deploy("Apart", _template("1", Port="8080")) == "CREATE_COMPLETE"
    assert cloudformation.deploy("Reader", _template(_output("Apart", **where))) == "CREATE_COMPLETE"
    assert cloudformation._module._stacks["Reader"]["_resources"]["Value"]["Properties"]["Value"] == "8080"
    assert cloudformation.deploy("Lost", _template(_output("Apart"))) == "ROLLBACK_COMPLETE"


def test_an_output_that_a_stack_has_not_is_an_error(cloudformation: CloudFormation) -> None:
    missing = {"Fn::GetStackOutput": {"StackName": "Home", "OutputName": "Nothing"}}
    assert cloudformation.deploy("Reader", _template("1", Seen=missing)) == "ROLLBACK_COMPLETE"
    assert any("Stack Home has no output Nothing" in each for each in cloudformation.reasons("Reader"))
