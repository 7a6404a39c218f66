"""The readers: where they live, what they browse with, what the product knows of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import iptocc

from apps.events.demo.choice import Choice

NETWORKS = Path(__file__).parent / "networks.txt"
RETURNING = 0.42
"""Share of visits by somebody who was here before."""
REMEMBERED = 600
"""So many of a country's latest visitors may come back."""


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """Where readers live: ISO code, share of all readers, hours ahead of UTC, languages with weights."""

    code: str
    share: float
    offset: float
    languages: Choice[str | None]


def _country(code: str, share: float, offset: float, **languages: float) -> Country:
    weighted = [(language.replace("_", "-"), weight) for language, weight in languages.items()]
    return Country(code, share, offset, Choice([*weighted, (None, 0.3)]))


COUNTRIES = (
    _country("US", 300, -6, en_US=94, es_US=4, zh_CN=2),
    _country("DE", 92, 1, de_DE=66, de=6, en_US=24, en_GB=4),
    _country("GB", 78, 0, en_GB=90, en_US=10),
    _country("IN", 90, 5.5, en_IN=35, en_US=30, en_GB=30, hi=5),
    _country("FR", 52, 1, fr_FR=78, fr=6, en_US=16),
    _country("CA", 38, -5, en_CA=50, en_US=30, fr_CA=20),
    _country("NL", 34, 1, nl_NL=55, en_US=45),
    _country("BR", 40, -3, pt_BR=90, en_US=10),
    _country("JP", 42, 9, ja=88, ja_JP=5, en_US=7),
    _country("AU", 24, 10, en_AU=85, en_US=15),
    _country("ES", 26, 1, es_ES=84, ca=6, en_US=10),
    _country("IT", 24, 1, it_IT=85, en_US=15),
    _country("PL", 24, 1, pl_PL=70, en_US=30),
    _country("SE", 18, 1, sv_SE=58, en_US=42),
    _country("CH", 18, 1, de_CH=62, fr_CH=20, en_US=18),
    _country("KR", 22, 9, ko_KR=92, en_US=8),
    _country("SG", 18, 8, en_SG=40, en_US=40, zh_CN=20),
    _country("MX", 14, -6, es_MX=88, en_US=12),
    _country("UA", 12, 2, uk_UA=70, ru=12, en_US=18),
    _country("PT", 10, 0, pt_PT=75, en_US=25),
    _country("TR", 10, 3, tr_TR=82, en_US=18),
    _country("ID", 14, 7, id_ID=60, en_US=40),
    _country("ZA", 8, 2, en_ZA=70, en_US=30),
    _country("IL", 10, 2, he_IL=45, en_US=55),
    _country("AR", 9, -3, es_AR=86, en_US=14),
    _country("CN", 22, 8, zh_CN=95, en_US=5),
    _country("IE", 8, 0, en_IE=80, en_US=20),
    _country("FI", 9, 2, fi_FI=60, en_US=40),
)


@dataclass(frozen=True, slots=True, eq=False)
class Browser:
    """A user agent, and what it says: device, browser, system."""

    share: float
    device: str
    browser: str
    system: str
    agent: str


_KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_LINUX = "Mozilla/5.0 (X11; Linux x86_64)"
_ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)"
_IPAD = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X)"
_IOS_KIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"

BROWSERS = (
    Browser(25, "desktop", "chrome", "windows", f"{_WINDOWS} {_KHTML} Chrome/142.0.0.0 Safari/537.36"),
    Browser(6, "desktop", "chrome", "windows", f"{_WINDOWS} {_KHTML} Chrome/141.0.0.0 Safari/537.36"),
    Browser(19, "desktop", "chrome", "macos", f"{_MAC} {_KHTML} Chrome/142.0.0.0 Safari/537.36"),
    Browser(6, "desktop", "chrome", "linux", f"{_LINUX} {_KHTML} Chrome/142.0.0.0 Safari/537.36"),
    Browser(9, "desktop", "edge", "windows", f"{_WINDOWS} {_KHTML} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"),
    Browser(8, "desktop", "safari", "macos", f"{_MAC} {_IOS_KIT} Version/18.6 Safari/605.1.15"),
    Browser(
        4,
        "desktop",
        "firefox",
        "windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
    Browser(4, "desktop", "firefox", "linux", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    Browser(1.2, "desktop", "opera", "windows", f"{_WINDOWS} {_KHTML} Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0"),
    Browser(8, "mobile", "chrome", "android", f"{_ANDROID} {_KHTML} Chrome/142.0.0.0 Mobile Safari/537.36"),
    Browser(
        0.8,
        "mobile",
        "firefox",
        "android",
        "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
    ),
    Browser(7, "mobile", "safari", "ios", f"{_IPHONE} {_IOS_KIT} Version/18.6 Mobile/15E148 Safari/604.1"),
    Browser(1.2, "mobile", "chrome", "ios", f"{_IPHONE} {_IOS_KIT} CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1"),
    Browser(1.3, "tablet", "safari", "ios", f"{_IPAD} {_IOS_KIT} Version/18.6 Mobile/15E148 Safari/604.1"),
)

CLAIMS: Choice[dict[str, Any]] = Choice(
    [
        ({}, 82),
        ({"plan": "enterprise", "role": "admin"}, 3),
        ({"plan": "enterprise", "role": "developer"}, 5),
        ({"plan": "pro", "role": "developer"}, 4),
        ({"plan": "pro", "role": "admin", "features": ["sso", "audit-log"]}, 1.5),
        ({"plan": "free"}, 2.5),
        ({"unsigned": {"beta": True}}, 2),
    ]
)
"""What is known of a visitor; nothing of most."""


@dataclass(frozen=True, slots=True, eq=False)
class Visitor:
    """One reader, the same on every visit."""

    id: str
    country: Country
    language: str | None
    ip: str
    agent: str
    claims: dict[str, Any]


def addresses() -> dict[str, list[str]]:
    """The first three numbers of the listed networks by country, as the country look-up places them today."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in NETWORKS.read_text().splitlines():
        if line.startswith("#"):
            continue
        prefix = line.removesuffix("0/24")
        country = iptocc.country_code(f"{prefix}1")
        if country is not None:
            found[country].append(prefix)
    return found


class Crowd:
    """Everybody who reads: makes newcomers and remembers who may come back."""

    def __init__(self) -> None:
        self._networks = addresses()
        self._browsers = Choice((browser, browser.share) for browser in BROWSERS)
        self._known: dict[str, list[Visitor]] = defaultdict(list)

    def address(self, country: str, dice: Random) -> str:
        """A public address of that country."""
        networks = self._networks[country]
        return f"{networks[int(dice.random() * len(networks))]}{1 + int(dice.random() * 254)}"

    def visitor(self, country: Country, dice: Random) -> Visitor:
        """Somebody of that country, new or returning; the lately seen return more often."""
        known = self._known[country.code]
        if known and dice.random() < RETURNING:
            back = int(dice.random() ** 2 * min(len(known), REMEMBERED))
            return known[-1 - back]
        newcomer = Visitor(
            id=f"{dice.getrandbits(128):032x}",
            country=country,
            language=country.languages.pick(dice),
            ip=self.address(country.code, dice),
            agent=self._browsers.pick(dice).agent,
            claims=CLAIMS.pick(dice),
        )
        known.append(newcomer)
        return newcomer
