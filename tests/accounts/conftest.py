"""Nobody is locked out by the test before, the clock stands where codes count, mail is sent where it is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from insights_site.celery import app
from tests.people import World


@pytest.fixture(autouse=True)
def _no_attempts_counted() -> Iterator[None]:
    """Begin and end without attempts that another test made."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The time, which moves only when told: a code is not over between making and entering it."""
    with time_machine.travel(datetime(2026, 11, 2, 9, 0, 10, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def mail_is_configured(settings: Any) -> None:
    """The settings that ``EMAIL_URL`` leads to."""
    settings.SENDS_MAIL = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True


@pytest.fixture
def sends_mail(mail_is_configured: None, transactional_db: None) -> Iterator[None]:
    """Mail is configured, and a task is done as soon as it is asked for: what is sent is in Django's outbox."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def ben(client: Client, world: World) -> Client:
    """Ben's browser, in which he is signed in."""
    client.force_login(world.ben)
    return client
