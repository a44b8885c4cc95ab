"""The same parameters and seed, the same bytes: compiled or not, in any process, thread, order or step."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from economies import fingerprint, random_economy
from hypothesis import given, settings
from hypothesis import strategies as st

from abm import open_economy
from abm.engine import draws
from abm.engine.tables import LAB, N_SEGMENTS
from abm.inputs.scenarios import Scenario, Shock

HERE = Path(__file__).parent


def fingerprints(arguments: list[str], **environment: str) -> dict[str, str]:
    """Result hashes from a process of its own."""
    done = subprocess.run(
        [sys.executable, str(HERE / "economies.py"), *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE.parent,
        env={**os.environ, **environment},
    )
    return dict(line.split() for line in done.stdout.splitlines())


# Runs with defaults and rounds of contagion among them, so that the rare paths are compared too.
SHORT = ["baseline:1:3", "2024-12-31:2:3", "random:0:6", "random:7:6", "random:26:6", "random:54:6", "random:49:8"]
LONG = [
    "baseline:1:60", "2024-12-31:1:24", "baseline:2:60", "baseline:3:24", "random:4:60", "random:5:36", "random:6:60",
]


def test_compiled_and_uncompiled_runs_give_the_same_bytes():
    plain = fingerprints(SHORT, NUMBA_DISABLE_JIT="1")
    assert plain == {argument: fingerprint(argument) for argument in SHORT}


def test_the_runs_compared_have_defaults_in_them():
    failed = 0
    for argument in SHORT[2:]:
        _, seed, months = argument.split(":")
        economy = random_economy(int(seed), panel=True)
        economy.run(int(months))
        failed += len(economy.rows("defaults"))
    assert failed >= 5


def test_two_processes_and_two_orders_of_seeds_give_the_same_bytes():
    forth = fingerprints(LONG, PYTHONHASHSEED="1")
    assert len(set(forth.values())) == len(LONG)
    assert forth == {argument: fingerprint(argument) for argument in reversed(LONG)}


def test_threads_at_once_give_the_same_bytes():
    alone = [fingerprint(argument) for argument in LONG]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(fingerprint, LONG)) == alone


@pytest.mark.parametrize("which", ["baseline", 7])
def test_month_by_month_is_the_same_as_one_run(which):
    def economy():
        return open_economy(seed=5) if which == "baseline" else random_economy(which, panel=True)

    whole, steps, parts = economy(), economy(), economy()
    whole.run(30)
    for _ in range(30):
        steps.run(1)
    seen: list[int] = []
    parts.run(30, progress=seen.append)
    assert steps.result_hash() == whole.result_hash()
    assert parts.result_hash() == whole.result_hash()
    assert seen == [12, 24, 30]


def test_other_seeds_and_parameters_give_other_bytes():
    runs = [
        open_economy(seed=1), open_economy(seed=2), open_economy(parameters={"take_or_pay": 0.9}),
        open_economy(Scenario(title="t", shocks=[Shock(firm="Lambda", effect="loses cash", size=0.1, start=2)])),
    ]  # fmt: skip
    for economy in runs:
        economy.run(6)
    assert len({economy.result_hash() for economy in runs}) == len(runs)


@pytest.mark.parametrize(
    ("table", "column"), [("firms", "cash"), ("loans", "rate"), ("series", "spot_price"), ("events", "amount")]
)
def test_the_hash_sees_the_last_bit(table, column):
    economy = open_economy()
    economy.run(2)
    before = economy.result_hash()
    cells = economy.rows(table)[column]
    cells[-1] = np.nextafter(cells[-1], np.inf)
    assert economy.result_hash() != before


@pytest.mark.parametrize("which", ["baseline", 7])
def test_a_copy_branches_and_leaves_the_original_alone(which):
    original = open_economy(seed=4) if which == "baseline" else random_economy(which, panel=True)
    original.run(6)
    before = original.result_hash()
    state = {name: getattr(original.state, name).copy() for name in ("firms", "fleet", "market", "share")}
    branch = original.copy()
    branch.run(12)
    assert original.month == 6
    assert original.result_hash() == before
    assert all(np.array_equal(getattr(original.state, name), value) for name, value in state.items())
    original.run(12)
    assert original.result_hash() == branch.result_hash()


# --- random numbers ---------------------------------------------------------------------------------------
KNOWN = [  # Random123, kat_vectors, philox4x32 with 10 rounds: counter, key, result
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_known_answers(counter, key, expected):
    words = [np.uint64(word) for word in (*counter, *key)]
    assert tuple(int(word) for word in draws.philox(*words)) == expected


WHOLE = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**62 - 1), st.integers(0, 10), WHOLE, WHOLE)
def test_a_draw_is_inside_its_range_and_a_pure_function(seed, purpose, month, who):
    u = draws.uniform(seed, purpose, month, who)
    assert 0.0 < u < 1.0
    assert u == draws.uniform(seed, purpose, month, who)
    assert abs(draws.normal(seed, purpose, month, who)) < 9.0


def test_draws_have_the_moments_of_their_distributions():
    u = np.array([draws.uniform(9, draws.D_ROUND, month, who) for month in range(100) for who in range(200)])
    z = np.array([draws.normal(9, draws.D_RATE, month, who) for month in range(100) for who in range(200)])
    # Five standard errors of 20,000 draws.
    assert abs(u.mean() - 0.5) < 5 * 0.2887 / 20_000**0.5
    assert abs(u.var() - 1 / 12) < 5 * 0.0745 / 20_000**0.5
    assert abs(z.mean()) < 5 / 20_000**0.5
    assert abs(z.var() - 1.0) < 5 * 2**0.5 / 20_000**0.5
    assert abs(np.mean(z**4) - 3.0) < 5 * 96**0.5 / 20_000**0.5


def test_purposes_months_firms_and_seeds_have_streams_of_their_own():
    ways = [(1, 2, 3, 4), (2, 2, 3, 4), (1, 3, 3, 4), (1, 2, 4, 4), (1, 2, 3, 5), (1 + 2**32, 2, 3, 4)]
    assert len({draws.uniform(*way) for way in ways}) == len(ways)
    assert len({draws.normal(*way) for way in ways}) == len(ways)


def paths(months: int = 36, seed: int = 3, **parameters: float) -> dict[str, list[float]]:
    """What the world's own draws move, month by month."""
    economy = open_economy(parameters=parameters, seed=seed, panel=False)
    found: dict[str, list[float]] = {"rate": [], "demand": [], "fleet": []}
    for _ in range(months):
        economy.run(1)
        found["rate"].append(float(economy.state.market[0].base_rate))
        found["demand"].append([float(economy.state.segments[s].shock) for s in range(N_SEGMENTS)])
        found["fleet"].append(float(economy.rows("series")["fleet"][-1]))
    return found


