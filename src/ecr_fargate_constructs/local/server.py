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

from ecr_fargate_constructs.local.errors import LocalError
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.processes import start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.local.instance import Instance, Memory

_START_SECONDS = 60
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever HTTP_PROXY says
_REWRITE_PULLS = "ECR_FARGATE_LOCAL_REWRITE_PULLS"
_PROXIES = frozenset({"ALL_PROXY", "FTP_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})  # lower case counts too


def start_server(instance: Instance, memory: Memory) -> None:
    """Start the embedded AWS and wait until it answers.

    Raises:
        LocalError: It ended, or did not answer in time.
    """
    temporary = instance.state / "tmp"
    temporary.mkdir(exist_ok=True)
    memory.processes["aws"] = start(
        [sys.executable, "-m", __name__, str(instance.port), str(instance.types_file)],
        env={**_inherited(os.environ), **_environment(instance, memory), "TMPDIR": str(temporary)},
        log=instance.server_log,
    )
    memory.save(instance)  # so that 'down' finds it when this command is killed
    deadline = time.monotonic() + _START_SECONDS
    while not answers(instance):
        if not memory.processes["aws"].alive:
            raise LocalError(
                f"the embedded AWS ended while it started: {_last_line(instance)}", log=instance.server_log
            )
        if time.monotonic() > deadline:
            raise LocalError(
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


def empty(instance: Instance) -> None:
    """Drop everything that the embedded AWS holds: its task containers and functions end."""
    request = urllib.request.Request(f"http://127.0.0.1:{instance.port}/_ministack/reset", method="POST")
    with _DIRECT.open(request, timeout=120):
        pass


def _inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the user's variables without those that lead to the real AWS: its own ones, and the proxies'."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("AWS_") and name.upper() not in _PROXIES
    }


def _environment(instance: Instance, memory: Memory) -> dict[str, str]:
    return {
        **podman_environment(instance),
        "GATEWAY_PORT": str(instance.port),
        "BIND_HOST": "127.0.0.1",  # by itself it would listen on every interface, and so would the two below
        "SFTP_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "S3_DATA_DIR": str(instance.state / "s3"),
        "STATE_DIR": str(instance.state / "kept"),
        "MINISTACK_ACCOUNT_ID": instance.account,
        "MINISTACK_REGION": instance.region,
        "MINISTACK_DOCKER_TIMEOUT": "300",  # a pull through the engine counts
        "AWS_DEFAULT_REGION": instance.region,
        # Functions inherit these. Their SDK calls, and the copier's requests to the registry, go to the endpoint; a
        # file of the user's could switch it off (ignore_configured_endpoint_urls), so that none is read.
        "AWS_ENDPOINT_URL": instance.endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # No proxy for any name. On macOS Python asks the system for proxies unless a variable speaks of them.
        "NO_PROXY": "*",
        "no_proxy": "*",
        "DOCKER_HOST": memory.socket,
        _REWRITE_PULLS: "" if memory.engine == "podman" else "1",
    }


def _last_line(instance: Instance) -> str:
    lines = instance.server_log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it printed nothing")


def main() -> None:
    """Run the embedded AWS until it is ended."""
    port, types_file = sys.argv[1:]
    # Imported here: this module is also used to start the process.
    patches = import_module("ecr_fargate_constructs.local.ministack_patches")
    types = patches.apply(endpoint=f"http://localhost:{port}", rewrite_pulls=bool(os.environ.get(_REWRITE_PULLS)))
    Path(types_file).write_text(json.dumps(sorted(types)), encoding="utf-8")
    sys.argv = [shutil.which("ministack") or "ministack"]
    import_module("ministack.app").main()


if __name__ == "__main__":
    main()
