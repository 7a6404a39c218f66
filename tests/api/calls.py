"""How the tests of the API call it: one caller with or without a token, and events as clients send them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

from apps.sites.models import Site


def event(kind: str = "page_view", /, **properties: Any) -> dict[str, Any]:
    """An event of Ada's documentation; ``session`` and ``location`` are merged into sound ones."""
    session = {"visitorId": "v1", "sessionId": "s1", "userAgent": "Mozilla/5.0", **properties.pop("session", {})}
    location = {"url": "https://docs.acme.example/start", "page": "p1", "space": "sp1"}
    location |= properties.pop("location", {})
    return {"type": kind, "session": session, "location": location, **properties}


def address(site: Site, rest: str = "") -> str:
    """The API's address of a site."""
    return f"/v1/orgs/{site.organization.public_id}/sites/{site.public_id}{rest}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls the API, with a token or (``None``) without."""

    token: str | None = None

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> HttpResponse:
        """``body`` is sent as JSON, or as it is where it is bytes."""
        headers = {**({"authorization": f"Bearer {self.token}"} if self.token else {}), **options.pop("headers", {})}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        content_type = options.pop("content_type", "application/json")
        client = Client(raise_request_exception=False)
        return client.generic(method, path, data, content_type, headers=headers, **options)

    def get(self, path: str, **options: Any) -> HttpResponse:
        return self.send("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> HttpResponse:
        return self.send("POST", path, body, **options)

    def track(self, site: Site, *events: Any, **options: Any) -> HttpResponse:
        return self.post(address(site, "/insights/events"), {"events": list(events)}, **options)

    def ask(self, site: Site, body: Any, **options: Any) -> HttpResponse:
        return self.post(address(site, "/insights/events/aggregate"), body, **options)

    def values(self, site: Site, **body: Any) -> dict[str, list[Any]]:
        """The columns of an answer by name; the range is the last 24 hours where none is given."""
        response = self.ask(site, {"range": "last24Hours", **body})
        assert response.status_code == 200, response.content
        return {each["column"]: each["values"] for each in response.json()["columns"]}


def refusal(response: HttpResponse) -> tuple[int, str]:
    """Status and message of a refusal in the published shape."""
    error = json.loads(response.content)["error"]
    assert set(error) == {"code", "message"}
    assert error["code"] == response.status_code
    return response.status_code, error["message"]
