"""``ecr-fargate local start``, ``seed`` and ``env``: prepare the embedded AWS, or use it with other tools."""

from __future__ import annotations

import importlib
import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli import report
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.local_options import Account, AppDirectory, ClockSpeed, Port, Region, running
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.local import lifecycle
from ecr_fargate_constructs.local.instance import credentials_environment
from ecr_fargate_constructs.local.instances import find_instance
from ecr_fargate_constructs.tools.errors import ToolError


def start(
    app_dir: AppDirectory = Path(),
    port: Port = None,
    account: Account = None,
    region: Region = None,
    clock: ClockSpeed = None,
) -> None:
    """Start the embedded AWS without deploying, to create what the app expects: see 'seed' and 'env'."""
    instance, memory = find_instance(app_dir, port, account, region)
    with instance.alone(), report.ConsoleProgress(Console()) as progress:
        lifecycle.start(instance, memory, progress, clock=clock)
    print(f"the embedded AWS is running on {instance.endpoint}, account {instance.account}, region {instance.region}")


def seed(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Seed file, in YAML or JSON.")
    ] = None,
    app_dir: AppDirectory = Path(),
    port: Port = None,
    stubs: Annotated[
        Path | None,
        typer.Option(
            "--stubs",
            metavar="CDK_OUT",
            exists=True,
            file_okay=False,
            help="Create stubs for everything that a synthesized app imports.",
        ),
    ] = None,
) -> None:
    """Create in the embedded AWS what your account already has: hosted zones, secrets, parameters and images."""
    if (file is None) == (stubs is None):
        raise ToolError("exactly one source is needed", fix="give a seed file, or --stubs CDK_OUT")
    instance, _ = running(app_dir, port)
    seeds = importlib.import_module("ecr_fargate_constructs.local.seeds")
    with instance.alone():
        for line in seeds.put(instance, seeds.stubs(stubs) if file is None else seeds.read(file)):
            print(plain(line))


def certificate(app_dir: AppDirectory = Path(), port: Port = None) -> None:
    """Print the file of the authority of HTTPS listeners: curl --cacert "$(ecr-fargate local certificate)" URL."""
    instance, memory = running(app_dir, port)
    if not memory.https_port:
        raise ToolError("HTTPS is not served", fix="install the program openssl, and start the embedded AWS again")
    print(instance.authority.file)


def env(app_dir: AppDirectory = Path(), port: Port = None, form: FormatOption = Format.TEXT) -> None:
    """Print variables that point AWS tools to the embedded AWS, for: eval "$(ecr-fargate local env)"."""
    instance, memory = running(app_dir, port)
    variables = credentials_environment(instance, memory)
    if form is Format.JSON:
        print(json.dumps(variables, indent=2))
        return
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
