"""The patches for MiniStack: they add what is missing, and say when its inside has moved."""

from __future__ import annotations

import re
import sys
from importlib import import_module, metadata
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local import ministack_patches as patches
from ecr_fargate_constructs.local.ministack_patches import types
from tests.support import ROOT


def test_they_were_written_for_the_version_in_use() -> None:
    assert metadata.version("ministack") == patches.WRITTEN_FOR


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt"])
def test_that_version_and_no_other_is_installed(file: str) -> None:
    wanted = re.findall(r'^[ "]*(ministack\b[^",\s]*)', (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted == [f"ministack=={patches.WRITTEN_FOR}"]


def test_the_added_types_are_really_missing() -> None:
    handlers = import_module("ministack.services.cloudformation.provisioners")._RESOURCE_HANDLERS
    for name in patches.ADDED_TYPES:
        assert name not in handlers, f"MiniStack has {name} now: drop the patch"


ECR = (
    *("AccountRegionScopedDict", "_batch_check_layer_availability", "_batch_delete_image", "_content_digest"),
    *("_delete_repository", "_describe_images", "_find_image", "_images", "_layer_blobs", "_manifest_blobs"),
    *("_query_first", "_registry_error", "_registry_id", "_repositories", "_uploads", "_v2_cancel_blob_upload"),
    *("_v2_complete_blob_upload", "_v2_patch_blob_upload", "_v2_put_manifest", "_v2_start_blob_upload"),
    *("error_response_json", "handle_request", "json_response", "reset"),
)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS"),
        ("ministack.services.cloudformation.provisioners", "_ec2_sg_permissions"),
        ("ministack.services.ec2", "_security_groups"),
        ("ministack.services.ec2", "_addresses"),
        ("ministack.services.ecs", "_services"),
        ("ministack.services.ecs", "_update_service"),
        ("ministack.services.ecs", "_put_cluster_capacity_providers"),
        *(("ministack.services.ecr", name) for name in ECR),
        ("docker.models.images", "ImageCollection.get_registry_data"),
        ("ministack.services.cloudformation.provisioners", "_normalize_container_defs"),
        ("ministack.services.secretsmanager", "_secrets"),
        ("ministack.services.ecs", "_build_run_kwargs"),
        ("ministack.core.container_reaper", "drop_containers"),
        ("ministack.services.alb", "_forward_to_tg"),
        ("ministack.services.alb", "_describe_target_health"),
        ("ministack.services.alb", "_proxy_http_target"),
        ("ministack.services.alb", "find_lb_for_host"),
        ("ministack.services.alb", "dispatch_request"),
        ("ministack.services.alb", "_match_condition"),
        ("ministack.services.cloudformation.provisioners", "_flatten_listener_rule_conditions"),
        ("ministack.services.ecs", "_record_service_task_failure"),
        ("ministack.services.ecs", "_mark_task_stopped"),
        ("ministack.services.ecs", "_forward_awslogs"),
        ("ministack.services.ecs", "_emit_awslogs_event"),
        ("ministack.services.cloudformation", "handle_request"),
        ("ministack.services.cloudformation", "_stacks"),
        ("ministack.services.cloudformation", "_exports"),
        ("ministack.services.cloudformation", "_change_sets"),
        ("ministack.services.cloudformation.handlers", "_ACTION_HANDLERS"),
        ("ministack.services.cloudformation.handlers", "_imported_export_names"),
        ("ministack.services.cloudformation.stacks", "_add_event"),
        ("ministack.services.cloudformation.engine", "_resolve_refs"),
        ("ministack.services.cloudformation.stacks", "_resolve_stack_outputs"),
        ("ministack.app", "app"),
        ("ministack.services.ec2", "_vpcs"),
        ("ministack.services.cloudformation.provisioners", "_sm_secret_string"),
        ("ministack.services.secretsmanager", "_get_random_password"),
        ("ministack.services.ecs", "_register_metadata"),
        ("ministack.services.ecs_metadata", "_TOKEN_TO_TASK"),
        ("ministack.services.sts", "register_session"),
        ("ministack.services.route53", "_zone_id"),
        ("ministack.services.secretsmanager", "_resolve"),
        *(("ministack.app", name) for name in ("detect_service", "_credential_failure", "_handle_alb_request")),
        ("ministack.core.sigv4", "header_signature_failure"),
        ("ministack.core.iam_evaluator", "resolve_credential"),
        ("ministack.services.ecr", "_get_authorization_token"),
        ("ministack.services.ecs", "_maybe_mark_stopped"),
        ("ministack.services.cloudformation.provisioners", "_cw_metric_alarm_record"),
    ],
)
def test_a_moved_inside_is_named(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _restore(monkeypatch)
    monkeypatch.delattr(f"{module}.{name}")
    with pytest.raises(patches.MovedError, match=f"{name.rpartition('.')[2]}.*ministack=={patches.WRITTEN_FOR}"):
        patches.apply(endpoint="http://localhost:1", rewrite_pulls=False, password="x")  # noqa: S106 - it is not asked


def _restore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give what is patched before the failure back to the other tests."""
    models = (("images", "ImageCollection"), ("containers", "ContainerCollection"), ("containers", "Container"))
    docker = [(f"docker.models.{module}", name) for module, name in models]
    import_module("ministack.services.cloudformation.provisioners")  # or ``apply`` loads it, and nobody gives it back
    patched = [getattr(import_module(module), name) for module, name in docker]
    patched += [module for name, module in list(sys.modules.items()) if name.startswith("ministack.")]
    for holder in patched:
        for name, value in list(vars(holder).items()):
            if callable(value) or name in {"_RESOURCE_HANDLERS", "_ACTION_MAP"}:
                monkeypatch.setattr(holder, name, dict(value) if isinstance(value, dict) else value)


def test_a_type_that_is_there_is_left_alone() -> None:
    ours = {"create": object(), "delete": object()}
    handlers: dict[str, Any] = {"AWS::EC2::EIP": ours}
    ec2 = SimpleNamespace(
        _security_groups={}, _addresses={}, _nat_gateways={}, _subnets={}, _random_ip=str, _now_ts=lambda: 0
    )
    ecs = SimpleNamespace(_services={}, _update_service=None, _put_cluster_capacity_providers=None)
    types.add_missing_types(handlers, ec2, ecs, lambda rules: rules)
    assert handlers["AWS::EC2::EIP"] is ours
    assert set(handlers) == set(patches.ADDED_TYPES)


def test_gateways_and_rules_come_and_go() -> None:
    group: dict[str, list[Any]] = {"IpPermissions": [], "IpPermissionsEgress": []}
    ec2 = SimpleNamespace(
        _security_groups={"sg-1": group},
        _addresses={},
        _nat_gateways={},
        _subnets={"subnet-1": {"VpcId": "vpc-1"}},
        _random_ip=lambda prefix: f"{prefix}0.0.1",
        _now_ts=lambda: 0,
    )
    handlers: dict[str, Any] = {}
    ecs = SimpleNamespace(_services={}, _update_service=None, _put_cluster_capacity_providers=None)
    types.add_missing_types(handlers, ec2, ecs, lambda rules: [dict(rule) for rule in rules])
    address, found = handlers["AWS::EC2::EIP"]["create"]("Address", {}, "Stack")
    assert ec2._addresses[found["AllocationId"]]["PublicIp"] == address == "52.0.0.1"
    gateway, _ = handlers["AWS::EC2::NatGateway"]["create"]("Gateway", {"SubnetId": "subnet-1"}, "Stack")
    assert ec2._nat_gateways[gateway]["VpcId"] == "vpc-1"
    rule = {"GroupId": "sg-1", "FromPort": 80}
    for name, direction in (
        ("AWS::EC2::SecurityGroupIngress", "IpPermissions"),
        ("AWS::EC2::SecurityGroupEgress", "IpPermissionsEgress"),
    ):
        identifier, _ = handlers[name]["create"]("Rule", rule, "Stack")
        assert group[direction] == [rule]
        handlers[name]["delete"](identifier, rule)
        assert group[direction] == []
    handlers["AWS::EC2::EIP"]["delete"](address, {})
    handlers["AWS::EC2::NatGateway"]["delete"](gateway, {})
    assert not ec2._addresses
    assert not ec2._nat_gateways


def test_capacity_providers_reach_the_cluster() -> None:
    seen: list[dict[str, Any]] = []

    def put(request: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        seen.append(request)
        return (400 if request["cluster"] == "bad" else 200), {}, "no such cluster"

    handler = types._capacity_providers(SimpleNamespace(_put_cluster_capacity_providers=put))
    properties = {
        "Cluster": "web",
        "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "DefaultCapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
    }
    assert handler["create"]("Association", properties, "Stack") == ("web", {})
    handler["update"]("web", properties, {**properties, "CapacityProviders": ["FARGATE"]}, "Stack")
    handler["delete"]("web", properties)
    assert [item["capacityProviders"] for item in seen] == [["FARGATE", "FARGATE_SPOT"], ["FARGATE"], []]
    assert seen[0]["defaultCapacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]
    with pytest.raises(ValueError, match="no such cluster"):
        handler["create"]("Association", {**properties, "Cluster": "bad"}, "Stack")


def test_a_default_security_group_is_closed_without_node() -> None:
    group: dict[str, list[Any]] = {"IpPermissions": [{}], "IpPermissionsEgress": [{}]}
    ec2 = SimpleNamespace(
        _security_groups={"sg-1": group}, _addresses={}, _nat_gateways={}, _subnets={}, _random_ip=str, _now_ts=int
    )
    ecs = SimpleNamespace(_services={}, _update_service=None, _put_cluster_capacity_providers=None)
    handlers: dict[str, Any] = {}
    types.add_missing_types(handlers, ec2, ecs, lambda rules: rules)
    closer = handlers["Custom::VpcRestrictDefaultSG"]
    name, _ = closer["create"]("Closer", {"DefaultSecurityGroupId": "sg-1"}, "Stack")
    closer["delete"](name, {})
    assert group == {"IpPermissions": [], "IpPermissionsEgress": []}
