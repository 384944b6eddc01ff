"""What the benchmark says of layers that are sent, and of the function that copies."""

from __future__ import annotations

import pytest

from bench import copier, layers
from bench.__main__ import _by_number, bars_of
from bench.embedded import Deployment
from bench.processes import Sample

ASSETS, WEB = "cdk-hnb659fds-container-assets-1-eu-west-1", "web"


def _change(*, layers: dict[str, int], manifests: dict[str, int]) -> Deployment:
    brought = {name: layers.get(name, 0) + manifests.get(name, 0) for name in layers | manifests}
    return Deployment(seconds=1, start=1, synthesis=1, assets=1, stacks=1, brought=brought, blobs=layers)


@pytest.mark.parametrize(
    ("mounted", "direct", "met"),
    [
        ({ASSETS: 4000}, {WEB: 4000}, True),
        ({ASSETS: 4000, WEB: 0}, {WEB: 4000}, True),
        ({ASSETS: 4000, WEB: 1}, {WEB: 4000}, False),  # a layer is sent that could be mounted
        ({ASSETS: 4300}, {WEB: 4000}, False),  # more than what changes
        ({}, {WEB: 4000}, False),  # nothing was deployed
        ({ASSETS: 4000}, {WEB: 4300}, False),
        ({ASSETS: 4000}, {ASSETS: 2000, WEB: 2000}, False),  # into two repositories
    ],
)
def test_a_code_change_sends_its_layers_once(mounted: dict[str, int], direct: dict[str, int], met: bool) -> None:  # noqa: FBT001
    found = {
        "bare": _change(layers={ASSETS: 4000}, manifests={ASSETS: 500}),
        "direct": _change(layers=direct, manifests={WEB: 500}),
        "ours": _change(layers={ASSETS: 4000, WEB: 4000}, manifests={ASSETS: 500, WEB: 500}),
        "mounted": _change(layers=mounted, manifests={ASSETS: 500, WEB: 500}),
    }
    goal = layers.described(found, 31_000_000)
    assert goal.met is met
    assert "with mounting off 4.0 KB of layers, 9.0 KB in all" in goal.figure
    assert goal.figure.endswith("a whole image 31.0 MB")
    if met:
        assert goal.figure.startswith("copy 0 bytes of layers and 0.5 KB of manifest")
        assert goal.ratios["P6 layers, copy"] == 1


@pytest.mark.parametrize(
    ("seconds", "memory", "one_layer", "code", "met"),
    [
        (1.3, 256, 256, 64, True),
        (1.31, 50, 50, 18, False),
        (1, 257, 50, 18, False),
        (1, 50, 257, 18, False),
        (1, 50, 50, 65, False),
    ],
)
def test_the_copier_has_to_be_quick_and_small(
    seconds: float,
    memory: float,
    one_layer: float,
    code: float,
    met: bool,  # noqa: FBT001
) -> None:
    found = {
        "copier": [Sample(seconds=seconds, cpu=1, memory=memory)] * 2,
        "skopeo": [Sample(seconds=1, cpu=2, memory=0)] * 2,
    }
    goal = copier.described(found, Sample(seconds=1, cpu=1, memory=one_layer), 2048, code)
    assert goal.met is met
    assert goal.figure.startswith(f"time {seconds:.2f} (CPU time 0.50); memory {memory} MiB, with one layer of 2 GB")


def test_the_code_of_the_copier_is_small() -> None:
    assert 0 < copier.zipped() <= copier.MOST_CODE


def test_without_its_programs_the_copier_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(copier, "_skopeo", lambda: None)
    monkeypatch.setattr(copier, "registry_program", lambda: "/usr/bin/docker-registry")
    [goal] = copier.copies(4, 2048)
    assert goal.met is None
    assert not goal.ratios
    assert "not measured: skopeo not installed (Debian: `apt-get install docker-registry skopeo`)" in goal.figure
    assert "P10 not measured" in capsys.readouterr().err


def test_p10_comes_after_p9_and_each_row_before_the_one_beside_it() -> None:
    names = ["P10", "P1 beside", "P9", "P1", "P2"]
    assert [name for name, _ in sorted(((each, None) for each in names), key=_by_number)] == [
        "P1",
        "P1 beside",
        "P2",
        "P9",
        "P10",
    ]


def test_the_chart_shows_what_has_a_ratio_and_a_goal() -> None:
    assert [name for name, _, _ in bars_of({"P1 1": 1, "P3": 3, "P10 time": 1})] == [
        "1 service, by hand",
        "copy of an image, skopeo",
    ]
