"""Mails of the sign-in go through the queue: encrypted, and no answer waits for a mail server."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from apps.core.errors import Unavailable
from apps.organizations.tasks import send_sealed_mail
from insights_site.celery import app
from tests.people import PASSWORD, World

RESET = "/accounts/password/reset/"
BEN, NOBODY = "ben@example.com", "nobody@example.com"

pytestmark = pytest.mark.usefixtures("mail_is_configured", "transactional_db")


@pytest.fixture
def queue() -> Iterator[Any]:
    """The queue of mails, empty."""
    with app.connection_for_read() as connection, connection.SimpleQueue("mail") as found:
        found.clear()
        yield found
        found.clear()


@pytest.fixture
def silent_server(settings: Any) -> Iterator[None]:
    """A mail server that takes connections and says nothing, for longer than anybody waits."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = listening.getsockname()
        settings.EMAIL_TIMEOUT = 3
        yield


def taken(queue: Any) -> Any:
    message = queue.get(timeout=5)
    message.ack()
    return message


def ask(email: str) -> tuple[int, str, str]:
    """What somebody sees who forgot the password of an address, without the token of the page's forms."""
    client = Client()
    answer = client.post(RESET, {"email": email})
    page = client.get(answer["Location"]).content.decode()
    return answer.status_code, answer["Location"], re.sub(r'(csrf\w*" value="|X-CSRFToken": ")[^"]*', "", page)


def test_the_queue_holds_neither_the_link_nor_the_address(world: World, queue: Any) -> None:
    ask(BEN)
    assert mail.outbox == []
    message = taken(queue)
    send_sealed_mail(*message.payload[0])
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([BEN], "[Site insights] Choose a new password")
    (key,) = re.findall(r"/key/([^/\s]+)/", str(sent.body))
    for held in (str(message.payload), str(message.headers), str(message.properties)):
        assert key not in held
        assert "/key/" not in held
        assert BEN not in held


@pytest.mark.usefixtures("silent_server")
def test_the_answer_is_the_same_and_at_once_whoever_has_an_account(world: World, queue: Any) -> None:
    begin = time.monotonic()
    known, unknown = ask(BEN), ask(NOBODY)
    assert known == unknown
    assert time.monotonic() - begin < 3, "An answer waited for the mail server."
    assert [len(taken(queue).payload[0]) for _address in (BEN, NOBODY)] == [1, 1]


@pytest.mark.usefixtures("silent_server")
def test_a_mail_that_the_server_does_not_take_is_tried_again(world: World, queue: Any) -> None:
    ask(BEN)
    args = taken(queue).payload[0]
    with pytest.raises(Unavailable):
        send_sealed_mail.run.__wrapped__(*args)
    assert Unavailable in send_sealed_mail.autoretry_for


def test_a_mail_that_waited_for_a_day_is_not_sent(
    world: World, queue: Any, caplog: pytest.LogCaptureFixture, clock: time_machine.Traveller
) -> None:
    ask(BEN)
    args = taken(queue).payload[0]
    clock.shift(timedelta(days=1, seconds=1))
    send_sealed_mail(*args)
    assert mail.outbox == []
    assert "A mail was not sent" in caplog.text


def test_a_mail_outlives_a_change_of_the_secret_key_and_no_other_key_opens_it(
    world: World, queue: Any, settings: Any
) -> None:
    ask(BEN)
    args = taken(queue).payload[0]
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "another " * 5
    send_sealed_mail(*args)
    assert mail.outbox == []
    settings.SECRET_KEY_FALLBACKS = [former]
    send_sealed_mail(*args)
    assert [each.to for each in mail.outbox] == [[BEN]]


def test_what_happens_to_an_account_is_told_through_the_queue_too(client: Client, world: World, queue: Any) -> None:
    client.force_login(world.ben)
    changed = {"oldpassword": PASSWORD, "password1": "another horse, another", "password2": "another horse, another"}
    client.post("/accounts/password/", changed)
    send_sealed_mail(*taken(queue).payload[0])
    assert [each.subject for each in mail.outbox] == ["[Site insights] Password Changed"]
