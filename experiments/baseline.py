"""The baseline beside forecasts of its time: many seeds, yearly medians and bands, and who fails.

``python -m experiments.baseline --seeds 200 --out runs/baseline`` writes a folder: `yearly.csv`,
`forecasts.csv`, `failures.csv`, `figure.png`, `report.md` and a manifest. What each forecast says, how it is
put in the model's own terms and why the model may differ is in `baseline_forecasts.csv`; its cells are formulas over
the facts of `abm/calibration/facts.csv`, so a changed fact changes the comparison. They are forecasts made before the
usual opening; from another one (`--opening`) there is no comparison.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import functools
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from abm import open_economy
from abm.accounts import statement
from abm.accounts.statement import Default
from abm.calibration.facts import evaluate, read_table
from abm.calibration.opening import DEFAULT_OPENING, Opening, opening_tables
from abm.calibration.worlds import World
from abm.engine import tables
from abm.engine.compiled import source_hash
from abm.errors import BadInput, InvisibleDebtError
from abm.simulation import Economy
from experiments.figure import BLACK, BLUE, GREEN, ORANGE, RED
from experiments.folders import MANIFEST, new_folder, same_recipe
from experiments.reproductions.figures import save
from experiments.reproductions.study import Bench
from experiments.summary import number

FORMAT = "invisible-debt baseline 1"
FORECASTS = Path(__file__).parent / "baseline_forecasts.csv"
DEBT_OF = "debt of "  # a measure of this beginning is the debt of the firm named
YEARS = 8
BAND = (10.0, 50.0, 90.0)
# Kinds of firm that borrow to build or to use AI infrastructure.
BORROWERS = (tables.LAB, tables.HYPERSCALER, tables.NEOCLOUD, tables.VEHICLE)
FLOW, STOCK = "sum of the year", "end of the year"


class Month:
    """An economy as its month ends; what several measures need is made once."""

    def __init__(self, economy: Economy) -> None:
        self.economy = economy

    @functools.cached_property
    def active(self) -> NDArray[Any]:
        """Rows of the active firms."""
        firms = np.asarray(self.economy.state.firms[: len(self.economy.names)])
        return firms[firms["status"] == tables.ACTIVE]

    @functools.cached_property
    def last(self) -> Any:
        """The last row of the aggregate series."""
        return np.asarray(self.economy.rows("series"))[-1]

    def row(self, name: str) -> Any:
        """The row of a firm; None once it has failed, or where the opening has no such firm."""
        if name not in self.economy.names:
            return None
        firm = np.asarray(self.economy.state.firms)[self.economy.firm(name)]
        return firm if firm["status"] == tables.ACTIVE else None

    @functools.cached_property
    def flagship(self) -> Any:
        """The row of the flagship of the opening."""
        return self.row(self.economy.opening.flagship)


class Measure(NamedTuple):
    """What is taken down every month; a stock has a value at the opening, a flow has none."""

    name: str
    kind: str
    unit: str
    label: str
    read: Callable[[Month], float]


def _series(name: str) -> Callable[[Month], float]:
    """The last value of a column of the aggregate series."""
    return lambda month: float(month.last[name])


def _segment(rows: Sequence[int]) -> Callable[[Month], float]:
    """Spending of some customer segments (bn/month)."""
    return lambda month: float(month.economy.state.segments["spending"][list(rows)].sum())


def _flagship(read: Callable[[Any], float]) -> Callable[[Month], float]:
    """Something of the flagship of the opening, 0 once it has failed."""
    return lambda month: 0.0 if month.flagship is None else float(read(month.flagship))


def _compute_cost(firm: Any) -> float:
    """What a lab pays for compute: its costs but for staff, research, sales and its revenue share (bn/month)."""
    share = firm["revenue_share"] * firm["revenue"]
    return float(firm["operating_cost"] - firm["fixed_cost"] - firm["stock_pay"] - share)


def _loss(firm: Any) -> float:
    """Operating loss with interest (bn/month)."""
    return float(firm["operating_cost"] + firm["depreciation"] + firm["interest_cost"] - firm["revenue"])


def _burn(firm: Any) -> float:
    """Cash spent on operations and interest beyond revenue (bn/month)."""
    return float(firm["operating_cost"] - firm["stock_pay"] + firm["interest_cost"] - firm["revenue"])


def _facility_gw(month: Month) -> float:
    """Power of all energised fleets at full load, with cooling (GW)."""
    return float(month.active["fleet_gw"].sum())


def _flagship_gw(month: Month) -> float:
    """Facility power of the capacity delivered to the flagship, at the fleet's mean power per H100e (GW)."""
    per_unit = float(month.active["fleet_gw"].sum() / month.active["capacity"].sum())
    return _flagship(lambda f: f["contracted_in"])(month) * per_unit


