"""The parts of the embedded AWS that need no engine."""

from __future__ import annotations

import base64
import functools
import json
import os
import platform
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local import (
    docker_shim,
    engine,
    podman,
    refusals,
    starting,
    toolkit,
)
from ecr_fargate_constructs.local.instance import Memory, instance_at
from ecr_fargate_constructs.local.processes import Process, start
from ecr_fargate_constructs.tools.assembly import stacks as assembly
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path


def _assembly(folder: Path, resources: dict[str, Any]) -> Path:
    """Two stacks, the one in a stage; the first depends on a third, and has an image and a nested stack."""

    def stack(template: str, environment: str = "aws://unknown-account/unknown-region", **more: object) -> object:
        properties = {"templateFile": template, **more.pop("properties", {})}  # type: ignore[dict-item]
        return {"type": "aws:cloudformation:stack", "environment": environment, "properties": properties, **more}

    def write(file: str, content: object) -> None:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(json.dumps(content), encoding="utf-8")

    nested = {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "nested.json"}}
    artifacts = {
        "Base": stack("Base.json"),
        "Web": stack("Web.json", dependencies=["Web.assets", "Base"]),
        "Web.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Web.assets.json"}},
        "Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}},
    }
    images = {"a": {"source": {"directory": "asset.a", "dockerFile": "D", "dockerBuildArgs": {"A": "1"}}}}
    shop = stack("x.json", "aws://111122223333/eu-west-1", displayName="Prod/Shop", properties={"stackName": "Shop"})
    write("manifest.json", {"artifacts": artifacts})
    write("Base.json", {})
    write("Web.json", {"Resources": {**resources, "Nested": nested}})
    write("Web.assets.json", {"dockerImages": images})
    write("nested.json", {"Resources": {"Deep": {"Type": "AWS::Deep::Thing"}}})
    write("assembly-Prod/manifest.json", {"artifacts": {"ProdShop123": shop}})
    write("assembly-Prod/x.json", {})
    return folder


def test_stacks_and_images_of_an_assembly_are_found(tmp_path: Path) -> None:
    folder = _assembly(tmp_path / "out", {})
    found = assembly.stacks(folder)
    assert [(stack.name, stack.account, stack.region) for stack in found] == [
        ("Base", None, None),
        ("Web", None, None),
        ("Shop", "111122223333", "eu-west-1"),
    ]
    assert list(found[1].built_images()) == [
        assembly.BuiltImage(folder / "asset.a", folder / "asset.a" / "D", {"A": "1"})
    ]


@pytest.mark.parametrize(
    ("names", "found"), [(["Web"], ["Base", "Web"]), (["Ba*"], ["Base"]), (["Prod/Shop"], ["Shop"]), (["No"], [])]
)
def test_named_stacks_bring_what_they_depend_on(tmp_path: Path, names: list[str], found: list[str]) -> None:
    assert [stack.name for stack in assembly.stacks(_assembly(tmp_path / "out", {}), names)] == found


def test_what_is_not_emulated_is_named(tmp_path: Path) -> None:
    kinds = ("AWS::ECR::Repository", "Custom::Thing", "AWS::CloudFormation::Macro", "AWS::MQ::B")
    folder = _assembly(tmp_path / "out", {f"R{number}": {"Type": kind} for number, kind in enumerate(kinds)})
    known = {"AWS::ECR::Repository", "AWS::CloudFormation::Stack"}
    with pytest.raises(ToolError) as caught:
        refusals.refuse_unsupported(assembly.stacks(folder), known)
    assert caught.value.cause.splitlines() == [
        "not emulated: AWS::CloudFormation::Macro (R2)",
        "not emulated: AWS::MQ::B (R3)",
        "not emulated: AWS::Deep::Thing (Deep)",
    ]
    refusals.refuse_unsupported(assembly.stacks(folder, ["Base"]), known)


IMAGE = "000000004566.dkr.ecr.us-east-1.amazonaws.com/repo:tag"


