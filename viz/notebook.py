"""Network and charts of a run in a notebook, at whatever month it is: `show(model)`."""

from __future__ import annotations

import ipywidgets
import numpy as np

from abm.accounts.statement import defaults
from abm.engine.tables import LAB, N_OUTSIDE
from abm.errors import BadInput
from abm.inputs.dates import month_label
from abm.mesa_model import InvisibleDebtModel
from abm.simulation import Economy
from viz import frames
from viz.history import History
from viz.languages import FIRST, language
from viz.parts.charts import panels_of, tick
from viz.parts.network import widget_firms, widget_frame
from viz.widgets import ChartData, Charts, NetworkView

ROOM = 24  # months that the charts show at least


class View(ipywidgets.VBox):
    """The network above the charts; a click on a firm rings it.

    Attributes
    ----------
    network : NetworkView
    charts : Charts
    """

    def __init__(self, economy: Economy, dark: bool) -> None:
        self._economy = economy
        self._history = History()
        opening = economy.opening
        self._labs = {opening.names[row]: row - N_OUTSIDE for row in np.flatnonzero(opening.firms["kind"] == LAB)}
        self.network = NetworkView(dark=dark)
        panels = panels_of(tuple(self._labs), opening.date, language(FIRST))
        self.charts = Charts(panels=panels, opening=month_label(0, opening.date), dark=dark)
        self.network.observe(lambda change: setattr(self.network, "selected", change["new"].get("firm", -1)), "clicked")
        super().__init__([self.network, self.charts])
        self.update()

    def update(self) -> None:
        """Draw the month that the run is in now."""
        economy, history = self._economy, self._history
        history.catch_up(economy)
        nodes = frames.nodes(economy)
        if list(nodes.names) != self.network.firms.get("names"):
            self.network.firms = widget_firms(nodes, language(FIRST))
        self.network.frame = widget_frame(frames.frame(economy, history))
        self.charts.until = max(economy.month, ROOM)
        values = {**frames.series(economy), **self._carried()}
        self.charts.data = ChartData(run="shown", first=1, values=values)
        self.charts.cursor = economy.month
        self.charts.marks = [tick(default, language(FIRST)) for default in defaults(economy)]

    def _carried(self) -> dict[str, np.ndarray]:
        """Debt that others carry for each lab (bn), NaN in months passed of which no panel was recorded."""
        known = self._history.column("look_through", np.array(list(self._labs.values())))
        months = self._history.months
        carried = np.full((self._economy.month, len(self._labs)), np.nan)
        carried[months[months > 0] - 1] = known[months > 0]
        return dict(zip(self._labs, carried.T, strict=True))


def show(model: Economy | InvisibleDebtModel, *, dark: bool = False) -> View:
    """Network and charts of a run, to stand at the end of a cell of a notebook.

    It draws the month that the run is in, also in mid-run. When the run has gone on, `View.update` draws it anew in
    every place where the view is shown.

    Parameters
    ----------
    model : Economy or InvisibleDebtModel
        The run.
    dark : bool
        Dark colours.

    Returns
    -------
    View

    Raises
    ------
    BadInput
        If it is neither.
    """
    economy = getattr(model, "economy", model)
    if not isinstance(economy, Economy):
        raise BadInput(f"show draws an Economy or an InvisibleDebtModel, not {type(model).__name__}")
    return View(economy, dark)
