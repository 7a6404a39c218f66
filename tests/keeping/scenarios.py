"""Erasures in a process of their own, on files of their own."""

from __future__ import annotations

import threading
from datetime import timedelta

import time_machine
from django.conf import settings
from django.db import connection

from apps.core.clock import utc_now
from apps.core.hashing import keyed_hash64
from apps.events.enrichment import Caller
from apps.events.services import track as track_body
from apps.events.store import get_store
from apps.events.writer import close_writer
from apps.keeping import erasing, statements
from apps.keeping.asking import ask_for_visitor
from apps.keeping.erasing import carry_out
from apps.rollups.cleaning import clean
from apps.rollups.filling import given_twice
from apps.rollups.services import fill_due
from apps.sites.models import Site
from tests.events.wire import body_of, sent
from tests.reliability.apart import tell
from tests.reliability.figures import HOURS, NOW, compare, totals, track, verify_some, visits

MARK = "mark-of-an-erased-visitor"
TABLES = ("events", "rollups", "visitor_numbers", "session_numbers")


def erase_while_others_fill(site: Site) -> None:
    """Three visitors in turn, while two threads count all that is due: every answer is that of the events."""
    erasing.PATIENCE_SECONDS = 0.0
    names = ("mal", "eve", "oscar")
    with time_machine.travel(NOW - timedelta(hours=1)) as clock:
        track(visits(site, 1))
        for name in names:
            known = keyed_hash64(bytes(site.hash_key), b"visitor", name)
            track([{**row, "visitor": known, "session": known >> 1} for row in visits(site, 2)[::3]])
        clock.shift(timedelta(hours=1))
        fill_due(utc_now())
        stop = threading.Event()
        threads = [threading.Thread(target=_fill_until, args=(stop,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for left, name in ((2, "mal"), (1, "eve"), (0, "oscar")):
                assert carry_out(ask_for_visitor(site, name, who="command")) == len(HOURS)
                assert totals(site) == ((3 + left) * len(HOURS), 2 + len(HOURS) + left)
                compare(site)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        fill_due(utc_now())
        assert compare(site) == {"rollup"}
        verify_some(10)
        assert given_twice() == 0
    close_writer()


def _fill_until(stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            fill_due(utc_now())
    finally:
        connection.close()


def erase_and_search(site: Site) -> None:
    """Search all files for what a visitor sent and for the hash of the id, before and after."""
    erasing.PATIENCE_SECONDS = 60.0
    known = keyed_hash64(bytes(site.hash_key), b"visitor", "mal")
    caller = Caller(ip=None, user_agent="", trusted=True)
    begin = utc_now() - timedelta(days=2)
    with time_machine.travel(begin) as clock:
        for name, query in (("mal", MARK), ("eve", "plain")):
            event = sent("search_type_query", session={"visitorId": name}, query=query)
            track_body(body_of(event), site=site, caller=caller, now=utc_now())
        clock.shift(timedelta(days=1, hours=1))
        fill_due(utc_now())
        tell("found" if _found(MARK.encode()) and _found(known.to_bytes(8, "little")) else "not there")
        carry_out(ask_for_visitor(site, "mal", who="command"))
        fill_due(utc_now())
        clock.shift(timedelta(hours=3))
        clean(utc_now())
    for table in TABLES:
        get_store().command(statements.haste(table))
    erasing._sweep(TABLES)
    left = [name for text in (MARK.encode(), known.to_bytes(8, "little"), str(known).encode()) for name in _found(text)]
    tell("gone" if not left else f"left: {left}, {get_store().query(statements.replaced(TABLES, 2**32 - 1))}")
    close_writer()


def _found(text: bytes) -> list[str]:
    return [file.name for file in settings.DATA_DIR.rglob("*") if file.is_file() and text in file.read_bytes()]
