"""Whatever an image looks like: the same bytes, or an error that says why."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ecr_fargate_constructs.image.copier import copying
from ecr_fargate_constructs.image.copier.deadline import Deadline
from ecr_fargate_constructs.image.copier.errors import CopyError
from ecr_fargate_constructs.image.copier.handler import copy
from ecr_fargate_constructs.image.copier.manifest import Manifest
from tests.image.copier.aws import DESTINATION, SOURCE, Aws
from tests.image.copier.images import (
    DOCKER_CONFIG,
    DOCKER_FOREIGN,
    DOCKER_LAYER,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    INDEXES,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    OCI_ZSTD,
    Image,
    Json,
    descriptor,
    digest_of,
    image,
    index,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

Draw = Any
PART = 64
LAYERS = [b"", b"x", bytes(PART), bytes(PART + 1), bytes(range(256)), b"y" * (3 * PART), b"z" * 5000]
ARCHITECTURES = ["amd64", "arm64"]

text = st.text(st.characters(exclude_categories=()), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
extras = st.dictionaries(text.filter(lambda name: name not in {"layers", "manifests", "config", "mediaType"}), values)
notes = st.dictionaries(text, text, max_size=3)
through_http = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of a few hundred bytes come in several parts."""
    monkeypatch.setattr(copying, "_PART", PART)


def _written(draw: Draw, document: Json) -> bytes:
    """The same object as bytes: registries must not write it anew."""
    items = draw(st.permutations(list(document.items())))
    spaces = draw(st.sampled_from([None, 0, 1, 3, "\t"]))
    surrogates = "\\ud" in json.dumps(document).lower()
    written = json.dumps(dict(items), indent=spaces, ensure_ascii=surrogates or draw(st.booleans()))
    end: str = draw(st.sampled_from(["", "\n", "  "]))
    return f"{written}{end}".encode()


def _document(draw: Draw, kind: str, **parts: object) -> bytes:
    named = {"mediaType": kind} if draw(st.booleans()) else {}
    noted = {"annotations": draw(notes)} if draw(st.booleans()) else {}
    return _written(draw, {**draw(extras), "schemaVersion": 2, **named, **noted, **parts})


@st.composite
def images(draw: Draw) -> Image:
    """An image, with layers that may come twice, be empty or live elsewhere."""
    docker = draw(st.booleans())
    config = _written(draw, {"os": "linux", "architecture": draw(st.sampled_from(ARCHITECTURES)), "x": draw(text)})
    layers = draw(st.lists(st.sampled_from(LAYERS) | st.binary(max_size=300), max_size=5))
    kinds = [DOCKER_LAYER] if docker else [OCI_LAYER, OCI_ZSTD, OCI_LAYER.replace("+gzip", "")]
    listed = [descriptor(draw(st.sampled_from(kinds)), layer, x=draw(text)) for layer in layers]
    if docker and draw(st.booleans()):
        listed.insert(0, descriptor(DOCKER_FOREIGN, b"of Windows", urls=["https://mcr.example/layer"]))
    kind = DOCKER_MANIFEST if docker else OCI_MANIFEST
    body = _document(draw, kind, config=descriptor(DOCKER_CONFIG if docker else OCI_CONFIG, config), layers=listed)
    return Image(kind, body, {digest_of(each): each for each in (config, *layers)})


@st.composite
def indexes(draw: Draw, children: st.SearchStrategy[Image]) -> Image:
    """An index of images and indexes, with or without platforms."""
    kind = draw(st.sampled_from(sorted(INDEXES)))
    found = draw(st.lists(children, min_size=1, max_size=3))
    found += found[: draw(st.integers(0, 1))]
    platforms = st.none() | st.fixed_dictionaries(
        {
            "os": st.sampled_from(["linux", "windows", "unknown"]),
            "architecture": st.sampled_from([*ARCHITECTURES, "unknown"]),
        },
        optional={"variant": text},
    )
    listed = [descriptor(child.media_type, child.body, platform=draw(platforms)) for child in found]
    return Image(kind, _document(draw, kind, manifests=listed), {}, tuple(found))


