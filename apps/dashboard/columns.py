"""How columns are shown to people: their headings, their values in words, and which of them narrow a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.dashboard import labels
from apps.insights.catalog import COLUMNS
from apps.insights.columns import Dimension
from apps.insights.kinds import Integer, Json, Truth

PAGE, READER, SOURCE, EVENT = _("Page"), _("Reader"), _("Source"), _("Event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A column on the pages. ``group`` is where the filter menu lists it; without one nothing is filtered by it.

    ``length`` says how much room its texts need: ``short``, ``long``, or as much as others.
    """

    column: str
    heading: Any
    show: Callable[[Any], str] = labels.as_sent
    group: Any = None
    length: str = ""


SHOWN = {
    each.column: each
    for each in (
        Shown(column="urlPath", heading=_("Page"), group=PAGE),
        Shown(column="url", heading=_("Address"), group=PAGE),
        Shown(column="page", heading=_("Page id"), show=labels.page),
        Shown(column="siteSection", heading=_("Section"), group=PAGE),
        Shown(column="siteSpace", heading=_("Space"), group=PAGE),
        Shown(column="displayContext", heading=_("Shown as"), show=labels.context, group=PAGE),
        Shown(column="visitorGeoCountry", heading=_("Country"), show=labels.country, group=READER),
        Shown(column="visitorLanguage", heading=_("Language"), show=labels.language, group=READER),
        Shown(column="visitorDevice", heading=_("Device"), show=labels.technology, group=READER),
        Shown(column="visitorBrowser", heading=_("Browser"), show=labels.technology, group=READER),
        Shown(column="visitorOS", heading=_("System"), show=labels.technology, group=READER),
        Shown(column="visitorBot", heading=_("Agent"), show=labels.bot, group=READER),
        Shown(column="visitorAuthenticated", heading=_("Signed in"), show=labels.truth, group=READER),
        Shown(column="visitorClaimProperty", heading=_("Attribute"), group=READER),
        Shown(column="visitorClaim", heading=_("Value"), group=READER),
        Shown(column="referrerChannel", heading=_("Channel"), show=labels.channel, group=SOURCE),
        Shown(column="referrerDomain", heading=_("Source"), show=labels.referrer, group=SOURCE),
        Shown(column="referrer", heading=_("Referrer"), show=labels.referrer, group=SOURCE),
        Shown(column="utmSource", heading=_("Campaign source"), group=SOURCE),
        Shown(column="utmMedium", heading=_("Medium"), group=SOURCE),
        Shown(column="utmCampaign", heading=_("Campaign"), group=SOURCE),
        Shown(column="utmTerm", heading=_("Term"), group=SOURCE),
        Shown(column="utmContent", heading=_("Content"), group=SOURCE),
        Shown(column="eventType", heading=_("Event"), show=labels.event_type, group=EVENT),
        Shown(column="eventSearchQuery", heading=_("Search or question"), group=EVENT),
        Shown(
            column="eventPageFeedbackRating", heading=_("Page rating"), show=labels.rating, group=EVENT, length="short"
        ),
        Shown(column="eventPageFeedbackComment", heading=_("Comment"), length="long"),
        Shown(column="eventAskResponseRating", heading=_("Answer rating"), show=labels.answer_rating, group=EVENT),
        Shown(column="eventLinkTargetDomain", heading=_("Domain"), show=labels.domain, group=EVENT),
        Shown(column="eventLinkTargetKind", heading=_("Kind of target"), show=labels.technology, group=EVENT),
        Shown(column="eventLinkTargetValue", heading=_("Target"), show=labels.target),
        Shown(column="eventLinkPosition", heading=_("Position"), show=labels.technology, group=EVENT, length="short"),
        Shown(column="eventAPIOperationPath", heading=_("Operation"), group=EVENT),
        Shown(column="eventAPIOperationMethod", heading=_("Method"), show=labels.method, group=EVENT, length="short"),
        Shown(column="eventAdDomain", heading=_("Advertiser"), group=EVENT),
        Shown(column="eventAdPlacement", heading=_("Placement"), show=labels.technology, group=EVENT, length="short"),
        Shown(column="eventLLMSVariant", heading=_("llms.txt variant"), show=labels.technology, group=EVENT),
        Shown(column="eventSearchResultRecordId", heading=_("Result record")),
        Shown(column="datetime", heading=_("Time"), show=labels.moment),
        Shown(column="dayOfWeek", heading=_("Day of week"), show=labels.weekday),
        Shown(column="hourOfDay", heading=_("Hour of day"), show=labels.hour),
        Shown(column="entryPage", heading=_("Entry page")),
        Shown(column="exitPage", heading=_("Exit page")),
        Shown(column="openedResult", heading=_("Result")),
        Shown(column="askGoal", heading=_("Goal")),
        Shown(column="finishedSearchQuery", heading=_("Search")),
    )
}


def kind_of(column: str) -> object:
    """The kind of a column's values."""
    definition = COLUMNS[column]
    return definition.kind if isinstance(definition, Dimension) else None


def to_text(kind: object, value: Json) -> str:
    """A value of an answer as an address holds it; no value is the empty text."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(kind, Truth | Integer) else str(value)


def from_text(kind: object, text: str) -> Json:
    """The value that a text of an address means; raises ``ValueError`` for what ``to_text`` never makes."""
    if text == "" or not isinstance(kind, Truth | Integer):
        return text or None
    return json.loads(text)
