"""The alarms of a target tracking policy, which Application Auto Scaling makes.

Source: alarms as they are on AWS, and "How target tracking scaling for Application Auto Scaling works". The metrics
that ECS publishes every 20 seconds are measured once a minute here.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.scaling.policies import HIGH_PERIODS, LOW_PERIODS, LOW_SHARE, Tracking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.ministack_patches.internals import Properties
    from ecr_fargate_constructs.local.scaling.policies import Steps


_OF_ECS = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageCPUUtilizationHighResolution": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
    "ECSServiceAverageMemoryUtilizationHighResolution": "MemoryUtilization",
}
_MINUTE = 60


def alarms_of(
    arn: str, resource: str, policy: Tracking | Steps, properties: Properties, account: str, region: str
) -> Iterator[Properties]:
    """Return the alarms of a policy; step scaling has those that its user makes.

    Args:
        arn: ARN of the policy.
        resource: What it scales, ``service/CLUSTER/NAME``.
        policy: The policy.
        properties: The policy in the words of a template.
        account: Account of the alarms.
        region: Region of the alarms.

    Raises:
        ValueError: The policy uses a metric that is not emulated.
    """
    if not isinstance(policy, Tracking):
        return
    metric = _metric(resource, properties["TargetTrackingScalingPolicyConfiguration"])
    kinds = [("AlarmHigh", "GreaterThanThreshold", policy.target, HIGH_PERIODS)]
    if policy.scales_in:
        kinds.append(("AlarmLow", "LessThanThreshold", policy.target * LOW_SHARE, LOW_PERIODS))
    for kind, comparison, threshold, periods in kinds:
        name = f"TargetTracking-{resource}-{kind}-{uuid.uuid4()}"
        now = int(time.time())
        yield {
            "AlarmName": name,
            "AlarmArn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
            "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.",
            "ActionsEnabled": True,
            "AlarmActions": [arn],
            "OKActions": [],
            "InsufficientDataActions": [],
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": now,
            "AlarmConfigurationUpdatedTimestamp": now,
            "EvaluationPeriods": periods,
            "Threshold": threshold,
            "ComparisonOperator": comparison,
            "TreatMissingData": "missing",
            **metric,
        }


def _metric(resource: str, config: Properties) -> Properties:
    """Return the metric of a target tracking policy in the words of an alarm."""
    own = config.get("CustomizedMetricSpecification")
    if own and own.get("Metrics"):
        return {"Metrics": [_query(each) for each in own["Metrics"]]}
    if own:
        return {
            "Namespace": own["Namespace"],
            "MetricName": own["MetricName"],
            "Statistic": own["Statistic"],
            "Period": _MINUTE,
            "Dimensions": [dict(each) for each in own.get("Dimensions") or ()],
        }
    predefined = config.get("PredefinedMetricSpecification") or {}
    kind = str(predefined.get("PredefinedMetricType"))
    if kind == "ALBRequestCountPerTarget":
        balancer, _, group = str(predefined["ResourceLabel"]).partition("/targetgroup/")
        dimensions = {"LoadBalancer": balancer, "TargetGroup": f"targetgroup/{group}"}
        return _measured("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", dimensions)
    if kind not in _OF_ECS:
        raise ValueError(f"not emulated: target tracking of {kind}")
    _, cluster, name = resource.split("/")
    return _measured("AWS/ECS", _OF_ECS[kind], "Average", {"ClusterName": cluster, "ServiceName": name})


def _measured(namespace: str, name: str, statistic: str, dimensions: dict[str, str]) -> Properties:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Statistic": statistic,
        "Period": _MINUTE,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }


def _query(query: Properties) -> Properties:
    """Return a query of a policy in the words of an alarm, which has periods."""
    returned = str(query.get("ReturnData", True)).lower() != "false"
    if "MetricStat" not in query:
        return {**query, "ReturnData": returned}
    return {**query, "ReturnData": returned, "MetricStat": {**query["MetricStat"], "Period": _MINUTE}}