def _borrowers(month: Month) -> float:
    """Active firms that borrow for AI, as firm-years a month."""
    return float(np.isin(month.active["kind"], BORROWERS).sum()) / 12.0


def _ai_debt(month: Month) -> float:
    """Principal borrowed for AI infrastructure (bn)."""
    loans = np.asarray(month.economy.rows("loans"))
    return float(loans["principal"][(loans["status"] == tables.LIVE) & (loans["for_ai"] == 1)].sum())


def _debt(month: Month) -> float:
    """Principal owed by everybody but the outside sectors and the lenders that are no sponsors (bn)."""
    firms = month.active
    lends = (firms["kind"] == tables.LENDER) & (firms["subkind"] != tables.SPONSOR)
    return float(firms["debt"][~lends & (firms["kind"] != tables.OUTSIDE)].sum())


def _flagship_equity(month: Month) -> float:
    """Equity the flagship raised this month (bn)."""
    economy = month.economy
    events = np.asarray(economy.rows("events"))
    hit = (events["month"] == economy.month) & (events["kind"] == tables.E_EQUITY)
    return float(events["amount"][hit & (events["a"] == economy.firm(economy.opening.flagship))].sum())


def _look_through(month: Month) -> float:
    """Debt others carry for the labs (bn)."""
    return float(month.active["look_through"][month.active["kind"] == tables.LAB].sum())


def _market(name: str) -> Callable[[Month], float]:
    """A price of the market table."""
    return lambda month: float(month.economy.state.market[name][0])


def _token_price(month: Month) -> float:
    """Price of AI work, 100 at the opening."""
    return _market("token_price")(month) if month.economy.month else 100.0


def _equal_quality_price(month: Month) -> float:
    """Price of AI work at constant quality, 100 at the opening."""
    return _market("equal_quality_price")(month) if month.economy.month else 100.0


def named_debts() -> list[str]:
    """Measures of the debt of single firms that the forecasts speak of, such as "debt of Oracle"."""
    named = [row["measure"] for row in read_table(FORECASTS)]
    return list(dict.fromkeys(name for name in named if name.startswith(DEBT_OF)))


def _debt_of(measure: str) -> Callable[[Month], float]:
    """The debt of the firm that a measure names (bn), 0 once it has failed."""

    def value(month: Month) -> float:
        firm = month.row(measure.removeprefix(DEBT_OF))
        return 0.0 if firm is None else float(firm["debt"])

    return value


