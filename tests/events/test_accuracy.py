"""Bots found, and people left alone, in what others have collected; docs/accuracy.md says the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.events.agents import read_agent
from apps.events.bots import bot_name
from tests.events.corpora import (
    CORE,
    Corpus,
    core_devices,
    core_spiders,
    listed_bots,
    listed_browsers,
    listed_crawlers,
    seen_browsers,
    seen_people,
)

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
SYSTEMS = {
    "Windows": "windows",
    "Mac OS X": "macos",
    "Linux": "linux",
    "Ubuntu": "linux",
    "Android": "android",
    "iOS": "ios",
}
BROWSERS = {
    **dict.fromkeys(("Chrome", "Chrome Mobile", "Chrome Mobile iOS"), "chrome"),
    **dict.fromkeys(("Firefox", "Firefox Mobile", "Firefox iOS"), "firefox"),
    **dict.fromkeys(("Safari", "Mobile Safari"), "safari"),
    **dict.fromkeys(("Edge", "Edge Mobile"), "edge"),
    **dict.fromkeys(("Opera", "Opera Mobile"), "opera"),
}


def is_on_the_page(corpus: Corpus, wrong: int, share: str) -> bool:
    """Whether the page says these figures. Debian's releases have different versions of one corpus; it says one's."""
    name, page = f"| {corpus.package} | {corpus.version} | {corpus.contents} |", PAGE.read_text()
    told = f"{name} {len(corpus.agents):,} | {wrong:,} | {share} |" in page
    return told or (corpus.package == CORE and name not in page)


@pytest.mark.parametrize(
    ("corpus", "at_least"), [(listed_browsers, 11_000), (core_devices, 7_000), (seen_browsers, 800)]
)
def test_at_most_one_person_in_two_hundred_is_called_a_bot(corpus: Callable[[], Corpus], at_least: int) -> None:
    people = corpus()
    accused = sum(bot_name(agent) != "" for agent in people.agents)
    assert len(people.agents) > at_least
    assert accused / len(people.agents) <= 0.005
    assert is_on_the_page(people, accused, f"{accused / len(people.agents):.2%} accused")


@pytest.mark.parametrize(("corpus", "at_least"), [(listed_bots, 1_300), (listed_crawlers, 2_000), (core_spiders, 60)])
def test_ninety_nine_bots_in_a_hundred_are_found(corpus: Callable[[], Corpus], at_least: int) -> None:
    bots = corpus()
    missed = sum(bot_name(agent) == "" for agent in bots.agents)
    assert len(bots.agents) > at_least
    assert missed / len(bots.agents) <= 0.01
    assert is_on_the_page(bots, missed, f"{1 - missed / len(bots.agents):.2%} found")


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("browser", BROWSERS),
        ("os", SYSTEMS),
        ("type", {"mobile": "mobile", "tablet": "tablet", "desktop": "desktop"}),
    ],
)
def test_browser_system_and_device_agree_with_who_saw_them(field: str, names: dict[str, str]) -> None:
    ours = "device" if field == "type" else field
    told = {agent: names[entry[field]] for agent, entry in seen_people().items() if entry[field] in names}
    right = sum(getattr(read_agent(agent), ours) == name for agent, name in told.items())
    assert right / len(told) >= 0.98
    assert f"| {ours} | {len(told):,} | {right:,} | {right / len(told):.2%} |" in PAGE.read_text()
