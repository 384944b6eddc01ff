"""Two stacks: a queue with plain CDK, and a service behind HTTPS."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ecr_fargate_constructs import EcrFargateService, PublicHttps, Scaling

APP = Path(__file__).parent.parent.parent / "app"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"


class OrdersStack(cdk.Stack):
    """A queue, and the queue for what nobody could handle."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        visibility = cdk.Duration.seconds(self.node.get_context("orders:visibility"))
        dead = sqs.Queue(self, "Dead", enforce_ssl=True)
        again = sqs.DeadLetterQueue(max_receive_count=3, queue=dead)
        sqs.Queue(self, "Queue", enforce_ssl=True, visibility_timeout=visibility, dead_letter_queue=again)


class ShopStack(cdk.Stack):
    """A service that scales."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        certificate = acm.Certificate.from_certificate_arn(self, "Certificate", CERTIFICATE)
        EcrFargateService(
            self,
            "Web",
            directory=APP,
            container_port=8080,
            ingress=PublicHttps(certificate=certificate),
            scaling=Scaling(min_capacity=2, max_capacity=10, cpu_percent=60),
        )
