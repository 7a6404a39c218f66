"""What a share link is narrowed to: read from the parameters that its owner left, never from the visitor's."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from apps.core.errors import Refusal
from apps.dashboard.panels import Scope, zone_of
from apps.dashboard.ranges import read_period
from apps.sites.models import Site

UNDERSTOOD = frozenset({"range", "from", "to"})
"""Every parameter that ``read_scope`` narrows by. What is not among them is refused, not left out."""
_MOST = 100
"""Parameters; the controls of a page make a few."""


def read_scope(parameters: str, *, site: Site, now: datetime) -> Scope:
    """The scope that the parameters of a report's page give.

    Raises ``Refusal`` where any of them is not understood: a link never shows more than its owner meant to share,
    also when a later release reads other parameters than the one that made it.
    """
    named = _named(parameters)
    strange = sorted(named.keys() - UNDERSTOOD)
    if strange:
        raise Refusal(_("A report is not narrowed by “%(name)s”.") % {"name": strange[0]}, path="parameters")
    period = read_period(named, zone=zone_of(site), now=now)
    if period.note:
        raise Refusal(_("There is no such range of days."), path="parameters")
    return Scope(site=site, period=period, now=now)


def _named(parameters: str) -> dict[str, str]:
    if not parameters:
        return {}
    try:
        return dict(
            parse_qsl(parameters, keep_blank_values=True, strict_parsing=bool(parameters), max_num_fields=_MOST)
        )
    except ValueError:
        raise Refusal(_("Expected what stands in the address of a report: range=7d."), path="parameters") from None
