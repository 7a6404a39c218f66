"""Server mode as its users meet it: three web processes and two workers, which Django's test client asks.

They share the servers and the database of this test process. What a test has committed they see, and nothing else of
it: no setting that it changes, nothing that it replaces. A request is answered as at the moment of the test's clock.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookies import SimpleCookie
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test.client import ClientHandler, FakePayload

from apps.core.redis import client
from tests.servers.quick_settings import NOW, PROCESS
from tests.servers.running import ROOT, SECONDS, free_port, wait_until

WEB_WORKERS = 3
WORKERS = 2
ENOUGH = 60
"""Of so many requests each web process has some."""
CHANGED_WITHIN = ("settings", "monkeypatch", "caplog", "capfd", "mailoutbox", "django_assert_num_queries")
"""Fixtures with which a test changes, or looks into, the process that answers: it is asked of the test's own."""
PUT_OFF_SECONDS = 20.0
"""How long at most to wait for workers at the end of a test."""
_BEING_DONE = "unacked"
"""Where Celery keeps the messages in Redis that are being worked on."""
_SECRET = "a" * 32
_OF_ONE_HOP = {"connection", "transfer-encoding", "content-length", "date", "server", "set-cookie", PROCESS.lower()}
_OF_QUERIES = "".join(map(chr, range(0x21, 0x7F)))
_DRAWN = re.compile(rb'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken[^}]*')
"""What is drawn by lot for each answer."""


def asks_processes(item: pytest.Item) -> bool:
    """Whether a test's requests go to them: with ``TEST_MODE=server``, where the test has records."""
    if os.environ.get("TEST_MODE") != "server" or item.get_closest_marker("one_process"):
        return False
    named = set(signature(item.function).parameters) if isinstance(item, pytest.Function) else set()
    has_records = "db" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db") is not None
    return has_records and named.isdisjoint(CHANGED_WITHIN)


class Processes:
    """The processes, on ``folder``; started at once."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.answered: Counter[str] = Counter()
        self.log = folder / "processes.log"
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.servers.quick_settings",
            "DATABASE_URL": database_url(),
            "ALLOWED_HOSTS": ",".join(settings.ALLOWED_HOSTS),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_WORKERS": str(WEB_WORKERS),
        }
        self.web = self._start("manage.py", "serve")
        worker = ("-m", "celery", "-A", "insights_site", "worker", "-Q", "rollups,maintenance,mail")
        self.workers = [self._start(*worker) for _ in range(WORKERS)]
        wait_until(self._are_up, self.log)

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=self._environment, stdout=log, stderr=log)

    def _are_up(self) -> bool:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as door:
                door.request("GET", "/readyz", headers={"Host": "localhost"})
                parts = json.loads(door.getresponse().read())["parts"]
        except OSError:
            return False
        return parts["events"] == parts["records"] == parts["worker"] == "well"

    def end(self) -> None:
        """Leave nothing running; fails where some process has never answered though there was much to do."""
        for process in (self.web, *self.workers):
            process.send_signal(signal.SIGTERM)
        for process in (self.web, *self.workers):
            process.wait(SECONDS)
        assert len(self.answered) == WEB_WORKERS or self.answered.total() < ENOUGH, self.answered

    def rest(self) -> None:
        """Return when the workers have nothing left to do, so that they do not work on what the next test is given.

        What is put off, to be tried again, is not waited for longer than some seconds.
        """
        deadline = time.monotonic() + PUT_OFF_SECONDS
        while time.monotonic() < deadline and self._is_at_work():
            time.sleep(0.01)

    def _is_at_work(self) -> bool:
        waiting = sum(int(client().llen(queue)) for queue in settings.TASK_QUEUES)
        return waiting + int(client().hlen(_BEING_DONE)) > 0

    def answer(self, environ: dict[str, Any], *, trusted: bool) -> HttpResponse:
        """The answer of whichever web process takes the request; a ``trusted`` one has the sign of no forgery."""
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        headers.setdefault("HOST", environ["SERVER_NAME"])
        headers[NOW] = str(time.time())
        if trusted:
            _trust(headers)
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/~!$&'()*+,;=:@")
        if environ.get("QUERY_STRING"):
            path += "?" + quote(environ["QUERY_STRING"].encode("latin-1"), safe=_OF_QUERIES)
        body = environ["wsgi.input"].read()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as door:
            door.request(environ["REQUEST_METHOD"], path, body, headers)
            found = door.getresponse()
            if PROCESS in found.headers:
                self.answered[found.headers[PROCESS]] += 1
            return _as_django_gives_it(found)


def _trust(headers: dict[str, str]) -> None:
    """Prove that a form was not sent from elsewhere, as Django's test client need not."""
    cookies = SimpleCookie(headers.get("COOKIE", ""))
    if settings.CSRF_COOKIE_NAME not in cookies:
        cookies[settings.CSRF_COOKIE_NAME] = _SECRET
        headers["COOKIE"] = cookies.output(attrs=[], header="", sep=";").strip()
    headers.setdefault("X-CSRFTOKEN", cookies[settings.CSRF_COOKIE_NAME].value)


class _Whole(HttpResponse):
    """An answer that may be read as one that comes in pieces, too."""

    url = ""

    @property
    def streaming_content(self) -> Iterator[bytes]:
        return iter([self.content])


def _as_django_gives_it(found: http.client.HTTPResponse) -> HttpResponse:
    content = found.read()
    kept = {name: value for name, value in found.getheaders() if name.lower() not in _OF_ONE_HOP}
    answer = _Whole(content, status=found.status, headers=kept)
    for cookie in found.headers.get_all("set-cookie", ()):
        answer.cookies.load(cookie)
    answer.url = kept.get("location", "")
    return answer


def database_url() -> str:
    """Where the tests' own database lies."""
    given = connection.settings_dict
    return f"postgres://{given['USER']}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


@contextmanager
def asked(processes: Processes) -> Iterator[None]:
    """Have the test client's requests go to the processes, but those that pretend to come from another address.

    Pages are made in this process too: they must be the same, and the test is given this one, as it tells what it was
    made of.
    """
    within = ClientHandler.__call__

    def ask(handler: ClientHandler, environ: dict[str, Any]) -> HttpResponseBase:
        if environ["REMOTE_ADDR"] != "127.0.0.1" or environ["wsgi.url_scheme"] != "http":
            return within(handler, environ)
        answer = processes.answer(environ, trusted=not handler.enforce_csrf_checks)
        answer.wsgi_request = WSGIRequest(dict(environ))
        is_page = environ["REQUEST_METHOD"] == "GET" and answer.headers.get("content-type", "").startswith("text/html")
        if is_page:
            own = within(handler, environ | {"wsgi.input": FakePayload()})
            assert own.status_code == answer.status_code
            assert _DRAWN.sub(b"", own.content) == _DRAWN.sub(b"", answer.content)
            return own
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ClientHandler, "__call__", ask)
        yield
