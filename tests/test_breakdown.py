"""Runs at the corners of the parameters' ranges: sound to the end, or stopped with one sentence and nothing written."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from abm import open_economy
from abm.errors import BadInput, Breakdown
from abm.inputs.dates import LAST_MONTH
from abm.inputs.parameters import BY_NAME, PARAMETERS
from experiments.cli import main

NONSENSE = {
    "training_decay": 1.0, "task_complexity": 18.0, "quality_return": 2.0, "lending_margin": 0.3,
    "quality_sensitivity": 20.0,
}  # fmt: skip


def corner(seed):
    """Every parameter at one end of its range."""
    rng = np.random.default_rng(seed)
    return {p.name: p.low if rng.random() < 0.5 else p.high for p in PARAMETERS}


@pytest.mark.parametrize("seed", [4, 12, 23, 31, 54, 100])
def test_a_corner_is_run_to_a_sound_end_or_stops_with_a_sentence(seed):
    """Each of these once ended in numbers that are none."""
    economy = open_economy(parameters=corner(seed), seed=seed, panel=False)
    said = ""
    try:
        economy.run(96)
    except Breakdown as stopped:
        said = str(stopped)
    if said:
        assert said.startswith("the run breaks down in 20")
        return
    series = economy.rows("series")
    assert all(np.isfinite(series[column]).all() for column in series.dtype.names)
    assert series["imbalance"].max() <= 1e-9 * series["gross_flow"].max()


def test_the_quantity_that_is_no_number_is_named_with_its_month():
    economy = open_economy(seed=1, panel=False)
    economy.run(2)
    economy.state.firms["quality"][economy.firm("OpenAI")] = np.nan
    with pytest.raises(Breakdown, match=r"2026-03: .*\(\w+\).*no number that a computer holds"):
        economy.run(12)
    assert economy.month == 3


def test_accounts_that_do_not_close_end_the_run():
    economy = open_economy(seed=1, panel=False)
    economy.state.firms["retained"][economy.firm("CoreWeave")] += 1e-3
    with pytest.raises(Breakdown, match=r"2026-01: the accounts are open by 0\.001 bn"):
        economy.run(12)


def test_accounts_are_judged_against_the_payments_of_a_month():
    economy = open_economy(seed=1, panel=False)
    economy.state.firms["retained"][economy.firm("CoreWeave")] += 1e-9
    economy.run(2)
    assert economy.rows("series")["imbalance"][-1] >= 0.9e-9


def test_a_run_that_breaks_down_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("abm.simulation.TOLERANCE", -1.0)  # said of it; the engine's own is compiled in
    real = open_economy

    def opened(*args, **kwargs):
        economy = real(*args, **kwargs)
        economy.state.firms["cash"][economy.firm("CoreWeave")] = np.inf
        return economy

    monkeypatch.setattr("abm.simulation.open_economy", opened)
    done = CliRunner().invoke(main, ["run", "--months", "3"])
    assert done.exit_code == 2
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("error: the run breaks down in 2026-01: ")
    assert not list(tmp_path.rglob("*.parquet"))
    assert not [p for p in tmp_path.rglob("*") if p.is_dir() and "seed1" in p.name]


@pytest.mark.parametrize("name", NONSENSE)
def test_bounds_that_were_only_technical_are_plausible_ones(name):
    known = BY_NAME[name]
    assert known.high < NONSENSE[name] or name in ("task_complexity", "lending_margin")


def test_nonsense_is_refused_in_one_sentence():
    settings = [word for name, value in NONSENSE.items() for word in ("--set", f"{name}={value}")]
    done = CliRunner().invoke(main, ["run", "--months", "3", *settings])
    assert done.exit_code == 2
    assert "must lie between" in done.stderr


@pytest.mark.parametrize(
    ("months", "said"),
    [(0, "at least 1, not 0"), (LAST_MONTH + 1, f"at most {LAST_MONTH}, not {LAST_MONTH + 1}"), (10**12, "at most")],
)
def test_months_have_a_bound_that_is_said(months, said):
    done = CliRunner().invoke(main, ["run", "--months", str(months)])
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: Invalid value for '--months': it must be {said}")
    with pytest.raises(BadInput, match="months must be"):
        open_economy(seed=1, panel=False).run(months)


def test_a_run_that_breaks_down_is_a_failure_row_of_a_sweep(tmp_path, monkeypatch):
    from abm.simulation import Economy
    from experiments.runner import sweep
    from experiments.study import Study

    def broken(self, months, progress=None):
        raise Breakdown("the run breaks down in 2026-02: price (price) is no number that a computer holds")

    monkeypatch.setattr(Economy, "run", broken)
    study = Study.model_validate({"name": "corner", "months": 2, "factors": {"demand_growth": [1.0]}, "replicates": 2})
    found = sweep(study, tmp_path / "out", workers=1, how="threads")
    assert len(found.failures) == 2
    assert set(found.failures["error"]) == {"Breakdown"}
    assert json.dumps(found.failures["message"].tolist()).count("breaks down in 2026-02") == 2
