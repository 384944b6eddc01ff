"""Files that a command believes: they are outside of every project, and nobody else can read or write them.

What a project has in it may come from somebody else: a clone, an archive, a copy of another folder.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ecr_fargate_constructs.tools.errors import ToolError

_NOBODY_ELSE = 0o077


def private_folder() -> Path:
    """Folder of this user for what is remembered between commands; it may not be there yet.

    ``HOME`` is not asked: ``sudo`` may leave another user's in it.
    """
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    # A relative one is invalid (XDG Base Directory Specification), and would lead into the project.
    return (base if base.is_absolute() else _home() / ".local" / "state") / "ecr-fargate-constructs"


def _home() -> Path:
    try:
        import pwd  # noqa: PLC0415 - Windows has none, and must get as far as being refused

        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except (ImportError, KeyError):
        return Path.home()


def read_private(file: Path) -> str | None:
    """Return what :func:`write_private` wrote; None when there is nothing.

    Raises:
        ToolError: Somebody else may have written it, or may read it.
    """
    try:
        for place in (file.parent, file):
            found = place.lstat()
            if stat.S_ISLNK(found.st_mode) or not _mine(found) or found.st_mode & _NOBODY_ELSE:
                raise ToolError(
                    f"{place} is not a private file of this user, so it is not believed", fix=f"delete {place}"
                )
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_private(file: Path, text: str) -> None:
    """Write a file that only this user reads, at once: nobody sees half of it.

    Raises:
        ToolError: Its folder cannot be made.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(
            f"{file.parent} cannot be made: {error.strerror}", fix="set XDG_STATE_HOME to a folder of yours"
        ) from error
    written = file.with_suffix(".new")
    written.unlink(missing_ok=True)
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    written.replace(file)


def refuse_foreign(*folders: Path) -> None:
    """Refuse to work in a folder that leads elsewhere or belongs to somebody else; one that is missing is fine.

    Raises:
        ToolError: It is a link, not a folder, or of another user.
    """
    for folder in folders:
        try:
            found = folder.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISDIR(found.st_mode):
            raise ToolError(f"{folder} is not a folder but a link or a file", fix=f"delete {folder}")
        if not _mine(found):
            raise ToolError(
                f"{folder} belongs to another user (uid {found.st_uid})",
                fix=f"run the command as that user, or delete {folder}",
            )


def _mine(found: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
