"""The tour in README.md gives what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.test import Client

from apps.events.store import EventStore
from tests.people import World, token_of

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_event_of_the_tour_is_in_the_next_answer(world: World, store: EventStore) -> None:
    event, question = (json.loads(body) for body in re.findall(r"-d '(\{\n.*?\n\})'", README.read_text(), re.DOTALL))
    insights = f"/v1/orgs/{world.acme.public_id}/sites/{world.docs.public_id}/insights/events"
    curl = Client(headers={"user-agent": "curl/8.14.1"})
    assert curl.post(insights, event, content_type="application/json").status_code == 204
    bearer = {"authorization": f"Bearer {token_of(world.ada, world.acme)}"}
    answer = curl.post(f"{insights}/aggregate", question, content_type="application/json", headers=bearer)
    assert answer.json()["columns"] == [
        {"column": "urlPath", "values": ["/guides/webhooks"]},
        {"column": "eventsCount", "values": [1]},
        {"column": "visitorsCount", "values": [1]},
    ]
