"""/metrics: who may read it, that what happens moves its figures, and that its page lists what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from apps.api.caches import forget_all
from apps.events.models import Reason
from apps.events.refused import recorder
from apps.events.store import EventStore
from apps.events.writer import close_writer
from tests.people import World

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text()
TOKEN = "a token for monitoring"


def figures() -> dict[tuple[str, ...], float]:
    """Our figures by name and values of labels."""
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.content.decode())
    samples = [sample for family in families for sample in family.samples]
    ours = [sample for sample in samples if sample.name.startswith("insights_") and "le" not in sample.labels]
    return {(sample.name, *(value for _label, value in sorted(sample.labels.items()))): sample.value for sample in ours}


@pytest.mark.django_db
def test_only_who_has_the_token_may_read(settings: Settings) -> None:
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for given in ({}, {"Authorization": "Bearer another"}, {"Authorization": TOKEN}, {"Authorization": "Bearer "}):
        assert Client().get("/metrics", headers=given).status_code == 401
    assert Client().post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_what_happens_moves_the_figures(world: World, store: EventStore, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    forget_all()
    path = f"/v1/orgs/{world.acme.public_id}/sites/{world.docs.public_id}/insights/events"
    session = {"visitorId": "ada", "sessionId": "one"}
    event = {"type": "page_view", "session": session, "location": {"url": "https://docs.acme.example/"}}
    before = figures()

    def post(*events: object, **headers: str) -> int:
        return Client().post(path, {"events": events}, content_type="application/json", headers=headers).status_code

    assert post(event, event, event) == 204
    assert post(event, event, DNT="1") == 204
    assert post(event, {**event, "type": "page_seen"}) == 422
    recorder.flush()
    close_writer()
    after = figures()
    moved = {name: value - before.get(name, 0) for name, value in after.items()}
    assert moved["insights_events_accepted_total",] == 3
    assert moved["insights_events_refused_total", "invalid"] == 2
    assert moved["insights_requests_refused_total", "invalid"] == 1
    assert moved["insights_requests_refused_total", "privacy_signal"] == 1
    assert moved["insights_group_rows_sum",] == 3
    assert after["insights_events_waiting",] == 0
    of_site = {name[1]: value for name, value in after.items() if name[0] == "insights_site_events_refused_last_hour"}
    assert of_site == {"invalid": 2, "privacy_signal": 1}
    assert all(name[2] == world.docs.public_id for name in after if name[0].startswith("insights_site_"))


def test_the_table_lists_every_figure_in_order_and_every_reason(
    world: World, store: EventStore, settings: Settings
) -> None:
    settings.METRICS_TOKEN = TOKEN
    listed = re.findall(r"^\| `(insights_\w+)` \|", GUIDE, re.MULTILINE)
    assert listed == sorted(listed)
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    families = re.findall(r"^# HELP (insights_\w+) ", answer, re.MULTILINE)
    assert {name for name in families if not name.endswith("_created")} == set(listed)
    assert set(re.findall(r"`([a-z_]+)`", GUIDE.split("Reasons are ")[1].split(". Beside")[0])) == set(Reason.values)
