"""Our own OpenAPI document: REST framework's views as drf-spectacular reads them, and what it cannot see."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from apps.api.descriptions import ERROR, ERRORS, TRACK
from apps.api.query_schema import query_schemas
from apps.api.release import VERSION
from apps.events.once import MAX_CHARACTERS
from apps.events.schema import Body

Document = dict[str, Any]

TRACKING = "/v1/orgs/{organizationId}/sites/{siteId}/insights/events"
_NAMES = {"organization_id": "organizationId", "site_id": "siteId"}
_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_TRACKING_ERRORS = (400, 401, 403, 404, 413, 422, 429, 503)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library's
    """How drf-spectacular names our authentication; it finds this class by itself."""

    target_class = "apps.api.doors.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


@cache
def document() -> Document:
    """The whole document. It depends on the code alone."""
    from apps.api.urls import v1_patterns

    generator = SchemaGenerator(patterns=v1_patterns)  # type: ignore[no-untyped-call]  # the library's
    found: Document = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return _completed(found)


def document_text(*, server: str = "/") -> str:
    """The document as it is sent; with the ``server`` that is meant here, as it is committed: docs/openapi.json.

    Addresses of operations follow that of the server, which ends with no slash unless it is one.
    """
    servers = [{"url": server.rstrip("/") or "/"}]
    return json.dumps({**document(), "servers": servers}, indent=2, ensure_ascii=False) + "\n"


def _completed(found: Document) -> Document:
    events, components = msgspec.json.schema_components([Body], ref_template="#/components/schemas/{name}")
    schemas = {**found["components"]["schemas"], **query_schemas(), **components, **_SHARED_SCHEMAS}
    paths = {_renamed(path): _operations(item) for path, item in found["paths"].items()}
    paths[TRACKING] = {"post": _tracking(events[0])}
    for item in paths.values():
        for operation in item.values():
            for response in operation["responses"].values():
                response["headers"] = {name: {"schema": {"type": "integer"}} for name in _HEADERS}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Site insights",
            "version": VERSION,
            "description": (
                "Self-hosted analytics for documentation sites. Clients of GitBook's Site insights work. "
                "Requests carry a token, Authorization: Bearer sit_…, which has scopes and acts for a person or for an "
                "organization. They are counted by the minute, per token (or address, without one) and per site: the "
                "headers X-RateLimit-Limit, -Remaining and -Reset tell of the tighter limit, 429 and 503 with "
                "Retry-After when to come again. Errors are {error: {code, message}}."
            ),
        },
        "servers": [],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": found["components"]["securitySchemes"],
        },
    }


def _renamed(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: f"{{{_NAMES.get(match[1], match[1])}}}", path)


def _operations(item: dict[str, Any]) -> dict[str, Any]:
    for operation in item.values():
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                parameter["name"] = _NAMES.get(parameter["name"], parameter["name"])
                parameter["schema"] = dict(_ID)
    return item


def _tracking(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "trackEventsInSiteById",
        "tags": ["Insights"],
        "summary": "Track events",
        "description": TRACK,
        "security": [{"token": []}, {}],
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": dict(_ID)} for name in _NAMES.values()),
            _IDEMPOTENCY_KEY,
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "204": {"description": "The events are durable, and in the next question's answer."},
            **{
                str(status): {
                    "description": ERRORS[status],
                    "content": {"application/json": {"schema": dict(ERROR)}},
                }
                for status in _TRACKING_ERRORS
            },
        },
    }


_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A request that is repeated with the same key and body within 24 hours is counted once.",
    "schema": {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": MAX_CHARACTERS},
}
_ID: dict[str, Any] = {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$"}
_SHARED_SCHEMAS: dict[str, Any] = {
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
            }
        },
    },
    "VisitorSegment": {
        "type": "object",
        "required": ["title", "claims", "events", "visitors", "sessions"],
        "properties": {
            "title": {"type": "string"},
            "claims": {"type": "object"},
            **{name: {"type": "integer"} for name in ("events", "visitors", "sessions")},
        },
    },
}
