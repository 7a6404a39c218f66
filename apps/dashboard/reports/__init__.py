"""Reports, declared one a module; adding a panel is one entry in its report."""

from __future__ import annotations

from apps.dashboard.reports.ads import ADS
from apps.dashboard.reports.agents import AGENTS_REPORT
from apps.dashboard.reports.assistant import ASSISTANT
from apps.dashboard.reports.broken import BROKEN_REPORT
from apps.dashboard.reports.content import CONTENT
from apps.dashboard.reports.declared import Panel, Report
from apps.dashboard.reports.links import LINKS
from apps.dashboard.reports.overview import OVERVIEW
from apps.dashboard.reports.search import SEARCH
from apps.dashboard.reports.traffic import READERS, TOTALS, TRAFFIC

REPORTS = {
    report.name: report
    for report in (OVERVIEW, TRAFFIC, CONTENT, SEARCH, ASSISTANT, AGENTS_REPORT, BROKEN_REPORT, LINKS, ADS)
}

__all__ = ["READERS", "REPORTS", "TOTALS", "TRAFFIC", "Panel", "Report"]
