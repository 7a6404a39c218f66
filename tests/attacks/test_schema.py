"""Schemathesis over the whole published schema with a reader's token: no fault of ours, and no word of others."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error

from apps.api.openapi import document
from apps.organizations.models import ApiToken, Organization, User
from apps.segments.models import VisitorSegment
from apps.sites.models import Site
from insights_site.wsgi import application
from tests.api.calls import Caller, event
from tests.people import World

MARK = "known-to-elsewhere-alone"

schema = schemathesis.openapi.from_dict(document())
schema.app = application
schema.config.phases.update(phases=["examples", "fuzzing"])


@pytest.fixture
def elsewhere(cy: Caller, world: World) -> None:
    """Elsewhere has an event, a segment and a site of which nobody may learn."""
    location = {"url": f"https://secrets.example/{MARK}", "page": MARK}
    said = {"visitorAuthClaims": {MARK: MARK}}
    assert (
        cy.track(world.secrets, event("search_type_query", query=MARK, location=location, session=said)).status_code
        == 204
    )
    VisitorSegment.objects.create(site=world.secrets, title=MARK, claims={MARK: MARK})


@pytest.fixture
def called(ben: Caller, elsewhere: None, kept_connection: None, world: World) -> dict[str, Any]:
    """Ben's token, ids of both organizations, and what no answer may hold."""
    return {
        "headers": {"Authorization": f"Bearer {ben.token}", "Host": "localhost", "Accept-Encoding": "identity"},
        "organizationId": [world.acme.public_id, world.elsewhere.public_id],
        "siteId": [world.docs.public_id, world.secrets.public_id],
        "secret": [
            MARK,
            "Secrets",
            "secrets.example",
            "Elsewhere",
            "cy@example.com",
            "ada@example.com",
            User.objects.get(email="cy@example.com").public_id,
            *ApiToken.objects.values_list("hash", flat=True),
            bytes(world.docs.hash_key).hex(),
            "Traceback",
            "site-packages",
        ],
        "rows": rows(),
    }


def rows() -> list[Any]:
    """What a reader must not change."""
    return [list(model.objects.order_by("pk").values()) for model in (Organization, Site, VisitorSegment, User)]


@schema.parametrize()
@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_reader_meets_no_fault_learns_nothing_of_others_and_changes_nothing(
    called: dict[str, Any], case: Case
) -> None:
    for which in range(4):
        chosen = {"organizationId": called["organizationId"][which % 2], "siteId": called["siteId"][which // 2]}
        case.path_parameters = {name: chosen[name] for name in case.path_parameters or {}}
        response = case.call(headers=called["headers"])
        case.validate_response(response, checks=[not_a_server_error])
        text = response.text + str(dict(response.headers))
        asked = f"{case.body} {case.query} {case.headers}"
        told = [secret for secret in called["secret"] if secret in text and secret not in asked]
        assert told == []
        assert rows() == called["rows"]
