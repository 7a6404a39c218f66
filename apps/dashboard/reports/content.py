"""Pages & feedback: how readers rate pages and the AI assistant's answers, and what they say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.pictures import Stacked
from apps.dashboard.drawings.totals import Totals
from apps.dashboard.measures import BAD, GOOD, HELPFUL, NOT_HELPFUL, OK, Measure, Ratio, Unit
from apps.dashboard.reports.declared import PEOPLE, Needed, Panel, Report, Sender, Width, is_, ranked

_RATING = (is_("eventType", "page_post_feedback"), PEOPLE)
_NEEDED = Needed(
    _("Ratings of pages would fill it: the script on the documentation's pages sends them."), Sender.SCRIPT
)
_SCORE = Ratio((GOOD,), (GOOD, OK, BAD), _("Score"), unit=Unit.PERCENT)

CONTENT = Report(
    name="feedback",
    title=_("Pages & feedback"),
    note=_("Feedback of people."),
    panels=(
        Panel(
            name="totals",
            title=_("Totals"),
            drawing=Totals((Measure("eventsCount", _("Ratings")), _SCORE, GOOD, OK, BAD)),
            where=_RATING,
            width=Width.FULL,
            needs=_NEEDED,
        ),
        Panel(
            name="ratings",
            title=_("Ratings over time"),
            drawing=Stacked(parts=(GOOD, OK, BAD), colours=("rating-good", "rating-ok", "rating-bad")),
            where=_RATING,
            width=Width.FULL,
            needs=_NEEDED,
        ),
        ranked(
            "pages",
            _("Pages by score"),
            "urlPath",
            where=_RATING,
            measures=(Measure("eventsCount", _("Ratings")), GOOD, OK, BAD, _SCORE),
            late=True,
            group="scores",
            tab=_("Most rated"),
            needs=_NEEDED,
        ),
        ranked(
            "best",
            _("Pages by score"),
            "urlPath",
            where=_RATING,
            measures=(GOOD, OK, BAD),
            order="pageFeedbackRating",
            late=True,
            group="scores",
            tab=_("Best"),
            needs=_NEEDED,
        ),
        ranked(
            "worst",
            _("Pages by score"),
            "urlPath",
            where=_RATING,
            measures=(BAD, OK, GOOD),
            order="pageFeedbackRating",
            is_ascending=True,
            late=True,
            group="scores",
            tab=_("Worst"),
            needs=_NEEDED,
        ),
        ranked(
            "answers",
            _("AI answers rated"),
            "eventSearchQuery",
            where=(is_("eventType", "ask_rate_response"), PEOPLE),
            measures=(Measure("eventsCount", _("Ratings")), HELPFUL, NOT_HELPFUL),
            headings=(_("Question"),),
            late=True,
            needs=_("Ratings of the AI assistant's answers would fill it."),
        ),
        ranked(
            "comments",
            _("Comments"),
            "urlPath",
            "eventPageFeedbackRating",
            "eventPageFeedbackComment",
            where=(is_("eventType", "page_post_feedback_comment"), PEOPLE),
            measures=(Measure("datetime", _("When"), unit=Unit.MOMENT),),
            order="datetime",
            has_bars=False,
            late=True,
            width=Width.FULL,
            needs=_("Comments that readers leave with a rating would fill it."),
        ),
    ),
    events=("page_post_feedback",),
    counted=(is_("eventType", "page_post_feedback", "page_post_feedback_comment", "ask_rate_response"), PEOPLE),
)
