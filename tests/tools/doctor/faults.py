"""Faults, one for each rule of ``ecr-fargate doctor`` at least: what is changed in an app that has none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tools.planting import Copy

GUNICORN = 'CMD ["gunicorn", "--threads", "4", "--bind", "0.0.0.0:8080", "app:app"]'
COMMAND = 'CMD ["python", "server.py"]'


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        rule: The rule that it breaks.
        plant: What makes it.
        app: The example that it is planted in.
        update: Whether the fault is that the example was another one before.
    """

    rule: str
    plant: Callable[[Copy], object]
    app: str = "three_lines"
    update: bool = False


def _policy(*rules: dict[str, object]) -> Callable[[Copy], object]:
    text = json.dumps(
        {
            "rules": [
                {"rulePriority": number, "selection": rule, "action": {"type": "expire"}}
                for number, rule in enumerate(rules, start=1)
            ]
        }
    )
    return lambda copy: copy.only("AWS::ECR::Repository").update({"LifecyclePolicy": {"LifecyclePolicyText": text}})


def _cmd(new: str) -> Callable[[Copy], object]:
    return lambda copy: copy.dockerfile(COMMAND, new)


def _file(name: str, text: str = "x") -> Callable[[Copy], object]:
    return lambda copy: (copy.context / name).write_text(text, encoding="utf-8")


def _container(**values: object) -> Callable[[Copy], object]:
    return lambda copy: copy.container.update(values)


def _logs(**values: object) -> Callable[[Copy], object]:
    return lambda copy: copy.container["LogConfiguration"]["Options"].update(values)


def _deployment(**values: object) -> Callable[[Copy], object]:
    return lambda copy: copy.service["DeploymentConfiguration"].update(values)


def _public(copy: Copy) -> None:
    copy.subnets[:] = [{"Ref": name} for name in copy.template["Resources"] if name.endswith(("80C39129", "3582BA85"))]
    assert len(copy.subnets) == 2


def _open_tasks(copy: Copy) -> None:
    copy.named("WebServiceSecurityGroupBAF")["SecurityGroupIngress"] = [
        {"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080}
    ]


def _slow_check(copy: Copy) -> None:
    copy.group.update(HealthCheckIntervalSeconds=30, HealthyThresholdCount=5)
    copy.service["HealthCheckGracePeriodSeconds"] = 200


def _scaled(copy: Copy) -> None:
    (service,) = (name for name, each in copy.template["Resources"].items() if each["Type"] == "AWS::ECS::Service")
    copy.template["Resources"]["Scaled"] = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MinCapacity": 2,
            "MaxCapacity": 9,
            "ResourceId": {"Fn::Join": ["", ["service/x/", {"Fn::GetAtt": [service, "Name"]}]]},
        },
    }


def _one_at_least(copy: Copy) -> None:
    _scaled(copy)
    copy.template["Resources"]["Scaled"]["Properties"]["MinCapacity"] = 1
    del copy.service["DesiredCount"]


def _clear(copy: Copy) -> None:
    """Plain HTTP by CDK's own pattern, whose code acknowledges nothing."""
    (listener,) = (n for n, r in copy.template["Resources"].items() if r["Type"].endswith("::Listener"))
    copy.template["Resources"]["Other"] = copy.template["Resources"].pop(listener)
    copy.template["Resources"]["Other"]["Metadata"] = {"aws:cdk:path": "Web/Other/Resource"}


def _manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Copy], None]:
    def apply(copy: Copy) -> None:
        file = copy.folder / "manifest.json"
        manifest = json.loads(file.read_text(encoding="utf-8"))
        change(manifest)
        file.write_text(json.dumps(manifest), encoding="utf-8")

    return apply


_missing_context = _manifest(lambda manifest: manifest.update(missing=[{"key": "vpc-provider:x", "provider": "vpc"}]))
_recorded_error = _manifest(
    lambda manifest: next(
        each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"
    ).update(metadata={"/Web": [{"type": "aws:cdk:error", "data": "this cannot be"}]})
)


def _tagged_stack(copy: Copy) -> None:
    """A tag of the stack that changes with each release."""
    file = copy.folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    for artifact in manifest["artifacts"].values():
        if artifact["type"] == "aws:cloudformation:stack":
            artifact["properties"]["tags"] = {"release": "2"}
    file.write_text(json.dumps(manifest), encoding="utf-8")


