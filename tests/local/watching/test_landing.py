"""Where a file of a build context lands in the image, or why the image has to be built."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs._rules.dockerfile import Dockerfile
from ecr_fargate_constructs.local.watching.landing import Landing, NeedsBuildError, landing

_PYTHON = """
FROM python:3.13-slim
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY --chown=app . .
USER app
CMD ["python", "server.py"]
"""
_NODE = """
FROM node:22 AS build
WORKDIR /src
COPY package*.json ./
RUN npm ci
COPY src ./src
RUN npm run build
FROM node:22-slim
WORKDIR /app
COPY --from=build /src/dist dist
COPY public /app/public/
CMD ["node", "dist/server.js"]
"""


def _landing(text: str, file: str, target: str | None = None, **arguments: str) -> Landing:
    return landing(Dockerfile.parse(text, arguments), target, file, arguments)


@pytest.mark.parametrize(
    ("copy", "file", "paths"),
    [
        ("COPY server.py .", "server.py", ("/srv/server.py",)),
        ("COPY server.py main.py", "server.py", ("/srv/main.py", "/srv/main.py/server.py")),
        ("COPY server.py /opt/", "server.py", ("/opt/server.py",)),
        ("COPY . .", "a/b.py", ("/srv/a/b.py",)),
        ("COPY ./ ./app/", "a/b.py", ("/srv/app/a/b.py",)),
        ("COPY a lib", "a/b/c.py", ("/srv/lib/b/c.py",)),
        ("COPY a b lib/", "b/c.py", ("/srv/lib/c.py",)),
        ("COPY *.py /srv/", "server.py", ("/srv/server.py",)),
        ("COPY a/*.py .", "a/b.py", ("/srv/b.py",)),
        ('COPY ["my server.py", "/srv/"]', "my server.py", ("/srv/my server.py",)),
        ("COPY --link server.py .", "server.py", ("/srv/server.py",)),
        ("ADD server.py .", "server.py", ("/srv/server.py",)),
        ("ENV HOME_OF=/opt/app\nCOPY . $HOME_OF", "x.py", ("/opt/app/x.py",)),
        ("ARG place=/opt\nCOPY . ${place}/app", "x.py", ("/opt/app/x.py",)),
        ("WORKDIR app\nCOPY . .", "x.py", ("/srv/app/x.py",)),
        ("COPY . .\nRUN useradd app && mkdir -p /data\nUSER app", "x.py", ("/srv/x.py",)),
        ("COPY . .\nRUN --mount=type=cache,target=/var/cache/pip useradd app", None, None),
    ],
)
def test_a_copy_says_where_a_file_lands(copy: str, file: str | None, paths: tuple[str, ...] | None) -> None:
    text = f"FROM python:3.13\nWORKDIR /srv\n{copy}\n"
    if file is None:
        with pytest.raises(NeedsBuildError, match="comes after its COPY"):
            _landing(text, "x.py")
        return
    assert _landing(text, file).paths == paths


def test_a_given_argument_decides_about_the_path() -> None:
    assert _landing("FROM x\nARG place=/opt\nCOPY . $place/", "x.py", place="/srv").paths == ("/srv/x.py",)


@pytest.mark.parametrize(
    ("lines", "file", "why"),
    [
        ("COPY a.py .", "b.py", "no COPY of the Dockerfile copies b.py"),
        ("COPY . .\nRUN make", "x.py", "RUN in line 4 of the Dockerfile comes after its COPY"),
        ("COPY . .\nRUN useradd $(cat x.py)", "x.py", "comes after its COPY"),
        ("COPY . .\nCOPY x.py /opt/", "x.py", "lines 3 and 4 of the Dockerfile copy x.py"),
        ("COPY . $ELSEWHERE", "x.py", r"line 3 of the Dockerfile uses \$ELSEWHERE, which it does not set"),
        ("COPY --parents a/x.py .", "a/x.py", "copies with --parents"),
        ("COPY --exclude=*.md . .", "x.py", "copies with --exclude"),
        ("ADD files.tar.gz .", "files.tar.gz", "unpacks files.tar.gz"),
        ("RUN --mount=type=bind,target=/src make\nCOPY . .", "x.py", "reads the build context"),
        ("RUN --mount=source=lib,target=/src make\nCOPY . .", "lib/x.py", "reads the build context"),
        ("COPY a/*.py .", "a/b/c.py", "no COPY"),
    ],
)
def test_what_needs_a_build_says_why(lines: str, file: str, why: str) -> None:
    with pytest.raises(NeedsBuildError, match=why):
        _landing(f"FROM x\nWORKDIR /srv\n{lines}\n", file)


def test_a_mount_of_another_file_does_not_matter() -> None:
    text = "FROM x\nWORKDIR /srv\nRUN --mount=source=requirements.txt,target=/r pip install -r /r\nCOPY . .\n"
    assert _landing(text, "x.py").paths == ("/srv/x.py",)
    with pytest.raises(NeedsBuildError, match="reads the build context"):
        _landing(text, "requirements.txt")


def test_a_relative_destination_in_the_directory_of_the_base_image_is_unknown() -> None:
    with pytest.raises(NeedsBuildError, match="base image's working directory"):
        _landing("FROM x\nCOPY . .\n", "x.py")


def test_requirements_are_installed_and_code_is_synced() -> None:
    assert _landing(_PYTHON, "server.py") == Landing(("/srv/server.py",), plain=False)
    with pytest.raises(NeedsBuildError, match="comes after its COPY"):
        _landing(_PYTHON, "requirements.txt")


@pytest.mark.parametrize("file", ["src/server.ts", "package.json", "package-lock.json"])
def test_what_an_earlier_stage_compiles_is_built(file: str) -> None:
    with pytest.raises(NeedsBuildError, match="copies it into another stage"):
        _landing(_NODE, file)


def test_what_the_last_stage_copies_beside_it_is_synced() -> None:
    assert _landing(_NODE, "public/style.css").paths == ("/app/public/style.css",)


def test_a_stage_that_the_image_does_not_use_does_not_matter() -> None:
    text = "FROM x AS test\nCOPY . /t\nRUN pytest\nFROM x\nCOPY . /srv\n"
    assert _landing(text, "x.py").paths == ("/srv/x.py",)
    with pytest.raises(NeedsBuildError):
        _landing(text, "x.py", "test")


def test_a_base_stage_counts_as_the_image() -> None:
    text = "FROM x AS base\nWORKDIR /srv\nCOPY . .\nFROM base\nCMD run\n"
    assert _landing(text, "x.py").paths == ("/srv/x.py",)
    with pytest.raises(NeedsBuildError, match="comes after its COPY"):
        _landing(text.replace("CMD run", "RUN make"), "x.py")
