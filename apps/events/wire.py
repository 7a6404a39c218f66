"""The 20 types of events as they are sent, and what each stores of its own.

Unknown properties are ignored, ``session.cookies`` and ``session.visitorAuthToken`` among them; a
missing nullable key means null.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Raw, Struct, field

from apps.core.errors import Refusal
from apps.events.addresses import host_of, is_url, page_address
from apps.events.claims import read_claims

if TYPE_CHECKING:
    from apps.events.store import Row

MAX_TARGET_CHARACTERS = 8192
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(2105, 12, 31, tzinfo=UTC)
"""Timestamps outside ``EARLIEST`` … ``LATEST`` are refused: the event table's calendar ends there."""

DisplayContext = Literal["site", "server", "embed", "mcp"]
FeedbackRating = Literal["bad", "ok", "good"]
LinkPosition = Literal["announcement", "header", "footer", "sidebar", "content"]
LLMSVariant = Literal["standard", "full"]
TrademarkPlacement = Literal["sidebar", "ad", "footer", "pdf", "embed"]
VisitorId = Annotated[str, Meta(min_length=1, max_length=256)]
ContentId = Annotated[str, Meta(max_length=256)]
Short = Annotated[str, Meta(max_length=256)]
Text = Annotated[str, Meta(max_length=2048)]
Comment = Annotated[str, Meta(min_length=1, max_length=512)]
RawObject = Annotated[Raw, Meta(extra_json_schema={"type": ["object", "null"]})]

TARGET_KEYS = {
    "url": "url",
    "page": "page",
    "file": "file",
    "anchor": "anchor",
    "space": "space",
    "collection": "collection",
    "user": "user",
    "reusable-content": "reusableContent",
    "tag": "tag",
    "openapi": "spec",
}
"""Kind of a content reference → the key that it must have."""


class Part(Struct, frozen=True, rename="camel", gc=False):
    """An object inside an event."""


class Session(Part, frozen=True):
    """Who it was. The claims are JSON text as it was sent, empty where the key is missing."""

    visitor_id: VisitorId
    session_id: VisitorId
    ip: str | None = None
    user_agent: str | None = None
    language: Short | None = None
    referrer: str | None = None
    visitor_auth_claims: RawObject = field(default_factory=Raw)


class Location(Part, frozen=True):
    """Where it was. Ids are null where there is none."""

    url: Annotated[str, Meta(extra_json_schema={"format": "uri", "maxLength": 2048})]
    display_context: DisplayContext | None = None
    site_section: ContentId | None = None
    site_space: ContentId | None = None
    site_share_key: ContentId | None = None
    space: ContentId | None = None
    revision: ContentId | None = None
    page: ContentId | None = None


class Feedback(Part, frozen=True):
    rating: FeedbackRating


class FeedbackComment(Part, frozen=True):
    rating: FeedbackRating
    comment: Comment


class SearchResult(Part, frozen=True):
    """Either a page in a space, or a record."""

    space_id: ContentId | None = None
    page_id: ContentId | None = None
    record_id: Text | None = None


class Link(Part, frozen=True):
    target: dict[str, Any]
    position: LinkPosition


class Operation(Part, frozen=True):
    path: Text
    method: Short


class Ad(Part, frozen=True):
    domain: Text
    zone_id: Text
    placement: Literal["aside"]


class WireEvent(Struct, frozen=True, rename="camel", tag_field="type", kw_only=True, gc=False):
    """What every event has; ``details`` adds what only its type has."""

    session: Session
    location: Location
    timestamp: Annotated[datetime, Meta(tz=True)] | None = None

    @property
    def event_type(self) -> str:
        """The published name of the event's type."""
        return str(self.__struct_config__.tag)

    def check(self) -> None:
        """Refuse what types cannot say; the place is within the event."""
        try:
            page_address(self.location.url)
        except ValueError as error:
            raise Refusal(str(error), path="location.url") from None
        referrer = self.session.referrer
        if referrer and not is_url(referrer):
            raise Refusal(EXPECTED["session.referrer"], path="session.referrer")
        if self.timestamp is not None and not EARLIEST <= self.timestamp <= LATEST:
            raise Refusal("expected a moment between 1970-01-02 and 2105-12-31", path="timestamp")
        raw = bytes(self.session.visitor_auth_claims)
        if raw:
            at("session.visitorAuthClaims", lambda: read_claims(raw))

    def details(self) -> Row:
        """The stored fields that only this type of event has, by the names of the event model."""
        return {}


class PageView(WireEvent, frozen=True, tag="page_view"):
    pass


class PageMarkdownRequest(WireEvent, frozen=True, tag="page_markdown_request"):
    markdown_source: Literal["page-action"] | None = None

    def details(self) -> Row:
        return {"markdown_source": self.markdown_source or ""}


class SearchOpen(WireEvent, frozen=True, tag="search_open"):
    pass


class SearchTypeQuery(WireEvent, frozen=True, tag="search_type_query"):
    query: str

    def details(self) -> Row:
        return {"query": self.query}


class SearchOpenResult(WireEvent, frozen=True, tag="search_open_result"):
    query: str
    result: SearchResult

    def check(self) -> None:
        super().check()
        page = self.result.space_id is not None and self.result.page_id is not None
        if not page and self.result.record_id is None:
            raise Refusal("expected spaceId and pageId, or recordId", path="result")

    def details(self) -> Row:
        return {
            "query": self.query,
            "result_record": self.result.record_id or "",
            "result_space": self.result.space_id or "",
            "result_page": self.result.page_id or "",
        }


