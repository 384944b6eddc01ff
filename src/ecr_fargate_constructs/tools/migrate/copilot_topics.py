"""Topics and the queue of a Copilot manifest: ``publish`` and ``subscribe``.

Source: "Publish/Subscribe" and the manifest of a Worker Service, https://aws.github.io/copilot-cli/docs/.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.bounds import Bound, bounded
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of
from ecr_fargate_constructs.tools.migrate.model import Queue, Service, Subscription, Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ecr_fargate_constructs.tools.migrate.copilot_reach import Manifest
    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.model import Condition

_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,5})?")
_VISIBILITY, _RETENTION, _TRIES = Bound(0, 43_200), Bound(60, 1_209_600), Bound(1, 1_000)  # SetQueueAttributes
_OF_A_JOB = ("a job of the program has no topics", "add sns.Topic(…), and topic.grant_publish(task_role)")
_NO_QUEUE = ("only a Worker Service has a queue", "make it a WorkerService, or add a queue")
_OWN_QUEUE = (
    "all subscriptions of a worker share its queue",
    "add another WorkQueue(…), subscribe it, and grant_consume_messages(service)",
)
_DELAY = ("WorkQueue has no delay", "set queue.queue.node.default_child.delay_seconds")
_FIFO = ("WorkQueue has no such option", "set it on queue.queue.node.default_child")


def with_topics(fields: Fields, service: Service, *, worker: bool, job: bool) -> Service:
    """Return the service with the topics that it publishes to, and the queue of a worker."""
    if job:
        fields.leave_out({"publish": _OF_A_JOB})
    else:
        service = replace(service, topics=tuple(_published(fields, service.name)))
    if not worker:
        fields.leave_out({"subscribe": _NO_QUEUE})
        return service
    return replace(service, queue=_queue(fields))


def with_one_kind(services: Sequence[Service], manifests: Sequence[Manifest]) -> list[Service]:
    """Return the services with their topics, each FIFO if it is so anywhere, and list those that nobody publishes."""
    published = {topic.key: topic for service in services for topic in service.topics}
    subscribed = [each.topic for service in services if service.queue for each in service.queue.subscriptions]
    ordered = {each.key for each in [*published.values(), *subscribed] if each.fifo}
    for manifest in manifests:
        for topic, node in _topics(manifest.root) if manifest.service.queue is not None else ():
            if topic not in published:
                manifest.ledger.check(
                    node,
                    f"no manifest here publishes to it: the program has a topic of its own, and {topic[0]} has to use "
                    "that",
                    "migrate both manifests at once, or use sns.Topic.from_topic_arn(…)",
                )

    def settled(topic: Topic) -> Topic:
        known = published.get(topic.key, topic)
        return replace(known, fifo=topic.key in ordered)

    return [
        replace(
            service,
            topics=tuple(map(settled, service.topics)),
            queue=None
            if service.queue is None
            else replace(
                service.queue,
                subscriptions=tuple(replace(each, topic=settled(each.topic)) for each in service.queue.subscriptions),
            ),
        )
        for service in services
    ]


def _topics(root: Node) -> Iterator[tuple[tuple[str, str], Node]]:
    """Yield the topics that a manifest subscribes to, with the value that names each."""
    subscribe = root.entries.get("subscribe")
    topics = None if subscribe is None else subscribe.entries.get("topics")
    for each in [] if topics is None else topics.items:
        name, publisher = each.entries.get("name"), each.entries.get("service")
        if name is not None and publisher is not None:
            yield (str(publisher.value), str(name.value)), name


def _published(fields: Fields, publisher: str) -> Iterator[Topic]:
    publish = fields.section("publish")
    for section in () if publish is None else _sections(publish, "topics"):
        name = section.text("name")
        if name is None:
            continue
        node = section.node("fifo")
        if node is not None and isinstance(node.value, dict):
            inner = Fields(node, section.ledger)
            yield Topic(
                name=name,
                publisher=publisher,
                fifo=True,
                deduplicates=inner.flag("content_based_deduplication") or False,
            )
        else:
            yield Topic(name=name, publisher=publisher, fifo=section.flag("fifo") or False)


def _queue(fields: Fields) -> Queue | None:
    """Return the queue of a worker; None for a manifest without one: it has a worker of another kind."""
    section = fields.section("subscribe")
    if section is None:
        return None
    settings = section.section("queue")
    queue = Queue()
    if settings is not None:
        settings.leave_out({"delay": _DELAY})
        dead = settings.section("dead_letter")
        queue = Queue(
            retention=bounded(settings, "retention", _RETENTION),
            timeout=bounded(settings, "timeout", _VISIBILITY),
            tries=None if dead is None else bounded(dead, "tries", _TRIES, unit=""),
            fifo=_fifo(settings),
        )
    if queue.tries is None:
        fields.check(
            "subscribe",
            "the program's queue has a dead-letter queue, which takes a message after 5 attempts",
            "check that this is acceptable",
        )
        fields.ledger.enter(section.mapping)
    return replace(queue, subscriptions=tuple(_subscriptions(section, fifo=queue.fifo)))


def _fifo(settings: Fields) -> bool:
    node = settings.node("fifo")
    if node is None or not isinstance(node.value, dict):
        return settings.flag("fifo") or False
    inner = Fields(node, settings.ledger)
    inner.leave_out(
        dict.fromkeys(
            ("content_based_deduplication", "deduplication_scope", "throughput_limit", "high_throughput"), _FIFO
        )
    )
    return True


def _subscriptions(section: Fields, *, fifo: bool) -> Iterator[Subscription]:
    for each in _sections(section, "topics"):
        name, publisher = each.text("name"), each.text("service")
        each.leave_out({"queue": _OWN_QUEUE})
        if name is None or publisher is None:
            continue
        filters: dict[str, list[Condition]] = {}
        for inner, key, node in each.each("filter_policy"):
            conditions = _plain(node)
            if isinstance(conditions, list):
                inner.carry(key)
                filters[key] = conditions
                if any(isinstance(each, str) and _NUMBER.fullmatch(each) for each in conditions):
                    inner.check(key, "the program compares a text, not a number", "check the type of the attribute")
            else:
                inner.drop(key, "it is not a list of conditions", "add filter_policy_with_message_body=…")
        yield Subscription(topic=Topic(name=name, publisher=publisher, fifo=fifo), filters=filters)


def _sections(fields: Fields, name: str) -> Iterator[Fields]:
    """Yield the mappings of a list."""
    node = fields.node(name)
    if node is None:
        return
    if not isinstance(node.value, list):
        fields.drop(name, "it should be a list, and is not", "correct it, and run the command again")
        return
    for each in node.items:
        if isinstance(each.value, dict):
            yield Fields(each, fields.ledger)
        else:
            fields.ledger.leave_out(each, "it should be a mapping, and is not", "correct it, and run the command again")


def _plain(node: Node, operator: str = "") -> Condition | None:
    """Return a condition as SNS takes it; None if a part of it is null.

    A manifest's scalars are texts here. Of SNS's operators, ``numeric`` takes numbers, and ``exists`` true or false.
    """
    if isinstance(node.value, dict):
        entries = {key: _plain(each, key) for key, each in node.entries.items()}
        return None if None in entries.values() else {key: each for key, each in entries.items() if each is not None}
    if isinstance(node.value, list):
        items = [_plain(each, operator) for each in node.items]
        return None if None in items else [each for each in items if each is not None]
    text = text_of(node)
    if text is not None and operator == "numeric" and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return {"true": True, "false": False}.get(text or "", text) if operator == "exists" else text
