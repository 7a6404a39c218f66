"""Results as Plotly figures. Colours and letters are the browser's (static/js/figures.js): it knows whether it is dark.

Each is a dict as plotly.js takes it. ``meta`` of a trace names the custom property that colours it.
Where the last of a point's ``customdata`` begins with ``/`` or ``?``, a click on it goes there.
"""

from apps.dashboard.figures.countries import world
from apps.dashboard.figures.grid import grid
from apps.dashboard.figures.ranking import bars
from apps.dashboard.figures.stack import Part, stacked
from apps.dashboard.figures.trend import lines
from apps.dashboard.figures.week import hours

__all__ = ["Part", "bars", "grid", "hours", "lines", "stacked", "world"]
