"""The constructs of CDK that bad inputs are given to, as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_elasticloadbalancingv2_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_wafv2 as wafv2

from tests.bad_input.case import NGINX, Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from constructs import Construct

T = TypeVar("T")

IMAGE = {"image": ecs.ContainerImage.from_registry(NGINX)}

AT_NIGHT = appscaling.Schedule.cron(hour="22", minute="0")


def pattern(place: Place, *, image: dict[str, Any] | None = None, **options: Any) -> Any:  # noqa: ANN401 - CDK's options
    """``ApplicationLoadBalancedFargateService`` with these options, and these of its container."""
    return ecs_patterns.ApplicationLoadBalancedFargateService(
        place.stack,
        "Web",
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(NGINX), **(image or {})
        ),
        **options,
    )


def container(place: Place, **options: Any) -> ecs.ContainerDefinition:  # noqa: ANN401 - CDK's options
    """A container of a ``FargateTaskDefinition``."""
    task = options.pop("task", {})
    definition = ecs.FargateTaskDefinition(place.stack, "Task", **task)
    return definition.add_container("web", image=ecs.ContainerImage.from_registry(NGINX), **options)


def asset(place: Place, directory: Path | str, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """``DockerImageAsset`` of a directory."""
    return ecr_assets.DockerImageAsset(place.stack, "Image", directory=str(directory), **options)


def repository(place: Place, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """``ecr.Repository``."""
    return ecr.Repository(place.stack, "Repo", **options)


def rules(place: Place, *rules: dict[str, Any]) -> object:
    """``ecr.Repository`` with lifecycle rules."""
    return ecr.Repository(place.stack, "Repo", lifecycle_rules=[ecr.LifecycleRule(**rule) for rule in rules])


def target(place: Place, **check: Any) -> object:  # noqa: ANN401 - CDK's options
    """The pattern with a health check of its target group."""
    made = pattern(place)
    made.target_group.configure_health_check(**check)
    return made


def attribute(place: Place, name: str, value: str) -> object:
    """The pattern with an attribute of its target group."""
    made = pattern(place)
    made.target_group.set_attribute(name, value)
    return made


def scaling(place: Place, minimum: Any, maximum: Any, **signals: Any) -> object:  # noqa: ANN401 - CDK's options
    """The pattern, scaled by CPU."""
    made = pattern(place)
    count = made.service.auto_scale_task_count(min_capacity=minimum, max_capacity=maximum)
    if "cpu" in signals:
        count.scale_on_cpu_utilization("Cpu", target_utilization_percent=signals["cpu"])
    if "requests" in signals:
        count.scale_on_request_count(
            "Requests", requests_per_target=signals["requests"], target_group=made.target_group
        )
    if "cooldown" in signals:
        count.scale_on_cpu_utilization(
            "Cpu", target_utilization_percent=60, scale_in_cooldown=cdk.Duration.millis(signals["cooldown"])
        )
    for name, limits in signals.get("schedule", {}).items():
        count.scale_on_schedule(name, schedule=appscaling.Schedule.cron(hour="8", minute="0"), **limits)
    return count


def answer() -> elbv2.ListenerAction:
    """What a listener does."""
    return elbv2.ListenerAction.fixed_response(404)


def shifting(place: Place, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """``FargateService`` with a deployment that shifts traffic."""
    definition = ecs.FargateTaskDefinition(place.stack, "Task")
    definition.add_container("web", image=ecs.ContainerImage.from_registry(NGINX))
    cluster = ecs.Cluster(place.stack, "Cluster")
    return ecs.FargateService(place.stack, "Web", cluster=cluster, task_definition=definition, **options)


def alarm(place: Place, threshold: float) -> object:
    """An alarm on the CPU of the pattern's service."""
    metric = pattern(place).service.metric_cpu_utilization()
    return cloudwatch.Alarm(place.stack, "Alarm", metric=metric, threshold=threshold, evaluation_periods=3)


def pattern_of(place: Place, image: str) -> object:
    """The pattern with a public image."""
    return ecs_patterns.ApplicationLoadBalancedFargateService(
        place.stack,
        "Web",
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(image)
        ),
    )


def container_of(place: Place, repository: ecr.IRepository, version: str) -> object:
    """A container with an image of a repository."""
    definition = ecs.FargateTaskDefinition(place.stack, "Task")
    return definition.add_container("web", image=ecs.ContainerImage.from_ecr_repository(repository, version))


def pulled_by(place: Place, account: str) -> object:
    """A repository from which an account may pull."""
    made = ecr.Repository(place.stack, "Repo")
    return made.grant_pull(iam.AccountPrincipal(account))


def beside(place: Place, name: str) -> object:
    """A second container in the pattern's task."""
    return pattern(place).task_definition.add_container(name, image=ecs.ContainerImage.from_registry(NGINX))


def dashboard(place: Place, name: str) -> object:
    """``cloudwatch.Dashboard``."""
    return cloudwatch.Dashboard(place.stack, "Other", dashboard_name=name)


