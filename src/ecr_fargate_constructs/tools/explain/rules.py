"""The messages of ECS, Elastic Load Balancing and CloudFormation about failed deployments, and their causes. Pure.

The order matters: rules for causes come first; the last ones, such as the circuit breaker, are only consequences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_PULL = _GUIDE + "task_cannot_pull_image.html"
_START = _GUIDE + "resource-initialization-error.html"
_STOPPED = _GUIDE + "stopped-task-error-codes.html"
HEALTH_CHECK = "failed health check of the load balancer"
_EVENTS = _GUIDE + "service-event-messages-list.html"


@dataclass(frozen=True)
class Rule:
    """A cause of a failed deployment.

    Attributes:
        cause: A short name, which scripts may rely on.
        pattern: Pattern of the messages that show it.
        sentence: Why the deployment failed.
        fix: What to do.
        source: AWS's page about it.
        consequence: Whether it only shows that something else failed.
    """

    cause: str
    pattern: re.Pattern[str]
    sentence: str
    fix: str
    source: str
    consequence: bool = False


def _rule(cause: str, pattern: str, sentence: str, fix: str, source: str, *, consequence: bool = False) -> Rule:
    return Rule(cause, re.compile(pattern, re.IGNORECASE | re.DOTALL), sentence, fix, source, consequence)


RULES = (
    _rule(
        "release command failed",  # first, because the application's own lines are in the message
        r"the release command `[^`]*` (?:ended with exit code \d+|was stopped after)",
        "the release command of the new version failed, so the old version stays",
        "the message has its last lines; correct the command, and deploy again, which runs it again",
        _STOPPED,
    ),
    _rule(
        "wrong architecture",
        r"exec format error|does not contain descriptor matching platform '?(?P<platform>[\w/]+)",
        "the image is built for a different processor architecture than the tasks run on",
        "build and run with the same architecture: ImageBuild(architecture=…), or runs_on of the container; a laptop "
        "with an ARM processor builds ARM images by default",
        _PULL,
    ),
    _rule(
        "pull limit",
        r"toomanyrequests|pull rate limit",
        "the registry of the image limits pulls per address, and this address has reached the limit",
        "take the image from public.ecr.aws, or copy it into your own repository: repository.mirror_image(…)",
        _PULL,
    ),
    _rule(
        "missing secret",
        r"(?:can't find the specified secret|invalid parameters?: (?P<parameter>[\w/.-]+)|did not contain json key "
        r"(?P<key>[\w.-]+)|unable to (?:retrieve|get) secrets?[^:]* from (?:asm|ssm).*ResourceNotFound)",
        "a secret or parameter that the task definition names does not exist, or lacks a key",
        "create it in the account and region of the service, or correct its name: secrets={…} of the container",
        _START,
    ),
    _rule(
        "secret not allowed",
        # What begins with the user is an answer to a request: "not allowed", below.
        r"(?:\A(?!User: ).*not authorized to perform: (?P<action>(?:secretsmanager|ssm|kms):\w+))|"
        r"(?:unable to (?:retrieve|get) secrets?.*AccessDenied)",
        "the execution role may not read a secret of the task definition",
        "give the secret as ecs.Secret, which grants the execution role; with a customer-managed key allow "
        "kms:Decrypt on the key as well",
        _START,
    ),
    _rule(
        "cannot pull: not allowed",
        r"(?:CannotPull\w+|unable to pull secrets or registry auth)"
        r".*(?:403 Forbidden|denied|not authorized|no basic auth)",
        "the execution role may not pull the image, or the repository's policy refuses it",
        "use a PublishedImage or ContainerImage.from_ecr_repository, which grant the pull; for an image in another "
        "account, add this account to pull_accounts of its repository",
        _PULL,
    ),
    _rule(
        "blocked by the network",
        r"\A[A-Z_]+: .* cannot reach .*\. Fix: ",
        "a connection that is needed cannot be made",
        "let the network pass it",
        "https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html",
    ),
    _rule(
        "no route to the registry",
        r"(?:CannotPull\w+|ResourceInitializationError|unable to pull|logger args|registry auth)"
        r".*(?:i/o timeout|deadline exceeded|connection refused|request canceled|dial tcp|no such host|"
        r"there is a connection issue)",
        "the tasks cannot reach the registry, the secret or the log service",
        "run them in private subnets with a NAT gateway or in public subnets with a public address, or add the "
        "endpoints ecr.api, ecr.dkr and logs and the gateway endpoint for S3; check the endpoints' security group too",
        _START,
    ),
    _rule(
        "cannot pull: no such image",
        r"CannotPull\w+.*(?:not found|manifest unknown|does not exist|not exist|no such image|failed to resolve ref)|"
        r"CannotPullImageManifestError",
        "the image, or its tag, is not in the registry",
        "push it, or correct its name; if it was there before, a lifecycle rule may have expired it: "
        "ecr-fargate retention check",
        _PULL,
    ),
    _rule(
        "cannot pull",
        r"CannotPull\w+",
        "the image cannot be pulled",
        "the registry's message, below, says why",
        _PULL,
    ),
    _rule(
        "not allowed",
        r"User: \S+ is not authorized to perform: \S+",
        "IAM refused what a role wanted to do",
        "let the role do it, or do without",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
    ),
    _rule(
        "out of memory",
        r"OutOfMemory(?:Error)?|container killed due to memory usage|exit code:? 137 .*memory",
        "a container used more memory than it may, and was killed",
        "give more memory to the task, TaskSize(memory_mib=…), or to the container, memory_limit_mib; if its memory "
        "grows without end, look for a leak",
        _STOPPED,
    ),
    _rule(
        "log group missing",
        r"failed to (?:validate logger args|create cloudwatch log stream).*(?:ResourceNotFound|does not exist)|"
        r"The specified log group does not exist",
        "the log group of the container does not exist",
        "let the service create it, or create it before the service",
        _START,
    ),
    _rule(
        "file system not mounted",
        r"failed to invoke EFS utils|mount\.nfs4?|EFS utils commands",
        "the file system could not be mounted",
        "check its mount targets (one in each zone), their security group (port 2049) and the task role",
        _START,
    ),
    _rule(
        "command not found",
        r"CannotStartContainerError.*(?:executable file not found|no such file or directory|permission denied)|"
        r"exec: \S+: executable file not found",
        "the command of the container is not in the image, or is not executable",
        "correct command and entry_point; a script needs its execute bit, and the interpreter of its first line",
        _STOPPED,
    ),
    _rule(
        "no address left",
        r"InsufficientFreeAddressesInSubnet|not have enough free (?:ip )?addresses|insufficient free addresses",
        "the subnets have no free address for the task",
        "use larger subnets, or more of them; each task needs its own address",
        _EVENTS,
    ),
    _rule(
        "quota reached",
        r"limit on the number of (?P<what>vCPUs|tasks)|service quota|concurrent (?:on-demand|spot) (?:tasks|vCPU)",
        "the account's quota of Fargate is used up",
        "request an increase in Service Quotas (Fargate, vCPU resource count), or stop other tasks",
        _EVENTS,
    ),
    _rule(
        "no capacity",
        r"Capacity is unavailable at this time|unable to place a task|no container instance met all|"
        r"RESOURCE:(?:CPU|MEMORY|ENI|PORTS)",
        "there is no capacity for the task at the moment",
        "use more zones; instead of Spot() use Mixed(), whose base is on demand; on EC2 raise the maximum of "
        "Ec2Capacity, or make the task smaller",
        _EVENTS,
    ),
    _rule(
        "spot interruption",
        r"SpotInterruption|Your Spot Task was interrupted",
        "AWS reclaimed the Spot capacity",
        "that is normal for Spot: keep a base on demand, Mixed(base=…), and let the application "
        "stop within two minutes",
        _STOPPED,
    ),
    _rule(
        "role not assumed",
        r"unable to assume (?:the )?(?:service linked )?role|unable to assume the role",
        "ECS cannot assume the role of the task",
        "let ecs-tasks.amazonaws.com assume it; if the role was created a moment ago, try again",
        _EVENTS,
    ),
    _rule(
        HEALTH_CHECK,
        r"failed ELB health checks|Target\.(?:ResponseCodeMismatch|Timeout|FailedHealthChecks)|"
        r"Health checks failed(?: with these codes: \[(?P<codes>[^\]]+)\])?|"
        r"is unhealthy in \(?target-group|Request timed out",
        "the target failed the load balancer's health check",
        "request the path in a container yourself, then set TargetHealthCheck(path=…, port=…, codes=…) to what the "
        "application returns. If it only starts slowly, give it a health_check with a start_period, which sets the "
        "grace period",
        _EVENTS,
    ),
    _rule(
        "failed health check of the container",
        r"failed container health checks|container health check",
        "the health check of the container failed",
        "run its command in the image: it may need a program that the image lacks, such as curl; set a start_period "
        "if the application starts slowly",
        _EVENTS,
    ),
    _rule(
        "hook refused",
        r"lifecycle hook.*(?:fail|timed out|FAILED)|hookStatus.*FAILED|HOOK_(?:FAILED|TIMED_OUT)",
        "a hook rejected the deployment or failed, or nobody approved the deployment in time",
        "read the log of the hook's function, or approve: aws ecs continue-service-deployment",
        _GUIDE + "deployment-lifecycle-hooks.html",
    ),
    _rule(
        "container exited",
        r"Essential container (?:in task )?exited|EssentialContainerExited",
        "the application exited, and a task stops when an essential container exits",
        "its last log lines say why: a missing variable, a port in use, an exception at startup",
        _STOPPED,
    ),
    _rule(
        "alarm",
        r"alarms?(?:\(s\))? (?:detected|in alarm|was triggered|triggered|went)|because of .{0,60}alarm|"
        r"deployment failed: alarm|in the ALARM state",
        "an alarm went off during the deployment, and ECS rolled back to the old version",
        "look at the alarm's graph for the time of the deployment; if the threshold is wrong and the version is not, "
        "change the threshold: RollbackAlarms(…)",
        _GUIDE + "deployment-alarm-failure.html",
        consequence=True,
    ),
    _rule(
        "circuit breaker",
        r"circuit breaker",
        "tasks of the new version failed one after another, and the circuit breaker ended the deployment",
        "the stopped tasks say why, but ECS forgets them after an hour: aws ecs describe-tasks, or deploy again and "
        "look at once",
        _GUIDE + "deployment-circuit-breaker.html",
        consequence=True,
    ),
    _rule(
        "timed out",
        r"did not stabilize|Exceeded attempts to wait|timed out waiting|Resource timed out",
        "the service did not become stable before CloudFormation gave up",
        "the service events say what it waited for; a circuit breaker or alarms would have ended it sooner",
        _EVENTS,
        consequence=True,
    ),
)
