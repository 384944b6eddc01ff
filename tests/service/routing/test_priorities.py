"""The places of routes: as a reference matcher puts them, whatever the order, and nothing moves."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.routing.priorities import MOST_RULES, SleepingRoute, check_beside, priority
from ecr_fargate_constructs.service.routing.route import LAST_PRIORITY, Route

SEGMENTS = st.sampled_from(["api", "v1", "v2", "shop", "orders", "x", "img", "admin", "cart", "users", "a", "b"])
LABELS = st.sampled_from(["shop", "api", "eu", "us", "a", "b"])


@st.composite
def paths(draw: st.DrawFn) -> str:
    names = draw(st.lists(SEGMENTS, max_size=4))
    ending = draw(st.sampled_from(["", "", "/*", "/*", "/"])) if names else draw(st.sampled_from(["/", "/*"]))
    return "".join(f"/{name}" for name in names) + ending


@st.composite
def hosts(draw: st.DrawFn) -> str:
    name = ".".join([*draw(st.lists(LABELS, max_size=2)), "example.com"])
    return draw(st.sampled_from([name, f"*.{name}"]))


@st.composite
def routes(draw: st.DrawFn) -> Route:
    rare = st.integers(0, 4).map(lambda number: number == 0)
    header = {"X-Tenant": draw(st.sampled_from(["acme", "Other"]))} if draw(rare) else {}
    method = draw(st.sampled_from(["GET", "POST"])) if draw(rare) else ()
    query = {"v": draw(st.sampled_from(["1", "2"]))} if draw(rare) else {}
    source = draw(st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24"])) if draw(rare) else ()
    host = draw(hosts()) if draw(st.booleans()) else ()
    assume(not (host and header and method and query and source))  # with the path six values, and a rule takes five
    return Route(path=draw(paths()), host=host, header=header, method=method, query=query, source=source)


@dataclass(frozen=True)
class Request:
    path: str
    host: str
    tenant: str
    method: str
    version: str
    source: str


@st.composite
def requests(draw: st.DrawFn) -> Request:
    path = draw(paths()).replace("*", draw(st.sampled_from(["", "x", "v1", "v1/x", "orders/7"])))
    host = draw(hosts()).replace("*", draw(st.sampled_from(["a", "shop", "shop.eu"])))
    return Request(
        path,
        host,
        tenant=draw(st.sampled_from(["acme", "other", ""])),
        method=draw(st.sampled_from(["GET", "POST", "PUT"])),
        version=draw(st.sampled_from(["1", "2", ""])),
        source=draw(st.sampled_from(["10.1.2.3", "10.9.9.9", "192.0.2.1", "203.0.113.9"])),
    )


def _in_range(source: str, network: str) -> bool:
    start = {"10.0.0.0/8": "10.", "10.1.0.0/16": "10.1.", "192.0.2.0/24": "192.0.2."}[network]
    return source.startswith(start)


def _matches(route: Route, request: Request) -> bool:
    """As Elastic Load Balancing reads conditions."""
    return (
        (not route.paths or any(fnmatchcase(request.path, path) for path in route.paths))
        and (not route.hosts or any(fnmatchcase(request.host, host) for host in route.hosts))
        and (not route.methods or request.method in route.methods)
        and (not route.sources or any(_in_range(request.source, network) for network in route.sources))
        and all(request.tenant.lower() == str(value).lower() for value in route.header.values())
        and all(request.version == value for value in route.query.values())
    )


def _reference(route: Route) -> tuple[bool, int, int, int]:
    """How specific a route is, worked out another way than the library does: greater wins."""
    host = route.hosts[0] if route.hosts else ""
    names = [name for name in (route.paths[0] if route.paths else "/*").split("/")[1:] if name != "*"]
    further = sum(map(len, (route.header, route.query, route.methods, route.sources)))
    return bool(host) and host[0] != "*", len(host.split(".")) if host else 0, len(names), further


def _admit(candidates: list[Route]) -> dict[str, Route]:
    """Those that may stand side by side; a collision is resolved as the error says."""
    admitted: dict[str, Route] = {}
    for number, candidate in enumerate(candidates):
        refusal = _refusal(candidate, admitted)
        if refusal is None:
            admitted[f"S{number}"] = candidate
        elif (found := re.search(r"has the priority .* add priority=(\d+) ", refusal)) is not None:
            resolved = replace(candidate, priority=int(found[1]))
            assert _refusal(resolved, admitted) is None
            admitted[f"S{number}"] = resolved
        else:
            assert "shadow" in refusal or "is also the route of" in refusal
    return admitted


def _refusal(route: Route, others: dict[str, Route]) -> str | None:
    try:
        check_beside(route, others, path="New")
    except ConfigurationError as error:
        return str(error)
    return None


def _first(routes_by_name: dict[str, Route], request: Request) -> str | None:
    """The service that the listener's rules lead to."""
    ordered = sorted(routes_by_name, key=lambda name: priority(routes_by_name[name]))
    return next((name for name in ordered if _matches(routes_by_name[name], request)), None)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(routes(), min_size=1, max_size=MOST_RULES), st.lists(requests(), min_size=5, max_size=20), st.data())
