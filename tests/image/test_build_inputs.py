"""Secrets, SSH keys, named contexts and local caches: absolute for the builder, the same hash on every machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from aws_cdk import aws_ecr_assets as ecr_assets

from ecr_fargate_constructs import ConfigurationError, ImageBuild
from ecr_fargate_constructs.image import walk
from ecr_fargate_constructs.image.context import inspect_context
from tests.image.staging import Staged, stage_image
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that the user stands in."""
    return _project(tmp_path / "one", monkeypatch)


def _project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_app(folder / "app")
    (folder / ".npmrc").write_text("token=1\n", encoding="utf-8")
    (folder / "shared" / "lib").mkdir(parents=True)
    (folder / "shared" / "lib" / "one.txt").write_text("one\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def _stage(project: Path, build: ImageBuild | None = None, *, outdir: Path | None = None) -> Staged:
    return stage_image(project / "app", build, outdir=outdir)


# Secrets


@pytest.mark.parametrize(
    ("source", "given"),
    [
        ("src=.npmrc", "src={}/.npmrc"),
        ("type=file,src=.npmrc", "type=file,src={}/.npmrc"),
        ("source=./.npmrc", "source={}/.npmrc"),
        ("SRC=.npmrc,ID=other", "SRC={}/.npmrc,ID=other"),
        ("id=other,src=.npmrc", "id=other,src={}/.npmrc"),
        ("env=NPM_TOKEN", "env=NPM_TOKEN"),
        ("type=env,env=NPM_TOKEN", "type=env,env=NPM_TOKEN"),
        ("type=env,src=NPM_TOKEN", "type=env,src=NPM_TOKEN"),
        ("type=env", "type=env"),
    ],
)
def test_the_file_of_a_secret_counts_from_the_working_directory(project: Path, source: str, given: str) -> None:
    staged = _stage(project, ImageBuild(secrets={"npm": source}))
    assert staged.source["dockerBuildSecrets"] == {"npm": given.format(project)}


def test_a_path_with_a_comma_is_quoted_as_buildkit_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _project(tmp_path / 'one, "two"', monkeypatch)
    staged = _stage(project, ImageBuild(secrets={"npm": "type=file,src=.npmrc"}))
    quoted = str(project).replace('"', '""')
    assert staged.source["dockerBuildSecrets"] == {"npm": f'type=file,"src={quoted}/.npmrc"'}


def test_the_source_of_a_secret_counts_and_its_content_does_not(project: Path) -> None:
    npm = ImageBuild(secrets={"npm": "src=.npmrc"})
    before = _stage(project, npm).tag
    (project / ".npmrc").write_text("token=2\n", encoding="utf-8")
    assert _stage(project, npm).tag == before
    assert _stage(project, ImageBuild(secrets={"npm": f"src={project / '.npmrc'}"})).tag == before
    (project / "other").touch()
    others = [{"npm": "src=other"}, {"yarn": "src=.npmrc"}, {"npm": "env=NPM_TOKEN"}, {}]
    tags = {_stage(project, ImageBuild(secrets=other)).tag for other in others}
    assert len(tags | {before}) == 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "src=.yarnrc",
            r"names a file that does not exist \(resolved to {}/.yarnrc\); paths are relative to the working",
        ),
        ("src=shared", r"names a directory \({}/shared\); name a file"),
    ],
)
def test_a_secret_without_a_file_is_refused(project: Path, source: str, message: str) -> None:
    option = rf"\[Stack/Repo/Image\] ImageBuild.secrets\['npm'\]='{source}' "
    with pytest.raises(ConfigurationError, match=option + message.format(project)):
        _stage(project, ImageBuild(secrets={"npm": source}))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (".npmrc", "has '.npmrc', which BuildKit does not accept; use for example 'src=path/to/file'"),
        ("path=.npmrc", "has 'path=.npmrc', which BuildKit does not accept"),
        ("", "names neither a file nor a variable; use 'src=path/to/file' or 'env=VARIABLE'"),
        ("type=file", "names neither a file nor a variable"),
        ("type=ssm,src=a", "has type='ssm'; use 'file' or 'env'"),
        ('"src=a', "cannot be read"),
    ],
)
def test_a_source_that_buildkit_does_not_know_is_refused_at_once(source: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        ImageBuild(secrets={"npm": source})
    assert str(refused.value).startswith(f"ImageBuild.secrets['npm']={source!r} {message}")


# SSH


def test_keys_to_forward_count_from_the_working_directory(project: Path) -> None:
    (project / "key").touch()
    staged = _stage(project, ImageBuild(ssh="default=key"))
    assert staged.source["dockerBuildSsh"] == f"default={project}/key"
    assert staged.tag == _stage(project, ImageBuild(ssh=f"default={project}/key")).tag
    assert staged.tag != _stage(project, ImageBuild(ssh="default")).tag
    with pytest.raises(ConfigurationError, match=r"ImageBuild.ssh='default=nokey' names a file that does not exist"):
        _stage(project, ImageBuild(ssh="default=nokey"))


# Named contexts

SHARED = ImageBuild(contexts={"shared": "./shared"})


def test_a_named_context_counts_from_the_working_directory(project: Path) -> None:
    assert _stage(project, SHARED).source["dockerBuildContexts"] == {"shared": f"{project}/shared"}


@pytest.mark.parametrize(
    "reference",
    [
        "docker-image://alpine:3.22",
        "container-image://alpine:3.22",
        "https://example.com/context.tar.gz",
        "https://github.com/example/shop.git#main:shared",
        "git@github.com:example/shop.git",
        "ssh://git@example.com/shop.git",
        "github.com/example/shop",
        "target:base",
        "oci-layout:///layouts/base@sha256:" + "0" * 64,
    ],
)
def test_a_reference_is_handed_on(project: Path, reference: str) -> None:
    staged = _stage(project, ImageBuild(contexts={"base": reference}))
    assert staged.source["dockerBuildContexts"] == {"base": reference}
    assert staged.tag != _stage(project).tag


def test_a_layout_counts_from_the_working_directory_with_what_its_index_names(project: Path) -> None:
    build = ImageBuild(contexts={"base": "oci-layout://layout:1"})
    before = _stage(project, build)
    assert before.source["dockerBuildContexts"] == {"base": f"oci-layout://{project}/layout:1"}
    (project / "layout").mkdir()
    (project / "layout" / "index.json").write_text("{}", encoding="utf-8")
    assert _stage(project, build).tag != before.tag
    absolute = ImageBuild(contexts={"base": f"oci-layout://{project}/layout:1"})
    assert _stage(project, absolute).tag == _stage(project, build).tag


def test_the_content_of_a_named_context_counts(project: Path) -> None:
    tags = [_stage(project, SHARED).tag, _stage(project).tag]

    def changed() -> bool:
        tags.append(_stage(project, SHARED).tag)
        return tags[-1] not in tags[:-1]

    file = project / "shared" / "lib" / "one.txt"
    file.write_text("two\n", encoding="utf-8")
    assert changed()
    (project / "shared" / "new.txt").touch()
    assert changed()
    file.chmod(0o755)
    assert changed() == (os.name != "nt")
    (project / "shared" / "link").symlink_to("new.txt")
    assert changed()


def test_files_that_a_named_context_ignores_do_not_count(project: Path) -> None:
    (project / "shared" / ".dockerignore").write_bytes("\ufeffnode_modules\n*.log\n".encode())
    before = _stage(project, SHARED).tag
    (project / "shared" / "node_modules").mkdir()
    for name in ("node_modules/run.sh", "one.log"):
        (project / "shared" / name).touch(mode=0o755)
    assert _stage(project, SHARED).tag == before


def test_the_output_folder_in_a_named_context_does_not_count(project: Path) -> None:
    build, outdir = ImageBuild(contexts={"root": "."}), project / "cdk.out"
    first = _stage(project, build, outdir=outdir)
    assert first.tag == _stage(project, build, outdir=outdir).tag


def test_a_named_context_that_is_the_output_folder_is_refused(project: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"the app is synthesized into .* itself"):
        _stage(project, ImageBuild(contexts={"out": "out"}), outdir=project / "out")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("./nowhere", r"does not exist \(resolved to {}/nowhere\); name a directory"),
        ("", "does not exist"),
        (".npmrc", r"is a file \({}/.npmrc\); name the directory that holds it"),
    ],
)
def test_a_named_context_that_is_no_directory_is_refused(project: Path, value: str, message: str) -> None:
    option = rf"\[Stack/Repo/Image\] ImageBuild.contexts\['shared'\]='{value}' "
    with pytest.raises(ConfigurationError, match=option + message.format(project)):
        _stage(project, ImageBuild(contexts={"shared": value}))


