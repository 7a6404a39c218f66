"""The Celery app: ``celery -A insights_site worker``, ``celery -A insights_site beat``, or threads of the server."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, bootsteps, signals
from celery.beat import PersistentScheduler
from django.conf import settings
from kombu.entity import Exchange, Queue

from insights_site import signs, task_times  # noqa: F401  # it listens to what becomes of tasks
from insights_site.totals import sharer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "insights_site.settings")

app = Celery("insights_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
# A key of its own for each queue: those that share one get each other's messages.
app.conf.task_queues = [Queue(name, Exchange("tasks"), routing_key=name) for name in settings.TASK_QUEUES]
app.autodiscover_tasks()


class Scheduler(PersistentScheduler):
    """The usual schedule, kept in a file over restarts, that gives a sign of life at every look at it."""

    def tick(self, *args: Any, **options: Any) -> float:
        wait: float = super().tick(*args, **options)
        signs.note("beat")
        return wait


class WorkerSign(bootsteps.StartStopStep):
    """A worker's sign of life: once it listens to its queues, and from then on every few seconds."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        signs.note("worker")
        self._timer = consumer.timer.call_repeatedly(settings.BEAT_SECONDS, signs.note, ("worker",))

    def stop(self, consumer: Any) -> None:
        timer = getattr(self, "_timer", None)
        if timer is not None:
            timer.cancel()


app.steps["consumer"].add(WorkerSign)


@signals.worker_ready.connect
def _share_what_is_counted(**_signal: object) -> None:
    """A worker has no door of its own at which it could be asked."""
    if settings.REDIS_URL:
        sharer.start()


@signals.setup_logging.connect
def _leave_logging_alone(**_signal: object) -> None:
    """Whoever receives this signal sets logging up instead of Celery: Django did, from LOG_LEVEL and LOG_FORMAT."""
