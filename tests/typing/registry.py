"""Registries, templates of their repositories, and Managed Instances, as type checkers read them."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from typing_extensions import assert_type

from ecr_fargate_constructs import (
    AppContainer,
    CreationScenario,
    Ec2Capacity,
    LoadBalancedEc2Service,
    ManagedInstancesCapacity,
    RegistrySettings,
    ReplicationDestination,
    RepositoryCreationTemplate,
)


def registry(stack: cdk.Stack, reader: iam.IPrincipal, scanner: iam.IRole) -> RegistrySettings:
    template = RepositoryCreationTemplate(
        stack, "Template", applied_for=[CreationScenario.REPLICATION], encryption_key=kms.Key(stack, "Key")
    )
    assert_type(template.template, ecr.CfnRepositoryCreationTemplate)
    return RegistrySettings(
        stack,
        "Registry",
        replicate_to=["us-east-1", ReplicationDestination(account="444455556666", region="us-east-1")],
        replicate_from=["444455556666"],
        policy=[iam.PolicyStatement(actions=["ecr:*"], resources=["*"], principals=[reader])],
        pull_time_exclusions=[
            scanner,
            "arn:aws:iam::111122223333:role/scan",
        ],
    )


def managed(stack: cdk.Stack) -> LoadBalancedEc2Service:
    wish = ec2.InstanceRequirementsConfig(v_cpu_count_min=2, memory_min=cdk.Size.gibibytes(4))
    capacities: list[Ec2Capacity | ManagedInstancesCapacity] = [
        ManagedInstancesCapacity(instance_types=[ec2.InstanceType("m7i.*")], storage_gib=200),
        ManagedInstancesCapacity(
            instance_requirements=wish,
            capacity_option_type=ecs.CapacityOptionType.SPOT,
            scale_in_after=cdk.Duration.minutes(5),
        ),
    ]
    return LoadBalancedEc2Service(stack, "Managed", container=AppContainer("nginx:1.29", 80), capacity=capacities[0])
