"""The names in certificates of listeners."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs.local.https import certificate_names, matches


@pytest.mark.parametrize(
    ("domains", "main", "names"),
    [
        (["shop.example.com"], True, ("shop.example.com", "shop.example.com.web.alb.localhost")),
        (["*.example.com"], False, ("*.example.com", "*.example.com.8443.web.alb.localhost")),
        ([], True, ("web.alb.localhost",)),
        ([], False, ("8443.web.alb.localhost",)),
    ],
)
def test_the_name_of_the_load_balancer_is_there_only_if_no_domain_is_known(
    domains: list[str], names: tuple[str, ...], *, main: bool
) -> None:
    assert certificate_names(domains, "Web", 8443, main=main) == names


@pytest.mark.parametrize(
    ("domain", "name", "match"),
    [
        ("Shop.example.com", "shop.example.com", True),
        ("*.example.com", "shop.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.shop.example.com", False),
        ("example.com", "shop.example.com", False),
    ],
)
def test_a_star_is_one_label(domain: str, name: str, *, match: bool) -> None:
    assert matches(domain, name) is match
