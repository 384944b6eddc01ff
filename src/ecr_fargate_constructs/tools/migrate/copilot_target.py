"""The container that gets the requests, if a Copilot manifest names a sidecar for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.model import Container, Service, Shape, SidecarContainer

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.fields import Fields


def with_target(fields: Fields, service: Service) -> Service:
    """Return the service with the two containers exchanged, because requests go to the application container.

    Without ``target_container``, Copilot sends requests to the container whose port is ``target_port``.
    """
    http = fields.section("http") if isinstance(getattr(fields.node("http"), "value", None), dict) else None
    name = http.text("target_container") if http is not None else None
    if http is None or name == service.name:
        return service
    option, own_port = "target_container", service.port
    target = next((each for each in service.sidecars if each.name == name), None)
    if name is None:
        target = next((each for each in service.sidecars if each.port == service.port), None)
        if target is None or "target_port" not in http:
            return service
        option, own_port, name = "target_port", next(iter(service.more_ports), None), target.name
    if service.shape is not Shape.WEB or target is None or target.port is None or not target.essential:
        http.drop(
            option,
            "it is not an essential sidecar with a port",
            "make the container that gets the requests the AppContainer, and the other one its Sidecar",
        )
        return service
    port = http.number("target_port", minimum=1, maximum=65535) or target.port
    more = () if port == target.port else (target.port,)
    names = {name: "web", "web": service.name}
    main = SidecarContainer(name=service.name, container=_renamed(service.container, names), port=own_port)
    others = [
        replace(each, container=_renamed(each.container, names)) for each in service.sidecars if each is not target
    ]
    if port == 443:  # noqa: PLR2004 - Copilot then speaks HTTPS to the task
        http.check(option, "the load balancer speaks HTTP to it, not HTTPS", "let it speak HTTP there")
    container = _renamed(target.container, names)
    return replace(service, container=container, port=port, more_ports=more, sidecars=(main, *others))


def _renamed(container: Container, names: dict[str, str]) -> Container:
    """Return the container with the new names in its dependencies."""
    return replace(
        container, depends_on={names.get(name, name): condition for name, condition in container.depends_on.items()}
    )
