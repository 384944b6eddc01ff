"""One embedded AWS: where its files are, and what is remembered of it between commands."""

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

from ecr_fargate_constructs.local.own_files import private_folder, read_private, refuse_foreign, write_private
from ecr_fargate_constructs.local.processes import Process, marked, stop_commands, uninterrupted
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE_FOLDER = ".ecr-fargate"
_MARK, _COMMAND_MARK = "ECR_FARGATE_LOCAL_STATE", "ECR_FARGATE_LOCAL_COMMAND"


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
    def login(self) -> Path:
        """Folder of the login to the private registry."""
        return self.state / "login"

    @property
    def memory_file(self) -> Path:
        """What is remembered between commands, the secret too: outside of the project, which others may have made."""
        return private_folder() / f"{_place(self.app_directory)}-{self.port}" / "instance.json"

    @property
    def mark(self) -> dict[str, str]:
        """A variable that all processes of this instance have: the embedded AWS, the engine's socket and functions."""
        return {_MARK: str(self.state)}

    @property
    def command_mark(self) -> dict[str, str]:
        """A variable that the programs have which end with a command, such as the CDK command line."""
        return {_COMMAND_MARK: str(self.state)}

    def left_over(self, *, commands_alone: bool = False) -> list[Process]:
        """Processes of this instance, whether they are remembered or not.

        Args:
            commands_alone: Leave out those that outlive a command.
        """
        marks = self.command_mark if commands_alone else {**self.command_mark, **self.mark}
        return [process for name, value in marks.items() for process in marked(name, value)]

    def make_state(self) -> None:
        """Make the directory that everything goes to; git ignores it.

        Raises:
            ToolError: It leads elsewhere, or belongs to somebody else.
        """
        refuse_foreign(self.state.parent, self.state)
        self.state.parent.mkdir(exist_ok=True)
        self.state.mkdir(mode=0o700, exist_ok=True)
        ignored = self.state.parent / ".gitignore"
        ignored.unlink(missing_ok=True)  # it may be a link
        ignored.write_text("*\n", encoding="utf-8")

    def erase(self) -> None:
        """Delete everything that this instance wrote.

        Raises:
            ToolError: Its directory leads elsewhere, or belongs to somebody else.
        """
        refuse_foreign(self.state.parent, self.state)
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.memory_file.parent, ignore_errors=True)
        self.failure_log.unlink(missing_ok=True)
        folder = self.state.parent
        if folder.is_dir() and not [file for file in folder.iterdir() if file.name != ".gitignore"]:
            shutil.rmtree(folder, ignore_errors=True)  # something may be mounted there

    @uninterrupted()
    def keep_logs(self) -> Path:
        """Delete everything but the logs, and say where they are."""
        parts = [
            f"==== {log.name} ====\n{log.read_text(encoding='utf-8', errors='replace')}"
            for log in (self.toolkit_log, self.server_log, self.engine_log)
            if log.exists() and log.stat().st_size
        ]
        self.erase()
        if parts:
            with suppress(OSError):  # a disk may be full
                self.make_state()
                self.state.rmdir()
                self.failure_log.write_text("\n".join(parts), encoding="utf-8")
        return self.failure_log

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second command from changing what is on this port meanwhile, one that was killed included.

        Raises:
            ToolError: Another command is at it.
        """
        # A name in Linux's abstract namespace: nothing to clean up, gone with the process that holds it.
        with socket.socket(socket.AF_UNIX) as name:
            try:
                name.bind(f"\0ecr-fargate-local-{self.port}")
            except OSError as error:
                raise ToolError(
                    f"another 'ecr-fargate local' command is at work on port {self.port}", fix="wait until it has ended"
                ) from error
            stop_commands(self.left_over(commands_alone=True))
            yield


def _host_name() -> str:
    return socket.gethostname()


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
        secret: What requests are signed with; another one for each start.
        host: Name that the machine had at the start, which its containers are labelled with.
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

    @property
    def alive(self) -> bool:
        """Whether all of its processes still run, and the engine's socket is where it was."""
        path = self.socket.removeprefix("unix://")
        reachable = path == self.socket or Path(path).exists()
        return reachable and bool(self.processes) and all(process.alive for process in self.processes.values())

    def save(self, instance: Instance) -> None:
        """Write it down."""
        text = json.dumps(
            {**vars(self), "processes": {name: vars(process) for name, process in self.processes.items()}}, indent=2
        )
        write_private(instance.memory_file, f"{text}\n")

    @classmethod
    def load(cls, file: Path) -> Memory | None:
        """Read it back; None when there is none.

        Raises:
            ToolError: It is damaged, or somebody else's.
        """
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
    """Return it, when its values are of their types: what is read back may be damaged.

    Raises:
        TypeError: One is of another type.
    """
    texts = (
        memory.account,
        memory.region,
        memory.engine,
        memory.socket,
        memory.secret,
        memory.host,
        memory.scratch or "",
    )
    numbers = [number for process in memory.processes.values() for number in vars(process).values()]
    if not (all(isinstance(each, str) for each in texts) and all(isinstance(each, int) for each in numbers)):
        raise TypeError("a value is of another type")
    return memory


def _place(app_directory: Path) -> str:
    return hashlib.sha256(os.fsencode(app_directory)).hexdigest()[:32]


def remembered_ports(app_directory: Path) -> list[int]:
    """Return the ports on which something is remembered of an app, whose own files may be gone."""
    prefix = f"{_place(app_directory)}-"
    found = [each.parent.name.removeprefix(prefix) for each in private_folder().glob(f"{prefix}*/instance.json")]
    return [int(port) for port in found if port.isdecimal()]


def credentials_environment(instance: Instance, memory: Memory) -> dict[str, str]:
    """Variables that lead an SDK, the CDK or the AWS command line to an instance, with the right to use it.

    ``AWS_PROFILE``, ``AWS_SESSION_TOKEN`` and the like must not be set beside them.
    """
    return {
        "AWS_ACCESS_KEY_ID": memory.account,  # the emulator reads the account from it
        "AWS_SECRET_ACCESS_KEY": memory.secret,
        "AWS_REGION": memory.region,
        "AWS_DEFAULT_REGION": memory.region,
        "AWS_ENDPOINT_URL": instance.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,  # no profile of the user's may lead to the real AWS
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def registry_password(secret: str) -> str:
    """Return the password of the private registry, whose user is ``AWS``: who has it cannot sign requests."""
    return hmac.digest(secret.encode(), b"registry", "sha256").hex()


def instance_at(
    app_directory: Path, port: int, account: str | None, region: str | None
) -> tuple[Instance, Memory | None]:
    """The instance of an app on a port, and what is remembered of it.

    Raises:
        ToolError: The account id is none, what runs is another's or somebody else's.
    """
    if account is not None and not re.fullmatch(r"[0-9]{12}", account):
        raise ToolError(f"--account {account} is not an account id", fix="use 12 digits, for example 123456789012")
    directory = app_directory.resolve()
    instance = Instance(directory, port, account or f"{port:012d}", region or "us-east-1")
    refuse_foreign(instance.state.parent, instance.state)
    memory = Memory.load(instance.memory_file)
    if memory is not None:
        for name, wanted, running in (("account", account, memory.account), ("region", region, memory.region)):
            if wanted not in {None, running}:
                raise ToolError(
                    f"the embedded AWS on port {port} runs with {name} {running}, not {wanted}",
                    fix=f"run 'ecr-fargate local down --port {port}' first, or choose another --port",
                )
        return Instance(directory, port, memory.account, memory.region), memory
    return instance, None
