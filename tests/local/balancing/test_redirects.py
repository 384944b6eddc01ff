"""The address that a redirect leads to."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs.local.balancing.redirects import Address, location

ADDRESS = Address("http", "shop.example.com", "80", "/old/a%20b", "x=1&y=%2F")


@pytest.mark.parametrize(
    ("config", "leads_to"),
    [
        ({"Port": "443", "Protocol": "HTTPS"}, "https://shop.example.com:443/old/a%20b?x=1&y=%2F"),
        ({"Host": "www.example.com"}, "http://www.example.com:80/old/a%20b?x=1&y=%2F"),
        ({"Path": "/new/#{path}"}, "http://shop.example.com:80/new/old/a%20b?x=1&y=%2F"),
        # Each part may have the keywords of the others.
        ({"Path": "/#{host}/#{port}/#{path}", "Query": ""}, "http://shop.example.com:80/shop.example.com/80/old/a%20b"),
        (
            {"Host": "www.example.com", "Query": "from=#{protocol}:#{host}&#{query}"},
            "http://www.example.com:80/old/a%20b?from=http:shop.example.com&x=1&y=%2F",
        ),
        ({"Host": "#{host}.cn", "Port": "8443"}, "http://shop.example.com.cn:8443/old/a%20b?x=1&y=%2F"),
    ],
)
def test_parts_that_are_not_set_stay_and_keywords_are_those_of_the_request(
    config: dict[str, str], leads_to: str
) -> None:
    assert location(config, ADDRESS) == leads_to


def test_a_path_that_begins_with_two_slashes_is_not_another_host() -> None:
    address = Address("https", "shop.example.com", "443", "//evil.example", "")
    assert location({"Port": "8443"}, address) == "https://shop.example.com:8443//evil.example"
