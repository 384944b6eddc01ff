"""Nothing that the user has set up for the real AWS counts for the embedded one, however broken it is."""

from __future__ import annotations

import contextlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

from ecr_fargate_constructs.local.aws_clients import aws_client
from ecr_fargate_constructs.local.instance import Instance, Memory, instance_at
from ecr_fargate_constructs.local.server import server_environment
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.local.toolkit import toolkit_environment
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SETTINGS = botocore.session.Session.SESSION_VARIABLES.values()
OF_BOTOCORE = {name for _, names, *_ in _SETTINGS for name in (names if isinstance(names, list) else [names]) if name}
OTHERS = {
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_SECURITY_TOKEN"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SDK_LOAD_CONFIG"),
    *("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EXECUTION_ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy"),
}
NAMES = sorted(OF_BOTOCORE | OTHERS)
WRONG = "http://127.0.0.1:9/real"
FILE = """
[default]
region = eu-north-1
aws_access_key_id = AKIAREAL
aws_secret_access_key = real
endpoint_url = http://127.0.0.1:9
ignore_configured_endpoint_urls = true
retry_mode = nonsense
defaults_mode = nonsense
use_fips_endpoint = true
max_attempts = nonsense
credential_process = /bin/false
"""


@pytest.fixture
def seen() -> Iterator[tuple[int, list[str]]]:
    """A fake of the embedded AWS: its port, and the authorizations of the requests that came."""
    authorizations: list[str] = []

    class Fake(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            authorizations.append(self.headers["Authorization"])
            self.send_response(200)
            self.send_header("Content-Length", "19")
            self.end_headers()
            self.wfile.write(b'{"clusterArns": []}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_address[1], authorizations
    server.shutdown()
    server.server_close()


def _ask(port: int, directory: Path) -> None:
    instance, _ = instance_at(directory, port, None, None)
    Memory(instance.account, instance.region, "podman", "unix:///x").save(instance)
    client = Cloud(instance).client("ecs")
    with contextlib.closing(client):
        assert client.list_clusters()["clusterArns"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_is_harmless(
    seen: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    port, authorizations = seen
    monkeypatch.setenv(name, WRONG)
    _ask(port, tmp_path)
    [authorization] = authorizations
    assert f"Credential={port:012d}/" in authorization
    assert "/us-east-1/ecs/" in authorization


def test_files_of_the_user_are_not_read(
    seen: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port, authorizations = seen
    (tmp_path / ".aws").mkdir()
    for name in ("config", "credentials"):
        (tmp_path / ".aws" / name).write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    _ask(port, tmp_path)
    (tmp_path / ".aws" / "config").write_text("no [ file", encoding="utf-8")
    _ask(port, tmp_path)
    assert [f"Credential={port:012d}/" in each for each in authorizations] == [True, True]


def test_an_instance_that_nobody_remembers_is_not_asked(tmp_path: Path) -> None:
    instance, _ = instance_at(tmp_path, 4605, None, None)
    with pytest.raises(ToolError, match=r"nothing is running for .* on port 4605"):
        Cloud(instance)


def test_explain_and_retention_ask_the_app_of_this_directory_with_its_credentials(
    seen: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port, authorizations = seen
    _ask(port, tmp_path)
    for name, value in (("AWS_ACCESS_KEY_ID", "AKIAREAL"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "eu-west-1")):
        monkeypatch.setenv(name, value)
    for directory in (tmp_path, tmp_path.parent):
        monkeypatch.chdir(directory)
        for host in ("localhost", "127.0.0.1"):
            aws_client("ecs", f"http://{host}:{port}").list_clusters()
    keys = [authorization.partition("Credential=")[2].partition("/")[0] for authorization in authorizations[1:]]
    assert keys == [f"{port:012d}"] * 2 + ["AKIAREAL"] * 2


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("AWS_")])
def test_no_process_is_given_a_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv(name, WRONG)
    instance, memory = _instance(tmp_path)
    for environment in (toolkit_environment(instance, memory), server_environment(instance, memory, os.environ)):
        assert environment.get(name) != WRONG


def test_the_embedded_aws_is_given_what_it_needs_alone(tmp_path: Path) -> None:
    instance, memory = _instance(tmp_path)
    (tmp_path / ".docker").mkdir()
    shell = {"PATH": "/bin", "LANG": "C.UTF-8", "LC_ALL": "C", "HOME": str(tmp_path), "GITHUB_TOKEN": "x", "USER": "me"}
    environment = server_environment(instance, memory, {**shell, "HTTPS_PROXY": WRONG, "SSH_AUTH_SOCK": "/x"})
    kept = {name: value for name, value in environment.items() if name in shell}
    assert kept == {"PATH": "/bin", "LANG": "C.UTF-8", "LC_ALL": "C", "HOME": str(instance.state / "home")}
    assert not {"HTTPS_PROXY", "SSH_AUTH_SOCK"} & environment.keys()
    assert environment["DOCKER_CONFIG"] == str(tmp_path / ".docker")
    assert environment["AWS_SECRET_ACCESS_KEY"] == memory.secret


def _instance(directory: Path) -> tuple[Instance, Any]:
    instance, _ = instance_at(directory, 4605, None, None)
    instance.make_state()
    return instance, Memory(instance.account, instance.region, "podman", "unix:///x")
