"""The command that stands for the container engine in the CDK command line (``CDK_DOCKER``).

The CDK command line logs in to, and pushes to, AWS's name of the registry, which leads nowhere here. This command
pushes to where the instance's registry really answers, and then removes the image from the engine, so that the task
that runs it has to pull it from the private repository. It gives builds a name of the instance's own, too: two
instances that build the same app at the same time would remove each other's. All else goes to the engine as it is.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BUILT = "cdkasset-"
_CACHE = ("--cache-from", "--cache-to")
_LOGIN = "config.json"  # docker's name of it
_VARIABLE = "ECR_FARGATE_LOCAL_{}"


@dataclass(frozen=True)
class Shim:
    """What the command has to know.

    Attributes:
        engine: The engine's command.
        registry: Host name of the registry, as AWS names it.
        local_registry: Where it really answers.
        login: Folder of the login to it, in docker's form.
        proxies: The user's proxies, which builds may need, as JSON. The CDK command line itself gets none.
    """

    engine: str
    registry: str
    local_registry: str
    login: str = ""
    proxies: str = "{}"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Shim:
        """Read it from the environment."""
        return cls(*(environment[_VARIABLE.format(name.upper())] for name in cls.__dataclass_fields__))

    @property
    def environment(self) -> dict[str, str]:
        """The environment that tells the command."""
        return {_VARIABLE.format(name.upper()): value for name, value in vars(self).items()}

    @property
    def built(self) -> str:
        """What the names of this instance's builds begin with."""
        return f"{_BUILT}{self.local_registry.rpartition(':')[2]}-"

    def renamed(self, arguments: Sequence[str]) -> list[str]:
        """The arguments, with names of builds turned into this instance's own."""
        return [
            self.built + argument.removeprefix(_BUILT) if argument.startswith(_BUILT) else argument
            for argument in arguments
        ]

    def owned(self, names: Sequence[str]) -> list[str]:
        """Those names of an image that this instance gave it."""
        account = self.registry.partition(".")[0]  # in any region
        ours = (f"{account}.dkr.ecr.", f"{self.local_registry}/", self.built, f"localhost/{self.built}")
        return [name for name in names if name.startswith(ours)]

    def run(self, arguments: Sequence[str]) -> int:
        """Do what the CDK command line asks of its engine."""
        match arguments:
            case ["login", *_, host] if self.registry in host:
                # The token of the role that pushes: the registry asks IAM about that role.
                write_login(Path(self.login), self.local_registry, sys.stdin.read().strip())
                print("Login Succeeded")
                return 0
            case ["push", *_, image] if image.startswith(f"{self.registry}/"):
                return self._push(image)
            case ["build", *rest] if self.engine == "podman":
                # A layer a step would stay behind, nameless, when the build fails.
                return self._ask("build", "--layers=false", *self.renamed(without_cache(rest)))
            case _:
                return self._ask(*self.renamed(arguments))

    def _push(self, image: str) -> int:
        target = image.replace(self.registry, self.local_registry, 1)
        options, variables = push_options(self.engine, Path(self.login))
        failed = self._ask("tag", image, target) or self._ask("push", *options, target, **variables)
        if not failed:
            # Every name that we gave it, or its layers would stay and the task's pull would prove nothing.
            names = subprocess.run(  # noqa: S603 - commands of ours, no shell
                [self.engine, "image", "inspect", "--format", "{{range .RepoTags}}{{println .}}{{end}}", image],
                capture_output=True,
                text=True,
                check=False,
            )
            self._ask("rmi", *(self.owned(names.stdout.split()) or [image, target]))
        return failed

    def _ask(self, *arguments: str, **variables: str) -> int:
        environment = {**os.environ, **json.loads(self.proxies), **variables}
        return subprocess.run([self.engine, *arguments], check=False, env=environment).returncode  # noqa: S603


def push_options(engine: str, login: Path) -> tuple[list[str], dict[str, str]]:
    """Options and variables with which an engine pushes to the instance's registry, and not with the user's logins."""
    if engine == "podman":
        return ["--tls-verify=false", f"--authfile={login / _LOGIN}"], {}
    return [], {"DOCKER_CONFIG": str(login)}  # plain HTTP is allowed on localhost


def write_login(folder: Path, local_registry: str, password: str) -> None:
    """Write the login to the instance's registry, for its owner alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    login = base64.b64encode(f"AWS:{password}".encode()).decode()
    written = folder / f"{_LOGIN}.{os.getpid()}"  # moved into place whole: a push may read it at the same time
    written.write_text(json.dumps({"auths": {local_registry: {"auth": login}}}), encoding="utf-8")
    written.replace(folder / _LOGIN)


def without_cache(arguments: Sequence[str]) -> list[str]:
    """The arguments of a build without its cache: podman takes a repository there, and not ``type=registry,…``."""
    kept, words = [], iter(arguments)
    for word in words:
        if word in _CACHE:
            next(words, None)
        elif not word.startswith(tuple(f"{option}=" for option in _CACHE)):
            kept.append(word)
    return kept


def write_shim(path: Path) -> None:
    """Write the executable that ``CDK_DOCKER`` names."""
    # Through sh: the kernel takes neither blanks nor long paths behind "#!". Isolated (-I), since it runs in the build
    # context: a signal.py of the user's application would be imported in place of Python's.
    program = shlex.join([sys.executable, "-I", str(Path(__file__).resolve())])
    path.write_text(f'#!/bin/sh\nexec {program} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


if __name__ == "__main__":
    sys.exit(Shim.of(os.environ).run(sys.argv[1:]))
