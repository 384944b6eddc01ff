"""The certificates of a local authority, as a client checks them."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.https import Authority
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not Authority.available(), reason="openssl is not installed")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority."""
    made = Authority(tmp_path / "https")
    made.create()
    return made


def _shake_hands(authority: Authority, name: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*authority.certificate(["shop.example.com", "*.example.org"]))
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(there, server_side=True).close()
        except (ssl.SSLError, OSError):
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        ssl.create_default_context(cafile=str(authority.file)).wrap_socket(here, server_hostname=name).close()
    finally:
        here.close()
        thread.join()


@pytest.mark.parametrize("name", ["shop.example.com", "www.example.org"])
def test_a_client_that_trusts_the_authority_accepts_the_certificate(authority: Authority, name: str) -> None:
    _shake_hands(authority, name)


def test_another_name_is_refused(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        _shake_hands(authority, "example.com")


def test_keys_are_private_and_certificates_are_made_once(authority: Authority) -> None:
    certificate, key = authority.certificate(["a.example.com"])
    assert key.stat().st_mode & 0o077 == 0
    assert (authority.folder / "authority.key").stat().st_mode & 0o077 == 0
    before = certificate.read_bytes(), authority.file.read_bytes()
    authority.create()
    assert authority.certificate(["a.example.com"]) == (certificate, key)
    assert (certificate.read_bytes(), authority.file.read_bytes()) == before


def test_what_is_no_name_stays_out_of_the_configuration(authority: Authority) -> None:
    certificate, _ = authority.certificate(["a.example.com", "x\nbasicConstraints=CA:TRUE"])
    assert certificate == authority.certificate(["a.example.com"])[0]


def test_a_failure_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="openssl made no certificate"):
        (Authority(tmp_path)).certificate(["a.example.com"])  # the authority was not created
