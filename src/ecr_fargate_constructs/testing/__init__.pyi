# The public names, each with the module that defines it. _lazy.py reads this list at run time.
from ecr_fargate_constructs.testing.cdk_app import CdkApp as CdkApp
from ecr_fargate_constructs.testing.compliance import AssertCompliant as AssertCompliant
from ecr_fargate_constructs.testing.logical_ids import STATEFUL_TYPES as STATEFUL_TYPES
from ecr_fargate_constructs.testing.logical_ids import AssertLogicalIdsStable as AssertLogicalIdsStable
from ecr_fargate_constructs.testing.normalisation import normalised as normalised
from ecr_fargate_constructs.testing.replacement import Effect as Effect
from ecr_fargate_constructs.testing.replacement import Update as Update
from ecr_fargate_constructs.testing.replacement import assert_no_replacement as assert_no_replacement
from ecr_fargate_constructs.testing.replacement import updates as updates
from ecr_fargate_constructs.testing.service import ServiceAssertions as ServiceAssertions
from ecr_fargate_constructs.testing.service import service_in as service_in
from ecr_fargate_constructs.testing.snapshot import TemplateSnapshotExtension as TemplateSnapshotExtension
from ecr_fargate_constructs.testing.synthesis import Synthesize as Synthesize
from ecr_fargate_constructs.testing.traffic_rules import (
    assert_traffic_rules_unchanged as assert_traffic_rules_unchanged,
)
from ecr_fargate_constructs.testing.validity import assert_valid as assert_valid

__all__: list[str]  # noqa: PYI035 - the names above: a list of them would say each twice
