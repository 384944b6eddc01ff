"""Delete what stacks leave behind: the examples keep images, logs and data, as a user wants it; the suite does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.aws.answers.asking import Resource
    from tests.aws.targets import Target

_KEY_DAYS = 7  # the fewest that KMS takes
_GONE = frozenset(
    {
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
        "NoSuchBucket",
        "NotFoundException",
        "FileSystemNotFound",
        "AWS.SimpleQueueService.NonExistentQueue",
        "ValidationError",
        "QueueDoesNotExist",
    }
)


def _bucket(target: Target, name: str) -> None:
    s3 = target.client("s3")
    versions = s3.get_paginator("list_object_versions").paginate(Bucket=name)
    for page in versions:
        listed = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in listed]
        if keys:
            s3.delete_objects(Bucket=name, Delete={"Objects": keys})
    s3.delete_bucket(Bucket=name)


def _file_system(target: Target, identifier: str) -> None:
    target.client("efs").delete_file_system(FileSystemId=identifier)


DELETE: Mapping[str, Callable[[Target, str], Any]] = {
    "AWS::ECR::Repository": lambda target, name: target.client("ecr").delete_repository(
        repositoryName=name, force=True
    ),
    "AWS::Logs::LogGroup": lambda target, name: target.client("logs").delete_log_group(logGroupName=name),
    "AWS::S3::Bucket": _bucket,
    "AWS::EFS::FileSystem": _file_system,
    "AWS::KMS::Key": lambda target, name: target.client("kms").schedule_key_deletion(
        KeyId=name, PendingWindowInDays=_KEY_DAYS
    ),
    "AWS::SecretsManager::Secret": lambda target, name: target.client("secretsmanager").delete_secret(
        SecretId=name, ForceDeleteWithoutRecovery=True
    ),
    "AWS::DynamoDB::GlobalTable": lambda target, name: target.client("dynamodb").delete_table(TableName=name),
    "AWS::Signer::SigningProfile": lambda target, arn: target.client("signer").cancel_signing_profile(
        profileName=arn.rpartition("/")[2]
    ),
    "AWS::SQS::Queue": lambda target, url: target.client("sqs").delete_queue(QueueUrl=url),
}
"""How a resource is deleted that a stack keeps."""


def kept(
    resources: Iterable[Resource], templates: Mapping[str, Mapping[str, Any]], created: frozenset[tuple[str, str]]
) -> list[Resource]:
    """Return the resources that CloudFormation has created, and keeps when it deletes their stack."""
    return [
        each
        for each in resources
        if (each.stack, each.logical) in created
        and templates[each.stack]["Resources"].get(each.logical, {}).get("DeletionPolicy", "Delete") != "Delete"
    ]


def delete(target: Target, resources: Iterable[Resource]) -> list[str]:
    """Delete resources, and return sentences about those that stay."""
    left = []
    for each in resources:
        remove = DELETE.get(each.type)
        if remove is None:
            left.append(f"{each.type} {each.physical}: this suite cannot delete it")
            continue
        try:
            remove(target, each.physical)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                left.append(f"{each.type} {each.physical}: {error}")
        except BotoCoreError as error:
            left.append(f"{each.type} {each.physical}: {error}")
    return left
