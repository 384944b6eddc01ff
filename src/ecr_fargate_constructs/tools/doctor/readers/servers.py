"""Find out where a web server listens, from its command line, variables and settings.

Only certain results count. If the address is in a variable, the settings file is not in the build context, or an entry
point sets options, there is no finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.command_lines import option_values
from ecr_fargate_constructs.tools.doctor.readers.gunicorn import NAMES as GUNICORN
from ecr_fargate_constructs.tools.doctor.readers.gunicorn import Gunicorn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ecr_fargate_constructs.tools.doctor.readers.programs import Program

_LOOPBACK = re.compile(r"(?:\w+://)?(?:127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)(?::\d*)?/?", re.IGNORECASE)
_ADDRESS_OPTIONS = ("host", "bind", "listen", "address", "addr", "hostname", "http", "server.address")
_ANY_PROGRAM = tuple(dashes + name for name in _ADDRESS_OPTIONS for dashes in ("--", "-"))
"""Options for an address in nearly every program that has them, unlike options of one letter."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A web server that listens on the loopback unless it is given an address.

    Attributes:
        name: Its name in findings.
        programs: The names of its executable.
        commands: Subcommands that start the server; empty if it has none.
        alone: Whether it also serves without any of ``commands``.
        options: Its options for an address.
        elsewhere: Other options that decide where it listens, such as a socket or a settings file.
        variables: Environment variables for an address.
        modes: Environment variables that set the mode; outside of development it listens on every address.
        settings: Beginnings of the names of settings files that may contain an address.
        setting: The name of the address in them.
    """

    name: str
    programs: tuple[str, ...]
    commands: tuple[str, ...] = ()
    alone: bool = False
    options: tuple[str, ...] = ("--host",)
    elsewhere: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    settings: str = ""
    setting: str = "host"


SERVERS = (
    Server(  # https://uvicorn.dev/settings/
        name="uvicorn", programs=("uvicorn",), elsewhere=("--uds", "--fd"), variables=("UVICORN_HOST",)
    ),
    Server(  # https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html
        name="hypercorn",
        programs=("hypercorn",),
        options=("-b", "--bind"),
        elsewhere=("-c", "--config", "--insecure-bind"),
    ),
    Server(  # https://docs.djangoproject.com/en/stable/howto/deployment/asgi/daphne/
        name="daphne",
        programs=("daphne",),
        options=("-b", "--bind"),
        elsewhere=("-e", "--endpoint", "-u", "--unix-socket", "--fd"),
    ),
    Server(  # https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/granian/
        name="granian", programs=("granian",), elsewhere=("--uds",), variables=("GRANIAN_HOST",)
    ),
    Server(  # https://flask.palletsprojects.com/en/stable/cli/
        name="flask run",
        programs=("flask",),
        commands=("run",),
        options=("-h", "--host"),
        variables=("FLASK_RUN_HOST",),
    ),
    Server(  # https://quart.palletsprojects.com/en/latest/tutorials/quickstart.html
        name="quart run",
        programs=("quart",),
        commands=("run",),
        options=("-h", "--host"),
        variables=("QUART_RUN_HOST",),
    ),
    Server(  # https://docs.litestar.dev/latest/reference/cli.html
        name="litestar run",
        programs=("litestar",),
        commands=("run",),
        options=("-H", "--host"),
        variables=("LITESTAR_HOST",),
    ),
    Server(  # https://fastapi.tiangolo.com/fastapi-cli/
        name="fastapi dev", programs=("fastapi",), commands=("dev",)
    ),
    Server(  # https://guides.rubyonrails.org/command_line.html#bin-rails-server
        name="rails server in development",
        programs=("rails",),
        commands=("server", "s"),
        options=("-b", "--binding"),
        variables=("BINDING",),
        modes=("RAILS_ENV", "RACK_ENV", "-e", "--environment"),
    ),
    Server(  # https://laravel.com/docs/artisan
        name="php artisan serve", programs=("artisan",), commands=("serve",), variables=("SERVER_HOST",)
    ),
    Server(  # https://vite.dev/config/server-options#server-host, https://vite.dev/config/preview-options#preview-host
        name="vite", programs=("vite",), commands=("dev", "serve", "preview"), alone=True, settings="vite.config."
    ),
    Server(  # https://docs.astro.build/en/reference/cli-reference/
        name="astro", programs=("astro",), commands=("dev", "preview"), settings="astro.config."
    ),
    Server(  # https://angular.dev/cli/serve
        name="ng serve", programs=("ng",), commands=("serve",), settings="angular.json"
    ),
    Server(  # https://webpack.js.org/configuration/dev-server/#devserverhost
        name="webpack serve", programs=("webpack", "webpack-cli"), commands=("serve",), settings="webpack."
    ),
    Server(  # https://gohugo.io/commands/hugo_server/
        name="hugo server", programs=("hugo",), commands=("server", "serve"), options=("--bind",)
    ),
    Server(  # https://www.mkdocs.org/user-guide/configuration/#dev_addr
        name="mkdocs serve",
        programs=("mkdocs",),
        commands=("serve",),
        options=("-a", "--dev-addr"),
        settings="mkdocs.",
        setting="dev_addr",
    ),
)
_OTHERS = {
    "puma": ("-b", "--bind"),
    "next": ("-H", "--hostname"),
    "uwsgi": ("--http", "--http-socket", "--https"),
    "waitress-serve": ("--host", "--listen"),
    "rackup": ("-o", "--host"),
    "dotnet": ("--urls",),
}
"""Servers that listen on every address by default, with their options for another one."""

_URLS = ("ASPNETCORE_URLS", "DOTNET_URLS")
_DJANGO = ("manage.py", "django-admin")


def listens_on_loopback(program: Program, dockerfile: str = "") -> str | None:
    """Return why a program can be reached only from inside its container; None if that is not certain.

    Args:
        program: The program.
        dockerfile: The text of the Dockerfile's instructions.
    """
    if program.proxied:
        return None
    if program.after(GUNICORN) is not None:
        return _gunicorn(program, Gunicorn(program, dockerfile))
    for special in (_runserver, _php):
        if (answer := special(program)) is not None:
            return answer or None
    for server in SERVERS:
        if _starts(program, server):
            return _by_default(program, server)
    return _as_told(program)


def is_loopback(addresses: Iterable[str]) -> bool:
    """Return whether there are addresses, and all of them are loopback addresses."""
    listed = [part for address in addresses for part in address.split(";")]
    return bool(listed) and all(_LOOPBACK.fullmatch(address) for address in listed)


def _starts(program: Program, server: Server) -> bool:
    after = program.after(server.programs)
    if after is None:
        return False
    operands = [word for word in after if not word.startswith("-")]
    return not server.commands or any(word in server.commands for word in operands) or (server.alone and not operands)


def _by_default(program: Program, server: Server) -> str | None:
    after = program.after(server.programs) or ()
    given = option_values(after, server.options)
    if given:
        return _listens(server.name, given) if is_loopback(given) else None
    if option_values(after, server.elsewhere):
        return None
    named = [program.environment[name] for name in server.variables if name in program.environment]
    if named:
        return _listens(server.name, named) if is_loopback(named) else None
    if any(_in_another_mode(program, name) for name in server.modes) or _is_set(program, server):
        return None
    return f"{server.name} listens on 127.0.0.1 unless it is given an address"


def _in_another_mode(program: Program, name: str) -> bool:
    values = program.values(name) if name.startswith("-") else [program.environment.get(name, "development")]
    return any(value != "development" for value in values)


def _is_set(program: Program, server: Server) -> bool:
    """Return whether a settings file or an entry point may set the address."""
    words = (*server.options, *server.variables, "0.0.0.0")  # noqa: S104 - looked for
    if any(word in program.scripts for word in words):
        return True
    if not server.settings:
        return False
    context = program.context
    if context is None:
        return True
    texts = (context.text(file) for file in context.beginning(server.settings))
    return any(re.search(rf"\b{server.setting}\b", text) for text in texts)


def _gunicorn(program: Program, gunicorn: Gunicorn) -> str | None:
    if gunicorn.addresses:
        return _listens("gunicorn", gunicorn.addresses) if is_loopback(gunicorn.addresses) else None
    if gunicorn.files is None:
        return None
    bound = gunicorn.setting("bind")
    if bound:
        return _listens("gunicorn", sorted(bound)) if is_loopback(bound) else None
    if "PORT" in program.environment or re.search(r"GUNICORN_CMD_ARGS|\bPORT=|--bind|-b ", program.scripts):
        return None
    return "gunicorn listens on 127.0.0.1 unless it is given an address"


def _runserver(program: Program) -> str | None:
    """Return the finding about Django's development server; "" if it listens elsewhere, None if it is not started."""
    after = program.after(_DJANGO)
    if after is None or "runserver" not in after:
        return None
    operands = [word for word in after[after.index("runserver") + 1 :] if not word.startswith("-")]
    address = next((word for word in operands if ":" in word or "$" in word or word.isdigit()), None)
    if address is None or address.isdigit():
        return "manage.py runserver listens on 127.0.0.1 unless it is given an address"
    return _listens("manage.py runserver", [address]) if is_loopback([address]) else ""


def _php(program: Program) -> str | None:
    after = program.after(("php",))
    addresses = [] if after is None else option_values(after, ("-S",))
    if not addresses:
        return None
    return _listens("php -S", addresses) if is_loopback(addresses) else ""


def _as_told(program: Program) -> str | None:
    """Return the finding from the address options of another program, which listens on every address by default."""
    name = next((name for name in program.names if name in _OTHERS), None)
    options = _ANY_PROGRAM if name is None else _OTHERS[name]
    given = [value for value in program.values(*options) if value]
    if not given and name in {None, "dotnet"}:
        given = [program.environment[variable] for variable in _URLS if variable in program.environment]
    return _listens(name or "it", given) if is_loopback(given) else None


def _listens(name: str, addresses: Iterable[str]) -> str:
    return f"{name} listens on {', '.join(addresses)}"