MEASURES = (
    Measure("ai_revenue", FLOW, "bn USD", "AI revenue", _series("ai_revenue")),
    Measure("consumers", FLOW, "bn USD", "of which consumers", _segment([tables.CONSUMER])),
    Measure(
        "firms", FLOW, "bn USD", "of which firms and developers",
        _segment([tables.ENTERPRISE, tables.DEVELOPERS, tables.APPLICATIONS]),
    ),
    Measure("capex", FLOW, "bn USD", "invested in GPUs and sites", _series("capex")),
    Measure("token_price", STOCK, "index", "price of AI work", _token_price),
    Measure("equal_quality_price", STOCK, "index", "the same at equal quality", _equal_quality_price),
    Measure("spot_price", STOCK, "USD/H100e-h", "GPU rent, spot", _market("spot_price")),
    Measure("contract_price", STOCK, "USD/H100e-h", "GPU rent, contracts", _market("contract_price")),
    Measure("fleet", STOCK, "M H100e", "fleet", lambda month: float(month.active["capacity"].sum())),
    Measure("facility_gw", STOCK, "GW", "power of the fleet at full load", _facility_gw),
    Measure("energy_twh", FLOW, "TWh", "electricity", _series("energy_twh")),
    Measure("ai_debt", STOCK, "bn USD", "AI debt", _ai_debt),
    Measure("debt", STOCK, "bn USD", "all debt of labs, clouds, projects, vendors and sponsors", _debt),
    Measure("look_through", STOCK, "bn USD", "carried by others for the labs", _look_through),
    Measure(
        "look_through_flagship", STOCK, "bn USD", "of which for {flagship}", _flagship(lambda f: f["look_through"])
    ),
    Measure("borrowers", FLOW, "firm-years", "firms that borrow for AI", _borrowers),
    *(Measure(name, STOCK, "bn USD", f"{name.removeprefix(DEBT_OF)}'s debt", _debt_of(name)) for name in named_debts()),
    Measure("flagship_revenue", FLOW, "bn USD", "{flagship}: revenue", _flagship(lambda f: f["revenue"])),
    Measure("flagship_compute", FLOW, "bn USD", "{flagship}: compute", _flagship(_compute_cost)),
    Measure("flagship_loss", FLOW, "bn USD", "{flagship}: operating loss", _flagship(_loss)),
    Measure("flagship_burn", FLOW, "bn USD", "{flagship}: cash burnt", _flagship(_burn)),
    Measure(
        "flagship_before_compute", FLOW, "bn USD", "{flagship}: cash flow before compute",
        _flagship(lambda f: _compute_cost(f) - _burn(f)),
    ),
    Measure("flagship_equity", FLOW, "bn USD", "{flagship}: equity raised", _flagship_equity),
    Measure("flagship_gw", STOCK, "GW", "{flagship}: capacity delivered", _flagship_gw),
)  # fmt: skip


def last_month(window: str, opening: datetime.date) -> int:
    """The month in which a window of years ends (months since the opening)."""
    return year_end(int(window.split("-")[-1].split()[-1]), opening)


def firm_of(measure: str, flagship: str) -> str | None:
    """The firm that a measure speaks of; None if of all."""
    if measure.startswith(DEBT_OF):
        return measure.removeprefix(DEBT_OF)
    return flagship if "flagship" in measure.split("_") else None


class Run(NamedTuple):
    """One seed: `paths[measure]` has shape (months + 1,), month 0 being the opening (0 for a flow)."""

    seed: int
    paths: dict[str, NDArray[np.float64]]
    defaults: list[Default]
    opening: datetime.date
    flagship: str


class Forecast(NamedTuple):
    """A row of `baseline_forecasts.csv`, its range worked out."""

    facts: str
    who: str
    what: str
    unit: str
    measure: str
    window: str
    low: float
    high: float
    conversion: str
    below: str
    above: str


class Comparison(NamedTuple):
    """A forecast beside the model: 10 %, median and 90 % of the seeds."""

    forecast: Forecast
    band: tuple[float, float, float]

    @property
    def verdict(self) -> str:
        """Inside if the median is, overlapping if the band reaches the range, else which side it is on."""
        low, middle, high = self.band
        f = self.forecast
        if f.low <= middle <= f.high:
            return "inside"
        side = "below" if middle < f.low else "above"
        return f"{side}, band overlaps" if low <= f.high and high >= f.low else side

    @property
    def reason(self) -> str:
        """The mechanism behind a median outside the range; empty if it is inside."""
        if self.verdict == "inside":
            return ""
        return self.forecast.below if self.verdict.startswith("below") else self.forecast.above


