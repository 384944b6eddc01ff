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
        return [source(file, (FIXTURES / file).read_text(encoding="utf-8")) for file in self.files]

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


def source(file: str, text: str) -> Source:
    """A text in place of a fixture, with the files beside it."""
    folder = (FIXTURES / file).parent

    def read(path: str) -> str | None:
        return (folder / path).read_text(encoding="utf-8") if (folder / path).is_file() else None

    return Source(name=file, text=text, directory="shop", read=read)


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
    Case(
        name="copilot_topics",
        files=("copilot_topics/api.yml", "copilot_topics/packer.yml"),
        variables={"COPILOT_APPLICATION_NAME": "shop", "COPILOT_ENVIRONMENT_NAME": "test"},
    ),
    _case("copilot_fan_out"),
    _case("copilot_app_runner"),
    _case("copilot_job"),
    Case(
        name="copilot_shop",
        files=("copilot_shop/web.yml", "copilot_shop/orders.yml", "copilot_shop/audit.yml"),
        variables={"COPILOT_APPLICATION_NAME": "shop"},
    ),
    _case("copilot_numbers", COLOUR="red"),
    Case(name="copilot_connect", files=tuple(f"copilot_connect/{each}.yml" for each in ("front", "api", "mail"))),
    Case(
        name="copilot_discovery",
        files=tuple(f"copilot_discovery/{each}.yml" for each in ("front", "api", "nightly", "apart", "public")),
        variables={"COPILOT_APPLICATION_NAME": "shop", "COPILOT_ENVIRONMENT_NAME": "test"},
    ),
    Case(name="copilot_circle", files=("copilot_circle/left.yml", "copilot_circle/right.yml")),
    _case("copilot_rules"),
    _case("copilot_nlb"),
    _case("copilot_target_port"),
    _case("copilot_target_of_port"),
    _case("copilot_target_itself"),
    _case("copilot_efs"),
    _case("copilot_efs_many"),
    _case("copilot_private_app_runner"),
    _case("copilot_events"),
    _case("copilot_imports"),
    _case("copilot_logging"),
    _case("compose_shop"),
    _case("compose_hardened"),
    _case("compose_files", PHP="8.4-apache"),
    _case("compose_anchors"),
    _case("compose_strange"),
    _case("compose_machine"),
    Case(name="compose_loopback", files=("compose_loopback/compose.yml",)),
    _case("compose_networks"),
    _case("compose_ports"),
    Case(name="compose_dockerfiles", files=("compose_dockerfiles/compose.yml",)),
    _case("compose_expose"),
    _case("compose_interpolation", GIVEN="given"),
    _case("compose_numbers"),
    Case(name="compose_env_files", files=("compose_env_files/compose.yml",)),
    _case("compose_monitoring"),
    _case("compose_circle"),
    _case("compose_stores"),
    _case("compose_commands"),
    _case("compose_jobs"),
    _case("compose_release"),
    _case("compose_secrets"),
    _case("compose_resources"),
    _case("compose_build"),
    _case("compose_dots"),
    _case("compose_healthchecks"),
    _case("compose_address"),
    _case("compose_unusual"),
]
