"""The program that is being written: imports, statements, and values that several statements use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import (
    Call,
    Expression,
    Name,
    Register,
    assignment,
    from_import,
    heads,
    statement,
)
from ecr_fargate_constructs.tools.migrate.model import (
    Build,
    Domain,
    EcrImage,
    Image,
    Imported,
    Parameter,
    PublicImage,
    Secret,
    Shape,
    Volume,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ecr_fargate_constructs.tools.migrate.model import Service

_CDK = {
    "acm": "aws_certificatemanager",
    "scheduler": "aws_scheduler",
    "cloudmap": "aws_servicediscovery",
    "ec2": "aws_ec2",
    "ecr": "aws_ecr",
    "ecr_assets": "aws_ecr_assets",
    "ecs": "aws_ecs",
    "ecs_patterns": "aws_ecs_patterns",
    "efs": "aws_efs",
    "elbv2": "aws_elasticloadbalancingv2",
    "logs": "aws_logs",
    "route53": "aws_route53",
    "route53_targets": "aws_route53_targets",
    "secretsmanager": "aws_secretsmanager",
    "sns": "aws_sns",
    "ssm": "aws_ssm",
    "subscriptions": "aws_sns_subscriptions",
}
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
STACK = Name("stack")
UNKNOWN_ZONE = "Z0000000000EXAMPLE"


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Variables that several services use; None if the program does not have one."""

    cluster: Name | None = None
    namespace: Name | None = None
    discovery: Name | None = None
    balancer: Name | None = None


