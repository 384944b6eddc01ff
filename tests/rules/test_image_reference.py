"""Names of images."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs import ConfigurationError
from ecr_fargate_constructs._rules.image_reference import ImageReference

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "registry", "name", "tag", "hub", "pinned"),
    [
        ("nginx", "docker.io", "library/nginx", None, True, False),
        ("nginx:latest", "docker.io", "library/nginx", "latest", True, False),
        ("nginx:1.29", "docker.io", "library/nginx", "1.29", True, True),
        ("team/web:1", "docker.io", "team/web", "1", True, True),
        ("docker.io/library/nginx:1", "docker.io", "library/nginx", "1", True, True),
        ("docker.io/nginx:1", "docker.io", "library/nginx", "1", True, True),
        ("public.ecr.aws/nginx/nginx:1.29", "public.ecr.aws", "nginx/nginx", "1.29", False, True),
        ("localhost:5000/web:1", "localhost:5000", "web", "1", False, True),
        ("host:5000/a/b/c", "host:5000", "a/b/c", None, False, False),
        (f"ghcr.io/a/b@{DIGEST}", "ghcr.io", "a/b", None, False, True),
        ("a.b/c__d/e--f:x", "a.b", "c__d/e--f", "x", False, True),
    ],
)
def test_a_name_is_taken_apart(text: str, registry: str, name: str, tag: str | None, hub: bool, pinned: bool) -> None:  # noqa: FBT001 - a table
    found = ImageReference.parse(text, name="image")
    assert (found.registry, found.name, found.tag) == (registry, name, tag)
    assert (found.on_docker_hub, found.pinned) == (hub, pinned)


def test_a_digest_wins_over_the_tag_beside_it() -> None:
    assert ImageReference.parse(f"nginx:1@{DIGEST}", name="image").full_name == f"docker.io/library/nginx@{DIGEST}"


@pytest.mark.parametrize(
    "text", ["", "Nginx", "nginx:", "nginx:a b", "-nginx", "nginx@sha256:12", "a//b", "https://a/b"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the name of an image"):
        ImageReference.parse(text, name="image")
