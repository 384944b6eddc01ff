"""The embedded AWS as a process: ``python -m ecr_fargate_constructs.local.server PORT TYPES_FILE``."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import sys
import time
import urllib.request
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ecr_fargate_constructs.local.docker_shim import write_login
from ecr_fargate_constructs.local.instance import credentials_environment, registry_password
from ecr_fargate_constructs.local.processes import start
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.local.instance import Instance, Memory

_START_SECONDS = 60
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever HTTP_PROXY says
_REWRITE_PULLS = "ECR_FARGATE_LOCAL_REWRITE_PULLS"
_PYTHONPATH = "PYTHONPATH"
_INHERITED = frozenset({"PATH", "LANG", "TZ", _PYTHONPATH})


def start_server(instance: Instance, memory: Memory) -> None:
    """Start the embedded AWS and wait until it answers.

    Raises:
        ToolError: It ended, or did not answer in time.
    """
    for folder in (instance.state / "tmp", instance.state / "home"):
        folder.mkdir(exist_ok=True)
    write_login(instance.login, instance.local_registry, registry_password(memory.secret))
    memory.save(instance)  # before it starts: whoever is killed meanwhile leaves nothing that nobody knows of
    memory.processes["aws"] = start(
        [sys.executable, "-m", __name__, str(instance.port), str(instance.types_file)],
        env=server_environment(instance, memory, os.environ),
        log=instance.server_log,
        cwd=instance.state,  # Python imports from there first, and a project may have a docker.py
    )
    memory.save(instance)
    deadline = time.monotonic() + _START_SECONDS
    while not answers(instance):
        if not memory.processes["aws"].alive:
            raise ToolError(f"the embedded AWS ended while it started: {_last_line(instance)}", log=instance.server_log)
        if time.monotonic() > deadline:
            raise ToolError(
                f"the embedded AWS did not answer on {instance.endpoint} in {_START_SECONDS} seconds",
                log=instance.server_log,
            )
        time.sleep(0.1)


def answers(instance: Instance) -> bool:
    """Whether the embedded AWS answers."""
    try:
        with _DIRECT.open(f"http://127.0.0.1:{instance.port}/_ministack/health", timeout=30):
            return True
    except (http.client.HTTPException, OSError):
        return False


def empty(instance: Instance, memory: Memory) -> None:
    """Drop everything that the embedded AWS holds: its task containers and functions end."""
    address = f"http://127.0.0.1:{instance.port}/_ministack/reset"
    signed = AWSRequest("POST", address)
    SigV4Auth(Credentials(memory.account, memory.secret), "ministack", memory.region).add_auth(signed)
    request = urllib.request.Request(address, method="POST", headers=dict(signed.headers.items()))
    with _DIRECT.open(request, timeout=120):
        pass


def server_environment(instance: Instance, memory: Memory, shell: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the embedded AWS, which its functions inherit: little of the user's shell is in it.

    Args:
        instance: The instance.
        memory: What is remembered of it, the secret among it.
        shell: The environment of the command.
    """
    return {
        **{name: value for name, value in shell.items() if name in _INHERITED or name.startswith("LC_")},
        **credentials_environment(instance, memory),
        **instance.mark,
        **_docker_configuration(shell),
        "HOME": str(instance.state / "home"),
        "TMPDIR": str(instance.state / "tmp"),
        "GATEWAY_PORT": str(instance.port),
        "BIND_HOST": "127.0.0.1",  # by itself it would listen on every interface, and so would the two below
        "SFTP_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "S3_DATA_DIR": str(instance.state / "s3"),
        "STATE_DIR": str(instance.state / "kept"),
        "MINISTACK_ACCOUNT_ID": instance.account,
        "MINISTACK_REGION": instance.region,
        "MINISTACK_DOCKER_TIMEOUT": "300",  # a pull through the engine counts
        # No proxy for any name. On macOS Python asks the system for proxies unless a variable speaks of them.
        "NO_PROXY": "*",
        "no_proxy": "*",
        "DOCKER_HOST": memory.socket,
        _REWRITE_PULLS: "" if memory.engine == "podman" else "1",
    }


def _docker_configuration(shell: Mapping[str, str]) -> dict[str, str]:
    """Where the user's logins to other registries are, from which tasks may run images."""
    home = shell.get("HOME")
    folder = shell.get("DOCKER_CONFIG") or (home and str(Path(home) / ".docker"))
    return {"DOCKER_CONFIG": folder} if folder and Path(folder).is_dir() else {}


def _last_line(instance: Instance) -> str:
    lines = instance.server_log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it printed nothing")


def main() -> None:
    """Run the embedded AWS until it is ended."""
    port, types_file = sys.argv[1:]
    # Imported here: this module is also used to start the process.
    patches = import_module("ecr_fargate_constructs.local.ministack_patches")
    os.environ.pop(_PYTHONPATH, None)  # it was for this module; functions have their own
    types = patches.apply(
        endpoint=f"http://localhost:{port}",
        rewrite_pulls=bool(os.environ.get(_REWRITE_PULLS)),
        password=registry_password(os.environ["AWS_SECRET_ACCESS_KEY"]),
    )
    Path(types_file).write_text(json.dumps(sorted(types)), encoding="utf-8")
    sys.argv = [shutil.which("ministack") or "ministack"]
    import_module("ministack.app").main()


if __name__ == "__main__":
    main()
