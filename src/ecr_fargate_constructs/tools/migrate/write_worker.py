"""Write workers: services that nobody calls, with the queue of a worker that has one; and topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ecr_fargate_constructs.tools.migrate.code import Call, Expression, Name
from ecr_fargate_constructs.tools.migrate.model import Shape
from ecr_fargate_constructs.tools.migrate.program import STACK
from ecr_fargate_constructs.tools.migrate.write_container import dotted
from ecr_fargate_constructs.tools.migrate.write_web import number_of_tasks, options

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.model import Queue, Service, Subscription, Topic
    from ecr_fargate_constructs.tools.migrate.program import Program, Shared

_QUEUE, _TOPICS = "COPILOT_QUEUE_URI", "COPILOT_SNS_TOPIC_ARNS"


def worker(program: Program, service: Service, shared: Shared) -> Name:
    """Write a worker, after its queue."""
    queue = None if service.queue is None else _queue(program, service, service.queue)
    count = service.count
    name = program.let(
        service.name,
        program.own(
            "WorkerService",
            STACK,
            program.construct_id(service.name),
            **options(program, service, cluster=shared.cluster),
            **({"desired_count": 1} if count is None else number_of_tasks(program, service, queue)),
        ),
    )
    if queue is not None:
        if count is None or count.backlog is None:  # QueueScaling lets the tasks read the queue
            program.do(Call(f"{queue.text}.queue.grant_consume_messages", name))
        program.do(Call(f"{name.text}.container.add_environment", _QUEUE, dotted(queue, "queue_url")))
    if shared.discovery is not None and service.discovery_name is not None:
        cloud_map = program.own("CloudMap", namespace=shared.discovery, name=service.discovery_name)
        program.do(Call(f"{name.text}.enable_cloud_map", cloud_map))
    if service.connect_name is not None and shared.namespace is not None:
        calls: list[Expression] = [program.ecs_service(each) for each in service.calls if program.has(each)]
        connect = program.own("ServiceConnect", namespace=shared.namespace, calls=calls or None)
        program.do(Call(f"{name.text}.enable_service_connect", connect))
    return name


def publish(program: Program, service: Service, name: Name) -> None:
    """Let a service publish to its topics, and tell it where they are."""
    if not service.topics:
        return
    role = dotted(name, "task_definition.task_role") if service.shape is Shape.PRIVATE else name
    arns: dict[str, Expression] = {}
    for topic in service.topics:
        variable = _topic(program, topic)
        program.do(Call(f"{variable.text}.grant_publish", role))
        arns[topic.name] = dotted(variable, "topic_arn")
    container = program.container(service)
    program.do(Call(f"{container.text}.add_environment", _TOPICS, Call("stack.to_json_string", arns)))


def _queue(program: Program, service: Service, queue: Queue) -> Name:
    noun = program.named(service, "queue")
    name = program.let(
        noun,
        program.own(
            "WorkQueue",
            STACK,
            program.construct_id(noun),
            visibility_timeout=program.duration(queue.timeout),
            max_receive_count=queue.tries,
            retention=program.duration(queue.retention),
            fifo=queue.fifo or None,
        ),
    )
    for each in queue.subscriptions:
        _subscribe(program, name, each)
    return name


def _subscribe(program: Program, queue: Name, subscription: Subscription) -> None:
    filters: dict[str, Expression] = {
        name: program.cdk("sns.SubscriptionFilter", conditions=cast("list[Expression]", conditions))
        for name, conditions in subscription.filters.items()
    }
    to_queue = program.cdk(
        "subscriptions.SqsSubscription",
        dotted(queue, "queue"),
        filter_policy=filters or None,
        dead_letter_queue=dotted(queue, "dead_letter_queue"),
    )
    program.do(Call(f"{_topic(program, subscription.topic).text}.add_subscription", to_queue))


def _topic(program: Program, topic: Topic) -> Name:
    label = f"{topic.publisher} {topic.name} topic"
    return program.once(
        ("topic", topic.key),
        lambda: program.let(
            label,
            program.cdk(
                "sns.Topic",
                STACK,
                program.construct_id(label),
                enforce_ssl=True,
                fifo=topic.fifo or None,
                content_based_deduplication=topic.deduplicates or None,
            ),
        ),
    )
