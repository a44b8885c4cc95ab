"""Sensitivity indices: SALib's numbers, the analytic ones, and intervals that cover."""

import numpy as np
import pytest
from SALib.analyze import morris as salib_morris
from SALib.analyze import sobol as salib_sobol
from SALib.sample import morris as sample_morris
from SALib.sample import sobol as sample_sobol
from SALib.test_functions import Ishigami

from abm.errors import BadInput
from experiments.analysis.intervals import Estimate
from experiments.analysis.sensitivity import morris, settled, sobol, variance_parts

NAMES = ["x1", "x2", "x3"]
UNIT = {"num_vars": 3, "names": NAMES, "bounds": [[0.0, 1.0]] * 3}


def _ishigami(unit: np.ndarray) -> np.ndarray:
    return Ishigami.evaluate(np.pi * (2.0 * unit - 1.0))


@pytest.mark.parametrize("second_order", [True, False])
def test_sobol_estimates_are_salibs(second_order: bool) -> None:
    y = _ishigami(sample_sobol.sample(UNIT, 256, calc_second_order=second_order, seed=1))
    ours = sobol(NAMES, y[:, None], second_order=second_order)
    theirs = salib_sobol.analyze(UNIT, y, calc_second_order=second_order, seed=1)
    assert [ours.first[name].value for name in NAMES] == pytest.approx(list(theirs["S1"]))
    assert [ours.total[name].value for name in NAMES] == pytest.approx(list(theirs["ST"]))
    for (a, b), pair in ours.pairs.items():
        assert pair.value == pytest.approx(theirs["S2"][NAMES.index(a), NAMES.index(b)])
    halves = [(ours.total[name].high - ours.total[name].low) / 2.0 for name in NAMES]
    assert halves == pytest.approx(list(theirs["ST_conf"]), rel=0.35)
    assert len(ours.pairs) == (3 if second_order else 0)


def test_morris_estimates_are_salibs() -> None:
    unit = sample_morris.sample(UNIT, 40, num_levels=4, seed=1)
    y = _ishigami(unit)
    ours, theirs = morris(NAMES, unit, y[:, None]), salib_morris.analyze(UNIT, unit, y, num_levels=4, seed=1)
    assert [ours.strength[name].value for name in NAMES] == pytest.approx(list(theirs["mu_star"]))
    assert [ours.direction[name].value for name in NAMES] == pytest.approx(list(theirs["mu"]))
    assert [ours.spread[name] for name in NAMES] == pytest.approx(list(theirs["sigma"]))


def test_intervals_widen_with_the_luck_of_few_seeds() -> None:
    unit = sample_sobol.sample(UNIT, 256, calc_second_order=False, seed=1)
    slopes = np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [3.0, 0.2, 0.0]])  # every seed has an economy of its own
    lucky = unit @ slopes.T
    fixed = np.repeat(lucky.mean(axis=1, keepdims=True), 3, axis=1)
    ours, certain = sobol(NAMES, lucky, second_order=False), sobol(NAMES, fixed, second_order=False)
    assert ours.first["x1"].value == pytest.approx(certain.first["x1"].value)
    assert np.ptp(ours.first["x1"][1:]) > 2.0 * np.ptp(certain.first["x1"][1:])


def test_blocks_with_a_failed_run_are_left_out() -> None:
    unit = sample_sobol.sample(UNIT, 64, calc_second_order=False, seed=1)
    y = _ishigami(unit)[:, None]
    broken = y.copy()
    broken[7] = np.nan  # in the second block of five
    found = sobol(NAMES, broken, second_order=False)
    assert found.bases == 63
    without = sobol(NAMES, np.delete(y, range(5, 10), axis=0), second_order=False)
    assert found.first == without.first
    unit = sample_morris.sample(UNIT, 10, num_levels=4, seed=1)
    y = _ishigami(unit)[:, None]
    y[4] = np.nan
    assert morris(NAMES, unit, y).trajectories == 9