def year_end(year: int, opening: datetime.date) -> int:
    """The month in which a calendar year ends (months since the opening)."""
    return 12 * (year - opening.year) + 12 - opening.month


def one_run(
    seed: int, years: int = YEARS, opening: str | Path | Opening | World = DEFAULT_OPENING, *, central: bool = False
) -> Run:
    """The baseline with one seed: a world of its own, unless `central`.

    Parameters
    ----------
    seed : int
        Seed of the draws.
    years : int
        Length in years.
    opening : str, Path, Opening or World
        Name or folder of the opening; of tables only the parameters are drawn; a world is taken as it is.
    central : bool
        Whether parameters and opening are the central ones, so that only the luck of the run differs by seed; else
        the seed draws them too (`abm.calibration.worlds`).

    Returns
    -------
    Run
    """
    economy = open_economy(seed=seed, panel=False, opening=opening, central=central)
    paths = {m.name: np.zeros(12 * years + 1) for m in MEASURES}
    for month in range(12 * years + 1):
        if month:
            economy.run(1)
        found = Month(economy)
        for m in MEASURES:
            if month or m.kind == STOCK:
                paths[m.name][month] = m.read(found)
    return Run(seed, paths, list(statement.defaults(economy)), economy.opening.date, economy.opening.flagship)


def window_value(run: Run, measure: str, window: str) -> float:
    """A number of a run over some years.

    Parameters
    ----------
    run : Run
    measure : str
        One of `MEASURES`, or `default_rate`: failures of borrowers over their firm-years (%).
    window : str
        `sum 2026-2028`; `end 2030`; `change 2028`: from the opening to the end of that year; and for prices and
        stocks `growth 2026-2028`: yearly factor from the beginning of 2026 to the end of 2028; `fall 2026-2028`:
        its inverse.

    Returns
    -------
    float

    Raises
    ------
    BadInput
        If the window is not of this form.
    """
    how, _, years = window.partition(" ")
    first, _, last = years.partition("-")
    a, b = year_end(int(first) - 1, run.opening), year_end(int(last or first), run.opening)
    if measure == "default_rate":
        failed = sum(a < d.month <= b and d.kind in [tables.KIND_NAMES[k] for k in BORROWERS] for d in run.defaults)
        return 100.0 * failed / float(run.paths["borrowers"][a + 1 : b + 1].sum())
    path = run.paths[measure]
    if how == "sum":
        return float(path[a + 1 : b + 1].sum())
    if how == "end":
        return float(path[b])
    if how == "change":
        return float(path[b] - path[0])
    if how not in ("growth", "fall"):
        raise BadInput(f"unknown window '{window}' of {measure}")
    factor = math.exp(math.log(path[b] / path[a]) * 12.0 / (b - a))
    return factor if how == "growth" else 1.0 / factor


@functools.cache
def read_forecasts() -> tuple[Forecast, ...]:
    """The forecasts with their ranges worked out from the facts.

    Returns
    -------
    tuple of Forecast

    Raises
    ------
    BadInput
        If a formula names a fact that does not exist.
    """
    names = {"opening_revenue": float(opening_tables().revenue.sum())}  # bn a year, customers' spending at the opening

    def worked_out(row: dict[str, str]) -> Forecast:
        low, high = (evaluate(row[end], names.__getitem__) for end in ("low", "high"))
        return Forecast(**{**row, "low": low, "high": high})  # type: ignore[arg-type]

    return tuple(worked_out(row) for row in read_table(FORECASTS))


