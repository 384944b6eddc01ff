"""Everything that MiniStack lacks for our templates, in one place (health checks are in ``ministack_health``).

Written for MiniStack 1.5.33. These patches reach into a third-party package: each names what it expects to find, and
``apply`` fails with that name when a newer version has moved it. Only what is missing is added, so a version that has
learnt it is left alone. All of it is meant to be offered upstream.
"""

from __future__ import annotations

import re
import secrets
import urllib.request
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from ecr_fargate_constructs.local.ministack_health import check_targets, wait_for_health

WRITTEN_FOR = "1.5.33"

_Properties: TypeAlias = dict[str, Any]
_Permissions: TypeAlias = Callable[[list[_Properties]], list[Any]]
_Handler: TypeAlias = dict[str, Callable[..., Any]]
_Module: TypeAlias = object
_Message: TypeAlias = MutableMapping[str, Any]
_Application: TypeAlias = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]

ADDED_TYPES = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ECS::ClusterCapacityProviderAssociations",
)
"""CloudFormation types that ``apply`` registers where they are missing."""

_CLIENT_ERROR = 400
_REGISTRY_NAME = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")
_HOTSWAPPED = re.compile(r"^(\d{12}\.dkr\.ecr\.[a-z0-9-]+)\.localhost/")
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)


class MovedError(RuntimeError):
    """MiniStack's inside is not what the patches were written for."""

    def __init__(self, what: str) -> None:
        """Name what is missing."""
        super().__init__(
            f"the patches for MiniStack were written for {WRITTEN_FOR} and this version has no {what}; "
            f"install ministack=={WRITTEN_FOR}"
        )


def apply(*, endpoint: str, rewrite_pulls: bool) -> frozenset[str]:
    """Patch the MiniStack of this process, and say which CloudFormation types it knows then.

    Args:
        endpoint: Where this MiniStack will answer, for example ``http://localhost:4566``.
        rewrite_pulls: Whether the engine has to be asked for ``localhost`` instead of AWS's name of the registry:
            docker has no registry map.

    Raises:
        MovedError: MiniStack's inside has moved.
    """
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    handlers = _find(provisioners, "_RESOURCE_HANDLERS")
    ec2, ecs = import_module("ministack.services.ec2"), import_module("ministack.services.ecs")
    _add_missing_types(handlers, ec2, ecs, _find(provisioners, "_ec2_sg_permissions"))
    _accept_alarms_on_expressions(provisioners)
    _say_image_not_found(import_module("ministack.services.ecr"))
    _name_hotswapped_images(import_module("ministack.services.ecs"))
    _ask_own_registry_for_digests(endpoint)
    _publish_on_loopback()
    alb = import_module("ministack.services.alb")
    check_targets(alb, _find)
    wait_for_health(ecs, alb, _find)
    if rewrite_pulls:
        _pull_from_localhost(endpoint)
    application = import_module("ministack.app")
    application.app = accept_absolute_targets(_find(application, "app"))  # type: ignore[attr-defined]
    return frozenset(handlers)


def _find(module: _Module, name: str) -> Any:  # noqa: ANN401 - the inside of an untyped package
    if not hasattr(module, name):
        raise MovedError(f"{getattr(module, '__name__', module)}.{name}")
    return getattr(module, name)


def _add_missing_types(handlers: dict[str, Any], ec2: _Module, ecs: _Module, permissions: _Permissions) -> None:
    groups = _find(ec2, "_security_groups")
    makers: dict[str, Callable[[], _Handler]] = {
        "AWS::ApplicationAutoScaling::ScalableTarget": lambda: _scalable_targets(ecs),
        "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policies,
        "AWS::EC2::EIP": lambda: _addresses(ec2),
        "AWS::EC2::NatGateway": lambda: _gateways(ec2),
        "AWS::EC2::SecurityGroupIngress": lambda: _rules(groups, "IpPermissions", permissions),
        "AWS::EC2::SecurityGroupEgress": lambda: _rules(groups, "IpPermissionsEgress", permissions),
        "AWS::ECS::ClusterCapacityProviderAssociations": lambda: _capacity_providers(ecs),
    }
    handlers.update({name: makers[name]() for name in ADDED_TYPES if name not in handlers})


