"""Balance requests as a load balancer does: weighted target groups, sticky clients, algorithms, draining.

MiniStack forwards to the first target group of an action, and to any of its targets. ``local/balancing`` decides; this
module reads MiniStack's records, and counts what is answered. Written for MiniStack 1.5.33, and applied by
``ministack_patches``.
"""

from __future__ import annotations

import random
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.balancing.cookies import (
    APPLICATION_COOKIE,
    GROUP_COOKIE,
    TARGET_COOKIE,
    Seal,
    requested,
    set_cookies,
)
from ecr_fargate_constructs.local.balancing.draining import Draining
from ecr_fargate_constructs.local.balancing.targets import Balancer, Settings
from ecr_fargate_constructs.local.balancing.weights import Forward
from ecr_fargate_constructs.local.metrics.traffic import Answered
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.balancing.targets import Target
    from ecr_fargate_constructs.local.clock import Clock

_Response: TypeAlias = tuple[int, dict[str, Any], Any]

_UNAVAILABLE = 503
_UNAVAILABLE_PAGE = (
    b"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    b"<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n"
)
_SECONDS_TO_BEGIN = 0.05  # between the choice of a target and its count: a target that drains may still be chosen then
_SECONDS_BETWEEN = 0.1


@dataclass
class _Request:
    """A request while it is answered."""

    cookies: dict[str, str]
    group: str = ""
    target: Target | None = None
    seconds: float | None = None
    set_cookies: list[str] = field(default_factory=list)


_REQUEST: ContextVar[_Request | None] = ContextVar("the request that is balanced", default=None)


