"""Where a web server listens, by its command line, its variables and its settings. Pure but for the build context.

Only what is certain counts: an address that a variable holds, a settings file that is not in the build context or an
entry point that sets options leave the question open.
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
"""Options that say where to listen in nearly every program that has them; one letter may mean anything."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A web server that listens on the loopback unless it is given an address.

    Attributes:
        name: Its name, for people.
        programs: The names of its program.
        commands: Words one of which has to follow; empty when the program alone serves.
        alone: Whether it serves without any of ``commands`` too.
        options: Its options for an address.
        elsewhere: Options that say in another way where it listens, such as a socket or a settings file.
        variables: Environment variables for an address.
        modes: Environment variables that say whether it is in development; elsewhere it listens on every address.
        settings: How the names of settings files begin that may hold an address.
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
"""Servers that listen on every address by themselves, with their options for another one."""

_URLS = ("ASPNETCORE_URLS", "DOTNET_URLS")
_DJANGO = ("manage.py", "django-admin")


def listens_on_loopback(program: Program, dockerfile: str = "") -> str | None:
    """Return why a program is reached from inside its container only; None when nothing says so for certain.

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
    """Return whether there are addresses, and all of them are the loopback's."""
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
    """Return whether a settings file or an entry point may say where a server listens."""
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
    """Return what Django's development server does; "" when it listens elsewhere, None when it is not started."""
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
    """Return what the address options of a program say that listens on every address by itself, or is not known."""
    name = next((name for name in program.names if name in _OTHERS), None)
    options = _ANY_PROGRAM if name is None else _OTHERS[name]
    given = [value for value in program.values(*options) if value]
    if not given and name in {None, "dotnet"}:
        given = [program.environment[variable] for variable in _URLS if variable in program.environment]
    return _listens(name or "it", given) if is_loopback(given) else None


def _listens(name: str, addresses: Iterable[str]) -> str:
    return f"{name} listens on {', '.join(addresses)}"
