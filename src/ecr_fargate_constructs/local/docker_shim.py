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
_VARIABLE = "ECR_FARGATE_LOCAL_{}"


@dataclass(frozen=True)
class Shim:
    """What the command has to know.

    Attributes:
        engine: The engine's command.
        registry: Host name of the registry, as AWS names it.
        local_registry: Where it really answers.
        login: Folder of the login to it; the CDK command line gets that from ECR, and says it with ``login``.
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
            case ["login", *_, host] if self.registry in host and self.login:
                self._keep_login(sys.stdin.read().strip())
                print("Login Succeeded")
                return 0
            case ["push", *_, image] if image.startswith(f"{self.registry}/"):
                return self._push(image)
            case ["build", *rest] if self.engine == "podman" and not any(word.startswith("--cache") for word in rest):
                # A layer a step would stay behind, nameless, when the build fails.
                return self._ask("build", "--layers=false", *self.renamed(rest))
            case _:
                return self._ask(*self.renamed(arguments))

    def _push(self, image: str) -> int:
        target = image.replace(self.registry, self.local_registry, 1)
        push = ["push", target]
        if self.engine == "podman":  # docker allows plain HTTP on localhost
            push[1:1] = ["--tls-verify=false", f"--authfile={self._login_file}"]
        failed = self._ask("tag", image, target) or self._ask(*push, DOCKER_CONFIG=self.login)
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

    @property
    def _login_file(self) -> Path:
        return Path(self.login) / "config.json"  # docker's name of it

    def _keep_login(self, password: str) -> None:
        """Keep the login for pushes: in a file of the instance's own, beside the user's logins."""
        login = base64.b64encode(f"AWS:{password}".encode()).decode()
        self._login_file.parent.mkdir(mode=0o700, exist_ok=True)
        self._login_file.write_text(json.dumps({"auths": {self.local_registry: {"auth": login}}}), encoding="utf-8")

    def _ask(self, *arguments: str, **variables: str) -> int:
        environment = {**os.environ, **json.loads(self.proxies), **variables}
        return subprocess.run([self.engine, *arguments], check=False, env=environment).returncode  # noqa: S603


def write_shim(path: Path) -> None:
    """Write the executable that ``CDK_DOCKER`` names."""
    # Through sh: the kernel takes neither blanks nor long paths behind "#!".
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {__name__} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


if __name__ == "__main__":
    sys.exit(Shim.of(os.environ).run(sys.argv[1:]))
