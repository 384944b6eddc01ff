"""Work out the monthly cost of an app: its fixed resources, its tasks, and the prices of its usage."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.machines import GROUP
from ecr_fargate_constructs.tools.assembly.malformed import refuses_malformed
from ecr_fargate_constructs.tools.assembly.workload import jobs, services
from ecr_fargate_constructs.tools.cost.machines import machine_costs
from ecr_fargate_constructs.tools.cost.tasks import job_prices, service_costs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.cost.prices import PriceTable
    from ecr_fargate_constructs.tools.cost.spot import SpotCost
    from ecr_fargate_constructs.tools.cost.tasks import ServiceCost

_FREE = (
    "AWS::ApplicationAutoScaling::",
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::AutoScaling::LifecycleHook",
    "AWS::AutoScaling::ScalingPolicy",
    "AWS::AutoScaling::ScheduledAction",
    "AWS::CDK::",
    "AWS::CertificateManager::",
    "AWS::CloudFormation::",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ECR::PullThroughCacheRule",
    "AWS::ECR::PullTimeUpdateExclusion",
    "AWS::ECR::RegistryPolicy",
    "AWS::ECR::RepositoryCreationTemplate",
    "AWS::ECS::",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::MountTarget",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::",
    "AWS::KMS::Alias",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::ResourcePolicy",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::ServiceDiscovery::Service",
    "AWS::WAFv2::WebACLAssociation",
    "Custom::",
)
"""Types, or prefixes of types, that cost nothing by themselves."""

_USAGE = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer application": ("alb.lcu-hour", "load balancer, per LCU-hour"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer network": ("nlb.lcu-hour", "network load balancer, per NLCU-hour"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer gateway": ("glb.lcu-hour", "gateway load balancer, per GLCU-hour"),
    "AWS::EC2::NatGateway": ("nat.gb", "NAT gateway, per GB"),
    "AWS::EC2::VPCEndpoint Interface": ("endpoint.gb", "interface endpoints, per GB"),
    "AWS::ECR::Repository": ("ecr.gb-month", "images in ECR, per GB and month"),
    "AWS::Logs::LogGroup": ("logs.gb", "log ingestion, per GB"),
    "AWS::SNS::Topic": ("sns.million-requests", "topics, per million messages published"),
    "AWS::SQS::Queue": ("sqs.million-requests", "queues, per million requests"),
    "AWS::SQS::Queue fifo": ("sqs.fifo-million-requests", "FIFO queues, per million requests"),
    "AWS::WAFv2::WebACL": ("waf.million-requests", "web ACL, per million requests"),
}
"""Types with usage-based prices, those of several kinds with their kind: the name of the price, and the line."""

_FIXED = {
    "AWS::EC2::NatGateway": ("nat.hour", "NAT gateways"),
    "AWS::CloudWatch::CompositeAlarm": ("alarm.composite-month", "composite alarms"),
    "AWS::CloudWatch::Dashboard": ("dashboard.month", "dashboards"),
    "AWS::KMS::Key": ("kms.key-month", "KMS keys"),
    "AWS::Route53::HostedZone": ("zone.month", "hosted zones"),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": ("zone.month", "hosted zones"),
    "AWS::SecretsManager::Secret": ("secret.month", "secrets"),
}
"""Types with a fixed price: the name of the price, and the line of the bill."""

_BALANCER, _ENDPOINT = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::EC2::VPCEndpoint"
_BALANCERS = {"application": "alb", "network": "nlb", "gateway": "glb"}
_PRICED = {_BALANCER, _ENDPOINT, GROUP, "AWS::EC2::EIP", "AWS::CloudWatch::Alarm", "AWS::EC2::Instance"}
"""Types whose price depends on their properties."""

_HIGH_RESOLUTION = 60  # seconds; an alarm with a shorter period costs more


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the bill for resources with a fixed price.

    Attributes:
        what: The kind of resource.
        count: How many there are.
        price: Price of one, per hour or month.
        monthly: Their cost per month.
    """

    what: str
    count: Decimal
    price: Decimal
    monthly: Decimal


