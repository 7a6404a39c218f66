"""User agents that others have collected, with what they say of each. Installed with the tests, never copied."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files

import crawleruseragents
import yaml

DEVICE_DETECTOR = "device-detector"
SEEN = "fake-useragent"
CRAWLERS = "crawler-user-agents"

_USER_AGENT = re.compile(r"\n  user_agent: (.*)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Distinct user agents of people, or of bots, as ``package`` lists them."""

    package: str
    contents: str
    agents: frozenset[str]

    @property
    def version(self) -> str:
        """The version that is installed."""
        return version(self.package)


def listed_bots() -> Corpus:
    """device-detector's fixtures of bots."""
    agents = frozenset(_agent(block) for block in _fixtures("bots.yml"))
    return Corpus(package=DEVICE_DETECTOR, contents="bots", agents=agents)


def listed_browsers() -> Corpus:
    """Every third of device-detector's fixtures of browsers: phones, tablets, computers, television sets, in order."""
    told = {_agent(block) for block in _fixtures("*.yml") if "\n  client:\n    type: browser\n" in block}
    agents = frozenset(sorted(told - {""})[::3])
    return Corpus(package=DEVICE_DETECTOR, contents="browsers, every third", agents=agents)


def listed_crawlers() -> Corpus:
    """The instances beside the patterns of the crawler list, which the product uses itself."""
    listed = (agent for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for agent in entry.get("instances", []))
    return Corpus(package=CRAWLERS, contents="crawlers", agents=frozenset(listed))


def seen_people() -> dict[str, dict[str, str]]:
    """Agents seen on real pages, each with what the collector says: ``browser``, ``os``, ``type``."""
    lines = (files("fake_useragent") / "data" / "browsers.jsonl").read_text().splitlines()
    return {entry["useragent"]: entry for entry in map(json.loads, lines)}


def seen_browsers() -> Corpus:
    """Browsers seen on real pages in the months before that package was made."""
    return Corpus(package=SEEN, contents="browsers seen", agents=frozenset(seen_people()))


def _fixtures(pattern: str) -> Iterator[str]:
    """The entries that have a user agent, as text: a parser of the whole would take a quarter of a minute."""
    folder = files("device_detector") / "tests" / "fixtures" / "upstream"
    for file in sorted(folder.glob(pattern)):  # type: ignore[attr-defined]
        for block in file.read_text().split("\n-"):
            if _USER_AGENT.search(block):
                yield block


def _agent(block: str) -> str:
    match = _USER_AGENT.search(block)
    assert match
    written = match.group(1)
    return str(yaml.safe_load(written)) if written.startswith(("'", '"')) else written
