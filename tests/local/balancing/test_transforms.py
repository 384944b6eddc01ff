"""What a target is asked for after the transforms of a rule."""

from __future__ import annotations

from typing import Any

import pytest

from ecr_fargate_constructs.local.balancing.transforms import Target, TransformError, transformed


def url(regex: str, replace: str) -> dict[str, Any]:
    return {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": replace}]}}


def host(regex: str, replace: str) -> dict[str, Any]:
    return {
        "Type": "host-header-rewrite",
        "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": replace}]},
    }


@pytest.mark.parametrize(
    ("transform", "asked", "gets"),
    [
        # The examples of AWS's guide.
        (url("^/dp/([A-Za-z0-9]+)/?$", "/product.php?id=$1"), "/dp/B09G3HRMW", "/product.php?id=B09G3HRMW"),
        (url("^/api/(.*)$", "/$1"), "/api/orders?page=2", "/orders?page=2"),
        (url("^/api/(.*)$", "/$1"), "/api/a%20b%2Fc", "/a%20b%2Fc"),
        (url("^/api/(.*)$", "/$1"), "/apis", "/apis"),  # "if there is no pattern match, the original request is sent"
        (url("(?i)^/API/(.*)$", "/$1"), "/Api/x", "/x"),
        (url("^/(?<year>\\d{4})/(\\d\\d)(/.*)?$", "/archive$3?y=$1&m=$2"), "/2026/11", "/archive?y=2026&m=11"),
    ],
)
def test_a_url_is_rewritten_where_the_expression_matches(transform: dict[str, Any], asked: str, gets: str) -> None:
    assert transformed([transform], Target("shop.example.com", asked)) == Target("shop.example.com", gets)


def test_host_and_url_are_rewritten_together() -> None:
    transforms = [host("^mywebsite-(.+).com$", "internal.dev.$1.myweb.com"), url("^/project-(.)$", "/$1")]
    made = transformed(transforms, Target("mywebsite-example.com", "/project-a"))
    assert made == Target("internal.dev.example.myweb.com", "/a")


@pytest.mark.parametrize(
    "transform", [url("^/api/(.*)$", "$1"), url("^/a(.*)$", "/$2"), host("^.*$", ""), url("^/(a**)$", "/b")]
)
def test_what_makes_no_request_fails(transform: dict[str, Any]) -> None:
    with pytest.raises(TransformError):
        transformed([transform], Target("shop.example.com", "/api/x"))
