"""Cookies of a load balancer."""

from __future__ import annotations

from http.cookies import SimpleCookie

from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.balancing.cookies import (
    APPLICATION_COOKIE,
    GROUP_COOKIE,
    TARGET_COOKIE,
    Seal,
    requested,
    set_cookies,
)

_SEAL = Seal()


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 2**33))
def test_a_cookie_names_what_it_was_made_for_until_it_expires(value: str, expires: int) -> None:
    cookie = _SEAL.sealed(GROUP_COOKIE, value, expires)
    assert _SEAL.opened(GROUP_COOKIE, cookie, expires - 1) == value
    assert _SEAL.opened(GROUP_COOKIE, cookie, expires) is None


def test_a_cookie_is_good_for_its_kind_and_its_load_balancer_only() -> None:
    cookie = _SEAL.sealed(GROUP_COOKIE, "10.0.0.1:80", 100)
    assert "10.0.0.1" not in cookie
    assert _SEAL.opened(TARGET_COOKIE, cookie, 0) is None
    assert Seal().opened(GROUP_COOKIE, cookie, 0) is None


@given(st.text() | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_a_made_up_cookie_names_nothing(value: str) -> None:
    assert _SEAL.opened(TARGET_COOKIE, value, 0) is None


def test_the_cookies_of_a_request_survive_a_broken_one() -> None:
    assert requested({"cookie": "a=1; b@d=; AWSALB=x+/=; =;"})["AWSALB"] == "x+/="
    assert requested({}) == {}


def test_the_second_cookie_is_for_requests_from_other_sites() -> None:
    plain, other = set_cookies(TARGET_COOKIE, "abc=", 0)
    assert plain == "AWSALB=abc=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"
    assert SimpleCookie(other)["AWSALBCORS"]["samesite"] == "None"
    assert len(set_cookies(APPLICATION_COOKIE, "abc=", 0)) == 1
