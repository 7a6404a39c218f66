"""What tests of accounts start from: nobody locked out, a clock that stands, mail, a provider of OpenID Connect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from insights_site.celery import app
from tests.accounts.provider import CALLBACK, PEOPLE, Provider, configure, running
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


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    with running(PEOPLE) as found:
        found.client.redirect_uri = f"http://testserver{CALLBACK}"
        yield found


@pytest.fixture
def provider(_provider: Provider, settings: Any) -> Iterator[Provider]:
    """The provider, which tells the truth, and the service connected with it."""
    configure(settings, _provider.url)
    yield _provider
    _provider.signs_with, _provider.algorithm = None, "RS256"
    for lies in (_provider.id_lies, _provider.userinfo_lies, _provider.discovery_lies):
        lies.clear()
