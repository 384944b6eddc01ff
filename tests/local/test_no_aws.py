"""No request leaves this machine: a function of the embedded AWS runs where every way to the real AWS is a trap.

The trap plays ECR: it answers 401 without a login and 403 with a wrong one, as the real one does. The variables of the
user's shell lead there, all proxies, a decoy endpoint and a file in HOME that switches endpoints off; and where this
process may have a mount namespace of its own, so do AWS's host names, in ``/etc/hosts``.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from ecr_fargate_constructs.local.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ACCOUNT, REGION = "123456789012", "us-east-1"
REGISTRY, API = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com", f"api.ecr.{REGION}.amazonaws.com"
NAMES = (REGISTRY, API, "amazonaws.com", f"secretsmanager.{REGION}.amazonaws.com")
START = """
import pathlib, sys
from ecr_fargate_constructs.local import server
from ecr_fargate_constructs.local.instance import Instance, Memory
directory, port, account, region = sys.argv[1:]
instance = Instance(pathlib.Path(directory), int(port), account, region)
instance.make_state()
memory = Memory(account, region, "podman", "unix:///nowhere")
server.start_server(instance, memory)
print(memory.processes["aws"].pid, memory.secret)
"""
COMMANDS = """
import pathlib, sys
from ecr_fargate_constructs.local import server
from ecr_fargate_constructs.local.instance import instance_at
from ecr_fargate_constructs.local.services import Cloud
directory, port, account, region = sys.argv[1:]
instance, memory = instance_at(pathlib.Path(directory), int(port), account, region)
for service in ("ecr", "ecs", "cloudformation", "logs", "elbv2"):
    print(Cloud(instance).client(service).meta.endpoint_url)
print(len(Cloud(instance).client("ecr").describe_repositories()["repositories"]))
server.empty(instance, memory)
"""
FUNCTION = """
import base64, os, urllib.request
import boto3, urllib3
from .names import REGISTRY

def attempt(ask):
    try:
        return ask()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def handler(event, context):
    endpoint = os.environ.get("AWS_ENDPOINT_URL_ECR") or os.environ.get("AWS_ENDPOINT_URL")
    url, headers = f"{endpoint or 'https://' + REGISTRY}/v2/", {"Host": REGISTRY}
    proxy = urllib.request.getproxies().get("https")
    # Every client that finds its own way: urllib and botocore by the environment, urllib3 because it is told to.
    pool = urllib3.ProxyManager(proxy, retries=False) if proxy else urllib3.PoolManager(retries=False)
    clients = boto3.session.Session(region_name=os.environ.get("AWS_REGION", "us-east-1"))
    ecr, secrets = clients.client("ecr"), clients.client("secretsmanager")

    def log_in():
        [data] = ecr.get_authorization_token()["authorizationData"]
        headers["Authorization"] = "Basic " + data["authorizationToken"]
        return base64.b64decode(data["authorizationToken"]).decode().partition(":")[0]

    def ask_urllib():
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status

    return {
        "login": attempt(log_in),
        "urllib": attempt(ask_urllib),
        "urllib3": attempt(lambda: pool.request("GET", url, headers=headers).status),
        "setting": attempt(lambda: ecr.get_account_setting(name="BLOB_MOUNTING")["value"]),
        "secret": attempt(lambda: secrets.get_secret_value(SecretId="login")["SecretString"]),
        "proxies": [name for name in os.environ if name.upper().endswith("_PROXY") and os.environ[name] != "*"],
        "shell": [name for name in ("GITHUB_TOKEN", "PYTHONPATH", "XDG_STATE_HOME") if name in os.environ],
        "home": os.environ["HOME"],
    }
"""


class Server(ThreadingHTTPServer):
    """A server that writes down every connection, and what breaks off without a request too."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], seen: list[str]) -> None:
        super().__init__(address, handler)
        self.seen = seen

    def verify_request(self, *_: object) -> bool:
        self.seen.append("a connection")
        return True

    def handle_error(self, *_: object) -> None:
        pass


