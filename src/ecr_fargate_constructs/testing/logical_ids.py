"""A logical id is the identity of a resource: a new one makes an empty new resource beside, or instead of, the old."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.testing.templates import as_data, resources

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from syrupy.assertion import SnapshotAssertion

    from ecr_fargate_constructs.testing.templates import TemplateLike

# Types that hold data, or an address or identity that is known outside the stack.
STATEFUL_TYPES = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::Cassandra::Keyspace",
        "AWS::Cassandra::Table",
        "AWS::CertificateManager::Certificate",
        "AWS::CloudFront::Distribution",
        "AWS::CodeCommit::Repository",
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolClient",
        "AWS::DocDB::DBCluster",
        "AWS::DocDB::DBInstance",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EC2::EIP",
        "AWS::EC2::Instance",
        "AWS::EC2::VPC",
        "AWS::EC2::Volume",
        "AWS::ECR::Repository",
        "AWS::ECS::Cluster",
        "AWS::ECS::Service",
        "AWS::EFS::FileSystem",
        "AWS::EKS::Cluster",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::Elasticsearch::Domain",
        "AWS::FSx::FileSystem",
        "AWS::KMS::Key",
        "AWS::Kinesis::Stream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::Logs::LogGroup",
        "AWS::MSK::Cluster",
        "AWS::MSK::ServerlessCluster",
        "AWS::MemoryDB::Cluster",
        "AWS::Neptune::DBCluster",
        "AWS::OpenSearchServerless::Collection",
        "AWS::OpenSearchService::Domain",
        "AWS::QLDB::Ledger",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::RDS::GlobalCluster",
        "AWS::Redshift::Cluster",
        "AWS::RedshiftServerless::Namespace",
        "AWS::Route53::HostedZone",
        "AWS::S3::Bucket",
        "AWS::S3Express::DirectoryBucket",
        "AWS::S3Tables::TableBucket",
        "AWS::SDB::Domain",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
        "AWS::Timestream::Database",
        "AWS::Timestream::Table",
    }
)
_RECORD = "logical-ids"
_KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")


class AssertLogicalIdsStable:
    """Compares the logical ids of stateful resources with those that were deployed.

    - ``assert_logical_ids_stable(template)`` compares with the record beside the test, which ``--snapshot-update``
      writes; a resource that is not in the record yet fails too, because only recorded resources are protected.
    - ``assert_logical_ids_stable(template, deployed)`` compares with another template; new resources are accepted.

    The default is the resources of ``STATEFUL_TYPES``; set ``types`` to protect more or fewer.
    """

    def __init__(self, snapshot: Callable[[], SnapshotAssertion]) -> None:
        self._snapshot = snapshot

    def __call__(
        self,
        template: TemplateLike,
        deployed: TemplateLike | None = None,
        *,
        types: Collection[str] = STATEFUL_TYPES,
    ) -> None:
        """Raise an ``AssertionError`` that names each resource that would be replaced."""
        __tracebackhide__ = True
        now = _identities(template, types)
        if deployed is not None:
            problems = list(_lost(_identities(deployed, types), now, resources(deployed)))
        else:
            problems = self._against_the_record(now)
        if problems:
            raise AssertionError("\n".join(["stateful resources have to keep their logical ids:", *problems]))

    def _against_the_record(self, now: dict[str, str]) -> list[str]:
        from syrupy.extensions.json import JSONSnapshotExtension  # noqa: PLC0415

        snapshot = self._snapshot().use_extension(JSONSnapshotExtension)(name=_RECORD)
        if now == snapshot:  # with --snapshot-update this writes the record
            return []
        record = next(iter(snapshot.executions.values())).recalled_data
        if record is None:
            return ["  nothing is recorded yet; record what is deployed with: pytest --snapshot-update"]
        recorded: dict[str, str] = json.loads(record)
        new = [
            f"  {name} ({kind}) is new and not recorded; record it with: pytest --snapshot-update"
            for name, kind in now.items()
            if name not in recorded and kind not in {recorded[lost] for lost in recorded.keys() - now.keys()}
        ]
        return [*_lost(recorded, now, {}), *new]


def _identities(template: TemplateLike, types: Collection[str]) -> dict[str, str]:
    items = as_data(template).get("Resources", {})
    return {name: item["Type"] for name, item in sorted(items.items()) if item["Type"] in types}


def _lost(old: Mapping[str, str], new: Mapping[str, str], before: Mapping[str, Any]) -> list[str]:
    problems = []
    for name, kind in old.items():
        if new.get(name) == kind:
            continue
        successors = [other for other, its in new.items() if its == kind and other not in old]
        policy = before.get(name, {}).get("DeletionPolicy")
        fate = "deleted" if policy not in _KEPT else f"left behind ({policy})"
        fate = fate if before else "deleted, or left behind by its DeletionPolicy"
        if successors:
            replaced = f"is replaced by {' or '.join(successors)}: CloudFormation makes that one, empty"
            problems.append(f"  {name} ({kind}) {replaced}, and the old one is {fate}")
        else:
            problems.append(f"  {name} ({kind}) is gone: it is {fate}")
    return problems
