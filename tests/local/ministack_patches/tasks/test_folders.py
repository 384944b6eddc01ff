"""The folders that are volumes: owners, what outlives a task, and what EFS refuses."""

from __future__ import annotations

import io
import tarfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.tasks import folders, images
from ecr_fargate_constructs.local.ministack_patches.tasks.failures import NotStartedError

if TYPE_CHECKING:
    from pathlib import Path

REGION = "us-east-1"
WEB: dict[str, Any] = {"name": "web", "mountPoints": [{"sourceVolume": "v", "containerPath": "/data/"}]}


def _client(volumes: list[str]) -> Any:  # noqa: ANN401 - stands for docker's client
    image = SimpleNamespace(id="sha256:1", attrs={"Config": {"Volumes": {each: {} for each in volumes}}})
    return SimpleNamespace(images=SimpleNamespace(get=lambda _: image))


def _systems(tmp_path: Path, *, targets: bool = True, points: dict[str, Any] | None = None) -> folders.FileSystems:
    efs = SimpleNamespace(
        _file_systems={"fs-1": {}},
        _access_points=points or {},
        _mount_targets={"fsmt-1": {"FileSystemId": "fs-1"}} if targets else {},
    )
    return folders.FileSystems(efs, tmp_path / "efs")


def _folders(tmp_path: Path, volume: dict[str, Any], systems: folders.FileSystems | None = None) -> folders.Folders:
    definition = {"volumes": [{"name": "v", **volume}], "containerDefinitions": [WEB]}
    return folders.Folders(definition, tmp_path / "task", systems or _systems(tmp_path), REGION)


@pytest.mark.parametrize("volume", [{}, {"configuredAtLaunch": True}])
def test_a_volume_of_a_task_is_empty_and_ends_with_it(tmp_path: Path, volume: dict[str, Any]) -> None:
    own = _folders(tmp_path, volume)
    assert own.mount(WEB, "image", _client([])) == [f"{tmp_path}/task/v:/data/:rw"]
    folder = tmp_path / "task" / "v"
    assert folder.stat().st_mode & 0o7777 == 0o755
    (folder / "file").touch()
    assert own.mount(WEB, "image", _client([])), "the second container sees the same"
    assert (folder / "file").exists()
    own.remove()
    assert not folder.exists()


def test_a_declared_volume_has_the_files_of_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[tuple[str, str, Path]] = []
    monkeypatch.setattr(folders, "copy_volume", lambda _client, *given: copied.append(given))
    _folders(tmp_path, {}).mount(WEB, "image", _client(["/data", "/other"]))
    assert copied == [("image", "/data", tmp_path / "task" / "v")]
    _folders(tmp_path / "2", {"configuredAtLaunch": True}).mount(WEB, "image", _client(["/data"]))
    assert len(copied) == 1, "a file system of EBS is empty"


def test_a_path_of_the_host_is_mounted_as_it_is(tmp_path: Path) -> None:
    mounted = _folders(tmp_path, {"host": {"sourcePath": "/srv"}}).mount(WEB, "image", _client([]))
    assert mounted == ["/srv:/data/:rw"]


def test_efs_outlives_a_task(tmp_path: Path) -> None:
    own = _folders(tmp_path, {"efsVolumeConfiguration": {"fileSystemId": "fs-1"}})
    assert own.mount(WEB, "image", _client([])) == [f"{tmp_path}/efs/fs-1:/data/:rw"]
    (tmp_path / "efs" / "fs-1" / "file").touch()
    own.remove()
    own.mount(WEB, "image", _client([]))
    assert (tmp_path / "efs" / "fs-1" / "file").exists()


