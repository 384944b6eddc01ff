"""The files of a build context that are not sent: those of CDK's patterns, and the app's own output folder."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INCLUDE_ALL = "!**"  # cancels all patterns before it
_SPECIAL = re.compile(r"[^\w./\-]", re.ASCII)
_RARE_ON_WINDOWS = "^"  # which neither a class nor a backslash can hold on Windows


class Ignores:
    """The patterns that CDK applies to a directory, in CDK's order, evaluated by CDK's own matcher.

    CDK reads only the directory's ``.dockerignore``. BuildKit and podman prefer ``<dockerfile>.dockerignore`` where it
    exists; ``exclude`` then cancels the patterns of the general file and adds those of the specific one.

    Attributes:
        exclude: The patterns to hand to CDK, which puts those of ``.dockerignore`` before them.
    """

    def __init__(
        self,
        root: Path,
        *,
        exclude: Sequence[str] = (),
        outdir: str | None = None,
        dockerfile: str | None = None,
    ) -> None:
        """Read the patterns.

        Args:
            root: The directory, absolute.
            exclude: Additional patterns, which come after those of the ignore file.
            outdir: Folder that the app is synthesized to.
            dockerfile: The Dockerfile, relative to ``root``; None for a named context, which has none.

        Raises:
            ConfigurationError: The app is synthesized into ``root`` itself.
        """
        self._root = root
        self._real_outdir = None if outdir is None else os.path.realpath(outdir)
        self._outdirs = {str(root / each): each for each in _output_inside(root, outdir, self._real_outdir)}
        general = root / ".dockerignore"
        specific = None if dockerfile is None else root / f"{dockerfile}.dockerignore"
        chosen = specific if specific is not None and specific.is_file() else general
        lines = _read(chosen) if chosen.is_file() else []
        self._kept = [] if dockerfile is None else _kept(root, dockerfile, specific if chosen is specific else None)
        self._given = [*([_INCLUDE_ALL, *lines] if chosen is specific else []), *exclude]
        last = [] if dockerfile is None else ["!.dockerignore"] * general.is_file() + [f"!{dockerfile.split('/')[-1]}"]
        self._lines, self._exclude, self._last = lines, exclude, last
        self._excludes_any = any(_excludes(line) for line in (*lines, *exclude))
        self._matcher: cdk.DockerIgnoreStrategy | None = None

    @property
    def exclude(self) -> list[str]:
        """The patterns to hand to CDK; complete when the directory has been walked."""
        # The output folder comes last, so that no negation of the user brings it back.
        return [*self._given, *self._kept, *map(_literal, self._outdirs.values())]

    @property
    def patterns(self) -> list[str]:
        """All effective patterns, for a directory whose ignore file CDK does not read."""
        return [*self._lines, *self._exclude, *self._kept, *map(_literal, self._outdirs.values()), *self._last]

    def output_holds(self, relative: str) -> str | None:
        """Return the output folder that holds a path, relative to the directory; None when none does."""
        return next((each for each in self._outdirs.values() if f"{relative}/".startswith(f"{each}/")), None)

    def file(self, path: str) -> bool:
        """Return whether a file or a link is excluded."""
        if path in self._outdirs:
            return True  # for example a link to the output folder
        return self._excludes_any and is_text(path) and self._matches(path, tree=False)

    def tree(self, path: str, real: str | None = None) -> bool:
        """Return whether a directory is excluded with all its content.

        Args:
            path: The directory, below the root.
            real: Its path without links, where the walk follows a link above it.
        """
        if real is not None and real == self._real_outdir:
            self._outdirs[path] = os.path.relpath(path, self._root).replace(os.sep, "/")
        if path in self._outdirs:
            return True
        return self._excludes_any and is_text(path) and self._matches(path, tree=True)

    def _matches(self, path: str, *, tree: bool) -> bool:
        try:
            if self._matcher is None:
                self._matcher = cdk.IgnoreStrategy.docker(str(self._root), self.patterns)
            return self._matcher.completely_ignores(path) if tree else self._matcher.ignores(path)
        except RuntimeError as error:  # a pattern that CDK cannot turn into a regular expression
            raise ConfigurationError(
                f"CDK cannot read a pattern of {self._root / '.dockerignore'} or of ImageBuild.exclude "
                f"({str(error).splitlines()[0]}); put a backslash before brackets, parentheses and '+'",
            ) from error


def is_text(name: str) -> bool:
    """Return whether Node can read a name; in Python, a name that is not UTF-8 has surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _output_inside(root: Path, outdir: str | None, real_outdir: str | None) -> list[str]:
    """Return where the output folder is in a directory, relative to it; nothing when it is elsewhere.

    A directory inside the output folder, or beside it, is built as it is. Where links are involved both paths count:
    the one given, and the real one.
    """
    if outdir is None or real_outdir is None:
        return []
    inside = {
        _relative(os.path.abspath(outdir), str(root)): None,  # noqa: PTH100 - a link that names the folder stays one
        _relative(real_outdir, os.path.realpath(root)): None,
    }
    if "." in inside:
        raise ConfigurationError(
            f"the app is synthesized into the build context {root} itself, so each synthesis would add to the image; "
            "name another folder, for example 'cdk.out', with cdk.App(outdir=…), 'output' in cdk.json or "
            "cdk synth --output"
        )
    return [each for each in inside if each is not None]


def _relative(inner: str, outer: str) -> str | None:
    try:
        relative = os.path.relpath(inner, outer).replace(os.sep, "/")
    except ValueError:  # another drive
        return None
    return None if relative.split("/")[0] == ".." else relative


def _read(file: Path) -> list[str]:
    """Return the lines of an ignore file, without a byte-order mark; like CDK, accept any bytes."""
    return file.read_text(encoding="utf-8-sig", errors="replace").split("\n")


def _kept(root: Path, dockerfile: str, specific: Path | None) -> list[str]:
    """Return the negations that keep the Dockerfile and its ignore file in the context.

    CDK keeps a Dockerfile only at the root; the builder reads it from the staged copy wherever it is.
    """
    kept = [dockerfile]
    if (root / dockerfile).is_symlink():
        target = _relative(os.path.realpath(root / dockerfile), os.path.realpath(root))
        kept += [] if target is None else [target]
    if specific is not None:
        kept.append(f"{dockerfile}.dockerignore")
    return [f"!{_literal(each)}" for each in kept]


def _excludes(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#") and not line.strip().startswith("!")


def _literal(path: str) -> str:
    """Return the pattern that matches exactly one path.

    CDK's matcher makes a regular expression of a pattern and escapes little in it. It supports backslashes only on
    Linux and macOS, and trims spaces.
    """
    return _SPECIAL.sub(_escaped, path)


def _escaped(match: re.Match[str]) -> str:
    letter = match[0]
    if letter == "\n":
        return r"\n"
    if not letter.isascii() or letter == "]":
        return letter if os.name == "nt" or letter != "]" else r"\]"
    if letter == " ":
        return "[ ]"
    if os.name == "nt":
        return "?" if letter == _RARE_ON_WINDOWS else f"[{letter}]"
    return f"\\{letter}"