# The same on every machine


def test_the_tag_is_the_same_on_two_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tags(folder: Path) -> list[str]:
        project = _project(folder, monkeypatch)
        (project / "key").touch()
        relative = ImageBuild(secrets={"npm": "src=.npmrc"}, contexts={"shared": "./shared"}, ssh="default=key")
        absolute = ImageBuild(
            secrets={"npm": f"src={project}/.npmrc"},
            contexts={"shared": f"{project}/shared"},
            ssh=f"default={project}/key",
        )
        return [_stage(project, build).tag for build in (relative, absolute)]

    assert len({*tags(tmp_path / "one"), *tags(tmp_path / "two" / "deep")}) == 1


def test_options_that_must_not_count_do_not(project: Path) -> None:
    def tag(*, word: str, invalidation: ecr_assets.DockerImageAssetInvalidationOptions) -> str:
        (project / "shared" / "word").write_text(word, encoding="utf-8")
        (project / word).touch()
        build = ImageBuild(
            secrets={"npm": f"src={word}"},
            contexts={"shared": "shared"},
            ssh=f"default={word}",
            extra_hash=word,
            invalidation=invalidation,
        )
        return _stage(project, build).tag

    none = ecr_assets.DockerImageAssetInvalidationOptions(
        build_secrets=False, build_contexts=False, build_ssh=False, extra_hash=False
    )
    assert tag(word="a", invalidation=none) == tag(word="b", invalidation=none)
    for option in ("build_secrets", "build_contexts", "build_ssh", "extra_hash"):
        one = ecr_assets.DockerImageAssetInvalidationOptions(
            **{name: name == option for name in ("build_secrets", "build_contexts", "build_ssh", "extra_hash")}
        )
        assert tag(word="a", invalidation=one) != tag(word="b", invalidation=one), option


