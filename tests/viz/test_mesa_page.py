"""The page for people who know Mesa: it shows the network, and Mesa's Reset can make its model again."""

import solara
from mesa.visualization.solara_viz import _build_model_init_kwargs
from mesa.visualization.utils import update_counter

from viz.mesa_page import PARAMETERS, Network, Page, Story
from viz.widgets import NetworkView


def test_it_shows_the_network():
    _, rendering = solara.render(Page(), handle_error=False)
    assert "OpenAI" in rendering.find(NetworkView).widget.firms["names"]
    rendering.close()


def test_the_network_is_that_of_the_month():
    model = Story()
    _, rendering = solara.render(Network(model), handle_error=False)
    shown = rendering.find(NetworkView).widget
    for month in (1, 2):
        model.step()
        update_counter.value += 1  # as Mesa does after a step
        assert shown.frame["month"] == month
    rendering.close()


def test_reset_makes_the_model_again():
    model = Story(story="r1_demand_disappoints", rng=3)
    model.step()
    for chosen in ({}, {"story": "r1_demand_disappoints", "rng": 3}):
        given = _build_model_init_kwargs(
            model, chosen, add_scenario_when_empty=True, require_model_accepts_scenario=True
        )
        again = Story(**given)
        assert again.economy.month == 0
    assert again.economy.seed == 3
    assert set(PARAMETERS) == set(given)