trees = st.recursive(images(), indexes, max_leaves=4)


def _copied(aws: Aws, image: Image, architecture: str) -> str:
    aws.registry.clear()
    aws.hold(image)
    return copy(SOURCE, DESTINATION, architecture, Deadline(60))


@settings(through_http, max_examples=60)
@given(image=trees)
def test_the_copy_of_everything_has_the_same_bytes(aws: Aws, image: Image) -> None:
    assert _copied(aws, image, "all") == image.digest
    source, copied = aws.registry.named(SOURCE), aws.registry.named(DESTINATION)
    assert copied.tags == {"v1": image.digest}
    assert copied.manifests == source.manifests
    assert copied.blobs == source.blobs


def _expected(image: Image, architecture: str) -> Image | None:
    """The image for Linux on an architecture, as the specification says: the first that matches."""
    while image.media_type in INDEXES:
        listed = json.loads(image.body)["manifests"]
        wanted = {"os": "linux", "architecture": architecture}
        matches = [
            child
            for child, entry in zip(image.children, listed, strict=True)
            if {name: (entry.get("platform") or {}).get(name) for name in wanted} == wanted
        ]
        if not matches and len(listed) == 1 and not listed[0].get("platform"):
            matches = [image.children[0]]
        if not matches:
            return None
        image = matches[0]
    config = image.blobs[json.loads(image.body)["config"]["digest"]]
    assert isinstance(config, bytes)
    return image if json.loads(config)["architecture"] == architecture else None


@settings(through_http, max_examples=60)
@given(image=trees, architecture=st.sampled_from(ARCHITECTURES))
def test_the_copy_for_one_processor_is_that_of_the_index(aws: Aws, image: Image, architecture: str) -> None:
    expected = _expected(image, architecture)
    if expected is None:
        with pytest.raises(CopyError, match=r"is not built for|is built for .*, not for"):
            _copied(aws, image, architecture)
        assert aws.registry.named(DESTINATION).tags == {}
        return
    assert _copied(aws, image, architecture) == expected.digest
    copied = aws.registry.named(DESTINATION)
    assert copied.manifests == {expected.digest: (expected.media_type, expected.body)}
    assert copied.blobs == expected.blobs


@pytest.mark.parametrize("said", ["application/json", DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, ""])
@pytest.mark.parametrize("architecture", ["all", "amd64"])
def test_an_image_is_what_its_bytes_say_whatever_the_registry_says(aws: Aws, said: str, architecture: str) -> None:
    child = image(b"x")
    whole = index(child)
    aws.hold(whole)
    for digest, (_, body) in dict(aws.registry.named(SOURCE).manifests).items():
        aws.registry.named(SOURCE).manifests[digest] = said, body
    assert aws.copy(architecture=architecture).digest == (whole if architecture == "all" else child).digest
    for digest, (kind, _) in aws.registry.named(DESTINATION).manifests.items():
        assert kind == (OCI_INDEX if digest == whole.digest else OCI_MANIFEST)


@pytest.mark.parametrize(("whole", "kind"), [(image(b"x"), OCI_MANIFEST), (index(image(b"x")), OCI_INDEX)])
def test_an_image_of_which_nobody_says_the_kind_is_known_by_its_parts(aws: Aws, whole: Image, kind: str) -> None:
    document = json.loads(whole.body)
    del document["mediaType"]
    silent = aws.hold(Image("text/plain", json.dumps(document).encode(), whole.blobs, whole.children))
    assert aws.copy(architecture="all").digest == silent.digest
    assert aws.registry.named(DESTINATION).manifests[silent.digest] == (kind, silent.body)


# What is no image.

names = ["config", "layers", "manifests", "mediaType", "digest", "size", "platform", "urls", "os", "architecture"]
digests = st.sampled_from([digest_of(b"x"), digest_of(b"x", "sha512"), "sha256:", "md5:" + "0" * 32])
garbage_values = st.recursive(
    values | digests | st.sampled_from([OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, "application/json"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names) | text, inner, max_size=4),
    max_leaves=12,
)
garbage = st.binary(max_size=200) | garbage_values.map(lambda value: json.dumps(value).encode())
content_types = st.none() | text | st.sampled_from([OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST])

