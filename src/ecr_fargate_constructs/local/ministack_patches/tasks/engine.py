"""The containers of one task in the engine: MiniStack's, with what their definition says and MiniStack leaves out."""

from __future__ import annotations

import contextlib
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.accounts import REGISTRY_NAME
from ecr_fargate_constructs.local.ministack_patches.tasks.failures import NotStartedError
from ecr_fargate_constructs.local.ministack_patches.tasks.folders import Folders
from ecr_fargate_constructs.local.tasks.cgroups import Group, Limits, group_of_instance
from ecr_fargate_constructs.local.tasks.environment_files import variables_of
from ecr_fargate_constructs.local.tasks.options import (
    cpu_shares,
    engine_options,
    is_root,
    limits_of_containers,
)
from ecr_fargate_constructs.local.tasks.spelling import named, number, task_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.ministack_patches.tasks.machine import Machine
    from ecr_fargate_constructs.local.ministack_patches.tasks.synced import Files

_Properties: TypeAlias = dict[str, Any]

_MEBIBYTE = 1024 * 1024
_SECONDS_OF_LOGS = 2.0  # for the last lines of a container that has ended
_NETWORK = ("network", "ports", "extra_hosts")
_NO_LOG_GROUP = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to "
    "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"
)
_NO_ENVIRONMENT_FILE = (
    "ResourceInitializationError: failed to download env files: file download command: non empty error stream: "
    "unable to download env file with key {} from bucket {}: NoSuchKey: The specified key does not exist."
)
_PAUSE = "/.ecs-pause"


