"""Expressions of rule transforms: what is refused, and what Python makes of the rest."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs._rules.rewrites import NotSupportedError, compiled, rewritten, unknown_group


@pytest.mark.parametrize(
    ("regex", "what"),
    [
        # "Listener rules for your Application Load Balancer" lists what is not supported.
        ("a(?=b)", "lookaheads"),
        ("a(?!b)", "lookaheads"),
        ("(?<=a)b", "lookbehinds"),
        ("(?<!a)b", "lookbehinds"),
        (r"(a)\1", "backreferences"),
        (r"(?<n>a)\k<n>", "backreferences"),
        ("(?P<n>a)(?P=n)", "backreferences"),
        ("(?>a)", "atomic groups"),
        ("a++", "possessive quantifiers"),
        ("a{2}+", "possessive quantifiers"),
        ("(?1)", "subroutines"),
        ("(?&n)", "subroutines"),
        ("(?R)", "recursion"),
        (r"\p{L}", "Unicode character classes"),
        (r"[\P{L}]", "Unicode character classes"),
        ("a b", "white space"),
        ("a{x", "begins no quantifier"),
        ("a\\", "ends in a backslash"),
        ("(a", "is not a regular expression"),
        ("a)", "is not a regular expression"),
        ("*a", "is not a regular expression"),
        ("[b-a]", "is not a regular expression"),
        ("[a", "without its ']'"),
    ],
)
def test_what_elastic_load_balancing_refuses_is_named(regex: str, what: str) -> None:
    with pytest.raises(NotSupportedError) as refused:
        compiled(regex)
    assert what in str(refused.value)


@pytest.mark.parametrize(
    ("regex", "text"),
    [
        ("^/api/(.*)$", "/api/x"),
        ("(?i)^/API", "/api"),
        ("^(?:a|b)$", "b"),
        (r"^(?<year>\d{4})\z", "2026"),
        ("^[[:alpha:][:digit:]_]+$", "aB3_"),
        ("^[]a]+$", "]a"),
        ("^[^]a]$", "b"),
        (r"^\x{41}\x42$", "AB"),
        (r"^a\++$", "a++"),
        ("^[a&&b|]+$", "a&b|"),
        ("^a{2,}?b$", "aaab"),
        ("^(a+)+$", "aaa"),
    ],
)
def test_what_is_supported_matches_what_it_means(regex: str, text: str) -> None:
    pattern = compiled(regex)
    assert pattern is not None
    assert pattern.search(text)


@pytest.mark.parametrize("regex", ["a**", "a(?i)b", "(?U)a+", r"\Qa\E"])
def test_what_only_python_has_no_words_for_is_not_refused(regex: str) -> None:
    assert compiled(regex) is None
    assert unknown_group(regex, "$1") is None
    assert rewritten(regex, "b", "a") is None


def test_groups_that_are_not_there_are_found() -> None:
    assert unknown_group("^/(a)(b)?$", "/$1$2") is None
    assert unknown_group("^/(a)$", "/$1/$2") == "$2"
    assert unknown_group("^/a$", "/price$") is None
    assert rewritten("^/(a)(b)?$", "/$1-$2", "/a") == "/a-"
