"""An instance of the embedded AWS: its files, and its recorded state between commands."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.https.authority import Authority
from ecr_fargate_constructs.local.private_files import private_folder, read_private, refuse_foreign, write_private
from ecr_fargate_constructs.local.processes import Process, marked, stop_commands, uninterrupted
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE_FOLDER = ".ecr-fargate"
_MARK, _COMMAND_MARK = "ECR_FARGATE_LOCAL_STATE", "ECR_FARGATE_LOCAL_COMMAND"


@dataclass(frozen=True)
class Instance:
    """An embedded AWS for one CDK app on one port.

    The account id is made from the port, unless the app needs a certain one. Image names contain the account id, so
    that two instances that share a container engine and its base images have different image names.

    Attributes:
        app_directory: Directory of the app's ``cdk.json``.
        port: TCP port on loopback of the AWS API, the registry and the load balancers.
        account: AWS account id, 12 digits.
        region: AWS region.
    """

    app_directory: Path
    port: int
    account: str
    region: str

    @property
    def state(self) -> Path:
        """Directory of all files of the instance, except the log of a failed start."""
        return self.app_directory / STATE_FOLDER / str(self.port)

    @property
    def endpoint(self) -> str:
        """URL of the AWS API."""
        return f"http://localhost:{self.port}"

    @property
    def registry(self) -> str:
        """AWS's host name of the private registry."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com"

    @property
    def local_registry(self) -> str:
        """Host and port of that registry on this machine."""
        return f"localhost:{self.port}"

    @property
    def server_log(self) -> Path:
        """Log of the embedded AWS."""
        return self.state / "aws.log"

    @property
    def engine_log(self) -> Path:
        """Log of the container engine's socket service."""
        return self.state / "engine.log"

    @property
    def toolkit_log(self) -> Path:
        """Log of the CDK command line."""
        return self.state / "cdk.log"

    @property
    def failure_log(self) -> Path:
        """The logs of a start that failed; its other files are deleted."""
        return self.state.with_suffix(".log")

    @property
    def assembly(self) -> Path:
        """Cloud assembly of the last deployment."""
        return self.state / "cdk.out"

    @property
    def types_file(self) -> Path:
        """File with the CloudFormation types that the embedded AWS supports."""
        return self.state / "types.json"

    @property
    def login(self) -> Path:
        """Folder with the login to the private registry."""
        return self.state / "login"

    @property
    def memory_file(self) -> Path:
        """File of the recorded state, with the secret: outside the project, whose files others may have written."""
        return private_folder() / f"{_key(self.app_directory)}-{self.port}" / "instance.json"

    @property
    def authority(self) -> Authority:
        """Certificate authority of its HTTPS listeners; its key is beside the recorded state."""
        return Authority(self.memory_file.parent / "https")

    @property
    def mark(self) -> dict[str, str]:
        """Environment variable of all processes of this instance: the embedded AWS, the engine's socket, functions."""
        return {_MARK: str(self.state)}

    @property
    def command_mark(self) -> dict[str, str]:
        """Environment variable of programs that end with their command, such as the CDK command line."""
        return {_COMMAND_MARK: str(self.state)}

    def left_over(self, *, commands_alone: bool = False) -> list[Process]:
        """Return the processes of this instance, whether they are recorded or not.

        Args:
            commands_alone: Whether to leave out processes that outlive a command.
        """
        marks = self.command_mark if commands_alone else {**self.command_mark, **self.mark}
        return [process for name, value in marks.items() for process in marked(name, value)]

    def make_state(self) -> None:
        """Create the directory of the instance; git ignores it."""
        refuse_foreign(self.state.parent, self.state)
        self.state.parent.mkdir(exist_ok=True)
        self.state.mkdir(mode=0o700, exist_ok=True)
        ignored = self.state.parent / ".gitignore"
        ignored.unlink(missing_ok=True)  # it may be a link
        ignored.write_text("*\n", encoding="utf-8")

    def erase(self) -> None:
        """Delete all files of this instance."""
        refuse_foreign(self.state.parent, self.state)
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.memory_file.parent, ignore_errors=True)
        self.failure_log.unlink(missing_ok=True)
        folder = self.state.parent
        if folder.is_dir() and not [file for file in folder.iterdir() if file.name != ".gitignore"]:
            shutil.rmtree(folder, ignore_errors=True)  # a file system may be mounted on it

    @uninterrupted()
    def keep_logs(self) -> Path:
        """Delete everything except the logs, and return their file."""
        parts = [
            f"==== {log.name} ====\n{log.read_text(encoding='utf-8', errors='replace')}"
            for log in (self.toolkit_log, self.server_log, self.engine_log)
            if log.exists() and log.stat().st_size
        ]
        self.erase()
        if parts:
            with suppress(OSError):  # the disk may be full
                self.make_state()
                self.state.rmdir()
                self.failure_log.write_text("\n".join(parts), encoding="utf-8")
        return self.failure_log

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Lock the port against other commands, and stop what a killed command left running."""
        # A name in Linux's abstract namespace needs no cleanup: it disappears with the process that holds it.
        with socket.socket(socket.AF_UNIX) as name:
            try:
                name.bind(f"\0ecr-fargate-local-{self.port}")
            except OSError as error:
                raise ToolError(
                    f"another 'ecr-fargate local' command is running on port {self.port}", fix="wait until it has ended"
                ) from error
            stop_commands(self.left_over(commands_alone=True))
            yield


def _host_name() -> str:
    return socket.gethostname()


@dataclass
class Memory:
    """The recorded state of a running instance.

    Attributes:
        account: Its account id.
        region: Its region.
        engine: Name of the container engine.
        socket: Address of the engine's socket, as ``DOCKER_HOST`` takes it.
        scratch: Temporary directory of the socket, if the instance started it.
        processes: Its processes by name.
        bootstrapped: Whether ``cdk bootstrap`` has run.
        secret: The secret that signs requests; every start makes a new one.
        host: The machine's name at the start, with which its containers are labelled.
        clock: How fast bake times of deployments pass; None if they are skipped.
        https_port: Port of its HTTPS listeners; 0 if HTTPS is not served.
    """

    account: str
    region: str
    engine: str
    socket: str
    scratch: str | None = None
    processes: dict[str, Process] = field(default_factory=dict)
    bootstrapped: bool = False
    secret: str = field(default_factory=secrets.token_hex)
    host: str = field(default_factory=_host_name)
    clock: float | None = None
    https_port: int = 0

    @property
    def alive(self) -> bool:
        """Return whether all of its processes are still running, and the engine's socket still exists."""
        path = self.socket.removeprefix("unix://")
        reachable = path == self.socket or Path(path).exists()
        return reachable and bool(self.processes) and all(process.alive for process in self.processes.values())

    def save(self, instance: Instance) -> None:
        """Write the state to the instance's file."""
        text = json.dumps(
            {**vars(self), "processes": {name: vars(process) for name, process in self.processes.items()}}, indent=2
        )
        write_private(instance.memory_file, f"{text}\n")

    @classmethod
    def load(cls, file: Path) -> Memory | None:
        """Read a recorded state; None if there is none."""
        try:
            text = read_private(file)
            if text is None:
                return None
            values = json.loads(text)
            processes = {name: Process(**process) for name, process in values.pop("processes").items()}
            return checked(cls(**values, processes=processes))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ToolError(
                f"{file} cannot be read: {error}", fix=f"delete {file.parent} and run the command again"
            ) from error


