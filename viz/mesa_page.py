"""A plain page for people who know Mesa: `solara run viz.mesa_page`.

Mesa's own page skips months and cannot be stopped when its play interval is short, and it offers every visitor a
Python console; the live page is `invisible-debt view`. This one shows the model as Mesa's tools see it, with the
network of the live page.
"""

from __future__ import annotations

import solara
import solara.lab
from mesa.visualization import SolaraViz, make_plot_component
from mesa.visualization.utils import update_counter

from abm.inputs.scenarios import names
from abm.mesa_model import InvisibleDebtModel
from viz import frames
from viz.history import History
from viz.languages import FIRST, language
from viz.parts.network import widget_firms, widget_frame
from viz.widgets import NetworkView

PARAMETERS = {
    "story": {"type": "Select", "value": "baseline", "values": names(), "label": "Scenario"},
    "rng": {"type": "SliderInt", "value": 1, "min": 0, "max": 1000, "step": 1, "label": "Seed"},
}
PLOTS = (("debt", "look_through"), ("spot_price",), ("failed",))


class Story(InvisibleDebtModel):
    """The model with the scenario's name under another word: Mesa's Reset passes an object of its own as `scenario`.

    Parameters
    ----------
    story : str
        Name of a scenario.
    rng : int
        Seed.
    """

    def __init__(self, *, story: str = "baseline", rng: int = 1) -> None:
        super().__init__(scenario=story, rng=rng)


@solara.component
def Network(model: InvisibleDebtModel) -> None:  # noqa: N802
    """Who owes whom in the model, drawn anew at every step."""
    update_counter.get()
    economy = model.economy
    history = solara.use_memo(History, [model])
    history.catch_up(economy)
    nodes = solara.use_memo(lambda: frames.nodes(economy), [model, len(economy.names)])
    firms = solara.use_memo(lambda: widget_firms(nodes, language(FIRST)), [nodes])
    selected, select = solara.use_state(-1)
    NetworkView.element(
        firms=firms, frame=widget_frame(frames.frame(economy, history)), selected=selected,
        dark=bool(solara.lab.use_dark_effective()), on_clicked=lambda click: select(int(click.get("firm", -1))),
    )  # fmt: skip


@solara.component
def Page() -> None:  # noqa: N802
    """One model a visitor, made anew when the page is opened."""
    model: solara.Reactive[Story] = solara.use_reactive(solara.use_memo(Story, []))  # which Mesa's Reset replaces
    plots = solara.use_memo(lambda: [make_plot_component(list(columns)) for columns in PLOTS], [])
    with solara.Column():
        Network(model.value)  # not a cell of Mesa's grid, which would cut it off
        SolaraViz(
            model, components=plots, model_params=PARAMETERS, name="Invisible Debt in Mesa", play_interval=400,
            render_interval=1,
        )  # fmt: skip
