"""Rankings of known functions are known, noise is no finding, and many candidates do not make one."""

import itertools
import warnings

import numpy as np
import pytest
from SALib.analyze import pawn

from abm.errors import BadInput
from experiments.analysis.intervals import Estimate
from experiments.analysis.ranking import (
    Rank,
    associate,
    corrected,
    correlations,
    gap,
    normal_scores,
    rank,
    slides,
)


def _drawn(points: int, names: str, seed: int = 0) -> dict[str, np.ndarray]:
    return dict(zip(names, np.random.default_rng(seed).random((26, points)), strict=False))


def _ranks(factors: dict[str, np.ndarray], outcome: np.ndarray, *, drawn: bool = True, paired: bool = True) -> dict:
    return corrected({"y": rank(factors, outcome, points_drawn=drawn, paired=paired)})["y"]


def _partial_by_regression(factors: dict[str, np.ndarray], y: np.ndarray, name: str) -> float:
    """Partial rank correlation by its definition: correlation of what regressions on the others leave."""
    ranked = {key: np.argsort(np.argsort(column)).astype(float) for key, column in factors.items()}
    others = np.column_stack([np.ones(len(y)), *(column for key, column in ranked.items() if key != name)])
    left = [v - others @ np.linalg.lstsq(others, v)[0] for v in (ranked[name], np.argsort(np.argsort(y)).astype(float))]
    return float(np.corrcoef(*left)[0, 1])


def test_monotone_function_is_ranked_by_strength_and_direction() -> None:
    x = _drawn(200, "abcd")
    y = np.exp(4.0 * x["a"]) - 3.0 * x["b"] ** 3 + 0.2 * np.random.default_rng(1).normal(size=200)
    found = _ranks(x, y[:, None])
    assert [found[name].direction for name in "abcd"] == [1, -1, 0, 0]
    assert found["a"].correlation.value > 0.97
    for name in "abcd":
        assert found[name].correlation.value == pytest.approx(_partial_by_regression(x, y, name), abs=1e-9)
        assert found[name].correlation.low <= found[name].correlation.value <= found[name].correlation.high


def test_exact_function_has_correlation_one() -> None:
    x = _drawn(60, "ab")
    found = _ranks(x, (x["a"] ** 5)[:, None])
    assert found["a"].correlation == pytest.approx((1.0, 1.0, 1.0), abs=1e-6)
    assert (found["a"].direction, found["b"].matters) == (1, False)


def test_ishigami_needs_the_gap_where_correlation_is_blind() -> None:
    x = {name: 2.0 * np.pi * column - np.pi for name, column in _drawn(1000, "abc", 2).items()}
    x["nothing"] = np.random.default_rng(3).random(1000)
    y = np.sin(x["a"]) + 7.0 * np.sin(x["b"]) ** 2 + 0.1 * x["c"] ** 4 * np.sin(x["a"])
    found = _ranks(x, y[:, None])
    assert found["a"].direction == 1
    assert found["b"].direction == 0  # up and down alike
    assert [found[name].matters for name in x] == [True, True, True, False]
    assert found["b"].gap.value > found["a"].gap.value > found["c"].gap.value > found["nothing"].gap.value


def test_gap_is_that_of_salib_where_salib_sees_all() -> None:
    rng = np.random.default_rng(4)
    x = np.append(rng.random(200), 2.0)
    y = np.append(x[:200] ** 2 + rng.random(200), -1.0)
    problem = {"num_vars": 1, "names": ["x"], "bounds": [[0, 2]]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pawn.analyze(problem, x[:, None], y, S=10)["mean"][0]
    # SALib's last slide leaves the greatest value out, but its outcome stays among all.
    slide = np.minimum(np.searchsorted(np.quantile(x, np.linspace(0, 1, 11)), x, side="right") - 1, 9)
    step = np.unique(y, return_inverse=True)[1]
    whole = np.bincount(step).cumsum() / len(y)
    inside = [step[(slide == k) & (x < 2.0)] for k in range(10)]
    by_hand = [np.abs(np.bincount(s, minlength=len(whole)).cumsum() / len(s) - whole).max() for s in inside]
    assert theirs == pytest.approx(np.mean(by_hand))
    assert gap(slide, step) == pytest.approx(theirs, abs=0.02)
    assert (slide == slides(x)).all()


def test_gap_of_two_apart_halves_is_a_half() -> None:
    assert gap(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3])) == 0.5
    assert gap(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])) == 0.0
    assert gap(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([2.0, 1.0, 1.0])) == pytest.approx(0.25)


def test_grid_with_names_and_shared_luck() -> None:
    grid = list(itertools.product(range(4), ("calm", "hard", "odd")))
    level, story = np.array([a for a, _ in grid], float), np.array([b for _, b in grid])
    rng = np.random.default_rng(5)
    luck = rng.normal(0.0, 30.0, (1, 8))  # far larger than all effects, and shared
    y = luck + level[:, None] + 4.0 * (story == "odd")[:, None] + rng.normal(0.0, 0.3, (12, 8))
    found = _ranks({"level": level, "story": story}, y, drawn=False)
    assert found["level"].direction == 1
    assert found["story"].correlation is None
    assert found["story"].gap.value > 0.0
    assert found["story"].gap_p < 0.05