def compare(runs: Sequence[Run], forecasts: Iterable[Forecast]) -> list[Comparison]:
    """Every forecast beside the band of the runs."""
    found = []
    for f in forecasts:
        low, middle, high = np.percentile([window_value(run, f.measure, f.window) for run in runs], BAND)
        found.append(Comparison(f, (float(low), float(middle), float(high))))
    return found


def yearly_bands(runs: Sequence[Run]) -> list[tuple[str, str, str, int, float, float, float]]:
    """Rows (measure, unit, how the year is told, year, 10 %, median, 90 %); stocks also in the first year."""
    rows = []
    for m in MEASURES:
        paths = np.array([run.paths[m.name] for run in runs])
        for year in years_of(runs[0])[int(m.kind == FLOW) :]:
            end = year_end(year, runs[0].opening)
            told = paths[:, end] if m.kind == STOCK else paths[:, end - 11 : end + 1].sum(axis=1)
            low, middle, high = np.percentile(told, BAND)
            rows.append((m.name, m.unit, m.kind, year, float(low), float(middle), float(high)))
    return rows


def years_of(run: Run) -> range:
    """The year of the opening, and the calendar years that the run holds whole."""
    months = len(run.paths["fleet"]) - 1
    return range(run.opening.year, run.opening.year + (months - 12 + run.opening.month) // 12 + 1)


class Failures(NamedTuple):
    """Who fails in the baseline: counts over all runs."""

    per_run: NDArray[np.int64]
    firms: list[tuple[str, str, float, float, float, str]]
    fundamental: float
    channels: dict[str, float]


def count_failures(runs: Sequence[Run]) -> Failures:
    """Failures per run and by firm: of each run a firm's first.

    Returns
    -------
    Failures
        `firms` has a row a firm, the most frequent first: name, kind, share of runs in which it fails, median month,
        share of its failures that are fundamental, heaviest cause (part of the weights of its causes). `channels`
        is what explains all failures together: own doing and each channel, shares of their sum.
    """
    firsts = [list({d.firm: d for d in reversed(run.defaults) if d.fails}.values()) for run in runs]
    every = [d for run in firsts for d in reversed(run)]
    weights: Counter[str] = Counter()
    by_firm: dict[tuple[str, str], list[Default]] = {}
    for d in every:
        by_firm.setdefault((d.firm, d.kind), []).append(d)
        weights.update(_causes(d))
    rows = []
    for (firm, kind), found in by_firm.items():
        causes: Counter[str] = Counter()
        for d in found:
            causes.update(_causes(d))
        name, weight = causes.most_common(1)[0]
        month = float(np.median([d.month for d in found]))
        own = sum(d.fundamental for d in found) / len(found)
        rows.append((firm, kind, len(found) / len(runs), month, own, f"{name} {100.0 * weight / len(found):.0f} %"))
    rows.sort(key=lambda row: (-row[2], row[0]))
    total = sum(weights.values()) or 1.0
    return Failures(
        np.array([len(run) for run in firsts]),
        rows,
        sum(d.fundamental for d in every) / max(len(every), 1),
        {name: weight / total for name, weight in weights.most_common()},
    )


def _causes(default: Default) -> dict[str, float]:
    """What explains a default: its own doing and the channels, in shares of its shortfall."""
    found = {"own doing": default.own_share}
    for cause in default.causes:
        found[cause.channel] = found.get(cause.channel, 0.0) + cause.weight
    return found


def report(runs: Sequence[Run], comparisons: Sequence[Comparison], failures: Failures) -> str:
    """The numbers as Markdown: yearly table, comparison with the forecasts, failures."""
    opening, years = runs[0].opening, years_of(runs[0])
    bands = {(name, year): band for name, _, _, year, *band in yearly_bands(runs)}
    lines = [
        f"{len(runs)} seeds, {years[1]} to {years[-1]}; medians, in brackets the band from 10 to 90 % of the seeds.",
        "",
        "### By year",
        "",
        f"| | unit | {' | '.join(map(str, years))} |",
        f"|---|---|{'---:|' * len(years)}",
    ]
    for m in MEASURES:
        cells = [_band(bands.get((m.name, year))) for year in years]
        label, when = m.label.format(flagship=runs[0].flagship), ", end of year" if m.kind == STOCK else ""
        lines.append(f"| {label} | {m.unit}{when} | {' | '.join(cells)} |")
    if comparisons:
        inside = sum(c.verdict == "inside" for c in comparisons)
        lines += [
            "",
            "### Beside the forecasts",
            "",
            f"The median is inside the range in {inside} of {len(comparisons)} rows.",
            "",
            "| what | facts | range, in the model's terms | ours | | why it differs | how the range is made |",
            "|---|---|---:|---:|---|---|---|",
        ]
        for c in comparisons:
            f = c.forecast
            lines.append(
                f"| {f.who}: {f.what} ({f.unit}) | {f.facts} | {number(f.low)} to {number(f.high)} | {_band(c.band)}"
                f" | {c.verdict} | {c.reason} | {f.conversion} |"
            )
    counts = failures.per_run
    lines += [
        "",
        "### Who fails",
        "",
        f"Failures in a run: mean {counts.mean():.1f}, median {np.median(counts):.0f}, at most {counts.max()};"
        f" none in {100.0 * np.mean(counts == 0):.0f} % of the runs."
        f" {100.0 * failures.fundamental:.0f} % of them are fundamental.",
        "",
        "What explains them: "
        + ", ".join(f"{name} {100.0 * share:.0f} %" for name, share in failures.channels.items() if share >= 0.005)
        + ".",
        "",
        "| firm | kind | fails in | median year | fundamental | heaviest cause |",
        "|---|---|---:|---:|---:|---|",
    ]
    for firm, kind, share, month, own, cause in failures.firms:
        when = f"{opening.year + (opening.month + month - 1) / 12.0:.1f}"
        lines.append(f"| {firm} | {kind} | {100.0 * share:.0f} % | {when} | {100.0 * own:.0f} % | {cause} |")
    return "\n".join(lines) + "\n"


def _band(band: Sequence[float] | None) -> str:
    """Median and band in a cell; empty where there is none."""
    if band is None:
        return ""
    low, middle, high = map(number, band)
    return middle if low == high else f"{middle} ({low} to {high})"


def draw(runs: Sequence[Run], comparisons: Sequence[Comparison], failures: Failures, path: Path) -> None:
    """Draw medians and bands by month with the forecasts' ranges, and failures per run.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    figure = Figure(figsize=(13.0, 7.6), dpi=120, layout="constrained")
    beside = ", and forecasts of its time (bars)" if comparisons else ""
    figure.suptitle(f"Baseline, {len(runs)} seeds: median, 10-90 % band{beside}", fontsize=14)
    opening = runs[0].opening
    axes = figure.subplots(2, 3)
    shown = (
        ("ai_revenue", "AI revenue, bn USD a year", BLUE, True),
        ("capex", "Investment in GPUs and sites, bn USD a year", BLUE, False),
        ("facility_gw", "Power of the fleet at full load, GW", GREEN, False),
        ("spot_price", "GPU rent, USD per H100e-hour", ORANGE, False),
        ("ai_debt", "AI debt, bn USD", BLACK, False),
    )
    for axis, (name, title, colour, logarithmic) in zip(axes.flat, shown, strict=False):
        (measure,) = (m for m in MEASURES if m.name == name)
        paths = np.array([run.paths[name] for run in runs])
        if measure.kind == FLOW:
            whole = years_of(runs[0])[1:]
            ends = [year_end(year, opening) for year in whole]
            paths = np.array([paths[:, end - 11 : end + 1].sum(axis=1) for end in ends]).T
            when = np.array(whole, float)
        else:
            when = opening.year + (opening.month - 12 + np.arange(paths.shape[1])) / 12.0
        low, middle, high = np.percentile(paths, BAND, axis=0)
        axis.fill_between(when, low, high, color=colour, alpha=0.25, lw=0)
        axis.plot(when, middle, color=colour)
        for f in (c.forecast for c in comparisons):
            how, _, years = f.window.partition(" ")
            if f.measure == name and (how == "end" or (how == "sum" and "-" not in years)):
                axis.plot([int(years)] * 2, [f.low, f.high], color=RED, lw=5, alpha=0.6, solid_capstyle="butt")
                axis.annotate(f.who, (int(years), f.high), fontsize=7, ha="center", va="bottom")
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("sum of the year" if measure.kind == FLOW else "end of the year", fontsize=8)
        if logarithmic:
            axis.set_yscale("log")
            axis.yaxis.set_major_formatter(ScalarFormatter())
        else:
            axis.set_ylim(bottom=0)
    last = axes.flat[-1]
    last.hist(failures.per_run, bins=np.arange(failures.per_run.max() + 2) - 0.5, color=RED, alpha=0.7)
    last.set_title("Failures in a run, number of runs", fontsize=10)
    last.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis in axes.flat:
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def _write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)


def write(runs: Sequence[Run], folder: Path, *, central: bool = False) -> str:
    """Write the files of the study.

    Parameters
    ----------
    runs : sequence of Run
    folder : Path
        An empty folder.
    central : bool
        Whether only luck differed by seed.

    Returns
    -------
    str
        The report.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    usual = runs[0].opening == opening_tables().date
    comparisons = compare(runs, read_forecasts()) if usual else []
    failures = count_failures(runs)
    heads: tuple[str, ...] = ("measure", "unit", "told", "year", "p10", "median", "p90")
    _write_csv(folder / "yearly.csv", heads, yearly_bands(runs))
    heads = (*Forecast._fields, "p10", "median", "p90", "verdict", "reason")
    _write_csv(folder / "forecasts.csv", heads, [(*c.forecast, *c.band, c.verdict, c.reason) for c in comparisons])
    heads = ("firm", "kind", "share_of_runs", "median_month", "fundamental_share", "heaviest_cause")
    _write_csv(folder / "failures.csv", heads, failures.firms)
    text = report(runs, comparisons, failures)
    (folder / "report.md").write_text(text, encoding="utf-8")
    draw(runs, comparisons, failures, folder / "figure.png")
    manifest = {
        "format": FORMAT,
        "opening": str(runs[0].opening),
        "seeds": [run.seed for run in runs],
        "central": central,
        "source_hash": source_hash(),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest) + "\n", encoding="utf-8")
    return text


def main() -> None:
    """Run the study and print its report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="number of runs, with seeds 1, 2, ...")
    parser.add_argument("--opening", default=DEFAULT_OPENING, help="name or folder of the opening to start from")
    parser.add_argument("--central", action="store_true", help="central parameters and opening in every run")
    parser.add_argument("--out", type=Path, default=Path("runs/baseline"), help="folder to write")
    given = parser.parse_args()
    if given.seeds < 1:
        parser.error(f"--seeds must be at least 1, not {given.seeds}")
    console = Console(stderr=True)
    try:
        date = str(opening_tables(given.opening).date)
        seeds = list(range(1, given.seeds + 1))
        recipe = {"opening": date, "seeds": seeds, "central": given.central}
        with new_folder(given.out, lambda there: same_recipe(there, FORMAT, recipe)) as stage:
            with Progress(console=console) as progress:
                task = progress.add_task("baseline", total=given.seeds)
                bench = Bench(advance=lambda done: progress.advance(task, done))
                run = functools.partial(one_run, opening=given.opening, central=given.central)
                runs = bench.map(run, seeds)
            text = write(runs, stage, central=given.central)
    except InvisibleDebtError as error:
        sys.exit(f"Error: {error}")
    print(text)


if __name__ == "__main__":
    main()
