"""The examples with constructs that are not this library's."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from tests.support import ROOT
from tests.support.example_apps import load
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

FOLDER = ROOT / "examples" / "beside_others"


def test_a_function_waits_for_the_image_that_it_is_given_by_name() -> None:
    template = template_of(load(FOLDER / "lambda_function.py").build(cdk.App()))
    (function,) = (
        each for each in of_type(template, "AWS::Lambda::Function").values() if "ImageUri" in each["Properties"]["Code"]
    )
    (copy,) = of_type(template, "Custom::EcrFargateImageCopy")
    assert copy in function["DependsOn"]


def test_a_service_takes_a_rule_of_a_listener_that_exists() -> None:
    module = load(FOLDER / "existing_load_balancer.py")
    template = template_of(module.build(cdk.App()))
    (rule,) = of_type(template, "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    assert rule["Properties"]["ListenerArn"] == module.LISTENER
    assert of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer") == {}
    ingress = of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    assert "sg-0123456789abcdef0" in {each["Properties"].get("SourceSecurityGroupId") for each in ingress}