def test_requests_go_where_the_most_specific_route_leads(
    candidates: list[Route], asked: list[Request], data: st.DataObject
) -> None:
    admitted = _admit(candidates)
    for request in asked:
        matching = [name for name, route in admitted.items() if _matches(route, request)]
        chosen = _first(admitted, request)
        if not matching:
            assert chosen is None
            continue
        best = max(_reference(admitted[name]) for name in matching)
        assert [chosen] == [name for name in matching if _reference(admitted[name]) == best]
    # In another order, and without any one of them, all the others stay where they were.
    names = data.draw(st.permutations(list(admitted)))
    left_out = data.draw(st.sampled_from(names))
    again: dict[str, Route] = {}
    for name in names:
        if name != left_out:
            check_beside(admitted[name], again, path=name)
            again[name] = admitted[name]
    numbers = {name: priority(route) for name, route in admitted.items()}
    assert len(set(numbers.values())) == len(numbers)
    assert all(1 <= number <= LAST_PRIORITY for number in numbers.values())
    assert {name: priority(route) for name, route in again.items()} == {
        name: number for name, number in numbers.items() if name != left_out
    }


def test_a_hundred_routes_stand_side_by_side() -> None:
    admitted = _admit([Route(path=f"/service-{number}/*") for number in range(MOST_RULES)])
    assert len(admitted) == MOST_RULES
    moved = [route for route in admitted.values() if route.priority is not None]
    assert len(moved) < 5, "collisions are rare"
    with pytest.raises(
        ConfigurationError, match="would be rule 101 of the load balancer, which has at most 100"
    ) as caught:
        check_beside(Route(path="/one-more/*"), admitted, path="Stack/More")
    assert "Stack/More" in str(caught.value)
    assert "S99" in str(caught.value)


def test_the_numbers_of_routes_are_a_contract() -> None:
    """A change of one of these would renumber the rules of every user."""
    found = {
        str(route): priority(route)
        for route in (
            Route(path="/*"),
            Route(path="/"),
            Route(path="/api/*"),
            Route(path="/api/v2/*"),
            Route(host="shop.example.com"),
            Route(host="*.example.com", path="/api/*"),
            Route(path="/api/*", method="GET", header={"X-Tenant": "acme"}, query={"v": "1"}, source="10.0.0.0/8"),
        )
    }
    assert found == EXPECTED