FAULTS = (
    Fault("synthesis-failed", _missing_context),
    Fault("synthesis-failed", _recorded_error),
    Fault("architecture-mismatch", lambda copy: copy.image.update(platform="linux/arm64")),
    Fault("architecture-mismatch", lambda copy: copy.task["RuntimePlatform"].update(CpuArchitecture="ARM64")),
    Fault("image-platform-unset", lambda copy: copy.image.pop("platform")),
    Fault("dockerfile-missing", lambda copy: (copy.context / "Dockerfile").unlink()),
    Fault("listens-on-loopback", _cmd('CMD ["python", "server.py", "--host", "127.0.0.1"]')),
    Fault("listens-on-loopback", _cmd('CMD ["python", "manage.py", "runserver"]')),
    Fault("listens-on-loopback", _cmd('CMD ["uvicorn", "app:app", "--timeout-keep-alive", "75"]')),
    Fault("listens-on-loopback", _cmd('CMD ["flask", "run"]')),
    Fault("shell-form-command", _cmd("CMD python server.py")),
    Fault("shell-form-command", _cmd("ENTRYPOINT python server.py")),
    Fault("runs-as-root", lambda copy: copy.dockerfile("USER 10001:10001\n", "")),
    Fault("runs-as-root", lambda copy: copy.dockerfile("USER 10001:10001\n", "USER root\n")),
    Fault("base-image-not-pinned", lambda copy: copy.dockerfile("python:3.13-slim", "python")),
    Fault("base-image-end-of-life", lambda copy: copy.dockerfile("python:3.13-slim", "python:3.8-slim")),
    Fault("base-image-end-of-life", lambda copy: copy.dockerfile("python:3.13-slim", "node:20-alpine")),
    Fault("base-image-end-of-life", lambda copy: copy.dockerfile("python:3.13-slim", "python:3.13-buster")),
    Fault("expose-mismatch", lambda copy: copy.dockerfile("EXPOSE 8080", "EXPOSE 3000")),
    Fault("keep-alive-below-idle-timeout", _cmd(GUNICORN)),
    Fault("keep-alive-below-idle-timeout", _cmd(GUNICORN.replace('"app', '"--keep-alive", "60", "app'))),
    Fault("keep-alive-below-idle-timeout", _cmd('CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]')),
    Fault("keep-alive-below-idle-timeout", _cmd('CMD ["node", "server.js"]')),
    Fault("secret-file-in-context", _file(".env")),
    Fault("secret-file-in-context", _file("server.pem")),
    Fault("secret-in-build-argument", lambda copy: copy.image.update(dockerBuildArgs={"NPM_TOKEN": "x"})),
    Fault("task-size-unknown", lambda copy: copy.task.update(Memory="4096")),
    Fault("task-size-unknown", lambda copy: copy.task.update(Cpu="300")),
    Fault("ephemeral-storage-unknown", lambda copy: copy.task.update(EphemeralStorage={"SizeInGiB": 20})),
    Fault("fargate-option-unsupported", _container(Privileged=True)),
    Fault("fargate-option-unsupported", _container(ExtraHosts=[{"Hostname": "a", "IpAddress": "10.0.0.1"}])),
    Fault("fargate-option-unsupported", _container(ResourceRequirements=[{"Type": "GPU", "Value": "1"}])),
    Fault("fargate-option-unsupported", lambda copy: copy.task.update(NetworkMode="bridge")),
    Fault("fargate-option-unsupported", lambda copy: copy.container["PortMappings"][0].update(HostPort=80)),
    Fault("containers-exceed-task", _container(Memory=1024)),
    Fault("containers-exceed-task", _container(Cpu=512)),
    Fault("stop-timeout-too-long", _container(StopTimeout=300)),
    Fault("queue-without-dead-letters", lambda copy: copy.named("Queue381943A6").pop("RedrivePolicy"), app="worker"),
    Fault(
        "container-health-check-out-of-range",
        _container(HealthCheck={"Command": ["CMD", "true"], "Interval": 90, "Timeout": 80}),
    ),
    Fault("container-health-check-out-of-range", _container(HealthCheck={"Command": ["CMD", "true"], "Retries": 11})),
    Fault("execution-role-missing", lambda copy: copy.task.pop("ExecutionRoleArn")),
    Fault("secret-in-environment", _container(Environment=[{"Name": "DB_PASSWORD", "Value": "hunter2"}])),
    Fault("secret-in-environment", lambda copy: copy.dockerfile("EXPOSE", "ENV API_KEY=abc\nEXPOSE")),
    Fault("docker-hub-image", _container(Image="nginx:1.29")),
    Fault("image-not-pinned", _container(Image="public.ecr.aws/nginx/nginx:latest")),
    Fault("image-not-pinned", _container(Image="public.ecr.aws/nginx/nginx")),
    Fault("log-driver-blocking", _logs(mode="blocking")),
    Fault("log-driver-blocking", lambda copy: copy.container["LogConfiguration"]["Options"].pop("mode")),
    Fault("no-logs", lambda copy: copy.container.pop("LogConfiguration")),
    Fault("no-init-process", lambda copy: copy.container.pop("LinuxParameters")),
    Fault("no-way-to-registry", lambda copy: copy.remove("EcrFargateNetworkPrivateSubnet1DefaultRoute")),
    Fault("no-way-to-registry", lambda copy: copy.remove("NetworkEcrApi"), "endpoints"),
    Fault("no-way-to-registry", _container(Image="public.ecr.aws/nginx/nginx:1.29"), "endpoints"),
    Fault("public-address-missing", _public),
    Fault("s3-gateway-missing", lambda copy: copy.remove("NetworkS3"), "endpoints"),
    Fault("logs-endpoint-missing", lambda copy: copy.remove("NetworkLogs"), "endpoints"),
    Fault("secrets-endpoint-missing", lambda copy: copy.remove("NetworkSecretsmanager"), "endpoints"),
    Fault("task-open-to-world", _open_tasks),
    Fault("single-zone", lambda copy: copy.subnets.pop()),
    Fault("health-check-path-default", lambda copy: copy.group.pop("HealthCheckPath")),
    Fault("health-check-slow", _slow_check),
    Fault("health-check-accepts-errors", lambda copy: copy.group["Matcher"].update(HttpCode="200-499")),
    Fault("health-check-port-closed", lambda copy: copy.group.update(HealthCheckPort="9000")),
    Fault("traffic-port-closed", lambda copy: copy.remove("WebServiceSecurityGroupfromWebLB")),
    Fault("target-type-not-ip", lambda copy: copy.group.update(TargetType="instance")),
    Fault("draining-slow", lambda copy: copy.attribute("deregistration_delay.timeout_seconds", "300")),
    Fault("draining-slow", lambda copy: copy.group.update(TargetGroupAttributes=[])),
    Fault("stop-timeout-short", lambda copy: copy.attribute("deregistration_delay.timeout_seconds", "90")),
    Fault("stop-timeout-short", _container(StopTimeout=10)),
    Fault("plain-http", _clear),
    Fault("container-port-not-mapped", lambda copy: copy.container["PortMappings"][0].update(ContainerPort=9090)),
    Fault("minimum-healthy-low", _deployment(MinimumHealthyPercent=50)),
    Fault("no-circuit-breaker", _deployment(DeploymentCircuitBreaker={"Enable": False, "Rollback": False})),
    Fault("desired-count-with-autoscaling", _scaled),
    Fault("single-task", lambda copy: copy.service.update(DesiredCount=1)),
    Fault("single-task", lambda copy: copy.service.pop("DesiredCount")),
    Fault("single-task", _one_at_least),
    Fault("grace-period-short", lambda copy: copy.service.update(HealthCheckGracePeriodSeconds=0)),
    Fault("grace-period-short", _container(HealthCheck={"Command": ["CMD", "true"], "StartPeriod": 120})),
    Fault("exec-on-read-only-root", lambda copy: copy.service.update(EnableExecuteCommand=True)),
    Fault("mutable-tags", lambda copy: copy.only("AWS::ECR::Repository").update(ImageTagMutability="MUTABLE")),
    Fault("retention-none", lambda copy: copy.only("AWS::ECR::Repository").pop("LifecyclePolicy")),
    Fault(
        "retention-by-age",
        _policy({"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}),
    ),
    Fault("retention-too-few", _policy({"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3})),
    Fault(
        "traffic-rule-changed",
        lambda copy: copy.named("WebLBPublicListenerProductionRule").update(Priority=7),
        "blue_green",
        update=True,
    ),
    Fault("traffic-stack-tags-changed", _tagged_stack, "blue_green", update=True),
    Fault("log-group-never-expires", lambda copy: copy.named("WebLogGroup").pop("RetentionInDays")),
)
