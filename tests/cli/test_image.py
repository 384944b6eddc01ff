"""``ecr-fargate image lock``: what it writes, prints and refuses."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ecr_fargate_constructs._rules.lock_file import read_lock
from ecr_fargate_constructs.cli import image as image_cli
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.lock.sources import FoundImage, PrivateImage

if TYPE_CHECKING:
    from pathlib import Path

URI = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web"
DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str | None]]:
    """AWS, where the stack Dev runs one image; returns the clients that were made."""
    made: list[tuple[str, str | None]] = []

    def client(name: str, _endpoint: str | None, *, region: str | None = None) -> str:
        made.append((name, region))
        return name

    def of_service(clients: Any, stack: str, _service: str | None, _container: str | None) -> str:  # noqa: ANN401
        clients("ecs")
        if stack not in {"Dev", "Staging"}:
            raise ToolError(f"no stack {stack}")
        return f"{URI}:v1"

    def found(_ecr: object, named: PrivateImage, _endpoint: str | None) -> FoundImage:
        return FoundImage(named.repository, named.digest or DIGEST, named.tag or "v1", ("amd64", "arm64"), None)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(image_cli, "aws_client", client)
    monkeypatch.setattr(image_cli, "image_of_service", of_service)
    monkeypatch.setattr(image_cli, "look_up", found)
    return made


def _lock(*arguments: str) -> Any:  # noqa: ANN401 - typer's result
    return CliRunner().invoke(image_cli.image, ["lock", *arguments])


def test_the_image_of_a_stack_is_written_with_the_evidence(
    tmp_path: Path, clients: list[tuple[str, str | None]]
) -> None:
    result = _lock("web", "--stack", "Dev")
    assert result.exit_code == 0, result.output
    assert result.output == f"images.lock.json: web is {URI}@{DIGEST} (amd64, arm64); ran in Dev\n"
    [entry] = read_lock(tmp_path / "images.lock.json").values()
    assert (entry.tag, entry.deployed_to, entry.revision) == ("v1", ("Dev",), None)
    assert clients == [("ecs", None), ("ecr", "eu-west-1")], "ECR is asked in the region of the image"


@pytest.mark.usefixtures("clients")
def test_each_stage_that_runs_it_is_added_and_other_images_stay(tmp_path: Path) -> None:
    _lock("web", "--stack", "Dev")
    before = (tmp_path / "images.lock.json").read_text()
    _lock("api", "--image", f"{URI}@sha256:{'b' * 64}")
    _lock("web", "--stack", "Staging")
    images = read_lock(tmp_path / "images.lock.json")
    assert images["web"].deployed_to == ("Dev", "Staging")
    assert images["api"].deployed_to == ()
    assert json.loads(before)["images"]["web"]["lockedAt"] == images["web"].locked_at


@pytest.mark.usefixtures("clients")
def test_json_is_the_entry(tmp_path: Path) -> None:
    printed = json.loads(_lock("web", "--stack", "Dev", "--format", "json").output)
    assert printed == json.loads((tmp_path / "images.lock.json").read_text())["images"]


@pytest.mark.usefixtures("clients")
def test_the_revision_is_the_commit_of_the_checkout(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        name = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
        command = ["git", *name, *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603 - git's
        return done.stdout.strip()

    (tmp_path / "app.py").write_text("1")
    git("init", "-q")
    git("add", "app.py")
    git("commit", "-q", "-m", "first")
    git("tag", "v9")
    _lock("web", "--stack", "Dev")
    commit = git("rev-parse", "HEAD")
    assert read_lock("images.lock.json")["web"].revision == commit
    (tmp_path / "app.py").write_text("2")
    _lock("api", "--stack", "Dev")
    assert read_lock("images.lock.json")["api"].revision == f"{commit}-dirty"
    _lock("job", "--stack", "Dev", "--revision", "r7")
    assert read_lock("images.lock.json")["job"].revision == "r7"


@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["web"], "exactly one source is needed"),
        (["web", "--stack", "Dev", "--image", f"{URI}:v1"], "exactly one source is needed"),
        (["web", "--image", f"{URI}:v1", "--service", "Web"], "--service and --container choose within a stack"),
        (["a b", "--stack", "Dev"], "name='a b' is not a name for an image"),
        (["web", "--stack", "Prod"], "no stack Prod"),
        (["web", "--image", "nginx"], "nginx is not an image in a private repository of ECR"),
    ],
)
def test_what_cannot_be_locked_is_refused_and_nothing_is_written(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = _lock(*arguments)
    assert isinstance(result.exception, ToolError)
    assert message in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("clients")
def test_a_file_that_is_no_lock_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "images.lock.json"
    file.write_text("{}")
    assert "is not a lock file" in str(_lock("web", "--stack", "Dev").exception)
    assert file.read_text() == "{}"
