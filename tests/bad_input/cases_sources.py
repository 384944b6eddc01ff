"""What a service runs: a directory that is built, or an image that exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import EcrFargateService, ImageBuild, PrivateRepository, PublicHttp
from tests.bad_input.case import NGINX, Case, Expected, Passes, Place, Refused

if TYPE_CHECKING:
    from ecr_fargate_constructs import PublishedImage

FAMILY = "Directory or image"


def _repository(place: Place) -> PrivateRepository:
    return PrivateRepository(place.stack, "Repo")


def _image(place: Place) -> PublishedImage:
    found: PublishedImage = place.given.image_by_tag("1.4.2")
    return found


def _door(place: Place, **options: Any) -> EcrFargateService:  # noqa: ANN401 - bad input
    return EcrFargateService(place.stack, "Web", **{"container_port": 80, "ingress": PublicHttp(), **options})


def _case(what: str, expected: Expected, ours: Any) -> Case:  # noqa: ANN401 - a callable
    return Case(FAMILY, what, ours, None, expected, given=_repository)


CASES = [
    _case(
        "neither `directory` nor `image` of `EcrFargateService`",
        Refused("EcrFargateService has neither directory nor image", "use directory='./app'"),
        _door,
    ),
    _case(
        "`directory` and `image` at once",
        Refused("directory and image are both set", "use directory to build an image"),
        lambda p: _door(p, directory=p.context, image=_image(p)),
    ),
    _case(
        "`build` of an image that is built already",
        Refused("build cannot be used together with image", "omit build"),
        lambda p: _door(p, image=_image(p), build=ImageBuild()),
    ),
    _case(
        "`repository` of an image that is in one already",
        Refused("repository cannot be used together with image", "omit repository"),
        lambda p: _door(p, image=_image(p), repository=p.given),
    ),
    _case(
        "the name of a public image as `image`",
        Refused(f"image={NGINX!r} is a str", "use PublishedImage"),
        lambda p: _door(p, image=NGINX),
    ),
    _case(
        "an image of CDK's as `image`",
        Refused("image is a RepositoryImage", "use PublishedImage"),
        lambda p: _door(p, image=ecs.ContainerImage.from_registry(NGINX)),
    ),
    _case("an image by its tag", Passes("it exists already", ":1.4.2"), lambda p: str(_door(p, image=_image(p)).image)),
]
