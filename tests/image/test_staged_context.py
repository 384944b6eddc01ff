"""The files that travel to a build, proved by the directory that CDK stages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import ConfigurationError, ImageBuild
from ecr_fargate_constructs.image.context import outdir_of
from tests.image.staging import PLACES, stage_image
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.image.staging import Place

pytestmark = pytest.mark.integration


def _write(folder: Path, **files: str) -> Path:
    """Write files; two underscores stand for a slash."""
    for name, text in files.items():
        _put(folder, name.replace("__", "/"), text)
    return folder


def _put(folder: Path, name: str, text: str = "x\n") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


# The app's own output folder


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("output", ["cdk.out", "backend/cdk/cdk.out"])
def test_the_output_folder_stays_out_and_nothing_beside_it(tmp_path: Path, output: str, place: Place) -> None:
    context = make_app(tmp_path / "app")
    beside = {"backend/main.py", "backend/cdk/app.py", "backend/cdk/cdk.outer/kept", "other/cdk.out/kept"}
    for name in beside:
        _put(context, name)
    # Of a former synthesis: a file with an execute bit counts in the tag where it travels.
    _put(context, f"{output}/asset.former/run.sh").chmod(0o755)
    first = stage_image(context, outdir=context / output, place=place)
    assert first.files == {"Dockerfile", "server.txt", *beside}
    assert first.warnings == [] or all("travel" not in each for each in first.warnings)
    _put(context, f"{output}/asset.another/run.sh").chmod(0o755)
    second = stage_image(context, outdir=context / output, place=place)
    elsewhere = stage_image(context, ImageBuild(exclude=[output]), outdir=tmp_path / "elsewhere", place=place)
    assert first.tag == second.tag == elsewhere.tag


@pytest.mark.parametrize("name", ["my (new) out", "a+b", "[x]", "x{1}", "a^b", "!out", "#out", " out ", "*?", "größe$"])
def test_an_output_folder_of_any_name_stays_out(tmp_path: Path, name: str) -> None:
    context = make_app(tmp_path / "app")
    for beside in ("aab/kept", "x/kept", "out/kept", "xx/kept", "other/kept"):
        _put(context, beside)
    _put(context, f"gen/{name}/asset.former/run.sh").chmod(0o755)
    _put(context, ".dockerignore", "*.md\n")  # so that CDK's matcher is asked
    staged = stage_image(context, outdir=context / "gen" / name)
    assert not [file for file in staged.files if file.startswith("gen/")]
    assert len(staged.files) == 8


def test_no_negation_brings_the_output_folder_back(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    _write(context, **{".dockerignore": "*\n!cdk.out\n!cdk.out/asset.former/run.sh\n!server.txt\n"})
    _put(context, "cdk.out/asset.former/run.sh").chmod(0o755)
    staged = stage_image(context, ImageBuild(exclude=["!cdk.out/**"]), outdir=context / "cdk.out")
    assert staged.files == {".dockerignore", "Dockerfile", "server.txt"}


def test_an_output_folder_behind_links_stays_out(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    (tmp_path / "link").symlink_to(context)
    _put(context, "dist/cdk.out/asset.former/x")
    through_link = stage_image(tmp_path / "link", outdir=context / "dist" / "cdk.out")
    assert through_link.files == {"Dockerfile", "server.txt"}
    (tmp_path / "out").mkdir()
    (context / "cdk.out").symlink_to(tmp_path / "out")
    as_link = stage_image(context, ImageBuild(exclude=["dist"]), outdir=context / "cdk.out")
    assert as_link.files == {"Dockerfile", "server.txt"}


def test_an_output_folder_behind_a_followed_link_stays_out(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    _put(context, "dist/kept")
    _put(context, "dist/cdk.out/asset.former/run.sh").chmod(0o755)
    (context / "latest").symlink_to("dist")
    build = ImageBuild(follow_symlinks=cdk.SymlinkFollowMode.ALWAYS)
    staged = stage_image(context, build, outdir=context / "dist" / "cdk.out")
    assert staged.files == {"Dockerfile", "server.txt", "dist/kept", "latest/kept"}


@pytest.mark.parametrize("output", [".", "out", "..", "../app.out"])
def test_a_context_inside_or_beside_the_output_folder_is_built_whole(tmp_path: Path, output: str) -> None:
    """Outputs relative to the folder above the context, which itself holds an output-like folder."""
    context = make_app(tmp_path / "out" / "app")
    _put(context, "cdk.out/kept")
    outdir = {".": context.parent, "out": context.parent.parent, "..": context.parent, "../app.out": tmp_path / "o"}
    staged = stage_image(context, outdir=outdir[output])
    assert staged.files == {"Dockerfile", "server.txt", "cdk.out/kept"}


def test_a_context_that_is_the_output_folder_is_refused(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    with pytest.raises(ConfigurationError, match=r"\[Stack/Repo/Image\] the app is synthesized into .* name another"):
        stage_image(context, outdir=context)
    (tmp_path / "link").symlink_to(context)
    with pytest.raises(ConfigurationError, match="the app is synthesized into the build context"):
        stage_image(tmp_path / "link", outdir=context)


def test_a_dockerfile_in_the_output_folder_is_refused(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    _put(context, "cdk.out/made/Dockerfile", "FROM scratch\n")
    with pytest.raises(ConfigurationError, match=r"is in cdk\.out, .* put the Dockerfile elsewhere"):
        stage_image(context, ImageBuild(dockerfile="cdk.out/made/Dockerfile"), outdir=context / "cdk.out")


def test_the_output_folder_of_an_app_is_its_own_in_every_stage(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path / "out"))
    inner = cdk.Stage(cdk.Stage(app, "Outer"), "Inner")
    for scope in (app, cdk.Stack(app, "Top"), inner, cdk.Stack(inner, "Stack")):
        assert outdir_of(scope) == str(tmp_path / "out")


# <dockerfile>.dockerignore


def _monorepo(folder: Path) -> Path:
    context = make_app(folder)
    return _write(
        context,
        **{
            ".dockerignore": "web\nsecret\n",
            "build/web.Dockerfile": "FROM scratch\nCOPY web /web\n",
            "build/web.Dockerfile.dockerignore": "# of the web alone\n*\n!web\nweb/*.md\n",
            "web/index.html": "one\n",
            "web/notes.md": "one\n",
            "api/main.py": "one\n",
        },
    )


WEB = ImageBuild(dockerfile="build/web.Dockerfile")


def test_the_ignore_file_of_a_dockerfile_replaces_the_general_one(tmp_path: Path) -> None:
    context = _monorepo(tmp_path / "app")
    staged = stage_image(context, WEB)
    ignore_files = {".dockerignore", "build/web.Dockerfile.dockerignore"}
    assert staged.files == {"build/web.Dockerfile", "web/index.html", *ignore_files}
    assert staged.source["dockerFile"] == "build/web.Dockerfile"
    general = stage_image(context)
    assert general.files == {
        "Dockerfile",
        "api/main.py",
        "build/web.Dockerfile",
        "build/web.Dockerfile.dockerignore",
        "server.txt",
        ".dockerignore",
    }


def test_files_that_the_ignore_file_of_a_dockerfile_drops_do_not_count_and_are_not_reported(tmp_path: Path) -> None:
    context = _monorepo(tmp_path / "app")
    before = stage_image(context, WEB)
    _put(context, "api/main.py", "two\n")
    _put(context, "api/run.sh").chmod(0o755)
    _put(context, "api/.env", "PASSWORD=x\n")
    _put(context, "web/notes.md", "two\n")
    dropped = stage_image(context, WEB)
    assert (dropped.tag, dropped.warnings) == (before.tag, [])
    _put(context, "web/index.html", "two\n")
    assert stage_image(context, WEB).tag != before.tag
    assert any(".env" in each for each in stage_image(context, ImageBuild(exclude=["x"])).warnings)


def test_the_ignore_file_of_the_default_dockerfile_counts_too(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    _write(context, **{"Dockerfile.dockerignore": "server.txt\n", "one.md": "x", "two.md": "x"})
    staged = stage_image(context, ImageBuild(exclude=["two.md"]))
    assert staged.files == {"Dockerfile", "Dockerfile.dockerignore", "one.md"}


def test_a_dockerfile_in_an_excluded_directory_stays(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    _write(context, **{".dockerignore": "build\n", "build/we[b] (1).Dockerfile": "FROM scratch\n", "build/x": "x"})
    staged = stage_image(context, ImageBuild(dockerfile="build/we[b] (1).Dockerfile"))
    assert staged.files == {"Dockerfile", "server.txt", ".dockerignore", "build/we[b] (1).Dockerfile"}


def test_the_target_of_a_dockerfile_that_is_a_link_stays(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    _write(context, **{".dockerignore": "build\nDockerfile\n", "build/Dockerfile.prod": "FROM scratch\n"})
    (context / "Dockerfile").unlink()
    (context / "Dockerfile").symlink_to("build/Dockerfile.prod")
    staged = stage_image(context)
    assert (staged.directory / "Dockerfile").read_text(encoding="utf-8") == "FROM scratch\n"


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_an_excluded_file_that_travels_all_the_same_may_not_be_a_link_outside(tmp_path: Path, name: str) -> None:
    context = make_app(tmp_path / "app")
    _put(context, ".dockerignore", "*\n")
    (context / name).rename(tmp_path / name)
    (context / name).symlink_to(tmp_path / name)
    with pytest.raises(ConfigurationError, match=rf"{name} in the build context is a symbolic link to .* outside of"):
        stage_image(context)


@pytest.mark.parametrize("name", [".dockerignore", "Dockerfile.dockerignore"])
def test_an_ignore_file_with_a_byte_order_mark_is_read_from_its_first_line(tmp_path: Path, name: str) -> None:
    context = make_app(tmp_path / "app")
    (context / name).write_bytes(b"\xef\xbb\xbfserver.txt\r\n*.md\r\n")
    _write(context, **{"one.md": "x", "kept": "x"})
    assert stage_image(context).files == {"Dockerfile", name, "kept"}


@pytest.mark.parametrize("name", [".dockerignore", "Dockerfile.dockerignore"])
def test_an_ignore_file_in_latin_1_is_read(tmp_path: Path, name: str) -> None:
    context = make_app(tmp_path / "app")
    (context / name).write_bytes("# größe\ngröße\nserver.txt\n".encode("latin-1"))
    assert stage_image(context).files == {"Dockerfile", name}


def test_a_pattern_that_cdk_cannot_read_is_refused_with_the_file(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    _write(context, **{".dockerignore": "old (1\n", "src/main.py": "x"})
    with pytest.raises(ConfigurationError, match=r"CDK cannot read a pattern of .*\.dockerignore .* put a backslash"):
        stage_image(context)


# The Dockerfile


def test_an_absolute_dockerfile_inside_the_context_is_the_relative_one(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    _put(context, "build/Dockerfile", "FROM scratch\n")
    (tmp_path / "link").symlink_to(context)
    relative = stage_image(context, ImageBuild(dockerfile="build/Dockerfile"))
    for other in (context / "build" / "Dockerfile", tmp_path / "link" / "build" / "Dockerfile"):
        absolute = stage_image(context, ImageBuild(dockerfile=str(other)))
        assert (absolute.tag, absolute.source["dockerFile"]) == (relative.tag, "build/Dockerfile")
    plain = stage_image(context, ImageBuild(dockerfile=str(context / "Dockerfile")))
    assert plain.tag == stage_image(context).tag
    assert stage_image(context, ImageBuild(dockerfile="./build/../Dockerfile")).tag == plain.tag


def test_an_absolute_dockerfile_outside_is_refused(tmp_path: Path) -> None:
    outside = make_app(tmp_path / "app2") / "Dockerfile"
    with pytest.raises(ConfigurationError, match=r"Dockerfile' is outside the build directory .*; use a path inside"):
        stage_image(make_app(tmp_path / "app"), ImageBuild(dockerfile=str(outside)))


@pytest.mark.parametrize("text", ["FROM scratch AS slim\n", "# syntax=example.com/other\nbuild: it\n"])
def test_a_dockerfile_with_a_byte_order_mark_is_built(tmp_path: Path, text: str) -> None:
    context = make_app(tmp_path / "app", dockerfile=f"\ufeff{text}")
    assert stage_image(context, ImageBuild(target="slim")).source["dockerBuildTarget"] == "slim"


# Links


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A context with one link inside and one outside, each to a file with an execute bit."""
    context = make_app(tmp_path / "app")
    _put(context, "bin/run").chmod(0o755)
    _put(tmp_path, "tools/tool").chmod(0o755)
    (context / "inside").symlink_to("bin/run")
    (context / "tools").symlink_to(tmp_path / "tools")
    return context


