"""Titles and kinds of resources in a picture, and the types that are not drawn."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.diagram.scene import Tone

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import Resource

_PLUMBING = (
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::BasePath",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::Request",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::VpcLink",
    "AWS::ApiGatewayV2::ApiGateway",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::Deployment",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::ApiGatewayV2::VpcLink",
    "AWS::ApplicationAutoScaling::",
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::AutoScaling::LifecycleHook",
    "AWS::AutoScaling::ScheduledAction",
    "AWS::AutoScaling::WarmPool",
    "AWS::CDK::",
    "AWS::CertificateManager::",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Macro",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFront::CloudFrontOriginAccessIdentity",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::KeyGroup",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::PublicKey",
    "AWS::CloudFront::VpcOrigin",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentConfig",
    "AWS::Cognito::IdentityPoolRole",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::EC2::EIP",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::KeyPair",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::PrefixList",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::VPCCidrBlock",
    "AWS::ECR::RepositoryCreationTemplate",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::Cluster",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::MountTarget",
    "AWS::IAM::",
    "AWS::KMS::Alias",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Url",
    "AWS::Lambda::Version",
    "AWS::Logs::LogStream",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::SubscriptionFilter",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::Route53::RecordSet",
    "AWS::SNS::Subscription",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::ServiceDiscovery::Instance",
    "Custom::",
)
"""Types, or prefixes of types, that only connect other resources and are not drawn."""

_CONNECTING = (
    "Association",
    "Attachment",
    "Membership",
    "ParameterGroup",
    "Permission",
    "Policy",
    "SourceMapping",
    "SubnetGroup",
)
"""Ends of types that only connect other resources, of any service."""

_KINDS = {
    "AWS::ApiGateway::RestApi": ("REST API", Tone.NETWORK),
    "AWS::ApiGatewayV2::Api": ("API", Tone.NETWORK),
    "AWS::CloudFront::Distribution": ("CDN", Tone.NETWORK),
    "AWS::CloudWatch::Alarm": ("alarm", Tone.WATCH),
    "AWS::CloudWatch::CompositeAlarm": ("composite alarm", Tone.WATCH),
    "AWS::CloudWatch::Dashboard": ("dashboard", Tone.WATCH),
    "AWS::DynamoDB::GlobalTable": ("DynamoDB table", Tone.STORAGE),
    "AWS::DynamoDB::Table": ("DynamoDB table", Tone.STORAGE),
    "AWS::EC2::Instance": ("EC2 instance", Tone.COMPUTE),
    "AWS::ECR::PullThroughCacheRule": ("pull-through cache", Tone.STORAGE),
    "AWS::ECR::Repository": ("ECR repository", Tone.STORAGE),
    "AWS::EFS::FileSystem": ("EFS file system", Tone.STORAGE),
    "AWS::ElastiCache::CacheCluster": ("cache", Tone.STORAGE),
    "AWS::ElastiCache::ReplicationGroup": ("cache", Tone.STORAGE),
    "AWS::ElastiCache::ServerlessCache": ("cache", Tone.STORAGE),
    "AWS::Events::Rule": ("event rule", Tone.OTHER),
    "AWS::KMS::Key": ("KMS key", Tone.SECURITY),
    "AWS::Lambda::Function": ("function", Tone.COMPUTE),
    "AWS::Logs::LogGroup": ("log group", Tone.WATCH),
    "AWS::RDS::DBCluster": ("database cluster", Tone.STORAGE),
    "AWS::RDS::DBInstance": ("database", Tone.STORAGE),
    "AWS::Route53::HostedZone": ("hosted zone", Tone.NETWORK),
    "AWS::S3::Bucket": ("bucket", Tone.STORAGE),
    "AWS::SNS::Topic": ("topic", Tone.OTHER),
    "AWS::SQS::Queue": ("queue", Tone.OTHER),
    "AWS::SSM::Parameter": ("parameter", Tone.SECURITY),
    "AWS::SecretsManager::Secret": ("secret", Tone.SECURITY),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": ("namespace", Tone.NETWORK),
    "AWS::WAFv2::WebACL": ("web ACL", Tone.SECURITY),
}
_HASH = re.compile(r"[0-9a-f]{24,}\w*$")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def kind_of(resource: Resource) -> tuple[str, Tone]:
    """Return the kind of a resource in a word or two, and its tone."""
    kind = _KINDS.get(resource.kind)
    if kind is not None:
        return kind
    *_, service, name = ("", *resource.kind.split("::"))
    words = " ".join(word if word.isupper() else word.lower() for word in _WORDS.sub(" ", name).split())
    return (f"{service} {words}" if service not in {"", "AWS"} else words), Tone.OTHER


def title_of(resource: Resource) -> str:
    """Return the title of a resource: its path without the stack, and without a last part that only says its kind."""
    parts = resource.path.split("/")[1:] or [resource.path]
    last_says_kind = parts[-1] in {"ASG", "Resource", "Service", "TaskDef"} and len(parts) > 1
    return _HASH.sub("", "/".join(parts[:-1] if last_says_kind else parts)) or parts[-1]


def anchor_of(resource: Resource) -> str:
    """Return a unique name for a resource."""
    return f"{resource.template.file.stem}:{resource.logical_id}"


def tip_of(resource: Resource) -> str:
    """Return the tooltip of a resource."""
    return f"{resource.kind} {resource.path}"


def is_plumbing(resource: Resource) -> bool:
    """Return whether a resource only connects others."""
    return resource.kind.startswith(_PLUMBING) or resource.kind.endswith(_CONNECTING)
