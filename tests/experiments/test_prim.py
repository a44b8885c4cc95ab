"""Scenario discovery finds boxes that are there and none where there is none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.errors import BadInput
from experiments.analysis.prim import Limit, _box, _inside, _paste, discover

NAMES = ["a", "b", "c", "d", "e"]


def _points(count: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    points = pd.DataFrame(rng.random((count, len(NAMES))), columns=NAMES)
    points["policy"] = rng.choice(["none", "caps", "buffers"], count)
    return points


def test_known_box_is_recovered() -> None:
    points = _points(2000)
    inside = (points["a"] > 0.6) & (points["b"] < 0.5) & (points["policy"] != "caps")
    found = discover(points, inside.to_numpy(float), resamples=5)
    assert set(found.box.limits) == {"a", "b", "policy"}
    assert found.box.limits["a"].low == pytest.approx(0.6, abs=0.03)
    assert found.box.limits["b"].high == pytest.approx(0.5, abs=0.03)
    assert found.box.limits["policy"].levels == ("buffers", "none")
    assert found.box.coverage > 0.95
    assert found.box.density > 0.95
    assert max(found.quasi_p.values()) < 1e-6
    assert min(found.found_again[name] for name in ("a", "b", "policy")) > 0.7


def test_noisy_box_with_shares_is_recovered() -> None:
    points = _points(1500, seed=1)
    inside = ((points["c"] > 0.3) & (points["c"] < 0.7)).to_numpy()
    rng = np.random.default_rng(2)
    share = rng.binomial(8, np.where(inside, 0.8, 0.1)) / 8.0  # eight runs a point
    found = discover(points, share, resamples=5)
    assert set(found.box.limits) == {"c"}
    assert found.box.limits["c"].low == pytest.approx(0.3, abs=0.05)
    assert found.box.limits["c"].high == pytest.approx(0.7, abs=0.05)
    assert found.box.density == pytest.approx(0.8, abs=0.05)


def test_no_box_where_crises_fall_anywhere() -> None:
    boxes = 0
    for seed in range(10):
        happened = np.random.default_rng(100 + seed).random(400) < 0.3
        boxes += bool(discover(_points(400, seed), happened.astype(float), resamples=0).box.limits)
    assert boxes <= 6  # each of the six factors has two sides and 5 %


def test_grid_with_few_values() -> None:
    points = pd.DataFrame([(a, b) for a in range(6) for b in range(6)], columns=["a", "b"])
    found = discover(points, ((points["a"] >= 3) & (points["b"] <= 2)).to_numpy(float), resamples=0)
    assert found.box.limits == {"a": Limit(low=2.5), "b": Limit(high=2.5)}
    assert (found.box.density, found.box.coverage, found.box.mass) == (1.0, 1.0, 0.25)


def test_pasting_takes_back_what_peeling_cut_too_much() -> None:
    rng = np.random.default_rng(3)
    a = rng.random(400)
    columns = {
        "a": np.where((a > 0.4) & (a < 0.5), a - 0.3, a),
        "k": rng.choice(["x", "y", "z"], 400),
        "b": rng.random(400),
    }
    crisis = ((columns["a"] >= 0.5) & (columns["k"] != "z")).astype(float)
    tight = {"a": Limit(low=0.8, high=0.9), "k": Limit(levels=("x",)), "b": Limit(high=0.7)}
    pasted = _paste(columns, crisis, _box(tight, _inside(columns, tight), crisis))
    assert set(pasted.limits) == {"a", "k"}  # the limit on b has gone
    assert pasted.limits["a"].high == np.inf
    assert 0.4 < pasted.limits["a"].low < 0.51
    assert pasted.limits["k"].levels == ("x", "y")
    assert (pasted.density, pasted.coverage) == (1.0, 1.0)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_every_step_on_the_way_is_what_it_says(seed: int, threshold: float) -> None:
    points = _points(120, seed)
    happened = (points["a"] * points["b"] > threshold**2).to_numpy(float)
    if not 0.0 < happened.mean() < 1.0:
        return
    found = discover(points, happened, resamples=0)
    for box in (*found.path, found.box):
        inside = np.ones(len(points), dtype=bool)
        for name, limit in box.limits.items():
            inside &= limit.holds(points[name].to_numpy(str if name == "policy" else float))
        assert box.mass == pytest.approx(inside.mean())
        assert box.density == pytest.approx(happened[inside].mean())
        assert box.coverage == pytest.approx(happened[inside].sum() / happened.sum())
    assert found.density.low <= found.box.density == found.density.value <= found.density.high
    assert found.coverage.low <= found.box.coverage == found.coverage.value <= found.coverage.high
    masses = [box.mass for box in found.path]
    assert masses == sorted(masses, reverse=True)
    densities = [box.density for box in found.path]
    assert densities == sorted(densities)


# What ema_workbench 3.0.0 (J. H. Kwakkel, Environmental Modelling & Software 96 (2017) 239-250) finds in the same
# points: `prim.Prim(points, happened, peel_alpha=0.05, mass_min=0.05).find_box()`, of its peeling trajectory the box
# with the greatest coverage less the share of the rest that it holds: limits where it has any, coverage, density, mass.
# Kept as numbers, since the package brings thirteen others (scikit-learn, statsmodels, seaborn, ...) for this one test.
EMA = {
    "corner": ({"a": (0.595440, None), "b": (None, 0.497525)}, 0.994872, 0.984772, 0.197),
    "noisy": ({"a": (0.711302, None), "c": (0.399620, None)}, 0.802469, 0.773810, 0.168),
    "band": ({"c": (0.290395, 0.697554), "d": (0.469736, None)}, 1.0, 0.956731, 0.208),
}


@pytest.mark.parametrize(("name", "seed"), [("corner", 0), ("noisy", 1), ("band", 2)])
def test_boxes_are_those_of_the_ema_workbench(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = pd.DataFrame(rng.random((1000, 5)), columns=NAMES)
    draw = rng.random(1000)
    chance = {
        "corner": 1.0 * ((p["a"] > 0.6) & (p["b"] < 0.5)),
        "noisy": np.where((p["a"] > 0.7) & (p["c"] > 0.4), 0.8, 0.05),
        "band": 1.0 * (((p["c"] - 0.5).abs() < 0.2) & (p["d"] > 0.5)),
    }[name]
    found = discover(p, (draw < chance).astype(float), resamples=0)
    limits, coverage, density, mass = EMA[name]
    assert set(found.box.limits) == set(limits)
    for factor, (low, high) in limits.items():
        ours = found.box.limits[factor]
        assert (ours.low, ours.high) == pytest.approx(
            (-np.inf if low is None else low, np.inf if high is None else high), abs=0.03
        )  # a step of peeling is 5 % of the points left
    assert (found.box.coverage, found.box.density, found.box.mass) == pytest.approx(
        (coverage, density, mass), abs=0.025
    )
    assert found.density.low <= density <= found.density.high
    assert found.coverage.low - 0.01 <= coverage <= found.coverage.high


@pytest.mark.parametrize(
    ("count", "crisis", "said"),
    [(10, 0.5, "20 points"), (50, 0.0, "with and without"), (50, 1.0, "with and without"), (50, 2.0, "shares")],
)
def test_what_cannot_be_discovered_is_said(count: int, crisis: float, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        discover(_points(count), np.full(count, crisis))
