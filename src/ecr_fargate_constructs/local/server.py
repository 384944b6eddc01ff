"""Start the embedded AWS, or be it: ``python -m …local.server PORT TYPES_FILE [HTTPS_PORT FOLDER]``."""

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
from ecr_fargate_constructs.local.https.authority import Authority
from ecr_fargate_constructs.local.instance import credentials_environment, registry_password
from ecr_fargate_constructs.local.processes import start
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.local.instance import Instance, Memory

_START_SECONDS = 60
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # ignores HTTP_PROXY
_REWRITE_PULLS = "ECR_FARGATE_LOCAL_REWRITE_PULLS"
_CLOCK = "ECR_FARGATE_LOCAL_CLOCK"
_PYTHONPATH = "PYTHONPATH"
_INHERITED = frozenset({"PATH", "LANG", "TZ", _PYTHONPATH})


def start_server(instance: Instance, memory: Memory) -> None:
    """Start the embedded AWS and wait until it responds."""
    for folder in (instance.state / "tmp", instance.state / "home"):
        folder.mkdir(exist_ok=True)
    write_login(instance.login, instance.local_registry, registry_password(memory.secret))
    if memory.https_port:
        instance.authority.create()
    memory.save(instance)  # first: if this command is killed, the next one still finds the process
    memory.processes["aws"] = start(
        [sys.executable, "-m", __name__, str(instance.port), str(instance.types_file), *_https(instance, memory)],
        env=server_environment(instance, memory, os.environ),
        log=instance.server_log,
        cwd=instance.state,  # Python imports from there first, and a project may have a docker.py
    )
    memory.save(instance)
    deadline = time.monotonic() + _START_SECONDS
    while not answers(instance):
        if not memory.processes["aws"].alive:
            raise ToolError(f"the embedded AWS exited while starting: {_last_line(instance)}", log=instance.server_log)
        if time.monotonic() > deadline:
            raise ToolError(
                f"the embedded AWS did not respond on {instance.endpoint} within {_START_SECONDS} seconds",
                log=instance.server_log,
            )
        time.sleep(0.1)


def answers(instance: Instance) -> bool:
    """Return whether the embedded AWS responds."""
    try:
        with _DIRECT.open(f"http://127.0.0.1:{instance.port}/_ministack/health", timeout=30):
            return True
    except (http.client.HTTPException, OSError):
        return False


def empty(instance: Instance, memory: Memory) -> None:
    """Delete all resources of the embedded AWS, which stops its task containers and functions."""
    address = f"http://127.0.0.1:{instance.port}/_ministack/reset"
    signed = AWSRequest("POST", address)
    SigV4Auth(Credentials(memory.account, memory.secret), "ministack", memory.region).add_auth(signed)
    request = urllib.request.Request(address, method="POST", headers=dict(signed.headers.items()))
    with _DIRECT.open(request, timeout=120):
        pass


def server_environment(instance: Instance, memory: Memory, shell: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the embedded AWS and its functions, with few variables of the user's shell.

    Args:
        instance: The instance.
        memory: Its recorded state, with the secret.
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
        "BIND_HOST": "127.0.0.1",  # the default is every interface, as for the two below
        "SFTP_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "S3_DATA_DIR": str(instance.state / "s3"),
        "STATE_DIR": str(instance.state / "kept"),
        "MINISTACK_ACCOUNT_ID": instance.account,
        "MINISTACK_REGION": instance.region,
        "MINISTACK_DOCKER_TIMEOUT": "300",  # includes a pull through the engine
        # No proxy for any name. On macOS Python would use the system's proxies without these variables.
        "NO_PROXY": "*",
        "no_proxy": "*",
        "DOCKER_HOST": memory.socket,
        _REWRITE_PULLS: "" if memory.engine == "podman" else "1",
        _CLOCK: "" if memory.clock is None else str(memory.clock),
    }


def _docker_configuration(shell: Mapping[str, str]) -> dict[str, str]:
    """Return the location of the user's logins to other registries, for the images of tasks."""
    home = shell.get("HOME")
    folder = shell.get("DOCKER_CONFIG") or (home and str(Path(home) / ".docker"))
    return {"DOCKER_CONFIG": folder} if folder and Path(folder).is_dir() else {}


def _https(instance: Instance, memory: Memory) -> list[str]:
    return [str(memory.https_port), str(instance.authority.folder)] if memory.https_port else []


def _last_line(instance: Instance) -> str:
    lines = instance.server_log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it printed nothing")


def main() -> None:
    """Run the embedded AWS until it is stopped."""
    port, types_file, *https = sys.argv[1:]
    # Imported here: this module is also used to start the process.
    patches = import_module("ecr_fargate_constructs.local.ministack_patches")
    os.environ.pop(_PYTHONPATH, None)  # it was set for this module only; functions have their own
    types = patches.apply(
        endpoint=f"http://localhost:{port}",
        rewrite_pulls=bool(os.environ.get(_REWRITE_PULLS)),
        password=registry_password(os.environ["AWS_SECRET_ACCESS_KEY"]),
        authority=Authority(Path(https[1])) if https else None,
        https_port=int(https[0]) if https else 0,
        speed=float(os.environ[_CLOCK]) if os.environ.get(_CLOCK) else None,
    )
    Path(types_file).write_text(json.dumps(sorted(types)), encoding="utf-8")
    import_module("ecr_fargate_constructs.local.ministack_patches.connections").serve_many_connections()
    sys.argv = [shutil.which("ministack") or "ministack"]
    import_module("ministack.app").main()


if __name__ == "__main__":
    main()
