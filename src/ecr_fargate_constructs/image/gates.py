"""Gates: conditions that a locked image has to meet before a stage may run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs._cdk.arns import arn_of_profile
from ecr_fargate_constructs._rules.severity import Severity
from ecr_fargate_constructs._rules.signing import check_profile
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from aws_cdk import aws_signer as signer

    from ecr_fargate_constructs._rules.lock_file import LockedImage


@typed
@dataclass(frozen=True)
class Scanned:
    """A scan of the image has ended, whatever it found.

    The stage's own registry scans the image, so what is known today counts, not what was known when it was built. The
    deployment waits for the scan, up to 14 minutes.

    Source: ``DescribeImageScanFindings`` in the Amazon ECR API reference.
    """


@typed
@dataclass(frozen=True)
class NoFindings:
    """A scan of the image has ended, and found no vulnerability of a severity or above.

    Findings that Amazon Inspector suppresses do not count. Otherwise as ``Scanned``.

    Attributes:
        severity: The lowest severity that counts; default, HIGH.
    """

    severity: Severity = Severity.HIGH


@typed
@dataclass(frozen=True)
class SignedBy:
    """ECR has signed the image in the repository that it is copied from, with this profile.

    That repository belongs to a registry with ``ManagedSigning``. ECR's status of the locked digest counts; ECR and
    ECS verify no signature when an image is pulled. A repository of another account has to allow
    ``ecr:DescribeImageSigningStatus``, which ``pull_accounts`` of ``PrivateRepository`` includes.

    Source: ``DescribeImageSigningStatus`` in the Amazon ECR API reference.

    Attributes:
        signing_profile: Signing profile, or its ARN.

    Raises:
        ConfigurationError: The ARN is not that of a signing profile.
    """

    signing_profile: signer.ISigningProfile | str

    def __post_init__(self) -> None:
        check_profile("SignedBy.signing_profile", self.signing_profile)


@typed
@dataclass(frozen=True)
class DeployedTo:
    """The lock file says that a service of another stack ran this digest.

    ``ecr-fargate image lock NAME --stack STACK`` adds the stack once its service runs the digest, with a completed
    deployment. Locking another digest clears the list.

    Attributes:
        stack: Name of the stack, for example ``"Staging-Shop"``.

    Raises:
        ConfigurationError: The name is empty.
    """

    stack: str

    def __post_init__(self) -> None:
        if not self.stack:
            raise ConfigurationError("DeployedTo.stack is empty; use the name of a stack, for example 'Staging-Shop'")


Gate: TypeAlias = Scanned | NoFindings | SignedBy | DeployedTo
"""Any gate."""


def check_evidence(locked: LockedImage, gates: tuple[Gate, ...], lock_file: str) -> None:
    """Refuse an image that the lock file's own evidence rules out.

    Raises:
        ConfigurationError: The image has not been deployed to the stack of a ``DeployedTo``.
    """
    for gate in gates:
        if isinstance(gate, DeployedTo) and not is_token(gate.stack) and gate.stack not in locked.deployed_to:
            ran = ", ".join(locked.deployed_to) or "no stack"
            raise ConfigurationError(
                f"the gate DeployedTo({gate.stack!r}) refuses the image {locked.name!r} ({locked.digest}): {lock_file} "
                f"names {ran}; deploy it there, then run 'ecr-fargate image lock {locked.name} --stack {gate.stack}'"
            )


def as_properties(gates: tuple[Gate, ...]) -> list[dict[str, str]]:
    """Return the gates that the copier checks, as properties of its custom resource."""
    properties: list[dict[str, str]] = []
    for gate in gates:
        if isinstance(gate, Scanned):
            properties.append({"Gate": "Scanned"})
        elif isinstance(gate, NoFindings):
            properties.append({"Gate": "NoFindings", "Severities": ",".join(gate.severity.and_above)})
        elif isinstance(gate, SignedBy):
            properties.append({"Gate": "SignedBy", "SigningProfile": arn_of_profile(gate.signing_profile)})
    return properties
