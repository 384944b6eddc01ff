"""Nothing is lost without a word: a key is in the program, or it is listed."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.migrate import (
    compose_container,
    compose_deploy,
    compose_network,
    copilot,
    copilot_container,
    copilot_ingress,
)
from ecr_fargate_constructs.tools.migrate.program_of import Migration, Source, migrate
from tests.tools.migrate.cases import CASES, FIXTURES, Case, source

pytestmark = pytest.mark.integration

if TYPE_CHECKING:
    from types import ModuleType

WITHOUT_MERGES = [case for case in CASES if case.name != "compose_anchors"]
Path = tuple[Any, ...]

INERT = {
    "count": "environments.test has another",
    "cpu": "environments.production has another",
    "memory": "environments.production has another",
    "services.web.restart": "ECS starts a task again when it ends; 'no' and 'on-failure' are listed",
    "services.migrate.restart": "a container that ends before the application starts again with its task",
    "services.seed.data.restart": "as above",
    "services.disabled.healthcheck.disable": "ECS ignores the image's own HEALTHCHECK",
}
"""Values that may change with no effect, and why."""


def documents(case: Case) -> dict[str, Any]:
    """The files as plain values, every scalar a text, so that 'on' stays a word."""
    return {file: deepcopy(loaded(file)) for file in case.files}


@cache
def loaded(file: str) -> object:
    """A file, read once."""
    return yaml.load((FIXTURES / file).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - texts only


def run(case: Case, values: dict[str, Any]) -> Migration:
    """Migrate what the values say."""
    sources = [
        source(file, yaml.safe_dump(value, sort_keys=False, allow_unicode=True)) for file, value in values.items()
    ]
    return migrate(sources, variables=case.variables, environment=case.environment)


def mappings(value: object, path: Path = ()) -> list[Path]:
    """Where mappings are."""
    if isinstance(value, dict):
        return [path, *(each for key, inner in value.items() for each in mappings(inner, (*path, key)))]
    if isinstance(value, list):
        return [each for position, inner in enumerate(value) for each in mappings(inner, (*path, position))]
    return []


def leaves(value: object, path: Path = ()) -> list[Path]:
    """Where scalars are."""
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [each for position, inner in enumerate(value) for each in leaves(inner, (*path, position))]
    return [path]


def at(value: Any, path: Path) -> Any:  # noqa: ANN401 - values of YAML
    """What stands at a path."""
    for part in path:
        value = value[part]
    return value


def listed(migration: Migration, file: str, path: Path) -> bool:
    """Whether a finding stands at the path, above or below."""
    paths = [finding.path for finding in migration.findings[file]]
    return any(each == path[: len(each)] or each[: len(path)] == path for each in paths)


PLACES = [
    (case, file, path) for case in WITHOUT_MERGES for file, value in documents(case).items() for path in mappings(value)
]
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab{}\"'\n$ :/", max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(place=st.sampled_from(PLACES), key=st.text("klmnop", min_size=4, max_size=9).map("zz_".__add__), value=VALUES)
def test_a_key_that_nobody_knows_is_listed_wherever_it_stands(
    place: tuple[Case, str, Path], key: str, value: object
) -> None:
    case, file, path = place
    values = documents(case)
    at(values[file], path)[key] = value
    try:
        migration = run(case, values)
    except ToolError:
        return  # there is no program at all: the line and the cause are told
    compile(migration.program, "app.py", "exec")
    assert listed(migration, file, (*path, key)) or key in migration.program


@given(value=st.dictionaries(st.sampled_from(["services", "name", "type", "image", "http", "zz"]), VALUES, max_size=4))
def test_whatever_a_file_says_there_is_a_program_or_one_error(value: dict[str, object]) -> None:
    text = yaml.safe_dump(value)
    try:
        outcome = migrate([Source(name="x.yml", text=text, directory="shop")]).program
    except ToolError as error:
        outcome = f"# {error}"  # one line
    compile(outcome, "app.py", "exec")


def changed(value: str) -> str:
    """Another value of the same kind."""
    if value in {"true", "false"}:
        return "false" if value == "true" else "true"
    return str(int(value) + 1) if value.isascii() and value.isdigit() else f"{value}x"


def forgotten(case: Case) -> set[str]:
    """The scalars of a case that are neither in the program nor in the list.

    A scalar is in the program if another value makes another program, or another list. That it is empty says nothing.
    """
    values = documents(case)
    before = run(case, values)
    lost = set()
    for file in case.files:
        for path in leaves(values[file]):
            if at(values[file], path) in {"", "null", "~"} or listed(before, file, path):
                continue
            other = documents(case)
            at(other[file], path[:-1])[path[-1]] = changed(at(values[file], path))
            try:
                after = run(case, other)
            except ToolError:
                continue  # a value that is refused is read
            if (after.program, texts(after)) == (before.program, texts(before)):
                lost.add(".".join(map(str, path)))
    return lost


@pytest.mark.parametrize("case", WITHOUT_MERGES, ids=lambda case: case.name)
def test_every_value_is_in_the_program_or_in_the_list(case: Case) -> None:
    assert forgotten(case) <= set(INERT)


def test_no_exception_is_out_of_date() -> None:
    names = {path.split(".")[1] for path in INERT if path.startswith("services.")}
    cases = [case for case in WITHOUT_MERGES if case.environment or names & set(services_of(case))]
    assert set(INERT) <= set().union(*map(forgotten, cases))


def services_of(case: Case) -> list[str]:
    """The services of a compose file."""
    return [name for value in documents(case).values() for name in value.get("services", ())]


@pytest.mark.parametrize(
    ("name", "reader", "lost"),
    [
        ("compose_hardened", (compose_container, "_labels"), {"services.proxy.labels.com.example.team"}),
        ("compose_shop", (compose_container, "_environment"), {"services.web.environment.LOG_LEVEL"}),
        ("compose_shop", (compose_deploy, "_count"), {"services.api.deploy.replicas"}),
        ("compose_expose", (compose_network, "_exposed"), {"services.api.expose.0"}),
        ("copilot_basic", (copilot_container, "_variables"), {"variables.LOG_LEVEL", "variables.WORKERS"}),
        ("copilot_shop", (copilot_ingress, "_path"), {"http.path"}),
        ("copilot_job", (copilot, "_schedule"), {"on.schedule"}),
    ],
)
def test_a_value_that_is_read_and_dropped_is_found(
    name: str, reader: tuple[ModuleType, str], lost: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, function = reader
    read = getattr(module, function)
    nothing: object = {"_count": None, "_exposed": None, "_path": (), "_schedule": None}.get(function, {})

    def drop(*arguments: object, **keywords: object) -> object:
        read(*arguments, **keywords)  # it leaves its marks
        return nothing

    monkeypatch.setattr(module, function, drop)
    case = next(case for case in CASES if case.name == name)
    assert lost <= forgotten(case)


def test_values_behind_aliases_are_in_the_program_or_in_the_list_too() -> None:
    """Text by text: a document with merges cannot be written out again as it was."""
    name = "compose_anchors.yml"
    text = (FIXTURES / name).read_text(encoding="utf-8")
    before = migrate([source(name, text)])
    lines = {finding.line for finding in before.findings[name]}
    lost = []
    for number, line in enumerate(text.splitlines(), start=1):
        key, colon, value = line.partition(": ")
        if not colon or value[0] in "&*[" or number in lines:
            continue
        other = text.replace(line, f"{key}: {changed(value)}")
        after = migrate([source(name, other)])
        if (after.program, texts(after)) == (before.program, texts(before)):
            lost.append(line.strip())
    # The options stand below a key that is listed, at the line of the anchor; the last two are of a service left out.
    assert lost == ["restart: always", "driver: json-file", "max-size: 10m", "LOG_FORMAT: text"]


def texts(migration: Migration) -> list[str]:
    """The findings as texts."""
    return [f"{each.place} {each.reason}" for findings in migration.findings.values() for each in findings]


def test_the_lines_are_those_of_the_file() -> None:
    for case in CASES:
        for file, findings in case.migrate().findings.items():
            lines = (FIXTURES / file).read_text(encoding="utf-8").splitlines()
            for finding in findings:
                last = finding.path[-1]
                if isinstance(last, str) and "anchors" not in case.name:
                    assert last in lines[finding.line - 1], finding


def test_another_environment_is_listed_and_the_chosen_one_is_not() -> None:
    case = next(case for case in CASES if case.name == "copilot_large")
    assert {each.place for each in case.migrate().findings["copilot_large.yml"] if each.path[0] == "environments"} == {
        "environments.test",
        "environments.production",
    }
    migration = replace(case, environment="test").migrate()
    places = {each.place for each in migration.findings["copilot_large.yml"] if each.path[0] == "environments"}
    assert places == {"environments.production"}
    assert '"LOG_LEVEL": "debug"' in migration.program
