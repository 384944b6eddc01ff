"""``python manage.py beat``: send a message every minute. It must never run twice."""

import signal
import threading

from django.core.management.base import BaseCommand

from shop.queue import send

SECONDS = 60


class Command(BaseCommand):
    """The clock."""

    help = __doc__

    def handle(self, **_options):
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        while not stop.is_set():
            send("clean-up")
            stop.wait(SECONDS)