class PagePostFeedback(WireEvent, frozen=True, tag="page_post_feedback"):
    feedback: Feedback

    def details(self) -> Row:
        return {"feedback_rating": self.feedback.rating}


class PagePostFeedbackComment(WireEvent, frozen=True, tag="page_post_feedback_comment"):
    feedback: FeedbackComment

    def details(self) -> Row:
        return {"feedback_rating": self.feedback.rating, "feedback_comment": self.feedback.comment}


class AgentFeedback(WireEvent, frozen=True, tag="agent_feedback"):
    pass


class AskQuestion(WireEvent, frozen=True, tag="ask_question"):
    query: str
    goal: str | None = None

    def details(self) -> Row:
        return {"query": self.query, "goal": self.goal or ""}


class AskView(WireEvent, frozen=True, tag="ask_view"):
    pass


class AskRateResponse(WireEvent, frozen=True, tag="ask_rate_response"):
    query: str
    rating: Literal[1, -1]
    response_id: Text

    def details(self) -> Row:
        return {"query": self.query, "ask_rating": self.rating, "response_id": self.response_id}


class LinkClick(WireEvent, frozen=True, tag="link_click"):
    link: Link

    def check(self) -> None:
        super().check()
        at("link.target", lambda: canonical_target(self.link.target))

    def details(self) -> Row:
        target = self.link.target
        return {
            "link_kind": target["kind"],
            "link_target": canonical_target(target),
            "link_domain": host_of(target["url"]) if target["kind"] == "url" else "",
            "link_position": self.link.position,
        }


class APIClientOpen(WireEvent, frozen=True, tag="api_client_open"):
    operation: Operation

    def details(self) -> Row:
        return {"api_path": self.operation.path, "api_method": self.operation.method}


class APIClientRequest(APIClientOpen, frozen=True, tag="api_client_request"):
    pass


class AdClick(WireEvent, frozen=True, tag="ad_click"):
    ad: Ad

    def details(self) -> Row:
        return {"ad_domain": self.ad.domain, "ad_zone": self.ad.zone_id, "ad_placement": self.ad.placement}


class AdDisplay(AdClick, frozen=True, tag="ad_display"):
    pass


class TrademarkClick(WireEvent, frozen=True, tag="trademark_click"):
    placement: TrademarkPlacement

    def details(self) -> Row:
        return {"trademark_placement": self.placement}


class LLMSRequest(WireEvent, frozen=True, tag="llms_request"):
    llms_variant: LLMSVariant

    def details(self) -> Row:
        return {"llms_variant": self.llms_variant}


class MCPRequest(WireEvent, frozen=True, tag="mcp_request"):
    pass


class RSSRequest(WireEvent, frozen=True, tag="rss_request"):
    pass


AnyEvent = (
    PageView
    | PageMarkdownRequest
    | SearchOpen
    | SearchTypeQuery
    | SearchOpenResult
    | PagePostFeedback
    | PagePostFeedbackComment
    | AgentFeedback
    | AskQuestion
    | AskView
    | AskRateResponse
    | LinkClick
    | APIClientOpen
    | APIClientRequest
    | AdClick
    | AdDisplay
    | TrademarkClick
    | LLMSRequest
    | MCPRequest
    | RSSRequest
)

EVENT_TYPES = tuple(str(event.__struct_config__.tag) for event in get_args(AnyEvent))


def _one_of(choices: Any) -> str:
    return f"expected one of {', '.join(get_args(choices))}"


EXPECTED = {
    "events": "expected a list of 1 to 1,000 events",
    "type": f"expected one of {', '.join(EVENT_TYPES)}",
    "timestamp": "expected an RFC 3339 date and time with an offset",
    "location.url": "expected a URL",
    "location.displayContext": _one_of(DisplayContext),
    "session.referrer": "expected a URL, an empty string or null",
    "feedback.rating": _one_of(FeedbackRating),
    "feedback.comment": "expected a string of 1 to 512 characters",
    "rating": "expected 1 or -1",
    "link.position": _one_of(LinkPosition),
    "ad.placement": "expected aside",
    "placement": _one_of(TrademarkPlacement),
    "llmsVariant": _one_of(LLMSVariant),
    "markdownSource": "expected page-action",
}
"""Place within an event → what stands there, wherever that says more than the type."""


def canonical_target(target: dict[str, Any]) -> str:
    """A content reference as JSON, ``kind`` first, then its other texts by name; raises ``Refusal`` within it."""
    kind = target.get("kind")
    key = TARGET_KEYS.get(kind) if isinstance(kind, str) else None
    if key is None:
        raise Refusal(f"expected one of {', '.join(TARGET_KEYS)}", path="kind")
    if not isinstance(target.get(key), str):
        raise Refusal("expected a string" if key in target else "is required", path=key)
    texts = {name: text for name, text in sorted(target.items()) if isinstance(text, str)}
    canonical = msgspec.json.encode({"kind": kind, **texts}).decode()
    if len(canonical) > MAX_TARGET_CHARACTERS:
        raise Refusal(f"expected at most {MAX_TARGET_CHARACTERS} characters")
    return canonical


def at(place: str, step: Callable[[], object]) -> None:
    """Take ``step``; what it refuses is refused at ``place``."""
    try:
        step()
    except Refusal as refusal:
        path = f"{place}.{refusal.path}" if refusal.path else place
        raise Refusal(refusal.message, path=path) from None
