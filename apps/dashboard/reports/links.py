"""Links & API: where links lead, and which API operations readers open and try."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.totals import Totals
from apps.dashboard.measures import VISITORS, Measure
from apps.dashboard.reports.declared import PEOPLE, Needed, Panel, Report, Sender, Width, is_, is_not, ranked

_CLICKS = (is_("eventType", "link_click"), PEOPLE)
_OPENED = (is_("eventType", "api_client_open"), PEOPLE)
_TRIED = (is_("eventType", "api_client_request"), PEOPLE)
CLICKS = Measure("eventsCount", _("Clicks"))
_LINKS = _("Followed links would fill it: the script sends them.")
_API = Needed(
    _("API operations that readers open or try would fill it: your pages send them through the script."), Sender.SCRIPT
)

LINKS = Report(
    name="links",
    title=_("Links & API"),
    note=_("People only."),
    panels=(
        Panel(
            name="totals",
            title=_("Totals"),
            drawing=Totals(
                (
                    Measure("eventsCount", _("Links followed"), where=_CLICKS),
                    Measure("eventsCount", _("API clients opened"), where=_OPENED),
                    Measure("eventsCount", _("API requests tried"), where=_TRIED),
                )
            ),
            width=Width.FULL,
            needs=_LINKS,
        ),
        ranked(
            "domains",
            _("Outbound domains"),
            "eventLinkTargetDomain",
            where=(*_CLICKS, is_not("eventLinkTargetDomain", None)),
            measures=(CLICKS, VISITORS),
            needs=_LINKS,
        ),
        ranked(
            "positions",
            _("Links by position"),
            "eventLinkPosition",
            where=_CLICKS,
            measures=(CLICKS, VISITORS),
            needs=_LINKS,
        ),
        ranked(
            "targets",
            _("Links by target"),
            "eventLinkTargetValue",
            "eventLinkPosition",
            where=_CLICKS,
            measures=(CLICKS, VISITORS),
            late=True,
            width=Width.FULL,
            needs=_LINKS,
        ),
        ranked(
            "opened",
            _("API operations opened"),
            "eventAPIOperationMethod",
            "eventAPIOperationPath",
            where=_OPENED,
            measures=(Measure("eventsCount", _("Opened")), VISITORS),
            late=True,
            needs=_API,
        ),
        ranked(
            "tried",
            _("API operations tried"),
            "eventAPIOperationMethod",
            "eventAPIOperationPath",
            where=_TRIED,
            measures=(Measure("eventsCount", _("Tried")), VISITORS),
            late=True,
            needs=_API,
        ),
    ),
    events=("link_click", "api_client_open", "api_client_request"),
    counted=(is_("eventType", "link_click", "api_client_open", "api_client_request"), PEOPLE),
)