_DEEP = b"[" * 100_000
_DEEP_LAYERS = b'{"layers": ' + b'{"digest":' * 600 + b"1" + b"}" * 600 + b"}"
_LARGE_SIZE = json.dumps({"config": {"digest": digest_of(b"x"), "size": 10**4000}, "layers": []}).encode()


def _look(body: bytes, content_type: str | None) -> None:
    """Ask a manifest everything."""
    manifest = Manifest.read(body, content_type, digest_of(body))
    assert manifest.digest == digest_of(body)
    looks: list[Callable[[], object]] = [
        lambda: manifest.children,
        lambda: manifest.blobs,
        lambda: manifest.config,
        lambda: manifest.child_for("amd64"),
    ]
    for look in looks:
        with suppress(CopyError):
            look()


@settings(max_examples=400)
@given(body=garbage, content_type=content_types)
@example(body=_DEEP, content_type=OCI_INDEX)
@example(body=_DEEP_LAYERS, content_type=OCI_MANIFEST)
@example(body=_LARGE_SIZE, content_type=OCI_MANIFEST)
@example(body=b'{"mediaType": "\\ud800"}', content_type=None)
@example(body=b'{"manifests": 1}', content_type=OCI_INDEX)
@example(body=b'{"manifests": {"a": 1}}', content_type=OCI_INDEX)
@example(body=b'{"layers": true, "config": []}', content_type=OCI_MANIFEST)
@example(body=b"[]", content_type=OCI_MANIFEST)
@example(body=b"null", content_type=OCI_MANIFEST)
def test_a_manifest_that_is_none_ends_in_an_error_that_says_so(body: bytes, content_type: str | None) -> None:
    with suppress(CopyError):
        _look(body, content_type)


@pytest.mark.parametrize("said", [5, None, ["x"], {}, ""])
def test_a_kind_that_is_no_text_is_none(said: object) -> None:
    with pytest.raises(CopyError, match="is of no known type, which ECR does not accept"):
        Manifest.read(json.dumps({"mediaType": said}).encode(), None, None)


@settings(through_http, max_examples=60)
@given(body=garbage, content_type=content_types, architecture=st.sampled_from(["amd64", "all"]))
@example(body=_LARGE_SIZE, content_type=OCI_MANIFEST, architecture="all")
@example(body=_DEEP_LAYERS, content_type=OCI_MANIFEST, architecture="all")
def test_a_copy_of_what_is_no_image_makes_no_tag(
    aws: Aws, body: bytes, content_type: str | None, architecture: str
) -> None:
    aws.registry.clear()
    aws.registry.named(DESTINATION)
    source = aws.registry.named(SOURCE)
    kind = "".join(each for each in content_type or "" if " " <= each <= "~")
    source.manifests[digest_of(body)], source.tags["abc"] = (kind, body), digest_of(body)
    try:
        digest = copy(SOURCE, DESTINATION, architecture, Deadline(60))
    except CopyError as error:
        assert str(error).isprintable()  # noqa: PT017 - it may also be none
        assert aws.registry.named(DESTINATION).tags == {}
    else:
        assert digest == digest_of(body)
        assert aws.registry.named(DESTINATION).manifests[digest][1] == body


@settings(max_examples=100)
@given(value=garbage_values)
@example(value={"digest": digest_of(b"x"), "size": True})
@example(value={"digest": digest_of(b"x"), "size": -1})
@example(value={"digest": digest_of(b"x"), "size": 1.0})
@example(value={"digest": "sha256:" + "G" * 64, "size": 1})
def test_a_layer_needs_a_digest_and_a_size(value: object) -> None:
    config = descriptor(OCI_CONFIG, b"{}")
    body = json.dumps({"config": config, "layers": [value]}).encode()
    manifest = Manifest.read(body, OCI_MANIFEST, None)
    with pytest.raises(CopyError, match=r"descriptor|is not a digest"):
        assert manifest.blobs
    assert manifest.config.digest == config["digest"]
