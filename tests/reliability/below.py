"""A service below a path of its host, as ``BASE_PATH`` puts it there, and somebody who reads its pages."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit

from tests.reliability.service import Service, event

BASE = "/insights"
EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """The running service, and the organization, site and token that bootstrap made in it."""

    service: Service
    organization_id: str
    site_id: str
    token: str

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"

    @property
    def address(self) -> str:
        return self.host + BASE

    @property
    def site(self) -> str:
        return f"{BASE}/sites/{self.organization_id}/{self.site_id}"


@contextmanager
def served_below(folder: Path, **settings: str) -> Iterator[Below]:
    """A documentation with a few events, and Ada, who owns it and administers the service; static files collected."""
    service = Service(folder, BASE_PATH=BASE, STATIC_ROOT=str(folder / "static"), **settings)
    try:
        service.manage("collectstatic", "--no-input", "--verbosity", "0")
        made = json.loads(
            service.manage(
                *("bootstrap", "--organization", "Widgets", "--site", "Docs", "--url", "https://docs.acme.example"),
                *("--email", EMAIL, "--password", PASSWORD, "--json"),
            ).stdout
        )
        service.start()
        found = Below(
            service=service, organization_id=made["organizationId"], site_id=made["siteId"], token=made["token"]
        )
        path = f"{BASE}/v1/orgs/{found.organization_id}/sites/{found.site_id}/insights/events"
        session = {"visitorId": "ada", "sessionId": "one", "userAgent": FIREFOX}
        where = [{"url": f"https://docs.acme.example/{number}", "page": str(number)} for number in range(3)]
        views = [event("", type="page_view", session=session, location=each) for each in where]
        body = json.dumps({"events": [event("install", session=session), *views]}).encode()
        assert service.ask("POST", path, body).status == 204
        yield found
    finally:
        service.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was answered, without following where it leads."""

    status: int
    headers: Any
    text: str

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """Where its attributes lead to, each after the name of the attribute; pages alone have some."""
        if "text/html" not in self.headers.get("Content-Type", ""):
            return []
        parser = _Addresses()
        parser.feed(self.text)
        return parser.found

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of its forms."""
        parser = _Addresses()
        parser.feed(self.text)
        return parser.hidden


class _Addresses(HTMLParser):
    """Collects what attributes lead to, and hidden fields."""

    NAMES = ("href", "src", "action", "formaction", "hx-get", "hx-post")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given.get("name", "")] = given.get("value", "")
        for name, value in given.items():
            if name in self.NAMES:
                self.found.append((name, value))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Visitor:
    """A browser without scripts: it keeps cookies, and goes where it is told to."""

    below: Below
    cookies: CookieJar = field(default_factory=CookieJar)

    def get(self, path: str, **headers: str) -> Page:
        return self._open(urllib.request.Request(self.below.host + path, headers=headers))

    def post(self, path: str, *, to: str = "", **fields: str) -> Page:
        """Send a form of the page at ``path``, with the hidden fields that it has, there or ``to`` another path."""
        data = urlencode(self.get(path).fields | fields).encode()
        headers = {"Referer": self.below.host + path}
        return self._open(urllib.request.Request(self.below.host + (to or path), data, headers))

    def sign_in(self) -> Page:
        return self.post(f"{BASE}/accounts/login/", login=EMAIL, password=PASSWORD)

    def _open(self, request: urllib.request.Request) -> Page:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _Stay)
        try:
            answer = opener.open(request, timeout=60)
        except HTTPError as error:
            answer = error
        with answer:
            return Page(status=answer.status, headers=answer.headers, text=answer.read().decode("utf-8", "replace"))


def path_of(address: str, *, of: str) -> str:
    """Path and query of an address that stands on the page at ``of``; empty where it is on another host."""
    whole = urlsplit(urljoin(f"http://service{of}", address))
    if whole.netloc != "service":
        return ""
    return whole.path + (f"?{whole.query}" if whole.query else "")
