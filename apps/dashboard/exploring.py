"""What a reader of the Explore page chose: figures by columns, in an order, as a picture. It stands in the address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.dashboard.address import Address
from apps.dashboard.columns import EVENT, PAGE, SHOWN
from apps.dashboard.controls import Choice, claim_names
from apps.dashboard.drawings.axes import MOMENT, Axis
from apps.dashboard.drawings.explored import FEWEST_NAMES, Explored, Picture, most_names
from apps.dashboard.filters import CLAIM
from apps.dashboard.measures import EVENTS, SESSIONS, VISITORS, Measure
from apps.dashboard.reports.declared import Panel, Width
from apps.dashboard.scope import Scope
from apps.insights.catalog import CATALOG, COLUMNS
from apps.insights.errors import QueryError
from apps.insights.query import MAX_LIMIT

NAMES = ("measure", "column", "order", "direction", "rows", "picture")
"""The parameters of an address that are chosen here."""
MOST = 3
"""Figures, and columns, at once."""
ROWS = (10, 25, 50, 100, 250, 500, 1000)
USUAL_ROWS = 25
DIRECTIONS = {
    "desc": gettext_lazy("9–1, Z–A"),
    "asc": gettext_lazy("1–9, A–Z"),
}
PICTURES = {
    Picture.TABLE: gettext_lazy("Table"),
    Picture.BAR: gettext_lazy("Bars"),
    Picture.LINE: gettext_lazy("Lines"),
    Picture.HEATMAP: gettext_lazy("Heatmap"),
}
_TIMES = (MOMENT, "dayOfWeek", "hourOfDay")


def _key(measure: Measure) -> str:
    return f"{measure.column}.{measure.part}" if measure.part else measure.column


MEASURES = {
    _key(each): each
    for each in (
        VISITORS,
        EVENTS,
        SESSIONS,
        Measure("pageFeedbackRating", gettext_lazy("Pages rated good"), part="good"),
        Measure("pageFeedbackRating", gettext_lazy("Pages rated OK"), part="ok"),
        Measure("pageFeedbackRating", gettext_lazy("Pages rated bad"), part="bad"),
        Measure("askResponseRating", gettext_lazy("Helpful answers"), part="positive"),
        Measure("askResponseRating", gettext_lazy("Unhelpful answers"), part="negative"),
    )
}
AXES = {
    name: Axis(name)
    for name in (*_TIMES, *(name for name in SHOWN if name not in _TIMES))
    if name in COLUMNS and name != CLAIM
}
"""The columns to group by. Beside them there are claims, each told by its path."""
BALANCES = {
    "pageFeedbackRating": gettext_lazy("Good ratings less bad"),
    "askResponseRating": gettext_lazy("Helpful answers less unhelpful"),
}
"""By what the API orders metrics of several numbers."""
Chosen = TypeVar("Chosen", Measure, Axis)
_USUAL_MEASURES = (VISITORS,)
_USUAL_AXES = (Axis("urlPath"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """``order`` names a metric or the key of an axis, ``""`` what is usual: moments from the first, else the most."""

    measures: tuple[Measure, ...] = _USUAL_MEASURES
    axes: tuple[Axis, ...] = _USUAL_AXES
    order: str = ""
    direction: str = ""
    rows: int = USUAL_ROWS
    picture: Picture = Picture.TABLE

    @property
    def title(self) -> str:
        measured = ", ".join(str(measure.label) for measure in self.measures)
        if not self.axes:
            return measured
        return _("%(figures)s by %(columns)s") % {
            "figures": measured,
            "columns": ", ".join(axis.heading for axis in self.axes),
        }

    @property
    def usually_descends(self) -> bool:
        """Whether rows descend where no direction is chosen: figures do, columns and moments ascend."""
        if self.order:
            return all(axis.key != self.order for axis in self.axes)
        return not any(axis.is_time for axis in self.axes)

    def put_in(self, address: Address) -> Address:
        """The address with these choices, but for what is usual."""
        usual = Exploration()
        chosen = {
            "measure": [_key(measure) for measure in self.measures] if self.measures != usual.measures else [],
            # No column at all is a choice too.
            "column": ([axis.key for axis in self.axes] or [""]) if self.axes != usual.axes else [],
            "order": [self.order] if self.order else [],
            "direction": [self.direction] if self.direction else [],
            "rows": [str(self.rows)] if self.rows != usual.rows else [],
            "picture": [self.picture.value] if self.picture is not usual.picture else [],
        }
        address = address.without(*NAMES)
        for name, values in chosen.items():
            address = address.put(name, *values)
        return address

    def panel(self, scope: Scope) -> Panel:
        """The panel that shows it; a picture that makes no sense is left out."""
        axis = next((axis for axis in self.axes if axis.key == self.order), None)
        times = [axis for axis in self.axes if axis.is_time]
        if self.order:
            by = axis.body(scope) if axis else {"column": self.order}
        else:
            by = times[0].body(scope) if times else {"column": self.measures[0].column}
        drawing = Explored(
            measures=self.measures,
            axes=self.axes,
            order=by,
            is_descending=self.direction == "desc" if self.direction else self.usually_descends,
            picture=Picture.TABLE if fault_of(self, scope) else self.picture,
        )
        return Panel(
            name="result",
            title=self.title,
            drawing=drawing,
            rows=self.rows,
            width=Width.TWO_THIRDS,
            needs=_("No event of this range is counted here."),
        )


def fault_of(chosen: Exploration, scope: Scope) -> str:
    """Why the picture cannot be drawn of these columns, in a sentence; empty where it can."""
    axes, times = chosen.axes, [axis for axis in chosen.axes if axis.is_time]
    if chosen.picture is Picture.LINE and not times:
        return _("Lines run over time: choose the column Time for them. This is the table.")
    if chosen.picture is Picture.LINE and len(axes) > 2:
        return _("Lines are split by one column at most. This is the table.")
    if chosen.picture is Picture.BAR and len(axes) != 1:
        return _("Bars are of exactly one column. This is the table.")
    if chosen.picture is Picture.HEATMAP and len(axes) != 2:
        return _("A heatmap is of exactly two columns. This is the table.")
    if chosen.picture is Picture.HEATMAP:
        sizes = {axis: most_names(axes, axis, scope) for axis in axes}
        if prod(sizes.values()) > MAX_LIMIT or any(sizes[axis] < FEWEST_NAMES for axis in axes if not axis.is_ordered):
            return _("A heatmap that fine has too many cells: choose a longer interval. This is the table.")
    return ""


def read_exploration(address: Address, scope: Scope) -> tuple[Exploration, tuple[str, ...]]:
    """What an address asks for. What makes no sense is left out of it, and told in sentences."""
    notes: list[str] = []
    measures = _some(address, "measure", MEASURES.get, notes) or _USUAL_MEASURES
    axes = _some(address, "column", read_axis, notes)
    if "column" not in address.names:
        axes = _USUAL_AXES
    chosen = Exploration(
        measures=measures,
        axes=axes,
        order=_order(address.get("order"), measures, axes, notes),
        direction=address.get("direction") if address.get("direction") in DIRECTIONS else "",
        rows=_rows(address.get("rows"), notes),
        picture=_picture(address.get("picture"), notes),
    )
    notes.append(fault_of(chosen, scope))
    first = measures[0].column
    if first in BALANCES and not chosen.order and not any(axis.is_time for axis in axes):
        notes.append(_("In the order of: %(balance)s.") % {"balance": str(BALANCES[first]).lower()})
    return chosen, tuple(note for note in notes if note)


def _some(address: Address, name: str, read: Callable[[str], Chosen | None], notes: list[str]) -> tuple[Chosen, ...]:
    """The first few of a parameter's values that mean something, each once."""
    texts = list(dict.fromkeys(text for text in address.all(name) if text))
    found = {text: read(text) for text in texts}
    strange = [text for text in texts if found[text] is None]
    if strange:
        notes.append(_("Left out, since there is no such choice: %(names)s.") % {"names": ", ".join(strange)})
    known = [each for each in found.values() if each is not None]
    if len(known) > MOST:
        notes.append(_("No more than %(most)s figures and %(most)s columns are shown at once.") % {"most": MOST})
    return tuple(known[:MOST])


