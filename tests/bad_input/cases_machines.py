"""Machines of EC2, counts above AWS's quotas, and options that do not exist."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    AllOf,
    AppContainer,
    Ec2Capacity,
    Ec2Container,
    ExpireUntagged,
    ImageBuild,
    KeepNewest,
    LoadBalancedFargateService,
    ManagedInstancesCapacity,
    Retention,
    Rolling,
    Scaling,
    ScheduledCapacity,
    ServiceAlarms,
)
from tests.bad_input import bare, bare_tasks, here
from tests.bad_input.case import NGINX, Case, Expected, Passes, Place, Refused, Warned

MACHINES, QUOTAS, OPTIONS = "Machines", "Quotas", "Misspelt options"
WINDOWS = ec2.WindowsVersion.WINDOWS_SERVER_2022_ENGLISH_FULL_BASE


def _machines(what: str, expected: Expected, theirs: dict[str, Any], **options: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        MACHINES,
        what,
        lambda p: here.on_machines(p, capacity=Ec2Capacity(**options)),
        lambda p: bare_tasks.machines(p, **theirs),
        expected,
    )


def _type(what: str, expected: Expected, name: str) -> Case:
    kind = {"instance_type": ec2.InstanceType(name)}
    return _machines(what, expected, kind, **kind)


def _image(what: str, expected: Expected, image: ec2.IMachineImage) -> Case:
    return _machines(what, expected, {"machine_image": image}, machine_image=image)


def _on_a_machine(what: str, expected: Expected, **options: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        MACHINES,
        what,
        lambda _: Ec2Container(NGINX, 80, **options),
        lambda p: bare_tasks.on_a_machine(p, **options),
        expected,
    )


def _placed(what: str, expected: Expected, **options: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        MACHINES,
        what,
        lambda _: Ec2Container(NGINX, 80, **options),
        lambda p: bare_tasks.placed(p, **options),
        expected,
    )


def _managed(what: str, expected: Expected, *types: str, **options: Any) -> Case:  # noqa: ANN401 - bad input
    kinds = [ec2.InstanceType(each) for each in types]

    def ours(place: Place) -> object:
        return here.on_machines(place, capacity=ManagedInstancesCapacity(instance_types=kinds), **options)

    def theirs(place: Place) -> object:
        vpc = ec2.Vpc(place.stack, "Vpc")
        wish = ec2.InstanceRequirementsConfig(
            v_cpu_count_min=1, memory_min=cdk.Size.gibibytes(1), allowed_instance_types=list(types)
        )
        return ecs.ManagedInstancesCapacityProvider(
            place.stack,
            "Provider",
            subnets=vpc.private_subnets,
            security_groups=[ec2.SecurityGroup(place.stack, "Group", vpc=vpc)],
            instance_requirements=wish if types else None,
        ).bind(ecs.Cluster(place.stack, "Cluster", vpc=vpc))

    return Case(MACHINES, what, ours, theirs, expected)


def _with_machines(stack: cdk.Stack) -> ecs.Cluster:
    cluster = ecs.Cluster(stack, "Cluster")
    cluster.add_capacity("Machines", instance_type=ec2.InstanceType("t3.medium"))
    return cluster


ON_EC2 = [
    Case(
        MACHINES,
        "No task on machines",
        lambda p: here.on_machines(p, desired_count=0),
        lambda p: bare.on_machines(p, _with_machines(p.stack), desired_count=0),
        Refused("[Stack/Web] desired_count=0 is not a number of tasks", "use 1 or more"),
    ),
    _type("A type `p9.mega`, which no version of CDK knows", Warned("unknownInstanceType"), "p9.mega"),
    _type("A type `t3.medum`", Warned("unknownInstanceType"), "t3.medum"),
    _type("A type `c7i-flex.2xlarge`", Passes("it exists"), "c7i-flex.2xlarge"),
    _type("A type `m7i.metal-24xl`", Passes("it exists"), "m7i.metal-24xl"),
    _type("A type `m7g.large` for an image of x86", Refused("m7g.large is ARM64", "t3.medium"), "m7g.large"),
    _type("A type `mac1.metal`, which runs macOS", Refused("mac1.metal runs macOS", "t3.medium"), "mac1.metal"),
    _image("An image of Windows", Refused("is a Windows image", "omit it"), ec2.MachineImage.latest_windows(WINDOWS)),
    _image(
        "Amazon Linux without the ECS agent",
        Warned("machineImageWithoutAgent"),
        ec2.MachineImage.latest_amazon_linux2023(),
    ),
    _image("Bottlerocket, which has the agent", Passes("it is made for ECS"), ecs.BottleRocketImage()),
    _managed(
        "Managed Instances of type `m7g.*` for an image of x86",
        Refused("instance_types has m7g.*, which is ARM64", "m7i.large"),
        "m7g.*",
    ),
    _managed(
        "A GPU on Managed Instances that ECS chooses",
        Refused("gpu_count=1 needs instances with GPUs", "g6.*"),
        container=here.on_a_machine(gpu_count=1, memory_limit_mib=256),
    ),
    Case(
        MACHINES,
        "A GPU on a `t3.medium`",
        lambda p: here.on_machines(p, container=here.on_a_machine(gpu_count=1, memory_limit_mib=256)),
        lambda p: bare_tasks.on_a_machine(p, gpu_count=1),
        Refused("gpu_count=1 needs instances with NVIDIA GPUs", "g5.xlarge"),
    ),
    _on_a_machine(
        "A memory file system at `cache`",
        Refused("Ec2Container.tmpfs has 'cache'", "absolute"),
        tmpfs=[ecs.Tmpfs(container_path="cache", size=10)],
    ),
    _on_a_machine(
        "A device `dev/fuse`",
        Refused("Ec2Container.devices has 'dev/fuse'", "'/dev/fuse'"),
        devices=[ecs.Device(host_path="dev/fuse")],
    ),
    _on_a_machine(
        "A resolver by its name", Refused("dns_servers has 'resolver'", "'10.0.0.2'"), dns_servers=["resolver"]
    ),
    _placed(
        "Eleven placement constraints",
        Refused("placement_constraints has 11 entries; use at most 10", "use at most"),
        placement_constraints=[ecs.PlacementConstraint.member_of(f"attribute:a == {n}") for n in range(11)],
    ),
    _placed(
        "Six placement strategies",
        Refused("placement_strategies has 6 entries; use at most 5", "use at most"),
        placement_strategies=[ecs.PlacementStrategy.spread_across(f"attribute:a{n}") for n in range(6)],
    ),
]


def _times(number: int) -> list[ScheduledCapacity]:
    at = appscaling.Schedule.cron(hour="8", minute="0")
    return [ScheduledCapacity(name=f"n{each}", at=at, min_capacity=2) for each in range(number)]


def _kept(what: str, expected: Expected, retention: Any, *rules: dict[str, Any]) -> Case:  # noqa: ANN401 - a callable
    return Case(
        QUOTAS, what, lambda p: here.repository(p, retention=retention()), lambda p: bare.rules(p, *rules), expected
    )


def _topics(place: Place) -> list[sns.Topic]:
    return [sns.Topic(place.stack, f"Topic{number}") for number in range(6)]


def _observed(place: Place) -> tuple[LoadBalancedFargateService, list[sns.Topic]]:
    return here.service(place), _topics(place)


def _bare_six_actions(place: Place) -> object:
    made: Any = bare.alarm(Place(place.folder), 5)  # in a stack without the service
    made.add_alarm_action(*(cloudwatch_actions.SnsAction(topic) for topic in place.given[1]))
    return made


def _imported(place: Place) -> ecr.Repository:
    return ecr.Repository(place.stack, "Other")


ACCOUNTS = [str(100_000_000_000 + number) for number in range(400)]
ABOVE = [
    Case(
        QUOTAS,
        "A million tasks",
        lambda p: here.service(p, desired_count=1_000_000),
        lambda p: bare.pattern(p, desired_count=1_000_000),
        Warned("tasksAboveQuota"),
    ),
    Case(
        QUOTAS,
        "More tasks than an integer of AWS's APIs can hold",
        lambda p: here.service(p, desired_count=2**31),
        lambda p: bare.pattern(p, desired_count=2**31),
        Refused("desired_count=2147483648 is more than", "use 1 to 2147483647"),
    ),
    Case(
        QUOTAS,
        "Scaling to a billion tasks",
        lambda p: here.service(p, scaling=Scaling(min_capacity=1, max_capacity=10**9, cpu_percent=60)),
        lambda p: bare.scaling(p, 1, 10**9, cpu=60),
        Warned("tasksAboveQuota"),
    ),
    Case(
        QUOTAS,
        "201 schedules",
        lambda p: here.service(
            p, scaling=Scaling(min_capacity=2, max_capacity=4, cpu_percent=60, schedule=_times(201))
        ),
        lambda p: bare.scaling(p, 2, 4, schedule={f"n{each}": {"min_capacity": 2} for each in range(201)}),
        Refused("has 201 entries", "Schedule.cron"),
    ),
    Case(
        QUOTAS,
        "6,000 machines",
        lambda p: here.on_machines(p, capacity=Ec2Capacity(max_capacity=6000)),
        lambda p: bare_tasks.machines(p, max_capacity=6000),
        Warned("machinesAboveQuota"),
    ),
    _kept(
        "Keeping a trillion images",
        Refused("KeepNewest.count=1000000000000 is more than", "use 1 to 2147483647"),
        lambda: Retention([KeepNewest(10**12)]),
        {"max_image_count": 10**12},
    ),
    _kept(
        "Keeping 200,000 images, of which a repository has 100,000",
        Warned("retentionNeverActs"),
        lambda: Retention([KeepNewest(200_000)]),
        {"max_image_count": 200_000},
    ),
    _kept(
        "Expiring untagged images after a million days",
        Warned("retentionNeverActs"),
        lambda: Retention([ExpireUntagged(10**6)]),
        {"max_image_age": cdk.Duration.days(10**6), "tag_status": ecr.TagStatus.UNTAGGED},
    ),
    _kept(
        "A rule for images with 1,001 tags",
        Refused("requires 1,001 tags on an image, which has at most 1,000", "a rule for each"),
        lambda: Retention([KeepNewest(10, tag_prefixes=AllOf(*(f"p{each:04}" for each in range(1001))))]),
        {"max_image_count": 10, "tag_prefix_list": [f"p{each:04}" for each in range(1001)]},
    ),
    Case(
        QUOTAS,
        "400 accounts that may pull",
        lambda p: here.repository(p, pull_accounts=ACCOUNTS),
        lambda p: [p.given.grant_pull(iam.AccountPrincipal(account)) for account in ACCOUNTS],
        Refused("400 accounts are given in pull_accounts", "OrganizationPrincipal"),
        given=_imported,
    ),
    Case(
        QUOTAS,
        "Six actions of one alarm",
        lambda p: ServiceAlarms.of(p.given[0], actions={"Critical": p.given[1]}),
        _bare_six_actions,
        Refused("actions has 6 entries for one alarm; use at most 5", "one topic"),
        given=_observed,
    ),
]


def _option(what: str, expected: Expected, ours: Any, theirs: Any) -> Case:  # noqa: ANN401 - callables
    return Case(OPTIONS, what, ours, theirs, expected)


def _called(function: Any, **options: Any) -> object:  # noqa: ANN401 - a type checker would refuse these
    return function(**options)


NOT_THERE = [
    _option(
        "`memory_limit=512` of an `AppContainer`",
        Refused("AppContainer has no option 'memory_limit'", "did you mean memory_limit_mib=?"),
        lambda _: _called(lambda **o: AppContainer(NGINX, 80, **o), memory_limit=512),
        lambda p: bare.container(p, memory_limit=512),
    ),
    _option(
        "`desiredCount=3` of a service, as in TypeScript",
        Refused("LoadBalancedFargateService has no option 'desiredCount'", "did you mean desired_count=?"),
        lambda p: here.service(p, desiredCount=3),
        lambda p: bare.pattern(p, desiredCount=3),
    ),
    _option(
        "`approval=True` of `Rolling`, which only deployments that shift traffic have",
        Refused("Rolling has no option 'approval'", "use min_healthy_percent"),
        lambda _: _called(Rolling, approval=True),
        lambda p: bare.pattern(p, approval=True),
    ),
    _option(
        "`sidecars=[…]` of `EcrFargateService`, which has one container",
        Refused(
            "EcrFargateService has no option 'sidecars'",
            "use LoadBalancedFargateService(sidecars=…), with an image from ",
        ),
        lambda p: here.door(p, sidecars=[]),
        None,
    ),
    Case(
        OPTIONS,
        "`buidl=…` of `build_and_push_image`",
        lambda p: here.image(p, p.context, buidl=ImageBuild()),
        lambda p: bare.asset(p, p.context, buidl=None),
        Refused("build_and_push_image has no option 'buidl'", "did you mean build=?"),
        given=here.repository,
    ),
]

CASES = [*ON_EC2, *ABOVE, *NOT_THERE]
