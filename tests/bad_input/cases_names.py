"""Names, tags, digests, and the rules of a repository."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    ArchiveUnpulled,
    ExpireArchived,
    ExpireOlderThan,
    ExpireUntagged,
    ImageRepositoryStack,
    KeepNewest,
    LoadBalancerSettings,
    PrivateRepository,
    PublicHttp,
    PullThroughCache,
    RegistrySettings,
    RepositoryCreationTemplate,
    Retention,
    ScheduledCapacity,
    ServiceConnect,
    ServiceDashboard,
    SharedVolume,
    Sidecar,
    Upstream,
)
from tests.bad_input import bare, here
from tests.bad_input.case import NGINX, Case, Expected, Passes, Refused, Warned

NAMES = "Names"


def _repository(what: str, expected: Expected, name: str) -> Case:
    return Case(
        NAMES,
        f"Repository {what}",
        lambda p: here.repository(p, repository_name=name),
        lambda p: bare.repository(p, repository_name=name),
        expected,
    )


def _balancer(what: str, expected: Expected, name: str) -> Case:
    return Case(
        NAMES,
        f"Load balancer {what}",
        lambda p: here.service(p, ingress=PublicHttp(load_balancer=LoadBalancerSettings(name=name))),
        lambda p: bare.pattern(p, load_balancer_name=name),
        expected,
    )


def _tag(what: str, expected: Expected, tag: str) -> Case:
    return Case(
        NAMES,
        f"Tag {what}",
        lambda p: p.given.image_by_tag(tag),
        lambda p: bare.container_of(p, ecr.Repository(p.stack, "Other"), tag),
        expected,
        given=here.repository,
    )


def _digest(what: str, expected: Expected, digest: str) -> Case:
    return Case(
        NAMES,
        f"Digest {what}",
        lambda p: p.given.image_by_digest(digest),
        lambda p: bare.container_of(p, ecr.Repository(p.stack, "Other"), digest),
        expected,
        given=here.repository,
    )


def _image(what: str, expected: Expected, image: str) -> Case:
    return Case(
        NAMES,
        f"Image {what}",
        lambda p: here.service(p, container=here.container(image=image)),
        lambda p: bare.pattern_of(p, image),
        expected,
    )


TAKEN = "use 2 to 256 lower-case letters"
NAME_CASES = [
    _repository("`Team/Web`", Refused("repository_name='Team/Web'", "for example 'team/web'"), "Team/Web"),
    _repository("`a`", Refused("repository_name='a'", TAKEN), "a"),
    _repository("of 257 letters", Refused("repository_name=", TAKEN), "a" * 257),
    _repository("`a//b`", Refused("repository_name='a//b'", TAKEN), "a//b"),
    _repository("`web-`", Refused("repository_name='web-'", TAKEN), "web-"),
    _repository("`my web`", Refused("repository_name='my web'", "for example 'my-web'"), "my web"),
    _repository("`größe`", Refused("repository_name='größe'", TAKEN), "größe"),
    _repository("`''`", Refused("repository_name=''", TAKEN), ""),
    Case(
        NAMES,
        "Repository that would be deleted with its images, and is retained",
        lambda p: here.repository(p, empty_on_delete=True),
        lambda p: bare.repository(p, empty_on_delete=True),
        Refused("empty_on_delete=True with removal_policy=RETAIN", "RemovalPolicy.DESTROY"),
    ),
    Case(
        NAMES,
        "Repository that would be deleted, and is not emptied first",
        lambda p: here.repository(p, removal_policy=cdk.RemovalPolicy.DESTROY),
        lambda p: bare.repository(p, removal_policy=cdk.RemovalPolicy.DESTROY),
        Warned("repositoryNotEmptied"),
    ),
    Case(
        NAMES,
        "Repository that is deleted with its images",
        lambda p: here.repository(p, removal_policy=cdk.RemovalPolicy.DESTROY, empty_on_delete=True),
        lambda p: bare.repository(p, removal_policy=cdk.RemovalPolicy.DESTROY, empty_on_delete=True),
        Passes("both are said"),
    ),
    Case(
        NAMES,
        "Repository of which a snapshot would be kept",
        lambda p: here.repository(p, removal_policy=cdk.RemovalPolicy.SNAPSHOT),
        lambda p: bare.repository(p, removal_policy=cdk.RemovalPolicy.SNAPSHOT),
        Refused("removal_policy=SNAPSHOT", "RemovalPolicy.RETAIN or DESTROY"),
    ),
    Case(
        NAMES,
        "Account `1` that may pull",
        lambda p: here.repository(p, pull_accounts=["1"]),
        lambda p: bare.pulled_by(p, "1"),
        Refused("pull_accounts has '1'", "strings of 12 digits"),
    ),
    Case(
        NAMES,
        "Repository of an image stack named by a token",
        lambda p: ImageRepositoryStack(p.app, "Images", repository_name=cdk.Fn.ref("Later")),
        None,
        Refused("repository_name is a CDK token", "plain string"),
    ),
    Case(
        NAMES,
        "Image stack `my_images`",
        lambda p: ImageRepositoryStack(p.app, "my_images"),
        lambda p: cdk.Stack(p.app, "my_images"),
        Refused("[my_images]", "Stack name must match"),
    ),
    _balancer("of 33 letters", Refused("LoadBalancerSettings.name=", "use 1 to 32"), "a" * 33),
    _balancer("`my_web`", Refused("LoadBalancerSettings.name='my_web'", "letters, digits and hyphens"), "my_web"),
    _balancer("`-web`", Refused("LoadBalancerSettings.name='-web'", "no hyphen first"), "-web"),
    _balancer("`internal-web`", Refused("begins with 'internal-'", "use another"), "internal-web"),
    _tag("`-x`", Refused("tag='-x' is not an image tag", "up to 128 letters"), "-x"),
    _tag("`v1 beta`", Refused("tag='v1 beta' is not an image tag", "up to 128"), "v1 beta"),
    _tag("of 129 letters", Refused("is not an image tag", "up to 128"), "a" * 129),
    _digest("`sha256:1`", Refused("digest='sha256:1' is not an image digest", "64 hexadecimal digits"), "sha256:1"),
    _digest("in capitals", Refused("is not an image digest", "64 hexadecimal"), "sha256:" + "A" * 64),
    _image("`Nginx:1`", Refused("AppContainer.image='Nginx:1' is not the name", "in lower case"), "Nginx:1"),
    _image("`''`", Refused("AppContainer.image='' is not the name", "for example"), ""),
    _image("`public.ecr.aws/nginx/nginx`, no version", Warned("unpinnedImage"), "public.ecr.aws/nginx/nginx"),
    _image("`nginx:1.29` of Docker Hub", Warned("dockerHubImage"), "nginx:1.29"),
    Case(
        NAMES,
        "Mirror of `nginx`, no version",
        lambda p: p.given.mirror_image("nginx"),
        None,
        Refused("reference='nginx' names no version", "name a tag"),
        given=here.repository,
    ),
    Case(
        NAMES,
        "Container `my sidecar`",
        lambda p: here.service(p, sidecars=[Sidecar("my sidecar", NGINX)]),
        lambda p: bare.beside(p, "my sidecar"),
        Refused("Sidecar.name='my sidecar'", "letters, digits, '-' and '_'"),
    ),
    Case(
        NAMES,
        "Two containers of one name",
        lambda p: here.service(p, sidecars=[Sidecar("web", NGINX)]),
        lambda p: bare.beside(p, "web"),
        Refused("two containers have the name 'web'", "give each its own"),
    ),
    Case(
        NAMES,
        "Volume `my volume`",
        lambda _: SharedVolume("my volume"),
        lambda p: ecs.FargateTaskDefinition(p.stack, "Task", volumes=[ecs.Volume(name="my volume")]),
        Refused("SharedVolume.name='my volume'", "letters, digits, '-'"),
    ),
    Case(
        NAMES,
        "Service Connect name `Orders`",
        lambda _: ServiceConnect(namespace="apps", name="Orders"),
        lambda p: bare.connect(p, "Orders"),
        Refused("ServiceConnect.name='Orders'", "lower-case letters"),
    ),
    Case(
        NAMES,
        "Schedule `a/b`",
        lambda _: ScheduledCapacity(name="a/b", at=bare.AT_NIGHT, min_capacity=1),
        lambda p: bare.scaling(p, 1, 4, schedule={"a/b": {"min_capacity": 1}}),
        Refused("ScheduledCapacity.name='a/b'", "none of them ':', '/'"),
    ),
    Case(
        NAMES,
        "Dashboard `my dashboard`",
        lambda p: ServiceDashboard(p.stack, "Board", observed=p.given, name="my dashboard"),
        lambda p: bare.dashboard(p, "my dashboard"),
        Refused("[Stack/Board] name='my dashboard'", "letters, digits, '-'"),
        given=here.service,
    ),
    Case(
        NAMES,
        "Creation template of the prefix `Shop`",
        lambda p: RepositoryCreationTemplate(p.stack, "Template", prefix="Shop"),
        lambda p: ecr.CfnRepositoryCreationTemplate(p.stack, "Template", prefix="Shop", applied_for=["REPLICATION"]),
        Refused("prefix='Shop' is not a prefix that ECR accepts", "for example 'shop'"),
    ),
    Case(
        NAMES,
        "Pull-time exclusion of a role by its name",
        lambda p: RegistrySettings(p.stack, "Registry", pull_time_exclusions=["scanner"]),
        lambda p: ecr.CfnPullTimeUpdateExclusion(p.stack, "Exclusion", principal_arn="scanner"),
        Refused("pull_time_exclusions has 'scanner', which is not the ARN of a role", "use an iam.Role"),
    ),
    Case(
        NAMES,
        "Replication from an account with 11 digits",
        lambda p: RegistrySettings(p.stack, "Registry", replicate_from=["11112222333"]),
        lambda p: bare.registry_policy(p, "11112222333"),
        Refused("replicate_from has '11112222333', which is not an account id", "12 digits"),
    ),
    Case(
        NAMES,
        "Prefix `Hub` of a pull-through cache",
        lambda p: PullThroughCache(p.stack, "Cache", upstream=Upstream.ECR_PUBLIC, prefix="Hub"),
        lambda p: ecr.CfnPullThroughCacheRule(
            p.stack, "Cache", ecr_repository_prefix="Hub", upstream_registry_url="public.ecr.aws"
        ),
        Refused("prefix='Hub' is not a prefix", "lower-case letters"),
    ),
    Case(
        NAMES,
        "Cache of Docker Hub without an account",
        lambda p: PullThroughCache(p.stack, "Cache", upstream=Upstream.DOCKER_HUB),
        lambda p: ecr.CfnPullThroughCacheRule(
            p.stack, "Cache", ecr_repository_prefix="hub", upstream_registry_url="registry-1.docker.io"
        ),
        Refused("requires an account", "set credentials="),
    ),
    Case(
        NAMES,
        "Cookie `AWSALB` of the application",
        lambda p: here.sticky(p, "AWSALB"),
        lambda p: bare.sticky(p, "AWSALB"),
        Refused("Stickiness.cookie_name='AWSALB'", "the application's cookie"),
    ),
]

RULES = "Lifecycle rules"
ANY = ecr.TagStatus.ANY
TAGGED = ecr.TagStatus.TAGGED
DAYS = cdk.Duration.days


def _retention(what: str, expected: Expected, ours: Any, *theirs: dict[str, Any]) -> Case:  # noqa: ANN401 - makes a Retention
    return Case(
        RULES,
        what,
        lambda p: here.repository(p, retention=ours()),
        lambda p: bare.rules(p, *theirs),
        expected,
    )


RULE_CASES = [
    _retention(
        "Keep 0 images",
        Refused("Retention.keep_last count=0", "use 1 or more"),
        lambda: Retention.keep_last(0),
        {"max_image_count": 0},
    ),
    _retention(
        "Keep -1 images",
        Refused("Retention.keep_last count=-1", "1 or more"),
        lambda: Retention.keep_last(-1),
        {"max_image_count": -1},
    ),
    _retention(
        "Keep 1.5 images", Refused("count=1.5", "1 or more"), lambda: Retention.keep_last(1.5), {"max_image_count": 1.5}
    ),
    _retention("No rule", Refused("Retention has 0 rules", "ECR accepts 1 to 50"), lambda: Retention([])),
    _retention(
        "51 rules",
        Refused("Retention has 51 rules", "ECR accepts 1 to 50"),
        lambda: Retention([KeepNewest(1, tag_prefixes=[f"p{n}-"]) for n in range(51)]),
        *({"max_image_count": 1, "tag_status": TAGGED, "tag_prefix_list": [f"p{n}-"]} for n in range(51)),
    ),
    _retention(
        "0 days",
        Refused("ExpireUntagged.days=0", "use 1 or more"),
        lambda: Retention([ExpireUntagged(0)]),
        {"max_image_age": DAYS(0), "tag_status": ecr.TagStatus.UNTAGGED},
    ),
    _retention(
        "All images by age: the image of a service that is rarely deployed is deleted",
        Refused("without a tag to narrow it down", "use KeepNewest"),
        lambda: Retention([ExpireOlderThan(30)]),
        {"max_image_age": DAYS(30), "tag_status": ANY},
    ),
    _retention(
        "Two tags in one rule, which means AND",
        Refused("ECR combines several tags in one rule with AND", "write a rule for each"),
        lambda: Retention([KeepNewest(9, tag_prefixes=["a-", "b-"])]),
        {"max_image_count": 9, "tag_status": TAGGED, "tag_prefix_list": ["a-", "b-"]},
    ),
    _retention(
        "Prefix and pattern in one rule",
        Refused("has tag_prefixes and tag_patterns", "only one of them"),
        lambda: Retention([KeepNewest(9, tag_prefixes=["a-"], tag_patterns=["b-*"])]),
        {"max_image_count": 9, "tag_status": TAGGED, "tag_prefix_list": ["a-"], "tag_pattern_list": ["b-*"]},
    ),
    _retention(
        "A wildcard in a prefix",
        Refused("has a wildcard", "use tag_patterns"),
        lambda: Retention([KeepNewest(9, tag_prefixes=["a-*"])]),
        {"max_image_count": 9, "tag_status": TAGGED, "tag_prefix_list": ["a-*"]},
    ),
    _retention(
        "Five wildcards in a pattern",
        Refused("5 wildcards", "at most 4"),
        lambda: Retention([KeepNewest(9, tag_patterns=["*a*b*c*d*"])]),
        {"max_image_count": 9, "tag_status": TAGGED, "tag_pattern_list": ["*a*b*c*d*"]},
    ),
    _retention(
        "An empty prefix",
        Refused("KeepNewest.tag_prefixes has ''", "use 1 to 128"),
        lambda: Retention([KeepNewest(9, tag_prefixes=[""])]),
        {"max_image_count": 9, "tag_status": TAGGED, "tag_prefix_list": [""]},
    ),
    _retention(
        "Two rules about all images",
        Refused("two rules for", "remove the other"),
        lambda: Retention([KeepNewest(9), KeepNewest(5)]),
        {"max_image_count": 9},
        {"max_image_count": 5},
    ),
    _retention(
        "Two rules about the same tag",
        Refused("two rules for", "remove the other"),
        lambda: Retention([KeepNewest(9, tag_prefixes=["a-"]), ExpireOlderThan(9, tag_prefixes=["a-"])]),
        {"max_image_count": 9, "tag_status": TAGGED, "tag_prefix_list": ["a-"]},
        {"max_image_age": DAYS(9), "tag_status": TAGGED, "tag_prefix_list": ["a-"]},
    ),
    _retention(
        "A rule that the one before it leaves nothing to do",
        Refused("can never act", "write the narrower rule first"),
        lambda: Retention([KeepNewest(9, tag_patterns=["*"]), KeepNewest(5, tag_prefixes=["a-"])]),
        {"max_image_count": 9, "tag_status": TAGGED, "tag_pattern_list": ["*"]},
        {"max_image_count": 5, "tag_status": TAGGED, "tag_prefix_list": ["a-"]},
    ),
    _retention(
        "One priority twice",
        Refused("Retention has duplicate priorities [1, 1]", "give each rule its own"),
        lambda: Retention(
            [KeepNewest(9, tag_prefixes=["a-"], priority=1), KeepNewest(9, tag_prefixes=["b-"], priority=1)]
        ),
        {"max_image_count": 9, "tag_status": TAGGED, "tag_prefix_list": ["a-"], "rule_priority": 1},
        {"max_image_count": 9, "tag_status": TAGGED, "tag_prefix_list": ["b-"], "rule_priority": 1},
    ),
    _retention(
        "Archive what nobody has pulled for 30 days",
        Refused("ArchiveUnpulled.days=30", "use 90 or more"),
        lambda: Retention([ArchiveUnpulled(30)]),
    ),
    _retention(
        "Expire what was archived 30 days ago",
        Refused("ExpireArchived.days=30", "use 90 or more"),
        lambda: Retention([ExpireArchived(30)]),
    ),
    Case(
        RULES,
        "Keep one image: none to roll back to",
        lambda p: here.door(p, repository=p.given),
        lambda p: ecr.Repository(p.stack, "Other", lifecycle_rules=[ecr.LifecycleRule(max_image_count=1)]),
        Warned("retentionMayExpireRunningImage"),
        given=lambda p: PrivateRepository(p.stack, "Repo", retention=Retention.keep_last(1)),
    ),
]

CASES = [*NAME_CASES, *RULE_CASES]