def test_an_access_point_makes_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owners: list[tuple[str, int, int]] = []
    monkeypatch.setattr("os.chown", lambda path, *owner: owners.append((path.name, *owner)))
    owner = {"OwnerUid": 5, "OwnerGid": 6, "Permissions": "0750"}
    systems = _systems(tmp_path, points={"fsap-1": {"RootDirectory": {"Path": "/a/web", "CreationInfo": owner}}})
    configuration = {"fileSystemId": "fs-1", "authorizationConfig": {"accessPointId": "fsap-1"}}
    own = _folders(tmp_path, {"efsVolumeConfiguration": configuration}, systems)
    for _ in range(2):
        assert own.mount(WEB, "image", _client([])) == [f"{tmp_path}/efs/fs-1/a/web:/data/:rw"]
    assert owners == [("web", 5, 6)], "once"
    assert (tmp_path / "efs" / "fs-1" / "a" / "web").stat().st_mode & 0o7777 == 0o750


@pytest.mark.parametrize(
    ("configuration", "targets", "reason"),
    [
        ({"fileSystemId": "fs-2"}, True, "check that your file system ID is correct"),
        ({"fileSystemId": "fs-1"}, False, "ensure that the VPC has an EFS mount target"),
        ({"fileSystemId": "fs-1", "rootDirectory": "/none"}, True, "fs-1.efs.us-east-1.amazonaws.com:/none failed"),
        ({"fileSystemId": "fs-1", "rootDirectory": "/../.."}, True, "No such file or directory"),
        ({"fileSystemId": "fs-1", "authorizationConfig": {"accessPointId": "fsap-9"}}, True, "access denied by server"),
    ],
)
def test_what_efs_refuses(tmp_path: Path, configuration: dict[str, Any], targets: bool, reason: str) -> None:  # noqa: FBT001
    own = _folders(tmp_path, {"efsVolumeConfiguration": configuration}, _systems(tmp_path, targets=targets))
    with pytest.raises(NotStartedError, match=reason):
        own.mount(WEB, "image", _client([]))


def test_podman_does_not_make_folders_of_a_read_only_root_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[list[str]] = []
    monkeypatch.setattr(folders, "copy_out", lambda _client, _image, copies: copied.append(list(copies)))
    roots = folders.ReadOnlyRoots(tmp_path)
    binds = roots.binds("image", {"/tmp", "/run/app"}, _client([]))  # noqa: S108 - in a container
    assert roots.binds("image", {"/tmp", "/run/app"}, _client([])) == binds  # noqa: S108
    assert copied == [["/run", "/var/tmp"]], "once for an image, and not what is a volume"  # noqa: S108
    found = {each.split(":")[1]: each.split(":") for each in binds}
    assert set(found) == {"/run", "/var/tmp"}  # noqa: S108
    assert all(each[2] == "ro" for each in found.values())
    names = {each.name for each in (tmp_path / next(tmp_path.iterdir()).name / "run").iterdir()}
    assert names == {".containerenv", "podman-init", "app"}, "what is mounted there needs a place"


def _archive(*members: tuple[str, int, int]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, mode, owner in members:
            member = tarfile.TarInfo(name)
            member.mode, member.uid, member.gid = mode, owner, owner
            member.type = tarfile.DIRTYPE if mode & 0o100 else tarfile.REGTYPE
            archive.addfile(member)
    return packed.getvalue()


def test_a_declared_volume_is_taken_out_of_the_whole_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owners: list[tuple[int, int]] = []
    monkeypatch.setattr("os.chown", lambda _path, *owner: owners.append(owner))
    monkeypatch.setattr("tarfile.TarFile.chown", lambda *_: None)  # it takes root
    packed = _archive(
        ("etc/x", 0o644, 0), ("a/data", 0o750, 7), ("a/data/file", 0o640, 8), ("a/data/../../x", 0o644, 0)
    )
    removed: list[dict[str, bool]] = []
    container = SimpleNamespace(
        export=lambda: iter([packed[:700], packed[700:]]), remove=lambda **options: removed.append(options)
    )
    answer = SimpleNamespace(ok=True, json=lambda: {"Id": "1"})
    client = SimpleNamespace(
        api=SimpleNamespace(base_url="http://engine", _post_json=lambda *_, **__: answer),
        containers=SimpleNamespace(get=lambda _: container),
    )
    images.copy_volume(client, "image", "/a/data", tmp_path)
    assert owners == [(7, 7)]
    assert tmp_path.stat().st_mode & 0o7777 == 0o750
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o640
    assert removed == [{"v": True, "force": True}]
