"""What a share link is narrowed to: read from the parameters that its owner left, never from the visitor's."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from apps.core.errors import Refusal
from apps.dashboard.address import Address
from apps.dashboard.ranges import Comparison
from apps.dashboard.scope import Scope, is_understood, read_scope
from apps.sites.models import Site

_MOST = 200
"""Parameters; the controls of a page make a few."""


def read_fixed_scope(parameters: str, *, site: Site, now: datetime) -> Scope:
    """The scope that the parameters of a report's page give, which nobody may change.

    Raises ``Refusal`` where any of them is not understood: a link never shows more than its owner meant to share,
    also when a segment is gone, or a later release reads other parameters than the one that made it.
    """
    address = _read(parameters)
    strange = sorted(name for name in address.names if not is_understood(name))
    if strange:
        raise Refusal(_("A report is not narrowed by “%(name)s”.") % {"name": strange[0]}, path="parameters")
    if address.get("compare", Comparison.OFF.value) not in {each.value for each in Comparison}:
        raise Refusal(_("There is no such comparison."), path="parameters")
    scope = read_scope(site, address, now=now, is_fixed=True)
    if scope.notes:
        raise Refusal(" ".join(scope.notes), path="parameters")
    return scope


def _read(parameters: str) -> Address:
    if not parameters:
        return Address()
    try:
        pairs = parse_qsl(parameters, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST)
    except ValueError:
        raise Refusal(_("Expected what stands in the address of a report: range=7d."), path="parameters") from None
    return Address(tuple(pairs))
