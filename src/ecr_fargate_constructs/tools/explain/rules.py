"""What ECS, Elastic Load Balancing and CloudFormation say when a deployment fails, and what it means. Pure.

The order counts: what comes first is a cause, what comes last (the breaker) only says that there was one.
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
    """A cause.

    Attributes:
        cause: Its name, a word or two; scripts may rely on it.
        pattern: What is said of it; named groups are put into the sentence.
        sentence: Why it failed.
        fix: What to do.
        source: Where AWS documents it.
        consequence: Whether it only says that something else failed.
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
        "wrong architecture",
        r"exec format error|does not contain descriptor matching platform '?(?P<platform>[\w/]+)",
        "the image is built for another processor than the tasks run on",
        "build and run with one architecture: ImageBuild(architecture=…), or runs_on of the container; a laptop with "
        "an ARM processor builds ARM images unless it is told otherwise",
        _PULL,
    ),
    _rule(
        "pull limit",
        r"toomanyrequests|pull rate limit",
        "the registry of the image counts pulls, and this address has used its share up",
        "take the image from public.ecr.aws, or copy it into a repository of yours: repository.mirror_image(…)",
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
        "let the image come from a PublishedImage or ContainerImage.from_ecr_repository, which grant the pull; for an "
        "image of another account, name this one in pull_accounts of its repository",
        _PULL,
    ),
    _rule(
        "no route to the registry",
        r"(?:CannotPull\w+|ResourceInitializationError|unable to pull|logger args|registry auth)"
        r".*(?:i/o timeout|deadline exceeded|connection refused|request canceled|dial tcp|no such host|"
        r"there is a connection issue)",
        "the tasks have no way to the registry, the secret or the log service",
        "run them in private subnets with a NAT gateway, in public ones with a public address, or add the endpoints "
        "ecr.api, ecr.dkr, logs and the S3 gateway; look at the security group of the endpoints too",
        _START,
    ),
    _rule(
        "cannot pull: no such image",
        r"CannotPull\w+.*(?:not found|manifest unknown|does not exist|not exist|no such image|failed to resolve ref)|"
        r"CannotPullImageManifestError",
        "the image, or its tag, is not in the registry",
        "push it, or correct its name; if it was there once, a lifecycle rule may have expired it: "
        "ecr-fargate retention check",
        _PULL,
    ),
    _rule(
        "cannot pull",
        r"CannotPull\w+",
        "the image cannot be pulled",
        "the message of the registry, below, says why",
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
        "a container took more memory than it has, and was killed",
        "give the task more, TaskSize(memory_mib=…), or the container, memory_limit_mib; if it grows without end, look "
        "for a leak",
        _STOPPED,
    ),
    _rule(
        "log group missing",
        r"failed to (?:validate logger args|create cloudwatch log stream).*(?:ResourceNotFound|does not exist)|"
        r"The specified log group does not exist",
        "the log group of the container does not exist",
        "let the service make it, or create it before the service",
        _START,
    ),
    _rule(
        "file system not mounted",
        r"failed to invoke EFS utils|mount\.nfs4?|EFS utils commands",
        "the file system could not be mounted",
        "look at its mount targets (one in each zone), their security group (port 2049) and the task role",
        _START,
    ),
    _rule(
        "command not found",
        r"CannotStartContainerError.*(?:executable file not found|no such file or directory|permission denied)|"
        r"exec: \S+: executable file not found",
        "the command of the container is not in the image, or may not be executed",
        "correct command and entry_point; a script needs its execute bit and the interpreter of its first line",
        _STOPPED,
    ),
    _rule(
        "no address left",
        r"InsufficientFreeAddressesInSubnet|not have enough free (?:ip )?addresses|insufficient free addresses",
        "the subnets have no address left for the task",
        "take larger subnets, or more of them; each task has an address of its own",
        _EVENTS,
    ),
    _rule(
        "quota reached",
        r"limit on the number of (?P<what>vCPUs|tasks)|service quota|concurrent (?:on-demand|spot) (?:tasks|vCPU)",
        "the account's quota of Fargate is used up",
        "ask for more in Service Quotas (Fargate, vCPU resource count), or stop something",
        _EVENTS,
    ),
    _rule(
        "no capacity",
        r"Capacity is unavailable at this time|unable to place a task|no container instance met all|"
        r"RESOURCE:(?:CPU|MEMORY|ENI|PORTS)",
        "there is no capacity for the task at the moment",
        "more zones give more chances; with Spot() take Mixed(), whose base is on demand; on machines raise the "
        "maximum of Ec2Capacity, or take a smaller task",
        _EVENTS,
    ),
    _rule(
        "spot interruption",
        r"SpotInterruption|Your Spot Task was interrupted",
        "Fargate took the Spot capacity back",
        "that is Spot: keep a base on demand, Mixed(base=…), and let the application stop within two minutes",
        _STOPPED,
    ),
    _rule(
        "role not assumed",
        r"unable to assume (?:the )?(?:service linked )?role|unable to assume the role",
        "ECS may not take up the role of the task",
        "let ecs-tasks.amazonaws.com assume it; a role that was made a moment ago works at the second try",
        _EVENTS,
    ),
    _rule(
        HEALTH_CHECK,
        r"failed ELB health checks|Target\.(?:ResponseCodeMismatch|Timeout|FailedHealthChecks)|"
        r"Health checks failed(?: with these codes: \[(?P<codes>[^\]]+)\])?|"
        r"is unhealthy in \(?target-group|Request timed out",
        "the target failed the load balancer's health check",
        "ask the path yourself in a container; then set TargetHealthCheck(path=…, port=…, codes=…) to what the "
        "application answers. If it only starts slowly, give it a health_check with a start_period, from which the "
        "grace period is worked out",
        _EVENTS,
    ),
    _rule(
        "failed health check of the container",
        r"failed container health checks|container health check",
        "the health check of the container failed",
        "run its command in the image: it may need a program, such as curl, that the image lacks; give a start_period "
        "if the application starts slowly",
        _EVENTS,
    ),
    _rule(
        "hook refused",
        r"lifecycle hook.*(?:fail|timed out|FAILED)|hookStatus.*FAILED|HOOK_(?:FAILED|TIMED_OUT)",
        "a hook of the deployment said no, failed, or nobody approved in time",
        "read the log of the function that the hook asks, or approve: aws ecs continue-service-deployment",
        _GUIDE + "deployment-lifecycle-hooks.html",
    ),
    _rule(
        "container exited",
        r"Essential container (?:in task )?exited|EssentialContainerExited",
        "the application ended, and a task without its essential container stops",
        "its last lines say why: a missing variable, a port in use, an exception at the start",
        _STOPPED,
    ),
    _rule(
        "alarm",
        r"alarms?(?:\(s\))? (?:detected|in alarm|was triggered|triggered|went)|because of .{0,60}alarm|"
        r"deployment failed: alarm|in the ALARM state",
        "an alarm went off during the deployment, and ECS brought the old version back",
        "look at the alarm's graph for the minutes of the deployment; if the threshold is wrong and not the version, "
        "RollbackAlarms(…)",
        _GUIDE + "deployment-alarm-failure.html",
        consequence=True,
    ),
    _rule(
        "circuit breaker",
        r"circuit breaker",
        "tasks of the new version failed one after the other, and the circuit breaker ended the deployment",
        "the stopped tasks say why, but are forgotten after an hour: aws ecs describe-tasks, or deploy again and ask "
        "at once",
        _GUIDE + "deployment-circuit-breaker.html",
        consequence=True,
    ),
    _rule(
        "timed out",
        r"did not stabilize|Exceeded attempts to wait|timed out waiting|Resource timed out",
        "the service did not become stable before CloudFormation gave up",
        "the service events say what it waited for; a breaker or alarms would have ended it sooner",
        _EVENTS,
        consequence=True,
    ),
)
