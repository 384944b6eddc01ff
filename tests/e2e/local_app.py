"""A CDK app in a folder of its own, and the command that deploys it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from ecr_fargate_constructs.local.engine import find_engine
from ecr_fargate_constructs.local.instance import Instance, Memory, credentials_environment, instance_at
from tests.support import ROOT


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class LocalApp:
    """A CDK app and the instance that it is deployed to."""

    directory: Path
    port: int

    def start(self, verb: str, *arguments: str) -> subprocess.Popen[str]:
        """Start ``ecr-fargate local``."""
        options = ["--app-dir", str(self.directory), "--port", str(self.port)]
        return subprocess.Popen(  # noqa: S603 - our own command
            [str(Path(sys.executable).parent / "ecr-fargate"), "local", verb, *options, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "300"},
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``ecr-fargate local``."""
        with self.start(*arguments) as command:
            stdout, stderr = command.communicate()
        return subprocess.CompletedProcess(arguments, command.returncode, stdout, stderr)

    @property
    def state(self) -> Path:
        """What the instance has written."""
        return self.directory / ".ecr-fargate" / str(self.port)

    @property
    def instance(self) -> Instance:
        """The instance, whether it runs or not."""
        return instance_at(self.directory, self.port, None, None)[0]

    @property
    def memory(self) -> Memory:
        """What is remembered of the instance that runs now."""
        memory = Memory.load(self.instance.memory_file)
        assert memory is not None, "nothing runs"
        return memory

    @property
    def credentials(self) -> dict[str, str]:
        """Variables that lead an SDK to the instance that runs now."""
        return credentials_environment(self.instance, self.memory)

    def end(self) -> None:
        """Take down what a test has left running."""
        if self.state.exists():
            self.run("down")

    def ask(self, service: str, operation: str, /, *, region: str = "us-east-1", **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
        """What an operation of the embedded AWS answers."""
        client = boto3.client(
            service,
            endpoint_url=f"http://localhost:{self.port}",
            aws_access_key_id=f"{self.port:012d}",
            aws_secret_access_key=self.credentials["AWS_SECRET_ACCESS_KEY"],
            region_name=region,
            config=Config(proxies={}),
        )
        with contextlib.closing(client):
            answer: dict[str, Any] = getattr(client, operation)(**options)
            return answer

    def service(self) -> dict[str, Any]:
        """The only service, by the API of ECS."""
        [cluster] = self.ask("ecs", "list_clusters")["clusterArns"]
        [arn] = self.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
        [found] = self.ask("ecs", "describe_services", cluster=cluster, services=[arn])["services"]
        return dict(found)

    def stack_status(self, stack: str = "Web") -> str:
        """The status of a stack."""
        [found] = self.ask("cloudformation", "describe_stacks", StackName=stack)["Stacks"]
        return str(found["StackStatus"])

    @cached_property
    def host(self) -> str:
        """Name of the load balancer; no deployment may change it, so it is asked for once."""
        printed = self.run("url")
        assert printed.returncode == 0, printed.stderr
        return urlsplit(printed.stdout.strip()).hostname or ""

    def get(self, path: str = "/", host: str | None = None) -> tuple[int, str]:
        """Status and body of ``GET`` through the load balancer; through the one of the app without a host."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": host or self.host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def causes(self, stack: str = "Web") -> tuple[int, list[str]]:
        """Status of ``ecr-fargate explain`` about a stack, and the causes that it names."""
        done = subprocess.run(  # noqa: S603 - our own command
            [
                str(Path(sys.executable).parent / "ecr-fargate"),
                "explain",
                "--format",
                "json",
                f"--stack={stack}",
                f"--endpoint-url=http://localhost:{self.port}",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.directory,  # its secret is taken
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, [each["cause"] for each in json.loads(done.stdout)]

    def edit(self, old: str, new: str) -> None:
        """Change the sample's server."""
        file = self.directory / "app" / "server.py"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def containers(self) -> list[str]:
        """Images of the engine's running containers that carry this instance's registry in their name.

        Those that hold the network of a task, as ECS's pause container does, are left out.
        """
        listed = self._mine("ps", "--format", "{{.Image}} {{.Names}}")
        return [line.partition(" ")[0] for line in listed if not line.endswith(".pause")]

    def leftovers(self) -> list[str]:
        """Whatever of this instance exists: containers that ended too, images, processes, state."""
        ended = self._mine("ps", "--all", "--format", "{{.Image}}")
        marked = [f"process {process.pid}" for process in self.instance.left_over()]
        files = [str(file) for file in (self.state, self.instance.memory_file) if file.exists()]
        return [*ended, *self.images(), *self.processes(), *marked, *files]

    def images(self) -> list[str]:
        """The engine's images that carry this instance's registry, or this app's build, in their name."""
        return self._mine("images", "--format", "{{.Repository}}:{{.Tag}}")

    def _mine(self, *arguments: str) -> list[str]:
        listed = subprocess.run([find_engine().name, *arguments], capture_output=True, text=True, check=True)  # noqa: S603
        names = (f"{self.port:012d}.dkr.ecr.", f"localhost:{self.port}/", f"localhost/cdkasset-{self.port}-")
        return [line for line in listed.stdout.splitlines() if line.startswith(names)]

    def processes(self) -> list[str]:
        """Command lines of processes that belong to this instance."""
        state = str(self.state)
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if f"ecr_fargate_constructs.local.server {self.port}" in line or state in line:
                found.append(line)
        return found


def copy_sample(folder: Path) -> Path:
    """This project's sample, as a user would have it."""
    return copy_app(ROOT, folder, ("app.py", "cdk.json"))


def copy_app(source: Path, folder: Path, names: tuple[str, ...]) -> Path:
    """A CDK app with its folder ``app`` and some files, and the command line of CDK."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(source / name, folder / name)
    shutil.copytree(source / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    modules = ROOT / "node_modules"
    if modules.is_dir():
        (folder / "node_modules").symlink_to(modules)
    return folder
