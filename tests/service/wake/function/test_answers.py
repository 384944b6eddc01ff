"""What a client gets: the same request again, or a moment to come back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import pytest

from ecr_fargate_constructs.service.wake.function.answers import stopped, to_service, try_later


def _location(path: str, query: dict[str, list[str]] | None = None) -> str:
    answer = to_service({"httpMethod": "POST", "path": path, "multiValueQueryStringParameters": query})
    assert answer["statusCode"] == 307
    [location] = answer["multiValueHeaders"]["Location"]
    assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]
    return str(location)


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/", None, "/"),
        ("/a/b", {}, "/a/b"),
        ("/a%20b", {"q": ["x%26y"]}, "/a%20b?q=x%26y"),
        ("/a", {"id": ["1", "2"], "empty": [""]}, "/a?id=1&id=2&empty="),
        ("/a", {"next": ["/b?c=d"]}, "/a?next=/b?c=d"),
        ("/ä", None, "/%C3%A4"),
    ],
)
def test_the_client_sends_the_same_request(path: str, query: dict[str, list[str]] | None, location: str) -> None:
    assert _location(path, query) == location


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/\\evil.example", "\\\\evil.example", "//"])
def test_no_path_leads_to_another_host(path: str) -> None:
    location = _location(path)
    assert "\\" not in location
    assert urljoin("https://shop.example.com/start", location).startswith("https://shop.example.com/")


@pytest.mark.parametrize("path", ["/a\r\nSet-Cookie: b=c", "/a b"])
def test_no_path_ends_the_header(path: str) -> None:
    assert not set(_location(path)) & set("\r\n ")


def _later(**event: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's
    answer = try_later({"httpMethod": "GET", "path": "/", **event})
    assert (answer["statusCode"], answer["multiValueHeaders"]["Retry-After"]) == (503, ["5"])
    return answer


def test_a_browser_gets_a_page_that_reloads_itself() -> None:
    page = _later(multiValueHeaders={"accept": ["text/html,application/xhtml+xml"]})
    assert page["multiValueHeaders"]["Content-Type"] == ["text/html; charset=utf-8"]
    assert '<meta http-equiv="refresh" content="5">' in page["body"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"multiValueHeaders": {"accept": ["application/json"]}},
        {"httpMethod": "POST", "multiValueHeaders": {"accept": ["text/html"]}},
    ],
)
def test_others_get_a_line(event: dict[str, Any]) -> None:
    answer = _later(**event)
    assert answer["multiValueHeaders"]["Content-Type"] == ["text/plain; charset=utf-8"]
    assert answer["body"].endswith("\n")


def test_a_paused_service_gives_no_hope() -> None:
    answer = stopped({})
    assert answer["statusCode"] == 503
    assert "Retry-After" not in answer["multiValueHeaders"]
