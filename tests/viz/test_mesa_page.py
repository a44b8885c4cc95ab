"""The page for people who know Mesa: it renders, and Mesa's Reset can make its model again."""

import solara
from mesa.visualization.solara_viz import _build_model_init_kwargs

from viz.mesa_page import PARAMETERS, Page, Story


def test_it_renders():
    _, rendering = solara.render(Page(), handle_error=False)
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
