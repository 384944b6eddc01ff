"""P10: the copy function between two registries, compared with ``skopeo copy`` between the same two."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from bench.figures import ratio
from bench.goals import Goal
from bench.processes import ROOT, Program, run
from bench.registries import REPOSITORY, TAG, push_image, read_manifest, registry, registry_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.processes import Sample

SLOWEST, MOST_MEMORY, MOST_CODE = 1.3, 256, 64
"""The goals: a multiple of skopeo's time, MiB, and KB of code."""

LAYERS = 8
CODE = ROOT / "src" / "ecr_fargate_constructs" / "image"
_MEASURE = "copying an image that cannot be mounted"
_GOAL = f"time ≤ {SLOWEST}; peak memory ≤ {MOST_MEMORY} MiB, whatever a layer's size; code ≤ {MOST_CODE} KB as a ZIP"


def copies(rounds: int, mebibytes: int) -> list[Goal]:
    """Copy an image with both, in turn, in alternating order; each destination is a new, empty registry.

    Args:
        rounds: Number of rounds.
        mebibytes: Size of the image.
    """
    missing = [name for name, found in (("docker-registry", registry_program()), ("skopeo", _skopeo())) if not found]
    if missing:
        return [_skipped(missing)]
    found: dict[str, list[Sample]] = {"skopeo": [], "copier": []}
    with _answers() as answers, registry() as source:
        push_image(source, [mebibytes * 2**20 // LAYERS] * LAYERS)
        for number in range(rounds + 1):
            for name in list(found)[:: -1 if number % 2 else 1]:
                sample = _copy(name, source, answers)
                _say(f"  {name}, {LAYERS} layers: {sample.seconds:.2f} s, {sample.cpu:.2f} s of CPU")
                if number:  # the first round warms the disk cache
                    found[name].append(sample)
    with _answers() as answers, registry() as source:
        push_image(source, [mebibytes * 2**20])
        one = _copy("copier", source, answers)
        _say(f"  copier, one layer: {one.seconds:.2f} s, {one.memory:.1f} MiB")
    return [described(found, one, mebibytes, zipped())]


def described(found: dict[str, list[Sample]], one: Sample, mebibytes: int, code: float) -> Goal:
    """Return P10 in words.

    Args:
        found: The samples with several layers.
        one: The sample of the copier with one layer.
        mebibytes: Size of the image.
        code: KB of the asset.
    """
    ours, other = found["copier"], found["skopeo"]
    wall = ratio([each.seconds for each in ours], [each.seconds for each in other])
    used = ratio([each.cpu for each in ours], [each.cpu for each in other])
    memory = max(each.memory for each in ours)
    size = f"{mebibytes / 1024:g} GB"
    return Goal(
        name="P10",
        measure=f"{_MEASURE}: {size} in {LAYERS} layers, between two registries, against `skopeo copy`",
        goal=_GOAL,
        figure=f"time {wall:.2f} (CPU time {used:.2f}); memory {memory:.0f} MiB, with one layer of {size} "
        f"{one.memory:.0f} MiB; code {code:.1f} KB",
        met=wall <= SLOWEST and max(memory, one.memory) <= MOST_MEMORY and code <= MOST_CODE,
        ratios={"P10 time": wall, "P10 memory": max(memory, one.memory), "P10 code": code},
    )


def zipped() -> float:
    """Return the KB of the function's code as the CDK command line packs it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((CODE / "copier").glob("*.py")):
            archive.write(file, file.relative_to(CODE))
    return len(packed.getvalue()) / 1000


@dataclass
class Answers:
    """The answers that the function sent to CloudFormation.

    Attributes:
        address: The URL to which it sends them.
        received: The answers.
    """

    address: str
    received: list[str] = field(default_factory=list)


def _copy(name: str, source: str, answers: Answers) -> Sample:
    with registry() as destination:
        images = [f"{host}/{REPOSITORY}:{TAG}" for host in (source, destination)]
        if name == "skopeo":
            options = ["--quiet", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false"]
            command = [str(_skopeo()), "copy", *options, *(f"docker://{image}" for image in images)]
        else:
            command = [sys.executable, "-m", "bench.peers.copier", *images, answers.address]
        sample = run(Program(command=command, environment={}))
        if name == "copier" and '"SUCCESS"' not in answers.received[-1]:
            raise RuntimeError(f"the copier failed: {answers.received[-1]}")
        if read_manifest(source) != read_manifest(destination):
            raise RuntimeError(f"{name} made another image")
    return sample


@contextlib.contextmanager
def _answers() -> Iterator[Answers]:
    """Stand in for CloudFormation."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        answers = Answers(f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()


def _skipped(missing: Sequence[str]) -> Goal:
    said = f"not measured: {' and '.join(missing)} not installed (Debian: `apt-get install docker-registry skopeo`)"
    _say(f"P10 {said}")
    code = zipped()
    return Goal(name="P10", measure=_MEASURE, goal=_GOAL, figure=f"{said}; code {code:.1f} KB", met=None)


def _skopeo() -> str | None:
    return shutil.which("skopeo")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
