"""Builds whose images no registry has, for real: by digest, by platform, for ``COPY --from``. The tests go on.

The registry is ``registry.invalid``, which no machine reaches, so that stand-ins replace its images.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e.local_app import LocalApp, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes stand-ins")

APP = """
from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer, ImageBuild, LoadBalancedFargateService, PrivateRepository, PublicHttp
)

app = cdk.App()
stack = cdk.Stack(app, "Web")
repository = PrivateRepository(stack, "Repo")
for name in ("One", "Two"):
    build = ImageBuild(args={"NAME": name, "HASH": "sha256:" + 64 * "b"})
    container = AppContainer(repository.build_and_push_image(Path(__file__).parent / "app", id=name, build=build), 8080)
    LoadBalancedFargateService(stack, name, container=container, ingress=PublicHttp())
site = repository.build_and_push_image(Path(__file__).parent / "site", id="Site")
container = AppContainer(site, 80, writable_paths=["/var/cache/nginx", "/run"])
LoadBalancedFargateService(stack, "Site", container=container, desired_count=1, ingress=PublicHttp())
app.synth()
"""
PYTHON = f"registry.invalid/python:3.13-slim@sha256:{64 * 'a'}"
DOCKERFILE = f"""\
ARG HASH
FROM --platform=$BUILDPLATFORM {PYTHON} AS build
ARG TARGETARCH
RUN mkdir /out && echo "for $TARGETARCH" > /out/index.html
FROM registry.invalid/nginx@${{HASH}} AS server
FROM {PYTHON} AS final-amd64
FROM {PYTHON} AS final-arm64
FROM final-${{TARGETARCH}}
ARG NAME
COPY --from=build /out /srv
COPY --from=server /etc/nginx/conf.d/default.conf /srv/by-stage
COPY --from=registry.invalid/nginx:1.29 /etc/nginx/conf.d/default.conf /srv/by-image
RUN echo "$NAME" > /srv/name
WORKDIR /srv
USER 10001
EXPOSE 8080
CMD ["python", "-m", "http.server", "8080"]
"""
SITE = """\
FROM registry.invalid/nginx:1.29
COPY index.html /usr/share/nginx/html/index.html
"""


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The app, not yet deployed; taken down afterwards whatever happens."""
    app = LocalApp(tmp_path_factory.mktemp("builds"), free_port())
    (app.directory / "app").mkdir()
    (app.directory / "app" / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    (app.directory / "site").mkdir()
    (app.directory / "site" / "Dockerfile").write_text(SITE, encoding="utf-8")
    (app.directory / "site" / "index.html").write_text("a page of the site\n", encoding="utf-8")
    (app.directory / "app.py").write_text(APP, encoding="utf-8")
    (app.directory / "cdk.json").write_text('{"app": "python3 app.py"}', encoding="utf-8")
    yield app
    app.end()
    assert not app.leftovers()


def _hosts(app: LocalApp) -> dict[str, str]:
    """The load balancer of each service."""
    services = json.loads(app.run("status", "--format", "json").stdout)["services"]
    return {each["service"]: each["url"].removeprefix("http://").partition(":")[0] for each in services}


def test_images_by_digest_and_platform_have_stand_ins(builds: LocalApp) -> None:
    done = builds.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    for image in (PYTHON, f"registry.invalid/nginx@sha256:{64 * 'b'}", "registry.invalid/nginx:1.29"):
        assert f"note {image} could not be pulled: a stand-in made from Debian packages replaces it" in done.stdout


def test_each_service_shows_its_own_url_only(builds: LocalApp) -> None:
    hosts = _hosts(builds)
    assert set(hosts) == {"Web/One", "Web/Two", "Web/Site"}
    for name in ("One", "Two"):
        assert builds.get("/name", hosts[f"Web/{name}"]) == (200, f"{name}\n")
    printed = builds.run("status").stdout
    assert all(printed.count(host) == 1 for host in hosts.values()), printed


def test_a_build_knows_its_platform_and_reads_other_images(builds: LocalApp) -> None:
    host = _hosts(builds)["Web/One"]
    assert builds.get("/", host)[1] in {"for amd64\n", "for arm64\n"}
    for path in ("/by-stage", "/by-image"):
        status, text = builds.get(path, host)
        assert status == 200
        assert "root /usr/share/nginx/html;" in text


def test_nginx_serves_its_site(builds: LocalApp) -> None:
    assert builds.get("/", _hosts(builds)["Web/Site"]) == (200, "a page of the site\n")


def test_a_build_that_fails_in_a_stand_in_says_so(builds: LocalApp) -> None:
    dockerfile = DOCKERFILE.replace("WORKDIR", "RUN pip install flask\nWORKDIR")
    (builds.directory / "app" / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    done = builds.run("up")
    assert done.returncode == 1
    assert "RUN pip install flask" in done.stderr
    assert "a stand-in made from Debian packages replaces registry.invalid/" in done.stderr
    assert "it has the interpreter or the server, but no pip, compiler or curl" in done.stderr
    assert "the app still responds" in done.stderr
