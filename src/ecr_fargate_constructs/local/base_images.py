"""Pull the base images of builds, or make stand-ins for images whose registry cannot be reached."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.dockerfile import Dockerfile
from ecr_fargate_constructs.local.commands import reason, run
from ecr_fargate_constructs.local.toolkit import cache_directory
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable, Mapping

    from ecr_fargate_constructs.tools.assembly.stacks import BuiltImage

_UNREACHABLE = re.compile(
    r"no such host|connection refused|i/o timeout|network is unreachable|no route to host|Temporary failure|"
    r"server misbehaving|TLS handshake timeout|context deadline exceeded|Client\.Timeout|reset by peer|"
    r'": (?:Forbidden|EOF)',
    re.IGNORECASE,
)
_PULL_SECONDS = 600
_LABEL = "ecr-fargate.stand-in"
_NAME = "localhost/ecr-fargate-stand-in"
_IMAGE = "docker-image://"


@dataclass(frozen=True)
class _StandIn:
    """A Debian file system that replaces an official image.

    Attributes:
        images: Names of the images that it can replace.
        packages: Debian packages, in addition to the essential ones.
        commands: Shell commands that run in the new root file system (``$1``).
        command: Default command of the image.
    """

    images: re.Pattern[str]
    packages: tuple[str, ...]
    commands: tuple[str, ...]
    command: tuple[str, ...]

    @property
    def key(self) -> str:
        """Name of its file in the cache, and value of its label: another one as soon as it is made differently."""
        made = hashlib.sha256(repr((self.packages, self.commands, self.command)).encode()).hexdigest()
        return f"debian-{'-'.join(self.packages)}-{made[:12]}"


_NGINX_SITE = (
    "server { listen 80; listen [::]:80; server_name localhost; "
    "location / { root /usr/share/nginx/html; index index.html index.htm; } "
    "error_page 500 502 503 504 /50x.html; location = /50x.html { root /usr/share/nginx/html; } }"
)
"""The official image's conf.d/default.conf, in one line (github.com/nginx/docker-nginx)."""

_STAND_INS = (
    _StandIn(
        re.compile(r"(?:.*/)?python:3[\w.]*-slim[\w-]*"),
        ("python3-minimal", "libpython3-stdlib"),
        ("ln -s python3 $1/usr/bin/python",),
        ("python3",),
    ),
    _StandIn(
        re.compile(r"(?:.*/)?nginx(?::[\w.-]+)?"),
        ("nginx-light",),
        (
            "ln -sf /dev/stdout $1/var/log/nginx/access.log",
            "ln -sf /dev/stderr $1/var/log/nginx/error.log",
            # Debian serves /var/www/html, as the default server even beside a site that the Dockerfile copies.
            "rm $1/etc/nginx/sites-enabled/default",
            f"echo '{_NGINX_SITE}' > $1/etc/nginx/conf.d/default.conf",
            # Debian's nginx writes into /var/lib/nginx, the official one into /var/cache/nginx.
            "rm -r $1/var/lib/nginx",
            "mkdir -p $1/var/cache/nginx",
            "ln -s ../cache/nginx $1/var/lib/nginx",
            "echo 'nginx:x:101:101:nginx user:/nonexistent:/bin/false' >> $1/etc/passwd",
            "echo 'nginx:x:101:' >> $1/etc/group",
        ),
        ("nginx", "-g", "daemon off;"),
    ),
)


def images_of(image: BuiltImage) -> dict[str, str]:
    """Return the images that a build reads, by the names that its Dockerfile writes.

    A named build context replaces the image of its name: by another image, or by a directory.
    """
    text = image.dockerfile.read_text(encoding="utf-8", errors="replace")
    images = {**Dockerfile.parse(text, image.arguments, image.platform).images}
    for name in images.keys() & image.contexts.keys():
        if image.contexts[name].startswith(_IMAGE):
            images[name] = image.contexts[name].removeprefix(_IMAGE)
        else:
            del images[name]
    return images


