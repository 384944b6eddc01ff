"""What Amazon ECS Managed Instances cannot run, and values that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs import (
    Ec2Container,
    ManagedInstancesCapacity,
    Scaling,
    Spot,
    TaskSize,
)
from ecr_fargate_constructs.errors import ConfigurationError
from tests.service.capacity.managed import IMAGE, PROFILE, provider_of, requirements_of, web_on
from tests.support.templates import only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def _wish(**options: Any) -> ManagedInstancesCapacity:  # noqa: ANN401 - passed on
    options = {"v_cpu_count_min": 2, "memory_min": cdk.Size.gibibytes(4), **options}
    return ManagedInstancesCapacity(instance_requirements=ec2.InstanceRequirementsConfig(**options))


def _arm(*kinds: str) -> ManagedInstancesCapacity:
    return ManagedInstancesCapacity(instance_types=[ec2.InstanceType(each) for each in kinds])


CONTAINER = Ec2Container(IMAGE, 80, placement_strategies=[ecs.PlacementStrategy.packed_by_cpu()])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"capacity": _arm("m7g.*")}, r"instance_types has m7g.\*, which is ARM64, but the image is built for X86_64"),
        ({"capacity": _arm("m7i.large", "c8g.large")}, r"instance_types has c8g.large, which is ARM64"),
        ({"capacity": _arm("mac1.metal")}, r"instance_types has mac1.metal, which runs macOS"),
        (
            {"capacity": _wish(cpu_manufacturers=[ec2.CpuManufacturer.AWS])},
            r"instance_requirements has cpu_manufacturers=\['AWS'\], but the image is built for X86_64",
        ),
        ({"container": CONTAINER}, r"Ec2Container.placement_strategies is set, but ECS has no placement strategies on"),
        ({"container": Ec2Container(IMAGE, 80, gpu_count=1)}, r"Ec2Container.gpu_count=1 needs instances with GPUs"),
        (
            {"container": Ec2Container(IMAGE, 80, gpu_count=1), "capacity": _arm("m7i.*")},
            r"Ec2Container.gpu_count=1 needs instances with GPUs",
        ),
        (
            {"size": TaskSize(cpu=256, memory_mib=512, ephemeral_storage_gib=50)},
            r"TaskSize.ephemeral_storage_gib=50 is for Fargate; .*ManagedInstancesCapacity\(storage_gib=…\)",
        ),
        (
            {"scaling": Scaling(min_capacity=1, max_capacity=1, capacity=Spot())},
            r"Scaling.capacity=Spot\(\) is for Fargate, .*ManagedInstancesCapacity",
        ),
    ],
)
def test_what_they_cannot_run(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"\[Stack/Web\] .*{message}"):
        web_on(stack, **options)
    assert stack.node.try_find_child("Web") is None


@pytest.mark.parametrize(
    "capacity",
    [
        _arm("g6.*"),
        _arm("g*"),
        _wish(accelerator_count_min=1),
        _wish(accelerator_types=[ec2.AcceleratorType.GPU]),
        _wish(allowed_instance_types=["g6.*"]),
    ],
)
def test_gpus(stack: cdk.Stack, capacity: ManagedInstancesCapacity) -> None:
    web_on(stack, container=Ec2Container(IMAGE, 80, gpu_count=1, privileged=True), capacity=capacity)
    [container] = only(template_of(stack), "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    assert container["ResourceRequirements"] == [{"Type": "GPU", "Value": "1"}]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ManagedInstancesCapacity(storage_gib=0), r"storage_gib=0"),
        (lambda: ManagedInstancesCapacity(scale_in_after=cdk.Duration.hours(2)), r"scale_in_after is 7200 seconds"),
        (
            lambda: ManagedInstancesCapacity(instance_types=[ec2.InstanceType("m7i.large")] * 401),
            r"instance_types has 401 types; use at most 400",
        ),
        (
            lambda: ManagedInstancesCapacity(
                instance_types=[ec2.InstanceType("m7i.large")],
                instance_requirements=ec2.InstanceRequirementsConfig(
                    v_cpu_count_min=1, memory_min=cdk.Size.gibibytes(1)
                ),
            ),
            r" has instance_types and instance_requirements; keep one",
        ),
        (
            lambda: _wish(allowed_instance_types=["m7i.*"], excluded_instance_types=["m6i.*"]),
            r"instance_requirements has allowed_instance_types and excluded_instance_types; keep one",
        ),
        (
            lambda: _wish(
                spot_max_price_percentage_over_lowest_price=1, on_demand_max_price_percentage_over_lowest_price=1
            ),
            r"instance_requirements has spot_max_price_percentage_over_lowest_price and on_demand",
        ),
        (lambda: _wish(v_cpu_count_max=1), r"instance_requirements has v_cpu_count_min=2 above v_cpu_count_max=1"),
        (
            lambda: _wish(memory_max=cdk.Size.gibibytes(1)),
            r"instance_requirements has memory_min of 4096 MiB above memory_max of 1024 MiB",
        ),
    ],
)
def test_values_that_cannot_be(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"ManagedInstancesCapacity\.?{message}"):
        make()


def test_a_profile_without_its_role_is_refused(stack: cdk.Stack) -> None:
    profile = iam.InstanceProfile.from_instance_profile_arn(stack, "Profile", PROFILE)
    with pytest.raises(ConfigurationError, match=r"ManagedInstancesCapacity.instance_profile names no role, so ECS"):
        ManagedInstancesCapacity(instance_profile=profile)


def test_tokens_pass(stack: cdk.Stack) -> None:
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    text = cdk.CfnParameter(stack, "Text").value_as_string
    capacity = ManagedInstancesCapacity(
        instance_types=[ec2.InstanceType(text)], storage_gib=number, scale_in_after=cdk.Duration.seconds(number)
    )
    web_on(stack, capacity=capacity, container=Ec2Container(IMAGE, 80, gpu_count=number))
    template = template_of(stack)
    assert requirements_of(template)["AllowedInstanceTypes"] == [{"Ref": "Text"}]
    assert provider_of(template)["InfrastructureOptimization"] == {"ScaleInAfter": {"Ref": "Number"}}