class TaskContainers:
    """The containers of one task."""

    def __init__(
        self,
        ecs: Any,  # noqa: ANN401 - an untyped package
        machine: Machine,
        task: _Properties,
        definition: _Properties,
        overrides: list[_Properties],
        client: Any,  # noqa: ANN401
        *,
        shares_network: bool,
    ) -> None:
        """Create nothing yet.

        Args:
            ecs: MiniStack's module for ECS.
            machine: What all tasks share.
            task: MiniStack's record of the task.
            definition: Its definition, in the API's spelling.
            overrides: Those of the request.
            client: Client of the engine.
            shares_network: Whether a container of its own holds the network.
        """
        self._ecs, self._machine, self._client = ecs, machine, client
        self._task, self._definition, self._overrides = task, definition, overrides
        self._arn = str(task["taskArn"])
        self._id = self._arn.rpartition("/")[2]
        self._names = [str(each["name"]) for each in definition.get("containerDefinitions") or ()]
        self._pauses = shares_network and definition.get("networkMode") == "awsvpc" and machine.has_pause
        self._pause: Any = None
        self._folders = Folders(definition, machine.folder / "tasks" / self._id, machine.systems, ecs.get_region())
        self._synced: Files = {}
        self._group: Group | None = None
        self._groups: dict[str, Group] = {}
        self._deployment: _Properties | None = None
        self.running: dict[str, Any] = {}

    def prepare(self) -> None:
        """Do what comes before the first container.

        Raises:
            NotStartedError: A log group does not exist.
        """
        logs = import_module("ministack.services.cloudwatch_logs")
        for container in self._definition.get("containerDefinitions") or ():
            found = self._ecs._awslogs_config(container, self._id, "")  # noqa: SLF001
            elsewhere = found and found.get("region") not in (None, self._ecs.get_region())
            if found and not elsewhere and not found["create_group"] and found["group"] not in logs._log_groups:  # noqa: SLF001
                raise NotStartedError(_NO_LOG_GROUP)
        self._synced = self._machine.synced.begin(self._task)
        self._deployment = self._ecs._prepare_service_images(self._task, self._definition, self._client)  # noqa: SLF001
        if self._machine.has_groups(self._client):
            limits = Limits(task_size(self._definition.get("memory")), task_size(self._definition.get("cpu")))
            self._group = Group(f"{group_of_instance(self._machine.port)}/{self._id}")
            self._group.create(limits)

    def start(self, name: str) -> bool:
        """Create and start a container, and return whether the task still wants it.

        Raises:
            Exception: The image cannot be pulled, or the engine refuses.
        """
        ecs, index = self._ecs, self._names.index(name)
        container: _Properties = self._definition["containerDefinitions"][index]
        override = ecs._container_override_for(self._overrides, name)  # noqa: SLF001
        environment = {
            **self._environment_files(container),
            **named(container, "environment"),
            **ecs._resolve_container_secrets(container),  # noqa: SLF001
            **named(override, "environment"),
        }
        effective, digest = self._effective(container, index)
        if "command" in override:
            effective["command"] = override["command"]
        host_mode = self._definition.get("networkMode") == "host"
        cluster, launch_type = self._task["clusterArn"], self._task.get("launchType", "EC2")
        token = ecs._register_metadata(  # noqa: SLF001
            self._arn, cluster, self._definition, container, launch_type, environment, host_mode, None
        )
        self._task.setdefault("_metadata_tokens", []).append(token)
        options = ecs._build_run_kwargs(  # noqa: SLF001
            effective,
            self._definition,
            environment,
            self._ports(container),
            None,
            host_mode,
            self._id,
            self._arn,
            None,
            cluster,
        )
        pinned = digest and "@" not in container["image"]
        resolved = name in self._task.get("_image_resolution_containers", ())
        started = ecs._run_docker_container(  # noqa: SLF001
            _Client(self._client, lambda image, final: self._run(image, final, effective)),
            effective,
            options,
            refresh_image=self._deployment is not None,
            allow_cached=not REGISTRY_NAME.match(container["image"]),  # a cached one may be from another repository
            cache_image=container["image"] if pinned and resolved else None,
            fallback_image=container["image"] if pinned else None,
            auth_config=ecs._resolve_repository_credentials(container) if self._deployment else None,  # noqa: SLF001
        )
        self.running[name] = started
        self._machine.synced.started(self._task, name, started)
        if self._pause is not None:
            ecs._record_task_ip(self._task, self._pause, None)  # noqa: SLF001
        if not ecs._attach_started_container(self._task, started, index, token, None):  # noqa: SLF001
            return False
        ecs._start_awslogs_forwarder(started, effective, self._id)  # noqa: SLF001
        return True

    def restart(self, name: str) -> None:
        """Start a container again that has ended; its log goes on."""
        container, since = self.running[name], time.time()
        container.start()
        definition = self._definition["containerDefinitions"][self._names.index(name)]
        self._ecs._start_awslogs_forwarder(_Since(container, since), definition, self._id)  # noqa: SLF001

    def ask_to_end(self, name: str) -> None:
        """Send a container the signal that its image names, or else SIGTERM."""
        container = self.running[name]
        signal = (container.attrs.get("Config") or {}).get("StopSignal") or "SIGTERM"
        with contextlib.suppress(Exception):  # it may have ended
            container.kill(signal=signal)

    def kill(self, name: str) -> None:
        """Send a container SIGKILL."""
        with contextlib.suppress(Exception):  # it may have ended
            self.running[name].kill()

    def process(self, name: str) -> int:
        """Return a container's first process; 0 if it has ended."""
        container = self.running[name]
        container.reload()
        return int(container.attrs["State"].get("Pid") or 0)

    def exit_code(self, name: str) -> int | None:
        """Return a container's exit code; None while it runs, as far as the engine knows."""
        container = self.running[name]
        container.reload()
        if container.status not in {"exited", "stopped"}:
            return None
        return int(container.wait().get("StatusCode", 0))

    def out_of_memory(self, name: str) -> bool:
        """Return whether the kernel killed a process of a container for its memory."""
        group = self._groups.get(name)
        if group is not None:
            return group.out_of_memory()
        return bool(self.running[name].attrs["State"].get("OOMKilled"))

    def remove(self) -> None:
        """Remove the containers, their network, groups and folders."""
        for name in self.running:
            for thread in threading.enumerate():
                if thread.name == f"ministack-ecs-awslogs-{self._id[:8]}-{name}":
                    thread.join(_SECONDS_OF_LOGS)
        for container in (*self.running.values(), *filter(None, [self._pause])):
            with contextlib.suppress(Exception):  # the engine, or the container, is gone
                container.remove(v=True, force=True)
        self._machine.synced.ended(self._task)
        for group in (*self._groups.values(), *filter(None, [self._group])):
            group.remove()
        self._folders.remove()

    def _run(self, image: str, options: _Properties, container: _Properties) -> Any:  # noqa: ANN401 - docker's
        """Run a container whose image was pulled if it had to be."""
        try:
            self._client.images.get(image)
        except Exception:  # noqa: BLE001 - a registry that does not have it says why
            self._client.images.pull(image)
        user = (self._client.images.get(image).attrs.get("Config") or {}).get("User") or ""
        options = self._completed(options, container, user)
        binds = self._folders.mount(container, image, self._client)
        binds += self._folders.mount_synced(
            str(container["name"]), self._synced.get(str(container["name"]), {}), container
        )
        if options.get("read_only") and self._machine.podman:
            mounted = {each.split(":")[1].rstrip("/") for each in binds} | set(options.get("tmpfs") or ())
            binds += self._machine.read_only_roots.binds(image, mounted, self._client)
        options = {**options, "volumes": binds} if binds else {k: v for k, v in options.items() if k != "volumes"}
        if self._pauses:
            if self._pause is None:
                self._pause = self._start_pause(image, options)
            options = {key: value for key, value in options.items() if key not in _NETWORK}
            options["network_mode"] = f"container:{self._pause.id}"
            kept = {name: value for name, value in options.pop("sysctls", {}).items() if not name.startswith("net.")}
            options |= {"sysctls": kept} if kept else {}
        try:
            return self._client.containers.run(image, **options)
        except Exception:
            with contextlib.suppress(Exception):  # it may not have been created
                self._client.containers.get(options["name"]).remove(v=True, force=True)
            raise

    def _start_pause(self, image: str, options: _Properties) -> Any:  # noqa: ANN401
        """Start the container that holds the task's network until all others have ended."""
        labels = {
            key: value for key, value in options["labels"].items() if not key.startswith("com.amazonaws.ecs.container")
        }
        controls = [
            each for other in self._definition["containerDefinitions"] for each in other.get("systemControls") or ()
        ]
        sysctls = {
            str(each["namespace"]): str(each["value"]) for each in controls if each["namespace"].startswith("net.")
        }
        return self._client.containers.run(
            image,
            detach=True,
            name=f"ministack-ecs-{self._id[:8]}-.pause",
            labels=labels,
            entrypoint=[_PAUSE],
            command=[],
            user="0",
            read_only=True,
            cap_drop=["ALL"],
            stop_signal="SIGKILL",
            volumes=[f"{self._machine.pause}:{_PAUSE}:ro"],
            sysctls=sysctls or None,
            **{name: options[name] for name in (*_NETWORK, "platform") if options.get(name)},
        )

    def _completed(self, options: _Properties, container: _Properties, image_user: str) -> _Properties:
        """Return the engine's options with what the definition says."""
        machine = self._machine
        user = str(container.get("user") or image_user)
        options |= engine_options(container, root=is_root(user) or not machine.podman)
        options["labels"] = {**(container.get("dockerLabels") or {}), **options["labels"]}
        options |= machine.ulimits(container)
        if options.get("init") and not machine.has_init:
            print(f"not emulated: the init process of {container['name']}; install catatonit", flush=True)
            options.pop("init")
        if self._group is None:
            return options | limits_of_containers(container, self._definition)
        memory, name = number(container.get("memory"), 0), str(container["name"])
        if name not in self._groups:
            self._groups[name] = Group(f"{self._group.path}/{name}")
            self._groups[name].create(Limits(memory=memory or None, shares=cpu_shares(container)))
        options["cgroup_parent"] = f"/{self._groups[name].path}"
        if memory:
            # One MiB more than its group, where the kernel has to notice first. Programs read this one.
            options |= {"mem_limit": (memory + 1) * _MEBIBYTE, "memswap_limit": (memory + 1) * _MEBIBYTE}
        return options

    def _effective(self, container: _Properties, index: int) -> tuple[_Properties, str | None]:
        """Return a container's definition with the digest of its image, if its deployment has found one out."""
        effective, deployment = dict(container), self._deployment
        digest = (deployment or {}).get("_image_digests", {}).get(container["name"])
        if deployment and "@" in container["image"]:
            digest = container["image"].partition("@")[2]
        if digest:
            effective["image"] = f"{self._ecs._image_repository(container['image'])}@{digest}"  # noqa: SLF001
            self._task["containers"][index]["imageDigest"] = digest
        return effective, digest

    def _ports(self, container: _Properties) -> _Properties:
        if self._definition.get("networkMode") == "awsvpc":
            return {}
        return {
            f"{each['containerPort']}/tcp": each.get("hostPort", each["containerPort"])
            for each in container.get("portMappings") or ()
        }

    def _environment_files(self, container: _Properties) -> dict[str, str]:
        return variables_of(self._files(container))

    @staticmethod
    def _files(container: _Properties) -> Iterator[str]:
        for each in container.get("environmentFiles") or ():
            bucket, _, key = str(each.get("value", "")).partition(":::")[2].partition("/")
            data = import_module("ministack.services.s3")._get_object_data(bucket, key)  # noqa: SLF001
            if data is None:
                raise NotStartedError(_NO_ENVIRONMENT_FILE.format(key, bucket))
            yield data.decode("utf-8", errors="replace")


class _Client:
    """The engine's client, with another way to run a container."""

    def __init__(self, client: Any, run: Any) -> None:  # noqa: ANN401
        self.images, self.containers = client.images, _Containers(client.containers, run)


class _Containers:
    def __init__(self, containers: Any, run: Any) -> None:  # noqa: ANN401
        self.get, self._run = containers.get, run

    def run(self, image: str, **options: Any) -> Any:  # noqa: ANN401
        return self._run(image, options)


class _Since:
    """A container whose log begins at its last start."""

    def __init__(self, container: Any, time: float) -> None:  # noqa: ANN401
        self.id, self._container, self._time = container.id, container, time

    def logs(self, **options: Any) -> Any:  # noqa: ANN401
        """Return the log since then."""
        return self._container.logs(since=self._time, **options)
