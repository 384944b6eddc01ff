"""The function of ``SignatureCheck``: may this deployment go on? Runs in AWS Lambda, and imports nothing of ours."""

import os
from typing import Any

import boto3

ecr, ecs = boto3.client("ecr"), boto3.client("ecs")


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Ask ECR whether it has signed each image of the new version."""
    repositories = os.environ["REPOSITORIES"].split(",")
    details = event.get("executionDetails", event)
    answer = ecs.describe_service_revisions(serviceRevisionArns=[details["targetServiceRevisionArn"]])
    [revision] = answer["serviceRevisions"]
    states = []
    for container in revision["containerImages"]:
        registry, _, name = container["image"].partition("/")
        repository = name.partition("@")[0].rpartition(":")[0] or name.partition("@")[0]
        if ".dkr.ecr" not in registry or repository not in repositories:
            continue  # somebody else's image
        digest = container.get("imageDigest") or name.partition("@")[2]
        image = {"imageDigest": digest} if digest else {"imageTag": name.rpartition(":")[2]}
        status = ecr.describe_image_signing_status(repositoryName=repository, imageId=image)
        found = [each for each in status["signingStatuses"] if each["signingProfileArn"] == os.environ["PROFILE"]]
        state = found[0]["status"] if found else "NOT SIGNED"
        print(f"{container['image']} {digest}: {state} {found[0].get('failureReason', '') if found else ''}")
        states.append(state)
    if states and all(state == "COMPLETE" for state in states):
        return {"hookStatus": "SUCCEEDED"}
    if states and all(state in {"COMPLETE", "IN_PROGRESS"} for state in states):
        return {"hookStatus": "IN_PROGRESS"}
    if not states:
        print(f"no image of the service is in {repositories}, so there is nothing to vouch for it")
    return {"hookStatus": "FAILED"}
