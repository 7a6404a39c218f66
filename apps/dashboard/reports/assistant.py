"""AI assistant: what readers ask it, where, what for, and whether the answers help."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.totals import Totals
from apps.dashboard.drawings.trend import Trend
from apps.dashboard.measures import HELPFUL, NOT_HELPFUL, Measure, Ratio, Unit
from apps.dashboard.reports.declared import PEOPLE, Needed, Panel, Report, Sender, Width, is_, is_not, ranked

_ASKING = (is_("eventType", "ask_question"), PEOPLE)
_EITHER = (is_("eventType", "ask_question", "ask_rate_response"), PEOPLE)
_RATED = (is_("eventType", "ask_rate_response"), PEOPLE)
_GOOD = Measure("askResponseRating", _("Helpful"), part="positive", where=_RATED)
_NOT = Measure("askResponseRating", _("Not helpful"), part="negative", where=_RATED)
QUESTIONS = Measure("eventsCount", _("Questions"))
ASKERS = Measure("visitorsCount", _("Askers"))
_NEEDED = Needed(
    _("Questions to an AI assistant would fill it: your pages send them through the script."), Sender.SCRIPT
)

ASSISTANT = Report(
    name="assistant",
    title=_("AI assistant"),
    note=_("Questions of people; what agents ask stands in Agents & MCP."),
    panels=(
        Panel(
            name="totals",
            title=_("Totals"),
            drawing=Totals(
                (
                    Measure("eventsCount", _("Questions"), where=_ASKING),
                    Measure("visitorsCount", _("Askers"), where=_ASKING),
                    _GOOD,
                    Ratio((_GOOD,), (_GOOD, _NOT), _("Helpful of rated"), unit=Unit.PERCENT),
                )
            ),
            width=Width.FULL,
            needs=_NEEDED,
        ),
        Panel(
            name="questions-over-time",
            title=_("Questions over time"),
            drawing=Trend((QUESTIONS, ASKERS)),
            where=_ASKING,
            width=Width.FULL,
            needs=_NEEDED,
        ),
        ranked(
            "questions",
            _("Questions"),
            "eventSearchQuery",
            where=_ASKING,
            measures=(QUESTIONS, ASKERS),
            headings=(_("Question"),),
            late=True,
            needs=_NEEDED,
        ),
        ranked(
            "pages",
            _("Pages where people ask"),
            "urlPath",
            where=_ASKING,
            measures=(QUESTIONS, ASKERS),
            late=True,
            needs=_NEEDED,
        ),
        ranked(
            "answers",
            _("Answers rated"),
            "eventSearchQuery",
            where=_RATED,
            measures=(Measure("eventsCount", _("Ratings")), HELPFUL, NOT_HELPFUL),
            headings=(_("Question"),),
            late=True,
            needs=_("Ratings of answers would fill it."),
        ),
        ranked(
            "goals",
            _("Goals"),
            "askGoal",
            where=(*_ASKING, is_not("askGoal", "")),
            measures=(QUESTIONS, ASKERS),
            late=True,
            needs=_("Questions that are sent with a goal would fill it."),
        ),
    ),
    events=("ask_question", "ask_view"),
    counted=_EITHER,
)
