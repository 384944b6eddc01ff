"""The files that are migrated in tests: in the shapes that the documents of Copilot and of compose show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ecr_fargate_constructs.tools.migrate.program_of import Migration, Source, migrate

HERE = Path(__file__).parent
FIXTURES, GOLDEN = HERE / "fixtures", HERE / "golden"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A migration and what it is told."""

    name: str
    files: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    environment: str | None = None

    def sources(self) -> list[Source]:
        """The files, as the command reads them."""
        return [
            Source(name=file, text=(FIXTURES / file).read_text(encoding="utf-8"), directory="shop")
            for file in self.files
        ]

    def migrate(self) -> Migration:
        """Migrate them."""
        return migrate(self.sources(), variables=self.variables, environment=self.environment)

    @property
    def program(self) -> Path:
        """The program that is expected."""
        return GOLDEN / f"{self.name}.py"

    @property
    def findings(self) -> Path:
        """The list that is expected."""
        return GOLDEN / f"{self.name}.txt"


def _case(name: str, **options: str) -> Case:
    return Case(name=name, files=(f"{name}.yml",), variables=options)


CASES = [
    Case(
        name="copilot_basic",
        files=("copilot_basic.yml",),
        variables={"COPILOT_APPLICATION_NAME": "shop", "COPILOT_ENVIRONMENT_NAME": "test"},
    ),
    _case("copilot_large"),
    Case(name="copilot_production", files=("copilot_large.yml",), environment="production"),
    _case("copilot_sidecars"),
    _case("copilot_backend"),
    Case(name="copilot_backend_test", files=("copilot_backend.yml",), environment="test"),
    _case("copilot_worker"),
    _case("copilot_app_runner"),
    _case("copilot_job"),
    Case(
        name="copilot_shop",
        files=("copilot_shop/web.yml", "copilot_shop/orders.yml", "copilot_shop/audit.yml"),
        variables={"COPILOT_APPLICATION_NAME": "shop"},
    ),
    _case("compose_shop"),
    _case("compose_hardened"),
    _case("compose_files", PHP="8.4-apache"),
    _case("compose_anchors"),
    _case("compose_strange"),
    _case("compose_machine"),
]
