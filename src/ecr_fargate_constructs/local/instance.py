"""One embedded AWS: where its files are, and what is remembered of it between commands."""

from __future__ import annotations

import json
import re
import shutil
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.errors import LocalError
from ecr_fargate_constructs.local.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE_FOLDER = ".ecr-fargate"


@dataclass(frozen=True)
class Instance:
    """An embedded AWS for one CDK app on one port.

    The account id is the port, unless the app needs a certain one. Image names carry the account id, so that two
    instances that share a container engine (and with it the base images) never meet in its image store.

    Attributes:
        app_directory: Directory of the app's ``cdk.json``.
        port: TCP port on loopback; the AWS API, the registry and the load balancers all answer there.
        account: AWS account id, 12 digits.
        region: AWS region.
    """

    app_directory: Path
    port: int
    account: str
    region: str

    @property
    def state(self) -> Path:
        """Everything that this instance writes, but for the log of a failed start."""
        return self.app_directory / STATE_FOLDER / str(self.port)

    @property
    def endpoint(self) -> str:
        """The AWS API."""
        return f"http://localhost:{self.port}"

    @property
    def registry(self) -> str:
        """Host name of the private registry, as AWS names it."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com"

    @property
    def local_registry(self) -> str:
        """Where that registry really answers."""
        return f"localhost:{self.port}"

    @property
    def server_log(self) -> Path:
        """What the embedded AWS prints."""
        return self.state / "aws.log"

    @property
    def engine_log(self) -> Path:
        """What the container engine's socket service prints."""
        return self.state / "engine.log"

    @property
    def toolkit_log(self) -> Path:
        """What the CDK command line prints."""
        return self.state / "cdk.log"

    @property
    def failure_log(self) -> Path:
        """The logs of a start that failed; all the rest of it is gone."""
        return self.state.with_suffix(".log")

    @property
    def assembly(self) -> Path:
        """The cloud assembly that was deployed last."""
        return self.state / "cdk.out"

    @property
    def types_file(self) -> Path:
        """The CloudFormation types that this embedded AWS knows."""
        return self.state / "types.json"

    @property
    def memory_file(self) -> Path:
        """What is remembered between commands."""
        return self.state / "instance.json"

    def make_state(self) -> None:
        """Make the directory that everything goes to; git ignores it."""
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state.parent / ".gitignore").write_text("*\n", encoding="utf-8")

    def erase(self) -> None:
        """Delete everything that this instance wrote."""
        shutil.rmtree(self.state, ignore_errors=True)
        self.failure_log.unlink(missing_ok=True)
        folder = self.state.parent
        if folder.is_dir() and not [file for file in folder.iterdir() if file.name != ".gitignore"]:
            shutil.rmtree(folder)

    def keep_logs(self) -> Path:
        """Delete everything but the logs, and say where they are."""
        parts = [
            f"==== {log.name} ====\n{log.read_text(encoding='utf-8', errors='replace')}"
            for log in (self.toolkit_log, self.server_log, self.engine_log)
            if log.exists() and log.stat().st_size
        ]
        self.erase()
        if parts:
            self.make_state()
            self.state.rmdir()
            self.failure_log.write_text("\n".join(parts), encoding="utf-8")
        return self.failure_log

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second command from changing what is on this port meanwhile.

        Raises:
            LocalError: Another command is at it.
        """
        # A name in Linux's abstract namespace: nothing to clean up, gone with the process that holds it.
        with socket.socket(socket.AF_UNIX) as name:
            try:
                name.bind(f"\0ecr-fargate-local-{self.port}")
            except OSError as error:
                raise LocalError(
                    f"another 'ecr-fargate local' command is at work on port {self.port}", fix="wait until it has ended"
                ) from error
            yield


@dataclass
class Memory:
    """What is remembered of a running instance.

    Attributes:
        account: Account id that it was started with.
        region: Region that it was started with.
        engine: Name of the container engine.
        socket: Address of the engine's socket, as ``DOCKER_HOST`` takes it.
        scratch: A short directory that holds the socket, when it is ours.
        processes: Name to process.
        bootstrapped: Whether ``cdk bootstrap`` has run.
    """

    account: str
    region: str
    engine: str
    socket: str
    scratch: str | None = None
    processes: dict[str, Process] = field(default_factory=dict)
    bootstrapped: bool = False

    @property
    def alive(self) -> bool:
        """Whether all of its processes still run."""
        return bool(self.processes) and all(process.alive for process in self.processes.values())

    def save(self, instance: Instance) -> None:
        """Write it down."""
        text = json.dumps(
            {**vars(self), "processes": {name: vars(process) for name, process in self.processes.items()}}, indent=2
        )
        written = instance.memory_file.with_suffix(".new")
        written.write_text(text + "\n", encoding="utf-8")
        written.replace(instance.memory_file)

    @classmethod
    def load(cls, file: Path) -> Memory | None:
        """Read it back; None when there is none."""
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            processes = {name: Process(**process) for name, process in values.pop("processes").items()}
            return cls(**values, processes=processes)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise LocalError(
                f"{file} cannot be read: {error}", fix=f"delete {file.parent} and run the command again"
            ) from error


def instance_at(
    app_directory: Path, port: int, account: str | None, region: str | None
) -> tuple[Instance, Memory | None]:
    """The instance of an app on a port, and what is remembered of it."""
    if account is not None and not re.fullmatch(r"[0-9]{12}", account):
        raise LocalError(f"--account {account} is not an account id", fix="use 12 digits, for example 123456789012")
    directory = app_directory.resolve()
    memory = Memory.load(directory / STATE_FOLDER / str(port) / "instance.json")
    if memory is not None:
        for name, wanted, running in (("account", account, memory.account), ("region", region, memory.region)):
            if wanted not in {None, running}:
                raise LocalError(
                    f"the embedded AWS on port {port} runs with {name} {running}, not {wanted}",
                    fix=f"run 'ecr-fargate local down --port {port}' first, or choose another --port",
                )
        return Instance(directory, port, memory.account, memory.region), memory
    return Instance(directory, port, account or f"{port:012d}", region or "us-east-1"), None


def credentials_environment(instance: Instance, memory: Memory) -> dict[str, str]:  # noqa: ARG001 - will hold the secret
    """The variables that lead the tools of AWS to an instance: the AWS command line, boto3, other SDKs."""
    return {
        "AWS_ENDPOINT_URL": instance.endpoint,
        "AWS_ACCESS_KEY_ID": instance.account,  # the emulator reads the account from it
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": instance.region,
        "AWS_DEFAULT_REGION": instance.region,  # boto3 reads this one alone
    }
