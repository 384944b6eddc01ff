"""Names that AWS gives: MiniStack takes them from seeds, and finds what they name."""

from __future__ import annotations

import json
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.ministack_patches import fixed_names
from ecr_fargate_constructs.local.seeds.seeding import _Seeder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/key-AbCdEf"
ZONE = (
    '<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
    "<Name>{name}</Name><CallerReference>{reference}</CallerReference></CreateHostedZoneRequest>"
)


class _Secrets:
    """A client of boto3 that asks MiniStack's functions."""

    def __init__(self, service: Any) -> None:  # noqa: ANN401 - an untyped module
        self._service = service

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401
        return SimpleNamespace(paginate=lambda: [getattr(self, operation)()])

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**request: Any) -> dict[str, Any]:  # noqa: ANN401
            status, _, body = getattr(self._service, f"_{operation}")(request)
            answer: dict[str, Any] = json.loads(body)
            if status != 200:
                raise ClientError({"Error": {"Code": answer["__type"].rpartition("#")[2]}}, operation)
            return answer

        return call


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Secrets Manager, patched for one test."""
    service = import_module("ministack.services.secretsmanager")
    for name in ("_create_secret", "_resolve"):
        monkeypatch.setattr(service, name, getattr(service, name))
    fixed_names.give_secrets_their_arns(service)
    yield _Secrets(service)
    service.reset()


def _put(client: Any, name: str, value: str, *, stubs: bool) -> str | None:  # noqa: ANN401
    anything: Any = SimpleNamespace(client=lambda _: client)
    return _Seeder(anything, anything, stubs=stubs).secret(name, value)


def _value(client: Any, name: str) -> str:  # noqa: ANN401
    return str(client.get_secret_value(SecretId=name)["SecretString"])


def test_a_secret_has_the_arn_that_it_is_made_with(secrets: Any) -> None:  # noqa: ANN401
    assert secrets.create_secret(Name=ARN, SecretString="a")["ARN"] == ARN
    assert (_value(secrets, ARN), _value(secrets, "prod/key")) == ("a", "a")
    service = import_module("ministack.services.secretsmanager")
    assert service.resolve_secret_string(ARN) == "a"  # as a task asks


def test_other_secrets_are_made_and_found_as_before(secrets: Any) -> None:  # noqa: ANN401
    arn = secrets.create_secret(Name="prod/plain", SecretString="a")["ARN"]
    assert arn.startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/plain-")
    assert _value(secrets, arn) == _value(secrets, arn[:-7]) == "a"
    with pytest.raises(ClientError):
        _value(secrets, ARN)


@pytest.mark.parametrize("name", [ARN, "prod/key"])
def test_a_stub_stands_only_where_nothing_is(secrets: Any, name: str) -> None:  # noqa: ANN401
    note = _put(secrets, name, "made up", stubs=True)
    assert note is not None
    assert note.startswith(f"secret {name} does not exist: ")
    assert _put(secrets, name, "made up again", stubs=True) is None
    assert _value(secrets, name) == "made up"
    assert _put(secrets, name, "seeded", stubs=False) == f"secret {name} is ready"
    assert _value(secrets, name) == "seeded"
    assert _put(secrets, name, "made up", stubs=True) is None
    assert _value(secrets, name) == "seeded"


def test_a_value_that_was_seeded_by_name_is_that_of_the_arn(secrets: Any) -> None:  # noqa: ANN401
    _put(secrets, "prod/key", "seeded", stubs=False)
    assert _put(secrets, ARN, "made up", stubs=True) is None
    assert (_value(secrets, ARN), _value(secrets, "prod/key")) == ("seeded", "seeded")


def test_a_stub_of_an_arn_is_seeded_by_name(secrets: Any) -> None:  # noqa: ANN401
    _put(secrets, ARN, "made up", stubs=True)
    _put(secrets, "prod/key", "seeded", stubs=False)
    assert _value(secrets, ARN) == "seeded"


def test_a_stub_gets_fields_that_are_read_later_and_a_seed_does_not(secrets: Any) -> None:  # noqa: ANN401
    _put(secrets, "prod/user", '{"name": "a"}', stubs=True)
    _put(secrets, "prod/user", '{"name": "b", "password": "b"}', stubs=True)
    assert json.loads(_value(secrets, "prod/user")) == {"name": "a", "password": "b"}
    _put(secrets, "prod/user", '{"name": "seeded"}', stubs=False)
    _put(secrets, "prod/user", '{"name": "c", "password": "c"}', stubs=True)
    assert _value(secrets, "prod/user") == '{"name": "seeded"}'


def test_the_end_of_an_arn_is_a_name_that_can_be_seeded(secrets: Any) -> None:  # noqa: ANN401
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:my-secret"  # a part of an ARN, or all of it?
    _put(secrets, arn, "made up", stubs=True)
    _put(secrets, "my-secret", "seeded", stubs=False)
    assert _value(secrets, arn) == "seeded"
    assert _put(secrets, arn, "made up", stubs=True) is None


@pytest.fixture
def route53(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Route 53, patched for one test."""
    service = import_module("ministack.services.route53")
    for name in ("_create_hosted_zone", "_zone_id"):
        monkeypatch.setattr(service, name, getattr(service, name))
    fixed_names.give_zones_their_ids(service)
    yield service
    service.reset()


def test_a_zone_has_the_id_that_is_asked_for_and_the_next_one_an_id_of_its_own(route53: Any) -> None:  # noqa: ANN401
    reference = fixed_names.zone_reference("Z0123456789EXAMPLE")
    status, *_ = route53._create_hosted_zone(ZONE.format(name="example.com", reference=reference).encode(), {})
    assert status == 201
    route53._create_hosted_zone(ZONE.format(name="example.org", reference="other").encode(), {})
    zones = {zone["name"]: identifier for identifier, zone in route53._zones.items()}
    assert zones["example.com."] == "Z0123456789EXAMPLE"
    assert zones["example.org."] != "Z0123456789EXAMPLE"
