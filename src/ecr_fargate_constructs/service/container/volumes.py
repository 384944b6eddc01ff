"""Storage beside the root file system: shared among containers, in EFS, or a disk of the task's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._rules.checks import absolute_path, whole_number
from ecr_fargate_constructs._rules.data import table
from ecr_fargate_constructs._rules.jsii_types import is_construct, is_imported
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_efs as efs
    from aws_cdk import aws_kms as kms

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_SNAPSHOT = re.compile(r"snap-[0-9a-f]+")
_PROVISIONED = (ec2.EbsDeviceVolumeType.IO1, ec2.EbsDeviceVolumeType.IO2)
_BASELINE_IOPS = 3_000
_THROUGHPUT_PER_IOPS = 0.25  # MiB a second; gp3, "Amazon EBS volume types" in the Amazon EBS user guide


@dataclass(frozen=True)
class _Named:
    name: str

    def __post_init__(self) -> None:
        if not is_token(self.name) and not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"{type(self).__name__}.name={self.name!r} is not a volume's name; use 1 to 255 letters, digits, '-' "
                "and '_'"
            )


@typed
@dataclass(frozen=True)
class SharedVolume(_Named):
    """An empty directory on the task's ephemeral storage that containers of the task share; gone with the task.

    Attributes:
        name: Name of the volume in the task.

    Raises:
        ConfigurationError: For a name that ECS refuses.
    """


@typed
@dataclass(frozen=True)
class EfsVolume(_Named):
    """A directory of an EFS file system, the same one for every task; it outlives them.

    What you get: encryption on the way and IAM authorization, always; the task role may mount, and may write where a
    mount is writable, through the access point only when there is one; the file system's security group lets the tasks
    in; the service waits for its mount targets.

    Attributes:
        name: Name of the volume in the task.
        file_system: The file system; in a subnet of every zone that tasks run in.
        access_point: Entry with a root and a user of its own; recommended, because without one the container's user
            meets the owners of the file system.
        root_directory: Directory that is mounted, for example ``"/shop"``; left out, the root. With an access point its
            root is taken, and this is an error.

    Raises:
        ConfigurationError: For a name that ECS refuses, or a directory beside an access point.
    """

    file_system: efs.IFileSystem
    access_point: efs.IAccessPoint | None = None
    root_directory: str | None = None

    def __post_init__(self) -> None:
        """Refuse contradictions."""
        super().__post_init__()
        if self.access_point is not None:
            self._check_access_point(self.access_point)
        if self.root_directory is not None:
            if self.access_point is not None:
                raise ConfigurationError(
                    f"EfsVolume.root_directory={self.root_directory!r} beside access_point, which has a root of its "
                    "own; keep one of the two"
                )
            absolute_path("EfsVolume.root_directory", self.root_directory, root_allowed=True)

    def _check_access_point(self, point: efs.IAccessPoint) -> None:
        """Refuse an entry to another file system; where one that is imported leads nobody says."""
        if is_imported(point) or not is_construct(point) or not is_construct(self.file_system):
            return
        theirs = point.file_system
        one, other = theirs.file_system_id, self.file_system.file_system_id
        if one != other and (theirs.node.path != self.file_system.node.path) and is_token(one) == is_token(other):
            raise ConfigurationError(
                f"EfsVolume.access_point is one of {theirs.node.path}, and file_system is "
                f"{self.file_system.node.path}; use file_system.add_access_point(…)"
            )


@typed
@dataclass(frozen=True)
class EbsVolume(_Named):
    """A disk that ECS makes for each task and deletes with it; a task has at most one.

    Defaults: gp3, encrypted with the account's key for EBS, XFS, the type's own performance.

    Attributes:
        name: Name of the volume in the task.
        size_gib: Size in GiB: 1 to 65536 for gp3, 1 to 16384 for gp2, 4 to 16384 for io1, 4 to 65536 for io2, 125 to
            16384 for sc1 and st1, 1 to 1024 for standard; may be left out with a snapshot.
        snapshot_id: Snapshot that it starts from.
        volume_type: Kind of disk.
        file_system: File system of an empty disk; that of the snapshot, when there is one.
        iops: Operations a second: 3000 to 80000 for gp3, 100 to 64000 for io1, 100 to 256000 for io2, which need it;
            at most 500 for each GiB of gp3, 50 of io1, 1000 of io2.
        throughput: MiB a second, 125 to 2000; gp3 only, and at most a quarter of ``iops``.
        encryption_key: KMS key; left out, the account's default for EBS.
        snapshot_rate: Speed at which the snapshot's blocks are read ahead, 100 to 300 MiB a second; it costs extra.

    Raises:
        ConfigurationError: For a disk that EBS does not have.
    """

    size_gib: float | None = None
    snapshot_id: str | None = None
    volume_type: ec2.EbsDeviceVolumeType = ec2.EbsDeviceVolumeType.GP3
    file_system: ecs.FileSystemType = ecs.FileSystemType.XFS
    iops: float | None = None
    throughput: float | None = None
    encryption_key: kms.IKey | None = None
    snapshot_rate: cdk.Size | None = None

    def __post_init__(self) -> None:
        """Refuse what EBS does not have."""
        super().__post_init__()
        kind = self.volume_type.value.lower()
        limits = table("ebs_volumes")[kind]
        if self.size_gib is None and self.snapshot_id is None:
            raise ConfigurationError("EbsVolume needs size_gib or snapshot_id; give one of them, or both")
        if self.size_gib is not None:
            least, most = limits["gib"]
            what = f"a size in GiB that {kind} has"
            whole_number("EbsVolume.size_gib", self.size_gib, minimum=least, maximum=most, what=what)
        if (
            self.snapshot_id is not None
            and not is_token(self.snapshot_id)
            and not _SNAPSHOT.fullmatch(self.snapshot_id)
        ):
            raise ConfigurationError(
                f"EbsVolume.snapshot_id={self.snapshot_id!r} is not a snapshot; use for example 'snap-05abe246af'"
            )
        self._check_speed(kind)

    def _check_speed(self, kind: str) -> None:
        if self.iops is None and self.volume_type in _PROVISIONED:
            raise ConfigurationError(f"EbsVolume.volume_type {kind} needs iops; give it, or use gp3")
        if self.iops is not None:
            limits = table("ebs_volumes")[kind]
            if "iops" not in limits:
                raise ConfigurationError(f"EbsVolume.iops is not taken by {kind}; leave it out, or use gp3, io1 or io2")
            least, most = limits["iops"]
            whole_number("EbsVolume.iops", self.iops, minimum=least, maximum=most, what=f"a rate that {kind} has")
        if self.throughput is not None:
            if self.volume_type is not ec2.EbsDeviceVolumeType.GP3:
                raise ConfigurationError(f"EbsVolume.throughput is not taken by {kind}; leave it out, or use gp3")
            whole_number("EbsVolume.throughput", self.throughput, minimum=125, maximum=2000, what="a throughput of gp3")
        self._check_ratios(kind)
        if self.snapshot_rate is not None:
            if self.snapshot_id is None:
                raise ConfigurationError("EbsVolume.snapshot_rate has no meaning without snapshot_id; leave it out")
            if not self.snapshot_rate.is_unresolved():
                rate = self.snapshot_rate.to_mebibytes()
                whole_number("EbsVolume.snapshot_rate", rate, minimum=100, maximum=300, what="a rate in MiB a second")

    def _check_ratios(self, kind: str) -> None:
        """Refuse more speed than a disk of this size, or with these operations a second, may have."""
        iops = _BASELINE_IOPS if self.iops is None else self.iops
        if is_token(iops):
            return
        if self.iops is not None and self.size_gib is not None and not is_token(self.size_gib):
            limits = table("ebs_volumes")[kind]
            ratio = limits["iops_per_gib"]
            most = max(limits["iops"][0], ratio * self.size_gib)
            if iops > most:
                raise ConfigurationError(
                    f"EbsVolume.iops={iops:g} is more than {kind} has at size_gib={self.size_gib:g}, {ratio:,} for "
                    f"each GiB; use {most:g} or less, or size_gib={-(-iops // ratio):g}"
                )
        if self.throughput is not None and not is_token(self.throughput):
            most = iops * _THROUGHPUT_PER_IOPS
            if self.throughput > most:
                raise ConfigurationError(
                    f"EbsVolume.throughput={self.throughput:g} is more than gp3 has with {iops:g} operations a second, "
                    f"0.25 MiB for each; use {most:g} or less, or iops={self.throughput / _THROUGHPUT_PER_IOPS:g}"
                )


Volume: TypeAlias = SharedVolume | EfsVolume | EbsVolume
"""The kinds of storage."""


@typed
@dataclass(frozen=True)
class Mount:
    """A volume at a place in a container. The same volume may be mounted in several.

    Attributes:
        path: Absolute path in the container.
        volume: What is mounted there.
        read_only: Whether the container may only read it.

    Raises:
        ConfigurationError: For a path that is not absolute.
    """

    path: str
    volume: Volume
    read_only: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be mounted."""
        absolute_path("Mount.path", self.path)
