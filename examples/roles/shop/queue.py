"""The queue: its client, and sending."""

import boto3
from django.conf import settings


def client():
    """Return a client of SQS."""
    return boto3.client("sqs")


def send(body):
    """Put a message into the queue."""
    client().send_message(QueueUrl=settings.QUEUE_URL, MessageBody=body)