EXPECTED = {
    "Route(path='/*')": 50000,
    "Route(path='/')": 43945,
    "Route(path='/api/*')": 44973,
    "Route(path='/api/v2/*')": 33877,
    "Route(host='shop.example.com')": 17856,
    "Route(path='/api/*', host='*.example.com')": 27012,
    "Route(path='/api/*', header={'X-Tenant': 'acme'}, method='GET', query={'v': '1'}, source='10.0.0.0/8')": 36104,
}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Route(path=["/a", "/a/*"]), Route(path=["/a/*", "/a"])),
        (Route(host="a.example.com"), Route(host="a.example.com", path="/*")),
        (Route(path="/a", header={"X-A": "1"}), Route(path="/a", header={"x-a": ["1"]})),
    ],
)
def test_the_way_a_route_is_written_does_not_matter(one: Route, other: Route) -> None:
    assert priority(one) == priority(other)
    with pytest.raises(ConfigurationError, match="is also the route of Stack/One"):
        check_beside(other, {"Stack/One": one}, path="Stack/Other")


AMBIGUOUS = [
    (Route(path=["/a", "/b"]), Route(path=["/b", "/c"])),
    (Route(path="/a/*", method="GET"), Route(path="/a/*", method=["GET", "POST"])),
    (Route(path="/a/*", method="GET"), Route(path="/a/*", header={"X-Canary": "1"})),
    (Route(path="/a", source="10.0.0.0/8"), Route(path="/a", source="10.1.0.0/16")),
    (Route(path="/a", header={"X-A": "a*"}), Route(path="/a", header={"x-a": "ab"})),
    (Route(path="/a", query={"v": "1"}), Route(path="/a", query={"w": "1"})),
]


@pytest.mark.parametrize(("one", "other"), AMBIGUOUS)
def test_routes_that_would_shadow_each_other_are_refused(one: Route, other: Route) -> None:
    for first, second in ((one, other), (other, one)):
        with pytest.raises(ConfigurationError, match="neither is more specific") as caught:
            check_beside(second, {"Stack/First": first}, path="Stack/Second")
        assert "[Stack/Second]" in str(caught.value)
        assert "Stack/First" in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Route(path="/a", source="10.0.0.0/8"), Route(path="/a", source="192.0.2.0/24")),
        (Route(path="/a", source="10.0.0.0/8"), Route(path="/a", source="2001:db8::/32")),
        (Route(path="/a", method="GET"), Route(path="/a", method="POST")),
        (Route(path="/a", header={"X-A": "1"}), Route(path="/a", header={"X-A": "2"})),
        (Route(path="/a", header={"X-A": "[ab]*"}), Route(path="/a", header={"X-A": "a1"})),
        (Route(host="a.example.com"), Route(host="b.example.com")),
        (Route(path="/a"), Route(path="/a/*")),
    ],
)
def test_routes_that_never_meet_stand_side_by_side(one: Route, other: Route) -> None:
    check_beside(other, {"One": one}, path="Other")


def test_a_number_of_ones_own_settles_who_comes_first() -> None:
    get, tenant = AMBIGUOUS[2]
    check_beside(replace(get, priority=7), {"Tenant": tenant}, path="Get")


@pytest.mark.parametrize(
    ("route", "other"),
    [
        (Route(path="/api/*", priority=1), Route(path="/api/v2/*")),
        (Route(path="/api/v2/*"), Route(path="/api/*", priority=1)),
        (Route(path="/a", method=["GET", "POST"], priority=1), Route(path="/a", method="GET")),
        (Route(path="/a", source="10.0.0.0/8", priority=1), Route(path="/a", source="10.1.0.0/16")),
        (Route(path="/a", header={"X-A": "a*"}, priority=1), Route(path="/a", header={"x-a": "ab"})),
        (Route(path="/a", query={"v": "*"}, priority=1), Route(path="/a", query={"v": "2"})),
    ],
)
def test_a_number_that_shadows_another_route_is_refused(route: Route, other: Route) -> None:
    with pytest.raises(ConfigurationError, match="would shadow it") as caught:
        check_beside(route, {"Stack/First": other}, path="Stack/Second")
    assert "Stack/First" in str(caught.value)
    assert "Stack/Second" in str(caught.value)