class Program:
    """The statements so far."""

    def __init__(self, *, one_service: bool) -> None:
        """Begin without a statement."""
        self._one_service = one_service
        self._register = Register(frozenset({"app", "build", "cdk", "stack", "main", *_CDK}))
        self._statements: list[tuple[str, Expression] | None] = []
        self._variables: dict[str, Name] = {}
        self._repositories: dict[str, Name] = {}
        self._services: dict[str, tuple[Name, bool]] = {}
        self._groups: dict[str, Name] = {}
        self._containers: dict[str, Name] = {}

    # Names and statements

    def own(self, name: str, /, *arguments: Expression, **keywords: Expression | None) -> Call:
        """Return a call of a name of this library."""
        return Call(name, *arguments, **keywords)

    def cdk(self, name: str, /, *arguments: Expression, **keywords: Expression | None) -> Call:
        """Return a call of a name of CDK, such as ``ecs.HealthCheck``."""
        return Call(name, *arguments, **keywords)

    def constant(self, name: str) -> Name:
        """Return a name of CDK or of this library."""
        return Name(name)

    def construct_id(self, text: str) -> str:
        """Return a construct id that is not in use."""
        return self._register.construct_id(text)

    def let(self, wanted: str, value: Expression) -> Name:
        """Assign a value to a variable, and return the variable."""
        name = self._register.variable(wanted)
        self._statements.append((name, value))
        return Name(name)

    def do(self, call: Call) -> None:
        """Add a call as a statement."""
        self._statements.append(("", call))

    def gap(self) -> None:
        """Add an empty line."""
        self._statements.append(None)

    def named(self, service: Service, noun: str) -> str:
        """Return a name for a variable: only the noun if the program has one service."""
        return noun if self._one_service else f"{service.name} {noun}"

    def once(self, key: object, make: Callable[[], Name]) -> Name:
        """Return the variable of a value that is created on its first use."""
        text = repr(key)
        if text not in self._variables:
            self._variables[text] = make()
        return self._variables[text]

    def remember(self, service: Service, name: Name) -> None:
        """Keep the variable of a service for those that call it."""
        self._services[service.name] = name, service.shape in {Shape.WEB, Shape.WORKER}
        if service.shape is not Shape.JOB or service.schedule is not None:
            self._groups[service.name] = name

    def remember_container(self, service: Service, name: Name) -> None:
        """Keep the variable of the main container of a service in plain CDK."""
        self._containers[service.name] = name

    def container(self, service: Service) -> Name:
        """Return the main container of a service that the program has already."""
        return self._containers.get(service.name) or Name(f"{self._services[service.name][0].text}.container")

    def has_group(self, service: Service) -> bool:
        """Return whether security group rules can name a service."""
        return service.name in self._groups

    def group(self, service: Service) -> Name:
        """Return the variable whose connections are those of a service."""
        return self._groups[service.name]

    def has(self, service: str) -> bool:
        """Return whether the program has a service already."""
        return service in self._services

    def group_of(self, network: str, services: Sequence[Service]) -> Name:
        """Return the connections of all services of a network."""
        groups: list[Expression] = [Name(f"*{self.group(each).text}.connections.security_groups") for each in services]
        return self.let(f"{network} network", self.cdk("ec2.Connections", security_groups=groups))

    def ecs_service(self, service: str) -> Name:
        """Return CDK's service of a service that the program has already."""
        name, own = self._services[service]
        return Name(f"{name.text}.service") if own else name

    # Values that several statements use

    def duration(self, amount: int | None) -> Call | None:
        """Return a duration in seconds, or in whole minutes."""
        if amount is None:
            return None
        if amount and amount % 60 == 0:
            return Call("cdk.Duration.minutes", amount // 60)
        return Call("cdk.Duration.seconds", amount)

    def image(self, image: Image, service: Service, label: str) -> Expression:
        """Return the image of a container; a built image gets a repository for its service."""
        if isinstance(image, Build):
            return self.once(image, lambda: self._built(image, service, label))
        if isinstance(image, EcrImage):
            return self.once(image, lambda: self._in_ecr(image))
        return self._public(image, service, label)

    def _built(self, image: Build, service: Service, label: str) -> Name:
        first = service.name not in self._repositories  # it has the id Image, and the others have their own
        if first:
            self._repositories[service.name] = self._repository(service)
        repository = self._repositories[service.name]
        build = self.own(
            "ImageBuild",
            dockerfile=None if image.dockerfile == "Dockerfile" else image.dockerfile,
            target=image.target,
            args=dict(image.args) or None,
            architecture=self.constant("Architecture.ARM64") if image.arm else None,
            cache_from=[
                self.cdk("ecr_assets.DockerCacheOption", type="registry", params={"ref": each})
                for each in image.cache_from
            ]
            or None,
        )
        return self.let(
            self.named(service, "image") if first else f"{label} image",
            Call(
                f"{repository.text}.build_and_push_image",
                image.directory,
                id=None if first else self.construct_id(f"{label} image"),
                build=build if build.keywords else None,
            ),
        )

    def _repository(self, service: Service) -> Name:
        noun = self.named(service, "repository")
        return self.let(noun, self.own("PrivateRepository", STACK, self.construct_id(noun)))

    def _in_ecr(self, image: EcrImage) -> Name:
        repository = self.once(
            (image.account, image.region, image.repository),
            lambda: self.let(
                f"{image.repository.rpartition('/')[2]} repository",
                self.cdk(
                    "ecr.Repository.from_repository_attributes",
                    STACK,
                    self.construct_id(f"{image.repository} repository"),
                    repository_arn=f"arn:aws:ecr:{image.region}:{image.account}:repository/{image.repository}",
                    repository_name=image.repository,
                ),
            ),
        )
        return self.let(
            f"{image.repository.rpartition('/')[2]} image",
            self.cdk("ecs.ContainerImage.from_ecr_repository", repository, image.version),
        )

    def _public(self, image: PublicImage, service: Service, label: str) -> Expression:
        if image.credentials_arn is None:
            return image.reference
        secret = self.secret_object(Secret(image.credentials_arn), f"{service.name} {label} registry")
        return self.cdk("ecs.ContainerImage.from_registry", image.reference, credentials=secret)

    def secret_object(self, secret: Secret, label: str) -> Name:
        """Return a secret in Secrets Manager, by its name or ARN."""
        method = "from_secret_name_v2"
        if secret.name.startswith("arn:"):  # a complete ARN ends in six characters that Secrets Manager adds
            method = "from_secret_complete_arn" if _SUFFIX.search(secret.name) else "from_secret_partial_arn"
        return self.once(
            ("secret", secret.name),
            lambda: self.let(
                label, self.cdk(f"secretsmanager.Secret.{method}", STACK, self.construct_id(label), secret.name)
            ),
        )

    def secrets(self, secrets: Mapping[str, Parameter | Secret], service: Service) -> dict[str, Expression]:
        """Return secrets as CDK accepts them for a container."""
        expressions: dict[str, Expression] = {}
        for name, secret in secrets.items():
            label = self.named(service, name)
            if isinstance(secret, Secret):
                value = self.secret_object(secret, label)
                arguments: list[Expression] = [value] if secret.field is None else [value, secret.field]
                expressions[name] = self.cdk("ecs.Secret.from_secrets_manager", *arguments)
            else:
                expressions[name] = self.cdk("ecs.Secret.from_ssm_parameter", self._parameter(secret, label))
        return expressions

    def _parameter(self, parameter: Parameter, label: str) -> Name:
        return self.once(
            parameter,
            lambda: self.let(
                label,
                self.cdk(
                    "ssm.StringParameter.from_secure_string_parameter_attributes",
                    STACK,
                    self.construct_id(label),
                    parameter_name=parameter.name,
                ),
            ),
        )

    def environment(self, environment: Mapping[str, str | Imported]) -> dict[str, Expression]:
        """Return environment variables."""
        return {
            name: Call("cdk.Fn.import_value", value.name) if isinstance(value, Imported) else value
            for name, value in environment.items()
        }

    def zone(self, domain: Domain) -> Name:
        """Return the hosted zone of a domain."""
        labels = domain.name.split(".")
        name = ".".join(labels[-2:]) if len(labels) > 2 else domain.name  # noqa: PLR2004 - a name and its ending
        return self.once(
            ("zone", domain.zone_id, name),
            lambda: self.let(
                "zone",
                self.cdk(
                    "route53.HostedZone.from_hosted_zone_attributes",
                    STACK,
                    self.construct_id("zone"),
                    hosted_zone_id=domain.zone_id or UNKNOWN_ZONE,
                    zone_name=name,
                ),
            ),
        )

    def files(self, volume: Volume) -> Name:
        """Return the file system of a volume."""
        label = f"{volume.owner} {volume.name} files".strip()
        return self.once(
            ("files", volume),
            lambda: self.let(
                label,
                self.cdk("efs.FileSystem", STACK, self.construct_id(label), vpc=Name("network.vpc"), encrypted=True),
            ),
        )

    def access_point(self, volume: Volume) -> Name:
        """Return the access point of a volume: a directory with a user that may write."""
        files = self.files(volume)
        uid, gid = str(volume.uid or 1000), str(volume.gid or volume.uid or 1000)
        return self.once(
            ("entry", volume),
            lambda: self.let(
                f"{volume.owner} {volume.name} entry".strip(),
                Call(
                    f"{files.text}.add_access_point",
                    "Entry",
                    path=f"/{volume.name}",
                    create_acl=self.cdk("efs.Acl", owner_uid=uid, owner_gid=gid, permissions="750"),
                    posix_user=self.cdk("efs.PosixUser", uid=uid, gid=gid),
                ),
            ),
        )

    def text(self, title: str, stack: str) -> str:
        """Return the whole program, without unused variables and imports."""
        used = {head for each in self._statements if each is not None for head in heads(each[1])}
        lines = [assignment("stack", Call("cdk.Stack", Name("app"), stack))]
        for each in self._statements:
            if each is None:
                lines.append("")
                continue
            target, value = each
            if isinstance(value, Call) and target not in used:
                lines.append(statement(value))
            else:
                lines.append(assignment(target, value))
        modules = sorted(_CDK[each] for each in used if each in _CDK)
        aliases = {module: alias for alias, module in _CDK.items()}
        imports = ["import aws_cdk as cdk", *(f"from aws_cdk import {each} as {aliases[each]}" for each in modules)]
        library = [each for each in used if each[:1].isupper()]
        if library:
            imports += ["", from_import("ecr_fargate_constructs", library)]
        head, body = "\n".join(imports), "\n".join(lines)
        return (
            f'"""{title}"""\n\n{head}\n\n\n'
            f"def build(app: cdk.App) -> cdk.Stack:\n{body}\n    return stack\n\n\n"
            'if __name__ == "__main__":\n    app = cdk.App()\n    build(app)\n    app.synth()\n'
        )
