"""What every background task is: an address label that is safe to deliver twice."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from celery import Task
from django.db import transaction

from apps.core.errors import Unavailable
from apps.core.trace import FIELD, current_request_id

log = logging.getLogger(__name__)


class Work(Task):
    """The base of all tasks: ``@shared_task(base=Work)``; CELERY_TASK_ROUTES of settings.py names its queue.

    A task takes ids and makes one call, which is safe to repeat: it is delivered again when a worker dies
    (acknowledged late) or Redis restarts. It is tried again, later and later, while something that it
    needs is ``Unavailable``: 8 times, within 20 minutes at most, and no longer than until its message ``expires``,
    as that of a periodic task does before the next one comes. What is due is told by state rows, not by messages, so
    a task that is given up or lost is found again by the periodic one. Mails alone are handed over encrypted, and are
    not found again.
    """

    abstract = True
    autoretry_for = (Unavailable,)
    max_retries = 8
    retry_backoff = 5
    retry_backoff_max = 600
    retry_jitter = True
    label: ClassVar[tuple[type, ...]] = (int, str)

    def enqueue(self, *ids: int | str) -> None:
        """Have it done once the current transaction is committed, for the request that is worked for.

        A broker that is away is logged, not raised: the transaction stands, and the periodic task finds the work.
        """
        if not all(isinstance(value, self.label) for value in ids):
            raise TypeError(f"{self.name} takes ids, not {ids!r}.")
        request_id = current_request_id()
        headers = {FIELD: request_id} if request_id else None
        transaction.on_commit(lambda: self.apply_async(ids, headers=headers), robust=True)

    def on_retry(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Say why it is done later."""
        log.warning("%s%s is tried again: %s", self.name, tuple(str(each)[:64] for each in args), exc)
