"""How a person reads: page after page, with searches, questions, feedback and clicks between."""

from __future__ import annotations

from random import Random
from typing import Any

from apps.events.demo.arrivals import Arrival
from apps.events.demo.choice import Choice
from apps.events.demo.people import Visitor
from apps.events.demo.sitemap import (
    AFTER,
    BROKEN,
    IN_SECTION,
    LONG_BROKEN,
    PAGE_AT,
    PAGES,
    RECENT_DAYS,
    BrokenUrl,
    Page,
    stable_id,
)
from apps.events.demo.visit import Told, Visit, preview_key
from apps.events.demo.words import COMMENTS, QUESTIONS, SEARCHES

LOST = 0.024
"""Share of visits that begin at an address which does not exist."""
STAYS = 0.72
"""After each page, the probability of another."""
LONGEST = 40

_DAY = 86_400_000
_ENTRIES = Choice((page, page.entries) for page in PAGES)
_SIBLINGS = {section: Choice((page, page.entries) for page in pages) for section, pages in IN_SECTION.items()}
_SEARCHES = Choice(((term, found), weight) for term, weight, found in SEARCHES)
_QUESTIONS = Choice(QUESTIONS)
_LONG_BROKEN = Choice((url, url.weight) for url in LONG_BROKEN)
_ALL_BROKEN = Choice((url, url.weight) for url in BROKEN)
_POSITIONS = Choice([("content", 60), ("sidebar", 22), ("header", 12), ("footer", 4), ("announcement", 2)])
_TRADEMARKS = Choice([("sidebar", 60), ("footer", 20), ("ad", 8), ("pdf", 6), ("embed", 6)])
_ADS = Choice(
    [(("cloud-database.example", "zone-aside-1"), 6), (("observability.example", "zone-aside-1"), 3)],
)
_OUTSIDE = Choice(
    [
        ("https://github.com/acme/acme", 30),
        ("https://app.acme.example/signup", 26),
        ("https://hub.docker.com/r/acme/acme", 10),
        ("https://packages.acme.example/javascript/sdk", 8),
        ("https://packages.acme.example/python/acme", 8),
        ("https://status.acme.example/", 7),
        ("https://discord.gg/acme", 6),
        ("mailto:support@acme.example", 2),
    ]
)
_RARE_TARGETS: Choice[dict[str, Any]] = Choice(
    [
        ({"kind": "file", "file": stable_id("file", "openapi.yaml")}, 8),
        ({"kind": "space", "space": PAGE_AT["/api-reference"].section.space}, 6),
        ({"kind": "openapi", "spec": "acme-api"}, 4),
        ({"kind": "collection", "collection": stable_id("collection", "guides")}, 2),
        ({"kind": "reusable-content", "reusableContent": stable_id("snippet", "install")}, 2),
        ({"kind": "tag", "tag": "beta"}, 2),
        ({"kind": "user", "user": stable_id("user", "author")}, 1),
    ]
)


def read(visitor: Visitor, arrival: Arrival, *, start: int, end: int, dice: Random) -> list[Told]:
    """A person's visit that begins at ``start``; ``end`` is the generator's last moment (both in milliseconds)."""
    lost = dice.random() < LOST
    broken = _broken(start, end, dice) if lost else None
    session = {
        "visitorId": visitor.id,
        "sessionId": f"{dice.getrandbits(96):024x}",
        "userAgent": visitor.agent,
        "language": visitor.language,
        "referrer": broken.referrer if broken else arrival.referrer,
        "cookies": {},
        "ip": visitor.ip,
        "visitorAuthClaims": visitor.claims,
    }
    visit = Visit(session, start=start, dice=dice, share_key=preview_key(dice))
    page = _recover(visit, broken) if broken else _enter(visit, arrival)
    for _ in range(LONGEST):
        if page is None:
            break
        page = _on_page(visit, page)
    return visit.told


def _broken(start: int, end: int, dice: Random) -> BrokenUrl:
    urls = _ALL_BROKEN if start > end - RECENT_DAYS * _DAY else _LONG_BROKEN
    return urls.pick(dice)


def _recover(visit: Visit, broken: BrokenUrl) -> Page | None:
    """A 404; some readers search on from there, some go to the start, most leave."""
    variant = visit.dice.random()
    visit.lose(broken.path + ("/" if variant < 0.2 else "?ref=nav" if variant < 0.25 else ""))
    visit.tell("page_view")
    visit.wait(8)
    if visit.chance(0.22):
        return _search(visit)
    if visit.chance(0.3):
        visit.go(PAGE_AT[""])
        return PAGE_AT[""]
    return None


def _enter(visit: Visit, arrival: Arrival) -> Page:
    page = PAGE_AT[arrival.entry] if arrival.entry else _ENTRIES.pick(visit.dice)
    visit.go(page, query=arrival.query)
    return page


