"""Storage beside the root file system: shared among containers, in EFS, or a disk for each task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._rules.checks import absolute_path, whole_number
from ecr_fargate_constructs._rules.data import table
from ecr_fargate_constructs._rules.jsii_types import is_construct, is_imported
from ecr_fargate_constructs._rules.tokens import Number, is_token
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
                f"{type(self).__name__}.name={self.name!r} is not a volume name; use 1 to 255 letters, digits, '-' "
                "and '_'"
            )


@typed
@dataclass(frozen=True)
class SharedVolume(_Named):
    """An empty directory on the task's ephemeral storage, shared by containers of the task and deleted with the task.

    Attributes:
        name: Name of the volume in the task.

    Raises:
        ConfigurationError: ECS refuses the name.
    """


@typed
@dataclass(frozen=True)
class EfsVolume(_Named):
    """A directory of an EFS file system, the same for every task; it outlives them.

    The library always sets encryption in transit and IAM authorization; allows the task role to mount the file system,
    and to write if a mount is writable, only through the access point if there is one; opens the file system's security
    group to the tasks; and makes the service wait for the mount targets.

    Attributes:
        name: Name of the volume in the task.
        file_system: The file system, with a mount target in every zone that tasks run in.
        access_point: Access point with a root and a user of its own; default, none. Recommended: without one, file
            ownership applies to the container's user.
        root_directory: Directory to mount, for example ``"/shop"``; default, the root. Not allowed with an access
            point, which has its own root.

    Raises:
        ConfigurationError: ECS refuses the name, or both a directory and an access point are set.
    """

    file_system: efs.IFileSystem
    access_point: efs.IAccessPoint | None = None
    root_directory: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.access_point is not None:
            self._check_access_point(self.access_point)
        if self.root_directory is not None:
            if self.access_point is not None:
                raise ConfigurationError(
                    f"EfsVolume.root_directory={self.root_directory!r} cannot be set with access_point, which has its "
                    "own root; omit one of the two"
                )
            absolute_path("EfsVolume.root_directory", self.root_directory, root_allowed=True)

    def _check_access_point(self, point: efs.IAccessPoint) -> None:
        """Refuse an access point of another file system; the file system of an imported one is unknown."""
        if is_imported(point) or not is_construct(point) or not is_construct(self.file_system):
            return
        theirs = point.file_system
        one, other = theirs.file_system_id, self.file_system.file_system_id
        if one != other and (theirs.node.path != self.file_system.node.path) and is_token(one) == is_token(other):
            raise ConfigurationError(
                f"EfsVolume.access_point is an access point of {theirs.node.path}, but file_system is "
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
            16384 for sc1 and st1, 1 to 1024 for standard; optional with a snapshot.
        snapshot_id: Snapshot to start from; default, none.
        volume_type: Volume type; default, gp3.
        file_system: File system of an empty disk; a snapshot has its own; default, XFS.
        iops: I/O operations per second: 3000 to 80000 for gp3, 100 to 64000 for io1, 100 to 256000 for io2, at most 500
            for each GiB of gp3, 50 of io1, 1000 of io2; required for io1 and io2.
        throughput: MiB per second, 125 to 2000; gp3 only, and at most a quarter of ``iops``; default, the type's.
        encryption_key: KMS key; default, the account's default for EBS.
        snapshot_rate: Rate at which the snapshot's blocks are read ahead, 100 to 300 MiB per second; it costs extra;
            default, none.

    Raises:
        ConfigurationError: EBS refuses a value.
    """

    size_gib: Number | None = None
    snapshot_id: str | None = None
    volume_type: ec2.EbsDeviceVolumeType = ec2.EbsDeviceVolumeType.GP3
    file_system: ecs.FileSystemType = ecs.FileSystemType.XFS
    iops: Number | None = None
    throughput: Number | None = None
    encryption_key: kms.IKey | None = None
    snapshot_rate: cdk.Size | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        kind = self.volume_type.value.lower()
        limits = table("ebs_volumes")[kind]
        if self.size_gib is None and self.snapshot_id is None:
            raise ConfigurationError("EbsVolume has neither size_gib nor snapshot_id; give one of them, or both")
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
            raise ConfigurationError(f"EbsVolume.volume_type {kind} requires iops; give it, or use gp3")
        if self.iops is not None:
            limits = table("ebs_volumes")[kind]
            if "iops" not in limits:
                raise ConfigurationError(f"EbsVolume.iops is not supported by {kind}; omit it, or use gp3, io1 or io2")
            least, most = limits["iops"]
            whole_number("EbsVolume.iops", self.iops, minimum=least, maximum=most, what=f"a rate that {kind} has")
        if self.throughput is not None:
            if self.volume_type is not ec2.EbsDeviceVolumeType.GP3:
                raise ConfigurationError(f"EbsVolume.throughput is not supported by {kind}; omit it, or use gp3")
            whole_number("EbsVolume.throughput", self.throughput, minimum=125, maximum=2000, what="a throughput of gp3")
        self._check_ratios(kind)
        if self.snapshot_rate is not None:
            if self.snapshot_id is None:
                raise ConfigurationError("EbsVolume.snapshot_rate has no effect without snapshot_id; omit it")
            if not self.snapshot_rate.is_unresolved():
                rate = self.snapshot_rate.to_mebibytes()
                whole_number("EbsVolume.snapshot_rate", rate, minimum=100, maximum=300, what="a rate in MiB per second")

    def _check_ratios(self, kind: str) -> None:
        """Refuse more performance than a disk of this size, or with these I/O operations per second, has."""
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
                    f"EbsVolume.throughput={self.throughput:g} is more than gp3 has with {iops:g} I/O operations per "
                    f"second, 0.25 MiB for each; use {most:g} or less, or "
                    f"iops={self.throughput / _THROUGHPUT_PER_IOPS:g}"
                )


Volume: TypeAlias = SharedVolume | EfsVolume | EbsVolume
"""Any volume."""


@typed
@dataclass(frozen=True)
class Mount:
    """A volume mounted in a container. Several containers may mount the same volume.

    Attributes:
        path: Absolute path in the container.
        volume: The volume.
        read_only: Mount the volume read-only; default, False.

    Raises:
        ConfigurationError: The path is not absolute.
    """

    path: str
    volume: Volume
    read_only: bool = False

    def __post_init__(self) -> None:
        absolute_path("Mount.path", self.path)
