from __future__ import annotations

from typing import Any

import pytest

from ecr_fargate_constructs.testing import Effect, assert_no_replacement, updates

BUCKET = "AWS::S3::Bucket"
DATABASE = "AWS::RDS::DBInstance"
INSTANCE = "AWS::EC2::Instance"
TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"


def resource(kind: str, **properties: object) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def template(**resources: dict[str, Any]) -> dict[str, Any]:
    return {"Resources": resources}


def effects(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Effect]:
    return {update.logical_id: update.effect for update in updates(old, new)}


def failure(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        assert_no_replacement(old, new)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("kind", "before", "after", "effect"),
    [
        (BUCKET, {"BucketName": "one"}, {"BucketName": "two"}, Effect.REPLACED),
        (BUCKET, {"BucketName": "one"}, {}, Effect.REPLACED),
        (BUCKET, {}, {"BucketName": "two"}, Effect.REPLACED),
        (TARGETS, {"Port": 80, "VpcId": {"Ref": "Vpc"}}, {"Port": 81, "VpcId": {"Ref": "Vpc"}}, Effect.REPLACED),
        ("AWS::ECS::Service", {"LaunchType": "EC2"}, {"LaunchType": "FARGATE"}, Effect.MAY_BE_REPLACED),
        ("AWS::EC2::VPC", {"InstanceTenancy": "default"}, {"InstanceTenancy": "dedicated"}, Effect.MAY_BE_REPLACED),
        (INSTANCE, {"InstanceType": "t3.micro"}, {"InstanceType": "t3.small"}, Effect.MAY_BE_REPLACED),
        (DATABASE, {"DBInstanceClass": "db.t3.small"}, {"DBInstanceClass": "db.t3.large"}, Effect.INTERRUPTED),
        (DATABASE, {"EngineVersion": "16.4"}, {"EngineVersion": "17.1"}, Effect.INTERRUPTED),
        ("AWS::RDS::DBCluster", {"EngineVersion": "16.4"}, {"EngineVersion": "17.1"}, Effect.INTERRUPTED),
        (
            "AWS::ECR::Repository",
            {"EncryptionConfiguration": {"EncryptionType": "AES256"}},
            {"EncryptionConfiguration": {"EncryptionType": "KMS"}},
            Effect.REPLACED,
        ),
        (
            "AWS::Batch::ComputeEnvironment",
            {"ComputeResources": {"SpotIamFleetRole": "one"}},
            {"ComputeResources": {"SpotIamFleetRole": "two"}},
            Effect.REPLACED,
        ),
        (
            "AWS::Batch::ComputeEnvironment",
            {"ComputeResources": {"Fn::If": ["Prod", {"SpotIamFleetRole": "one"}, {"Ref": "AWS::NoValue"}]}},
            {"ComputeResources": {"Fn::If": ["Prod", {"SpotIamFleetRole": "two"}, {"Ref": "AWS::NoValue"}]}},
            Effect.REPLACED,
        ),
    ],
)
def test_the_effect_is_that_of_cloudformation(
    kind: str, before: dict[str, Any], after: dict[str, Any], effect: Effect
) -> None:
    assert effects(template(It=resource(kind, **before)), template(It=resource(kind, **after))) == {"It": effect}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (BUCKET, {"BucketName": "one"}, {"BucketName": "one", "VersioningConfiguration": {"Status": "Enabled"}}),
        ("AWS::ECS::Service", {"Cluster": "a", "DesiredCount": 1}, {"Cluster": "a", "DesiredCount": 2}),
        ("AWS::ECS::TaskDefinition", {"Cpu": "256"}, {"Cpu": "512"}),
        ("Custom::Copy", {"SourceImage": "a:1"}, {"SourceImage": "a:2"}),
        ("Mine::Own::Type", {"Name": "a"}, {"Name": "b"}),
    ],
)
def test_other_updates_are_harmless(kind: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert_no_replacement(template(It=resource(kind, **before)), template(It=resource(kind, **after)))


def test_new_and_removed_resources_are_no_replacement() -> None:
    one, two = template(A=resource(BUCKET)), template(A=resource(BUCKET), B=resource("AWS::SNS::Topic"))
    assert_no_replacement(one, two)
    assert_no_replacement(two, one)


def test_a_new_logical_id_for_what_holds_state_is_a_replacement() -> None:
    old, new = template(Data=resource(BUCKET)), template(Data2=resource(BUCKET))
    assert effects(old, new) == {"Data": Effect.REPLACED}
    assert failure(old, new) == [
        "this update would replace or interrupt 1 resource:",
        "",
        f"  Data ({BUCKET}) would be replaced",
        "      its logical id is gone, and Data2 of its type is new",
        "      DeletionPolicy of the old one: Delete",
    ]
    assert_no_replacement(template(A=resource("AWS::IAM::Role")), template(B=resource("AWS::IAM::Role")))


def test_a_replacement_spreads_to_what_refers_to_it() -> None:
    def stack(cidr: str) -> dict[str, Any]:
        return template(
            Vpc=resource("AWS::EC2::VPC", CidrBlock=cidr),
            Targets=resource(TARGETS, VpcId={"Ref": "Vpc"}, Port=80),
            Group=resource("AWS::EC2::SecurityGroup", GroupDescription="x", VpcId={"Fn::GetAtt": ["Vpc", "VpcId"]}),
            Topic=resource("AWS::SNS::Topic", DisplayName={"Ref": "Vpc"}),
        )

    assert effects(stack("10.0.0.0/16"), stack("10.1.0.0/16")) == {
        "Vpc": Effect.REPLACED,
        "Targets": Effect.REPLACED,
        "Group": Effect.MAY_BE_REPLACED,
    }


def test_the_failure_says_what_which_and_why() -> None:
    old = template(
        Vpc=resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
        Targets=resource(TARGETS, VpcId={"Ref": "Vpc"}),
        Db=resource(DATABASE, DBInstanceClass="db.t3.small", Engine="mysql"),
    )
    new = template(
        Vpc=resource("AWS::EC2::VPC", CidrBlock="10.1.0.0/16"),
        Targets=resource(TARGETS, VpcId={"Ref": "Vpc"}),
        Db=resource(DATABASE, DBInstanceClass="db.t3.large", Engine="mariadb") | {"UpdateReplacePolicy": "Snapshot"},
    )
    assert failure(old, new) == [
        "this update would replace or interrupt 3 resources:",
        "",
        "  Db (AWS::RDS::DBInstance) may be replaced or interrupted: CloudFormation decides by the values",
        '      DBInstanceClass: "db.t3.small" -> "db.t3.large"',
        '      Engine: "mysql" -> "mariadb"',
        "      UpdateReplacePolicy of the old one: Snapshot",
        "",
        "  Targets (AWS::ElasticLoadBalancingV2::TargetGroup) would be replaced",
        "      VpcId refers to Vpc, which would be replaced",
        "",
        "  Vpc (AWS::EC2::VPC) would be replaced",
        '      CidrBlock: "10.0.0.0/16" -> "10.1.0.0/16"',
        "      UpdateReplacePolicy of the old one: Delete",
    ]


def test_a_replacement_that_is_meant_can_be_allowed() -> None:
    old, new = template(A=resource(BUCKET, BucketName="a")), template(A=resource(BUCKET, BucketName="b"))
    assert_no_replacement(old, new, allow=["A"])
    with pytest.raises(AssertionError):
        assert_no_replacement(old, new, allow=["B"])


def test_what_is_no_template_is_refused() -> None:
    with pytest.raises(TypeError, match="list is not a template"):
        assert_no_replacement([], {})  # type: ignore[arg-type]


def _custom(token: object, kind: str = "Custom::Thing") -> dict[str, Any]:
    return template(Thing=resource(kind, ServiceToken=token, Word="one"))


@pytest.mark.parametrize("kind", ["Custom::Thing", "AWS::CloudFormation::CustomResource"])
def test_a_custom_resource_cannot_change_its_function(kind: str) -> None:
    old, new = (_custom({"Fn::GetAtt": [name, "Arn"]}, kind) for name in ("Old512MiB", "New513MiB"))
    assert effects(old, new) == {"Thing": Effect.REFUSED}
    assert failure(old, new)[2] == (f"  Thing ({kind}) cannot be updated: CloudFormation refuses another ServiceToken")


def test_a_function_that_is_replaced_has_another_arn() -> None:
    old, new = (
        template(
            Function=resource("AWS::Lambda::Function", FunctionName=name),
            Thing=resource("Custom::Thing", ServiceToken={"Fn::GetAtt": ["Function", "Arn"]}),
        )
        for name in ("one", "two")
    )
    assert effects(old, new) == {"Function": Effect.REPLACED, "Thing": Effect.REFUSED}


def test_what_else_changes_in_a_custom_resource_is_for_its_provider_to_judge() -> None:
    token = {"Fn::GetAtt": ["Function", "Arn"]}
    old, new = (template(Thing=resource("Custom::Thing", ServiceToken=token, Word=word)) for word in ("one", "two"))
    assert effects(old, new) == {}