class Trap:
    """A fake of AWS with TLS, and a proxy in front of it; both write down what they are asked."""

    def __init__(self, folder: Path) -> None:
        self.seen: list[str] = []
        # An address of loopback that no other test has: TLS's own port is the one that AWS's names lead to.
        self.address = ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))])  # noqa: S311 - any will do
        self.certificate = folder / "trap.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
        names = ",".join(f"DNS:{name}" for name in NAMES)
        command += ["-days", "1", "-subj", "/CN=trap", "-addext", f"subjectAltName={names}"]
        command += ["-keyout", str(self.certificate), "-out", str(folder / "trap.crt")]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - words of this file
        with self.certificate.open("a", encoding="ascii") as file:
            file.write((folder / "trap.crt").read_text(encoding="ascii"))
        self.servers = [self._fake(port) for port in (443, 0)] if os.geteuid() == 0 else [self._fake(0)]
        self.servers.append(self._proxy(self.servers[-1].server_address))
        for server in self.servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _fake(self, port: int) -> Server:
        seen = self.seen

        class Fake(BaseHTTPRequestHandler):
            def answer(self) -> None:
                seen.append(f"AWS: {self.command} {self.headers['Host']}{self.path}")
                self.send_response(403 if "Authorization" in self.headers else 401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        server = Server((self.address, port), Fake, seen)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return server

    def _proxy(self, fake: Any) -> Server:  # noqa: ANN401 - an address
        seen = self.seen

        class Proxy(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                seen.append(f"proxy: CONNECT {self.path}")
                self.send_response(200)
                self.end_headers()
                with socket.create_connection(fake) as beyond:
                    back = threading.Thread(target=_pass_on, args=(beyond, self.connection), daemon=True)
                    back.start()
                    _pass_on(self.connection, beyond)
                    back.join(timeout=5)

            def answer(self) -> None:
                seen.append(f"proxy: {self.command} {self.path}")
                self.send_error(502)

            do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        return Server(("127.0.0.1", 0), Proxy, seen)

    def environment(self, home: Path) -> dict[str, str]:
        """The user's shell: everything in it that leads to AWS leads here."""
        (home / ".aws").mkdir(parents=True)
        switched_off = "[default]\nignore_configured_endpoint_urls = true\n"
        (home / ".aws" / "config").write_text(switched_off, encoding="utf-8")
        ours = ("AWS_", "NO_PROXY", "no_proxy")
        shell = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        proxy = f"http://127.0.0.1:{self.servers[-1].server_address[1]}"
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), proxy)
        certificates = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(self.certificate))
        keys = {"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_MAX_ATTEMPTS": "1"}
        ignore = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL_ECR": f"https://{API}"}
        user = {"HOME": str(home), "AWS_REGION": REGION, "GITHUB_TOKEN": "a token"}
        return {**shell, **proxies, **certificates, **keys, **ignore, **user}

    def inside(self, folder: Path) -> list[str]:
        """Words before a command that make AWS's host names lead here; none where the kernel does not allow it."""
        hosts = folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{self.address} {' '.join(NAMES)}\n", encoding="ascii")
        mount = 'mount --bind "$0" /etc/hosts && exec "$@"'
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, str(hosts)]
        if not shutil.which("unshare"):
            return []
        tried = subprocess.run([*words, "true"], check=False, capture_output=True)  # noqa: S603 - words of this file
        return words if tried.returncode == 0 else []

    def end(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while content := source.recv(65536):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of the two has gone


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    if not shutil.which("openssl"):
        assert not os.environ.get("ECR_FARGATE_REQUIRE_E2E"), "CI has to have openssl"
        pytest.skip("openssl is missing")
    made = Trap(tmp_path)
    yield made
    made.end()


def _run(trap: Trap, tmp_path: Path, arguments: Sequence[str], environment: dict[str, str]) -> str:
    command = [*trap.inside(tmp_path), sys.executable, *arguments]
    done = subprocess.run(  # noqa: S603 - words of this file
        command, env=environment, cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _package(folder: Path) -> None:
    (folder / "copier").mkdir()
    for name, text in (("__init__", ""), ("names", f"REGISTRY = {REGISTRY!r}\n"), ("handler", FUNCTION)):
        (folder / "copier" / f"{name}.py").write_text(text, encoding="utf-8")


def test_the_trap_sees_a_function_outside(trap: Trap, tmp_path: Path) -> None:
    _package(tmp_path)
    program = "import json; from copier.handler import handler; print(json.dumps(handler({}, None)))"
    environment = trap.environment(tmp_path / "home")
    del environment["AWS_ENDPOINT_URL_ECR"]
    answers = json.loads(_run(trap, tmp_path, ["-c", program], environment))
    assert "403" in answers["login"]
    assert f"proxy: CONNECT {REGISTRY}:443" in trap.seen
    assert f"AWS: GET {REGISTRY}/v2/" in trap.seen
    assert f"AWS: POST {API}/" in trap.seen
    if trap.inside(tmp_path):
        trap.seen.clear()
        direct = {name: value for name, value in environment.items() if not name.upper().endswith("_PROXY")}
        _run(trap, tmp_path, ["-c", program], direct)
        assert f"AWS: GET {REGISTRY}/v2/" in trap.seen
        assert f"AWS: POST {API}/" in trap.seen


def test_no_request_of_a_function_leaves(trap: Trap, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = trap.environment(tmp_path / "home")
    started = _run(trap, tmp_path, ["-c", START, str(tmp_path), str(port), ACCOUNT, REGION], environment)
    pid, secret = started.split()
    try:
        answers = _invoke(tmp_path, port, secret)
        broken = {"AWS_PROFILE": "prod", "AWS_RETRY_MODE": "nonsense", "AWS_DEFAULTS_MODE": "nonsense"}
        asked = _run(trap, tmp_path, ["-c", COMMANDS, str(tmp_path), str(port), ACCOUNT, REGION], environment | broken)
    finally:
        Process.of(int(pid)).stop()
    log = (tmp_path / ".ecr-fargate" / str(port) / "aws.log").read_text(encoding="utf-8")
    assert answers == {
        "login": "AWS",
        "urllib": 200,
        "urllib3": 200,
        "setting": "DISABLED",
        "secret": "kept here",
        "proxies": [],
        "shell": [],
        "home": str(tmp_path / ".ecr-fargate" / str(port) / "home"),
    }, log
    assert trap.seen == []
    assert asked.split() == [f"http://localhost:{port}"] * 5 + ["0"]
    assert log.count("registry: GET /v2/ answered 200") == 2


def _invoke(tmp_path: Path, port: int, secret: str) -> dict[str, Any]:
    """Run the function as CloudFormation does the copier: a package in a zip, with the newest runtime."""
    keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": secret, "region_name": REGION}
    session = boto3.session.Session(**keys)

    def client(service: str) -> Any:  # noqa: ANN401 - boto3 has no types
        return session.client(service, endpoint_url=f"http://127.0.0.1:{port}", config=Config(proxies={}))

    _package(tmp_path)
    asset = io.BytesIO()
    with zipfile.ZipFile(asset, "w") as package:
        for file in sorted((tmp_path / "copier").iterdir()):
            package.write(file, f"copier/{file.name}")
    client("secretsmanager").create_secret(Name="login", SecretString="kept here")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": ["ecr:*", "secretsmanager:GetSecretValue"], "Resource": "*"}
    client("iam").create_role(RoleName="copier", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    client("iam").put_role_policy(
        RoleName="copier", PolicyName="all", PolicyDocument=json.dumps({"Statement": [allowed]})
    )
    client("lambda").create_function(
        FunctionName="copier",
        Runtime="python3.14",
        Role=f"arn:aws:iam::{ACCOUNT}:role/copier",
        Handler="copier.handler.handler",
        Code={"ZipFile": asset.getvalue()},
        Timeout=30,
    )
    return dict(json.loads(client("lambda").invoke(FunctionName="copier", Payload=b"{}")["Payload"].read()))
