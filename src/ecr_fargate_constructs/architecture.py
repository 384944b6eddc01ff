"""One architecture for the build and for the run."""

from __future__ import annotations

from enum import Enum


class Architecture(Enum):
    """Processor architecture of an image and of the tasks that run it.

    The same value sets the platform that the image is built for and the task's runtime platform. An image built on an
    arm64 laptop and run on x86 Fargate fails with ``exec format error`` (aws-cdk#25362, aws-cdk#12472).
    """

    X86_64 = "amd64"
    """64-bit x86: ``linux/amd64`` images, Fargate ``X86_64``. The default."""

    ARM64 = "arm64"
    """64-bit Arm (Graviton): ``linux/arm64`` images, Fargate ``ARM64``; about a fifth cheaper."""
