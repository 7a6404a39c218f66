"""Events made inside the engine, in the real event table, as fast as it can make them.

``python -m benchmarks.traffic --data-dir FOLDER --events 10000000`` makes a data folder that lasts: one large site,
and fifty small ones, with a year of traffic that ends about an hour ago. Prepared counts are left unfilled.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from apps.events.store import EventStore
    from apps.sites.models import Site

EVENTS_A_SESSION = 6
LENGTHS = (6, 1, 12, 3, 1, 18, 5, 2, 8, 4)
"""Events of ten sessions in a row: six on average."""
EVENTS_A_VISITOR = 13
SMALL_SITES = 50
SMALL_SITE_EVENTS = 2_000
YEAR = timedelta(days=365)
WEEK = timedelta(days=7)
CHUNK_SESSIONS = 300_000
"""One statement makes at most so many sessions: memory and the length of one insert are bounded."""
SLOTS = 8_192
"""A week's traffic in equal shares; each belongs to the hour in which that share of it happens."""

_HOURS = (3, 2, 2, 2, 2, 3, 4, 6, 9, 11, 12, 12, 11, 12, 13, 13, 12, 11, 9, 8, 7, 6, 5, 4)
_DAYS = (11, 12, 12, 12, 10, 4, 4)
_PAGES, _QUERIES, _SOURCES, _LINKED = 2_000, 5_000, 300, 60
_SECTIONS = ("guides", "reference", "api", "tutorials", "changelog", "help")
_WORDS = ("install", "configure", "deploy", "webhooks", "limits", "export", "tokens", "search", "teams", "billing")
_COUNTRIES = (
    *("US", "IN", "DE", "GB", "FR", "BR", "CA", "JP", "NL", "ES", "PL", "IT", "AU", "KR", "SE"),
    *("CH", "MX", "TR", "UA", "ID", "VN", "CN", "SG", "IL", "AR", "PT", "AT", "BE", "DK", ""),
)
_LANGUAGES = {"en": 58, "de": 9, "fr": 7, "pt": 6, "es": 6, "ja": 4, "zh": 3, "nl": 2, "pl": 2, "ko": 2, "": 1}
_MACHINES = {
    ("desktop", "windows", "chrome"): 29,
    ("desktop", "macos", "chrome"): 19,
    ("desktop", "linux", "chrome"): 8,
    ("desktop", "macos", "safari"): 8,
    ("desktop", "windows", "edge"): 9,
    ("desktop", "linux", "firefox"): 4,
    ("desktop", "windows", "firefox"): 4,
    ("mobile", "ios", "safari"): 8,
    ("mobile", "android", "chrome"): 8,
    ("tablet", "ios", "safari"): 1,
    ("desktop", "windows", "opera"): 1,
    ("unknown", "unknown", "unknown"): 1,
}
_BOTS = {"googlebot": 4, "gptbot": 4, "claudebot": 4, "bingbot": 2, "perplexity": 2, "unknown": 4}
_CONTEXTS = {"site": 94, "server": 3, "embed": 2, "mcp": 1}
_DOINGS = {
    "page_view": 520,
    "link_click": 170,
    "search_type_query": 110,
    "search_open": 60,
    "search_open_result": 50,
    "ask_question": 30,
    "ask_view": 20,
    "page_post_feedback": 12,
    "page_markdown_request": 10,
    "ask_rate_response": 6,
    "api_client_open": 5,
    "api_client_request": 4,
    "page_post_feedback_comment": 3,
}
"""What a person does after the first page, of a thousand events."""
_BOT_DOINGS = {"page_view": 17, "page_markdown_request": 2, "llms_request": 1}
_CAMPAIGNS = (("newsletter", "email"), ("google", "cpc"), ("linkedin", "social"), ("x", "social"), ("partner", "link"))


