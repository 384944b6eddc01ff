"""``ecr-fargate local up --watch``: edits are synced without a lost request, and a broken one is never served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.client import BROKEN, GREETING, Client
from tests.e2e.watched import Watched

if TYPE_CHECKING:
    from tests.e2e.local_app import LocalApp

EDITED, AGAIN = "Hello from an edit!", "Hello from another edit!"


def _images(local_app: LocalApp) -> int:
    names = [each["repositoryName"] for each in local_app.ask("ecr", "describe_repositories")["repositories"]]
    [name] = [name for name in names if "container-assets" not in name]
    return len(local_app.ask("ecr", "describe_images", repositoryName=name)["imageDetails"])


def test_edits_take_effect_and_lose_no_request(local_app: LocalApp) -> None:
    with Watched(local_app) as watched:
        assert local_app.get() == (200, f"{GREETING}\n")
        with Client(local_app, local_app.host) as client:
            assert "app/server.py (2 tasks)" in watched.edited(GREETING, EDITED, "synced")
            assert local_app.get() == (200, f"{EDITED}\n")
            before = len(watched.lines)
            assert "app/server.py" in watched.edited(*BROKEN, "failed")
            watched.wait_for("the previous version still runs", after=before)
            assert any("cannot start" in line for line in watched.lines[before:]), "".join(watched.lines)
            local_app.edit(*reversed(BROKEN))  # what runs already: nothing happens
            watched.edited(EDITED, AGAIN, "synced")
            assert local_app.get() == (200, f"{AGAIN}\n")
        print(f"requests {dict(client.statuses)}")
        assert client.statuses.total() > 20
        assert client.lost == 0
        assert client.bodies == {f"{GREETING}\n", f"{EDITED}\n", f"{AGAIN}\n"}
        assert _images(local_app) == 1
        assert len(local_app.containers()) >= 2

        app, before = local_app.directory / "app.py", len(watched.lines)
        text = app.read_text(encoding="utf-8")
        app.write_text(
            text.replace("app.synth()", 'cdk.Tags.of(stack).add("team", "shop")\napp.synth()'), encoding="utf-8"
        )
        assert "app.py" in watched.wait_for("deployed", after=before)
        assert local_app.get() == (200, f"{AGAIN}\n")
        assert _images(local_app) == 2  # the image has the edits now
        watched.edited(AGAIN, EDITED, "synced")
    assert watched.status == 0, watched.errors
    assert "its tasks have synced files that their image does not have" in "".join(watched.lines)
    assert local_app.get() == (200, f"{EDITED}\n")


def test_up_builds_what_was_synced(local_app: LocalApp) -> None:
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert local_app.get() == (200, f"{EDITED}\n")
    assert _images(local_app) == 3
