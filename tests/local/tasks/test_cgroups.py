"""Control groups of tasks, in both versions, in a folder that stands for the kernel's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.tasks.cgroups import Group, Limits, group_of_instance, remove_groups

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(memory=512, cpu=256, shares=1024)


def _kernel(folder: Path, names: list[str]) -> None:
    """Create the files that the kernel would create with a folder."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()


def test_version_1(tmp_path: Path) -> None:
    memory, cpu = tmp_path / "memory" / "own" / "task", tmp_path / "cpu" / "own" / "task"
    _kernel(memory, ["memory.limit_in_bytes", "memory.oom_control", "cgroup.event_control"])
    _kernel(cpu, ["cpu.cfs_quota_us", "cpu.shares"])
    group = Group("own/task", tmp_path)
    group.create(LIMITS)
    assert (memory / "memory.limit_in_bytes").read_text() == str(512 << 20)
    assert not (memory / "memory.memsw.limit_in_bytes").exists(), "without swap accounting"
    assert (cpu / "cpu.cfs_quota_us").read_text() == "25000"
    assert (cpu / "cpu.shares").read_text() == "1024"
    event, control = (memory / "cgroup.event_control").read_text().split()
    assert int(event) != int(control)
    assert not group.out_of_memory()


def test_version_2(tmp_path: Path) -> None:
    task = tmp_path / "own" / "task"
    for folder in (tmp_path, tmp_path / "own"):
        _kernel(folder, ["cgroup.subtree_control"]) if not folder.exists() else (
            folder / "cgroup.subtree_control"
        ).touch()
    (tmp_path / "cgroup.controllers").touch()
    _kernel(task, ["memory.max", "memory.swap.max", "cpu.max", "cpu.weight", "memory.events"])
    group = Group("own/task", tmp_path)
    group.create(LIMITS)
    written = {each.name: each.read_text() for each in task.iterdir()}
    assert written == {
        "memory.max": str(512 << 20),
        "memory.swap.max": "0",
        "cpu.max": "25000 100000",
        "cpu.weight": "39",
        "memory.events": "",
    }
    for folder in (tmp_path, tmp_path / "own"):
        assert (folder / "cgroup.subtree_control").read_text() == "+memory +cpu"
    assert not group.out_of_memory()
    (task / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.out_of_memory()


@pytest.mark.parametrize("version", [1, 2])
def test_what_an_instance_leaves_is_removed(tmp_path: Path, version: int) -> None:
    if version == 2:
        (tmp_path / "cgroup.controllers").touch()
    roots = [tmp_path] if version == 2 else [tmp_path / "memory", tmp_path / "pids"]
    for root in roots:
        (root / group_of_instance(1) / "task" / "web" / "libpod-1").mkdir(parents=True)
        (root / group_of_instance(2)).mkdir()
    remove_groups(1, tmp_path)
    assert [(root / "ecr-fargate").exists() for root in roots] == [True] * len(roots), "another instance has groups"
    assert not any((root / group_of_instance(1)).exists() for root in roots)
    remove_groups(2, tmp_path)
    assert not any((root / "ecr-fargate").exists() for root in roots)