@pytest.mark.skipif(os.name == "nt", reason="Windows has no execute bit")
def test_an_execute_bit_counts_also_where_the_extra_hash_does_not(project: Path) -> None:
    build = ImageBuild(invalidation=ecr_assets.DockerImageAssetInvalidationOptions(extra_hash=False))
    before = _stage(project, build).tag
    (project / "app" / "server.txt").chmod(0o755)
    assert _stage(project, build).tag != before


def test_local_caches_lie_in_the_working_directory_and_not_in_the_staged_copy(project: Path) -> None:
    registry = ecr_assets.DockerCacheOption(type="registry", params={"ref": "example.com/cache"})
    local = ecr_assets.DockerCacheOption(type="local", params={"src": "cache"})
    to = ecr_assets.DockerCacheOption(type="local", params={"dest": "cache", "mode": "max"})
    staged = _stage(project, ImageBuild(cache_from=[registry, local], cache_to=to))
    assert staged.source["cacheFrom"] == [
        {"type": "registry", "params": {"ref": "example.com/cache"}},
        {"type": "local", "params": {"src": f"{project}/cache"}},
    ]
    assert staged.source["cacheTo"] == {"type": "local", "params": {"dest": f"{project}/cache", "mode": "max"}}


def test_each_directory_is_walked_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    listed = walk._listed

    def counted(folder: str) -> list[os.DirEntry[str]]:
        read.append(folder)
        return listed(folder)

    monkeypatch.setattr(walk, "_listed", counted)
    _stage(project, SHARED)
    assert sorted(read) == sorted(str(project / name) for name in ("app", "shared", "shared/lib"))


@pytest.mark.parametrize("outputs", [["type=local,dest=out"], ["type=tar,dest=a.tar", "dest=b,type=local"]])
def test_a_build_without_an_image_is_refused(outputs: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="produces no image to push"):
        ImageBuild(outputs=outputs)
    assert ImageBuild(outputs=[*outputs, "type=docker"]).outputs


def test_a_stage_number_is_one_that_the_dockerfile_has(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app", dockerfile="FROM a\nFROM b\n")
    with pytest.raises(ConfigurationError, match=r"target='2' is not a stage of .*, which has 2; use '0' to '1'"):
        inspect_context(app, ImageBuild(target="2"))
