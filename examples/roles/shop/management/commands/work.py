"""``python manage.py work``: handle messages until it is time to stop, and finish the one at hand."""

import signal
import threading

from django.conf import settings
from django.core.management.base import BaseCommand

from shop.queue import client


class Command(BaseCommand):
    """The worker. Its messages take seconds, so the stop timeout is enough, and it asks for no protection."""

    help = __doc__

    def handle(self, **_options):
        stop, queue = threading.Event(), client()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        while not stop.is_set():
            received = queue.receive_message(QueueUrl=settings.QUEUE_URL, MaxNumberOfMessages=1, WaitTimeSeconds=10)
            for message in received.get("Messages", []):
                self.stdout.write(f"handled {message['Body']}")
                queue.delete_message(QueueUrl=settings.QUEUE_URL, ReceiptHandle=message["ReceiptHandle"])
