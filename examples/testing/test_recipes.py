"""The recipes of docs/testing.md."""

import json
from pathlib import Path

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from shop_stacks import OrdersStack, ShopStack

from ecr_fargate_constructs.testing import assert_no_replacement, assert_valid, service_in, updates

DEPLOYED = Path(__file__).parent / "deployed"


def a_queue(stack):
    sqs.Queue(stack, "Queue", queue_name="orders", enforce_ssl=True)


def test_a_part_of_a_stack(synthesize):
    synthesize(a_queue).has_resource_properties("AWS::SQS::Queue", {"QueueName": "orders"})


def orders_in_ireland(app, id):
    stack = OrdersStack(app, id)
    cdk.Tags.of(stack).add("country", "Ireland")
    return stack


def test_a_stack_with_more_around_it(synthesize):
    template = synthesize(orders_in_ireland, id="Orders", context={"orders:visibility": 60})
    template.has_resource_properties(
        "AWS::SQS::Queue", {"VisibilityTimeout": 60, "Tags": [{"Key": "country", "Value": "Ireland"}]}
    )


def test_without_bundling(synthesize):
    synthesize(a_function, context={"aws:cdk:bundling-stacks": []}).resource_count_is("AWS::Lambda::Function", 1)


def a_function(stack):
    image = cdk.DockerImage.from_registry("public.ecr.aws/sam/build-python3.13")  # these tests never pull it
    code = lambda_.Code.from_asset(str(DEPLOYED), bundling=cdk.BundlingOptions(image=image))
    lambda_.Function(stack, "Function", runtime=lambda_.Runtime.PYTHON_3_13, handler="a.b", code=code)


def test_the_service(synthesize):
    service = service_in(synthesize(ShopStack))
    service.runs_image_from("WebRepositoryFD65F3F1")
    service.has_circuit_breaker()
    service.scales_between(2, 10)
    service.answers_on(443)


def test_the_whole_app(cdk_app, template_snapshot):
    assert cdk_app.stacks == ("Orders", "Shop")
    assert cdk_app.template("Orders") == template_snapshot


@pytest.mark.parametrize("stack", ["Orders", "Shop"])
def test_cloudformation_would_take_it(cdk_app, stack):
    assert_valid(cdk_app.template(stack))


def test_more_rule_packs(assert_compliant):
    assert_compliant(OrdersStack, packs=[cdk_nag.AwsSolutionsChecks, cdk_nag.NIST80053R5Checks])


def test_what_holds_state_keeps_its_logical_id(synthesize, assert_logical_ids_stable):
    assert_logical_ids_stable(synthesize(ShopStack))


def test_the_next_deployment_replaces_nothing(cdk_app):
    deployed = json.loads((DEPLOYED / "orders.json").read_text(encoding="utf-8"))
    assert_no_replacement(deployed, cdk_app.template("Orders"))


def test_the_next_deployment_leaves_the_traffic_where_it_is(cdk_app, assert_traffic_rules_unchanged):
    deployed = json.loads((DEPLOYED / "orders.json").read_text(encoding="utf-8"))
    assert_traffic_rules_unchanged(deployed, cdk_app.template("Orders"))


def test_a_name_for_the_queue_would_be_a_new_queue(synthesize):
    old, new = synthesize(OrdersStack).to_json(), synthesize(OrdersStack).to_json()
    new["Resources"]["Queue4A7E3555"]["Properties"]["QueueName"] = "orders"
    (update,) = updates(old, new)
    assert update.effect.value == "would be replaced"
    assert update.reasons == ('QueueName: absent -> "orders"',)
