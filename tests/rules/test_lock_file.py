"""The lock file: what is written is read again, and everything else is refused with the way on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import ConfigurationError
from ecr_fargate_constructs._rules.lock_file import LockedImage, check_name, locked_image, read_lock, write_lock

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = {
    "repository": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web",
    "digest": f"sha256:{'a' * 64}",
    "tag": "v1",
    "architectures": ["amd64"],
    "revision": "abc",
    "lockedAt": "2026-11-29T12:00:00Z",
    "deployedTo": [],
}

_images = st.builds(
    LockedImage,
    name=st.just("web"),
    repository=st.just(ENTRY["repository"]),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format),
    tag=st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True),
    architectures=st.sampled_from([("amd64",), ("arm64",), ("amd64", "arm64")]),
    revision=st.none() | st.text(max_size=40),
    locked_at=st.just("2026-11-29T12:00:00Z"),
    deployed_to=st.lists(st.text(max_size=20), max_size=3).map(tuple),
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), _images, max_size=3))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, images: dict[str, LockedImage]) -> None:
    file = tmp_path_factory.mktemp("lock") / "images.lock.json"
    named = {name: LockedImage(**{**image.__dict__, "name": name}) for name, image in images.items()}
    write_lock(file, named)
    assert read_lock(file) == named
    assert list(read_lock(file)) == sorted(named), "a file under version control changes only where an image does"
    assert [each.name for each in file.parent.iterdir()] == ["images.lock.json"]


def test_the_copy_of_an_image_without_a_tag_gets_one(tmp_path: Path) -> None:
    file = _write(tmp_path, {"web": {**ENTRY, "tag": None}})
    assert locked_image(file, "web").tag_of_copy == f"sha256-{'a' * 64}"
    assert locked_image(file, "web").uri == f"{ENTRY['repository']}@{ENTRY['digest']}"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"digest": "sha256:abc"}, "digest='sha256:abc' of the image 'web' is not a digest"),
        ({"digest": None}, "digest=None of the image 'web' is not a digest"),
        ({"repository": "shop/web:1"}, "repository='shop/web:1' of the image 'web' is not a repository"),
        ({"repository": ["shop"]}, "is not a repository"),
        ({"tag": "-"}, "tag='-' of the image 'web' is not a tag"),
        ({"architectures": []}, r"architectures=\[\] of the image 'web' is not a list of amd64 and arm64"),
        ({"architectures": ["s390x"]}, "is not a list of amd64 and arm64"),
        ({"deployedTo": "Dev"}, "deployedTo='Dev' of the image 'web' is not a list of stacks"),
        ({"deployedTo": [1]}, "is not a list of stacks"),
    ],
)
def test_an_entry_that_is_none_is_refused(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    file = _write(tmp_path, {"web": {**ENTRY, **entry}})
    with pytest.raises(ConfigurationError, match=f"{message}.*run 'ecr-fargate image lock web --stack STACK'"):
        read_lock(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "is not a lock file: it has no object 'images'"),
        ('{"version": 1}', "is not a lock file"),
        ("{", "cannot be read.*; restore it from version control, or delete it and run 'ecr-fargate image lock"),
        ('{"version": 2, "images": {}}', "has version 2, and this library reads version 1; upgrade the library"),
        ('{"version": 1, "images": {"web": []}}', "the entry of the image 'web' is not an object"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "images.lock.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read_lock(file)


def test_a_missing_file_and_a_missing_image_name_the_command(tmp_path: Path) -> None:
    missing = tmp_path / "no.json"
    command = "does not exist; write it with 'ecr-fargate image lock NAME --stack STACK'"
    with pytest.raises(ConfigurationError, match=command):
        read_lock(missing)
    file = _write(tmp_path, {"web": ENTRY, "api": ENTRY})
    command = "has no image 'wb'; it has api, web; run 'ecr-fargate image lock wb --stack STACK'"
    with pytest.raises(ConfigurationError, match=command):
        locked_image(file, "wb")
    with pytest.raises(ConfigurationError, match="it has none"):
        locked_image(_write(tmp_path, {}), "web")


@pytest.mark.parametrize("name", ["", "-web", "a b", "a/b", "x" * 101, "web\n"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"name={name!r} is not a name for an image")):
        check_name(name)
    check_name("web-2_b")


def _write(folder: Path, images: dict[str, Any]) -> Path:
    file = folder / "images.lock.json"
    file.write_text(json.dumps({"version": 1, "images": images}))
    return file
