"""The official client, from npm and unchanged, against a live server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.published import OWN_PROPERTIES, PACKAGE, QUESTIONS, complaints, event
from tests.conftest import lacking, require
from tests.reliability.service import Service

DRIVER = Path(__file__).with_name("official_client.mjs")
START = "https://docs.acme.example/start?utm_source=news"
SECRET = "correct horse battery staple"
Answers = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, dict[str, str]]]:
    """A running service with Acme's site, and the ids and the token that bootstrap prints."""
    require("node")
    if not PACKAGE.exists():
        lacking("the npm package @gitbook/api is not installed: npm ci")
    service = Service(tmp_path_factory.mktemp("service"))
    made = service.manage(
        *("bootstrap", "--organization", "Widgets", "--site", "Docs", "--url", "https://docs.acme.example"),
        *("--email", "ada@example.com", "--password", SECRET, "--json"),
    )
    service.start()
    yield service, json.loads(made.stdout)
    service.end()


@pytest.fixture(scope="module")
def drive(service: tuple[Service, dict[str, str]]) -> Callable[..., Answers]:
    """Run steps with the client: ``name=(call, arguments)`` or ``(call, arguments, token)``."""
    server, made = service

    def run(**steps: tuple[Any, ...]) -> Answers:
        listed = [
            {
                "name": name,
                "call": call.split("."),
                "arguments": arguments,
                "token": token[0] if token else made["token"],
            }
            for name, (call, arguments, *token) in steps.items()
        ]
        done = subprocess.run(
            ["node", str(DRIVER)],
            input=json.dumps({"endpoint": f"http://127.0.0.1:{server.port}", "steps": listed}),
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr
        found: Answers = json.loads(done.stdout)
        return found

    return run


@pytest.fixture(scope="module")
def ids(service: tuple[Service, dict[str, str]]) -> list[str]:
    """The organization's id and the site's."""
    _server, made = service
    return [made["organizationId"], made["siteId"]]


@pytest.fixture(scope="module")
def tracked(drive: Callable[..., Answers], ids: list[str]) -> Answers:
    """One event of each type, tracked by the client."""
    events = [event(kind) for kind in OWN_PROPERTIES]
    return drive(tracked=("orgs.trackEventsInSiteById", [*ids, {"events": events}]))


def test_it_tracks_all_twenty_types(tracked: Answers) -> None:
    assert len(OWN_PROPERTIES) == 20
    assert tracked["tracked"]["status"] == 204


def test_it_asks_the_thirteen_published_questions(
    tracked: Answers, drive: Callable[..., Answers], ids: list[str]
) -> None:
    assert len(QUESTIONS) == 13
    steps = {name: ("orgs.aggregateSiteEvents", [*ids, body]) for name, body in QUESTIONS.items()}
    answers = drive(**steps)
    for answer in answers.values():
        assert complaints("aggregateSiteEvents", answer["status"], answer["body"]) == []
    found = {
        name: {each["column"]: each["values"] for each in answer["body"]["columns"]} for name, answer in answers.items()
    }
    assert found["pages"] == {"url": [START], "eventsCount": [20], "visitorsCount": [1]}
    assert found["types"] == {"eventType": sorted(OWN_PROPERTIES), "eventsCount": [1] * 20}
    assert found["places"] == {"visitorGeoCountry": ["DE"], "visitorDevice": ["desktop"], "visitorsCount": [1]}
    assert found["terms"] == {"eventSearchQuery": ["tokens"], "eventsCount": [1]}
    assert (found["campaigns"]["utmSource"], found["campaigns"]["utmTerm"]) == (["news"], [""])
    assert found["totals"] == {"eventsCount": [20], "visitorsCount": [1], "sessionsCount": [1]}
    assert found["questions"]["eventSearchQuery"] == ["How?"]
    assert found["ratings"] == {"eventAskResponseRating": [1], "eventsCount": [1]}
    assert found["asking pages"] == {"url": [START], "eventsCount": [1]}
    assert found["asked and rated"] == {
        "url": [START, START],
        "eventType": ["ask_question", "ask_rate_response"],
        "eventAskResponseRating": [0, 1],
        "eventsCount": [1, 1],
    }
    assert (found["broken"]["url"], found["broken"]["eventsCount"]) == ([START], [2])
    assert found["people"] == {"urlPath": ["/start"], "visitorsCount": [1]}
    assert found["hours"]["eventsCount"] == [20]


def test_it_lists_visitor_segments(tracked: Answers, drive: Callable[..., Answers], ids: list[str]) -> None:
    answer = drive(listed=("orgs.listSiteVisitorSegments", ids))["listed"]
    assert complaints("listSiteVisitorSegments", answer["status"], answer["body"]) == []
    assert answer["body"]["items"] == [
        {
            "title": "beta: true · plan: pro",
            "claims": {"plan": "pro", "beta": True},
            "events": 20,
            "visitors": 1,
            "sessions": 1,
        }
    ]


def test_it_discovers_and_changes_sites(drive: Callable[..., Answers], ids: list[str]) -> None:
    organization, site = ids
    operations = {
        "getApiInformation": ("getApiInformation", []),
        "getAuthenticatedUser": ("user.getAuthenticatedUser", []),
        "listOrganizationsForAuthenticatedUser": ("orgs.listOrganizationsForAuthenticatedUser", [{"limit": 1000}]),
        "getOrganizationById": ("orgs.getOrganizationById", [organization]),
        "listSites": ("orgs.listSites", [organization, {"limit": 10, "title": "docs"}]),
        "getSiteById": ("orgs.getSiteById", [organization, site]),
        "createSite": ("orgs.createSite", [organization, {"title": "Handbook", "visibility": "unlisted"}]),
        "updateSiteById": ("orgs.updateSiteById", [organization, site, {"title": "Docs 2"}]),
    }
    answers = drive(**operations)
    for operation, answer in answers.items():
        assert answer["status"] == (201 if operation == "createSite" else 200), answer
        assert complaints(operation, answer["status"], answer["body"]) == [], operation
    assert answers["listOrganizationsForAuthenticatedUser"]["body"]["items"][0]["id"] == organization
    assert [each["id"] for each in answers["listSites"]["body"]["items"]] == [site]
    assert answers["updateSiteById"]["body"]["title"] == "Docs 2"
    made = answers["createSite"]["body"]["id"]
    gone = drive(
        first=("orgs.deleteSiteById", [organization, made]), second=("orgs.deleteSiteById", [organization, made])
    )
    assert [gone[name]["status"] for name in ("first", "second")] == [205, 204]


def test_it_meets_every_refusal_as_its_own_error(drive: Callable[..., Answers], ids: list[str]) -> None:
    organization, _site = ids
    track, ask = "orgs.trackEventsInSiteById", "orgs.aggregateSiteEvents"
    bad = [event("page_view"), {**event("page_view"), "location": {"url": "nowhere"}}]
    answers = drive(
        no_token=(ask, [*ids, {"range": "last7Days"}], None),
        bad_token=(track, [*ids, {"events": [event("page_view")]}], "sit_wrong"),
        unknown_site=("orgs.getSiteById", [organization, "site_unknown"]),
        unknown_operation=("users.getUserById", ["x"]),
        bad_event=(track, [*ids, {"events": bad}]),
        bad_question=(ask, [*ids, {"range": "last7Days", "groupBy": [{"column": "eventsCount"}]}]),
        no_batch=(track, [*ids, "text"]),
        too_large=(track, [*ids, {"events": [], "filler": "x" * 2_000_000}]),
    )
    assert {name: (answer["error"], answer["status"]) for name, answer in answers.items()} == {
        "no_token": ("GitBookAPIError", 401),
        "bad_token": ("GitBookAPIError", 401),
        "unknown_site": ("GitBookAPIError", 404),
        "unknown_operation": ("GitBookAPIError", 404),
        "bad_event": ("GitBookAPIError", 422),
        "bad_question": ("GitBookAPIError", 422),
        "no_batch": ("GitBookAPIError", 422),
        "too_large": ("GitBookAPIError", 413),
    }
    assert answers["bad_event"]["message"].startswith("body.events.1.location.url: ")
    assert answers["unknown_operation"]["message"] == "API operation not found"
    assert answers["bad_token"]["message"] == "Invalid API token"
