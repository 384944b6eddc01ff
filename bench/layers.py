"""P6 on the embedded AWS: the bytes that a pure code change sends to the registry."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.embedded import App, Deployment, brought
from bench.goals import Goal

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAMS = ("bare", "direct", "ours", "mounted")
"""The last one switches blob mounting on for the whole registry, so it comes last."""

ASSETS = "cdk-"
"""The first part of the name of the repository to which the CDK command line pushes assets."""

SLACK = 1.05
"""The bare pattern pushes only what changes; manifests name different repositories, so their sizes differ."""


def layers(port: int) -> list[Goal]:
    """Deploy each program, edit a line of its code, and deploy it again."""
    found: dict[str, Deployment] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        app = App(Path(folder) / "app", port)
        for name in ("warm", *PROGRAMS):
            app.add(name)
        running.callback(app.local, "warm", "down")
        app.local("warm", "up")
        image = sum(brought(app.log()).values())
        for name in PROGRAMS:
            app.deploy(name)
            app.edit(name)
            found[name] = app.deploy(name)
            print(f"  {name}, code change: {dict(found[name].brought)}", file=sys.stderr, flush=True)
    return [described(found, image)]


def described(found: Mapping[str, Deployment], image: int) -> Goal:
    """Return the bytes in words.

    Args:
        found: The deployment of the code change, by program.
        image: Bytes of a whole image.
    """
    blobs = {name: sum(each.blobs.values()) for name, each in found.items()}
    sent = {name: own(each.blobs) for name, each in found.items()}
    whole = {name: sum(each.brought.values()) for name, each in found.items()}
    once = found["direct"].brought
    return Goal(
        name="",
        measure="P6's code change, a line more, deployed on the embedded AWS: bytes that arrive in the registry",
        goal="copy, layers mountable: 0 bytes of layers into the service's repository, one image stored; direct: "
        "changed layers once",
        figure=f"copy {_kb(sent['mounted'])} of layers and {_kb(own(found['mounted'].brought) - sent['mounted'])} of "
        f"manifest into the service's repository, {_kb(whole['mounted'])} in all; with mounting off "
        f"{_kb(sent['ours'])} of layers, {_kb(whole['ours'])} in all; direct {_kb(whole['direct'])}; the bare pattern "
        f"{_kb(whole['bare'])}; a whole image {image / 1e6:.1f} MB",
        met=sent["mounted"] == 0
        and 0 < blobs["mounted"] <= SLACK * blobs["bare"]
        and len(once) == 1
        and whole["direct"] <= SLACK * whole["bare"],
        ratios={
            "P6 layers, copy": blobs["mounted"] / blobs["bare"],
            "P6 layers, copy without mounting": blobs["ours"] / blobs["bare"],
            "P6 layers, direct": blobs["direct"] / blobs["bare"],
        },
    )


def own(repositories: Mapping[str, int]) -> int:
    """Return the bytes that arrived in the service's repository."""
    return sum(size for name, size in repositories.items() if not name.startswith(ASSETS))


def _kb(size: int) -> str:
    return f"{size / 1000:.1f} KB" if size else "0 bytes"
