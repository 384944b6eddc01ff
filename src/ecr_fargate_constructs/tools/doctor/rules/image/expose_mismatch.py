"""The load balancer uses a port that the Dockerfile does not expose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.served import served
from ecr_fargate_constructs.tools.doctor.rule import ELB, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class ExposeMismatch(Rule):
    """The load balancer uses a port that the Dockerfile does not expose."""

    id = "expose-mismatch"
    severity = Severity.WARNING
    title = "The load balancer uses a port that the Dockerfile does not expose"
    why = "The Dockerfile says that the application listens on another port, so health checks may find nothing there."
    fix = "Make the container port and EXPOSE the same."
    source = ELB + "load-balancer-troubleshooting.html"
    tags = ("image", "dockerfile", "ingress")

    def _check(self, app: App) -> Iterator[Finding]:
        for each in served(app):
            image, dockerfile = each.container.built, each.container.dockerfile
            exposed = () if image is None or dockerfile is None else dockerfile.ports(image.target)
            missing = [port for port in each.ports if port not in exposed]
            if image is not None and dockerfile is not None and exposed and missing:
                line = dockerfile.last("EXPOSE", image.target)
                detail = f"EXPOSE {', '.join(map(str, exposed))}, and the load balancer uses port {missing[0]}"
                yield self.found_at(each.container, image.dockerfile, detail, line=line.line if line else None)
