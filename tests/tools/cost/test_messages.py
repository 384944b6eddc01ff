"""The price of queues and topics: nothing but their use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.cost.bill import bill_of
from tests.tools.cost.test_bill import TABLE, make

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.tools.assembly.model import App

__all__ = ["make"]


def test_queues_and_topics_cost_by_their_use(make: Callable[[dict[str, Any]], App]) -> None:
    bill = bill_of(
        make(
            {
                "Jobs": {"Type": "AWS::SQS::Queue"},
                "Ordered": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}},
                "Orders": {"Type": "AWS::SNS::Topic"},
                "InOrder": {"Type": "AWS::SNS::Topic", "Properties": {"FifoTopic": True}},
                "Allowed": {"Type": "AWS::SQS::QueuePolicy"},
                "Subscribed": {"Type": "AWS::SNS::Subscription"},
            }
        ),
        TABLE,
    )
    assert {each.what: str(each.price) for each in bill.usage} == {
        "queues, per million requests": "0.40",
        "FIFO queues, per million requests": "0.50",
        "topics, per million messages published": "0.50",
    }
    assert bill.unpriced == ("AWS::SNS::Topic",)  # the FIFO topic, which also costs by the GB
