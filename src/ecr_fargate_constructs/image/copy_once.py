"""The function in front of the one that copies images: is the tag there? Runs in Lambda, and imports nothing of ours.

A tag of an immutable repository is pushed once, and a second push of the same image is an error
(containers-roadmap#2179), so a rollback, or code that is as it was before, would fail (cdk-ecr-deployment#207).
"""

import json
import os
import urllib.request
from typing import Any

import boto3

ecr, functions = boto3.client("ecr"), boto3.client("lambda")


def handler(event: dict[str, Any], _context: object) -> None:
    """Answer CloudFormation where there is nothing to copy; else hand the question on, and with it the answer."""
    try:
        image = event["ResourceProperties"]["DestImage"]
        if event["RequestType"] == "Delete" or is_there(image):
            print(f"{event['RequestType']}: nothing to copy to {image}")
            answer(event, "SUCCESS", "")
        else:
            copies = os.environ["COPIES"]
            functions.invoke(FunctionName=copies, InvocationType="Event", Payload=json.dumps(event).encode())
    except Exception as error:  # CloudFormation would wait an hour for an answer
        answer(event, "FAILED", f"{type(error).__name__}: {error}")
        raise


def is_there(image: str) -> bool:
    """Whether the repository has the tag."""
    registry, _, name = image.removeprefix("docker://").partition("/")
    repository, _, tag = name.rpartition(":")
    try:
        found = ecr.describe_images(
            registryId=registry.partition(".")[0], repositoryName=repository, imageIds=[{"imageTag": tag}]
        )
    except ecr.exceptions.ImageNotFoundException:
        return False
    return bool(found["imageDetails"])


def answer(event: dict[str, Any], status: str, reason: str) -> None:
    """Tell CloudFormation; what it knows the resource by stays as it is."""
    said = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["ResourceProperties"]["DestImage"],
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    url, body = event["ResponseURL"], json.dumps(said).encode()
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - CloudFormation's
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
