"""The mounts of containers, as templates spell them."""

from __future__ import annotations

from typing import Any

from ecr_fargate_constructs.local.tasks.environment_files import variables_of
from ecr_fargate_constructs.local.tasks.spelling import api_spelling
from ecr_fargate_constructs.local.tasks.volumes import Kind, Mount, Volume, mounts_of, volumes_of


def test_each_kind_of_volume_of_a_template() -> None:
    efs = {
        "FilesystemId": "fs-1",
        "RootDirectory": "/a",
        "AuthorizationConfig": {"AccessPointId": "fsap-1", "IAM": "ENABLED"},
    }
    template = [
        {"Name": "scratch"},
        {"Name": "host", "Host": {"SourcePath": "/var"}},
        {"Name": "efs", "EFSVolumeConfiguration": efs},
        {"Name": "ebs", "ConfiguredAtLaunch": "true"},
    ]
    assert volumes_of({"volumes": api_spelling(template)}) == {
        "scratch": Volume("scratch"),
        "host": Volume("host", Kind.HOST, "/var"),
        "efs": Volume("efs", Kind.EFS, "", "fs-1", "/a", "fsap-1"),
        "ebs": Volume("ebs", Kind.EBS),
    }


def test_names_of_the_user_stay_as_they_are() -> None:
    container = {
        "Name": "web",
        "DockerLabels": {"Team": "Shop"},
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"Mode": "x"}},
        "DependsOn": [{"ContainerName": "a", "Condition": "START"}],
    }
    assert api_spelling(container) == {
        "name": "web",
        "dockerLabels": {"Team": "Shop"},
        "logConfiguration": {"logDriver": "awslogs", "options": {"Mode": "x"}},
        "dependsOn": [{"containerName": "a", "condition": "START"}],
    }


def test_mounts_of_another_container_come_after_those_of_its_own() -> None:
    web: dict[str, Any] = {
        "name": "web",
        "mountPoints": [{"sourceVolume": "a", "containerPath": "/a"}, {"sourceVolume": "none", "containerPath": "/x"}],
        "volumesFrom": [{"sourceContainer": "beside", "readOnly": True}],
    }
    beside = {
        "name": "beside",
        "mountPoints": [{"sourceVolume": "b", "containerPath": "/a"}, {"sourceVolume": "b", "containerPath": "/b"}],
    }
    task = {"volumes": [{"name": "a"}, {"name": "b"}], "containerDefinitions": [web, beside]}
    assert mounts_of(web, task) == [Mount(Volume("a"), "/a"), Mount(Volume("b"), "/b", read_only=True)]


def test_lines_of_environment_files_are_taken_as_they_are() -> None:
    text = '# comment\n\nA="quoted"\nB=$A\n C =  spaces \nnothing\nA=again\n=x\n'
    assert variables_of([text, "B=second\nD=4"]) == {"A": '"quoted"', "B": "$A", "C": "  spaces ", "D": "4"}
