"""User agents that others have collected, with what they say of each. Installed with the tests, never copied."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import crawleruseragents
import yaml

from tests.conftest import lacking

DEVICE_DETECTOR = "device-detector"
SEEN = "fake-useragent"
CRAWLERS = "crawler-user-agents"
CORE = "uap-core"

CORE_TESTS = Path("/usr/share/uap-core/tests")
"""Where Debian's package puts the tests of ua-parser's rules; the registries' packages leave them out."""

_CORE_TEST = re.compile(r"- user_agent_string: '(.*)'\n +family: '(.*)'\n")
_WHOLE_BROWSER = re.compile(r"Mozilla/5\.0 \(.*\bSafari/[\d.]+")
_USER_AGENT = re.compile(r"\n  user_agent: (.*)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Distinct user agents of people, or of bots, as ``package`` lists them."""

    package: str
    contents: str
    agents: frozenset[str]

    @property
    def version(self) -> str:
        """The version that is installed: of the package from PyPI, or of the source that Debian packs."""
        if self.package != CORE:
            return version(self.package)
        show = ["dpkg-query", "--show", "--showformat=${source:Upstream-Version}", CORE]
        return subprocess.run(show, capture_output=True, text=True, check=True).stdout.rpartition(":")[2]


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


def core_spiders() -> Corpus:
    """Automatic clients in the tests of ua-parser's rules."""
    agents = frozenset(agent for agent, family in _core_tests() if family == "Spider")
    return Corpus(package=CORE, contents="spiders", agents=agents)


def core_devices() -> Corpus:
    """Browsers of named devices there, of the form that every browser of today has; the rest are apps and fragments."""
    named = (agent for agent, family in _core_tests() if family not in ("Spider", "Other"))
    return Corpus(package=CORE, contents="devices", agents=frozenset(filter(_WHOLE_BROWSER.fullmatch, named)))


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


def _core_tests() -> list[tuple[str, str]]:
    """User agent and family of device of each of ua-parser's tests, read by their form: it is the same in all."""
    file = CORE_TESTS / "test_device.yaml"
    if not file.exists():
        lacking(f"Debian's package {CORE} is not installed")
    return [(agent.replace("''", "'"), family) for agent, family in _CORE_TEST.findall(file.read_text())]