@dataclass(frozen=True)
class Usage:
    """A usage-based price.

    Attributes:
        what: The billed usage, with its unit.
        price: Price of one unit.
    """

    what: str
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class Bill:
    """The monthly cost of an app.

    Attributes:
        table: The prices.
        fixed: Resources with a fixed price.
        services: The on-demand cost of each service's tasks.
        spot: The cost of Spot tasks and Spot instances.
        usage: Usage-based prices, which are in no sum.
        unpriced: Other resources that are in no sum, with the reason unless it is obvious.
    """

    table: PriceTable
    fixed: tuple[Line, ...]
    services: tuple[ServiceCost, ...]
    spot: tuple[SpotCost, ...]
    usage: tuple[Usage, ...]
    unpriced: tuple[str, ...]

    @property
    def fixed_monthly(self) -> Decimal:
        """Monthly cost without tasks."""
        return sum((line.monthly for line in self.fixed), Decimal(0))

    @property
    def least_monthly(self) -> Decimal:
        """Monthly cost with the least number of tasks, and Spot at its lowest price."""
        return self.fixed_monthly + sum((each.least_monthly for each in self._running), Decimal(0))

    @property
    def highest_monthly(self) -> Decimal:
        """Monthly cost with the least number of tasks, and Spot at its highest price."""
        return self.least_monthly + sum(((each.highest - each.lowest) * each.least for each in self.spot), Decimal(0))

    @property
    def most_monthly(self) -> Decimal:
        """Monthly cost with the largest number of tasks that scaling allows, and Spot at its highest price."""
        return self.fixed_monthly + sum((each.most_monthly for each in self._running), Decimal(0))

    @property
    def _running(self) -> list[ServiceCost | SpotCost]:
        return [*self.services, *self.spot]


@refuses_malformed
def bill_of(app: App, table: PriceTable) -> Bill:
    """Return the bill of an app at the given prices."""
    quantities: dict[tuple[str, str], Decimal] = {}
    unpriced: Counter[str] = Counter()
    for resource in app.resources:
        for price, what, count in _quantities(app, resource):
            quantities[price, what] = quantities.get((price, what), Decimal(0)) + count
        if _unpriced(resource):
            unpriced[resource.kind] += 1
    machines = machine_costs(app, table)
    for price, what, count in machines.quantities:
        quantities[price, what] = quantities.get((price, what), Decimal(0)) + count
    lines = []
    for (price, what), count in sorted(quantities.items(), key=lambda item: item[0][1]):
        amount = table.get(price)
        if amount is None:
            unpriced[f"{what}: no price named {price}"] += int(count)
        elif count:
            months = table.hours if price.endswith("hour") else Decimal(1)
            lines.append(Line(what=what, count=count, price=amount, monthly=count * amount * months))
    costs, spot, not_costed = service_costs(services(app), table)
    kinds = set(map(_kind, app.resources))
    usage = [
        Usage(what, amount)
        for kind, (price, what) in _USAGE.items()
        if kind in kinds and (amount := table.get(price)) is not None
    ]
    usage += [Usage(what, round(price, 6)) for what, price in job_prices(jobs(app), table)]
    insights = any(_has_insights(cluster) for cluster in app.of("AWS::ECS::Cluster"))
    if insights and (amount := table.get("metric.month")) is not None:
        usage.append(Usage("Container Insights, per metric and month", amount))
    return Bill(
        table=table,
        fixed=tuple(sorted(lines, key=lambda line: (-line.monthly, line.what))),
        services=tuple(costs),
        spot=(*spot, *machines.spot),
        usage=tuple(usage),
        unpriced=(
            *not_costed,
            *machines.unpriced,
            *_managed_instances(app),
            *_regions(app, table),
            *(_with_count(what, count) for what, count in sorted(unpriced.items())),
        ),
    )