def sticky(place: Place, cookie: str) -> object:
    """The pattern with stickiness by a cookie."""
    made = pattern(place)
    made.target_group.enable_cookie_stickiness(cdk.Duration.hours(1), cookie)
    return made


def web_acl(place: Place, arn: str) -> object:
    """The pattern with a web ACL in front."""
    balancer = pattern(place).load_balancer
    return wafv2.CfnWebACLAssociation(place.stack, "Acl", resource_arn=balancer.load_balancer_arn, web_acl_arn=arn)


def answering(place: Place, status: int, body: str) -> object:
    """A load balancer that answers by itself."""
    balancer = elbv2.ApplicationLoadBalancer(place.stack, "Web", vpc=ec2.Vpc(place.stack, "Vpc"))
    return balancer.add_listener(
        "Listener", port=80, default_action=elbv2.ListenerAction.fixed_response(status, message_body=body)
    )


def provider(scheme: str) -> dict[str, Any]:
    """Addresses of an OpenID Connect provider."""
    names = ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint")
    return {"client_id": "web", **dict.fromkeys(names, f"{scheme}://id.example.com")}


def secret_value() -> cdk.SecretValue:
    """A client's secret."""
    return cdk.SecretValue.secrets_manager("oidc")


def signed_in(place: Place, secret: cdk.SecretValue, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """A listener with a sign-in at a provider without TLS."""
    action = elbv2.ListenerAction.authenticate_oidc(
        client_secret=secret, next=answer(), **{**provider("http"), **options}
    )
    certificate = acm.Certificate.from_certificate_arn(
        place.stack, "Certificate", "arn:aws:acm:us-east-1:123456789012:certificate/0f1e"
    )
    balancer = elbv2.ApplicationLoadBalancer(place.stack, "Web", vpc=ec2.Vpc(place.stack, "Vpc"))
    return balancer.add_listener("Listener", port=443, certificates=[certificate], default_action=action)


def pool(place: Place) -> dict[str, Any]:
    """A user pool, a client of it without a secret, and its domain."""
    users = cognito.UserPool(place.stack, "Users")
    options = cognito.CognitoDomainOptions(domain_prefix="shop")
    return {
        "user_pool": users,
        "client": users.add_client("Client"),
        "domain": users.add_domain("Domain", cognito_domain=options),
    }


def pooled(
    user_pool: cognito.UserPool, client: cognito.UserPoolClient, domain: cognito.UserPoolDomain
) -> elbv2.ListenerAction:
    """A sign-in with a user pool."""
    return actions.AuthenticateCognitoAction(
        user_pool=user_pool, user_pool_client=client, user_pool_domain=domain, next=answer()
    )


def secret(place: Place) -> ecs.Secret:
    """A secret of Secrets Manager."""
    return ecs.Secret.from_secrets_manager(secretsmanager.Secret.from_secret_name_v2(place.stack, "Secret", "web"))


def pattern_in(scope: Construct) -> object:
    """The pattern in any scope."""
    return ecs_patterns.ApplicationLoadBalancedFargateService(
        scope,
        "Web",
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(NGINX)
        ),
    )


def keep(made: T, then: Callable[[T], object]) -> T:
    """Do something with what was made, and hand it on."""
    then(made)
    return made


def on_machines(place: Place, cluster: ecs.ICluster, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """``ApplicationLoadBalancedEc2Service`` in a cluster."""
    return ecs_patterns.ApplicationLoadBalancedEc2Service(
        place.stack,
        "Web",
        cluster=cluster,
        memory_limit_mib=512,
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(NGINX)
        ),
        **options,
    )


def logging(place: Place, buffer: cdk.Size) -> object:
    """A container whose lines wait in a buffer."""
    driver = ecs.LogDrivers.aws_logs(
        stream_prefix="web", mode=ecs.AwsLogDriverMode.NON_BLOCKING, max_buffer_size=buffer
    )
    return container(place, logging=driver)


def connect(place: Place, name: str) -> object:
    """A service that offers a name in a Service Connect namespace."""
    made = container(place, port_mappings=[ecs.PortMapping(container_port=80, name="web")])
    service = ecs.FargateService(
        place.stack, "Web", cluster=ecs.Cluster(place.stack, "Cluster"), task_definition=made.task_definition
    )
    service.enable_service_connect(
        namespace="apps",
        services=[ecs.ServiceConnectService(port_mapping_name="web", discovery_name=name, dns_name=name)],
    )
    return service


def registry_policy(place: Place, account: str) -> ecr.CfnRegistryPolicy:
    """A registry's policy that lets another account replicate images."""
    statement = iam.PolicyStatement(
        actions=["ecr:ReplicateImage"], resources=["*"], principals=[iam.ArnPrincipal(f"arn:aws:iam::{account}:root")]
    )
    return ecr.CfnRegistryPolicy(
        place.stack, "Policy", policy_text=iam.PolicyDocument(statements=[statement]).to_json()
    )