class Balancing:
    """The load balancers of this process."""

    def __init__(self, alb: Any, clock: Clock, observe: Callable[[Answered], None]) -> None:  # noqa: ANN401 - untyped
        """Start without any request.

        Args:
            alb: MiniStack's load-balancing module.
            clock: The clock of the embedded AWS.
            observe: Is called for each answered request.
        """
        self._alb, self._clock, self._observe = alb, clock, observe
        self._seal = Seal()
        self._balancer = Balancer(random.random)
        self._draining = Draining(self._balancer.outstanding)
        self._targets, self._attributes = find(alb, "_targets"), find(alb, "_tg_attrs")

    def choose(self, arn: str, candidates: list[Properties], group: Properties) -> Properties:
        """Return the target for the current request, and count the request.

        Args:
            arn: ARN of the target group.
            candidates: Its healthy targets, or all of them if none is healthy.
            group: MiniStack's record of the group.
        """
        # One that was deregistered while the health checks ran gets no new request.
        registered = [each for each in candidates if each in self._targets.get(arn, [])] or candidates
        by_target = {_target(each, group): each for each in registered}
        settings, request = self._settings(arn), _REQUEST.get() or _Request({})
        target = self._stuck(request, arn, settings)
        if target not in by_target:
            target = self._balancer.choose(arn, list(by_target), settings, self._clock.now())
        self._balancer.begin(arn, target)
        request.group, request.target = arn, target
        return by_target[target]

    def draining(self, arn: str) -> list[Target]:
        """Return the draining targets of a group."""
        return self._draining.targets(arn, time.monotonic())

    def measure_targets(self) -> None:
        """Measure how long targets take to answer; before health checks are added."""
        proxy = find(self._alb, "_proxy_http_target")

        async def proxy_http_target(*arguments: Any, **options: Any) -> _Response:  # noqa: ANN401 - passed on as it is
            started, request = time.monotonic(), _REQUEST.get()
            response: _Response = await proxy(*arguments, **options)
            if request is not None and hasattr(response[2], "runner"):  # otherwise MiniStack made the answer
                request.seconds = time.monotonic() - started
            return response

        self._alb._proxy_http_target = proxy_http_target  # noqa: SLF001 - what this module is for

    def balance(self) -> None:
        """Forward by weight and cookie, and count requests; after health checks are added."""
        self._dispatch()
        self._choose_groups()
        self._forward()

    def drain(self, ecs: Any) -> None:  # noqa: ANN401 - an untyped package
        """Let deregistered targets finish their requests: a container is removed after them."""
        for name, action in (("set_targets_for_group", ""), ("_deregister_targets", "DeregisterTargets")):
            self._note_changes(name, action)
        clean_up, address_of = find(ecs, "_cleanup_task_resources"), find(ecs, "_task_ip")

        def cleanup_task_resources(task: Properties, *rest: Any) -> None:  # noqa: ANN401 - passed on as it is
            address = address_of(task)
            if address and self._draining.knows(address):
                time.sleep(_SECONDS_TO_BEGIN)
            if not address or not self._holds(address):
                clean_up(task, *rest)
                return

            def finish() -> None:
                while self._holds(address):
                    time.sleep(_SECONDS_BETWEEN)
                clean_up(task, *rest)

            threading.Thread(target=finish, daemon=True, name="draining").start()

        ecs._cleanup_task_resources = cleanup_task_resources  # noqa: SLF001 - what this module is for

    def _holds(self, address: str) -> bool:
        # By the machine's time, however fast the clock passes: requests do not end faster.
        return self._draining.holds(address, time.monotonic())

    def _dispatch(self) -> None:
        dispatch = find(self._alb, "dispatch_request")

        async def dispatch_request(
            balancer: Properties,
            method: str,
            path: str,
            headers: dict[str, str],
            *rest: Any,  # noqa: ANN401 - passed on as it is
            **more: Any,  # noqa: ANN401 - passed on as it is
        ) -> _Response:
            request = _Request(requested({name.lower(): value for name, value in headers.items()}))
            token = _REQUEST.set(request)
            try:
                status, answered, body = await dispatch(balancer, method, path, headers, *rest, **more)
            finally:
                _REQUEST.reset(token)
            name = balancer["LoadBalancerArn"].partition(":loadbalancer/")[2]
            self._observe(Answered(name, full_name(request.group), status, request.seconds))
            return status, _with_cookies(answered, request.set_cookies), body

        self._alb.dispatch_request = dispatch_request

    def _choose_groups(self) -> None:
        execute = find(self._alb, "_execute_actions")

        async def execute_actions(actions: list[Properties], *rest: Any, **more: Any) -> _Response:  # noqa: ANN401
            chosen = [self._chosen(each) if each.get("Type") == "forward" else each for each in actions]
            response: _Response = await execute(chosen, *rest, **more)
            return response

        self._alb._execute_actions = execute_actions  # noqa: SLF001 - what this module is for

    def _chosen(self, action: Properties) -> Properties:
        """Return a forward action to one of the groups of an action; to none if all have the weight 0."""
        forward, request = Forward.of(action), _REQUEST.get() or _Request({})
        cookie = request.cookies.get(GROUP_COOKIE, "")
        now = self._clock.now()
        arn = forward.choose(random.random, self._seal.opened(GROUP_COOKIE, cookie, now))
        if arn is not None and forward.sticky_seconds is not None:
            self._give(request, GROUP_COOKIE, arn, now + forward.sticky_seconds)
        return {**action, "TargetGroupArn": arn or ""}

    def _forward(self) -> None:
        forward = find(self._alb, "_forward_to_tg")

        async def forward_to_group(arn: str, *arguments: Any, **options: Any) -> _Response:  # noqa: ANN401
            request = _REQUEST.get() or _Request({})
            if not arn or not self._targets.get(arn):
                return _UNAVAILABLE, {"Content-Type": "text/html"}, _UNAVAILABLE_PAGE
            try:
                status, headers, body = await forward(arn, *arguments, **options)
            except BaseException:
                self._end(request)
                raise
            if hasattr(body, "runner"):
                body.runner = self._until_sent(body.runner, request)
            else:
                self._end(request)
            self._stick(request, headers)
            return status, headers, body

        self._alb._forward_to_tg = forward_to_group  # noqa: SLF001 - what this module is for

    def _until_sent(self, runner: Callable[..., Any], request: _Request) -> Callable[..., Any]:
        async def run(*arguments: Any) -> None:  # noqa: ANN401 - passed on as it is
            try:
                await runner(*arguments)
            finally:
                self._end(request)

        return run

    def _end(self, request: _Request) -> None:
        if request.target is not None:
            self._balancer.end(request.group, request.target)

    def _stuck(self, request: _Request, arn: str, settings: Settings) -> Target | None:
        """Return the target that a client's cookie names, if the group is sticky."""
        if not settings.sticky:
            return None
        name = APPLICATION_COOKIE if settings.application_cookie else TARGET_COOKIE
        named = self._seal.opened(name, request.cookies.get(name, ""), self._clock.now()) or ""
        group, _, target = named.partition(" ")
        address, _, port = target.rpartition(":")
        return (address, int(port)) if group == arn else None

    def _stick(self, request: _Request, headers: dict[str, Any]) -> None:
        """Give a client of a sticky group a cookie, for as long again."""
        settings = self._settings(request.group) if request.target is not None else Settings()
        if not settings.sticky or request.target is None:
            return
        own = settings.application_cookie
        if own and not any(each.startswith(f"{own}=") for each in _values(headers, "set-cookie")):
            return
        value = f"{request.group} {request.target[0]}:{request.target[1]}"
        name = APPLICATION_COOKIE if own else TARGET_COOKIE
        self._give(request, name, value, self._clock.now() + settings.sticky_seconds)

    def _give(self, request: _Request, name: str, value: str, expires: float) -> None:
        sealed = self._seal.sealed(name, value, expires)
        request.set_cookies.extend(set_cookies(name, sealed, self._clock.outside(expires)))

    def _settings(self, arn: str) -> Settings:
        return Settings.of({each["Key"]: str(each["Value"]) for each in self._attributes.get(arn, [])})

    def _note_changes(self, name: str, action: str) -> None:
        """Let the targets drain that a function of MiniStack deregisters."""
        change, groups = find(self._alb, name), find(self._alb, "_tgs")

        def changed(first: Any, *rest: Any) -> Any:  # noqa: ANN401 - passed on as it is
            arn = first if isinstance(first, str) else self._alb._p(first, "TargetGroupArn")  # noqa: SLF001
            group = groups.get(arn) or {}
            before = [_target(each, group) for each in self._targets.get(arn, [])]
            result = change(first, *rest)
            after = [_target(each, group) for each in self._targets.get(arn, [])]
            self._draining.changed(arn, before, after, self._settings(arn).delay, time.monotonic())
            return result

        setattr(self._alb, name, changed)
        if action:
            find(self._alb, "_ACTION_MAP")[action] = changed


def full_name(arn: str) -> str:
    """Return the full name of a target group, as in the dimension of its metrics; empty for no group."""
    return arn.rpartition(":")[2]


def _target(target: Properties, group: Properties) -> Target:
    return str(target["Id"]), int(target.get("Port") or group.get("Port") or 80)


def _with_cookies(headers: dict[str, Any], cookies: list[str]) -> dict[str, Any]:
    if not cookies:
        return headers
    name = next((each for each in headers if each.lower() == "set-cookie"), "Set-Cookie")
    return {**headers, name: [*_values(headers, name), *cookies]}


def _values(headers: dict[str, Any], name: str) -> list[str]:
    """Return the values of a header, which MiniStack keeps as a text or a list."""
    values = [value for each, value in headers.items() if each.lower() == name.lower()]
    return [one for value in values for one in (value if isinstance(value, list) else [value])]
