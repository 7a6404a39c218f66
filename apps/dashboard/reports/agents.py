"""Agents & MCP: what automatic readers fetch, by which way, and who they are."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.totals import Totals
from apps.dashboard.drawings.trend import Trend
from apps.dashboard.measures import Measure, Ratio, Unit
from apps.dashboard.reports.declared import AGENTS, PEOPLE, Needed, Panel, Report, Sender, Where, Width, is_, ranked
from apps.events.bots import CRAWLERS

SURFACES = ("page_view", "page_markdown_request", "llms_request", "mcp_request", "rss_request")
_READS = is_("eventType", *SURFACES)


def _by_way(surface: str) -> Where:
    """What agents read by one of the ways. What people do there is not this page's."""
    return (is_("eventType", surface), AGENTS)


_BY_AGENTS = Measure("eventsCount", _("Reads by agents"), where=(_READS, AGENTS))
_BY_PEOPLE = Measure("eventsCount", _("Reads by people"), where=(_READS, PEOPLE))
_SHARE = Ratio((_BY_AGENTS,), (_BY_AGENTS, _BY_PEOPLE), _("Share of agents"), unit=Unit.PERCENT)
READS = Measure("eventsCount", _("Reads"))
_NAMED = {"column": "visitorBot", "operator": "notIn", "values": ["", "unknown", *CRAWLERS]}
_NEEDED = Needed(_("Reads by agents would fill it: your server reports them through the API."), Sender.SERVER)

AGENTS_REPORT = Report(
    name="agents",
    title=_("Agents & MCP"),
    note=_("Automatic readers: pages, Markdown, llms.txt, MCP and feeds."),
    counted=(_READS, AGENTS),
    panels=(
        Panel(
            name="totals",
            title=_("Totals"),
            drawing=Totals(
                (
                    _BY_AGENTS,
                    _SHARE,
                    Measure("eventsCount", _("Markdown pages"), where=_by_way("page_markdown_request")),
                    Measure("eventsCount", _("llms.txt"), where=_by_way("llms_request")),
                    Measure("eventsCount", _("MCP requests"), where=_by_way("mcp_request")),
                )
            ),
            late=True,
            width=Width.FULL,
            needs=_NEEDED,
        ),
        Panel(
            name="share",
            title=_("Share of reads by agents"),
            drawing=Trend((_SHARE,)),
            late=True,
            width=Width.HALF,
            needs=_NEEDED,
        ),
        Panel(
            name="reads",
            title=_("Reads by people and agents"),
            drawing=Trend((_BY_PEOPLE, _BY_AGENTS)),
            late=True,
            width=Width.HALF,
            needs=_NEEDED,
        ),
        ranked(
            "surfaces",
            _("Surfaces"),
            "eventType",
            where=(_READS, AGENTS),
            measures=(READS,),
            headings=(_("Way"),),
            late=True,
            rows=len(SURFACES),
            has_all=True,
            width=Width.THIRD,
            needs=_NEEDED,
        ),
        ranked(
            "names",
            _("Agents"),
            "visitorBot",
            where=(_READS, _NAMED),
            measures=(READS,),
            late=True,
            width=Width.THIRD,
            needs=_NEEDED,
        ),
        ranked(
            "crawlers",
            _("Bots and crawlers"),
            "visitorBot",
            where=(_READS, is_("visitorBot", "unknown", *CRAWLERS)),
            measures=(READS,),
            late=True,
            width=Width.THIRD,
            needs=_NEEDED,
        ),
        ranked(
            "pages",
            _("Pages read by agents"),
            "urlPath",
            where=(_READS, AGENTS),
            measures=(READS,),
            late=True,
            needs=_NEEDED,
        ),
        ranked(
            "mcp-searches",
            _("MCP searches"),
            "eventSearchQuery",
            where=(is_("eventType", "search_type_query", "ask_question"), is_("displayContext", "mcp")),
            measures=(Measure("eventsCount", _("Searches")),),
            headings=(_("Search"),),
            late=True,
            needs=_("Searches that come through the documentation's MCP server would fill it."),
        ),
    ),
)
