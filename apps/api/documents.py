"""The OpenAPI document, and a page to read it: no script, no request to anybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from django.views.decorators.http import require_safe

from apps.api.openapi import document, document_text


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    """GET /v1/openapi.json"""
    return HttpResponse(document_text(server=get_script_prefix()), content_type="application/json")


@require_safe
def docs_page(request: HttpRequest) -> HttpResponse:
    """GET /v1/docs"""
    found = document()
    schemas = [(name, _readable(schema)) for name, schema in found["components"]["schemas"].items()]
    return render(
        request, "api/docs.html", {"info": found["info"], "operations": list(_operations()), "schemas": schemas}
    )


def _operations() -> Iterator[dict[str, Any]]:
    """The operations as the template prints them."""
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            contents = operation.get("requestBody", {}).get("content", {})
            yield {
                "id": operation["operationId"],
                "method": method.upper(),
                "path": path,
                "summary": operation["summary"],
                "description": operation["description"],
                "parameters": operation.get("parameters", []),
                "body": _readable(contents["application/json"]["schema"]) if contents else "",
                "responses": [(status, _response(response)) for status, response in operation["responses"].items()],
            }


def _response(response: dict[str, Any]) -> dict[str, str]:
    content = response.get("content", {}).get("application/json")
    return {"text": response.get("description", ""), "schema": _readable(content["schema"]) if content else ""}


def _readable(schema: Any) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False)