def test_one_factor_on_a_grid_is_told_from_its_luck() -> None:
    rng = np.random.default_rng(6)
    level = np.arange(5.0)
    found = _ranks({"level": level}, -level[:, None] + rng.normal(0.0, 1.0, (5, 10)), drawn=False)["level"]
    assert found.direction == -1
    luck = rng.normal(size=(5, 10))
    assert not _ranks({"level": level}, luck, drawn=False)["level"].matters


def test_noise_is_no_finding() -> None:
    rng = np.random.default_rng(7)
    drawn = grids = 0
    names = np.array([(a, b) for a in range(4) for b in range(3)], float)
    for seed in range(5):
        rare = rng.exponential(1.0, (60, 2)) * (rng.random((60, 2)) < 0.3)
        drawn += any(r.matters for r in _ranks(_drawn(60, "abcdef", seed), rare).values())
        luck = rng.normal(0.0, 5.0, (1, 6)) + rng.normal(size=(12, 6))
        grids += any(r.matters for r in _ranks({"a": names[:, 0], "b": names[:, 1]}, luck, drawn=False).values())
    assert drawn <= 1  # one of twenty is expected
    assert grids <= 1


def test_missing_runs_are_left_out() -> None:
    x = _drawn(80, "ab")
    y = np.stack([x["a"], x["a"]], axis=1)
    y[3], y[7, 0] = np.nan, np.nan
    found = rank(x, y, points_drawn=True, paired=True)
    without = {name: np.delete(column, 3) for name, column in x.items()}
    assert found == rank(without, np.delete(y, 3, axis=0), points_drawn=True, paired=True)
    assert found["a"].correlation.value > 0.99


def test_what_cannot_be_ranked_is_said() -> None:
    x = _drawn(30, "ab")
    y = x["a"][:, None]
    with pytest.raises(BadInput, match="12 points or more, not 5"):
        rank(_drawn(5, "ab"), y[:5], points_drawn=True, paired=True)
    with pytest.raises(BadInput, match="move together"):
        rank({"a": x["a"], "b": 2.0 * x["a"]}, y, points_drawn=True, paired=True)
    with pytest.raises(BadInput, match="same in all runs"):
        rank(x, np.ones((30, 2)), points_drawn=True, paired=True)


def test_an_interval_that_holds_nought_is_no_finding() -> None:
    inside, beyond = Estimate(0.3, -0.1, 0.6), Estimate(0.3, 0.1, 0.6)
    assert not Rank(inside, 0.01, inside, 0.01).matters
    assert not Rank(beyond, 0.06, beyond, 0.06).matters
    assert Rank(beyond, 0.04, inside, 1.0).direction == 1
    assert Rank(None, 1.0, beyond, 0.04).matters
    assert not Rank(Estimate(0.3, np.nan, np.nan), 0.01, Estimate(0.3, np.nan, np.nan), 0.01).matters


def test_many_candidates_have_few_findings() -> None:
    rng = np.random.default_rng(8)
    columns = rng.normal(size=(150, 300))
    names = [f"n{k}" for k in range(300)]
    outcome = np.exp(columns[:, 3] - 0.7 * columns[:, 8] + 0.5 * rng.normal(size=150))  # a tail that must not decide
    told = associate(names, columns, outcome)
    assert [one.name for one in told[:2]] == ["n3", "n8"]
    assert (told[0].correlation.value > 0.0, told[1].correlation.value < 0.0) == (True, True)
    assert {one.name for one in told if one.clear} == {"n3", "n8"}
    false = sum(any(one.clear for one in associate(names, columns, rng.normal(size=150))) for _ in range(20))
    assert false <= 3
    with pytest.raises(BadInput, match="10 draws or more, not 4"):
        associate(names, columns[:4], outcome[:4])


def test_normal_scores_are_ranks_alone() -> None:
    assert normal_scores(np.array([1.0, 50.0, 2.0])) == pytest.approx([-0.9674, 0.9674, 0.0], abs=1e-4)
    assert correlations(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]), np.array([-1.0, 0.0, 1.0])).tolist() == [1, 0]


def test_p_values_are_corrected_for_all_that_is_told_together() -> None:
    e = Estimate(0.3, 0.1, 0.5)
    ranks = {"y": {"a": Rank(e, 0.01, e, 0.02), "b": Rank(e, 0.03, e, 0.5)}, "z": {"a": Rank(e, 0.04, e, 0.03)}}
    told = corrected(ranks)
    assert [told["y"]["a"].p, told["y"]["b"].p, told["z"]["a"].p] == pytest.approx([0.03, 0.06, 0.06])
    assert [told["y"]["a"].gap_p, told["y"]["b"].gap_p, told["z"]["a"].gap_p] == pytest.approx([0.06, 0.5, 0.06])
    assert [told["y"]["a"].matters, told["y"]["b"].matters] == [True, False]


@pytest.mark.parametrize("paired", [False, True])
def test_draws_that_take_missing_runs_alone_say_nothing(paired: bool) -> None:
    """Of three seeds the runs of one are all missing; a warning would be an error here."""
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 40))
    outcome = (x + 0.1 * y)[:, None] + 0.01 * rng.random((40, 3))
    outcome[:, 1] = np.nan
    found = rank({"x": x, "y": y}, outcome, points_drawn=False, paired=paired)
    assert found["x"].correlation.value > found["y"].correlation.value > 0.0
