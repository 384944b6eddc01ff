"""The command that the CDK command line runs in place of the container engine (``CDK_DOCKER``).

The CDK command line logs in and pushes to AWS's host name of the registry, which does not resolve to the embedded AWS.
This command pushes to the instance's registry on this machine, and then removes the image from the engine, so that the
task has to pull it from the private repository. It also gives builds a name of their own per instance: otherwise two
instances that build the same app at the same time would remove each other's images. Everything else is passed on to the
engine.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BUILT = "cdkasset-"
_CACHE = ("--cache-from", "--cache-to")
_LOGIN = "config.json"  # docker's name for the file
_REGISTRY = re.compile(r"(?:^|(?<=/))\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")
_VARIABLE = "ECR_FARGATE_LOCAL_{}"
_FROM = re.compile(r"(?im)^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?(.+)$")
_PLATFORM_VARIABLE = re.compile(r"\$\{?((?:TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT))\b")
_EMPTY_STAGE = re.compile(r"(?im)^([ \t]*FROM[ \t].*(?<!\\)\n)(?=(?:[ \t]*(?:#.*)?\n)*[ \t]*FROM[ \t])")
_DIRECTIVES = re.compile(r"(?:[ \t]*#[ \t]*\w+[ \t]*=.*\n)*")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Shim:
    """The settings of the command.

    Attributes:
        engine: The engine's command.
        registry: AWS's host name of the registry.
        local_registry: Host and port of the registry on this machine.
        login: Folder with the login to the registry, in docker's format.
        proxies: The user's proxies for builds, as JSON. The CDK command line itself uses none.
        stand_ins: Images that replace others in builds, as JSON: their names, by the names that Dockerfiles write.
    """

    engine: str
    registry: str
    local_registry: str
    login: str = ""
    proxies: str = "{}"
    stand_ins: str = "{}"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Shim:
        """Read the settings from the environment."""
        return cls(*(environment[_VARIABLE.format(name.upper())] for name in cls.__dataclass_fields__))

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with the settings."""
        return {_VARIABLE.format(name.upper()): value for name, value in vars(self).items()}

    @property
    def built(self) -> str:
        """Prefix of the names of this instance's builds."""
        return f"{_BUILT}{self.local_registry.rpartition(':')[2]}-"

    def renamed(self, arguments: Sequence[str]) -> list[str]:
        """Return arguments with this instance's names for builds."""
        return [
            self.built + argument.removeprefix(_BUILT) if argument.startswith(_BUILT) else argument
            for argument in arguments
        ]

    def owned(self, names: Sequence[str]) -> list[str]:
        """Return those names of an image that belong to this instance."""
        account = self.registry.partition(".")[0]  # in any region
        prefixes = (f"{account}.dkr.ecr.", f"{self.local_registry}/", self.built, f"localhost/{self.built}")
        return [name for name in names if name.startswith(prefixes)]

    def run(self, arguments: Sequence[str]) -> int:
        """Carry out a command of the CDK command line."""
        match arguments:
            case ["login", *_, host] if _REGISTRY.search(host):
                # The token of the role that pushes: the registry asks IAM about that role.
                write_login(Path(self.login), self.local_registry, sys.stdin.read().strip())
                print("Login Succeeded")
                return 0
            case ["push", *_, image] if _REGISTRY.match(image):
                return self._push(image)
            case ["build", *options, directory]:
                return self._build(self.renamed(options), directory)
            case _:
                return self._run_engine(*self.renamed(arguments))

    def _build(self, options: Sequence[str], directory: str) -> int:
        images = json.loads(self.stand_ins).items()
        stand_ins = [f"--build-context={name}=docker-image://{stand_in}" for name, stand_in in images]
        if self.engine != "podman":
            return self._run_engine("build", *options, *stand_ins, directory)
        with tempfile.TemporaryDirectory() as folder:
            options = for_podman(without_cache(options), Path(directory), Path(folder))
            # With layers a failed build would leave one unnamed image per step behind.
            return self._run_engine("build", "--layers=false", *options, *stand_ins, directory)

    def _push(self, image: str) -> int:
        host, _, name = image.partition("/")
        # The registries of other accounts and regions are at paths of the same address, under their names.
        target = f"{self.local_registry}/{name if host == self.registry else image}"
        options, variables = push_options(self.engine, Path(self.login))
        failed = self._run_engine("tag", image, target) or self._run_engine("push", *options, target, **variables)
        if not failed:
            # Remove all names of this instance: otherwise the layers stay, and the task would pull nothing.
            names = subprocess.run(  # noqa: S603 - fixed commands, no shell
                [self.engine, "image", "inspect", "--format", "{{range .RepoTags}}{{println .}}{{end}}", image],
                capture_output=True,
                text=True,
                check=False,
            )
            self._run_engine("rmi", *dict.fromkeys([*(self.owned(names.stdout.split()) or [target]), image]))
        return failed

    def _run_engine(self, *arguments: str, **variables: str) -> int:
        environment = {**os.environ, **json.loads(self.proxies), **variables}
        return subprocess.run([self.engine, *arguments], check=False, env=environment).returncode  # noqa: S603


