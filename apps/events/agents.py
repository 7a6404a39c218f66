"""What a user agent tells: browser, system, device, and whether a person is behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from ua_parser import Domain, load_lazy_builtins
from ua_parser.regex import Resolver

from apps.events.bots import bot_name

MATCHED_CHARACTERS = 512
"""Of a longer agent only this much is looked at: the time of a match grows with the text (1 ms at worst)."""

UNKNOWN = "unknown"

BROWSERS: dict[str, tuple[str, ...]] = {
    "chrome": (
        "Chrome",
        "Chrome Mobile",
        "Chrome Mobile WebView",
        "Chrome Mobile iOS",
        "Chromium",
        "HeadlessChrome",
    ),
    "firefox": ("Firefox", "Firefox Alpha", "Firefox Beta", "Firefox Focus", "Firefox Mobile", "Firefox iOS"),
    "safari": ("Mobile Safari", "Mobile Safari UI/WKWebView", "Safari"),
    "edge": ("Edge", "Edge Mobile", "Edge WebView2"),
    "ie": ("IE", "IE Large Screen", "IE Mobile"),
    "opera": ("Opera", "Opera Coast", "Opera GX", "Opera Mini", "Opera Mobile", "Opera Neon", "Opera Touch"),
}
"""Published name → ua-parser's families. A browser of another brand (Samsung Internet, Yandex, …) is unknown."""

SYSTEMS: dict[str, tuple[str, ...]] = {
    "windows": ("Windows", "Windows CE", "Windows Mobile", "Windows Phone", "Windows RT"),
    "macos": ("Mac OS", "Mac OS X", "macOS"),
    "linux": ("Debian", "Fedora", "Gentoo", "Linux", "Linux Mint", "Red Hat", "SUSE", "Ubuntu"),
    "android": ("Android",),
    "ios": ("iOS", "iPadOS"),
}
"""Published name → ua-parser's families. Chrome OS, tvOS, consoles and the like are unknown."""

_BROWSER = {family: name for name, families in BROWSERS.items() for family in families}
_SYSTEM = {family: name for name, families in SYSTEMS.items() for family in families}

_DEVICES = (
    ("unknown", re.compile(r"smart-?tv|google ?tv|apple ?tv|android tv|\bbravia|\baft[a-z]+\b|hbbtv|\btv\b", re.I)),
    ("tablet", re.compile(r"ipad|tablet(?! pc)|playbook|kindle|\bsilk/(?!.*mobile)", re.I)),
    ("mobile", re.compile(r"iphone|ipod|\bmobi|windows phone|opera mini|blackberry|\bbb10\b", re.I)),
    ("tablet", re.compile(r"android", re.I)),
    ("desktop", re.compile(r"windows|macintosh|mac os x|\bx11\b|linux|\bcros\b", re.I)),
)
"""The first that fits: an Android that does not call itself mobile is a tablet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A client in the published enumerations; ``bot`` is ``""`` for a person."""

    browser: str
    os: str
    device: str
    bot: str


def read_agent(user_agent: str) -> Agent:
    """Who calls itself ``user_agent``; only its first ``MATCHED_CHARACTERS`` are looked at."""
    return _read(user_agent[:MATCHED_CHARACTERS])


@lru_cache(maxsize=4096)
def _read(user_agent: str) -> Agent:
    parsed = _resolver()(user_agent, Domain.USER_AGENT | Domain.OS)
    return Agent(
        browser=_BROWSER.get(parsed.user_agent.family, UNKNOWN) if parsed.user_agent else UNKNOWN,
        os=_SYSTEM.get(parsed.os.family, UNKNOWN) if parsed.os else UNKNOWN,
        device=next((name for name, marks in _DEVICES if marks.search(user_agent)), UNKNOWN),
        bot=bot_name(user_agent),
    )


@cache
def _resolver() -> Resolver:
    return Resolver(load_lazy_builtins())
