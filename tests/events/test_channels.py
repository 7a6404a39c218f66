"""The channel of a referrer, as each place names itself."""

from __future__ import annotations

import pytest

from apps.events.addresses import host_of
from apps.events.channels import HOSTS, channel_of

REFERRERS = [
    ("https://www.google.com/", "search"),
    ("https://www.google.co.uk/", "search"),
    ("https://www.google.de/search?q=x", "search"),
    ("android-app://com.google.android.googlequicksearchbox/", "search"),
    ("https://www.bing.com/", "search"),
    ("https://duckduckgo.com/", "search"),
    ("https://search.yahoo.com/", "search"),
    ("https://yandex.ru/", "search"),
    ("https://kagi.com/", "search"),
    ("https://chatgpt.com/", "ai"),
    ("https://chat.openai.com/c/1", "ai"),
    ("https://www.perplexity.ai/search/x", "ai"),
    ("https://claude.ai/", "ai"),
    ("https://gemini.google.com/app", "ai"),
    ("https://copilot.microsoft.com/", "ai"),
    ("https://mail.google.com/", "email"),
    ("android-app://com.google.android.gm/", "email"),
    ("https://outlook.live.com/", "email"),
    ("https://mail.yahoo.com/", "email"),
    ("https://t.co/abc", "social"),
    ("https://out.reddit.com/", "social"),
    ("https://lm.facebook.com/l.php", "social"),
    ("https://news.ycombinator.com/item?id=1", "social"),
    ("https://www.linkedin.com/", "social"),
    ("https://docs.google.com/document/1", "referral"),
    ("https://sub.claude.ai.example/", "referral"),
    ("https://notgoogle.com/", "referral"),
    ("https://google.evil.example/", "referral"),
    ("https://ax.com/", "referral"),
    ("https://[2001:db8::1]/", "referral"),
    ("", "direct"),
    ("about:blank", "direct"),
]


@pytest.mark.parametrize(("referrer", "channel"), REFERRERS)
def test_a_referrer_has_the_channel_of_its_host(referrer: str, channel: str) -> None:
    assert channel_of(referrer_domain=host_of(referrer), own_host="docs.acme.example") == channel


@pytest.mark.parametrize(
    ("medium", "channel"),
    [
        *(("cpc", "paid"), ("CPM", "paid"), (" ppc ", "paid"), ("paid-social", "paid"), ("paidsearch", "paid")),
        *(
            ("display", "paid"),
            ("Email", "email"),
            ("newsletter", "email"),
            ("social", "social"),
            ("organic", "search"),
        ),
        *(("", "search"), ("qr", "search"), ("unpaid", "search"), ("cpcx", "search"), ("badge", "search")),
    ],
)
def test_what_a_campaign_says_of_its_medium_goes_before_the_host(medium: str, channel: str) -> None:
    assert channel_of(referrer_domain="www.google.com", utm_medium=medium) == channel


def test_a_campaign_without_a_referrer_has_its_mediums_channel() -> None:
    assert channel_of(referrer_domain="", utm_medium="email") == "email"
    assert channel_of(referrer_domain="", utm_medium="qr") == "direct"


def test_a_page_of_the_same_host_is_no_referrer_whatever_the_campaign_says() -> None:
    own = "docs.acme.example"
    assert channel_of(referrer_domain=own, own_host=own) == "internal"
    assert channel_of(referrer_domain=own, own_host=own, utm_medium="cpc") == "internal"
    assert channel_of(referrer_domain="acme.example", own_host=own) == "referral"
    assert channel_of(referrer_domain="", own_host="") == "direct"


def test_a_host_stands_in_one_channel_only() -> None:
    hosts = [host for listed in HOSTS.values() for host in listed]
    assert len(hosts) == len(set(hosts))
    assert all(host == host_of(f"https://{host}/") for host in hosts)
