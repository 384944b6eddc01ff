"""Another certificate after an odd number of deployments: the rule keeps its weights, and clients are answered."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.local_app import LocalApp, free_port
from tests.e2e.rehearsal import copied

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = "first.example.com", "second.example.com"
CERTIFICATE = """
def certificate(app: cdk.App, stack: cdk.Stack) -> acm.Certificate:
    name = app.node.try_get_context("domain")
    validation = acm.CertificateValidation.from_dns()
    return acm.Certificate(stack, name.partition(".")[0], domain_name=name, validation=validation)


def hook("""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The example of rehearsals with HTTPS, and its first version."""
    app = LocalApp(copied(tmp_path_factory.mktemp("e2e") / "shop"), free_port())
    file = app.directory / "rehearsal.py"
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ("import aws_cdk as cdk\n", "import aws_cdk as cdk\nfrom aws_cdk import aws_certificatemanager as acm\n"),
        ("    PublicHttp,\n", "    PublicHttps,\n"),
        ("PublicHttp(", "PublicHttps(certificate=certificate(app, stack), "),
        ("\ndef hook(", CERTIFICATE),
    ):
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    try:
        _up(app, "version=1", f"domain={FIRST}")
        yield app
    finally:
        app.end()


def _up(app: LocalApp, *context: str) -> None:
    words = ("strategy=blue-green", *context)
    done = app.run("up", *(word for each in words for word in ("-c", each)))
    assert done.returncode == 0, done.stdout + done.stderr


def _ask(app: LocalApp, name: str) -> tuple[int, str]:
    """Status and body of ``GET https://name/``, with a certificate of this name."""
    context, port = ssl.create_default_context(cafile=str(app.instance.authority.file)), app.memory.https_port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = context.wrap_socket(plain, server_hostname=name)
        with contextlib.closing(connection):
            connection.request("GET", "/", headers={"Host": f"{name}:{port}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode().strip()


def _answer(app: LocalApp, name: str) -> tuple[int, str] | None:
    """As ``_ask``; None if the listener has no certificate of this name."""
    with contextlib.suppress(ssl.SSLError):
        return _ask(app, name)
    return None


def _weights(app: LocalApp) -> list[int]:
    [balancer] = app.ask("elbv2", "describe_load_balancers")["LoadBalancers"]
    listeners = app.ask("elbv2", "describe_listeners", LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    [secure] = [each["ListenerArn"] for each in listeners if each["Protocol"] == "HTTPS"]
    rules = app.ask("elbv2", "describe_rules", ListenerArn=secure)["Rules"]
    [action] = [action for rule in rules if not rule["IsDefault"] for action in rule["Actions"]]
    return [each["Weight"] for each in action["ForwardConfig"]["TargetGroups"]]


def test_another_certificate_after_an_odd_number_of_deployments_loses_no_request(shop: LocalApp) -> None:
    assert _ask(shop, FIRST) == (200, "1")
    _up(shop, "version=2", f"domain={FIRST}")
    assert _weights(shop) == [0, 100]
    answers: list[tuple[int, str] | None] = []
    changed, ended = threading.Event(), threading.Event()

    def client() -> None:
        """Ask by the first name until only the second one is served, and then by that."""
        while not ended.wait(0.05):
            answer = _answer(shop, SECOND if changed.is_set() else FIRST)
            if answer is None and not changed.is_set():
                changed.set()
            else:
                answers.append(answer)

    thread = threading.Thread(target=client)
    thread.start()
    try:
        _up(shop, "version=2", f"domain={SECOND}")
        time.sleep(1)
    finally:
        ended.set()
        thread.join()
    assert changed.is_set()
    assert set(answers) == {(200, "2")}
    assert len(answers) > 20
    assert _weights(shop) == [0, 100]
    assert _ask(shop, SECOND) == (200, "2")
