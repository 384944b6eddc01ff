"""The customer-managed keys behind a resource: who uses the resource has to be allowed to use the key, too.

MiniStack encrypts nothing, and does not ask. Sources: the KMS pages of the developer guides of Secrets Manager ("Secret
encryption and decryption"), Systems Manager, SQS ("Key management"), SNS and S3 (SSE-KMS); the context is that of
``kms:ViaService`` and ``kms:EncryptionContext``. Written for MiniStack 1.5.33.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_USES = {
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
    "secretsmanager:PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"),
    "ssm:GetParameter": ("kms:Decrypt",),
    "ssm:GetParameters": ("kms:Decrypt",),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
}


class KeyUse(NamedTuple):
    """A use of a key that another request implies.

    Attributes:
        action: The action of KMS.
        key: ARN of the key.
        context: Condition keys.
    """

    action: str
    key: str
    context: Mapping[str, str]


class Keys:
    """Finds the keys of resources."""

    def __init__(self) -> None:
        service = {
            name: import_module(f"ministack.services.{name}")
            for name in ("kms", "secretsmanager", "ssm", "sqs", "sns", "s3")
        }
        self._key = find(service["kms"], "_resolve_key")
        self._secret, self._parameter = find(service["secretsmanager"], "_resolve"), find(service["ssm"], "_parameters")
        self._queue, self._topic = (
            find(service["sqs"], "_queue_by_arn"),
            find(service["sns"], "_topic_by_arn_any_scope"),
        )
        self._bucket = find(service["s3"], "_bucket_default_sse_headers")

    def uses(self, action: str, resource: str, region: str) -> Iterator[KeyUse]:
        """Yield the uses of keys that a request implies; none for keys that AWS manages."""
        if action not in _USES or not resource.startswith("arn:"):
            return
        _, _, service, _, _, name = resource.split(":", 5)
        key, encrypted = self._of(service, resource, name)
        record = self._key(key) if key and "alias/aws/" not in key else None
        if record is None or record.get("KeyManager", "CUSTOMER") != "CUSTOMER":
            return
        context = {"kms:ViaService": f"{service}.{region}.amazonaws.com"}
        context |= {f"kms:EncryptionContext:{field}": resource for field in encrypted}
        for use in _USES[action]:
            yield KeyUse(use, record["Arn"], context)

    def _of(self, service: str, resource: str, name: str) -> tuple[str | None, tuple[str, ...]]:
        """The key of a resource, and the fields of the encryption context that name the resource."""
        match service:
            case "secretsmanager":
                _, secret = self._secret(resource)
                return (secret or {}).get("KmsKeyId"), ("SecretARN",)
            case "ssm":
                path = name.removeprefix("parameter/")
                found = self._parameter.get(f"/{path}") or self._parameter.get(path) or {}
                return (found.get("KeyId") if found.get("Type") == "SecureString" else None), ("PARAMETER_ARN",)
            case "sqs":
                queue = self._queue(resource)
                return ((queue or {}).get("attributes") or {}).get("KmsMasterKeyId"), ("aws:sqs:arn",)
            case "sns":
                return ((self._topic(resource) or {}).get("attributes") or {}).get("KmsMasterKeyId"), (
                    "aws:sns:topicArn",
                )
            case _:
                key = self._bucket(name.partition("/")[0]).get("x-amz-server-side-encryption-aws-kms-key-id")
                return key, ("aws:s3:arn",)