def _on_page(visit: Visit, page: Page) -> Page | None:
    """Everything on one page; returns the next page, on which the visit then is, or ``None`` at the end."""
    visit.tell("page_view")
    if page.path.startswith("/help") and visit.chance(0.12):
        _advertise(visit)
    visit.wait(12 + visit.dice.expovariate(1 / 45))
    if visit.chance(0.026):
        _rate(visit, page)
    if page.operation and visit.chance(0.16):
        _try_operation(visit, page.operation)
    if visit.chance(0.013):
        visit.tell("page_markdown_request", markdownSource="page-action")
    if visit.chance(0.026):
        _ask(visit)
    if visit.chance(0.0012):
        visit.tell("trademark_click", placement=_TRADEMARKS.pick(visit.dice))
    following = _search(visit) if visit.chance(0.055) else None
    if following is None and visit.chance(0.13):
        following = _click(visit, page)
    if following is None:
        if not visit.chance(STAYS):
            return None
        following = _next(visit, page)
    visit.go(following)
    return following


def _next(visit: Visit, page: Page) -> Page:
    dice = visit.dice.random()
    if dice < 0.5:
        return AFTER[page]
    if dice < 0.85:
        return _SIBLINGS[page.section].pick(visit.dice)
    return _ENTRIES.pick(visit.dice)


def _search(visit: Visit) -> Page | None:
    """Open the search, type a term by a few letters at a time, and perhaps open what is found."""
    term, found = _SEARCHES.pick(visit.dice)
    visit.wait(2)
    visit.tell("search_open")
    length = 1 + int(visit.dice.random() * 2)
    while True:
        visit.wait(0.6)
        visit.tell("search_type_query", query=term[:length])
        if length >= len(term):
            break
        length = min(len(term), length + 1 + int(visit.dice.random() * 3))
    if found is None or not visit.chance(0.62):
        return None
    page = PAGE_AT[found]
    visit.wait(3)
    is_elsewhere = visit.chance(0.06)
    # As the script of this service tells it: the path of a page, or an address elsewhere.
    record = f"https://github.com/acme/acme/issues/{len(term) * 37}" if is_elsewhere else page.path
    visit.tell("search_open_result", query=term, result={"recordId": record})
    if is_elsewhere:
        return None
    visit.go(page)
    return page


def _rate(visit: Visit, page: Page) -> None:
    dice = visit.dice.random()
    rating = "good" if dice < page.helpful else "ok" if dice < page.helpful + (1 - page.helpful) * 0.35 else "bad"
    visit.tell("page_post_feedback", feedback={"rating": rating})
    if visit.chance(0.5 if rating == "bad" else 0.16):
        visit.wait(20)
        comment = visit.dice.choice(COMMENTS[rating])
        visit.tell("page_post_feedback_comment", feedback={"rating": rating, "comment": comment})


def _ask(visit: Visit) -> None:
    """Open the assistant and perhaps ask and rate; some do so in the product's embedded widget."""
    site = visit.here
    if visit.chance(0.2):
        visit.here = {**site, "displayContext": "embed"}
    visit.tell("ask_view")
    while visit.chance(0.66):
        question = _QUESTIONS.pick(visit.dice)
        visit.wait(15)
        visit.tell("ask_question", query=question)
        if visit.chance(0.3):
            visit.wait(25)
            response = f"{visit.dice.getrandbits(80):020x}"
            rating = 1 if visit.chance(0.71) else -1
            visit.tell("ask_rate_response", query=question, rating=rating, responseId=response)
    visit.here = site


def _try_operation(visit: Visit, operation: tuple[str, str]) -> None:
    path, method = operation
    pointer = {"path": path, "method": method}
    visit.tell("api_client_open", operation=pointer)
    while visit.chance(0.58):
        visit.wait(14)
        visit.tell("api_client_request", operation=pointer)


def _click(visit: Visit, page: Page) -> Page | None:
    """Click a link; returns the page that it leads to, if it leads to one."""
    position = _POSITIONS.pick(visit.dice)
    kind = visit.dice.random()
    following: Page | None = None
    target: dict[str, Any]
    if kind < 0.42:
        following = _next(visit, page)
        target = {"kind": "page", "page": following.id, "space": following.section.space}
    elif kind < 0.82:
        target = {"kind": "url", "url": _OUTSIDE.pick(visit.dice)}
    elif kind < 0.94:
        target = {"kind": "anchor", "anchor": "examples", "page": page.id, "space": page.section.space}
    else:
        target = _RARE_TARGETS.pick(visit.dice)
    visit.tell("link_click", link={"target": target, "position": position})
    return following


def _advertise(visit: Visit) -> None:
    domain, zone = _ADS.pick(visit.dice)
    ad = {"domain": domain, "zoneId": zone, "placement": "aside"}
    visit.tell("ad_display", ad=ad)
    if visit.chance(0.025):
        visit.wait(6)
        visit.tell("ad_click", ad=ad)
