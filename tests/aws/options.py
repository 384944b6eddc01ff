"""The options of ``pytest --aws``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.aws.cases import CASES

if TYPE_CHECKING:
    from tests.aws.cases import Case

EMBEDDED = "embedded"
_SUITE = Path(__file__).parent / "on_aws"


def add_options(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("aws", "the examples on AWS: docs/never-run-on-aws.md")
    group.addoption(
        "--aws",
        metavar="ACCOUNT",
        help="deploy the examples to this account, which has to be that of the credentials; or 'embedded'. It costs "
        "money; everything is deleted afterwards",
    )
    group.addoption("--aws-region", default="us-east-1", help="region to deploy to (us-east-1)")
    group.addoption("--aws-zone", metavar="ID:NAME", help="a public hosted zone for the examples with a domain")
    group.addoption("--aws-examples", metavar="NAMES", help="only these examples, with commas between them")
    group.addoption("--aws-report", metavar="FOLDER", default="aws-report", help="folder of the report (aws-report)")
    group.addoption(
        "--aws-record", action="store_true", help="with --aws=embedded: make what it answers the record to compare with"
    )


@dataclass(frozen=True)
class Wish:
    """What the caller asked for.

    Attributes:
        account: The account, or ``embedded``.
        region: The region.
        zone: Id and name of a hosted zone.
        examples: Names of the examples; empty for all.
        report: Folder of the report.
        record: Whether the answers become the record.
    """

    account: str
    region: str = "us-east-1"
    zone: str | None = None
    examples: tuple[str, ...] = ()
    report: Path = Path("aws-report")
    record: bool = False

    @property
    def embedded(self) -> bool:
        """Whether the target is the embedded AWS."""
        return self.account == EMBEDDED

    @classmethod
    def of(cls, config: pytest.Config) -> Wish | None:
        """Read the options; None if the examples shall not be deployed.

        Raises:
            pytest.UsageError: A value is not allowed.
        """
        account = config.getoption("--aws")
        if account is None:
            return None
        names = config.getoption("--aws-examples")
        wish = cls(
            account,
            config.getoption("--aws-region"),
            config.getoption("--aws-zone"),
            tuple(filter(None, (names or "").split(","))),
            config.rootpath / config.getoption("--aws-report"),
            config.getoption("--aws-record"),
        )
        wish.check()
        return wish

    def check(self) -> None:
        """Refuse values that are not allowed."""
        if not self.embedded and not re.fullmatch(r"[0-9]{12}", self.account):
            raise pytest.UsageError(f"--aws={self.account} is neither an account id of 12 digits nor '{EMBEDDED}'")
        if self.record and not self.embedded:
            raise pytest.UsageError(f"--aws-record needs --aws={EMBEDDED}: the record is what the embedded AWS answers")
        if self.zone is not None and not re.fullmatch(r"Z[0-9A-Z]+:[a-z0-9.-]+", self.zone):
            raise pytest.UsageError(
                f"--aws-zone={self.zone} is not ID:NAME, for example Z0123456789EXAMPLE:example.com"
            )
        for name in self.examples:
            if name not in CASES:
                raise pytest.UsageError(f"--aws-examples: {name} is not one of {', '.join(CASES)}")

    def impediment(self, case: Case) -> str:
        """Return why an example is not deployed; empty if it is."""
        return case.impediment(embedded=self.embedded, zone=self.zone, named=case.name in self.examples)

    def texts(self, case: Case) -> list[tuple[str, str]]:
        """Return the texts to replace in an example."""
        zone_id, _, zone = (self.zone or "Z0123456789EXAMPLE:example.com").partition(":")
        names = {"zone_id": zone_id, "zone": zone, "region": self.region}
        return [(old, _filled(new, names)) for old, new in case.replace]


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def elsewhere(path: Path, config: pytest.Config) -> bool | None:
    """Return whether a path is not collected: the suite without ``--aws``, everything else with it."""
    inside = path == _SUITE or _SUITE in path.parents
    if config.getoption("--aws") is None:
        return True if inside else None
    return None if inside or path in _SUITE.parents else True
