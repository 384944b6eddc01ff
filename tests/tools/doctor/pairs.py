"""Faults of ``ecr-fargate doctor`` that look like something harmless, each with its harmless twin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tools.doctor.faults import COMMAND

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.tools.planting import Copy

LOOPBACK, KEEP_ALIVE = "listens-on-loopback", "keep-alive-below-idle-timeout"
END_OF_LIFE, SECRET = "base-image-end-of-life", "secret-in-environment"
PYTHON = "public.ecr.aws/docker/library/python"


@dataclass(frozen=True)
class Pair:
    """A fault and its twin.

    Attributes:
        name: What they are about.
        rule: The rule that the fault breaks.
        fault: What plants the fault.
        twin: What plants what looks like it, and is in order.
    """

    name: str
    rule: str
    fault: Callable[[Copy], object]
    twin: Callable[[Copy], object]


def _runs(command: str, files: Mapping[str, str] | None = None, before: str = "") -> Callable[[Copy], None]:
    def plant(copy: Copy) -> None:
        copy.dockerfile(COMMAND, before + command)
        for name, text in (files or {}).items():
            (copy.context / name).write_text(text, encoding="utf-8")

    return plant


def _dockerfile(old: str, new: str) -> Callable[[Copy], None]:
    return lambda copy: copy.dockerfile(old, new)


def _marked(version: str) -> Callable[[Copy], None]:
    """Write the Dockerfile as an editor on Windows does."""

    def plant(copy: Copy) -> None:
        copy.dockerfile(f"FROM {PYTHON}:3.13-slim", f"FROM\t{PYTHON}:{version}-slim")
        file = copy.context / "Dockerfile"
        file.write_text("\ufeff" + file.read_text(encoding="utf-8"), encoding="utf-8", newline="\r\n")

    return plant


def _by_architecture(amd64: str, arm64: str) -> Callable[[Copy], None]:
    stages = f"FROM {PYTHON}:{amd64} AS for-amd64\nFROM {PYTHON}:{arm64} AS for-arm64\nFROM for-${{TARGETARCH}}"
    return _dockerfile(f"FROM {PYTHON}:3.13-slim", stages)


def _platform(option: str) -> Callable[[Copy], None]:
    """Leave the platform to the Dockerfile."""

    def plant(copy: Copy) -> None:
        copy.image.pop("platform")
        copy.dockerfile("FROM ", f"FROM --platform={option} ")

    return plant


def _by_codedeploy(command: str) -> Callable[[Copy], None]:
    """Have CodeDeploy do the deployments, for which CDK names the task definition by its family."""

    def plant(copy: Copy) -> None:
        copy.dockerfile(COMMAND, command)
        codedeploy(copy)

    return plant


def codedeploy(copy: Copy) -> None:
    """Write the service as CDK does for the deployment controller CODE_DEPLOY."""
    copy.service["DeploymentController"] = {"Type": "CODE_DEPLOY"}
    copy.service["TaskDefinition"] = copy.task["Family"]


def _address(reference: str) -> Callable[[Copy], None]:
    """A secret, or something else, that CloudFormation puts into an address."""
    join = ["postgres://web:{{resolve:" + reference + ":", {"Ref": "Named"}, ":SecretString:password::}}@db/web"]
    return lambda copy: copy.container.update(Environment=[{"Name": "URL", "Value": {"Fn::Join": ["", join]}}])


def _variable(value: object) -> Callable[[Copy], None]:
    return lambda copy: copy.container.update(Environment=[{"Name": "URL", "Value": value}])


def _check(**numbers: int) -> Callable[[Copy], None]:
    return lambda copy: copy.container.update(HealthCheck={"Command": ["CMD", "true"], **numbers})


_GUNICORN = 'CMD ["gunicorn", "app:app"]'
_NEXT = 'CMD ["npm", "start"]'
_WAITING = 'CMD ["./wait-for-it.sh", "-h", "localhost", "--", "uvicorn", "app:app", "--timeout-keep-alive", "75"'


def _queue(action: str) -> Callable[[Copy], None]:
    def plant(copy: Copy) -> None:
        resources = copy.template["Resources"]
        role = copy.task["TaskRoleArn"]["Fn::GetAtt"][0]
        statement = {"Effect": "Allow", "Action": [action], "Resource": {"Fn::GetAtt": ["Jobs", "Arn"]}}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        resources["Jobs"] = {"Type": "AWS::SQS::Queue", "Properties": {}}
        resources["JobsPolicy"] = {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "jobs", "Roles": [{"Ref": role}], "PolicyDocument": document},
        }

    return plant


PAIRS = (
    Pair(
        "gunicorn's own settings file",
        LOOPBACK,
        _runs(_GUNICORN, {"gunicorn.conf.py": "workers = 4\n"}),
        _runs(_GUNICORN, {"gunicorn.conf.py": 'bind = "0.0.0.0:8080"\n'}),
    ),
    Pair(
        "gunicorn's settings file by name",
        LOOPBACK,
        _runs('CMD ["gunicorn", "-c", "web.py", "app:app"]', {"web.py": 'bind = "127.0.0.1:8080"\n'}),
        _runs('CMD ["gunicorn", "-c", "web.py", "app:app"]', {"web.py": 'bind = "0.0.0.0:8080"\n'}),
    ),
    Pair("another program's -h", LOOPBACK, _runs(_WAITING + "]"), _runs(_WAITING + ', "--host", "0.0.0.0"]')),
    Pair(
        "php's own server",
        LOOPBACK,
        _runs('CMD ["php", "-S", "localhost:8080"]'),
        _runs('CMD ["php", "-S", "0.0.0.0:8080"]'),
    ),
    Pair(
        "rails server",
        LOOPBACK,
        _runs('CMD ["bin/rails", "server"]'),
        _runs('CMD ["bin/rails", "server"]', before="ENV RAILS_ENV=production\n"),
    ),
    Pair("fastapi", LOOPBACK, _runs('CMD ["fastapi", "dev"]'), _runs('CMD ["fastapi", "run"]')),
    Pair(
        "vite preview",
        LOOPBACK,
        _runs('CMD ["vite", "preview"]'),
        _runs('CMD ["vite", "preview"]', {"vite.config.ts": "export default { preview: { host: true } };\n"}),
    ),
    Pair("a byte-order mark and tabs", END_OF_LIFE, _marked("3.8"), _marked("3.13")),
    Pair("stages by architecture", END_OF_LIFE, _by_architecture("3.8", "3.13"), _by_architecture("3.13", "3.8")),
    Pair(
        "a base by variables of variables",
        END_OF_LIFE,
        _dockerfile(f"FROM {PYTHON}:3.13-slim", f"ARG V=3.8\nARG BASE={PYTHON}:${{V}}\nFROM ${{BASE}}"),
        _dockerfile(f"FROM {PYTHON}:3.13-slim", f"ARG V=3.13\nARG BASE={PYTHON}:${{V}}\nFROM ${{BASE}}"),
    ),
    Pair(
        "a base by an alternative",
        "base-image-not-pinned",
        _dockerfile(f"FROM {PYTHON}:3.13-slim", f"ARG V\nFROM {PYTHON}${{V:+:$V}}"),
        _dockerfile(f"FROM {PYTHON}:3.13-slim", f"ARG V=3.13\nFROM {PYTHON}${{V:+:$V}}"),
    ),
    Pair("a pinned platform", "architecture-mismatch", _platform("linux/arm64"), _platform("linux/amd64")),
    Pair("a platform that follows", "image-platform-unset", _platform("$BUILDPLATFORM"), _platform("linux/amd64")),
    Pair(
        "deployments by CodeDeploy",
        LOOPBACK,
        _by_codedeploy('CMD ["flask", "run"]'),
        _by_codedeploy('CMD ["flask", "run", "--host", "0.0.0.0"]'),
    ),
    Pair("a secret by CloudFormation", SECRET, _address("secretsmanager"), _address("ssm")),
    Pair("a secure parameter", SECRET, _address("ssm-secure"), _address("ssm")),
    Pair(
        "a password beside an open part",
        SECRET,
        _variable({"Fn::Sub": "postgres://web:hunter2@${Db}/web"}),
        _variable({"Fn::Sub": "postgres://web:${Password}@${Db}/web"}),
    ),
    Pair(
        "gunicorn's workers",
        KEEP_ALIVE,
        _runs('CMD ["gunicorn", "-b", ":8080", "-k", "gthread", "app:app"]'),
        _runs('CMD ["gunicorn", "-b", ":8080", "-k", "sync", "app:app"]'),
    ),
    Pair(
        "gunicorn's command before its variable",
        KEEP_ALIVE,
        _runs(
            'CMD ["gunicorn", "-k", "gthread", "--keep-alive", "5", "app:app"]',
            before='ENV GUNICORN_CMD_ARGS="--bind=:8080 --keep-alive=75"\n',
        ),
        _runs(
            'CMD ["gunicorn", "-k", "gthread", "--keep-alive", "75", "app:app"]',
            before='ENV GUNICORN_CMD_ARGS="--bind=:8080 --keep-alive=5"\n',
        ),
    ),
    Pair(
        "Next through npm",
        KEEP_ALIVE,
        _runs(_NEXT, {"package.json": '{"scripts": {"start": "next start"}}'}),
        _runs(_NEXT, {"package.json": '{"scripts": {"start": "next start --keepAliveTimeout 75000"}}'}),
    ),
    Pair(
        "Next, standalone",
        KEEP_ALIVE,
        _runs('CMD ["node", "server.js"]'),
        _runs('CMD ["node", "server.js"]', before="ENV KEEP_ALIVE_TIMEOUT=75000\n"),
    ),
    Pair(
        "a shell that is replaced",
        "shell-form-command",
        _runs("CMD prepare && python server.py"),
        _runs("CMD prepare && exec python server.py"),
    ),
    Pair(
        "a long timeout",
        "container-health-check-out-of-range",
        _check(Interval=90, Timeout=61),
        _check(Interval=90, Timeout=60),
    ),
    Pair(
        "a queue that tasks receive from, and one that they send to",
        "queue-without-dead-letters",
        _queue("sqs:ReceiveMessage"),
        _queue("sqs:SendMessage"),
    ),
)