def read_axis(text: str) -> Axis | None:
    """The column of an address; ``None`` where there is no such one."""
    name, _dot, claim = text.partition(".")
    if name != CLAIM:
        return AXES.get(text)
    try:
        COLUMNS[CLAIM].arguments_from({"claim": claim}, path=text)
    except QueryError:
        return None
    return Axis(CLAIM, claim)


def _order(text: str, measures: tuple[Measure, ...], axes: tuple[Axis, ...], notes: list[str]) -> str:
    if not text or text in {measure.column for measure in measures} or text in {axis.key for axis in axes}:
        return text
    notes.append(_("Rows are ordered by a figure or column that is shown, so this is the usual order."))
    return ""


def _rows(text: str, notes: list[str]) -> int:
    if not text:
        return USUAL_ROWS
    rows = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not ROWS[0] <= rows <= ROWS[-1]:
        notes.append(_("From %(least)s to %(most)s rows are shown.") % {"least": ROWS[0], "most": ROWS[-1]})
        return USUAL_ROWS
    return rows


def _picture(text: str, notes: list[str]) -> Picture:
    found = next((picture for picture in Picture if picture.value == text), None)
    if text and found is None:
        notes.append(_("There is no such picture, so this is the table."))
    return found or Picture.TABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the form of the page offers."""

    chosen: Exploration
    scope: Scope

    @property
    def measures(self) -> Iterator[list[Choice]]:
        """For each place of a figure what may stand there; the first is never empty."""
        for place in range(MOST):
            here = self.chosen.measures[place] if place < len(self.chosen.measures) else None
            nothing = [Choice(label="–", value="")] if place else []
            yield nothing + [
                Choice(label=each.label, value=key, is_chosen=each is here) for key, each in MEASURES.items()
            ]

    @property
    def axes(self) -> Iterator[list[tuple[str, list[Choice]]]]:
        """For each place of a column what may stand there, in groups."""
        claims = dict.fromkeys(claim_names(self.scope))
        claims |= dict.fromkeys(axis.claim for axis in self.chosen.axes if axis.claim)
        groups: dict[str, list[Axis]] = {str(_("Time")): []}
        for name, axis in AXES.items():
            groups.setdefault(_group(name), []).append(axis)
        groups[_("Visitor attributes")] = [Axis(CLAIM, claim) for claim in claims]
        for place in range(MOST):
            here = self.chosen.axes[place] if place < len(self.chosen.axes) else None
            yield [
                (group, [Choice(label=axis.heading, value=axis.key, is_chosen=axis == here) for axis in axes])
                for group, axes in groups.items()
                if axes
            ]

    @property
    def orders(self) -> list[Choice]:
        metrics = dict.fromkeys(measure.column for measure in self.chosen.measures)
        offered = [("", _("Usual order"))]
        offered += [(name, str(BALANCES.get(name, CATALOG[name].label))) for name in metrics]
        offered += [(axis.key, axis.heading) for axis in self.chosen.axes]
        return [Choice(label=label, value=value, is_chosen=value == self.chosen.order) for value, label in offered]

    @property
    def directions(self) -> list[Choice]:
        """What is usual with the chosen order first, then both."""
        chosen = self.chosen.direction
        usual = DIRECTIONS["desc" if self.chosen.usually_descends else "asc"]
        offered = {
            "": _("Automatic: %(direction)s") % {"direction": usual},
            "desc": _("Descending: %(direction)s") % {"direction": DIRECTIONS["desc"]},
            "asc": _("Ascending: %(direction)s") % {"direction": DIRECTIONS["asc"]},
        }
        return [Choice(label=label, value=value, is_chosen=value == chosen) for value, label in offered.items()]

    @property
    def rows(self) -> list[Choice]:
        offered = sorted({*ROWS, self.chosen.rows})
        return [Choice(label=str(rows), value=str(rows), is_chosen=rows == self.chosen.rows) for rows in offered]

    @property
    def pictures(self) -> list[Choice]:
        chosen = self.chosen.picture
        return [Choice(label=label, value=each.value, is_chosen=each is chosen) for each, label in PICTURES.items()]

    @property
    def beside(self) -> tuple[tuple[str, str], ...]:
        """What the form carries along."""
        return self.scope.address.without(*NAMES).pairs


def _group(name: str) -> str:
    if name in _TIMES:
        return _("Time")
    return str(SHOWN[name].group or (PAGE if name == "page" else EVENT))