def push_options(engine: str, login: Path) -> tuple[list[str], dict[str, str]]:
    """Return the options and variables for pushes to the instance's registry with its login, not the user's."""
    if engine == "podman":
        return ["--tls-verify=false", f"--authfile={login / _LOGIN}"], {}
    return [], {"DOCKER_CONFIG": str(login)}  # plain HTTP is allowed on localhost


def write_login(folder: Path, local_registry: str, password: str) -> None:
    """Write the login to the instance's registry, readable by the user only."""
    folder.mkdir(mode=0o700, exist_ok=True)
    login = base64.b64encode(f"AWS:{password}".encode()).decode()
    written = folder / f"{_LOGIN}.{os.getpid()}"  # moved into place whole: a push may read it at the same time
    written.write_text(json.dumps({"auths": {local_registry: {"auth": login}}}), encoding="utf-8")
    written.replace(folder / _LOGIN)


def without_cache(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of a build without cache options: podman does not accept ``type=registry,…``."""
    kept, words = [], iter(arguments)
    for word in words:
        if word in _CACHE:
            next(words, None)
        elif not word.startswith(tuple(f"{option}=" for option in _CACHE)):
            kept.append(word)
    return kept


def for_podman(options: Sequence[str], context: Path, folder: Path) -> list[str]:
    """Return the options of a build, with a copy of its Dockerfile that podman 4 builds as BuildKit does.

    Podman knows the platform variables of FROM lines only if they are declared, and without layers it deletes the base
    image of a stage that has no instruction.

    Args:
        options: The options of the build.
        context: Directory of its context.
        folder: Directory for the copy.
    """
    given = dict(pairwise(options))
    file = Path(given.get("--file", context / "Dockerfile"))
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    used = {variable for line in _FROM.findall(text) for variable in _PLATFORM_VARIABLE.findall(line)}
    names = sorted((name, part) for name, part in used if not re.search(rf"(?im)^\s*ARG\s+{name}=", text))
    head = directives.group() if (directives := _DIRECTIVES.match(text)) else ""
    declared = "".join(f"ARG {name}\n" for name, _ in names)
    changed = _EMPTY_STAGE.sub(r"\1ARG EMPTY_STAGE\n", head + declared + text.removeprefix(head))
    if changed == text:
        return list(options)
    copy = folder / file.name
    copy.write_text(changed, encoding="utf-8")
    built_for = given.get("--platform", f"linux/{_ARCHITECTURES.get(platform.machine(), platform.machine())}")
    values = {"PLATFORM": built_for, **dict(zip(("OS", "ARCH", "VARIANT"), [*built_for.split("/"), ""], strict=False))}
    arguments = [f"--build-arg={name}={values.get(part, '')}" for name, part in names]
    others = [word for word in options if word not in {"--file", given.get("--file")}]
    return [*arguments, *others, "--file", str(copy)]


def write_shim(path: Path) -> None:
    """Write the executable that ``CDK_DOCKER`` names."""
    # Through sh: the kernel accepts neither blanks nor long paths after "#!". Isolated (-I), since it runs in the build
    # context: otherwise a signal.py of the application would be imported instead of Python's.
    program = shlex.join([sys.executable, "-I", str(Path(__file__).resolve())])
    path.write_text(f'#!/bin/sh\nexec {program} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


if __name__ == "__main__":
    sys.exit(Shim.of(os.environ).run(sys.argv[1:]))
