"""Requests through MiniStack's load balancer: shares, cookies, draining, and what is counted."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.ministack_patches.balancing import Balancing
from ecr_fargate_constructs.local.ministack_patches.health import check_targets
from tests.local.ministack_patches.modules import restored
from tests.local.ministack_patches.test_forward_actions import BLUE, GREEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.metrics.traffic import Answered

_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/1"
_HEADERS = dict[str, Any]


class _World:
    """A load balancer with two groups, whose targets answer with their address."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.alb = restored(monkeypatch, "alb")
        self.observed: list[Answered] = []
        self.waiting: dict[str, asyncio.Event] = {}
        self.target_headers: _HEADERS = {}
        self.status = 200
        self.time = 1_000_000.0
        clock = Clock(time_of_machine=lambda: self.time, sleep_of_machine=time.sleep)
        self.alb._proxy_http_target = self._proxy
        self.balancing = Balancing(self.alb, clock, self.observed.append)
        self.balancing.measure_targets()
        check_targets(self.alb, getattr, choose=self.balancing.choose, drains=self.balancing.draining)
        monkeypatch.setattr("ecr_fargate_constructs.local.ministack_patches.health.check", self._check)
        self.balancing.balance()
        self.unhealthy: set[str] = set()
        self.alb._lbs[_BALANCER] = {"LoadBalancerArn": _BALANCER, "LoadBalancerName": "web"}
        self.alb._listeners["listener"] = {"ListenerArn": "listener", "LoadBalancerArn": _BALANCER, "Port": 80}
        for arn, targets in ((BLUE, ["10.0.0.1"]), (GREEN, ["10.0.1.1", "10.0.1.2"])):
            self.alb._tgs[arn] = {"TargetType": "ip", "Port": 80, "TargetGroupArn": arn}
            self.alb._targets[arn] = [{"Id": address, "Port": 80} for address in targets]
        self.weigh(1, 1)

    def weigh(self, blue: int, green: int, *, sticky: int = 0) -> None:
        config: dict[str, Any] = {
            "TargetGroups": [{"TargetGroupArn": BLUE, "Weight": blue}, {"TargetGroupArn": GREEN, "Weight": green}],
            "TargetGroupStickinessConfig": {"Enabled": bool(sticky), "DurationSeconds": sticky},
        }
        rule = {"ListenerArn": "listener", "IsDefault": True, "Priority": "default"}
        self.alb._rules["rule"] = {**rule, "Actions": [{"Type": "forward", "ForwardConfig": config}]}

    def set(self, arn: str, **attributes: str) -> None:
        self.alb._tg_attrs[arn] = [
            {"Key": name.replace("__", "."), "Value": value} for name, value in attributes.items()
        ]

    async def ask(self, cookie: str = "") -> tuple[int, _HEADERS, str]:
        headers = {"Host": "web", **({"Cookie": cookie} if cookie else {})}
        balancer = self.alb._lbs[_BALANCER]
        status, answered, body = await self.alb.dispatch_request(balancer, "GET", "/", headers, b"", {})
        sent: list[bytes] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["body"])

        if hasattr(body, "runner"):
            await body.runner(send, None)
        return status, answered, b"".join(sent).decode() if sent else bytes(body).decode()

    def asked(self, cookie: str = "") -> tuple[int, _HEADERS, str]:
        return asyncio.run(self.ask(cookie))

    def shares(self, requests: int) -> Counter[str]:
        async def run() -> Counter[str]:
            return Counter([(await self.ask())[2] for _ in range(requests)])

        return asyncio.run(run())

    async def _proxy(self, target: dict[str, Any], *_: object) -> tuple[int, _HEADERS, Any]:
        streaming = import_module("ministack.core.responses").StreamingResponse

        async def run(send: Any, _receive: Any) -> None:  # noqa: ANN401
            if target["Id"] in self.waiting:
                await self.waiting[target["Id"]].wait()
            await send({"type": "http.response.body", "body": target["Id"].encode()})

        if self.status == 502:  # as MiniStack answers if it cannot connect
            return 502, {}, b"connect error"
        return self.status, dict(self.target_headers), streaming(run)

    def _check(self, target: dict[str, Any], *_: object) -> SimpleNamespace:
        return SimpleNamespace(
            state="unhealthy" if target["Id"] in self.unhealthy else "healthy", reason="", description=""
        )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[_World]:
    """A load balancer for one test."""
    made = _World(monkeypatch)
    yield made
    made.alb.reset()


@pytest.mark.parametrize(("blue", "green"), [(100, 0), (90, 10), (1, 3)])
def test_each_group_gets_its_share(world: _World, blue: int, green: int) -> None:
    world.weigh(blue, green)
    requests, share = 2000, blue / (blue + green)
    shares = world.shares(requests)
    bound = 4 * math.sqrt(requests * share * (1 - share))  # exceeded once in 16,000 runs
    assert abs(shares["10.0.0.1"] - requests * share) <= bound
    assert abs(shares["10.0.1.1"] - shares["10.0.1.2"]) <= 1  # round robin


def test_without_a_weight_nobody_answers(world: _World) -> None:
    world.weigh(0, 0)
    status, headers, body = world.asked()
    assert (status, headers["Content-Type"]) == (503, "text/html")
    assert "503 Service Temporarily Unavailable" in body
    assert [(each.status, each.group, each.seconds) for each in world.observed] == [(503, "", None)]


