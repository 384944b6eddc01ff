"""Sync edited files into the tasks of services, on request of ``ecr-fargate local up --watch``.

New tasks start with the files mounted over their image. They replace the others within the limits of a rolling
deployment, so a service with one task answers all the time too. If a new task fails, the files are taken back.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import tarfile
import time
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.asgi import Request, respond, whole_body
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.tasks.synced import Files, Landed, State, Synced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send
    from ecr_fargate_constructs.local.ministack_patches.deployments.service import ControlledService
    from ecr_fargate_constructs.local.ministack_patches.deployments.services import Controlled

PATH = "/_ministack/syncs"
_OK = 200
_SECONDS = 120.0  # on top of the grace period, for new tasks to become healthy
_SECONDS_BETWEEN = 0.05
_DIRECTORY = 1 << 31  # in Go's FileMode, which the engines' API uses
_LARGEST = 64 * 2**20  # bytes of a file


class RefusedError(Exception):
    """The files cannot be synced: the image has to be built."""


@dataclass(frozen=True)
class _Sync:
    """A sync in progress: the new and the last good state of each task definition, and the services that run it."""

    new: dict[str, State]
    before: dict[str, State]
    services: tuple[ControlledService, ...]


class Syncs:
    """Replaces the tasks whose files were edited."""

    def __init__(self, ecs: Any, controlled: Controlled, synced: Synced) -> None:  # noqa: ANN401 - an untyped package
        """Look up MiniStack's internals.

        Args:
            ecs: MiniStack's module for ECS.
            controlled: The services.
            synced: The files.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        self._definitions, self._controlled, self._synced = find(ecs, "_task_defs"), controlled, synced
        self._good: dict[str, State] = {}
        self._key = find(ecs, "_resolve_td_key")
        self._enter = find(import_module("ministack.core.responses"), "request_scope")

    def serve(self, application: Application) -> Application:
        """Return an application that answers ``POST`` with files; the guard admits the user only.

        The answer says ``"outcome": "synced"``, ``"refused"`` or ``"superseded"`` (by another request), or ``"failed"``
        with the failed tasks.
        """

        async def served(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", PATH):
                await application(scope, receive, send)
                return
            body, _ = await whole_body(receive)
            asked = json.loads(body)
            work = self.take_back if asked.get("take_back") else lambda: self.sync(asked["definitions"])
            answer = await asyncio.to_thread(work)
            headers = [(b"content-type", b"application/json")]
            await respond(Request(scope), send, _OK, headers, json.dumps(answer).encode())

        return served

    def sync(self, definitions: dict[str, dict[str, list[Properties]]]) -> Properties:
        """Sync files into the containers of task definitions, and return what came of it.

        Args:
            definitions: By ARN and container, each file with its possible ``paths`` in the container, its ``source`` on
                this machine, and the SHA-256 ``was`` that the image's file has; None for a file that it does not have.
        """
        region, account = next(iter(definitions)).split(":")[3:5]
        with self._enter(account, region):
            try:
                sync = self._begin(definitions)
            except RefusedError as refusal:
                return {"outcome": "refused", "reason": str(refusal)}
            return self._wait(sync)

    def take_back(self) -> Properties:
        """Let all tasks run what their image has, and return what came of it."""
        definitions = self._synced.definitions()
        if not definitions:
            return {"outcome": "synced", "tasks": 0}
        region, account = definitions[0].split(":")[3:5]
        with self._enter(account, region):
            services = tuple(each for each in self._controlled.all() if self._definition(each) in definitions)
            before = {arn: self._good.get(arn, State()) for arn in definitions}
            new = {arn: self._synced.put(arn, {}) for arn in definitions}
            for service in services:
                _replace_outdated(service)
            return self._wait(_Sync(new, before, services))

    def _begin(self, definitions: dict[str, dict[str, list[Properties]]]) -> _Sync:
        services = tuple(each for each in self._controlled.all() if self._definition(each) in definitions)
        for service in services:
            if service.controller.current is not None or service.controller.halted:
                raise RefusedError("a deployment is in progress, or has failed")
        known = {arn: self._synced.state(arn).files for arn in definitions}
        files = {
            arn: {name: self._landed(arn, name, known[arn], changed) for name, changed in containers.items()}
            for arn, containers in definitions.items()
        }
        before = {arn: self._good.get(arn, State()) for arn in definitions}
        new = {arn: self._synced.put(arn, {**known[arn], **files[arn]}) for arn in definitions}
        for service in services:
            _replace_outdated(service)
        return _Sync(new, before, services)

    def _definition(self, service: ControlledService) -> str:
        definition = self._definitions.get(self._key(service.record["taskDefinition"])) or {}
        return str(definition.get("taskDefinitionArn"))

    def _landed(self, arn: str, name: str, known: Files, changed: list[Properties]) -> dict[str, Landed]:
        """Return the files of a container: the known ones, and those that have changed."""
        files = dict(known.get(name, {}))
        for each in changed:
            source, paths = Path(each["source"]), [str(path) for path in each["paths"]]
            at = next((path for path in paths if path in files), None)
            if at is not None:
                files[at] = replace(files[at], source=source)
                continue
            container = self._synced.running(arn, name)
            if container is None:
                raise RefusedError(f"no task runs {name}")
            if each["was"] is None:
                files[paths[0]] = _new(container, paths[0], source)
            else:
                path, landed = _original(container, paths, str(each["was"]))
                files[path] = replace(landed, source=source)
        return files

    def _wait(self, sync: _Sync) -> Properties:
        """Wait until the new tasks are healthy, or one of them fails."""
        grace = max((float(each.record.get("healthCheckGracePeriodSeconds") or 0) for each in sync.services), default=0)
        deadline = time.monotonic() + _SECONDS + grace
        while not all(map(_is_current, sync.services)):
            if any(self._synced.state(arn).number != state.number for arn, state in sync.new.items()):
                return {"outcome": "superseded"}
            failed = list(_failures(sync))
            if not failed and time.monotonic() > deadline:
                late = [each.record["serviceName"] for each in sync.services if not _is_current(each)]
                failed = [
                    {"tasks": [], "reason": f"not healthy after {_SECONDS + grace:.0f} seconds: {', '.join(late)}"}
                ]
            if failed:
                for arn, state in sync.before.items():
                    self._synced.restore(arn, state)
                for service in sync.services:
                    _replace_outdated(service)
                return {"outcome": "failed", **failed[0]}
            for service in sync.services:
                service.wake.set()  # its controller looks at the health of its tasks at once, not only now and then
            time.sleep(_SECONDS_BETWEEN)
        self._good |= sync.new
        return {"outcome": "synced", "tasks": sum(each.controller.desired for each in sync.services)}


def _replace_outdated(service: ControlledService) -> None:
    with service.lock:
        service.controller.steady = False
        service.step()
    service.wake.set()


def _is_current(service: ControlledService) -> bool:
    """Return whether all tasks that are wanted run with the files that were synced last, and no others are left."""
    tasks = service.tasks()
    return len(tasks) == service.controller.desired and all(each.healthy and not each.outdated for each in tasks)


def _failures(sync: _Sync) -> Iterator[Properties]:
    numbers = {arn: state.number for arn, state in sync.new.items()}
    for service in sync.services:
        for task, reason in tuple(service.failed):
            if Synced.number_of(task) == numbers.get(str(task.get("taskDefinitionArn"))):
                codes = [str(each["exitCode"]) for each in task.get("containers", ()) if each.get("exitCode")]
                code = f" (exit code {', '.join(codes)})" if codes else ""
                yield {
                    "service": service.record["serviceName"],
                    "tasks": [task["taskArn"].rpartition("/")[2]],
                    "reason": f"{reason or task.get('stoppedReason', '')}{code}",
                }


def _original(container: Any, paths: Sequence[str], digest: str) -> tuple[str, Landed]:  # noqa: ANN401 - docker's
    """Return where the image has a file, with its owner and rights.

    Raises:
        RefusedError: It has no such file there, or another content: something has changed it after it was copied.
    """
    for path in paths:
        found = _read(container, path)
        if found is not None:
            member, content = found
            if hashlib.sha256(content).hexdigest() != digest:
                raise RefusedError(f"{path} in the image is not what was copied there")
            return path, Landed(Path(), member.uid, member.gid, member.mode)
    raise RefusedError(f"the image has no file {' or '.join(paths)}")


def _new(container: Any, path: str, source: Path) -> Landed:  # noqa: ANN401
    if _read(container, path) is not None:
        raise RefusedError(f"{path} is already in the image")
    return Landed(source, mode=source.stat().st_mode & 0o777)


def _read(container: Any, path: str) -> tuple[tarfile.TarInfo, bytes] | None:  # noqa: ANN401
    """Return a regular file of a container; None if there is none."""
    try:
        chunks, status = container.get_archive(path)
    except Exception as error:
        if type(error).__name__ == "NotFound":
            return None
        raise
    if int(status["mode"]) & _DIRECTORY:
        return None
    if int(status["size"]) > _LARGEST:
        raise RefusedError(f"{path} has more than {_LARGEST // 2**20} MiB")
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        member = archive.next()
        content = archive.extractfile(member) if member is not None and member.isreg() else None
        return None if member is None or content is None else (member, content.read())
