"""The baseline study: windows, verdicts, failures and files, on made-up runs; one real short run."""

import csv
import datetime
import json
from pathlib import Path

import numpy as np
import pytest

from abm.accounts.statement import Cause, Default
from abm.calibration.facts import names_in, read_table
from abm.errors import BadInput
from experiments import baseline as study
from experiments.baseline import FLOW, MEASURES, STOCK, Comparison, Forecast, Run

YEARS = 8
OPENING = datetime.date(2025, 12, 31)


def failure(
    firm: str, month: int, kind: str = "neocloud", own: float = 0.25, way: str = "liquidation"
) -> Default:
    causes = (Cause("OpenAI", "customer", 0.5), Cause(None, "market", 0.5 - own)) if own < 0.5 else ()
    return Default(month, 1, firm, kind, way, own >= 0.5, 1.0, 2.0, 0.0, 1.5, 0.0, 0.0, own, False, causes)


def made_up(seed: int, level: float, defaults: tuple[Default, ...] = (), opening: datetime.date = OPENING) -> Run:
    """Flows of `level` a month; stocks that double every year from `level` at the opening."""
    months = np.arange(12 * YEARS + 1)
    stock, flow = level * np.exp2(months / 12.0), np.where(months > 0, level, 0.0)
    paths = {m.name: stock if m.kind == STOCK else flow for m in MEASURES}
    return Run(seed, paths, list(defaults), opening, "Star Lab")


def forecast(low: float, high: float) -> Forecast:
    return Forecast("G7-009", "X", "y", "bn USD", "capex", "sum 2026", low, high, "as stated", "too few", "too many")


@pytest.mark.parametrize(
    ("measure", "window", "expected"),
    [
        ("capex", "sum 2026", 12.0),
        ("capex", "sum 2026-2028", 36.0),
        ("capex", "sum 2028", 12.0),
        ("fleet", "end 2026", 2.0),
        ("fleet", "change 2028", 7.0),
        ("fleet", "growth 2026-2028", 2.0),
        ("fleet", "growth 2027", 2.0),
        ("fleet", "fall 2026-2028", 0.5),
    ],
)
def test_windows(measure: str, window: str, expected: float) -> None:
    assert study.window_value(made_up(1, 1.0), measure, window) == pytest.approx(expected)


def test_years_are_those_of_the_calendar_whatever_the_opening() -> None:
    run = made_up(1, 1.0, opening=datetime.date(2024, 9, 30))
    assert study.window_value(run, "fleet", "end 2024") == pytest.approx(2.0 ** (3 / 12))
    assert study.window_value(run, "capex", "sum 2025-2026") == pytest.approx(24.0)
    rows = study.yearly_bands([run])
    stocks = [row for row in rows if row[0] == "fleet"]
    assert [row[3] for row in stocks] == list(range(2024, 2032))  # of 2032 nine months are run
    assert stocks[1][5] == pytest.approx(2.0 ** (15 / 12))
    flows = [row for row in rows if row[0] == "capex"]
    assert [row[3] for row in flows] == list(range(2025, 2032))
    assert {row[5] for row in flows} == {12.0}
    told = study.report([run], [], study.count_failures([run]))
    assert "| Star Lab: revenue |" in told
    assert "Beside the forecasts" not in told


def test_a_window_of_another_form_is_refused() -> None:
    with pytest.raises(BadInput, match="unknown window 'mean 2026'"):
        study.window_value(made_up(1, 1.0), "capex", "mean 2026")


def test_the_default_rate_counts_borrowers_in_the_window_only() -> None:
    fallen = (failure("A", 1), failure("B", 12), failure("C", 13), failure("JPMorgan", 5, "lender"))
    assert study.window_value(made_up(1, 2.0, fallen), "default_rate", "sum 2026") == pytest.approx(100 * 2 / 24)


