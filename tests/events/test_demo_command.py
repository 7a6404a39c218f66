"""``manage.py demo`` makes one demo, fills it once, and touches nobody else's data."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.dashboard import demo as the_demo
from apps.events.demo import filling
from apps.events.imports import Progress
from apps.events.records import ImportRun
from apps.events.store import EventStore, Statement, get_store
from apps.organizations.models import ApiToken, AuditEntry, Organization, User
from apps.segments.models import VisitorSegment
from apps.sites.models import Site

Demo = Callable[..., str]
SIZE = 600


@pytest.fixture
def demo(transactional_db: None, store: EventStore, settings: Any, tmp_path: Path) -> Demo:
    """The command on an empty service that only this machine reaches; returns what it prints."""
    settings.DATA_DIR = tmp_path
    settings.HOST = "127.0.0.1"

    def run(**options: Any) -> str:
        out = StringIO()
        call_command("demo", events=SIZE, stdout=out, **options)
        return out.getvalue()

    return run


def stored() -> int:
    return int(get_store().query(Statement(sql="SELECT count() FROM events"))[0][0])


def printed_token(text: str) -> str:
    return re.findall(r"API token  (sit_\w+)", text)[0]


def test_the_first_run_makes_everything_that_a_newcomer_needs(demo: Demo) -> None:
    text = demo()
    site = Site.objects.get(title="Acme Docs")
    user = User.objects.get(email="demo@example.com")
    assert site.organization.title == "Acme"
    assert site.organization.role_of(user) == "owner"
    assert user.check_password("demo-insights")
    assert "demo@example.com" in text
    assert "demo-insights" in text
    assert "http://127.0.0.1:8000/" in text
    assert 550 < stored() < 650
    assert set(VisitorSegment.objects.values_list("title", flat=True)) == {"Enterprise customers", "Beta readers"}
    told = AuditEntry.objects.order_by("pk").values_list("who", "what")
    made = ("create_person", "create_organization", "create_site", "create_token")
    assert list(told) == [("command", what) for what in made]


def test_the_printed_curl_line_works(demo: Demo) -> None:
    text = demo()
    address, body = re.findall(r"curl -s http://127\.0\.0\.1:8000(\S+) .*-d '(.*)'", text, re.DOTALL)[0]
    answer = Client().post(
        address, body, content_type="application/json", headers={"authorization": f"Bearer {printed_token(text)}"}
    )
    assert answer.status_code == 200
    path, views, visitors = answer.json()["columns"]
    assert (path["column"], views["column"], visitors["column"]) == ("urlPath", "eventsCount", "visitorsCount")
    assert len(path["values"]) == 10
    assert views["values"] == sorted(views["values"], reverse=True)


def test_the_printed_variables_are_those_of_the_tour(demo: Demo) -> None:
    text = demo()
    site = Site.objects.get()
    organization = site.organization.public_id
    assert (
        f"  export SERVER=http://127.0.0.1:8000 ORG={organization} SITE={site.public_id} TOKEN={printed_token(text)}\n"
    ) in text


def test_where_the_port_is_taken_the_token_of_the_running_service_stays(demo: Demo, settings: Any) -> None:
    running = printed_token(demo())
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings.PORT = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"Cannot listen on 127.0.0.1:{settings.PORT}: Address already in use."):
            demo(before_serving=True)
    usable = ApiToken.objects.filter(revoked_at=None)
    assert [token.prefix for token in usable] == [running[:12]]
    assert printed_token(demo(before_serving=True)) != running


def test_a_password_that_anybody_could_guess_is_refused(demo: Demo, settings: Any) -> None:
    settings.HOST, settings.DEMO_PASSWORD = "0.0.0.0", "x"
    with pytest.raises(CommandError, match=r"^DEMO_PASSWORD: This password is too short\. .* too common\.$"):
        demo()
    assert not User.objects.exists()


def test_a_second_run_keeps_the_data_and_gives_a_new_token(demo: Demo) -> None:
    first = demo()
    before = stored()
    second = demo()
    assert stored() == before
    assert "Making" in first
    assert "Making" not in second
    assert (Organization.objects.count(), Site.objects.count(), User.objects.count()) == (1, 1, 1)
    assert printed_token(first) != printed_token(second)
    usable = ApiToken.objects.filter(revoked_at=None)
    assert [token.prefix for token in usable] == [printed_token(second)[:12]]


def test_the_audit_tells_of_the_tokens_that_the_command_makes_and_ends(demo: Demo) -> None:
    demo()
    demo()
    ended, usable = ApiToken.objects.order_by("pk").values_list("public_id", flat=True)
    told = AuditEntry.objects.filter(what__contains="token").order_by("pk")
    assert [(entry.who, entry.what, entry.details["token"]) for entry in told] == [
        ("command", "create_token", ended),
        ("command", "revoke_token", ended),
        ("command", "create_token", usable),
    ]
    assert {entry.organization for entry in told} == {Organization.objects.get().public_id}


def test_a_stopped_run_is_continued_without_doubling(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("apps.events.ndjson.CHUNK_LINES", 200)
    with monkeypatch.context() as stopping:
        stopping.setattr("apps.events.progress.ProgressBar.show", lambda _self, p: stop(p))
        with pytest.raises(KeyboardInterrupt):
            demo()
    partly = stored()
    assert 0 < partly < 500
    demo()
    run = ImportRun.objects.get()
    assert stored() == run.imported == run.lines > 550
    assert list(tmp_path.glob("*.ndjson")) == []


def test_a_service_with_other_organizations_gets_no_demo(demo: Demo) -> None:
    Organization.objects.create(title="Real")
    assert demo() == "There are organizations here already: no demo is made.\n"
    assert list(Organization.objects.values_list("title", flat=True)) == ["Real"]
    assert not User.objects.exists()


def test_a_deleted_demo_does_not_come_back_beside_real_data(demo: Demo) -> None:
    demo()
    Organization.objects.create(title="Real")
    Organization.objects.get(title="Acme").delete()
    assert "no demo is made" in demo()
    assert list(Organization.objects.values_list("title", flat=True)) == ["Real"]


def test_a_real_organization_of_the_same_name_is_left_alone(demo: Demo) -> None:
    Organization.objects.create(title="Acme")
    assert "no demo is made" in demo()
    assert not Site.objects.exists()


def test_the_known_password_is_refused_where_other_machines_reach_the_service(demo: Demo, settings: Any) -> None:
    settings.HOST = "0.0.0.0"
    with pytest.raises(CommandError, match="DEMO_PASSWORD"):
        demo()
    assert not Organization.objects.exists()
    assert not User.objects.exists()
    settings.DEMO_PASSWORD = "a better horse"
    text = demo()
    assert "demo-insights" not in text
    assert "a better horse" not in text
    assert User.objects.get().check_password("a better horse")


def test_a_demo_that_was_made_on_loopback_is_not_opened_to_others(demo: Demo, settings: Any) -> None:
    demo()
    settings.HOST = "192.0.2.7"
    with pytest.raises(CommandError, match=r"192\.0\.2\.7"):
        demo()


@pytest.mark.parametrize(("host", "alone"), [("127.0.0.1", True), ("::1", True), ("localhost", True)])
def test_loopback_is_recognized(host: str, alone: bool) -> None:
    assert the_demo.is_loopback(host) is alone


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "docs.example.com", ""])
def test_everything_else_is_not_loopback(host: str) -> None:
    assert not the_demo.is_loopback(host)


def test_a_half_written_file_is_written_anew(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(**_arguments: Any) -> Any:
        yield {"type": "search_open"}
        raise OSError("No space left on device")

    with monkeypatch.context() as crashing:
        crashing.setattr(filling, "events", crash)
        with pytest.raises(OSError, match="No space"):
            demo()
    demo()
    run = ImportRun.objects.get()
    assert (run.rejected, run.imported == stored()) == (0, True)
    assert list(tmp_path.iterdir()) == []
