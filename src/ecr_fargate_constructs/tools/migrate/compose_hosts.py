"""Hosts that a compose file names: in variables, in commands and in files of variables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of, texts_of
from ecr_fargate_constructs.tools.migrate.images import pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ecr_fargate_constructs.tools.migrate.document import Node

_HOST = r"(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)"
_END = r"(?=[/?#,;\s\"'\])}|]|$)"
_URL = re.compile(rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?//(?:[^/\s@]*@)?{_HOST}(?::(?P<port>\d{{1,5}}))?{_END}")
_HOST_AND_PORT = re.compile(rf"(?:^|[\s,;=@(\"'\[|]){_HOST}:(?P<port>\d{{2,5}}){_END}")
_HOST_VARIABLE = re.compile(
    r"(?:^|_|(?<=[a-z]))(?:hosts?|hostname|servers?|addr|address|urls?|uri|upstream|endpoint|broker|peers?|nodes?)$",
    re.IGNORECASE,
)
_SCHEMES = {
    "amqp": 5672, "amqps": 5671, "http": 80, "https": 443, "ldap": 389, "memcached": 11211, "mongodb": 27017,
    "mqtt": 1883, "mysql": 3306, "nats": 4222, "postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379,
    "smtp": 25, "ws": 80, "wss": 443,
}  # fmt: skip
"""Default ports of addresses."""

_MOST_PORT = 65_535
_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=(?P<value>.*)")


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A host that a service names.

    Attributes:
        caller: The service.
        name: The host's name, as written.
        port: Its port, if the text or the scheme of the address has one.
        node: The value that contains it.
        option: The variable or option that contains it, for a finding.
    """

    caller: str
    name: str
    port: int | None
    node: Node
    option: str


def mentions(section: Fields, caller: str, read: Callable[[str], str | None]) -> Iterator[Mention]:
    """Find the hosts that a service names.

    Args:
        section: The service.
        caller: Its name.
        read: Reads a file by its path from the folder of the compose file; returns None if it cannot.
    """
    for variable, node, value in pairs(section, "environment"):
        yield from _in_variable(variable, value or "", caller, node)
    for option in ("command", "entrypoint"):
        command = section.node(option)
        for item in (command.items or [command]) if command is not None else ():
            for host, port in hosts_in(text_of(item) or ""):
                yield Mention(caller=caller, name=host, port=port, node=item, option=option)
    for item, path in environment_files(section):
        for variable, value in lines_of(read(path) or ""):
            yield from _in_variable(variable, value, caller, item)


def _in_variable(variable: str, value: str, caller: str, node: Node) -> Iterator[Mention]:
    for host, port in hosts_in(value):
        yield Mention(caller=caller, name=host, port=port, node=node, option=variable)
    if _HOST_VARIABLE.search(variable):
        for host in re.split(r"[,;\s]+", value):
            yield Mention(caller=caller, name=host, port=None, node=node, option=variable)


def hosts_in(text: str) -> list[tuple[str, int | None]]:
    """Return the hosts in a text, each with its port; a single word does not count as a host."""
    hosts: list[tuple[str, int | None]] = []
    for match in _URL.finditer(text):
        port = int(match["port"]) if match["port"] else _SCHEMES.get((match["scheme"] or "").lower().partition("+")[0])
        hosts.append((match["host"], port))
    hosts += [(match["host"], int(match["port"])) for match in _HOST_AND_PORT.finditer(text)]
    return [(host, port if port is not None and 0 < port <= _MOST_PORT else None) for host, port in hosts]


def environment_files(section: Fields) -> list[tuple[Node, str]]:
    """Return the files of variables that a service has, without marking them."""
    node = section.mapping.entries.get("env_file")
    files: list[tuple[Node, str]] = []
    for item in (node.items or [node]) if node is not None else ():
        path = item.entries.get("path", item)
        files.append((item, text_of(path) or ""))
    return files


def lines_of(text: str) -> list[tuple[str, str]]:
    """Return the names and values of a file of variables; comments are left out."""
    return [
        (match["name"], match["value"].strip().strip("\"'"))
        for line in text.splitlines()
        if not line.lstrip().startswith("#") and (match := _LINE.fullmatch(line)) is not None
    ]


def names_of(sections: Mapping[str, Fields]) -> dict[str, str]:
    """Return the services by their names in the network; their own names come first."""
    names: dict[str, str] = {}
    for name, section in sections.items():
        for alias in (*_aliases(section), *_single(section, "container_name"), *_single(section, "hostname")):
            names.setdefault(alias, name)
    return {**names, **{name: name for name in sections}}


def _single(section: Fields, option: str) -> list[str]:
    node = section.mapping.entries.get(option)
    text = text_of(node) if node is not None else None
    return [text] if text else []


def _aliases(section: Fields) -> list[str]:
    networks = section.mapping.entries.get("networks")
    nodes = [each.entries.get("aliases") for each in (networks.entries.values() if networks is not None else ())]
    return [alias for node in nodes if node is not None for alias in texts_of(node) or ()]


def links_of(section: Fields) -> dict[str, str]:
    """Return the services that a service links to, by their aliases."""
    node = section.mapping.entries.get("links")
    texts = (texts_of(node) or ()) if node is not None else ()
    return {alias or name: name for name, _, alias in (text.partition(":") for text in texts)}
