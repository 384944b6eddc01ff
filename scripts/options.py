"""List every option of the installed aws-cdk-lib for a service, its task, its containers and its pattern's image.

``python scripts/options.py`` prints them, and those that ``docs/options.md`` lacks.
"""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

TABLE = Path(__file__).parent.parent / "docs" / "options.md"

STRUCTS: dict[str, type] = {
    "FargateService": ecs.FargateServiceProps,
    "FargateTaskDefinition": ecs.FargateTaskDefinitionProps,
    "ContainerDefinitionOptions": ecs.ContainerDefinitionOptions,
    "ApplicationLoadBalancedTaskImageOptions": ecs_patterns.ApplicationLoadBalancedTaskImageOptions,
}
"""The table's headings, with the structs of CDK whose options they list."""

_ROW = re.compile(r"^\| `(?P<option>\w+)` \| (?P<how>\w+) \| (?P<where>.+) \|$")


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    of: str
    option: str
    how: str
    where: str


def options_of(struct: type) -> list[str]:
    """Return the options of a struct of CDK, sorted."""
    return sorted(set(inspect.signature(struct).parameters))


def rows(text: str) -> list[Row]:
    """Return the rows of the table, each with its heading."""
    found, heading = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif row := _ROW.match(line):
            found.append(Row(of=heading, **row.groupdict()))
    return found


def unknown(table: list[Row]) -> list[str]:
    """Return the options of CDK that the table lacks."""
    known = {(row.of, row.option) for row in table}
    return [
        f"{name}.{option}"
        for name, struct in STRUCTS.items()
        for option in options_of(struct)
        if (name, option) not in known
    ]


def main() -> int:
    """Print every option, and fail if the table lacks one."""
    print(f"aws-cdk-lib {metadata.version('aws-cdk-lib')}")
    for name, struct in STRUCTS.items():
        options = options_of(struct)
        print(f"{name}: {len(options)}", *options, sep="\n  ")
    missing = unknown(rows(TABLE.read_text(encoding="utf-8")))
    for name in missing:
        print(f"not in {TABLE.name}: {name}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