def make_events(
    store: EventStore,
    sites: Sequence[int],
    events: int,
    *,
    end: datetime,
    progress: Callable[[int], object] = lambda _made: None,
) -> None:
    """About ``events`` events for each of ``sites``, over the year before ``end``, which is a whole hour.

    The last sessions may go on for 25 minutes after ``end``; ids are of the events' own moments, so these have to
    lie in the past. ``progress`` is told how many events were made by now.
    """
    total = max(events // EVENTS_A_SESSION, len(LENGTHS))
    moment, person = _over_the_year(end, total), _person(total, f"visit / {total}")
    chunk = max(CHUNK_SESSIONS // len(sites), 1)
    for first in range(0, total, chunk):
        visits = range(first, min(first + chunk, total))
        _make_sessions(store, sites, visits, moment=moment, person=person, **_OF_THEIR_MOMENT)
        progress(visits.stop * EVENTS_A_SESSION * len(sites))


def make_hour(store: EventStore, site: int, events: int, *, year: int, start: datetime, arrived: datetime) -> None:
    """About ``events`` events within the hour from ``start``, which all came at ``arrived``; at most 1.3 million.

    The visitors are those of a site with ``year`` events, some new and some known. Sessions begin within the first
    half hour and last 25 minutes at the most.
    """
    first = int(start.timestamp()) * 1_000_000  # no session has the number of another hour's, or of the year's
    total = max(year // EVENTS_A_SESSION, len(LENGTHS))
    moment = f"{_milliseconds(start)} + {_dice('moment', 'visit')} % 1800000"
    person = _person(total, f"(1 + (visit - {first}) / {total})")
    identity = f"{_milliseconds(arrived) << 22} + (visit - {first}) * {max(LENGTHS)} + turn"
    received = f"toDateTime({int(arrived.timestamp())}, 'UTC')"
    sessions = range(first, first + max(events // EVENTS_A_SESSION, len(LENGTHS)))
    for begun in range(sessions.start, sessions.stop, CHUNK_SESSIONS):
        visits = range(begun, min(begun + CHUNK_SESSIONS, sessions.stop))
        _make_sessions(store, [site], visits, moment=moment, person=person, identity=identity, received=received)


def year_before(now: datetime) -> datetime:
    """The end of the made year: a whole hour, long enough ago that every made event is settled."""
    return (now - timedelta(minutes=40)).replace(minute=0, second=0, microsecond=0)


def _person(total: int, place: str) -> str:
    """SQL of the visitor of a session, one of ``total`` a year; ``place`` is SQL of its place in the year, from 0 to 1.

    A quarter of the visitors come often, some of them very often; the others pass by once or twice within days.
    """
    regulars = max(total * EVENTS_A_SESSION // EVENTS_A_VISITOR // 4, 1)
    passers = max(total * EVENTS_A_SESSION // 7, 1)
    return (
        f"if({_share('kind', 'visit')} < 0.55,"
        f" toUInt64(pow({_share('regular', 'visit')}, 2) * {regulars}),"
        f" {regulars} + toUInt64(({place} + {_share('passer', 'visit')} * 0.01) * {passers}))"
    )


def _make_sessions(
    store: EventStore, sites: Sequence[int], visits: range, *, moment: str, person: str, identity: str, received: str
) -> None:
    """One insert: the sessions ``visits`` of each site, with the SQL of some of their fields."""
    from apps.events.store import Statement

    columns = {"id": identity, "received": received, **_columns()}
    names, values = ", ".join(columns), ", ".join(columns.values())
    sql = f"""
        INSERT INTO events ({names})
        SELECT {values}
        FROM (
            SELECT
                *, {_among(_SECTIONS, "rank % 6")} AS section,
                concat('/', section, '/', {_among(_WORDS, "rank % 10")}, '-', toString(rank)) AS path,
                multiIf(
                    context = 'mcp', 'mcp_request', bot != '', {_of(_BOT_DOINGS.items(), "doing")},
                    turn = 0, 'page_view', {_of(_DOINGS.items(), "doing")}) AS event_type
            FROM (
                SELECT
                    *, {_dice("doing", "visit", "turn")} AS doing,
                    {_ranked(_PAGES, "page", "visit", "turn")} AS rank,
                    {_of(_CONTEXTS.items(), _dice("context", "visit"))} AS context,
                    if({_dice("bot", "person")} % 20 = 0, {_of(_BOTS.items(), _dice("name", "person"))}, '') AS bot,
                    {_dice("machine", "person")} AS machine,
                    began + turn * 55000 + {_dice("gap", "visit", "turn")} % 50000 AS at
                FROM (
                    SELECT site, visit, {moment} AS began, {person} AS person,
                        arrayJoin(range({_among(LENGTHS, "visit % 10")})) AS turn
                    FROM (
                        SELECT arrayJoin({list(sites)}) AS site, number AS visit
                        FROM numbers_mt({visits.start}, {len(visits)})
                    )
                )
            )
        )
        SETTINGS max_block_size = 8192, min_insert_block_size_rows = 524288"""
    store.command(Statement(sql=sql))


def _columns() -> dict[str, str]:
    """Stored field → its value; what is left out is absent."""
    searches = "event_type IN ('search_type_query', 'search_open_result', 'ask_question', 'ask_rate_response')"
    asked = _ranked(_QUERIES, "query", "visit", "intDiv(turn, 3)")
    leads_out = f"event_type = 'link_click' AND {_dice('outside', 'visit', 'turn')} % 2 = 0"
    linked = f"concat('site-', toString({_ranked(_LINKED, 'linked', 'visit', 'turn')}), '.example')"
    rated = "event_type IN ('page_post_feedback', 'page_post_feedback_comment')"
    api = "event_type IN ('api_client_open', 'api_client_request')"
    campaign = f"turn = 0 AND bot = '' AND {_dice('campaign', 'visit')} % 100 < 4"
    source, medium = (_among([each[part] for each in _CAMPAIGNS], _dice("source", "visit") + " % 5") for part in (0, 1))
    named = f"concat('launch-', toString({_ranked(12, 'name', 'visit')}))"
    referred = f"{_dice('referred', 'visit')} % 100 < 55 AND (turn = 0 OR {_dice('again', 'visit', 'turn')} % 20 = 0)"
    referrer = f"concat('source-', toString({_ranked(_SOURCES, 'referrer', 'visit')}), '.example')"
    found = f"(event_type != 'page_view' OR {_dice('found', 'visit', 'turn')} % 100 < 98)"
    device, os_, browser = (
        f"if(bot = '', {_of([(machine[part], share) for machine, share in _MACHINES.items()], 'machine')}, 'unknown')"
        for part in range(3)
    )
    return {
        "site": "site",
        "timestamp": "fromUnixTimestamp64Milli(toInt64(at), 'UTC')",
        "batch": "cityHash64('batch', site, visit, intDiv(turn, 3))",
        "event_type": "event_type",
        "visitor": _dice("visitor", "person"),
        "session": _dice("session", "visit"),
        "url": f"concat('https://docs.example.com', path, if({campaign}, concat('?utm_source=', {source},"
        f" '&utm_medium=', {medium}, '&utm_campaign=', {named}), ''))",
        "url_path": "path",
        "display_context": "context",
        "site_section": "section",
        "site_space": "concat('space-', section)",
        "space": "concat('space-', section)",
        "revision": "concat('revision-', toString(toYYYYMM(toDateTime(intDiv(at, 1000), 'UTC'))))",
        "page": f"if({found}, concat('page-', toString(rank)), '')",
        "country": _among(_COUNTRIES, _ranked(len(_COUNTRIES), "country", "person")),
        "device": device,
        "os": os_,
        "browser": browser,
        "bot": "bot",
        "language": _of(_LANGUAGES.items(), _dice("language", "person")),
        "authenticated": f"{_dice('signed in', 'person')} % 25 = 0",
        "link_kind": f"if(event_type = 'link_click', if({leads_out}, 'url', 'page'), '')",
        "link_target": f"if(event_type != 'link_click', '', if({leads_out},"
        f' concat(\'{{"kind":"url","url":"https://\', {linked}, \'/"}}\'),'
        ' concat(\'{"kind":"page","page":"page-\', toString(rank), \'"}\')))',
        "link_domain": f"if({leads_out}, {linked}, '')",
        "link_position": "if(event_type = 'link_click', "
        + _of((("content", 6), ("sidebar", 2), ("header", 1), ("footer", 1)), _dice("position", "visit", "turn"))
        + ", '')",
        "api_path": f"if({api}, concat('/v1/', section), '')",
        "api_method": f"if({api}, 'get', '')",
        "llms_variant": "if(event_type = 'llms_request', 'standard', '')",
        "query": f"if({searches}, concat('how to ', {_among(_WORDS, f'{asked} % 10')}, ' ', toString({asked})), '')",
        "response_id": f"if(event_type = 'ask_rate_response', hex({_dice('response', 'visit', 'turn')}), '')",
        "result_space": "if(event_type = 'search_open_result', concat('space-', section), '')",
        "result_page": "if(event_type = 'search_open_result', concat('page-', toString(rank)), '')",
        "feedback_rating": f"if({rated}, "
        + _of((("good", 7), ("bad", 2), ("ok", 1)), _dice("rating", "visit", "turn"))
        + ", '')",
        "feedback_comment": "if(event_type = 'page_post_feedback_comment', 'Please add an example.', '')",
        "ask_rating": f"if(event_type = 'ask_rate_response', if({_dice('helped', 'visit', 'turn')} % 4 = 0, -1, 1), 0)",
        "referrer": f"if({referred}, concat('https://', {referrer}, '/'), '')",
        "referrer_domain": f"if({referred}, {referrer}, '')",
        "utm_source": f"if({campaign}, {source}, '')",
        "utm_medium": f"if({campaign}, {medium}, '')",
        "utm_campaign": f"if({campaign}, {named}, '')",
    }


def _over_the_year(end: datetime, total: int) -> str:
    """SQL of the millisecond in which session ``visit`` of ``total`` begins: the later ones later."""
    weights = [day * hour for day in _DAYS for hour in _HOURS]
    reached = [0, *accumulate(weights)]
    hours = [
        hour for hour in range(168) for _ in range(_slot(reached[hour + 1], reached) - _slot(reached[hour], reached))
    ]
    start = end - YEAR
    monday = datetime(start.year, start.month, start.day, tzinfo=UTC) - timedelta(days=start.weekday())

    def position(moment: datetime) -> float:
        """In weeks of traffic since that Monday."""
        weeks, rest = divmod(moment - monday, WEEK)
        return weeks + reached[rest // timedelta(hours=1)] / reached[-1]

    first, last = position(start), position(end)
    place = f"({first} + visit * {(last - first) / total})"
    hour = f"toUInt64({hours}[toUInt32({place} * {SLOTS}) % {SLOTS} + 1])"
    return (
        f"{_milliseconds(monday)} + toUInt64({place}) * {7 * 86_400_000} + {hour} * 3600000"
        f" + {_dice('moment', 'visit')} % 3600000"
    )


def _slot(weight: int, reached: list[int]) -> int:
    return round(weight * SLOTS / reached[-1])


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def _dice(*key: str) -> str:
    """SQL of 64 bits that depend on the site and ``key``: what the dice are for, and the columns."""
    what, *columns = key
    return f"cityHash64('{what}', site, {', '.join(columns)})"


def _share(*key: str) -> str:
    """SQL of a number from 0 to 1, evenly spread."""
    return f"({_dice(*key)} / 18446744073709551616)"


def _ranked(size: int, *key: str) -> str:
    """SQL of a rank below ``size``, each about as often as its inverse says (Zipf)."""
    return f"least(toUInt32(exp({_share(*key)} * log({size + 1}))) - 1, {size - 1})"


def _among(values: Sequence[object], number: str) -> str:
    """SQL of the value at ``number``, from 0."""
    return f"{list(values)}[{number} + 1]"


def _of(shares: Iterable[tuple[str, int]], dice: str) -> str:
    """SQL of one of the values, as often as its share says."""
    values = [value for value, share in shares for _ in range(share)]
    return _among(values, f"{dice} % {len(values)}")


_OF_THEIR_MOMENT = {
    "identity": f"bitOr(bitShiftLeft(toUInt64(at), 22), {_dice('id', 'visit', 'turn')} % 4194304)",
    "received": "toDateTime(intDiv(at, 1000), 'UTC')",
}
"""Events that came when they happened."""


def make_sites(events: int, *, now: datetime, progress: Callable[[int], object] = lambda _made: None) -> Site:
    """An organization with the large site of ``events`` events, and small ones; returns the large one."""
    from apps.events.store import get_store
    from apps.organizations.models import Organization
    from apps.sites.models import Site

    start = now - YEAR - timedelta(days=1)
    organization = Organization.objects.create(title="Benchmark")
    large = Site.objects.create(organization=organization, title="Large", url="https://docs.example.com")
    small = [Site.objects.create(organization=organization, title=f"Small {n}") for n in range(1, SMALL_SITES + 1)]
    Site.objects.update(created_at=start)
    end = year_before(now)
    make_events(get_store(), [large.pk], events, end=end, progress=progress)
    make_events(get_store(), [site.pk for site in small], SMALL_SITE_EVENTS, end=end)
    return large


def set_up(folder: Path) -> None:
    """Django with an empty database and a store in ``folder``; once a process, before anything of it is imported."""
    os.environ["DATA_DIR"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "insights_site.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traffic", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="an empty or new folder")
    parser.add_argument("--events", type=int, default=1_000_000, help="of the large site (default: %(default)s)")
    options = parser.parse_args()
    folder: Path = options.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        parser.error(f"{folder} is not empty")
    set_up(folder)
    from apps.core.clock import utc_now

    start = time.perf_counter()
    site = make_sites(options.events, now=utc_now(), progress=lambda made: print(f"{made:,} events", flush=True))
    print(f"{folder}: site {site.pk}, {options.events:,} events in {time.perf_counter() - start:,.0f} s")


if __name__ == "__main__":
    main()
