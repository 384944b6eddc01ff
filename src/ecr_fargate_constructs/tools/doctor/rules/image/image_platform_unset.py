"""The image is built for the platform of the machine that builds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import PLATFORMS, containers
from ecr_fargate_constructs.tools.doctor.readers.dockerfiles import pinned_platform
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class ImagePlatformUnset(Rule):
    """The image is built for the platform of the machine that builds it."""

    id = "image-platform-unset"
    severity = Severity.WARNING
    title = "The image is built for the platform of the machine that builds it"
    why = "An image that is built on a laptop with an Arm processor does not start on x86-64, and the other way round."
    fix = "Set platform=ecr_assets.Platform.LINUX_AMD64 of the image asset, or LINUX_ARM64 for a task on Arm."
    source = CDK_ISSUE + "12472"
    tags = ("image", "architecture")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            if container.built is not None and container.built.platform is None and pinned_platform(container) is None:
                wanted = PLATFORMS.get(container.task.architecture, "")
                yield self.found_in(container, f"it runs on {wanted}, and its image asset names no platform")
