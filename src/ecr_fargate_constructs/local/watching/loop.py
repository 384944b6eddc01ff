"""The loop of ``ecr-fargate local up --watch``: an edit is synced, or the app is synthesized, built and deployed."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.local.instance import Memory
from ecr_fargate_constructs.local.lifecycle import runs
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.local.watching.files import Edits, excluded_patterns
from ecr_fargate_constructs.local.watching.images import WatchedImage, digest, watched_images
from ecr_fargate_constructs.local.watching.landing import NeedsBuildError
from ecr_fargate_constructs.local.watching.syncing import Outcome, Request, sync
from ecr_fargate_constructs.local.watching.synthesis import image_folders
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.watching.synthesis import WarmApp

_POLL = 0.05  # seconds between two looks at a sync that waits for its tasks
_LIVENESS = 5.0  # seconds between two looks whether the embedded AWS is running
_SETTINGS = frozenset({"cdk.json", "cdk.context.json"})


@dataclass(frozen=True)
class Result:
    """The result of a set of edits.

    Attributes:
        how: ``synced``, ``deployed``, ``unchanged`` (nothing to deploy) or ``failed``.
        files: The edited files, relative to the app's directory if they are in it.
        seconds: From the end of the edit until its result.
        detail: Why the image was built, or how many tasks run the files.
        error: The failure.
    """

    how: str
    files: tuple[str, ...]
    seconds: float
    detail: str = ""
    error: ToolError | None = None


@dataclass
class Loop:
    """The loop.

    Attributes:
        instance: The instance, which is running.
        app: The app, synthesized once.
        deploy: Synthesizes and deploys; returns False if nothing had to be deployed.
        report: Is called with each result.
        note: Is called with a sentence that is no result.
    """

    instance: Instance
    app: WarmApp
    deploy: Callable[[], bool]
    report: Callable[[Result], None]
    note: Callable[[str], None]
    synced: bool = False
    _images: list[WatchedImage] = field(default_factory=list)
    _held: dict[tuple[Path, str], str] = field(default_factory=dict)
    _behind: bool = False
    _failed: frozenset[Path] = frozenset()
    _numbers: Iterator[int] = field(default_factory=count)

    def run(self) -> None:
        """Watch until the embedded AWS ends, or the caller is interrupted."""
        self._folder = self.instance.state / "synced"
        shutil.rmtree(self._folder, ignore_errors=True)
        sources = self._look_again()
        roots = [self.instance.app_directory, *dict.fromkeys(sources)]
        edits = Edits(roots, excluded_patterns(self.instance.app_directory))
        try:
            self.app.prepare()
            self.note("watching; Ctrl-C ends it")
            self._follow(edits)
        finally:
            edits.close()
            self.app.close()

    def _follow(self, edits: Edits) -> None:
        pending: frozenset[Path] = frozenset()
        while True:
            edited = edits.get(_LIVENESS)
            if not edited:
                if not runs(self.instance, Memory.load(self.instance.memory_file)):
                    raise ToolError("the embedded AWS has ended", fix="run 'ecr-fargate local up --watch' again")
                continue
            pending |= edited
            started = time.monotonic()
            while pending:
                pending = self._handle(pending, edits, started)

    def _handle(self, edited: frozenset[Path], edits: Edits, started: float) -> frozenset[Path]:
        """Let a set of edits take effect; return what has to be handled again, with edits that came meanwhile."""
        edited |= self._failed
        dirty, others = self._sorted(edited)
        if not dirty and not others:
            self._failed = frozenset()
            return frozenset()
        files = tuple(sorted({self._named(path) for path in (*others, *(i.source / name for i, name in dirty))}))
        why = ""
        if not others and not self._behind:
            try:
                request = Request(self._folder / str(next(self._numbers)))
                for image, relative in dirty:
                    request.add(image, relative)
                outcome, more = self._sync(request, edits)
                if outcome is None:
                    return edited | more
            except (NeedsBuildError, OSError) as refusal:
                why = str(refusal)
            else:
                if outcome.kind != "refused":
                    self._report_sync(outcome, request, files, started)
                    return more
                why = outcome.reason
        self._deploy(files, why, started)
        return frozenset()

    def _sync(self, request: Request, edits: Edits) -> tuple[Outcome | None, frozenset[Path]]:
        """Sync; return no outcome if there are edits before it is done: they are synced together."""
        memory = Memory.load(self.instance.memory_file)
        if memory is None:
            raise ToolError("the embedded AWS has ended", fix="run 'ecr-fargate local up --watch' again")
        executor = ThreadPoolExecutor(max_workers=1)
        try:
            future: Future[Outcome] = executor.submit(sync, self.instance, memory, request)
            while not future.done():
                if more := edits.get(_POLL):
                    return None, more
            return future.result(), frozenset()
        finally:
            executor.shutdown(wait=False)

    def _report_sync(self, outcome: Outcome, request: Request, files: tuple[str, ...], started: float) -> None:
        seconds = time.monotonic() - started
        if outcome.kind == "synced":
            self.synced, self._failed = True, frozenset()
            self._held |= request.digests
            self.report(Result("synced", files, seconds, f"{outcome.count} tasks"))
            return
        lines = self._last_lines(outcome)
        message = "\n".join([f"a task with the edit failed: {outcome.reason}", *(f"  {line}" for line in lines)])
        self._failed = frozenset(source / name for source, name in request.digests)
        error = ToolError(f"{message}\nthe previous version still runs", log=self.instance.server_log)
        self.report(Result("failed", files, seconds, error=error))

    def _last_lines(self, outcome: Outcome) -> list[str]:
        try:
            cloud = Cloud(self.instance)
            stacks = cloud.client("cloudformation").list_stacks()["StackSummaries"]
            names = [each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"]
            return cloud.last_lines(names, tasks=outcome.tasks) if outcome.tasks else []
        except (BotoCoreError, ClientError):
            return []

    def _deploy(self, files: tuple[str, ...], why: str, started: float) -> None:
        self._behind = True
        try:
            changed = self.deploy()
            self._behind, self._failed = False, frozenset()
            if changed:
                self.synced = False
                self._look_again()
        except ToolError as error:
            self.report(Result("failed", files, time.monotonic() - started, why, error))
        else:
            how = "deployed" if changed else "unchanged"
            self.report(Result(how, files, time.monotonic() - started, why))
        self.app.prepare()

    def _look_again(self) -> Collection[Path]:
        """Read the images of the assembly that is deployed now; return the directories of their build contexts."""
        sources = self.app.sources()
        self._images = watched_images(self.instance.assembly, sources, Cloud(self.instance))
        if not sources and any(image_folders(self.instance.assembly)):
            self.note("where the build contexts are could not be found out, so every edit is built and deployed")
        self._held.clear()
        return sources.values()

    def _sorted(self, edited: Collection[Path]) -> tuple[list[tuple[WatchedImage, str]], list[Path]]:
        """Return the edited files of build contexts, and the others; without files that are as they were."""
        dirty, others = [], []
        read = self.app.files or frozenset()
        for path in sorted(edited):
            known = [(image, name) for image in self._images if (name := image.relative(path)) is not None]
            if not known:
                if path.is_file() or path in read:
                    others.append(path)
                continue
            if not path.is_file():
                others.append(path)
                continue
            now = digest(path)
            differ = [(i, name) for i, name in known if self._held.get((i.source, name), digest(i.staged(name))) != now]
            if differ and self._belongs_to_app(path):
                others.append(path)
            else:
                dirty += differ
        return dirty, others

    def _belongs_to_app(self, path: Path) -> bool:
        """Return whether an edit of a file of a build context may change what the app synthesizes."""
        files = self.app.files
        if files is not None:
            return path in files or path.name in _SETTINGS
        return any(self.instance.app_directory.is_relative_to(image.source) for image in self._images)

    def _named(self, path: Path) -> str:
        home = self.instance.app_directory
        return path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)
