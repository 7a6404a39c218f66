"""How crawlers, agents and feed readers visit."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from apps.events.demo.choice import Choice
from apps.events.demo.machines import Habit, Machine
from apps.events.demo.people import Crowd
from apps.events.demo.sitemap import IN_SECTION, LONG_BROKEN, PAGE_AT, PAGES
from apps.events.demo.visit import Told, Visit
from apps.events.demo.words import GOALS, QUESTIONS, SEARCHES

_ANY_PAGE = Choice((page, 10 + page.entries) for page in PAGES)
_AGENT_PAGES = Choice(
    (page, page.entries * (3 if page.path.startswith(("/sdk", "/api-reference", "/cli")) else 1)) for page in PAGES
)
_SEARCHES = Choice(((term, found), weight) for term, weight, found in SEARCHES)
_QUESTIONS = Choice(QUESTIONS)
_GOALS = Choice(GOALS)
_FEED = next(page for page in PAGES if page.path == "/changelog")


def automate(machine: Machine, crowd: Crowd, *, start: int, dice: Random) -> list[Told]:
    """A machine's visit that begins at ``start`` (milliseconds)."""
    ip = crowd.address(machine.country, dice)
    session: dict[str, Any] = {
        "visitorId": f"{machine.bot}-{ip.rpartition('.')[0]}",
        "sessionId": f"{dice.getrandbits(96):024x}",
        "userAgent": machine.agent,
        "language": None,
        "referrer": None,
        "cookies": {},
        "ip": ip,
        "visitorAuthClaims": {},
    }
    visit = Visit(session, start=start, dice=dice)
    _HABITS[machine.habit](visit)
    return visit.told


def _crawl(visit: Visit) -> None:
    if visit.chance(0.04):
        visit.lose(visit.dice.choice(LONG_BROKEN).path)
        visit.tell("page_view")
    while True:
        visit.go(_ANY_PAGE.pick(visit.dice), "server")
        visit.tell("page_view")
        visit.wait(4)
        if visit.chance(0.3):
            return


def _read(visit: Visit) -> None:
    visit.go(_AGENT_PAGES.pick(visit.dice), "server")
    visit.tell("page_view" if visit.chance(0.35) else "page_markdown_request")
    if visit.chance(0.4):
        visit.wait(3)
        visit.go(_AGENT_PAGES.pick(visit.dice), "server")
        visit.tell("page_markdown_request")


def _index(visit: Visit) -> None:
    visit.here = {
        "url": f"https://docs.acme.example/{'llms.txt' if (standard := visit.chance(0.75)) else 'llms-full.txt'}",
        "displayContext": "server",
        "siteSpace": next(iter(IN_SECTION)).site_space,
    }
    visit.tell("llms_request", llmsVariant="standard" if standard else "full")
    while visit.chance(0.6):
        visit.wait(5)
        visit.go(_AGENT_PAGES.pick(visit.dice), "server")
        visit.tell("page_markdown_request")


def _tool(visit: Visit) -> None:
    """An agent at work: MCP calls, with searches, questions and at times its judgement."""
    visit.go(PAGE_AT[""], "mcp")
    visit.here = {**visit.here, "url": "https://docs.acme.example/~gitbook/mcp", "page": None}
    visit.tell("mcp_request")
    visit.wait(2)
    if visit.chance(0.6):
        term, _found = _SEARCHES.pick(visit.dice)
        visit.tell("search_type_query", query=term)
    if visit.chance(0.35):
        visit.wait(4)
        visit.tell("ask_question", query=_QUESTIONS.pick(visit.dice), goal=_GOALS.pick(visit.dice))
    while visit.chance(0.55):
        visit.wait(6)
        visit.go(_AGENT_PAGES.pick(visit.dice), "mcp")
        visit.tell("mcp_request")
        if visit.chance(0.5):
            visit.tell("page_markdown_request")
    if visit.chance(0.05):
        visit.wait(10)
        visit.tell("agent_feedback")


def _feed(visit: Visit) -> None:
    visit.go(_FEED, "server")
    visit.here = {**visit.here, "url": "https://docs.acme.example/changelog/rss.xml"}
    visit.tell("rss_request")


_HABITS: dict[Habit, Callable[[Visit], None]] = {
    Habit.CRAWL: _crawl,
    Habit.READ: _read,
    Habit.INDEX: _index,
    Habit.TOOL: _tool,
    Habit.FEED: _feed,
}
