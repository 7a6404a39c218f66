"""Every column of the published API, declared once: the 45 dimensions and the 5 metrics.

The API's schema, validation, labels, the documentation's table and the tests' strategies are derived from here.
Source: contract.md, Aggregate.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.events.bots import BOT_MARKS
from apps.events.channels import CHANNELS
from apps.events.wire import EVENT_TYPES, TARGET_KEYS
from apps.insights.channels import channel_expression
from apps.insights.columns import (
    CLAIM,
    INTERVAL,
    PRECISION,
    Column,
    Dimension,
    Metric,
    Source,
    claim_expression,
    day_of_week_expression,
    hour_of_day_expression,
    moment_expression,
)
from apps.insights.internal import INTERNAL_DIMENSIONS, INTERNAL_METRICS
from apps.insights.kinds import Choice, Integer, Moment, Page, Point, Reference, Text, Truth, cell_at

BOTS = ("unknown", *sorted(BOT_MARKS))
ALWAYS_TEXT = Text()
PLAIN_TEXT = Text(absent="")
NULLABLE_TEXT = Text(absent="", nullable=True)


def nullable_choice(*choices: str) -> Choice:
    """A choice whose absence prints as null."""
    return Choice(choices=choices, absent="", nullable=True)


def _dimension(name: str, label: Any, kind: Any, expression: Any, text: Any, **options: Any) -> Dimension:
    """A dimension; ``prepared=True`` where it is counted in advance by the one field that it is."""
    if options.get("prepared") is True:
        options["prepared"] = (expression,)
    return Dimension(name=name, label=label, help=text, kind=kind, expression=expression, **options)


DIMENSIONS = (
    _dimension("datetime", _("Time"), Moment(), moment_expression, _("When the event happened."), argument=INTERVAL),
    _dimension(
        "dayOfWeek",
        _("Day of week"),
        Integer(minimum=1, maximum=7),
        day_of_week_expression,
        _("From 1, Monday, to 7, Sunday."),
    ),
    _dimension(
        "hourOfDay", _("Hour of day"), Integer(minimum=0, maximum=23), hour_of_day_expression, _("From 0 to 23.")
    ),
    _dimension("url", _("URL"), Text(is_url=True), "url", _("The address as sent.")),
    _dimension(
        "urlPath", _("Path"), ALWAYS_TEXT, "url_path", _("The path of the address, without share key."), prepared=True
    ),
    _dimension(
        "eventType", _("Event type"), Choice(choices=EVENT_TYPES), "event_type", _("What happened."), prepared=True
    ),
    _dimension(
        "displayContext",
        _("Display context"),
        Choice(choices=("site", "server", "embed", "mcp")),
        "display_context",
        _("Where the event was recorded."),
        prepared=True,
    ),
    _dimension("siteSection", _("Section"), NULLABLE_TEXT, "site_section", _("Id of the site section."), prepared=True),
    _dimension("siteSpace", _("Site space"), NULLABLE_TEXT, "site_space", _("Id of the site space."), prepared=True),
    _dimension("siteShareKey", _("Share key"), NULLABLE_TEXT, "site_share_key", _("Id of the share key.")),
    _dimension(
        "page",
        _("Page"),
        Page(),
        "if(page = '', ('', ''), (toString(page), toString(space)))",
        _("The page and its space; none for a page that was not found."),
        prepared=("page", "space"),
    ),
    _dimension(
        "visitorGeoCountry", _("Country"), NULLABLE_TEXT, "country", _("ISO 3166-1 alpha-2 code."), prepared=True
    ),
    _dimension(
        "visitorGeoPoint",
        _("Place"),
        Point(),
        lambda column, zone, scope: cell_at(column.argument),
        _("The H3 cell that the visitor is in."),
        argument=PRECISION,
    ),
    _dimension(
        "visitorDevice",
        _("Device"),
        Choice(choices=("desktop", "tablet", "mobile", "unknown")),
        "device",
        _("Kind of device."),
        prepared=True,
    ),
    _dimension(
        "visitorBrowser",
        _("Browser"),
        Choice(choices=("chrome", "firefox", "safari", "edge", "ie", "opera", "unknown")),
        "browser",
        _("The visitor's browser."),
        prepared=True,
    ),
    _dimension(
        "visitorOS",
        _("System"),
        Choice(choices=("windows", "macos", "linux", "android", "ios", "unknown")),
        "os",
        _("The visitor's operating system."),
        prepared=True,
    ),
    _dimension(
        "visitorBot",
        _("Bot or agent"),
        Choice(choices=BOTS, absent=""),
        "bot",
        _("Empty for a person, else the name of the automatic client."),
        prepared=True,
    ),
    _dimension(
        "visitorLanguage", _("Language"), NULLABLE_TEXT, "language", _("Base language, such as en."), prepared=True
    ),
    _dimension(
        "visitorAuthenticated",
        _("Signed in"),
        Truth(),
        "ifNull(toInt8(authenticated), -1)",
        _("Whether the visitor was signed in; unknown for some imported events."),
        prepared=("authenticated",),
    ),
    _dimension(
        "visitorClaimProperty",
        _("Claim property"),
        PLAIN_TEXT,
        "arrayMap(path -> toString(path), mapKeys(claims))",
        _("Dotted paths of the visitor's claims; an event counts once for each."),
        many=True,
        keeps_none=False,
    ),
    _dimension(
        "visitorClaim",
        _("Claim"),
        NULLABLE_TEXT,
        claim_expression,
        _("Value of one claim of the visitor, as text."),
        argument=CLAIM,
        many=True,
    ),
    _dimension(
        "eventLinkTargetValue", _("Link target"), Reference(), "link_target", _("What a clicked link points to.")
    ),
    _dimension(
        "eventLinkTargetKind", _("Link kind"), nullable_choice(*TARGET_KEYS), "link_kind", _("Kind of a link's target.")
    ),
    _dimension(
        "eventLinkTargetDomain",
        _("Link domain"),
        NULLABLE_TEXT,
        "link_domain",
        _("Host that a clicked link leads to."),
        prepared=True,
    ),
    _dimension(
        "eventLinkPosition",
        _("Link position"),
        nullable_choice("announcement", "header", "footer", "sidebar", "content"),
        "link_position",
        _("Where on the page the clicked link is."),
    ),
    _dimension("eventAPIOperationPath", _("API path"), NULLABLE_TEXT, "api_path", _("Path of an API operation.")),
    _dimension("eventAPIOperationMethod", _("API method"), NULLABLE_TEXT, "api_method", _("Its method.")),
    _dimension(
        "eventLLMSVariant",
        _("llms.txt variant"),
        nullable_choice("standard", "full"),
        "llms_variant",
        _("Which llms.txt was asked for."),
    ),
    _dimension(
        "eventMarkdownSource",
        _("Markdown source"),
        nullable_choice("page-action"),
        "markdown_source",
        _("How a page was asked for as Markdown."),
    ),
    _dimension(
        "eventPageNotFoundType",
        _("Not-found type"),
        nullable_choice("conditional"),
        "not_found_type",
        _("Why a page was not found, where known."),
    ),
    _dimension(
        "eventSearchQuery",
        _("Search or question"),
        PLAIN_TEXT,
        "query",
        _("Text of a search or a question."),
        prepared=True,
    ),
    _dimension(
        "eventSearchResultRecordId", _("Result record"), NULLABLE_TEXT, "result_record", _("Record that was opened.")
    ),
    _dimension(
        "eventPageFeedbackRating",
        _("Page rating"),
        nullable_choice("bad", "ok", "good"),
        "feedback_rating",
        _("How a page was rated."),
    ),
    _dimension(
        "eventPageFeedbackComment", _("Page comment"), PLAIN_TEXT, "feedback_comment", _("What was said of it.")
    ),
    _dimension(
        "eventAskResponseRating",
        _("Answer rating"),
        Integer(absent=0),
        "toInt64(ask_rating)",
        _("1 for a helpful AI answer, -1 for one that is not, 0 where nothing was rated."),
    ),
    _dimension("referrer", _("Referrer"), PLAIN_TEXT, "referrer", _("Where the session came from; empty for direct.")),
    _dimension("referrerDomain", _("Source"), PLAIN_TEXT, "referrer_domain", _("Host of the referrer."), prepared=True),
    _dimension("utmSource", _("UTM source"), PLAIN_TEXT, "utm_source", _("utm_source of the address."), prepared=True),
    _dimension("utmMedium", _("UTM medium"), PLAIN_TEXT, "utm_medium", _("utm_medium of the address."), prepared=True),
    _dimension(
        "utmCampaign", _("UTM campaign"), PLAIN_TEXT, "utm_campaign", _("utm_campaign of the address."), prepared=True
    ),
    _dimension("utmTerm", _("UTM term"), PLAIN_TEXT, "utm_term", _("utm_term of the address."), prepared=True),
    _dimension(
        "utmContent", _("UTM content"), PLAIN_TEXT, "utm_content", _("utm_content of the address."), prepared=True
    ),
    _dimension("eventAdDomain", _("Ad domain"), PLAIN_TEXT, "ad_domain", _("Domain of an advertisement.")),
    _dimension("eventAdPlacement", _("Ad placement"), nullable_choice("aside"), "ad_placement", _("Where it stands.")),
    _dimension(
        "eventTrademarkPlacement",
        _("Trademark placement"),
        nullable_choice("sidebar", "ad", "footer", "pdf", "embed"),
        "trademark_placement",
        _("Where the clicked trademark stands."),
    ),
)

EXTENSIONS = (
    _dimension(
        "referrerChannel",
        _("Channel"),
        Choice(choices=CHANNELS),
        channel_expression,
        _("What kind of place the reader came from, or what the campaign says of itself."),
    ),
)
"""Columns of our own, which published clients neither ask for nor meet."""

METRICS = (
    Metric(
        name="eventsCount",
        label=_("Events"),
        help=_("How many events."),
        expression="count()",
        over={Source.VISITS: "sum(views)", Source.SEARCHES: "sum(typed)"},
        prepared="sum(events)",
    ),
    Metric(
        name="visitorsCount",
        label=_("Visitors"),
        help=_("How many different visitors, exactly."),
        expression="uniqExact(visitor)",
        over=dict.fromkeys((Source.VISITS, Source.SEARCHES), "uniqExactArray(visitors)"),
        prepared="groupBitmapMerge(visitors) + uniqExactMerge(new_visitors)",
    ),
    Metric(
        name="sessionsCount",
        label=_("Sessions"),
        help=_("How many different sessions, exactly."),
        expression="uniqExact(session)",
        over={Source.VISITS: "count()", Source.SEARCHES: "uniqExact(session)"},
        prepared="groupBitmapMerge(sessions) + uniqExactMerge(new_sessions)",
    ),
    Metric(
        name="pageFeedbackRating",
        label=_("Page ratings"),
        help=_("Ratings of pages; comments, which repeat a rating, are not counted."),
        parts=("ok", "good", "bad"),
        expression=(
            "tuple("
            + ", ".join(
                f"countIf(event_type = 'page_post_feedback' AND feedback_rating = '{rating}')"
                for rating in ("ok", "good", "bad")
            )
            + ")"
        ),
        balance="toInt64({alias}.2) - toInt64({alias}.3)",
    ),
    Metric(
        name="askResponseRating",
        label=_("Answer ratings"),
        help=_("Ratings of AI answers."),
        parts=("positive", "negative"),
        expression="tuple(countIf(ask_rating = 1), countIf(ask_rating = -1))",
        balance="toInt64({alias}.1) - toInt64({alias}.2)",
    ),
)

CATALOG: dict[str, Dimension | Metric] = {
    **{dimension.name: dimension for dimension in DIMENSIONS},
    **{metric.name: metric for metric in METRICS},
}

COLUMNS = {**CATALOG, **{dimension.name: dimension for dimension in EXTENSIONS}}
"""What may be asked for: the published columns and our own."""

ALL_COLUMNS = {**COLUMNS, **{column.name: column for column in (*INTERNAL_DIMENSIONS, *INTERNAL_METRICS)}}
"""What our own pages may ask for: internal columns too."""

DEFAULT_METRICS = tuple(Column(CATALOG[name]) for name in ("eventsCount", "visitorsCount", "sessionsCount"))
"""What is counted when nothing is selected."""