@pytest.mark.parametrize(
    ("band", "verdict", "reason"),
    [
        ((1.0, 10.0, 30.0), "inside", ""),
        ((1.0, 9.0, 10.0), "below, band overlaps", "too few"),
        ((1.0, 9.0, 9.5), "below", "too few"),
        ((20.0, 21.0, 30.0), "above, band overlaps", "too many"),
        ((20.5, 21.0, 30.0), "above", "too many"),
    ],
)
def test_verdicts(band: tuple[float, float, float], verdict: str, reason: str) -> None:
    found = Comparison(forecast(10.0, 20.0), band)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_every_forecast_is_a_range_over_facts_of_a_measure() -> None:
    names = {m.name for m in MEASURES} | {"default_rate"}
    rows = read_table(study.FORECASTS)
    for row, found in zip(rows, study.read_forecasts(), strict=True):
        assert 0.0 < found.low < found.high, row
        assert found.measure in names
        assert np.isfinite(study.window_value(made_up(1, 1.0), found.measure, found.window))
        used = {i for end in ("low", "high") for i in names_in(row[end])[0]}
        named = set(row["facts"].split(", "))
        assert used == named, row


def test_bands_are_percentiles_over_seeds_and_stocks_begin_at_the_opening() -> None:
    runs = [made_up(k, float(k)) for k in range(11)]
    rows = {(name, year): band for name, _, _, year, *band in study.yearly_bands(runs)}
    assert rows["capex", 2026] == pytest.approx([12.0, 60.0, 108.0])
    assert rows["fleet", 2025] == pytest.approx([1.0, 5.0, 9.0])
    assert ("capex", 2025) not in rows
    assert rows["fleet", 2033] == pytest.approx([256.0, 1280.0, 2304.0])
    (found,) = study.compare(runs, [forecast(61.0, 70.0)])
    assert found.verdict == "below, band overlaps"


def test_failures_are_counted_by_firm_and_cause() -> None:
    runs = [
        made_up(1, 1.0, (failure("CoreWeave", 10), failure("xAI", 20, "lab", own=1.0))),
        made_up(2, 1.0, (failure("CoreWeave", 30),)),
        made_up(3, 1.0),
        made_up(4, 1.0),
    ]
    found = study.count_failures(runs)
    assert found.per_run.tolist() == [2, 1, 0, 0]
    assert found.firms[0] == ("CoreWeave", "neocloud", 0.5, 20.0, 0.0, "customer 50 %")
    assert found.firms[1] == ("xAI", "lab", 0.25, 20.0, 1.0, "own doing 100 %")
    again = [*runs[0].defaults, failure("CoreWeave", 30, way="deferral"), failure("Nebius", 3, way="deferral")]
    twice = [failure("CoreWeave", 9, way="distressed exchange"), *again]
    assert study.count_failures([runs[0]._replace(defaults=again)]).per_run.tolist() == [2]
    (first, _) = study.count_failures([runs[0]._replace(defaults=twice)]).firms
    assert (first[0], first[2], first[3]) == ("CoreWeave", 1.0, 9.0)
    assert found.fundamental == pytest.approx(1 / 3)
    assert found.channels == pytest.approx({"own doing": 0.5, "customer": 1 / 3, "market": 1 / 6})


def test_files_of_the_study(tmp_path: Path) -> None:
    runs = [made_up(k, float(k), (failure("xAI", 20, "lab"),) * (k % 2)) for k in range(1, 6)]
    text = study.write(runs, tmp_path)
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == text
    assert "none in 40 % of the runs" in text
    with (tmp_path / "forecasts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(study.read_forecasts())
    assert all(float(row["p10"]) <= float(row["median"]) <= float(row["p90"]) for row in rows)
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["seeds"] == [1, 2, 3, 4, 5]
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_a_real_run_fills_every_measure() -> None:
    run = study.one_run(1, years=1)
    again = study.one_run(1, years=1)
    for m in MEASURES:
        path = run.paths[m.name]
        assert path.shape == (13,)
        assert np.all(np.isfinite(path)), m.name
        assert np.array_equal(path, again.paths[m.name]), m.name
        if m.name not in {"flagship_equity", "flagship_before_compute"}:
            assert path[-1] > 0.0, m.name
    parts = run.paths["consumers"] + run.paths["firms"]
    assert run.paths["ai_revenue"] == pytest.approx(parts)
    assert run.paths["token_price"][0] == 100.0
    assert {m.kind for m in MEASURES} == {FLOW, STOCK}