def test_an_empty_group_is_not_replaced_by_the_other_one(world: _World) -> None:
    world.weigh(100, 0)
    world.alb._targets[BLUE] = []
    assert world.asked()[0] == 503


def test_a_group_without_a_healthy_target_is_asked_all_the_same(world: _World) -> None:
    # "If a target group contains only unhealthy registered targets, the load balancer routes requests to all of them."
    world.weigh(0, 1)
    world.unhealthy = {"10.0.1.1", "10.0.1.2"}
    assert set(world.shares(20)) == {"10.0.1.1", "10.0.1.2"}


def test_a_client_stays_with_its_group_until_its_cookie_expires(world: _World) -> None:
    world.weigh(0, 1, sticky=60)
    _, headers, _ = world.asked()
    names = [each.partition("=")[0] for each in headers["Set-Cookie"]]
    assert names == ["AWSALBTG", "AWSALBTGCORS"]
    cookie = headers["Set-Cookie"][0].partition(";")[0]
    world.weigh(1, 0, sticky=60)
    assert {world.asked(cookie)[2] for _ in range(5)} <= {"10.0.1.1", "10.0.1.2"}
    assert world.asked()[2] == "10.0.0.1"
    world.time += 61
    assert world.asked(cookie)[2] == "10.0.0.1"


def test_a_client_stays_with_its_target_while_it_is_healthy(world: _World) -> None:
    world.weigh(0, 1)
    world.set(GREEN, stickiness__enabled="true", stickiness__type="lb_cookie")
    world.target_headers = {"set-cookie": "own=1"}
    _, headers, first = world.asked()
    own, given, _cors = headers["set-cookie"]
    assert own == "own=1"
    cookie = f"other=1; {given.partition(';')[0]}"
    assert {world.asked(cookie)[2] for _ in range(5)} == {first}
    world.unhealthy = {first}
    time.sleep(2.1)  # health is remembered for two seconds
    assert world.asked(cookie)[2] != first


def test_a_cookie_of_the_application_starts_stickiness(world: _World) -> None:
    world.weigh(0, 1)
    world.set(
        GREEN,
        stickiness__enabled="true",
        stickiness__type="app_cookie",
        stickiness__app_cookie__cookie_name="session",
    )
    assert "Set-Cookie" not in world.asked()[1]
    world.target_headers = {"set-cookie": "session=abc; Path=/"}
    _, headers, first = world.asked()
    cookie = headers["set-cookie"][1].partition(";")[0]
    assert cookie.startswith("AWSALBAPP-0=")
    assert {world.asked(cookie)[2] for _ in range(5)} == {first}


def test_requests_are_observed_with_who_answered_them(world: _World) -> None:
    world.weigh(1, 0)
    for world.status in (200, 500, 502):
        world.asked()
    shown = [(each.balancer, each.group, each.status, each.seconds is not None) for each in world.observed]
    assert shown == [
        ("app/web/1", "targetgroup/blue/1", 200, True),
        ("app/web/1", "targetgroup/blue/1", 500, True),
        ("app/web/1", "targetgroup/blue/1", 502, False),
    ]


def test_a_deregistered_target_finishes_its_requests_and_gets_no_more(world: _World) -> None:
    removed: list[str] = []
    ecs = SimpleNamespace(
        _cleanup_task_resources=lambda task, *_: removed.append(task["ip"]), _task_ip=lambda task: task["ip"]
    )
    world.balancing.drain(ecs)
    world.weigh(0, 1)

    async def run() -> None:
        world.waiting = {"10.0.1.1": asyncio.Event(), "10.0.1.2": asyncio.Event()}
        slow = [asyncio.create_task(world.ask()) for _ in range(2)]  # one on each target
        await asyncio.sleep(0.2)
        world.alb.set_targets_for_group(GREEN, [("10.0.1.2", 80)], ["10.0.1.1", "10.0.1.2"])
        world.time += 3600  # a clock that passes fast does not make the delay shorter
        await asyncio.to_thread(ecs._cleanup_task_resources, {"ip": "10.0.1.1"})
        assert removed == []
        assert world.balancing.draining(GREEN) == [("10.0.1.1", 80)]
        described = world.alb._ACTION_MAP["DescribeTargetHealth"]({"TargetGroupArn": GREEN})[2]
        assert b"<State>draining</State><Reason>Target.DeregistrationInProgress</Reason>" in described
        world.waiting["10.0.1.2"].set()
        assert {(await world.ask())[2] for _ in range(5)} == {"10.0.1.2"}
        world.waiting["10.0.1.1"].set()
        assert {body for _, _, body in await asyncio.gather(*slow)} == {"10.0.1.1", "10.0.1.2"}
        await asyncio.sleep(0.3)

    asyncio.run(run())
    assert removed == ["10.0.1.1"]


def test_a_target_without_requests_is_removed_at_once(world: _World) -> None:
    removed: list[str] = []
    ecs = SimpleNamespace(
        _cleanup_task_resources=lambda task, *_: removed.append(task["ip"]), _task_ip=lambda task: task["ip"]
    )
    world.balancing.drain(ecs)
    world.alb._ACTION_MAP["DeregisterTargets"](
        {"TargetGroupArn": [BLUE], "Targets.member.1.Id": ["10.0.0.1"], "Targets.member.1.Port": ["80"]}
    )
    assert world.balancing.draining(BLUE) == [("10.0.0.1", 80)]
    ecs._cleanup_task_resources({"ip": "10.0.0.1"})
    ecs._cleanup_task_resources({"ip": None})
    assert removed == ["10.0.0.1", None]
