"""The log: ids of requests, the line of each, and slow questions."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings
from structlog.contextvars import clear_contextvars

from apps.api.caches import forget_all
from apps.core.trace import begin
from apps.events.store import EventStore, Statement
from apps.organizations.tasks import delete_expired_sessions
from apps.rollups.slow import LOGGER, MOST_CHARACTERS
from insights_site.celery import app
from insights_site.logs import ACCESS, AccessLine
from insights_site.wsgi import application
from tests.people import World, token_of


@pytest.fixture(autouse=True)
def _no_id_is_left() -> Iterator[None]:
    yield
    clear_contextvars()


@pytest.fixture
def lines(settings: Settings) -> Iterator[io.StringIO]:
    """What is written of requests, as JSON."""
    settings.ACCESS_LOG = True
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(AccessLine("json"))
    logging.getLogger(ACCESS).addHandler(handler)
    yield written
    logging.getLogger(ACCESS).removeHandler(handler)


def ask(method: str, path: str, body: bytes = b"", **environ: str) -> tuple[str, dict[str, str]]:
    """A request to the whole application: status and headers."""
    answered: list[tuple[str, list[tuple[str, str]]]] = []
    asked: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        **environ,
    }
    content: Iterable[bytes] = application(asked, lambda status, headers, *_error: answered.append((status, headers)))
    list(content)
    [(status, headers)] = answered
    return status[:3], dict(headers)


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.django_db
@pytest.mark.parametrize("given", ["a-proxy-s-own", "5f0c7d2e-9b8a-4c3f-8e1d-6a7b9c0d1e2f", "ABCD_efg1"])
def test_the_id_that_a_request_brings_is_kept(given: str) -> None:
    assert ask("GET", "/insights.js", HTTP_X_REQUEST_ID=given)[1]["X-Request-ID"] == given


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "203.0.113.77", "2001:db8::77", "ada@acme.example", "a b c d e f"]
)
def test_a_request_with_none_that_looks_sane_gets_one(given: str) -> None:
    made = ask("GET", "/insights.js", HTTP_X_REQUEST_ID=given)[1]["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert made != ask("GET", "/insights.js")[1]["X-Request-ID"]


@pytest.mark.django_db
def test_every_request_has_a_line_with_the_name_of_its_route(
    world: World, store: EventStore, kept_connection: None, lines: io.StringIO
) -> None:
    forget_all()
    site = f"/v1/orgs/{world.acme.public_id}/sites/{world.docs.public_id}/insights/events"
    session = {"visitorId": "ada", "sessionId": "one"}
    event = {"type": "page_view", "session": session, "location": {"url": "https://docs.acme.example/"}}
    good = json.dumps({"events": [event]}).encode()
    asked = [
        ("POST", site, good, "api:track", "204"),
        ("OPTIONS", site, b"", "api:track", "204"),
        ("POST", site, b"{", "api:track", "400"),
        ("POST", f"{site}/aggregate", b"{}", "api:aggregate", "401"),
        ("GET", "/sites/acme/docs/overview", b"", "dashboard:report", "302"),
        ("GET", "/nowhere", b"", "", "404"),
    ]
    ids = []
    for method, path, body, _route, status in asked:
        answered = ask(method, path, body, QUERY_STRING="visitor=mark-visitor")
        assert answered[0] == status
        ids.append(answered[1]["X-Request-ID"])
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(line["method"], line["route"], str(line["status"])) for line in written] == [
        (method, route, status) for method, _path, _body, route, status in asked
    ]
    assert [line["request_id"] for line in written] == ids
    assert {"event", "level", "logger", "timestamp", "ms"} <= written[0].keys()
    assert "mark-visitor" not in lines.getvalue()


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.django_db
def test_lines_of_requests_can_be_left_out(settings: Settings, lines: io.StringIO) -> None:
    settings.ACCESS_LOG = False
    assert ask("GET", "/nowhere")[0] == "404"
    assert lines.getvalue() == ""
    settings.ACCESS_LOG = True
    assert ask("GET", "/nowhere")[0] == "404"
    assert lines.getvalue().count("\n") == 1


def test_a_line_for_people_has_the_same_fields() -> None:
    record = logging.LogRecord(ACCESS, logging.INFO, "", 0, "request", ({"method": "GET", "status": 200},), None)
    record.created = 1_795_788_666.25
    assert AccessLine("text").format(record) == (
        "2026-11-27T14:11:06.250000Z [info     ] request [insights.access] method=GET status=200"
    )


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_a_message_to_a_worker_carries_the_id_of_the_request() -> None:
    with (
        app.connection_for_write() as connection,
        closing(connection.SimpleQueue(app.amqp.queues["maintenance"])) as queue,
    ):
        queue.clear()
        begin("asked-by-a-test")
        delete_expired_sessions.enqueue()
        clear_contextvars()
        delete_expired_sessions.enqueue()
        messages = [queue.get(timeout=5) for _ in range(2)]
        assert [message.headers.get("request_id") for message in messages] == ["asked-by-a-test", None]
        for message in messages:
            message.ack()


def test_the_engine_is_told_the_id_too(store: EventStore) -> None:
    setting = Statement(sql="SELECT getSetting('log_comment')")
    begin("asked-by-a-test")
    assert store.query(setting)[0][0] == "asked-by-a-test"
    clear_contextvars()
    assert store.query(setting)[0][0] == ""


@pytest.fixture
def aggregate(world: World, store: EventStore) -> Any:
    """Asks the API how many events there were."""
    forget_all()
    bearer = {"Authorization": f"Bearer {token_of(world.ada, world.acme)}"}
    address = f"/v1/orgs/{world.acme.public_id}/sites/{world.docs.public_id}/insights/events/aggregate"

    def ask(**more: Any) -> dict[str, Any]:
        body = {"range": "last7Days", "select": [{"column": "eventsCount"}], **more}
        answer = Client().post(address, body, content_type="application/json", headers=bearer)
        assert answer.status_code == 200, answer.content
        return body

    return ask


@pytest.mark.django_db
def test_a_slow_question_is_logged_with_its_body_as_it_was_asked(
    aggregate: Any, world: World, store: EventStore, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SLOW_QUERY_SECONDS = 0.000_001
    asked = aggregate(where=[{"column": "urlPath", "values": ["/größe"]}])
    [record] = [record for record in caplog.records if record.name == LOGGER]
    told: Any = record.__dict__
    assert json.loads(told["body"]) == asked
    assert (told["site"], told["source"], told["asked_by"]) == (world.docs.public_id, "raw", "api")
    assert told["seconds"] > 0
    assert (told["rows_read"] is None) == (not settings.CLICKHOUSE_URL)  # the embedded engine does not tell
    caplog.clear()
    aggregate(where=[{"column": "urlPath", "values": ["/path" * 100] * 100}])
    [record] = [record for record in caplog.records if record.name == LOGGER]
    assert len(record.__dict__["body"]) == MOST_CHARACTERS


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [0, 60])
def test_a_quick_question_is_not_and_none_is_where_that_is_turned_off(
    aggregate: Any, settings: Settings, caplog: pytest.LogCaptureFixture, seconds: float
) -> None:
    settings.SLOW_QUERY_SECONDS = seconds
    aggregate()
    assert [record for record in caplog.records if record.name == LOGGER] == []


@pytest.mark.django_db
def test_a_slow_question_of_a_page_names_the_report_and_can_be_explained(
    store: EventStore,
    world: World,
    client: Client,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    settings.SLOW_QUERY_SECONDS = 0.000_001
    client.force_login(world.ada)
    path = f"/sites/{world.acme.public_id}/{world.docs.public_id}/search?plain=1"
    assert client.get(path).status_code == 200
    records: list[Any] = [record for record in caplog.records if record.name == LOGGER]
    assert {record.asked_by for record in records} == {"search"}
    asked = tmp_path / "body.json"
    for record in records:
        asked.write_text(record.body)
        call_command("explain_query", str(asked), site=record.site)
    assert capsys.readouterr().out.count("raw") == len(records) > 3
