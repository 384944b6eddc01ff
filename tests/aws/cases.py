"""What each example needs before it can be deployed, and what keeps it from a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

_ZONE = "a hosted zone of yours: --aws-zone"
_MADE_UP = "its {} is made up: replace it with one of yours and deploy the example yourself"


@dataclass(frozen=True)
class Case:
    """An example, and what it takes to run it.

    Attributes:
        name: Name of its file, without the suffix.
        replace: Texts of the example, and what stands in their place. ``{zone_id}``, ``{zone}`` and ``{region}`` are
            those of the run.
        secrets: Secrets that the example imports: names, and the values that the suite gives them.
        parameters: Secure parameters that it imports, in the same way.
        upstream: Images that are copied, or with which a build installs packages: stand-ins do not help.
        has_zone: Whether it needs a hosted zone, with which certificates are validated.
        expensive: Why it runs on AWS only when it is named.
        neither: Why no account can run it as it stands.
        not_embedded: Why the embedded AWS cannot run it.
        minutes: Time for its deployment, and again for its removal.
    """

    name: str
    replace: tuple[tuple[str, str], ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    upstream: tuple[str, ...] = ()
    has_zone: bool = False
    expensive: str = ""
    neither: str = ""
    not_embedded: str = ""
    minutes: int = 30

    @property
    def file(self) -> Path:
        """File of the example."""
        return ROOT / "examples" / f"{self.name}.py"

    def impediment(self, *, embedded: bool, zone: str | None, named: bool) -> str:
        """Return why the example does not run on a target; empty if it does.

        Args:
            embedded: Whether the target is the embedded AWS.
            zone: Id and name of a hosted zone of the account.
            named: Whether the caller asked for this example.
        """
        if self.neither:
            return self.neither
        if embedded:
            return self.not_embedded
        if self.has_zone and zone is None:
            return f"needs {_ZONE}"
        return "" if named else self.expensive


_DOMAIN = (("Z0123456789EXAMPLE", "{zone_id}"), ("example.com", "{zone}"))
_DATABASE = {"shop/database": '{"user": "shop", "password": "made-for-a-test", "url": "postgres://shop@localhost"}'}
_PYTHON, _NGINX = "public.ecr.aws/docker/library/python:3.13-slim", "public.ecr.aws/nginx/nginx:1.29"
_INSTANCES = "the embedded AWS has no EC2 instances"
_ARM = "its tasks run on Arm, which this machine may not emulate"

CASES = {
    case.name: case
    for case in (
        Case("access_tokens", neither=_MADE_UP.format("issuer of tokens, certificate and list of authorities")),
        Case("architectures", not_embedded=_ARM),
        Case("blog_nginx"),
        Case("blog_repository_image_service"),
        Case("blue_green", not_embedded="its hook asks the load balancer by the DNS name that only AWS resolves"),
        Case("canary"),
        Case("compose", replace=_DOMAIN, has_zone=True, not_embedded=_ARM),
        Case("direct"),
        Case("ec2_gpu", expensive="two g5.xlarge instances, and their quota", not_embedded=_INSTANCES),
        Case("endpoints", upstream=(_NGINX,)),
        Case("exec_sessions"),
        Case("existing", neither=_MADE_UP.format("VPC, cluster, zone and repository")),
        Case("fargate_and_ec2", not_embedded=_INSTANCES),
        Case("express_mode", has_zone=True, replace=_DOMAIN, not_embedded="the embedded AWS has no Express Mode"),
        Case("file_rights"),
        Case("from_app_runner", replace=_DOMAIN, secrets=_DATABASE, has_zone=True),
        Case("from_pattern"),
        Case(
            "https",
            replace=(*_DOMAIN, ('"eu-west-1"', '"{region}"'), ("            web_acl=WEB_ACL,\n", "")),
            secrets={"shop/oidc": "made-for-a-test"},
            has_zone=True,
        ),
        Case("linear"),
        Case("log_router"),
        Case("managed_instances", not_embedded=_INSTANCES),
        Case("mirror", neither=_MADE_UP.format("digest of redis, and login to Docker Hub")),
        Case("observability"),
        Case("pinned", neither=_MADE_UP.format("tag and digest, in a repository that it creates itself")),
        Case("preview", neither=_MADE_UP.format("domain, whose owner validates the certificate")),
        Case("promoted", neither=_MADE_UP.format("lock file")),
        Case("pull_through_cache", upstream=(_NGINX,)),
        Case("registry", neither=_MADE_UP.format("second account")),
        Case("regulated", replace=_DOMAIN, has_zone=True),
        Case(
            "release_command",  # the sample is no Django project
            replace=(
                ('["python", "manage.py", "migrate", "--no-input"]', """["python", "-c", "print('migrated')"]"""),
                ('["python", "manage.py", "work"]', '["python", "-c", "import time; time.sleep(86400)"]'),
            ),
            secrets=_DATABASE,
        ),
        Case("retention"),
        Case("reviewed"),
        Case("roles", upstream=(_PYTHON,)),
        Case("rolling", expensive="forty tasks", not_embedded="forty tasks"),
        Case("scale_to_zero"),
        Case("scaling"),
        Case("scheduled_job"),
        Case("service_connect"),
        Case("shared_image"),
        Case("shared_load_balancer"),
        Case("sidecar_telemetry", not_embedded=_ARM),
        Case("spot"),
        Case("supply_chain"),
        Case(
            "task_secrets",
            secrets={**_DATABASE, "shop/signing-key": "made-for-a-test"},
            parameters={"/shop/mail-key": "made-for-a-test"},
        ),
        Case("three_lines"),
        Case("volumes"),
        Case("weighed"),
        Case("worker", upstream=(_PYTHON,)),
    )
}
"""Every example, by its name."""