def _shim(tmp_path: Path, *arguments: str, fail: str = "", stand_ins: str = "{}") -> tuple[int, list[str]]:
    """Run the shim with an engine that writes down what it is asked."""
    asked = tmp_path / "asked"
    fake = tmp_path / "podman"
    fake.write_text(
        f'#!/bin/sh\necho "$@" >> {asked}\necho "$HTTPS_PROXY" > {asked}.proxy\n[ "$1" = "{fail}" ] && exit 3\n'
        f'if [ "$1" = image ]; then printf "mine:1\\n{IMAGE}\\nlocalhost/cdkasset-4566-x:latest\\n"; fi\nexit 0\n',
        encoding="utf-8",
    )
    fake.chmod(0o755)
    shim = tmp_path / "shim"
    docker_shim.write_shim(shim)
    login = str(tmp_path / "login")
    registry, proxies = IMAGE.partition("/")[0], '{"HTTPS_PROXY": "http://proxy.example"}'
    shim_of = functools.partial(docker_shim.Shim, "podman", registry, "localhost:4566")
    variables = shim_of(login=login, proxies=proxies, stand_ins=stand_ins).environment
    done = subprocess.run(  # noqa: S603 - our own shim
        [str(shim), *arguments],
        env={**os.environ, **variables, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        input="secret",
        text=True,
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    return done.returncode, asked.read_text(encoding="utf-8").splitlines() if asked.exists() else []


def test_a_push_goes_to_this_machine_and_leaves_no_image_behind(tmp_path: Path) -> None:
    code, asked = _shim(tmp_path, "push", IMAGE)
    assert code == 0
    assert asked == [
        f"tag {IMAGE} localhost:4566/repo:tag",
        f"push --tls-verify=false --authfile={tmp_path}/login/config.json localhost:4566/repo:tag",
        f"image inspect --format {{{{range .RepoTags}}}}{{{{println .}}}}{{{{end}}}} {IMAGE}",
        f"rmi {IMAGE} localhost/cdkasset-4566-x:latest",
    ]


def test_a_push_to_another_account_or_region_goes_below_the_address_of_this_machine(tmp_path: Path) -> None:
    other = "444455556666.dkr.ecr.eu-west-1.amazonaws.com/repo:tag"
    code, asked = _shim(tmp_path, "push", other)
    assert code == 0
    assert f"tag {other} localhost:4566/{other}" in asked
    assert f"push --tls-verify=false --authfile={tmp_path}/login/config.json localhost:4566/{other}" in asked
    assert asked[-1].startswith("rmi ")
    assert other in asked[-1].split(), "or a task could run what the engine still has"


def test_a_failed_push_fails_and_keeps_the_image(tmp_path: Path) -> None:
    code, asked = _shim(tmp_path, "push", IMAGE, fail="push")
    assert code == 3
    assert not [line for line in asked if line.startswith("rmi")]


def test_login_asks_nobody(tmp_path: Path) -> None:
    for registry in (IMAGE.partition("/")[0], "444455556666.dkr.ecr.eu-west-1.amazonaws.com"):
        arguments = ("login", "--username", "AWS", "--password-stdin", f"https://{registry}")
        assert _shim(tmp_path, *arguments) == (0, [])


def test_pushes_have_a_login_that_only_this_user_reads(tmp_path: Path) -> None:
    folder = tmp_path / "login"
    docker_shim.write_login(folder, "localhost:4566", "password")
    kept = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert kept == {"auths": {"localhost:4566": {"auth": base64.b64encode(b"AWS:password").decode()}}}
    assert folder.stat().st_mode & 0o077 == 0
    assert docker_shim.push_options("docker", folder) == ([], {"DOCKER_CONFIG": str(folder)})


def test_builds_read_stand_ins_after_the_contexts_of_the_app(tmp_path: Path) -> None:
    stand_ins = json.dumps({"a@sha256:1": "localhost/b:1", "a@${HASH}": "localhost/b:1"})
    code, asked = _shim(tmp_path, "build", "--build-context", "x=y", "--file", "D", ".", stand_ins=stand_ins)
    assert code == 0
    assert " ".join(asked) == (
        "build --layers=false --build-context x=y --file D --build-context=a@sha256:1=docker-image://localhost/b:1 "
        "--build-context=a@${HASH}=docker-image://localhost/b:1 ."
    )


BY_PLATFORM = """\
# syntax=docker/dockerfile:1
ARG BUILDARCH=mine
FROM --platform=$BUILDPLATFORM a AS final-arm64
RUN echo $TARGETOS
FROM final-${TARGETARCH:-x} AS b-$BUILDARCH
LABEL x=y
FROM b-mine$TARGETVARIANT
"""


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        (["--platform", "linux/arm64"], ["TARGETARCH=arm64", "TARGETVARIANT="]),
        (["--platform", "linux/arm/v7"], ["TARGETARCH=arm", "TARGETVARIANT=v7"]),
        ([], ["TARGETARCH=amd64", "TARGETVARIANT="]),
    ],
)
def test_podman_is_told_the_platform_of_from_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], variables: list[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    (tmp_path / "D").write_text(BY_PLATFORM, encoding="utf-8")
    (tmp_path / "copy").mkdir()
    words = docker_shim.for_podman(["--tag", "x", "--file", str(tmp_path / "D"), *options], tmp_path, tmp_path / "copy")
    arguments = [f"--build-arg={variable}" for variable in variables]
    assert words == [*arguments, "--tag", "x", *options, "--file", str(tmp_path / "copy" / "D")]
    head, _, rest = BY_PLATFORM.partition("\n")
    declared = f"{head}\nARG TARGETARCH\nARG TARGETVARIANT\n{rest}"
    assert (tmp_path / "copy" / "D").read_text(encoding="utf-8") == declared


def test_podman_keeps_the_base_image_of_a_stage_without_instructions(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM a AS b\n\n# c\nfrom d AS e\nRUN f\nFROM e\n", encoding="utf-8")
    docker_shim.for_podman(["--tag", "x"], tmp_path, tmp_path / "copy")
    copy = (tmp_path / "copy" / "Dockerfile").read_text(encoding="utf-8")
    assert copy == "FROM a AS b\nARG EMPTY_STAGE\n\n# c\nfrom d AS e\nRUN f\nFROM e\n"


def test_podman_builds_any_other_dockerfile_as_it_is(tmp_path: Path) -> None:
    text = "FROM --platform=$TARGETPLATFORM a \\\n  AS b\nRUN echo $TARGETARCH\nFROM b\nCMD x\n"
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    assert docker_shim.for_podman(["--tag", "x"], tmp_path, tmp_path / "none") == ["--tag", "x"]


def test_the_engine_has_the_proxies_of_the_user(tmp_path: Path) -> None:
    _shim(tmp_path, "build", ".")
    assert (tmp_path / "asked.proxy").read_text(encoding="utf-8") == "http://proxy.example\n"


@pytest.mark.parametrize("arguments", [("images", "--all"), ("push", "example.com/x:1"), ("login", "ghcr.io")])
def test_everything_else_goes_to_the_engine(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert _shim(tmp_path, *arguments) == (0, [" ".join(arguments)])


@pytest.mark.parametrize("module", ["signal", "json", "ecr_fargate_constructs"])
def test_a_module_of_the_application_is_not_imported(tmp_path: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text("raise SystemExit('of the application')\n", encoding="utf-8")
    assert _shim(tmp_path, "images") == (0, ["images"])


def test_builds_have_a_name_of_the_instance(tmp_path: Path) -> None:
    _, asked = _shim(tmp_path, "build", "--tag", "cdkasset-1f", ".")
    assert asked == ["build --layers=false --tag cdkasset-4566-1f ."]
    _, asked = _shim(tmp_path, "tag", "cdkasset-1f", IMAGE)
    assert asked[1:] == [f"tag cdkasset-4566-1f {IMAGE}"]


def test_podman_builds_without_the_cache_that_it_cannot_take(tmp_path: Path) -> None:
    cache = ("--cache-from", "type=registry,ref=x", "--cache-to=type=registry,ref=x,mode=max")
    _, asked = _shim(tmp_path, "build", "--no-cache", *cache, "--platform", "linux/amd64", ".")
    assert asked == ["build --layers=false --no-cache --platform linux/amd64 ."]


def test_a_process_is_ended_only_if_it_is_still_the_same(tmp_path: Path) -> None:
    process = start([sys.executable, "-c", "import time; time.sleep(60)"], env=os.environ, log=tmp_path / "log")
    stranger = Process(process.pid, process.started - 1)
    assert process.alive
    assert not stranger.alive
    stranger.stop()
    assert process.alive, "a recycled pid must not be ended"
    process.stop()
    assert not process.alive


def test_an_instance_is_remembered(tmp_path: Path) -> None:
    instance, memory = instance_at(tmp_path, 4600, None, None)
    assert (instance.account, instance.region, memory) == ("000000004600", "us-east-1", None)
    instance.state.mkdir(parents=True)
    Memory(instance.account, "eu-west-1", "podman", "unix:///x", processes={"aws": Process(1, 2)}).save(instance)
    again, memory = instance_at(tmp_path, 4600, None, None)
    assert memory is not None
    assert (again.region, memory.processes) == ("eu-west-1", {"aws": Process(1, 2)})
    with pytest.raises(ToolError, match="is running with region eu-west-1, not us-east-1"):
        instance_at(tmp_path, 4600, None, "us-east-1")
    instance.memory_file.write_text("{", encoding="utf-8")
    with pytest.raises(ToolError, match="cannot be read"):
        instance_at(tmp_path, 4600, None, None)
    instance.erase()
    assert not (tmp_path / ".ecr-fargate").exists()


def test_the_toolkit_never_meets_the_real_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "real")
    instance, _ = instance_at(tmp_path, 4600, None, None)
    instance.state.mkdir(parents=True)
    environment = toolkit.toolkit_environment(instance, Memory(instance.account, "us-east-1", "podman", ""))
    assert "real" not in environment.values()
    assert environment["AWS_ENDPOINT_URL"] == "http://localhost:4600"
    assert environment["AWS_ACCESS_KEY_ID"] == "000000004600"
    assert not [name for name in environment if name.upper() == "HTTPS_PROXY"]
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["CDK_VALIDATION"] == "false"
    assert environment["CDK_DEFAULT_ACCOUNT"] == "000000004600"
    assert environment["CDK_DEFAULT_REGION"] == "us-east-1"


def test_no_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_output", lambda *_: None)
    with pytest.raises(ToolError, match="no container engine is running") as caught:
        engine.find_engine(install=False)
    assert "sudo apt-get install podman" in str(caught.value.fix)


@pytest.mark.parametrize(
    ("command", "answer", "wrong"),
    [
        ("docker", {"ServerVersion": "28", "OperatingSystem": "Docker Desktop"}, "docker runs in a virtual machine"),
        ("docker", {"ServerVersion": "28", "SecurityOptions": ["name=rootless"]}, "docker runs rootless"),
        ("podman", {"host": {"security": {"rootless": True}}, "version": {"Version": "4"}}, "rootless"),
    ],
)
def test_an_engine_whose_network_is_out_of_reach_is_refused(
    monkeypatch: pytest.MonkeyPatch, command: str, answer: dict[str, Any], wrong: str
) -> None:
    monkeypatch.setattr(engine, "_output", lambda name, *_: json.dumps(answer) if name == command else None)
    with pytest.raises(ToolError, match=wrong):
        engine.find_engine(install=False)


def test_a_client_without_an_engine_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_output", lambda name, *_: '{"ServerVersion": ""}' if name == "docker" else None)
    with pytest.raises(ToolError, match="no container engine is running"):
        engine.find_engine(install=False)


def test_another_system_than_linux_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(ToolError, match="runs on Linux only; this is Darwin"):
        engine.find_engine()


def test_a_second_command_on_the_same_port_is_refused(tmp_path: Path) -> None:
    instance, _ = instance_at(tmp_path, 4600, None, None)
    other, _ = instance_at(tmp_path / "other", 4601, None, None)
    with instance.alone(), other.alone(), pytest.raises(ToolError, match="running on port 4600"), instance.alone():
        pass
    with instance.alone():
        pass


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(ToolError, match=f"port {port} is in use by another program") as caught:
            starting.check_port(port)
        assert "--port" in str(caught.value.fix)
    starting.check_port(port)


def test_a_failed_start_keeps_its_logs_alone(tmp_path: Path) -> None:
    instance, _ = instance_at(tmp_path, 4600, None, None)
    instance.make_state()
    instance.toolkit_log.write_text("why\n", encoding="utf-8")
    assert "why" in instance.keep_logs().read_text(encoding="utf-8")
    assert not instance.state.exists()
    assert (tmp_path / ".ecr-fargate" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    instance.erase()
    assert not (tmp_path / ".ecr-fargate").exists()


def test_podman_keeps_the_registries_of_the_machine(tmp_path: Path) -> None:
    instance, _ = instance_at(tmp_path, 4600, None, None)
    alone = podman.registry_map(instance, "# nothing\n")
    assert 'unqualified-search-registries = ["docker.io"]' in alone
    assert 'prefix = "000000004600.dkr.ecr.us-east-1.amazonaws.com"\nlocation = "localhost:4600"' in alone
    ireland = "000000004600.dkr.ecr.eu-west-1.amazonaws.com"
    assert f'prefix = "{ireland}"\nlocation = "localhost:4600/{ireland}"' in alone, "of repositories of the same name"
    theirs = 'unqualified-search-registries = ["mirror.example.com"]\n'
    assert podman.registry_map(instance, theirs).startswith(theirs)
