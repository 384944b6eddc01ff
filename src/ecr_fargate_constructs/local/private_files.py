"""Read and write files that a command can trust: outside every project, and private to the user.

Files in a project may come from somebody else: from a clone, an archive or a copied folder.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ecr_fargate_constructs.tools.errors import ToolError

_GROUP_AND_OTHERS = 0o077


def private_folder() -> Path:
    """Return this user's folder for recorded state; it may not exist yet.

    It does not use ``HOME``, in which ``sudo`` may leave another user's.
    """
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    # A relative path is invalid (XDG Base Directory Specification), and would be inside the project.
    return (base if base.is_absolute() else _home() / ".local" / "state") / "ecr-fargate-constructs"


def _home() -> Path:
    try:
        import pwd  # noqa: PLC0415 - missing on Windows, where the command must still reach its refusal

        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except (ImportError, KeyError):
        return Path.home()


def read_private(file: Path) -> str | None:
    """Return the text that :func:`write_private` wrote; None if there is none."""
    try:
        for path in (file.parent, file):
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode) or not _is_own(status) or status.st_mode & _GROUP_AND_OTHERS:
                raise ToolError(f"{path} is not a private file of this user, and is not trusted", fix=f"delete {path}")
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_private(file: Path, text: str) -> None:
    """Write a file that only this user can read, atomically."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(
            f"{file.parent} cannot be created: {error.strerror}", fix="set XDG_STATE_HOME to a folder that you own"
        ) from error
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    new.replace(file)


def refuse_foreign(*folders: Path) -> None:
    """Refuse a folder that is a link or belongs to another user; a missing folder is fine."""
    for folder in folders:
        try:
            status = folder.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISDIR(status.st_mode):
            raise ToolError(f"{folder} is a link or a file instead of a folder", fix=f"delete {folder}")
        if not _is_own(status):
            raise ToolError(
                f"{folder} belongs to another user (uid {status.st_uid})",
                fix=f"run the command as that user, or delete {folder}",
            )


def _is_own(status: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
