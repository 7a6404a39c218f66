"""Our own OpenAPI document: current, true and readable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.api.openapi import document, document_text
from apps.insights.catalog import CATALOG
from insights_site.wsgi import application
from tests.api.calls import Caller
from tests.people import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PUBLISHED_OPERATIONS = {
    "trackEventsInSiteById",
    "aggregateSiteEvents",
    "listSiteVisitorSegments",
    "getApiInformation",
    "getAuthenticatedUser",
    "listOrganizationsForAuthenticatedUser",
    "getOrganizationById",
    "listSites",
    "createSite",
    "getSiteById",
    "updateSiteById",
    "deleteSiteById",
}


def test_the_committed_document_is_current() -> None:
    committed = Path(settings.BASE_DIR) / "docs" / "openapi.json"
    assert committed.read_text() == document_text(), "Run: manage.py write_openapi"


def test_every_published_operation_is_described_and_no_other() -> None:
    operations = [operation for item in document()["paths"].values() for operation in item.values()]
    assert {operation["operationId"] for operation in operations} == PUBLISHED_OPERATIONS


SCOPES = {
    "trackEventsInSiteById": "site:insights:track",
    "aggregateSiteEvents": "site:insights:read",
    "listSiteVisitorSegments": "site:insights:read",
    "getAuthenticatedUser": "user:read",
    "listOrganizationsForAuthenticatedUser": "organization:read",
    "getOrganizationById": "organization:read",
    "listSites": "site:read",
    "createSite": "site:write",
    "getSiteById": "site:read",
    "updateSiteById": "site:write",
    "deleteSiteById": "site:write",
}
"""Of docs/api.md; tests/access asks with other ones."""


def test_every_operation_tells_callers_what_it_does_and_which_scope_it_needs() -> None:
    operations = {each["operationId"]: each for item in document()["paths"].values() for each in item.values()}
    for name, operation in operations.items():
        text = operation["description"]
        assert re.match(r"[A-Z][a-z ,']+", text), name
        assert not re.match(r"GET|POST|PATCH|DELETE", text), name
        assert re.findall(r"Scope: ([a-z:]+)", text) == ([SCOPES[name]] if name in SCOPES else []), name


def test_every_answer_has_a_description() -> None:
    operations = [operation for item in document()["paths"].values() for operation in item.values()]
    answers = [
        (each["operationId"], status, answer) for each in operations for status, answer in each["responses"].items()
    ]
    assert [(name, status) for name, status, answer in answers if not answer["description"].endswith(".")] == []


def test_no_description_is_written_for_readers_of_our_code() -> None:
    assert "``" not in document_text()
    assert "…/" not in document_text()


def test_every_column_is_described() -> None:
    columns = document()["components"]["schemas"]["Column"]["oneOf"]
    assert [each["properties"]["column"]["enum"] for each in columns] == [[name] for name in CATALOG]
    assert len(columns) == 50


def test_the_document_is_served_without_a_token(anybody: Caller) -> None:
    response = anybody.get("/v1/openapi.json")
    assert response["Content-Type"] == "application/json"
    assert response.content.decode() == document_text()


def test_the_page_asks_nobody_else_and_runs_no_script(anybody: Caller) -> None:
    page = anybody.get("/v1/docs").content.decode()
    assert "trackEventsInSiteById" in page
    assert "Scope: site:insights:track" in page
    assert "<script" not in page
    assert "style=" not in page
    addresses = re.findall(r'(?:src|href)="(?!#)([^"]*)"', page)
    assert "/v1/openapi.json" in addresses
    assert all(re.match(r"/(?!/)", address) for address in addresses)


schema = schemathesis.openapi.from_dict(document())
schema.app = application
# The coverage phase writes out every combination of 50 columns in five places.
schema.config.phases.update(phases=["examples", "fuzzing"])


@pytest.fixture
def called(ada: Caller, world: World) -> dict[str, Any]:
    """Ada's token, and ids that exist."""
    return {
        "headers": {"Authorization": f"Bearer {ada.token}", "Host": "localhost", "Accept-Encoding": "identity"},
        "ids": {"organizationId": world.acme.public_id, "siteId": world.docs.public_id},
    }


@pytest.mark.usefixtures("kept_connection")
@schema.parametrize()
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(called: dict[str, Any], case: Case) -> None:
    if case.operation.method.upper() != "DELETE":  # one deletion would make every later answer a 404
        case.path_parameters = {name: called["ids"][name] for name in case.path_parameters or {}}
    response = case.call(headers=called["headers"])
    case.validate_response(response, checks=CHECKS)
