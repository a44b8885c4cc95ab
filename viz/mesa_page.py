"""A plain page for people who know Mesa: `solara run viz.mesa_page`.

Mesa's own page skips months and cannot be stopped when its play interval is short, and it offers every visitor a
Python console; the live page is `invisible-debt view`. This one shows the model as Mesa's tools see it.
"""

from __future__ import annotations

import solara
from mesa.visualization import SolaraViz, make_plot_component

from abm.inputs.scenarios import names
from abm.mesa_model import InvisibleDebtModel

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
def Page() -> None:  # noqa: N802
    """One model a visitor, made anew when the page is opened."""
    model = solara.use_memo(Story, [])
    plots = solara.use_memo(lambda: [make_plot_component(list(columns)) for columns in PLOTS], [])
    SolaraViz(
        model, components=plots, model_params=PARAMETERS, name="Invisible Debt in Mesa", play_interval=400,
        render_interval=1,
    )  # fmt: skip
