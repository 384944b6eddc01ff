"""Scanning, findings, signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_signer as signer
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Annotations, Match

from ecr_fargate_constructs import (
    ArchiveUnpulled,
    ConfigurationError,
    EnhancedScanning,
    ExpireArchived,
    ExpireUntagged,
    ImageRepositoryStack,
    KeepNewest,
    ManagedSigning,
    PrivateRepository,
    RegistrySettings,
    Retention,
    ScanAlarm,
    ScanFrequency,
    Severity,
    SignatureCheck,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

PROFILE = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def test_enhanced_scanning(stack: cdk.Stack) -> None:
    RegistrySettings(
        stack, "Registry", scanning=EnhancedScanning(repositories=["shop/*"], frequency=ScanFrequency.ON_PUSH)
    )
    template = template_of(stack)
    assert only(template, "AWS::ECR::RegistryScanningConfiguration")["Properties"] == {
        "ScanType": "ENHANCED",
        "Rules": [
            {
                "ScanFrequency": "SCAN_ON_PUSH",
                "RepositoryFilters": [{"Filter": "shop/*", "FilterType": "WILDCARD"}],
            }
        ],
    }
    assert not of_type(template, "AWS::ECR::SigningConfiguration")


def test_continuous_scanning_of_everything_is_the_default(stack: cdk.Stack) -> None:
    RegistrySettings(stack, "Registry", scanning=EnhancedScanning())
    [rule] = only(template_of(stack), "AWS::ECR::RegistryScanningConfiguration")["Properties"]["Rules"]
    assert rule == {
        "ScanFrequency": "CONTINUOUS_SCAN",
        "RepositoryFilters": [{"Filter": "*", "FilterType": "WILDCARD"}],
    }


def test_signing_makes_a_profile_that_stays(stack: cdk.Stack) -> None:
    settings = RegistrySettings(stack, "Registry", signing=ManagedSigning(repositories=["shop/*"]))
    template = template_of(stack)
    [(name, profile)] = of_type(template, "AWS::Signer::SigningProfile").items()
    assert profile["Properties"]["PlatformId"] == "Notation-OCI-SHA384-ECDSA"
    assert profile["DeletionPolicy"] == "Retain"
    [rule] = only(template, "AWS::ECR::SigningConfiguration")["Properties"]["Rules"]
    assert rule["SigningProfileArn"] == {"Fn::GetAtt": [name, "Arn"]}
    assert rule["RepositoryFilters"] == [{"Filter": "shop/*", "FilterType": "WILDCARD_MATCH"}]
    assert stack.resolve(settings.signing_profile_arn) == {"Fn::GetAtt": [name, "Arn"]}


def test_a_profile_can_be_brought(stack: cdk.Stack) -> None:
    RegistrySettings(stack, "Registry", signing=ManagedSigning(signing_profile=PROFILE))
    template = template_of(stack)
    assert not of_type(template, "AWS::Signer::SigningProfile")
    [rule] = only(template, "AWS::ECR::SigningConfiguration")["Properties"]["Rules"]
    assert rule["SigningProfileArn"] == PROFILE


def test_a_profile_may_be_the_object_itself(stack: cdk.Stack) -> None:
    profile = signer.SigningProfile(stack, "Profile", platform=signer.Platform.NOTATION_OCI_SHA384_ECDSA)
    RegistrySettings(stack, "Registry", signing=ManagedSigning(signing_profile=profile))
    template = template_of(stack)
    (name,) = of_type(template, "AWS::Signer::SigningProfile")
    [rule] = only(template, "AWS::ECR::SigningConfiguration")["Properties"]["Rules"]
    assert rule["SigningProfileArn"] == {"Fn::GetAtt": [name, "Arn"]}


def test_who_copies_an_image_may_sign_it(stack: cdk.Stack, directory: Path) -> None:
    settings = RegistrySettings(stack, "Registry", signing=ManagedSigning(signing_profile=PROFILE))
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory)
    assert image.publisher is not None
    settings.grant_sign(image.publisher)
    statements = [
        statement
        for name, policy in of_type(template_of(stack), "AWS::IAM::Policy").items()
        if name.startswith("EcrFargateImageCopierRole")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    assert {"Action": "signer:SignPayload", "Effect": "Allow", "Resource": PROFILE} in statements


def test_the_bootstraps_role_may_be_let(stack: cdk.Stack) -> None:
    settings = RegistrySettings(stack, "Registry", signing=ManagedSigning(signing_profile=PROFILE))
    settings.grant_sign(iam.Role.from_role_name(stack, "Publisher", "cdk-hnb659fds-image-publishing-role-1-a"))
    policy = only(template_of(stack), "AWS::IAM::Policy")["Properties"]
    assert policy["Roles"] == ["cdk-hnb659fds-image-publishing-role-1-a"]


def test_an_image_that_is_pushed_directly_has_no_publisher_of_ours(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
    image = images.repository.build_and_push_image(directory, scope=stack)
    assert image.publisher is None


def test_the_registry_is_replicated_as_a_whole(stack: cdk.Stack) -> None:
    RegistrySettings(stack, "Registry", replicate_to=["eu-central-1", "us-east-1"])
    template = template_of(stack)
    assert only(template, "AWS::ECR::ReplicationConfiguration")["Properties"] == {
        "ReplicationConfiguration": {
            "Rules": [
                {
                    "Destinations": [
                        {"Region": "eu-central-1", "RegistryId": {"Ref": "AWS::AccountId"}},
                        {"Region": "us-east-1", "RegistryId": {"Ref": "AWS::AccountId"}},
                    ]
                }
            ]
        }
    }
    assert len(template["Resources"]) == 1


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ("us-east-1", r"replicate_to='us-east-1' is a str; use \['us-east-1'\]"),
        (["Frankfurt"], r"replicate_to has 'Frankfurt', which is not a region"),
        (["us-east-1a"], r"replicate_to has 'us-east-1a', which is not a region"),
        ([1], r"replicate_to\[0\]=1 is an int"),
        (["us-east-1", "us-east-1"], r"replicate_to has 'us-east-1' twice"),
        (["eu-west-1"], r"replicate_to has 'eu-west-1', the region of this registry"),
        (["cn-north-1"], r"replicate_to has 'cn-north-1', which is in the partition aws-cn, but this registry"),
        ([], r"RegistrySettings sets nothing"),
    ],
)
def test_regions_to_which_ecr_does_not_replicate(regions: Any, message: str) -> None:  # noqa: ANN401 - wrong on purpose
    env = cdk.Environment(account="111122223333", region="eu-west-1")
    stack = cdk.Stack(cdk.App(), "Stack", env=env)
    with pytest.raises(ConfigurationError, match=rf"\[Stack/Registry\] {message}"):
        RegistrySettings(stack, "Registry", replicate_to=regions)
    assert stack.node.try_find_child("Registry") is None


def test_one_registry_has_one_set_of_settings() -> None:
    app = cdk.App()
    RegistrySettings(cdk.Stack(app, "One"), "Registry", scanning=EnhancedScanning())
    with pytest.raises(ConfigurationError, match=r"\[Two/Registry\] One/Registry already has settings"):
        RegistrySettings(cdk.Stack(app, "Two"), "Registry", signing=ManagedSigning())
    elsewhere = cdk.Stack(app, "Three", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    RegistrySettings(elsewhere, "Registry", scanning=EnhancedScanning())


def test_settings_that_cannot_be(stack: cdk.Stack) -> None:
    with pytest.raises(ConfigurationError, match=r"\[Stack/Registry\] RegistrySettings sets nothing"):
        RegistrySettings(stack, "Registry")
    assert stack.node.try_find_child("Registry") is None
    for bad in ((), "shop", [""], ["Shop"], ["a" * 257], ["a b"]):
        with pytest.raises(ConfigurationError, match=r"EnhancedScanning\.repositories"):
            EnhancedScanning(repositories=bad)
        with pytest.raises(ConfigurationError, match=r"ManagedSigning\.repositories"):
            ManagedSigning(repositories=bad)
    with pytest.raises(ConfigurationError, match="has 101 names; use at most 100"):
        EnhancedScanning(repositories=["a"] * 101)
    settings = RegistrySettings(stack, "Registry", scanning=EnhancedScanning())
    with pytest.raises(ConfigurationError, match=r"\[Stack/Registry\] grant_sign requires signing"):
        settings.grant_sign(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()))


def test_tokens_pass(stack: cdk.Stack) -> None:
    name = cdk.CfnParameter(stack, "Name").value_as_string
    RegistrySettings(stack, "Registry", scanning=EnhancedScanning(repositories=[name]), replicate_to=[name])
    replication = only(template_of(stack), "AWS::ECR::ReplicationConfiguration")["Properties"]
    assert "Name" in str(replication)
    [rule] = only(template_of(stack), "AWS::ECR::RegistryScanningConfiguration")["Properties"]["Rules"]
    assert rule["RepositoryFilters"][0]["Filter"] == {"Ref": "Name"}


def _alarm(stack: cdk.Stack, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
    repository = ecr.Repository.from_repository_attributes(
        stack, "Repo", repository_name="web", repository_arn="arn:aws:ecr:eu-west-1:111122223333:repository/web"
    )
    ScanAlarm(stack, "Findings", repository=repository, **options)
    return template_of(stack)


def test_critical_findings_raise_the_alarm(stack: cdk.Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    template = _alarm(stack, actions=[cloudwatch_actions.SnsAction(topic)], targets=[targets.SnsTopic(topic)])
    [(name, rule)] = of_type(template, "AWS::Events::Rule").items()
    pattern = rule["Properties"]["EventPattern"]
    assert pattern["source"] == ["aws.ecr", "aws.inspector2"]
    assert pattern["detail-type"] == ["ECR Image Scan", "Inspector2 Scan", "Inspector2 Finding"]
    assert pattern["detail"] == {
        "$or": [
            {
                "repository-name": ["web", "arn:aws:ecr:eu-west-1:111122223333:repository/web"],
                "finding-severity-counts": {"CRITICAL": [{"numeric": [">", 0]}]},
            },
            {
                "severity": ["CRITICAL"],
                "status": ["ACTIVE"],
                "resources": {"details": {"awsEcrContainerImage": {"repositoryName": ["web"]}}},
            },
        ]
    }
    assert len(rule["Properties"]["Targets"]) == 1
    alarm = only(template, "AWS::CloudWatch::Alarm")["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Events", "MatchedEvents", "Sum")
    assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": {"Ref": name}}]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    assert alarm["TreatMissingData"] == "notBreaching"
    assert len(alarm["AlarmActions"]) == 1


def test_a_lower_severity_takes_all_above_it(stack: cdk.Stack) -> None:
    pattern = only(_alarm(stack, severity=Severity.HIGH), "AWS::Events::Rule")["Properties"]["EventPattern"]
    *scans, finding = pattern["detail"]["$or"]
    assert [list(scan["finding-severity-counts"]) for scan in scans] == [["HIGH"], ["CRITICAL"]]
    assert finding["severity"] == ["HIGH", "CRITICAL"]


def test_a_severity_is_one(stack: cdk.Stack) -> None:
    with pytest.raises(ConfigurationError, match=r"\[Stack/Findings\] severity=.CRITICAL. is a str; use Severity"):
        _alarm(stack, severity="CRITICAL")


def test_the_check_may_ask_and_nothing_else(stack: cdk.Stack) -> None:
    repo = PrivateRepository(stack, "Repo", repository_name="shop/web")
    SignatureCheck(stack, "Signed", repositories=[repo.repository], signing_profile=PROFILE)
    template = template_of(stack)
    function = only(template, "AWS::Lambda::Function")["Properties"]
    assert function["Runtime"] == "python3.14"
    assert function["Environment"]["Variables"]["PROFILE"] == PROFILE
    [log] = of_type(template, "AWS::Logs::LogGroup").items()
    assert log[1]["DeletionPolicy"] == "Retain"
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": log[0]}}
    statements = only(template, "AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
    allowed = {
        action
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert allowed == {
        "ecr:DescribeImageSigningStatus",
        "ecs:DescribeServiceRevisions",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert "*" not in [statement["Resource"] for statement in statements]


@pytest.mark.parametrize(
    ("retention", "warned"),
    [
        (Retention.keep_last(20), True),
        (Retention.keep_days(120, at_least=10), True),
        (Retention([KeepNewest(20, tag_patterns=["*"])]), False),
        (Retention([KeepNewest(20)]), False),
        (Retention([ArchiveUnpulled(120), ExpireArchived(365)]), True),
        (Retention([ExpireArchived(365)]), False),
    ],
    ids=["keep_last", "keep_days", "tagged", "all by count", "all by age", "archived"],
)
def test_a_rule_that_could_take_signatures_is_warned_of(
    stack: cdk.Stack,
    retention: Retention,
    warned: bool,  # noqa: FBT001 - a parameter of pytest's
) -> None:
    repo = PrivateRepository(stack, "Repo", retention=retention)
    SignatureCheck(stack, "Signed", repositories=[repo.repository], signing_profile=PROFILE)
    found = Annotations.from_stack(stack).find_warning("/Stack/Signed", Match.string_like_regexp("signatureMayExpire"))
    assert bool(found) is warned


def test_of_repositories_whose_rules_nobody_knows_there_is_no_warning(stack: cdk.Stack) -> None:
    days = cdk.CfnParameter(stack, "Days", type="Number").value_as_number
    repositories = [
        ecr.Repository.from_repository_name(stack, "Imported", "shop/web"),
        ecr.Repository(stack, "Bare"),
        PrivateRepository(stack, "Token", retention=Retention([ExpireUntagged(days)])).repository,
    ]
    SignatureCheck(stack, "Signed", repositories=repositories, signing_profile=PROFILE)
    assert not Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("signatureMayExpire"))


def test_checks_that_check_nothing(stack: cdk.Stack) -> None:
    repo = PrivateRepository(stack, "Repo")
    with pytest.raises(ConfigurationError, match=r"\[Stack/Signed\] SignatureCheck\.repositories is empty"):
        SignatureCheck(stack, "Signed", repositories=[], signing_profile=PROFILE)
    with pytest.raises(ConfigurationError, match=r"\[Stack/Signed\] SignatureCheck\.signing_profile is None"):
        SignatureCheck(stack, "Signed", repositories=[repo.repository], signing_profile=None)
    assert stack.node.try_find_child("Signed") is None


def test_other_accounts_may_push_and_not_download_layers(stack: cdk.Stack) -> None:
    PrivateRepository(stack, "Repo", push_accounts=["111122223333"])
    [statement] = only(template_of(stack), "AWS::ECR::Repository")["Properties"]["RepositoryPolicyText"]["Statement"]
    assert statement["Sid"] == "PushFromOtherAccounts"
    assert set(statement["Action"]) == {
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:InitiateLayerUpload",
        "ecr:ListImages",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    }
    assert "111122223333" in str(statement["Principal"])
    with pytest.raises(ConfigurationError, match=r"push_accounts has '1', which is not an account id"):
        PrivateRepository(stack, "Second", push_accounts=["1"])
    with pytest.raises(ConfigurationError, match=r"push_accounts='111122223333' is a string, not a list"):
        PrivateRepository(stack, "Third", push_accounts="111122223333")