def test_two_scenarios_with_one_seed_share_the_draws_that_both_make():
    calm, busy = paths(), paths(demand_growth=2.0, lender_capital=0.3, entry_rate=12.0)
    assert calm["rate"] == busy["rate"]
    assert calm["demand"] == busy["demand"]
    assert calm["fleet"] != busy["fleet"]
    other = paths(seed=4)
    assert calm["rate"] != other["rate"]
    assert calm["demand"] != other["demand"]


def test_a_firm_that_fails_takes_no_luck_from_others():
    def luck(shocks: list[Shock]) -> list[float]:
        economy = open_economy(
            Scenario(title="t", shocks=shocks), parameters={"quality_return": 0.0, "spillover": 0.0}, panel=False
        )
        economy.run(12)
        firms = economy.rows("firms")
        return [float(f["quality"]) for f in firms if f["kind"] == LAB and f["status"] == 1]

    whole = luck([])
    without_xai = luck([Shock(firm="xAI", effect="defaults", start=2)])
    # With no return to training and no spillover, quality is a sum of draws: others keep theirs.
    assert len(without_xai) < len(whole)
    assert set(without_xai) <= set(whole)


def test_a_month_that_found_no_room_in_a_table_is_run_again_with_the_same_bytes(monkeypatch):
    monkeypatch.setattr("abm.simulation.MOST_PAIRS", 0)  # as if there were too many firms to reserve for all pairs
    plain, short = open_economy(seed=1), open_economy(seed=1)
    real, calls = short._engine, []

    def without_room(state, months):
        done = real(state, months)
        calls.append(int(state.market[0].month))
        state.market[0].no_room = int(len(calls) == 3)
        return done

    short._engine = without_room
    rows = len(short.state.hits)
    plain.run(6)
    short.run(6)
    assert calls == [1, 2, 3, 3, 4, 5, 6]
    assert len(short.state.hits) > rows
    assert short.result_hash() == plain.result_hash()
