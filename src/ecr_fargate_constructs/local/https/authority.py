"""A certificate authority for one instance, made with the ``openssl`` program."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAME = re.compile(r"(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_DAYS = "397"  # browsers accept no certificate that is valid for longer: CA/Browser Forum, ballot SC31
_SECONDS = 30
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Authority:
    """A certificate authority, whose certificate has to be trusted by clients, for example with ``curl --cacert``.

    Attributes:
        folder: Private folder of its key and of all certificates.
    """

    folder: Path

    @property
    def file(self) -> Path:
        """Its certificate, in PEM."""
        return self.folder / "authority.pem"

    @property
    def _key(self) -> Path:
        return self.folder / "authority.key"

    @staticmethod
    def available() -> bool:
        """Return whether the ``openssl`` program is installed."""
        return shutil.which("openssl") is not None

    def create(self) -> None:
        """Create it, unless it exists."""
        if self.file.exists():
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        extensions = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
        self._request("authority", "authority of an embedded AWS", (*extensions, "subjectKeyIdentifier=hash"), ())

    def certificate(self, names: Iterable[str]) -> tuple[Path, Path]:
        """Return the files of a certificate and its key, in PEM; they are made when they are asked for first.

        Args:
            names: The DNS names of the certificate; what is no DNS name is left out.
        """
        valid = sorted({each for each in names if _NAME.fullmatch(each)})
        name = hashlib.sha256("\n".join(valid).encode()).hexdigest()[:32]
        certificate = self.folder / f"{name}.pem"
        if not certificate.exists():
            extensions = (
                "subjectAltName=" + ",".join(f"DNS:{each}" for each in valid),
                "basicConstraints=critical,CA:FALSE",
                "extendedKeyUsage=serverAuth",
                "subjectKeyIdentifier=hash",
                "authorityKeyIdentifier=keyid",
            )
            issuer = ("-CA", str(self.file), "-CAkey", str(self._key))
            self._request(name, "listener of an embedded AWS", extensions, issuer)
        return certificate, self.folder / f"{name}.key"

    def _request(self, name: str, subject: str, extensions: Iterable[str], issuer: Iterable[str]) -> None:
        configuration, key = self.folder / f"{name}.cnf", self.folder / f"{name}.key"
        lines = ["[req]", "prompt=no", "distinguished_name=name", "x509_extensions=extensions"]
        lines += ["[name]", f"CN={subject}", "[extensions]", *extensions, ""]
        configuration.write_text("\n".join(lines), encoding="utf-8")
        # Written under another name first: a certificate that exists is complete.
        written = self.folder / f"{name}.new"
        command = ["openssl", "req", "-x509", "-config", str(configuration), *_KEY, "-days", _DAYS, *issuer]
        command += ["-keyout", str(key), "-out", str(written)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603 - openssl
        except (OSError, subprocess.SubprocessError) as error:
            detail = str(getattr(error, "stderr", "") or error).strip()
            raise ToolError(f"openssl made no certificate: {detail}", fix="install OpenSSL 3 or later") from error
        key.chmod(0o600)
        written.rename(self.folder / f"{name}.pem")
