"""Public images through a cache of the account's own registry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ArchiveUnpulled,
    ConfigurationError,
    ExpireUntagged,
    KeepNewest,
    LoadBalancedFargateService,
    PublicHttp,
    PullThroughCache,
    Retention,
    Upstream,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

DIGEST = f"sha256:{'0' * 64}"


def _secret(stack: cdk.Stack, name: str = "ecr-pullthroughcache/hub") -> secretsmanager.ISecret:
    return secretsmanager.Secret.from_secret_name_v2(stack, "Secret", name)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    cache = PullThroughCache(stack, "Cache", upstream=Upstream.ECR_PUBLIC)
    image = cache.image("public.ecr.aws/nginx/nginx:1.29", architecture=Architecture.ARM64)
    assert (image.tag, image.architecture) == ("1.29", Architecture.ARM64)
    LoadBalancedFargateService(stack, "Web", container=AppContainer(image, 80), ingress=PublicHttp())
    return template_of(stack)


def test_the_rule_names_the_registry(template: dict[str, Any]) -> None:
    assert only(template, "AWS::ECR::PullThroughCacheRule")["Properties"] == {
        "EcrRepositoryPrefix": "ecr-public",
        "UpstreamRegistryUrl": "public.ecr.aws",
    }


def test_cached_repositories_have_a_retention_policy(template: dict[str, Any]) -> None:
    """Row 24."""
    properties = only(template, "AWS::ECR::RepositoryCreationTemplate")["Properties"]
    assert (properties["Prefix"], properties["AppliedFor"]) == ("ecr-public", ["PULL_THROUGH_CACHE"])
    rules = json.loads(properties["LifecyclePolicy"])["rules"]
    [selection] = [rule["selection"] for rule in rules]
    assert (selection["tagStatus"], selection["countType"], selection["countNumber"]) == (
        "any",
        "imageCountMoreThan",
        20,
    ), "an image that ECS has pinned has no tag any more once that has moved on"


@pytest.mark.parametrize(
    ("retention", "warned"),
    [
        (Retention.keep_last(20), True),
        (Retention([KeepNewest(5, tag_patterns=["*"]), ExpireUntagged(30)]), True),
        (Retention([ArchiveUnpulled(90)]), True),
        (Retention([KeepNewest(50)]), False),
        (Retention([KeepNewest(20, tag_patterns=["*"])]), False),
    ],
)
def test_a_rule_that_takes_what_is_pinned_is_warned_of(
    retention: Retention,
    warned: bool,  # noqa: FBT001 - a parameter of pytest's
) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    PullThroughCache(stack, "Cache", upstream=Upstream.ECR_PUBLIC, retention=retention)
    found = Annotations.from_stack(stack).find_warning("/Stack/Cache", Match.string_like_regexp("cachedImageMayExpire"))
    assert bool(found) is warned


def test_the_default_is_not_warned_of() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    PullThroughCache(stack, "Cache", upstream=Upstream.ECR_PUBLIC)
    assert not Annotations.from_stack(stack).find_warning("*", Match.any_value())


def test_the_task_runs_the_cached_image_and_may_fill_the_cache(template: dict[str, Any]) -> None:
    definition = only(template, "AWS::ECS::TaskDefinition")
    assert "/ecr-public/nginx/nginx:1.29" in json.dumps(definition["Properties"]["ContainerDefinitions"][0]["Image"])
    [rule] = of_type(template, "AWS::ECR::PullThroughCacheRule")
    assert rule in definition["DependsOn"]
    statements = [
        statement
        for policy in of_type(template, "AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    [fill] = [each for each in statements if "ecr:BatchImportUpstreamImage" in each["Action"]]
    assert fill["Action"] == ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]
    assert "repository/ecr-public/nginx/nginx" in json.dumps(fill["Resource"])
    assert not [
        each for each in statements if each["Resource"] == "*" and each["Action"] != "ecr:GetAuthorizationToken"
    ]


@pytest.mark.parametrize(
    ("reference", "name", "tag"),
    [
        ("nginx:1.29", "docker-hub/library/nginx:1.29", "1.29"),
        ("docker.io/grafana/grafana:12.0", "docker-hub/grafana/grafana:12.0", "12.0"),
        (f"grafana/grafana@{DIGEST}", f"docker-hub/grafana/grafana@{DIGEST}", None),
    ],
)
def test_docker_hub(stack: cdk.Stack, reference: str, name: str, tag: str | None) -> None:
    cache = PullThroughCache(stack, "Cache", upstream=Upstream.DOCKER_HUB, credentials=_secret(stack))
    image = cache.image(reference)
    assert cache.image(reference).repository is image.repository
    assert image.image_uri.endswith(f"/{name}")
    assert image.tag == tag
    assert "CredentialArn" in only(template_of(stack), "AWS::ECR::PullThroughCacheRule")["Properties"]


def test_a_bare_name_is_of_the_cached_registry(stack: cdk.Stack) -> None:
    cache = PullThroughCache(stack, "Cache", upstream=Upstream.QUAY, prefix="team/quay")
    assert cache.prefix == "team/quay"
    assert cache.rule.upstream_registry_url == "quay.io"
    assert cache.image("coreos/etcd:v3.6").image_uri.endswith("/team/quay/coreos/etcd:v3.6")


REFUSED: list[tuple[str, Callable[[cdk.Stack], object], str, str]] = [
    (
        "no account",
        lambda stack: PullThroughCache(stack, "Cache", upstream=Upstream.DOCKER_HUB),
        "[Stack/Cache] upstream=Upstream.DOCKER_HUB requires an account",
        "credentials=",
    ),
    (
        "an account too many",
        lambda stack: PullThroughCache(stack, "Cache", upstream=Upstream.QUAY, credentials=_secret(stack)),
        "upstream=Upstream.QUAY accepts no credentials",
        "omit them",
    ),
    (
        "secret",
        lambda stack: PullThroughCache(stack, "Cache", upstream=Upstream.GITHUB, credentials=_secret(stack, "github")),
        "the secret 'github'",
        "'ecr-pullthroughcache/'",
    ),
    (
        "prefix",
        lambda stack: PullThroughCache(stack, "Cache", upstream=Upstream.QUAY, prefix="Quay"),
        "prefix='Quay'",
        "2 to 30",
    ),
    (
        "registry",
        lambda stack: PullThroughCache(stack, "Cache", upstream=Upstream.QUAY).image("public.ecr.aws/nginx/nginx:1"),
        "is an image of public.ecr.aws, but this cache is for quay.io",
        "PullThroughCache(upstream=…)",
    ),
    (
        "latest",
        lambda stack: PullThroughCache(stack, "Cache", upstream=Upstream.QUAY).image("coreos/etcd"),
        "names no version",
        "name a tag",
    ),
    (
        "garbage",
        lambda stack: PullThroughCache(stack, "Cache", upstream=Upstream.QUAY).image("Coreos etcd"),
        "is not the name of an image",
        "lower case",
    ),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_work_is_refused(
    stack: cdk.Stack, make: Callable[[cdk.Stack], object], wrong: str, fix: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(stack)
    assert wrong in str(caught.value)
    assert fix in str(caught.value)