def checked(memory: Memory) -> Memory:
    """Return a recorded state if its values have the right types: the file may be damaged."""
    texts = (
        memory.account,
        memory.region,
        memory.engine,
        memory.socket,
        memory.secret,
        memory.host,
        memory.scratch or "",
    )
    numbers = [memory.https_port] + [
        number for process in memory.processes.values() for number in vars(process).values()
    ]
    if not isinstance(memory.clock, float | int | None):
        raise TypeError("a value has the wrong type")
    if not (all(isinstance(each, str) for each in texts) and all(isinstance(each, int) for each in numbers)):
        raise TypeError("a value has the wrong type")
    return memory


def _key(app_directory: Path) -> str:
    return hashlib.sha256(os.fsencode(app_directory)).hexdigest()[:32]


def remembered_ports(app_directory: Path) -> list[int]:
    """Return the ports of an app with a recorded state; the app's own files may be gone."""
    prefix = f"{_key(app_directory)}-"
    ports = [each.parent.name.removeprefix(prefix) for each in private_folder().glob(f"{prefix}*/instance.json")]
    return [int(port) for port in ports if port.isdecimal()]


def credentials_environment(instance: Instance, memory: Memory) -> dict[str, str]:
    """Return the variables that point SDKs, the CDK and the AWS command line to an instance, with its credentials.

    ``AWS_PROFILE``, ``AWS_SESSION_TOKEN`` and the like must not be set together with them.
    """
    return {
        "AWS_ACCESS_KEY_ID": memory.account,  # the emulator reads the account from it
        "AWS_SECRET_ACCESS_KEY": memory.secret,
        "AWS_REGION": memory.region,
        "AWS_DEFAULT_REGION": memory.region,
        "AWS_ENDPOINT_URL": instance.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,  # no profile of the user may lead to the real AWS
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def registry_password(secret: str) -> str:
    """Return the password of the private registry's user ``AWS``, which does not reveal the signing secret."""
    return hmac.digest(secret.encode(), b"registry", "sha256").hex()


def instance_at(
    app_directory: Path, port: int, account: str | None, region: str | None
) -> tuple[Instance, Memory | None]:
    """Return the instance of an app on a port, with its recorded state."""
    if account is not None and not re.fullmatch(r"[0-9]{12}", account):
        raise ToolError(f"--account {account} is not an account id", fix="use 12 digits, for example 123456789012")
    directory = app_directory.resolve()
    instance = Instance(directory, port, account or f"{port:012d}", region or "us-east-1")
    refuse_foreign(instance.state.parent, instance.state)
    memory = Memory.load(instance.memory_file)
    if memory is not None:
        for name, requested, running in (("account", account, memory.account), ("region", region, memory.region)):
            if requested not in {None, running}:
                raise ToolError(
                    f"the embedded AWS on port {port} is running with {name} {running}, not {requested}",
                    fix=f"run 'ecr-fargate local down --port {port}' first, or choose another --port",
                )
        return Instance(directory, port, memory.account, memory.region), memory
    return instance, None
