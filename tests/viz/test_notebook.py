"""A run shown in a notebook: the month it is in, with the past that the run remembers."""

import numpy as np
import pytest

from abm import InvisibleDebtModel, open_economy
from abm.errors import BadInput
from abm.inputs.scenarios import load
from viz import show
from viz.widgets.network import HEALTH

STORY = "r6_customer_concentration"  # the one large customer fails in month 11


def values(view, column):
    return np.asarray(view.charts.data.values[column])


def drawn(view):
    """Size and health by firm, as the browser is told."""
    frame, names = view.network.frame, view.network.firms["names"]
    return dict(zip(names, np.frombuffer(frame["size"], "<f4"), strict=True)), dict(
        zip(names, (HEALTH[code] for code in frame["health"]), strict=True)
    )


def test_a_model_in_mid_run_is_shown_with_its_past_and_followed():
    model = InvisibleDebtModel(scenario=STORY, rng=1)
    opened = show(model)
    assert opened.network.frame["month"] == 0
    size_before = None
    for _ in range(13):
        model.step()
        if model.economy.month == 10:
            size_before = drawn(show(model))[0]["OpenAI"]
    opened.update()
    late = show(model)
    for view in (opened, late):
        assert view.network.frame["month"] == view.charts.cursor == 13
        assert view.charts.marks == [{"month": 11, "text": "OpenAI"}]
        size, health = drawn(view)
        assert health["OpenAI"] == "failed earlier"
        assert size["OpenAI"] == pytest.approx(size_before)
        carried = values(view, "OpenAI")
        assert carried[9] > 0.0
        assert (carried[10:] == 0.0).all()
        assert values(view, "debt").shape == carried.shape == (13,)
    for column in ("OpenAI", "look_through"):
        assert values(opened, column).tolist() == values(late, column).tolist()


def test_a_run_without_panel_is_shown_from_now_on():
    economy = open_economy(load("baseline"), seed=1, panel=False)
    economy.run(3)
    view = show(economy, dark=True)
    assert np.isnan(values(view, "OpenAI")).tolist() == [True, True, False]
    assert view.network.dark
    assert view.charts.dark


def test_firms_that_enter_are_drawn():
    economy = open_economy(load("baseline"), seed=1, panel=False)
    view = show(economy)
    before = len(view.network.firms["names"])
    economy.run(40)
    view.update()
    sizes, _ = drawn(view)
    assert len(sizes) == len(view.network.firms["names"]) > before


def test_a_click_rings_the_firm():
    view = show(open_economy(load("baseline"), seed=1))
    view.network.clicked = {"firm": 4, "count": 1}
    assert view.network.selected == 4
    view.network.clicked = {"firm": -1, "count": 2}
    assert view.network.selected == -1


def test_what_is_no_run_is_told_in_a_sentence():
    with pytest.raises(BadInput, match="show draws an Economy or an InvisibleDebtModel, not str"):
        show("baseline")