def test_constant_outcome_depends_on_nothing() -> None:
    found = sobol(NAMES, np.full((5 * 8, 2), 3.0), second_order=False)
    assert set(found.total.values()) == {(0.0, 0.0, 0.0)}


def test_shares_that_sum_are_summed_and_wide_ones_settle_nothing() -> None:
    x = sample_sobol.sample(UNIT, 512, calc_second_order=False, seed=1)
    found = sobol(NAMES, (x[:, 0] + 2.0 * x[:, 1])[:, None], second_order=False)  # additive: 1 : 4 : 0
    assert found.alone.value == pytest.approx(sum(e.value for e in found.first.values()))
    assert found.alone.value == pytest.approx(1.0, abs=0.03)
    assert found.alone.low <= 1.0 <= found.alone.high
    assert all(settled(e) for e in (*found.first.values(), *found.total.values(), found.alone))
    x = sample_sobol.sample(UNIT, 8, calc_second_order=False, seed=1)
    few = sobol(NAMES, np.exp(9.0 * x[:, :1] * x[:, 1:2]), second_order=False)  # a few large ones make the variance
    assert not settled(few.total["x1"])
    assert few.total["x1"].high - few.total["x1"].low > 0.5


@pytest.mark.parametrize(
    ("share", "said"),
    [
        ((0.6, 0.4, 0.8), True),
        ((0.0, -0.1, 0.1), True),  # no part in it: settled as well
        ((0.6, 0.3, 0.9), False),
        ((-0.3, -0.4, -0.2), False),  # wholly below zero
        ((1.3, 1.1, 1.5), False),
        ((0.3, np.nan, np.nan), False),
    ],
)
def test_what_an_interval_of_a_share_settles(share: tuple[float, float, float], said: bool) -> None:
    assert settled(Estimate(*share)) == said


def test_morris_effects_of_luck_alone_are_no_finding() -> None:
    unit = sample_morris.sample({"num_vars": 2, "names": ["a", "b"], "bounds": [[0, 1]] * 2}, 40, num_levels=4, seed=1)
    rng = np.random.default_rng(2)
    outcome = 8.0 * (unit[:, :1] - 0.5) ** 2 + rng.normal(0.0, 1.0, (len(unit), 6))
    found = morris(["a", "b"], unit, outcome)
    assert found.moves("a")  # down and up, more than luck
    assert found.direction["a"].low < 0.0 < found.direction["a"].high
    assert not found.moves("b")
    assert found.strength["b"].value == pytest.approx(found.luck["b"], rel=0.3)
    alone = morris(["a", "b"], unit, outcome[:, :1])
    assert np.isnan(alone.luck["b"])
    assert not alone.moves("b")


def test_designs_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(BadInput, match="blocks of 5 points"):
        sobol(NAMES, np.zeros((12, 1)), second_order=False)
    with pytest.raises(BadInput, match="two blocks"):
        sobol(NAMES, np.zeros((5, 1)), second_order=False)
    with pytest.raises(BadInput, match="every factor changes once"):
        morris(NAMES, np.zeros((8, 3)), np.zeros((8, 1)))
    with pytest.raises(BadInput, match="8 points of 3 factors"):
        morris(NAMES, np.zeros((7, 3)), np.zeros((8, 1)))


def test_variance_parts_recover_their_components() -> None:
    rng = np.random.default_rng(1)
    rows, columns = ((draw - draw.mean()) / draw.std(ddof=1) for draw in rng.normal(size=(2, 400)))
    table = 3.0 * rows[:, None] + 2.0 * columns + rng.normal(size=(400, 400))
    parts = variance_parts(table)
    assert parts is not None
    assert (parts.points, parts.seeds, parts.both) == pytest.approx((9 / 14, 4 / 14, 1 / 14), abs=0.01)
    assert parts.points + parts.seeds + parts.both == pytest.approx(1.0)
    assert variance_parts(np.ones((3, 3))) is None
    assert variance_parts(rng.normal(size=(5, 1))) is None
