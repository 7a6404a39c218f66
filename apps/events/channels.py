"""The channel that brought a visitor: what kind of place the referrer is, or what the campaign says of itself."""

from __future__ import annotations

import re
from typing import Final

DIRECT: Final = "direct"
INTERNAL: Final = "internal"
REFERRAL: Final = "referral"
PAID: Final = "paid"

HOSTS: dict[str, tuple[str, ...]] = {
    "ai": (
        *("chatgpt.com", "chat.openai.com", "perplexity.ai", "claude.ai", "gemini.google.com", "bard.google.com"),
        *("copilot.microsoft.com", "copilot.com", "grok.com", "chat.mistral.ai", "chat.deepseek.com", "you.com"),
        *("meta.ai", "poe.com", "phind.com", "notebooklm.google.com", "aistudio.google.com"),
    ),
    "email": (
        *("mail.google.com", "com.google.android.gm", "outlook.live.com", "outlook.office.com"),
        *("outlook.office365.com", "mail.yahoo.com", "mail.proton.me", "mail.aol.com", "mail.yandex.ru"),
        *("app.fastmail.com", "mail.zoho.com", "mail.ru", "com.microsoft.office.outlook"),
    ),
    "social": (
        *("facebook.com", "fb.com", "fb.me", "messenger.com", "instagram.com", "threads.net", "threads.com"),
        *(
            "twitter.com",
            "x.com",
            "t.co",
            "linkedin.com",
            "lnkd.in",
            "reddit.com",
            "com.reddit.frontpage",
            "youtube.com",
        ),
        *("youtu.be", "news.ycombinator.com", "lobste.rs", "mastodon.social", "fosstodon.org", "hachyderm.io"),
        *("bsky.app", "pinterest.com", "tiktok.com", "discord.com", "t.me", "telegram.org", "org.telegram.messenger"),
        *("whatsapp.com", "vk.com", "weibo.com", "zhihu.com", "quora.com", "tumblr.com", "snapchat.com", "xing.com"),
        *("com.facebook.katana", "com.twitter.android", "com.linkedin.android", "com.slack", "slack.com", "dev.to"),
    ),
    "search": (
        *("com.google.android.googlequicksearchbox", "bing.com", "duckduckgo.com", "ecosia.org", "qwant.com"),
        *("startpage.com", "search.brave.com", "kagi.com", "baidu.com", "sogou.com", "so.com", "naver.com", "daum.net"),
        *("seznam.cz", "swisscows.com", "mojeek.com", "ask.com", "aol.com", "search.marginalia.nu", "sm.cn"),
    ),
}
"""Channel → hosts; each stands for the hosts below it too, and the longest that fits decides."""

CHANNELS: Final = (*HOSTS, DIRECT, INTERNAL, PAID, REFERRAL)

_CHANNEL = {host: channel for channel, hosts in HOSTS.items() for host in hosts}
SEARCH_IN_ANY_COUNTRY: Final = (
    r"(?:www\.|m\.)?google\.(?:com|[a-z]{2}|com?\.[a-z]{2})|(?s:.+\.)?(?:yahoo|yandex)\.(?:com|[a-z]{2}|com?\.[a-z]{2})"
)
"""Hosts of search engines with one for each country; a pattern of the whole host."""
PAID_MEDIUM: Final = r"(?s:cp[a-z]|ppc|retargeting|paid.*|ads?|display|banner|sponsor.*)"
"""What campaigns call paid places; a pattern of the whole medium, in lower case."""
MEDIA: Final = {
    **dict.fromkeys(("email", "e-mail", "mail", "newsletter"), "email"),
    **dict.fromkeys(("social", "social-media", "social_media", "social-network", "sm"), "social"),
    **dict.fromkeys(("organic",), "search"),
}
"""What campaigns call their medium → channel."""

_SEARCH = re.compile(SEARCH_IN_ANY_COUNTRY)
_PAID = re.compile(PAID_MEDIUM)
_SPACES: Final = " \t\n\r\f\v"


def channel_of(*, referrer_domain: str, own_host: str = "", utm_medium: str = "") -> str:
    """``search``, ``social``, ``ai``, ``email``, ``paid``, ``referral``, ``direct`` or ``internal``.

    ``referrer_domain`` is a host in lower case as ``host_of`` gives it, ``""`` for none; ``own_host``
    the page's. A page of the same host is no referrer, whatever the campaign says. Else what the
    campaign says of its medium goes before the host; an unknown medium says nothing.
    """
    if referrer_domain and referrer_domain == own_host:
        return INTERNAL
    medium = utm_medium.strip(_SPACES).encode().lower().decode()  # letters of ASCII only, as the engine does it
    if _PAID.fullmatch(medium):
        return PAID
    return MEDIA.get(medium) or (_channel_of_host(referrer_domain) if referrer_domain else DIRECT)


def hosts_by_depth() -> list[dict[str, list[str]]]:
    """The listed hosts by channel, those that lie below most other listed ones first: so the longest is found first."""
    levels: dict[int, dict[str, list[str]]] = {}
    for host, channel in _CHANNEL.items():
        depth = sum(host.endswith(f".{other}") for other in _CHANNEL)
        levels.setdefault(depth, {}).setdefault(channel, []).append(host)
    return [levels[depth] for depth in sorted(levels, reverse=True)]


def _channel_of_host(host: str) -> str:
    below = host
    while below:
        if below in _CHANNEL:
            return _CHANNEL[below]
        below = below.partition(".")[2]
    return "search" if _SEARCH.fullmatch(host) else REFERRAL
