"""Where readers come from: referrers and campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from apps.events.demo.choice import Choice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrival:
    """A way to the site: the referrer as sent (``None``: not known), the query of the first address, where it leads.

    An empty ``entry`` means any page.
    """

    referrer: str | None
    query: str = ""
    entry: str = ""


def _campaign(referrer: str | None, entry: str, **utm: str) -> Arrival:
    query = urlencode({f"utm_{name}": value for name, value in utm.items()})
    return Arrival(referrer=referrer, query=f"?{query}", entry=entry)


EVERY_DAY: Choice[Arrival] = Choice(
    [
        (Arrival(referrer=""), 300),
        (Arrival(referrer=None), 12),
        (Arrival(referrer="https://www.google.com/"), 290),
        (Arrival(referrer="https://www.bing.com/"), 34),
        (Arrival(referrer="https://duckduckgo.com/"), 30),
        (Arrival(referrer="https://www.baidu.com/link?url=kT3"), 5),
        (Arrival(referrer="https://search.brave.com/"), 5),
        (Arrival(referrer="android-app://com.google.android.googlequicksearchbox/"), 8),
        (Arrival(referrer="https://github.com/acme/acme"), 68),
        (Arrival(referrer="https://github.com/acme/acme/issues/412", entry="/cli/troubleshooting"), 9),
        (Arrival(referrer="https://stackoverflow.com/questions/69381023", entry="/guides/webhooks"), 18),
        (Arrival(referrer="https://stackoverflow.com/questions/71530284", entry="/api-reference/authentication"), 14),
        (Arrival(referrer="https://chatgpt.com/", query="?utm_source=chatgpt.com"), 40),
        (Arrival(referrer="https://chatgpt.com/"), 12),
        (Arrival(referrer="https://www.perplexity.ai/"), 17),
        (Arrival(referrer="https://claude.ai/"), 14),
        (Arrival(referrer="https://gemini.google.com/"), 8),
        (Arrival(referrer="https://app.acme.example/"), 70),
        (Arrival(referrer="https://acme.example/"), 46),
        (Arrival(referrer="https://www.reddit.com/r/devops/comments/1k2m9q/"), 7),
        (Arrival(referrer="https://dev.to/acme/from-zero-to-deploy", entry="/getting-started/quickstart"), 6),
        (Arrival(referrer="https://www.youtube.com/"), 6),
        (Arrival(referrer="https://t.co/x9QmV2"), 5),
        (Arrival(referrer="https://www.linkedin.com/"), 4),
        (
            _campaign(
                "", "/changelog", source="newsletter", medium="email", campaign="monthly-digest", content="header"
            ),
            12,
        ),
        (
            _campaign("", "/getting-started/quickstart", source="onboarding", medium="email", campaign="welcome"),
            14,
        ),
        (
            _campaign(
                "https://www.google.com/",
                "/getting-started",
                source="google",
                medium="cpc",
                campaign="brand",
                term="acme deploy",
                content="ad-b",
            ),
            13,
        ),
    ]
)

LAUNCH: Choice[Arrival] = Choice(
    [
        (Arrival(referrer="https://news.ycombinator.com/item?id=45120987", entry="/changelog/v3.0"), 40),
        (
            _campaign(
                "https://www.producthunt.com/", "", source="producthunt", medium="referral", campaign="launch-v3"
            ),
            22,
        ),
        (
            _campaign("https://t.co/L4unch", "/changelog/v3.0", source="x", medium="social", campaign="launch-v3"),
            18,
        ),
        (
            _campaign(
                "https://www.linkedin.com/", "/changelog/v3.0", source="linkedin", medium="social", campaign="launch-v3"
            ),
            9,
        ),
        (_campaign("", "/changelog/v3.0", source="newsletter", medium="email", campaign="launch-v3"), 20),
    ]
)
"""The additional readers of the launch days."""