def _addresses(ec2: _Module) -> _Handler:
    addresses, random_ip = _find(ec2, "_addresses"), _find(ec2, "_random_ip")

    def create(_logical_id: str, _properties: _Properties, _stack: str) -> tuple[str, _Properties]:
        allocation, address = _new_id("eipalloc"), random_ip("52.")
        nothing = dict.fromkeys(("AssociationId", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress"))
        addresses[allocation] = {"AllocationId": allocation, "PublicIp": address, "Domain": "vpc", **nothing}
        return address, {"AllocationId": allocation, "PublicIp": address}

    def delete(address: str, _properties: _Properties) -> None:
        for allocation in [key for key, value in addresses.items() if value["PublicIp"] == address]:
            addresses.pop(allocation, None)

    return {"create": create, "delete": delete}


def _gateways(ec2: _Module) -> _Handler:
    gateways, subnets, now = (_find(ec2, name) for name in ("_nat_gateways", "_subnets", "_now_ts"))

    def create(_logical_id: str, properties: _Properties, _stack: str) -> tuple[str, _Properties]:
        gateway = _new_id("nat")
        gateways[gateway] = {
            "NatGatewayId": gateway,
            "SubnetId": properties["SubnetId"],
            "VpcId": (subnets.get(properties["SubnetId"]) or {}).get("VpcId", ""),
            "AllocationId": properties.get("AllocationId"),
            "ConnectivityType": "public",
            "State": "available",
            "CreateTime": now(),
            "Tags": [],
        }
        return gateway, {"NatGatewayId": gateway}

    def delete(gateway: str, _properties: _Properties) -> None:
        gateways.pop(gateway, None)

    return {"create": create, "delete": delete}


def _rules(groups: dict[str, Any], direction: str, permissions: _Permissions) -> _Handler:
    def create(_logical_id: str, properties: _Properties, _stack: str) -> tuple[str, _Properties]:
        rule = _new_id("sgr")
        groups[properties["GroupId"]][direction].extend(permissions([properties]))
        return rule, {"Id": rule}

    def delete(_rule: str, properties: _Properties) -> None:
        group = groups.get(properties["GroupId"])
        for permission in permissions([properties]):
            if group and permission in group[direction]:
                group[direction].remove(permission)

    def update(
        rule: str, old: _Properties, new: _Properties, stack: str
    ) -> tuple[str, _Properties]:  # by itself MiniStack would create the new one beside the old
        delete(rule, old)
        return create("", new, stack)

    return {"create": create, "update": update, "delete": delete}


def _scalable_targets(ecs: _Module) -> _Handler:
    """Limits of a service's number of tasks: registering them brings the number inside, as it does in AWS."""
    services, update_service = _find(ecs, "_services"), _find(ecs, "_update_service")

    def register(properties: _Properties) -> tuple[str, _Properties]:
        namespace, resource = properties["ServiceNamespace"], properties["ResourceId"]
        if namespace != "ecs":
            raise ValueError(f"not emulated: scaling of {namespace}; only that of ECS services is")
        _, cluster, name = resource.split("/")
        wanted = int(services[f"{cluster}/{name}"]["desiredCount"])
        inside = min(max(wanted, int(properties["MinCapacity"])), int(properties["MaxCapacity"]))
        if inside != wanted:
            status, _, body = update_service({"cluster": cluster, "service": name, "desiredCount": inside})
            if status >= _CLIENT_ERROR:
                raise ValueError(f"the number of tasks of {name} could not be set to {inside}: {body!r}")
        for action in properties.get("ScheduledActions") or []:
            print(f"not emulated: the schedule {action['ScheduledActionName']} of {name} never comes", flush=True)
        identifier = f"{resource}|{properties['ScalableDimension']}|{namespace}"
        return identifier, {"Id": identifier}

    def create(_logical_id: str, properties: _Properties, _stack: str) -> tuple[str, _Properties]:
        return register(properties)

    def update(_target: str, _old: _Properties, new: _Properties, _stack: str) -> tuple[str, _Properties]:
        return register(new)

    def delete(_target: str, _properties: _Properties) -> None:
        """The number of tasks stays as it is, in AWS too."""

    return {"create": create, "update": update, "delete": delete}


def _scaling_policies() -> _Handler:
    """Policies are taken note of; there is no load to measure here, so none ever acts."""

    def create(logical_id: str, properties: _Properties, _stack: str) -> tuple[str, _Properties]:
        name = properties.get("PolicyName", logical_id)
        print(f"not emulated: the scaling policy {name} never acts; the service stays at its minimum", flush=True)
        arn = f"arn:aws:autoscaling:::scalingPolicy:{_new_id('policy')}:policyName/{name}"
        return arn, {"Arn": arn}

    def delete(_policy: str, _properties: _Properties) -> None:
        """Nothing is kept."""

    return {"create": create, "delete": delete}


def _capacity_providers(ecs: _Module) -> _Handler:
    put = _find(ecs, "_put_cluster_capacity_providers")

    def create(_logical_id: str, properties: _Properties, _stack: str) -> tuple[str, _Properties]:
        strategy = [
            {key[0].lower() + key[1:]: value for key, value in item.items()}
            for item in properties.get("DefaultCapacityProviderStrategy") or []
        ]
        cluster, providers = properties["Cluster"], properties.get("CapacityProviders") or []
        status, _, body = put(
            {"cluster": cluster, "capacityProviders": providers, "defaultCapacityProviderStrategy": strategy}
        )
        if status >= _CLIENT_ERROR:
            raise ValueError(f"the capacity providers of {cluster} could not be set: {body!r}")
        return cluster, {}

    def update(_cluster: str, _old: _Properties, new: _Properties, stack: str) -> tuple[str, _Properties]:
        return create("", new, stack)

    def delete(cluster: str, _properties: _Properties) -> None:
        put({"cluster": cluster, "capacityProviders": [], "defaultCapacityProviderStrategy": []})

    return {"create": create, "update": update, "delete": delete}


def _new_id(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(9)[:17]}"


def _accept_alarms_on_expressions(provisioners: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Alarms on metric math are refused; let them exist, on a metric that nobody writes, and say that they are mute."""
    record = _find(provisioners, "_cw_metric_alarm_record")

    def take_note(name: str, properties: _Properties) -> object:
        if properties.get("Metrics"):
            print(f"not emulated: the alarm {name} is on an expression, and never goes off", flush=True)
            properties = {key: value for key, value in properties.items() if key != "Metrics"}
            properties |= {"Namespace": "NotEmulated", "MetricName": name}
        return record(name, properties)

    provisioners._cw_metric_alarm_record = take_note  # noqa: SLF001 - what this module is for


def _say_image_not_found(ecr: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """An unknown tag is an error in AWS; MiniStack's empty list makes the CDK command line believe it is there."""
    describe, find = _find(ecr, "_describe_images"), _find(ecr, "_find_image")
    repositories, error = _find(ecr, "_repositories"), _find(ecr, "error_response_json")

    def describe_images(request: _Properties) -> object:
        name = request.get("repositoryName", "")
        for image in request.get("imageIds") or []:
            if name in repositories and not find(name, image):
                message = f"The image with imageId {image} does not exist within the repository with name '{name}'"
                return error("ImageNotFoundException", message, 400)
        return describe(request)

    ecr._describe_images = describe_images  # noqa: SLF001 - what this module is for


def _name_hotswapped_images(ecs: _Module) -> None:
    """A hotswap works out AWS's domain from the endpoint, which here is localhost; give images their name back."""
    actions = _find(ecs, "_ACTION_MAP")
    if "RegisterTaskDefinition" not in actions:
        raise MovedError("ministack.services.ecs._ACTION_MAP['RegisterTaskDefinition']")
    register = actions["RegisterTaskDefinition"]

    def register_task_definition(request: _Properties) -> object:
        for container in request.get("containerDefinitions") or []:
            container["image"] = _HOTSWAPPED.sub(r"\1.amazonaws.com/", container.get("image", ""))
        return register(request)

    actions["RegisterTaskDefinition"] = register_task_definition


def _ask_own_registry_for_digests(endpoint: str) -> None:
    """ECS pins an image's digest through an engine call that podman does not serve: ask the registry itself."""
    images = import_module("docker.models.images").ImageCollection
    original = _find(images, "get_registry_data")

    def get_registry_data(self: object, name: str, auth_config: object = None) -> object:
        host, _, rest = name.partition("/")
        if not _REGISTRY_NAME.fullmatch(host):
            return original(self, name, auth_config)
        repository, _, tag = rest.rpartition(":")
        request = urllib.request.Request(  # noqa: S310 - our own endpoint
            f"{endpoint}/v2/{repository}/manifests/{tag}", method="HEAD", headers={"Host": host, "Accept": _MANIFESTS}
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as answer:
            return SimpleNamespace(id=answer.headers["Docker-Content-Digest"])

    images.get_registry_data = get_registry_data


def _publish_on_loopback() -> None:
    """Ports that a container publishes (bridge networks) would be open on every interface of this machine."""
    containers = import_module("docker.models.containers").ContainerCollection
    run = _find(containers, "run")

    def run_on_loopback(self: object, image: object, *arguments: object, **options: Any) -> object:  # noqa: ANN401
        ports = options.get("ports") or {}
        options["ports"] = {
            inside: ("127.0.0.1", outside) if isinstance(outside, int) else outside for inside, outside in ports.items()
        } or None
        return run(self, image, *arguments, **options)

    containers.run = run_on_loopback


def _pull_from_localhost(endpoint: str) -> None:
    """Ask docker for the name under which the registry answers. Not tried: it was written without a Docker engine."""
    local = endpoint.removeprefix("http://")
    images = import_module("docker.models.images").ImageCollection
    containers = import_module("docker.models.containers").ContainerCollection
    pull, run = _find(images, "pull"), _find(containers, "run")

    def here(name: object) -> object:
        if not isinstance(name, str):
            return name
        host, slash, rest = name.partition("/")
        return f"{local}/{rest}" if slash and _REGISTRY_NAME.fullmatch(host) else name

    def pull_here(self: object, repository: str, *arguments: object, **options: object) -> object:
        return pull(self, here(repository), *arguments, **options)

    def run_here(self: object, image: object, *arguments: object, **options: object) -> object:
        return run(self, here(image), *arguments, **options)

    images.pull, containers.run = pull_here, run_here


def accept_absolute_targets(application: _Application) -> _Application:
    """Let an application be its own forward proxy: servers must accept absolute request targets (RFC 9112, 3.2.2).

    The copy function reaches the registry by AWS's name through ``HTTP_PROXY``, which then is MiniStack itself.
    """

    async def proxy(
        scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("http://", "https://")):
            scope = {
                **scope,
                "path": urlsplit(scope["path"]).path or "/",
                "raw_path": (urlsplit(scope["raw_path"]).path or b"/"),
            }
        if scope["type"] == "http" and scope["path"].startswith("/v2/"):
            print(f"registry: {scope['method']} {scope['path']}", flush=True)
        await application(scope, receive, send)

    return proxy
