"""What the audit calls things is known, so that the administration's menu of it asks no table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.organizations.account_audit import _TOLD
from apps.organizations.audit import AuditEntry, record
from apps.organizations.audit_kinds import KINDS
from apps.organizations.audited_admin import AuditedAdmin
from apps.organizations.models import User
from apps.rollups.models import Erasure
from tests.dashboard.test_audit_walk import FORMS, KEEPING, TEAM
from tests.keeping.test_command_audit import TOLD
from tests.people import World

APPS = Path(__file__).resolve().parents[2] / "apps"
TELLING = {"record", "_note", "note_member", "note_token", "note_change", "_set"}
"""Functions that are given what happened."""
LIST = "/admin/organizations/auditentry/"


@pytest.fixture
def staff(client: Client, world: World) -> Client:
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    return client


def literals() -> Iterator[str]:
    """The words that the code hands to those functions as they are."""
    for file in APPS.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in TELLING:
                for given in call.args:
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        yield given.value


def told_somewhere() -> set[str]:
    """Whatever an entry may be called: said in the code, told by the walks, or made of a noun or a kind."""
    nouns = {page.noun for page in admin.site._registry.values() if isinstance(page, AuditedAdmin)}
    made = {f"{verb}_{noun}" for verb in ("create", "change", "delete") for noun in nouns}
    made.remove("change_share_link")  # links are read, revoked and deleted there
    walked = {each[0] for table in (FORMS, KEEPING, TEAM) for each in table.values()}
    commands = {what for each in TOLD.values() for what in each}
    erasures = {f"{verb}_{kind}" for verb in ("erase", "erased") for kind in Erasure.Kind.values}
    return {*literals(), *made, *walked, *commands, *erasures, *(what for _signal, what, _details in _TOLD)}


def test_every_kind_of_entry_is_known_and_none_beside() -> None:
    assert list(KINDS) == sorted(told_somewhere())


def test_the_menu_of_kinds_asks_no_table_and_narrows_the_list(staff: Client, world: World) -> None:
    for what in ("change_site", "remove_member"):
        record(world.ada, what, organization=world.acme)
    with CaptureQueriesContext(connection) as queries:
        page = staff.get(f"{LIST}?what=remove_member")
    assert page.status_code == 200
    assert [entry.what for entry in page.context["cl"].result_list] == ["remove_member"]
    assert not [each["sql"] for each in queries if "DISTINCT" in each["sql"] and "auditentry" in each["sql"]]
    assert '<option value="back_up"' in page.content.decode()
    assert staff.get(f"{LIST}?what=nothing").context["cl"].result_count == 0
    assert len(staff.get(LIST).context["cl"].result_list) == AuditEntry.objects.count() == 2
