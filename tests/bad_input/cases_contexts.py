"""Build contexts."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from ecr_fargate_constructs import ImageBuild, PrivateRepository
from tests.bad_input import bare, here
from tests.bad_input.case import Case, Expected, Passes, Place, Refused, Warned
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FAMILY = "Build contexts"
LARGE, MANY = 101, 5_010  # just above what is warned of: CDK copies and hashes them all
UNSTAGED = {"aws:cdk:disable-asset-staging": True}  # CDK would copy all of it, for seconds
SECRET = Warned("sensitiveFilesInBuildContext")


def _context(
    what: str,
    expected: Expected,
    spoil: Callable[[Path], object] = lambda _: None,
    *,
    directory: Callable[[Path], object] = lambda app: app,
    ours: dict[str, Any] | None = None,
    theirs: dict[str, Any] | None = None,
    settings: Mapping[str, object] = MappingProxyType({}),
) -> Case:
    """A directory with one fault, handed to both, in an app with those settings."""

    def given(place: Place) -> PrivateRepository:
        for key, value in settings.items():
            place.app.node.set_context(key, value)
        spoil(place.context)
        return PrivateRepository(place.stack, "Repo")

    return Case(
        FAMILY,
        what,
        lambda p: here.image(p, directory(p.context), build=ImageBuild(**(ours or {}))),  # type: ignore[arg-type]
        lambda p: bare.asset(p, directory(p.context), **(theirs or {})),  # type: ignore[arg-type]
        expected,
        given=given,
    )


def _write(name: str, text: str = "x\n") -> Callable[[Path], object]:
    def write(app: Path) -> None:
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text, encoding="utf-8")

    return write


def _link(name: str, to: str) -> Callable[[Path], object]:
    return lambda app: (app / name).symlink_to(to)


def _both(*steps: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda app: [step(app) for step in steps]


def _socket(app: Path) -> None:
    here_, listener = os.getcwd(), socket.socket(socket.AF_UNIX)  # noqa: PTH109 - the path of a socket has to be short
    os.chdir(app)
    try:
        listener.bind("s.sock")
    finally:
        os.chdir(here_)
        listener.close()


def _large(app: Path) -> None:
    with (app / "model.bin").open("wb") as file:
        file.truncate(LARGE * 2**20)  # sparse


@cache
def _made() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


@cache
def _many() -> Path:
    """A context of too many files: made once, and of one file under many names, which file systems are quicker with."""
    app = make_app(Path(_made().name) / "app")
    for first in range(0, MANY, 100):
        folder = app / "node_modules" / f"package{first}"
        folder.mkdir(parents=True)
        for number in range(first, min(first + 100, MANY)):
            os.link(app / "server.txt", folder / f"{number}.js")
    return app


def _look_at_all(_: Path) -> None:
    (_many() / ".dockerignore").unlink(missing_ok=True)


def _look_past_modules(_: Path) -> None:
    (_many() / ".dockerignore").write_text("node_modules\n", encoding="utf-8")


def _no_dockerfile(app: Path) -> None:
    (app / "Dockerfile").unlink()


def _dockerfile_directory(app: Path) -> None:
    _no_dockerfile(app)
    (app / "Dockerfile").mkdir()


def _empty(app: Path) -> None:
    _no_dockerfile(app)
    (app / "server.txt").unlink()


def _output(place: Place) -> PrivateRepository:
    """A repository, and a Dockerfile in the folder that the app is synthesized to."""
    place._app = cdk.App(outdir=str(make_app(place.folder / "cdk.out")))
    return PrivateRepository(place.stack, "Repo")


CASES = [
    _context(
        "A directory that does not exist",
        Refused("does not exist", "name the directory that holds the Dockerfile"),
        directory=lambda app: app / "nowhere",
    ),
    _context("An empty directory", Refused("ImageBuild.dockerfile='Dockerfile' does not exist", "add it"), _empty),
    _context("A file", Refused("is a file", "ImageBuild(dockerfile=…)"), directory=lambda app: app / "server.txt"),
    _context(
        "`directory=''`, which means the working directory", Refused("directory=''", "name"), directory=lambda _: ""
    ),
    _context(
        "A CDK token as directory",
        Refused("does not exist", "name the directory"),
        directory=lambda _: cdk.Fn.ref("Later"),
    ),
    _context("No Dockerfile", Refused("ImageBuild.dockerfile='Dockerfile' does not exist", "add it"), _no_dockerfile),
    _context("An empty Dockerfile", Refused("is empty", "at least a FROM line"), _write("Dockerfile", "")),
    _context("A Dockerfile of blank lines", Refused("is empty", "at least a FROM line"), _write("Dockerfile", "\n \n")),
    _context(
        "A Dockerfile of comments", Refused("has no FROM line", "add one"), _write("Dockerfile", "# FROM scratch\n")
    ),
    _context(
        "A Dockerfile whose only FROM is in a heredoc",
        Refused("has no FROM line", "add one"),
        _write("Dockerfile", "RUN <<EOF\nFROM scratch\nEOF\n"),
    ),
    _context(
        "A Dockerfile with `RUN` before the first FROM",
        Refused("has RUN in line 1, before the first FROM", "begin with FROM"),
        _write("Dockerfile", "RUN true\nFROM scratch\n"),
    ),
    _context(
        "A Dockerfile with `COPPY`",
        Refused("has 'COPPY' in line 2", "did you mean COPY?"),
        _write("Dockerfile", "FROM scratch\nCOPPY server.txt /\n"),
    ),
    _context(
        "A Dockerfile with a conflict of git",
        Refused("has '<<<<<<<' in line 2", "remove it"),
        _write("Dockerfile", "FROM scratch\n<<<<<<< HEAD\nCOPY a /\n=======\nCOPY b /\n>>>>>>> other\n"),
    ),
    _context(
        "A Dockerfile `FROM ${BASE}` without a value for `BASE`",
        Refused("has FROM ${BASE} in line 2, and no value is given for BASE", "args={'BASE': …}"),
        _write("Dockerfile", "ARG BASE\nFROM ${BASE}\n"),
    ),
    _context(
        "A Dockerfile that is a directory", Refused("is not a file", "name the Dockerfile"), _dockerfile_directory
    ),
    _context(
        "A Dockerfile outside: `../Dockerfile`",
        Refused("ImageBuild.dockerfile='../Dockerfile' is outside", "a path inside it"),
        lambda app: make_app(app.parent),
        ours={"dockerfile": "../Dockerfile"},
        theirs={"file": "../Dockerfile"},
    ),
    _context(
        "A Dockerfile by absolute path: `/etc/hosts`",
        Refused("ImageBuild.dockerfile='/etc/hosts' is outside", "a path inside it"),
        ours={"dockerfile": "/etc/hosts"},
        theirs={"file": "/etc/hosts"},
    ),
    _context(
        "A Dockerfile with a byte-order mark",
        Passes("builders skip it"),
        _write("Dockerfile", "\ufeffFROM scratch\n"),
    ),
    _context(
        "`dockerfile=''`",
        Refused("ImageBuild.dockerfile=''", "is not a file"),
        ours={"dockerfile": ""},
        theirs={"file": ""},
    ),
    _context(
        "A Dockerfile that `.dockerignore` excludes",
        Passes("the build gets its Dockerfile all the same"),
        _write(".dockerignore", "Dockerfile\n"),
    ),
    _context(
        "`.dockerignore` that excludes everything",
        Passes("the Dockerfile may take all from elsewhere"),
        _write(".dockerignore", "*\n"),
    ),
    _context(
        "`.dockerignore` in Latin-1",
        Passes("its other patterns are read"),
        lambda app: (app / ".dockerignore").write_bytes("größe\n".encode("latin-1")),
    ),
    _context(
        "`.dockerignore` with a parenthesis that is not closed",
        Refused("CDK cannot read a pattern", "put a backslash before"),
        _both(_write(".dockerignore", "old (1\n"), _write("src/main.py")),
    ),
    Case(
        FAMILY,
        "A Dockerfile in the app's output folder",
        lambda p: here.image(p, p.folder, build=ImageBuild(dockerfile="cdk.out/Dockerfile")),
        None,  # CDK copies the folder into itself, until the path is too long
        Refused("the folder that the app is synthesized to", "put the Dockerfile elsewhere"),
        given=_output,
    ),
    Case(
        FAMILY,
        "The app's output folder",
        lambda p: here.image(p, p.folder / "cdk.out"),
        None,  # as above
        Refused("the app is synthesized into the build context", "name another folder"),
        given=_output,
    ),
    _context(
        "A stage that the Dockerfile does not have",
        Refused("ImageBuild.target='slim' is not a stage", "'builder'"),
        _write("Dockerfile", "FROM scratch AS builder\n"),
        ours={"target": "slim"},
        theirs={"target": "slim"},
    ),
    _context(
        "A link to an absolute path outside", Refused("is a symbolic link to", "exclude"), _link("hosts", "/etc/hosts")
    ),
    _context(
        "A link to the directory above",
        Refused("up in the build context is a symbolic link to", "exclude"),
        _link("up", ".."),
    ),
    _context(
        "A link to itself",
        Refused("loop in the build context is a symbolic link to itself", "delete"),
        _link("loop", "loop"),
    ),
    _context(
        "Two links to each other",
        Refused("is a symbolic link to itself", "exclude"),
        _both(_link("one", "two"), _link("two", "one")),
    ),
    _context("A link to the context itself", Passes("links travel as links"), _link("here", ".")),
    _context("A link inside to nothing", Passes("links travel as links"), _link("later", "built")),
    _context(
        "A link outside that `.dockerignore` excludes",
        Passes("it does not travel"),
        _both(_link("hosts", "/etc/hosts"), _write(".dockerignore", "hosts\n")),
    ),
    _context(f"A file of {LARGE} MiB", Warned("largeBuildContext"), _large, settings=UNSTAGED),
    _context(
        f"A file of {LARGE} MiB that `.dockerignore` excludes",
        Passes("it does not travel"),
        _both(_large, _write(".dockerignore", "*.bin\n")),
    ),
    _context(
        f"{MANY:,} files in `node_modules`",
        Warned("largeBuildContext"),
        _look_at_all,
        directory=lambda _: _many(),
        settings=UNSTAGED,
    ),
    _context(
        f"{MANY:,} files in `node_modules` that `.dockerignore` excludes",
        Passes("they do not travel, and are not looked at"),
        _look_past_modules,
        directory=lambda _: _many(),
    ),
    _context("`.env`", SECRET, _write(".env", "PASSWORD=x\n")),
    _context("`.git`", SECRET, _write(".git/config")),
    _context("`deploy/id_rsa`", SECRET, _write("deploy/id_rsa")),
    _context("`server.pem`", SECRET, _write("server.pem")),
    _context("`.npmrc`", SECRET, _write(".npmrc")),
    _context("`.aws/credentials`", SECRET, _write(".aws/credentials")),
    _context(
        "`.env` that `exclude` excludes",
        Passes("it does not travel"),
        _write(".env"),
        ours={"exclude": [".env"]},
        theirs={"exclude": [".env"]},
    ),
    _context("`.env.example`", Passes("an example holds no secret"), _write(".env.example")),
    _context("A socket", Refused("s.sock in the build context is a socket", "exclude it"), _socket),
    _context(
        "A named pipe",
        Refused("pipe in the build context is a named pipe", "exclude it"),
        lambda app: os.mkfifo(app / "pipe"),
    ),
    _context(
        "A file name that is not UTF-8",
        Refused("is a file whose name is not UTF-8", "rename it"),
        lambda app: open(os.fsencode(app) + b"/x\xff.txt", "w", encoding="utf-8").close(),  # noqa: PTH123 - bytes
    ),
    _context("A file name in Unicode", Passes("any text is a name"), _write("größe-大小.txt")),
    Case(
        FAMILY,
        "A directory name in Unicode, with spaces",
        lambda p: here.door(p, p.given),
        lambda p: bare.asset(p, p.given),
        Passes("any text is a name"),
        given=lambda p: make_app(p.folder / "mein größtes 大 app"),
    ),
]