def test_two_rules_of_one_number_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="has the priority 9, which Stack/First already has"):
        check_beside(Route(path="/b", priority=9), {"Stack/First": Route(path="/a", priority=9)}, path="Stack/Second")


TOKEN = "${Token[TOKEN.12]}"  # noqa: S105 - CDK's word for it


def test_tokens_pass_with_a_number() -> None:
    route = Route(host=TOKEN, path=TOKEN, header={"X-A": TOKEN}, source=TOKEN, method=TOKEN, priority=3)
    assert priority(route) == 3
    check_beside(route, {"Other": Route(path="/*")}, path="Tokens")


REFUSED = [
    (Route, "Route() has no condition", "path='/api/*'"),
    (lambda: Route(path="api/*"), "Route.path has 'api/*'", "'/api/*'"),
    (lambda: Route(path="/a*b"), "Route.path has '/a*b'", "the order of other wildcards is undefined"),
    (lambda: Route(path="/a?"), "Route.path has '/a?'", "exact path"),
    (lambda: Route(path=""), "Route.path has ''", "exact path"),
    (lambda: Route(path="/" + "a" * 128), "a value of 129 characters", "1 to 128"),
    (lambda: Route(path=["/a", "/a/b"]), "paths of different depth", "add_route()"),
    (lambda: Route(host="Shop.example.com"), "Route.host has 'Shop.example.com'", "in lower case"),
    (lambda: Route(host="https://a.b"), "Route.host has 'https://a.b'", "'shop.example.com'"),
    (lambda: Route(host=["a.example.com", "*.example.com"]), "exact hosts and wildcards", "add_route()"),
    (lambda: Route(method="get"), "Route.method has 'get'", "upper case"),
    (lambda: Route(header={"X A": "1"}), "Route.header has 'X A'", "header names"),
    (lambda: Route(header={"X-A": ""}), "a value of 0 characters", "1 to 128"),
    (lambda: Route(source="10.0.0.1"), "Route.source has '10.0.0.1' without a range", "use '10.0.0.1/32'"),
    (lambda: Route(source="2001:db8::1"), "Route.source has '2001:db8::1' without a range", "use '2001:db8::1/128'"),
    (lambda: Route(source="10.0.0.1/8"), "Route.source has '10.0.0.1/8'", "203.0.113.0/24"),
    (lambda: Route(path=["/a", "/b", "/c"], method=["GET", "PUT", "POST"]), "has 6 values", "at most 5"),
    (lambda: Route(query={"a": "***", "b": "???"}), "has 6 wildcards", "at most 5"),
    (lambda: Route(path="/a", priority=0), "Route.priority=0", "use 1 to 50000"),
    (lambda: Route(path="/a", priority=50_001), "Route.priority=50001", "use 1 to 50000"),
    (lambda: Route(host=TOKEN), "only the deployment knows", "add priority="),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), REFUSED)
def test_a_route_that_cannot_work_is_refused_at_once(make: object, wrong: str, fix: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


def test_services_that_sleep_have_all_three_priorities_in_common_or_none() -> None:
    """Elastic Load Balancing then refuses the second of two apps that do not know of each other."""
    found = sorted(priority(SleepingRoute.of(Route(host=f"pr-{number}.example.com"))) for number in range(3000))
    assert all(after - before in {0, 3} or after - before > 3 for before, after in pairwise(found))
    assert {(number - found[0]) % 3 for number in found} == {0}
    ordinary = [priority(Route(host=f"pr-{number}.example.com")) for number in range(3000)]
    assert min(ordinary) - 2 <= found[0]
    assert found[-1] + 2 <= max(ordinary) + 2
    assert priority(SleepingRoute.of(Route(path="/a", priority=7))) == 7