def _quantities(app: App, resource: Resource) -> Iterator[tuple[str, str, Decimal]]:
    """Yield the lines that a resource adds to the bill: name of the price, line, and quantity."""
    if resource.kind in _FIXED:
        yield (*_FIXED[resource.kind], Decimal(1))
    match resource.kind:
        case "AWS::ElasticLoadBalancingV2::LoadBalancer":
            kind = _kind(resource).rpartition(" ")[2]
            yield f"{_BALANCERS.get(kind, kind)}.hour", f"{kind} load balancers", Decimal(1)
            if resource.get("Scheme") != "internal":
                yield "ipv4.hour", "public IPv4 addresses", _addresses(resource)
        case "AWS::EC2::EIP":
            yield "ipv4.hour", "public IPv4 addresses", Decimal(1)
        case "AWS::EC2::VPCEndpoint" if resource.get("VpcEndpointType") == "Interface":
            yield "endpoint.hour", "interface endpoints, per zone", _length(resource.get("SubnetIds"))
        case "AWS::CloudWatch::Alarm":
            yield from _alarm(app, resource)
        case "AWS::WAFv2::WebACL":
            yield "waf.acl-month", "web ACLs", Decimal(1)
            yield "waf.rule-month", "rules of web ACLs", _length(resource.get("Rules"), least=0)


def _alarm(app: App, resource: Resource) -> Iterator[tuple[str, str, Decimal]]:
    stats = [each["MetricStat"] for each in resource.get("Metrics") or [] if "MetricStat" in each]
    periods = [each.get("Period") for each in stats] or [resource.get("Period")]
    numbers = [app.number(period, resource.template) for period in periods]
    quick = any(number is not None and number < _HIGH_RESOLUTION for number in numbers)
    price = "alarm.high-resolution.metric-month" if quick else "alarm.metric-month"
    yield price, "high-resolution alarm metrics" if quick else "alarm metrics", Decimal(max(1, len(stats)))


def _kind(resource: Resource) -> str:
    """Return the type of a resource, with its kind where prices differ by it."""
    match resource.kind:
        case "AWS::ElasticLoadBalancingV2::LoadBalancer":
            return f"{resource.kind} {resource.get('Type') or 'application'}"
        case "AWS::EC2::VPCEndpoint":
            return f"{resource.kind} {resource.get('VpcEndpointType') or 'Gateway'}"
        case "AWS::SNS::Topic" | "AWS::SQS::Queue":
            fifo = resource.get("FifoTopic") or resource.get("FifoQueue")
            return f"{resource.kind} fifo" if fifo in {True, "true"} else resource.kind
    return resource.kind


def _addresses(balancer: Resource) -> Decimal:
    """Return the number of public addresses of a load balancer, without Elastic IPs, which are resources."""
    mappings = balancer.get("SubnetMappings")
    if isinstance(mappings, list):
        return Decimal(sum(not (isinstance(each, dict) and each.get("AllocationId")) for each in mappings))
    return _length(balancer.get("Subnets"))


def _unpriced(resource: Resource) -> bool:
    """Return whether a resource is in no sum although it may cost something."""
    kind = resource.kind
    return not (kind in _FIXED or kind.startswith(_FREE) or _kind(resource) in _USAGE or kind in _PRICED)


def _managed_instances(app: App) -> list[str]:
    """Name what the template does not say: how many instances ECS starts, and of which types."""
    providers = [each for each in app.of("AWS::ECS::CapacityProvider") if each.get("ManagedInstancesProvider")]
    what = "Managed Instances: Amazon ECS chooses their types and number, and adds a fee to the price of each"
    return [_with_count(what, len(providers))] if providers else []


def _regions(app: App, table: PriceTable) -> list[str]:
    others = sorted(
        {stack.region for stack in app.stacks if stack.region not in {None, table.region}} - {None}, key=str
    )
    return [f"region {region}: calculated at the prices of {table.region}" for region in others]


def _has_insights(cluster: Resource) -> bool:
    settings = cluster.get("ClusterSettings") or []
    return any(each.get("Name") == "containerInsights" and each.get("Value") != "disabled" for each in settings)


def _length(value: object, *, least: int = 1) -> Decimal:
    return Decimal(len(value)) if isinstance(value, list) else Decimal(least)


def _with_count(what: str, count: int) -> str:
    return what if count == 1 else f"{what} ({count})"
