"""Intervals cover, comparisons find what is there, maps add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from abm.errors import BadInput
from experiments.analysis.distribution import MOST_VALUES, chance, summarise, survival
from experiments.analysis.intervals import mean_of
from experiments.analysis.options import ReportOptions, condition
from experiments.analysis.paired import compare, holm
from experiments.analysis.phase import phase_map, profile

TABLES = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(-1e6, 1e6))


def _covers(interval: tuple[float, float, float], truth: float) -> bool:
    return interval[1] <= truth <= interval[2]


def test_paired_interval_covers_at_its_level() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(1000):
        luck = rng.normal(0.0, 5.0, (1, 12))  # far larger than the effect, and shared
        baseline = luck + rng.normal(0.0, 1.0, (4, 12))
        policy = luck - 0.7 + rng.normal(0.0, 1.0, (4, 12)) + rng.normal(0.0, 0.5, (1, 12))
        hits += _covers(compare(policy, baseline, points_drawn=False).difference, -0.7)
    assert 930 <= hits <= 968  # 950 expected, three standard errors are 21


def test_interval_with_drawn_points_covers_their_luck_too() -> None:
    rng = np.random.default_rng(2)
    hits = narrow = 0
    for _ in range(600):
        effect = rng.normal(1.0, 1.0, (30, 1)) + rng.normal(0.0, 0.5, (1, 8)) + rng.normal(0.0, 1.0, (30, 8))
        hits += _covers(mean_of(effect, points_drawn=True).interval(), 1.0)
        narrow += _covers(mean_of(effect, points_drawn=False).interval(), 1.0)
    assert 0.935 <= hits / 600 <= 0.99
    assert narrow / 600 < 0.93  # seeds alone are too sure: what the other part is for


def test_pairing_pays_when_luck_is_shared() -> None:
    rng = np.random.default_rng(3)
    luck = rng.normal(0.0, 10.0, (1, 40))
    found = compare(luck + rng.normal(2.0, 1.0, (1, 40)), luck + rng.normal(0.0, 1.0, (1, 40)), points_drawn=False)
    assert found.gain > 20.0
    assert found.p < 0.01
    assert found.higher > found.lower
    assert found.sign_p < 0.05


def test_equal_policies_differ_in_nothing() -> None:
    same = np.arange(6.0).reshape(2, 3)
    found = compare(same, same, points_drawn=True)
    assert found.difference == (0.0, 0.0, 0.0)
    assert (found.p, found.sign_p, found.lower, found.higher) == (1.0, 1.0, 0, 0)
    assert np.isnan(found.gain)


def test_constant_difference_is_certain() -> None:
    base = np.arange(8.0).reshape(1, 8)
    found = compare(base + 2.0, base, points_drawn=False)
    assert found.difference == (2.0, 2.0, 2.0)
    assert found.p == 0.0


def test_missing_runs_leave_their_pair_out() -> None:
    base, policy = np.zeros((1, 5)), np.array([[1.0, 2.0, np.nan, 3.0, np.nan]])
    found = compare(policy, base, points_drawn=False)
    assert (found.pairs, found.difference.value) == (3, 2.0)
    with pytest.raises(BadInput, match="two pairs"):
        compare(policy[:, 2:4], base[:, 2:4], points_drawn=False)
    with pytest.raises(BadInput, match="one shape"):
        compare(policy, base[:, :2], points_drawn=False)


def test_holm_against_its_definition() -> None:
    p = [0.001, 0.2, 0.01, 0.02, 0.6]
    corrected = holm(p)
    for value, found in zip(p, corrected, strict=True):
        before = [other for other in p if other <= value]
        assert found == pytest.approx(min(1.0, max((len(p) - sum(o < b for o in p)) * b for b in before)))
    assert holm([]) == []


def test_chance_covers_at_its_level() -> None:
    rng = np.random.default_rng(4)
    hits = sum(_covers(chance((rng.random((1, 40)) < 0.1).astype(float), points_drawn=False), 0.1) for _ in range(300))
    assert hits / 150 >= 0.92
    never = chance(np.zeros((1, 50)), points_drawn=False)
    assert (never.value, never.low) == (0.0, 0.0)
    assert 0.05 < never.high < 0.1  # the rule of three says 0.06


def test_survival_band_holds_the_whole_curve() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(200):
        found = survival(rng.exponential(1.0, (1, 60)), points_drawn=False)
        truth = np.exp(-found.at)
        hits += bool(np.all((truth >= found.low - 1e-12) & (truth <= found.high + 1e-12)))
    assert hits / 200 >= 0.93


def test_summary_of_known_numbers() -> None:
    found = summarise(np.arange(1.0, 101.0).reshape(1, 100), points_drawn=False)
    assert found.runs == 100
    assert found.mean.value == 50.5
    assert found.median.value == 50.5
    assert found.high.value == pytest.approx(95.05)
    assert found.worst.value == 98.0
    assert found.mean.low < 50.5 < found.mean.high
    with pytest.raises(BadInput, match="no run"):
        summarise(np.full((2, 2), np.nan), points_drawn=False)


@settings(deadline=None, max_examples=40)
@given(TABLES, st.booleans())
def test_survival_falls_from_one(table: np.ndarray, drawn: bool) -> None:
    found = survival(table, points_drawn=drawn)
    assert found.share[0] == 1.0
    assert np.all(np.diff(found.share) < 0.0)
    assert np.all((found.low <= found.share) & (found.share <= found.high))
    assert found.share[-1] == pytest.approx(np.mean(table == table.max()))


def test_map_of_a_grid_has_its_means() -> None:
    x, y = np.meshgrid([1.0, 2.0, 4.0], [10.0, 20.0])
    outcome = np.stack([x.ravel() * y.ravel() + shift for shift in (-1.0, 0.0, 1.0)], axis=1)
    found = phase_map(x.ravel(), y.ravel(), outcome, points_drawn=False)
    assert found.mean.tolist() == [[10.0, 20.0, 40.0], [20.0, 40.0, 80.0]]
    assert found.x.values.tolist() == [1.0, 2.0, 4.0]
    assert found.runs.tolist() == [[3] * 3] * 2
    assert found.low[0, 0] == pytest.approx(10.0 - 4.302652729749462 / np.sqrt(3.0))


@settings(deadline=None, max_examples=40)
@given(st.integers(30, 200), st.integers(1, 4), st.integers(0, 10**6))
def test_map_and_profile_lose_no_run(points: int, seeds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, outcome = rng.random(points), rng.random(points), rng.normal(size=(points, seeds))
    found = phase_map(x, y, outcome, points_drawn=True)
    assert found.runs.sum() == outcome.size
    weighted = np.nansum(found.mean * found.runs) / outcome.size
    assert weighted == pytest.approx(outcome.mean(), abs=1e-9)
    along = profile(x, outcome, points_drawn=True)
    assert np.nanmin(along.mean) <= outcome.mean() <= np.nanmax(along.mean)
    with pytest.raises(BadInput, match="vary"):
        profile(np.ones(points), outcome, points_drawn=True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"crisis": "defaults"}, "outcome, a sign and a number"),
        ({"crisis": "defaults > many"}, "outcome, a sign and a number"),
        ({"crisis": "defaults > inf"}, "outcome, a sign and a number"),
        ({"crisis": "lossses > 3"}, "did you mean 'losses'"),
        ({"outcomes": ["defualts"]}, "did you mean 'defaults'"),
        ({"map": ["loan_tenor", "polcy"]}, "no factor 'polcy'; did you mean 'policy'"),
        ({"map": ["loan_tenor", "loan_tenor"]}, "two different factors"),
        ({"compare": "price_impact"}, "no factor with a list of values 'price_impact'"),
        ({"baseline": "nothing"}, "no value of 'policy' 'nothing'"),
        ({"compare": "loan_tenor", "baseline": 37.0}, "this study has: 36, 60"),
    ],
)
def test_mistakes_in_report_options_are_sentences(given: dict, said: str) -> None:
    factors = {"loan_tenor": (36.0, 60.0), "price_impact": None, "policy": ("none", "caps")}
    with pytest.raises(ValueError, match=said):
        ReportOptions.model_validate(given).check(factors, ["defaults", "losses"])


def test_what_is_compared_by_default() -> None:
    options = ReportOptions()
    assert options.compared({"loan_tenor": (36.0, 60.0), "scenario": ("a", "b")}) == "scenario"
    assert options.compared({"scenario": ("a", "b"), "policy": ("none", "x")}) == "policy"
    assert options.compared({"price_impact": None}) is None
    assert ReportOptions(compare="loan_tenor").compared({"loan_tenor": (36.0, 60.0)}) == "loan_tenor"


@pytest.mark.parametrize(
    ("sign", "expected"), [(">=", [0, 1, 1]), (">", [0, 0, 1]), ("<=", [1, 1, 0]), ("<", [1, 0, 0])]
)
def test_condition(sign: str, expected: list[int]) -> None:
    assert condition(f"x {sign} 2").holds(np.array([1.0, 2.0, 3.0])).astype(int).tolist() == expected


def test_the_curve_of_many_runs_is_drawn_through_some_of_their_values():
    values = np.random.default_rng(1).exponential(size=(3000, 2))
    told = survival(values, points_drawn=False)
    assert len(told.at) <= MOST_VALUES
    assert (told.at[0], told.at[-1]) == (values.min(), values.max())
    assert told.share[[0, 1000]] == pytest.approx([(values >= at).mean() for at in told.at[[0, 1000]]])