@pytest.mark.parametrize(
    ("mode", "files"),
    [
        (cdk.SymlinkFollowMode.ALWAYS, {"inside", "tools/tool"}),
        (cdk.SymlinkFollowMode.EXTERNAL, {"inside", "tools/tool"}),
        (cdk.SymlinkFollowMode.NEVER, {"inside", "tools"}),
    ],
)
def test_links_are_followed_where_it_is_asked_for(linked: Path, mode: cdk.SymlinkFollowMode, files: set[str]) -> None:
    staged = stage_image(linked, ImageBuild(follow_symlinks=mode))
    assert staged.files == {"Dockerfile", "server.txt", "bin/run", *files}
    assert (staged.directory / "inside").is_symlink() == (mode is not cdk.SymlinkFollowMode.ALWAYS)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no execute bit")
def test_an_execute_bit_behind_a_followed_link_counts(linked: Path) -> None:
    build = ImageBuild(follow_symlinks=cdk.SymlinkFollowMode.EXTERNAL)
    before = stage_image(linked, build).tag
    (linked.parent / "tools" / "tool").chmod(0o644)
    assert stage_image(linked, build).tag != before


@pytest.mark.parametrize("mode", [None, cdk.SymlinkFollowMode.BLOCK_EXTERNAL])
def test_a_link_that_leaves_is_refused_where_nobody_asked_for_it(
    linked: Path, mode: cdk.SymlinkFollowMode | None
) -> None:
    with pytest.raises(ConfigurationError, match="tools in the build context is a symbolic link to"):
        stage_image(linked, ImageBuild(follow_symlinks=mode))


def test_a_link_into_a_neighbour_whose_name_begins_with_the_contexts_leaves_it(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    (context / "shared.txt").symlink_to(_put(tmp_path / "app-shared", "shared.txt"))
    with pytest.raises(
        ConfigurationError, match=r"shared\.txt in the build context is a symbolic link to .* outside of"
    ):
        stage_image(context)


def test_a_followed_link_back_to_the_context_ends(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    (context / "again").symlink_to(".")
    staged = stage_image(context, ImageBuild(follow_symlinks=cdk.SymlinkFollowMode.ALWAYS))
    assert staged.files == {"Dockerfile", "server.txt"}
