"""What ``Posture.REGULATED`` adds to templates, and what takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    EcrFargateService,
    Egress,
    ImageRepositoryStack,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    Network,
    Posture,
    PrivateRepository,
    PublicHttp,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
)
from ecr_fargate_constructs.testing import updates
from support import attributes, of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

Template = dict[str, Any]
ACL = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/a1b2c3d4"
TAG = {"Key": "ecr-fargate-constructs:posture", "Value": "REGULATED"}
CONTAINER = AppContainer("public.ecr.aws/nginx/nginx:1.29", 80)
KEY = {"Fn::GetAtt": ["EcrFargateKey62135120", "Arn"]}


def _stack(app: cdk.App | None = None, name: str = "Web", **options: Any) -> cdk.Stack:  # noqa: ANN401 - of apply_to
    stack = cdk.Stack(app or cdk.App(), name)
    Posture.REGULATED.apply_to(stack, **options)
    return stack


@pytest.fixture(scope="module")
def template(directory: Path) -> Template:
    stack = _stack()
    EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp())
    LoadBalancedFargateService(stack, "Other", container=CONTAINER, ingress=PublicHttp(), enable_execute_command=True)
    return template_of(stack)


def test_one_key_that_rotates_and_stays(template: Template) -> None:
    key = only(template, "AWS::KMS::Key")
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
    own = [each for each in key["Properties"]["KeyPolicy"]["Statement"] if "Service" in each["Principal"]]
    assert [each["Condition"] for each in own] == [
        {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": {
                    "Fn::Join": [
                        "",
                        [
                            "arn:",
                            {"Ref": "AWS::Partition"},
                            ":logs:",
                            {"Ref": "AWS::Region"},
                            ":",
                            {"Ref": "AWS::AccountId"},
                            ":log-group:*",
                        ],
                    ]
                }
            }
        }
    ]


def test_the_key_encrypts_images_and_logs(template: Template) -> None:
    repository = only(template, "AWS::ECR::Repository")["Properties"]
    assert repository["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": KEY}
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert len(groups) == 5  # of two services, of shell sessions, of the web ACL, of the copies
    assert [group["Properties"]["KmsKeyId"] for group in groups.values()] == [KEY] * 5


def test_logs_stay_for_a_year(template: Template) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup").values()
    assert {group["Properties"]["RetentionInDays"] for group in groups} == {365}
    [rule] = only(template, "AWS::S3::Bucket")["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 365
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_log_retention_says_otherwise() -> None:
    stack = _stack()
    LoadBalancedFargateService(stack, "Web", container=CONTAINER, log_retention=logs.RetentionDays.TEN_YEARS)
    assert of_type(template_of(stack), "AWS::Logs::LogGroup")["WebLogGroup1664F270"]["Properties"][
        "RetentionInDays"
    ] == (3653)


def test_the_log_bucket_is_hardened(template: Template) -> None:
    bucket = only(template, "AWS::S3::Bucket")
    assert bucket["DeletionPolicy"] == "Retain"
    properties = bucket["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    [encryption] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    statements = only(template, "AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    denied = [each["Condition"] for each in statements if each["Effect"] == "Deny"]
    assert denied == [{"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": 1.2}}]
    allowed = {
        (each["Principal"]["Service"], each["Action"], str(each["Resource"]).count("load-balancers"))
        for each in statements
        if each["Effect"] == "Allow"
    }
    assert allowed == {
        ("logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject", 1),
        ("delivery.logs.amazonaws.com", "s3:PutObject", 0),
        ("delivery.logs.amazonaws.com", "s3:GetBucketAcl", 0),
    }


def test_load_balancers_log_and_stay(template: Template) -> None:
    [policy] = of_type(template, "AWS::S3::BucketPolicy")
    [bucket] = of_type(template, "AWS::S3::Bucket")
    balancers = of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert len(balancers) == 2
    for balancer in balancers.values():
        found = attributes(balancer, "LoadBalancerAttributes")
        assert found["access_logs.s3.enabled"] == "true"
        assert found["access_logs.s3.bucket"] == {"Ref": bucket}  # type: ignore[comparison-overlap]
        assert found["access_logs.s3.prefix"] == "load-balancers"
        assert found["deletion_protection.enabled"] == "true"
        assert policy in balancer["DependsOn"]


def test_deletion_protection_can_be_said_no_to() -> None:
    stack = _stack()
    way = PublicHttp(load_balancer=LoadBalancerSettings(deletion_protection=False))
    LoadBalancedFargateService(stack, "Web", container=CONTAINER, ingress=way)
    balancer = only(template_of(stack), "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert attributes(balancer, "LoadBalancerAttributes")["deletion_protection.enabled"] == "false"


def test_one_web_acl_in_front_of_each_load_balancer(template: Template) -> None:
    [(name, acl)] = of_type(template, "AWS::WAFv2::WebACL").items()
    assert acl["Properties"]["Scope"] == "REGIONAL"
    assert acl["Properties"]["DefaultAction"] == {"Allow": {}}
    associations = of_type(template, "AWS::WAFv2::WebACLAssociation").values()
    assert [each["Properties"]["WebACLArn"] for each in associations] == [{"Fn::GetAtt": [name, "Arn"]}] * 2
    groups = {
        rule["Name"]: rule["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides")
        for rule in acl["Properties"]["Rules"]
    }
    assert groups == {
        "AWSManagedRulesAmazonIpReputationList": None,
        "AWSManagedRulesCommonRuleSet": [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}],
        "AWSManagedRulesKnownBadInputsRuleSet": None,
        "AWSManagedRulesSQLiRuleSet": None,
    }


def test_the_web_acl_logs_without_secrets_under_a_name_that_waf_takes(template: Template) -> None:
    logging = only(template, "AWS::WAFv2::LoggingConfiguration")["Properties"]
    assert [each["SingleHeader"]["Name"] for each in logging["RedactedFields"]] == ["authorization", "cookie"]
    [destination] = logging["LogDestinationConfigs"]
    group = destination["Fn::Join"][1][-1]["Ref"]
    assert destination["Fn::Join"][1][-2].endswith(":log-group:")
    name = template["Resources"][group]["Properties"]["LogGroupName"]
    assert name["Fn::Join"][0] == "-"
    assert name["Fn::Join"][1][0] == "aws-waf-logs"


def test_the_network_logs_and_its_default_group_is_closed(template: Template) -> None:
    [vpc] = of_type(template, "AWS::EC2::VPC")
    flow_log = only(template, "AWS::EC2::FlowLog")
    assert flow_log["Properties"]["ResourceId"] == {"Ref": vpc}
    assert flow_log["Properties"]["TrafficType"] == "ALL"
    assert flow_log["Properties"]["LogDestinationType"] == "s3"
    assert set(of_type(template, "AWS::S3::BucketPolicy")) <= set(flow_log["DependsOn"])
    closed = only(template, "Custom::VpcRestrictDefaultSG")["Properties"]
    assert closed["DefaultSecurityGroupId"] == {"Fn::GetAtt": [vpc, "DefaultSecurityGroup"]}


def test_everything_that_takes_tags_has_one(template: Template) -> None:
    for kind in (
        "AWS::EC2::VPC",
        "AWS::ECR::Repository",
        "AWS::ECS::Cluster",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::WAFv2::WebACL",
    ):
        for name, resource in of_type(template, kind).items():
            assert TAG in resource["Properties"]["Tags"], name


def test_parts_from_outside_take_the_place_of_the_stack_s() -> None:
    app = cdk.App()
    central = cdk.Stack(app, "Central")
    key, bucket = kms.Key(central, "Key"), s3.Bucket(central, "Bucket")
    stack = _stack(app, encryption_key=key, log_bucket=bucket, web_acl=ACL)
    PrivateRepository(stack, "Repo")
    LoadBalancedFargateService(stack, "Web", container=CONTAINER, ingress=PublicHttp())
    template = template_of(stack)
    for kind in ("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::WAFv2::WebACL"):
        assert not of_type(template, kind)
    assert only(template, "AWS::WAFv2::WebACLAssociation")["Properties"]["WebACLArn"] == ACL
    assert only(template, "AWS::ECR::Repository")["Properties"]["EncryptionConfiguration"]["EncryptionType"] == "KMS"
    theirs = template_of(central)
    let_in = str(only(theirs, "AWS::S3::BucketPolicy"))
    assert "logdelivery.elasticloadbalancing.amazonaws.com" in let_in
    assert "delivery.logs.amazonaws.com" in let_in
    assert "kms:EncryptionContext:aws:logs:arn" in str(only(theirs, "AWS::KMS::Key"))


def test_imported_parts_are_left_alone() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    elsewhere = cdk.Stack(cdk.App(), "Elsewhere")
    arn = "arn:aws:kms:eu-west-1:111122223333:key/a1b2c3d4-5678-90ab-cdef-111111111111"
    bucket = s3.Bucket.from_bucket_name(elsewhere, "Bucket", "central-logs")
    Posture.REGULATED.apply_to(stack, encryption_key=kms.Key.from_key_arn(elsewhere, "Key", arn), log_bucket=bucket)
    LoadBalancedFargateService(stack, "Web", container=CONTAINER, ingress=PublicHttp())
    template = template_of(stack)
    assert {group["Properties"]["KmsKeyId"] for group in of_type(template, "AWS::Logs::LogGroup").values()} == {arn}
    balancer = only(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert attributes(balancer, "LoadBalancerAttributes")["access_logs.s3.bucket"] == "central-logs"


def test_what_a_construct_is_given_comes_first() -> None:
    stack = cdk.Stack(cdk.App(), "Web", env=cdk.Environment(region="eu-west-1"))
    Posture.REGULATED.apply_to(stack)
    key = kms.Key(stack, "Mine")
    bucket = s3.Bucket(stack, "Logs", encryption=s3.BucketEncryption.S3_MANAGED)
    PrivateRepository(stack, "Repo", encryption_key=key)
    network = Network(stack, "Network", egress=Egress.PUBLIC)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=CONTAINER,
        ingress=PublicHttp(access_logs=bucket, web_acl=ACL),
        vpc=network.vpc,
        subnets=network.task_subnets,
    )
    template = template_of(stack)
    repository = only(template, "AWS::ECR::Repository")["Properties"]["EncryptionConfiguration"]["KmsKey"]
    assert repository == stack.resolve(key.key_arn)
    balancer = only(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert {"Key": "access_logs.s3.bucket", "Value": {"Ref": "Logs6819BB44"}} in balancer["Properties"][
        "LoadBalancerAttributes"
    ]
    assert only(template, "AWS::WAFv2::WebACLAssociation")["Properties"]["WebACLArn"] == ACL
    assert not of_type(template, "AWS::WAFv2::WebACL")


def test_a_network_of_somebody_else_is_left_alone() -> None:
    from aws_cdk import aws_ec2 as ec2  # noqa: PLC0415

    stack = _stack()
    vpc = ec2.Vpc(stack, "Vpc", restrict_default_security_group=False)
    LoadBalancedFargateService(stack, "Web", container=CONTAINER, ingress=PublicHttp(), vpc=vpc)
    template = template_of(stack)
    assert not of_type(template, "AWS::EC2::FlowLog")
    assert not of_type(template, "Custom::VpcRestrictDefaultSG")


def test_services_that_share_a_load_balancer_across_stacks() -> None:
    app = cdk.App()
    Posture.REGULATED.apply_to(app)
    first, second = cdk.Stack(app, "First"), cdk.Stack(app, "Second")
    shared = SharedLoadBalancer(first, "Shared", ingress=PublicHttp())
    RoutedFargateService(second, "Api", load_balancer=shared, route=Route(path="/*"), container=CONTAINER)
    theirs, ours = template_of(first), template_of(second)
    only(theirs, "AWS::WAFv2::WebACLAssociation")
    only(theirs, "AWS::EC2::FlowLog")
    assert only(ours, "AWS::Logs::LogGroup")["Properties"]["KmsKeyId"] == KEY
    assert not of_type(ours, "AWS::WAFv2::WebACL")


def test_the_repository_of_an_own_stack() -> None:
    app = cdk.App()
    Posture.REGULATED.apply_to(app)
    template = template_of(ImageRepositoryStack(app, "Images"))
    assert only(template, "AWS::ECR::Repository")["Properties"]["EncryptionConfiguration"]["KmsKey"] == KEY


def test_another_posture_replaces_the_repository_and_nothing_else(template: Template, directory: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp())
    LoadBalancedFargateService(stack, "Other", container=CONTAINER, ingress=PublicHttp(), enable_execute_command=True)
    found = [(update.logical_id, update.type) for update in updates(template_of(stack), template)]
    assert found == [("WebRepositoryFD65F3F1", "AWS::ECR::Repository")]


def test_standard_has_none_of_it(directory: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp())
    template = template_of(stack)
    for kind in ("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::WAFv2::WebACL", "AWS::EC2::FlowLog"):
        assert not of_type(template, kind)
    assert "ecr-fargate-constructs:posture" not in str(template)
    assert "checkov" not in str(template)
