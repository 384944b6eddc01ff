"""What bad inputs are given to here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs

from bad_input.case import NGINX, Place
from ecr_fargate_constructs import (
    AppContainer,
    Ec2Container,
    EcrFargateService,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    Stickiness,
    TargetGroupSettings,
)

if TYPE_CHECKING:
    from pathlib import Path


def door(place: Place, directory: Path | str | None = None, **options: Any) -> EcrFargateService:  # noqa: ANN401 - passed on
    """``EcrFargateService``."""
    return EcrFargateService(
        options.pop("scope", None) or place.stack,
        options.pop("construct_id", "Web"),
        directory=place.context if directory is None else directory,
        **{"container_port": 80, "ingress": PublicHttp(), **options},
    )


def service(place: Place, **options: Any) -> LoadBalancedFargateService:  # noqa: ANN401 - passed on
    """``LoadBalancedFargateService``."""
    return LoadBalancedFargateService(
        place.stack, "Web", **{"container": AppContainer(NGINX, 80), "ingress": PublicHttp(), **options}
    )


def container(**options: Any) -> AppContainer:  # noqa: ANN401 - passed on
    """``AppContainer``."""
    return AppContainer(options.pop("image", NGINX), options.pop("port", 80), **options)


def repository(place: Place, **options: Any) -> PrivateRepository:  # noqa: ANN401 - passed on
    """``PrivateRepository``."""
    return PrivateRepository(place.stack, "Repo", **options)


def image(place: Place, directory: Path | str, **options: Any) -> object:  # noqa: ANN401 - passed on
    """An image, built into a repository that is there already."""
    return place.given.build_and_push_image(directory, **options)


def number() -> Any:  # noqa: ANN401 - a number that only the deployment knows
    """A number that only the deployment knows."""
    return cdk.Token.as_number(cdk.Fn.ref("Later"))


def seconds(amount: float) -> cdk.Duration:
    """A time."""
    return cdk.Duration.seconds(amount)


def sticky(place: Place, cookie: str) -> object:
    """A service with stickiness by a cookie."""
    settings = TargetGroupSettings(stickiness=Stickiness(duration=seconds(60), cookie_name=cookie))
    return service(place, ingress=PublicHttp(target_group=settings))


def on_a_machine(**options: Any) -> Ec2Container:  # noqa: ANN401 - passed on
    """``Ec2Container``."""
    return Ec2Container(NGINX, 80, **options)


def file_system(place: Place) -> efs.FileSystem:
    """A file system in a VPC."""
    return efs.FileSystem(place.stack, "Files", vpc=ec2.Vpc(place.stack, "Vpc"))


def on_machines(place: Place, **options: Any) -> LoadBalancedEc2Service:  # noqa: ANN401 - passed on
    """``LoadBalancedEc2Service``."""
    return LoadBalancedEc2Service(
        place.stack, "Web", **{"container": on_a_machine(), "ingress": PublicHttp(), **options}
    )
