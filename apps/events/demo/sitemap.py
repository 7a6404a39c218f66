"""The documentation of Acme, a made-up product: sections, pages, and addresses that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

BASE_URL = "https://docs.acme.example"
SHARE_KEY = "kf82preview"
"""The share key of the few readers who look at a preview."""


def stable_id(*parts: str) -> str:
    """20 characters that stay the same for the same words."""
    return blake2b("/".join(parts).encode(), digest_size=10).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """A part of the site with a space of its own."""

    name: str
    path: str

    @property
    def id(self) -> str:
        return f"sitesc_{stable_id('section', self.name)[:5]}"

    @property
    def site_space(self) -> str:
        return f"sitesp_{stable_id('site-space', self.name)[:5]}"

    @property
    def space(self) -> str:
        return stable_id("space", self.name)

    @property
    def revision(self) -> str:
        return stable_id("revision", self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page: how often a visit starts there, how helpful it is (0…1), and the API operation it documents."""

    section: Section
    path: str
    entries: float
    helpful: float
    operation: tuple[str, str] | None = None

    @property
    def id(self) -> str:
        return stable_id("page", self.path)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BrokenUrl:
    """An address that is not on the site, and where the readers who follow it come from."""

    path: str
    referrer: str
    weight: float
    recent: bool = False
    """It has been followed only in the last ``RECENT_DAYS`` days."""


DOCS = Section(name="Documentation", path="")
GUIDES = Section(name="Guides", path="/guides")
API = Section(name="API reference", path="/api-reference")
HELP = Section(name="Help centre", path="/help")
CHANGELOG = Section(name="Changelog", path="/changelog")

# path below the section, visits that start there, helpful share
_WRITTEN: dict[Section, list[tuple[str, float, float]]] = {
    DOCS: [
        ("", 60, 0.8),
        ("/getting-started", 14, 0.85),
        ("/getting-started/quickstart", 46, 0.93),
        ("/getting-started/installation", 38, 0.72),
        ("/getting-started/first-project", 14, 0.9),
        ("/concepts/projects", 6, 0.8),
        ("/concepts/environments", 8, 0.7),
        ("/concepts/pipelines", 10, 0.66),
        ("/concepts/permissions", 9, 0.58),
        ("/configuration/environment-variables", 24, 0.75),
        ("/configuration/secrets", 16, 0.8),
        ("/configuration/acme-yaml", 20, 0.62),
        ("/cli/install", 18, 0.88),
        ("/cli/commands", 15, 0.84),
        ("/cli/troubleshooting", 9, 0.35),
        ("/sdk/javascript", 19, 0.86),
        ("/sdk/python", 22, 0.9),
        ("/sdk/go", 8, 0.82),
        ("/self-hosting/requirements", 7, 0.77),
        ("/self-hosting/docker", 17, 0.69),
        ("/self-hosting/kubernetes", 12, 0.52),
        ("/self-hosting/upgrade", 6, 0.45),
    ],
    GUIDES: [
        ("", 8, 0.8),
        ("/deploy-with-github-actions", 26, 0.91),
        ("/deploy-with-gitlab-ci", 9, 0.83),
        ("/connect-postgresql", 14, 0.88),
        ("/single-sign-on", 13, 0.61),
        ("/webhooks", 19, 0.78),
        ("/rate-limits", 11, 0.56),
        ("/migrate-from-v2", 12, 0.4),
        ("/monitoring-and-alerts", 7, 0.74),
        ("/multi-region", 4, 0.68),
        ("/build-an-mcp-server", 15, 0.87),
        ("/use-acme-with-ai-agents", 18, 0.85),
    ],
    HELP: [
        ("", 7, 0.7),
        ("/billing/plans-and-pricing", 13, 0.66),
        ("/billing/invoices", 5, 0.72),
        ("/billing/cancel-subscription", 4, 0.3),
        ("/account/reset-password", 8, 0.81),
        ("/account/two-factor-authentication", 6, 0.84),
        ("/account/delete-account", 3, 0.55),
        ("/team/invite-members", 6, 0.87),
        ("/team/roles", 7, 0.63),
        ("/errors/connection-refused", 12, 0.42),
        ("/errors/permission-denied", 10, 0.38),
        ("/contact", 3, 0.6),
    ],
    CHANGELOG: [("", 10, 0.9), ("/v3.0", 9, 0.92), ("/v2.9", 3, 0.85), ("/v2.8", 1, 0.85)],
}

_OPERATIONS: list[tuple[str, float, float, tuple[str, str] | None]] = [
    ("", 11, 0.8, None),
    ("/authentication", 24, 0.71, None),
    ("/errors", 8, 0.6, None),
    ("/projects/list", 8, 0.83, ("/v1/projects", "get")),
    ("/projects/create", 12, 0.81, ("/v1/projects", "post")),
    ("/projects/delete", 3, 0.79, ("/v1/projects/{projectId}", "delete")),
    ("/deployments/list", 6, 0.82, ("/v1/deployments", "get")),
    ("/deployments/create", 14, 0.68, ("/v1/projects/{projectId}/deployments", "post")),
    ("/deployments/logs", 9, 0.47, ("/v1/deployments/{deploymentId}/logs", "get")),
    ("/users/list", 4, 0.84, ("/v1/users", "get")),
    ("/webhooks/create", 7, 0.76, ("/v1/webhooks", "post")),
]


def _pages() -> Iterator[Page]:
    for section, written in _WRITTEN.items():
        for path, entries, helpful in written:
            yield Page(section, section.path + path, entries, helpful)
    for path, entries, helpful, operation in _OPERATIONS:
        yield Page(API, API.path + path, entries, helpful, operation)


PAGES = tuple(_pages())
PAGE_AT = {page.path: page for page in PAGES}
IN_SECTION = {section: [page for page in PAGES if page.section is section] for section in (*_WRITTEN, API)}
AFTER = {
    page: pages[(position + 1) % len(pages)] for pages in IN_SECTION.values() for position, page in enumerate(pages)
}
"""The page that the "next" link at a page's end leads to."""

RECENT_DAYS = 5
BROKEN = (
    BrokenUrl(path="/getting-started/instalation", referrer="https://github.com/acme/acme", weight=24),
    BrokenUrl(path="/api/v1/authentication", referrer="https://stackoverflow.com/questions/71530284", weight=20),
    BrokenUrl(path="/guides/webhooks.html", referrer="https://www.google.com/", weight=12),
    BrokenUrl(path="/sdk/ruby", referrer="https://chatgpt.com/", weight=9),
    BrokenUrl(path="/self-hosting/helm-chart", referrer="https://www.perplexity.ai/", weight=7),
    BrokenUrl(path="/pricing", referrer="https://acme.example/", weight=6),
    BrokenUrl(path="/configuration/enviroment-variables", referrer="", weight=4),
    BrokenUrl(path="/guides/upgrade-to-v3", referrer="https://blog.acme.example/acme-3-1", weight=70, recent=True),
)
LONG_BROKEN = tuple(url for url in BROKEN if not url.recent)