def provide(
    engine: str, images: Iterable[str], environment: Mapping[str, str], say: Callable[[str], None]
) -> dict[str, str]:
    """Pull or replace every image, and return the stand-ins: their names in the engine, by the images' names."""
    made = {image: _Engine(engine, environment, say).stand_in(image) for image in dict.fromkeys(images)}
    return {image: name for image, name in made.items() if name is not None}


@dataclass(frozen=True)
class _Engine:
    name: str
    environment: Mapping[str, str]
    say: Callable[[str], None]

    def stand_in(self, image: str) -> str | None:
        """Pull or replace an image, and return the name of its stand-in in the engine; None if it has the image."""
        if self._label(image) == "":
            return None
        tagged, _, digest = image.partition("@")
        stand_in = next((candidate for candidate in _STAND_INS if candidate.images.fullmatch(tagged)), None)
        name = f"{_NAME}:{stand_in.key}" if digest and stand_in is not None else image  # no import has a given digest
        self.say(f"pulling {image}")
        pull = self._run("pull", image)
        if pull.returncode == 0:  # the real image replaces the stand-in as soon as it can be pulled
            return None
        if stand_in is not None and self._label(name) == stand_in.key:  # one of an earlier version is made anew
            return name
        why = reason(pull)
        if not _UNREACHABLE.search(pull.stderr):
            raise ToolError(f"the base image {image} cannot be pulled: {why}", fix="correct its name in the Dockerfile")
        if stand_in is None or os.geteuid() != 0 or not shutil.which("apt-get"):
            raise ToolError(
                f"the registry of the base image {image} cannot be reached: {why}",
                fix=f"connect this machine to it, or load the image into the engine ('{self.name} load')",
            )
        self.say(f"{image} cannot be reached: making a stand-in from Debian packages, once")
        changes = (f"CMD {json.dumps(stand_in.command)}", f"LABEL {_LABEL}={stand_in.key}")
        options = [word for change in changes for word in ("--change", change)]
        done = self._run("import", *options, str(_archive(stand_in)), name)
        if done.returncode != 0:
            raise ToolError(f"the stand-in for {image} could not be imported: {done.stderr.strip()}")
        return name

    def _label(self, image: str) -> str | None:
        """Return the label of a stand-in, an empty text for any other image, and None for one that is not there."""
        inspected = self._run("image", "inspect", "--format", f'{{{{index .Config.Labels "{_LABEL}"}}}}', image)
        return inspected.stdout.strip() if inspected.returncode == 0 else None

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(self.name, *arguments, seconds=_PULL_SECONDS, **self.environment)


def _archive(stand_in: _StandIn) -> Path:
    """Return the archive of a stand-in's root file system, which is made once per user."""
    archive = cache_directory() / f"{stand_in.key}.tar"
    if archive.exists():
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("mmdebstrap") is None:
        _checked("apt-get", "install", "--yes", "--no-install-recommends", "mmdebstrap")
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        new = Path(folder) / "root.tar"
        _checked(
            "mmdebstrap",
            "--variant=essential",
            f"--include={','.join(stand_in.packages)}",
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale")),
            "--aptopt=Apt::Install-Recommends false",
            *(f"--customize-hook={command}" for command in stand_in.commands),
            _codename(),
            str(new),
        )
        new.replace(archive)  # atomic: a second command never sees an incomplete file
    return archive


def _codename() -> str:
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    codename = re.search(r"^VERSION_CODENAME=(\w+)", text, re.MULTILINE)
    return codename[1] if codename else "stable"


def _checked(*command: str) -> None:
    done = run(*command, DEBIAN_FRONTEND="noninteractive")
    if done.returncode != 0:
        raise ToolError(f"a stand-in for a base image could not be made: {done.stderr.strip()[-300:]}")
