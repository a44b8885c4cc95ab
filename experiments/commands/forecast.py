"""`invisible-debt forecast` and `invisible-debt score`: a forecast on record, and what became of it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from experiments.commands.options import (
    Jobs,
    Json,
    Out,
    Threads,
    Worlds,
    compile_first,
    complete_opening,
    counted_worlds,
    who_runs,
)
from experiments.screen import Screen, counted, say, say_json

if TYPE_CHECKING:
    from experiments.forecasts.quantities import Quantity
    from experiments.forecasts.record import Forecast, Line
    from experiments.forecasts.score import Scored, Verdict

MOST_TESTED = 200  # worlds of the hindcast that tells the errors


def forecast(
    opening: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", autocompletion=complete_opening,
            help="Opening with quantities to forecast, or a folder of your own; if left out, the newest of the"
            " model's.",
        ),
    ] = None,
    seeds: Worlds = 500,
    jobs: Jobs = None,
    threads: Threads = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Write down what is expected of the years after an opening.

    Five years of it: quantiles (5, 10, 25, 50, 75, 90, 95 %) of every quantity in the unit in which the world reports
    it, month by month or by quarter and year, and chances of default: from as many worlds as seeds, widened to the
    errors that the model made in the hindcast. The folder holds the table (forecast.csv) and how it was made, with the
    SHA-256 of the table (manifest.json), so that a forecast on record cannot be changed unseen.

    Those on record are in experiments/forecasts/. 'invisible-debt score' scores one.
    """
    from abm.calibration import opening_tables, openings
    from experiments.code import code_hash
    from experiments.folders import MANIFEST, new_folder, same_recipe
    from experiments.forecasts import errors, quantiles, quantities, record, worlds

    opening = opening or openings()[-1]
    asked = quantities.read_quantities(opening)
    at = opening_tables(opening)
    folder = out or Path("results") / f"forecast-{at.name}-{seeds}"
    hindcast = min(seeds, MOST_TESTED)
    recipe = {"opening": at.date.isoformat(), "worlds": seeds, "hindcast": hindcast}

    def may_replace(there: Path) -> None:
        same_recipe(there, record.FORMAT, recipe)

    with new_folder(folder, may_replace) as stage:
        compile_first(opening)
        with counted_worlds(seeds + hindcast) as progress:
            paths, failures = worlds.run_worlds(
                opening, seeds, workers=jobs, how=who_runs(threads), progress=progress
            )
            verdict = errors.run_hindcast(
                opening, hindcast, workers=jobs, how=who_runs(threads),
                progress=lambda done: progress(seeds + done),
            )
        lines = quantiles.lines(asked, paths, errors.track_records(asked, verdict), at.date)
        text = record.as_csv(lines)
        about = {**recipe, "failed": len(failures), "months": worlds.MONTHS, "code": code_hash(), "tables": at.digest}
        (stage / record.TABLE).write_text(text, encoding="utf-8")
        (stage / MANIFEST).write_text(record.manifest(text, asked, about), encoding="utf-8")
    if as_json:
        say_json({"folder": str(folder), **about, "lines": [_line_data(line) for line in lines]})
        return
    _show(lines, asked, at.date)
    if failures:
        say(f"{len(failures)} of {counted(seeds, 'world')} failed; the first: {failures[0]}")
    say(f"All quantities ({len(asked)}) and years: {folder}, {len(lines):,} lines in {record.TABLE}; hash: {MANIFEST}")


def _line_data(line: Line) -> dict[str, Any]:
    from experiments.forecasts.record import POINTS

    points = dict(zip(POINTS, line.quantiles, strict=False))
    return {"quantity": line.quantity, "period": line.period, "unit": line.unit, **points, "chance": line.chance,
            "skill": line.skill}  # fmt: skip


def _show(lines: list[Line], quantities: Sequence[Quantity], opening: datetime.date) -> None:
    """Print a few lines: the median and the band of nine in ten, of the first year or at its end."""
    from experiments.forecasts.periods import Period, written
    from experiments.summary import number

    first_year = {(q.name, written(opening, q.kind, Period(1, 12))) for q in quantities if q.headline}
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("", "period", "middle", "nine in ten", "unit", "skill in the hindcast"):
        table.add_column(heading)
    for line in lines:
        if (line.quantity, line.period) in first_year:
            q = line.quantiles
            table.add_row(
                line.quantity, line.period, number(q[3]), f"{number(q[0])} to {number(q[-1])}", line.unit, line.skill
            )
    Screen().print(table)
    say()


def score(
    forecast: Annotated[
        str, typer.Argument(metavar="FORECAST", help="Date of a forecast on record, such as 2025-12-31, or a folder.")
    ],
    facts: Annotated[
        Path | None,
        typer.Argument(
            metavar="FACTS", help="Table (.csv) with the columns quantity, period, central, and if known low, high,"
            " forecast (the forecast of the time, to beat).",
        ),
    ] = None,
    quantities: Annotated[
        bool, typer.Option("--quantities", help="List what can be scored: quantities, units, periods.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Score a forecast against facts that came later.

    Of each fact: where it lies in the forecast, whether the bands hold it, and the CRPS relative to the fact. Together:
    coverage of the 50 and 90 % bands, and how often the CRPS beats the forecast of the time.

    Periods are written YYYY, YYYYH1, YYYYQ1, YYYY-MM or, for other months, YYYY-MM..YYYY-MM.
    """
    from experiments.forecasts import record
    from experiments.forecasts import score as scores

    read = record.read_forecast(forecast)
    if quantities:
        _list(read, as_json)
        return
    if facts is None:
        raise typer.BadParameter("name a table of facts, or --quantities for what can be scored", param_hint="FACTS")
    scored = scores.score(read, scores.read_facts(facts))
    verdict = scores.judge(scored)
    if as_json:
        say_json({"forecast": str(read.folder), **_verdict_data(verdict), "facts": [_scored_data(s) for s in scored]})
        return
    _show_scores(scored, verdict)


def _list(read: Forecast, as_json: bool) -> None:
    """What can be scored."""
    by_name: dict[str, list[Line]] = {}
    for line in read.lines:
        by_name.setdefault(line.quantity, []).append(line)
    told = {name: read.quantities[name]["what"] for name in by_name}
    if as_json:
        say_json([
            {"quantity": name, "unit": lines[0].unit, "what": told[name], "skill": lines[0].skill,
             "periods": [line.period for line in lines]}
            for name, lines in by_name.items()
        ])  # fmt: skip
        return
    for name, lines in by_name.items():
        first = ", ".join(line.period for line in lines[:2])
        periods = f"{first} ... {lines[-1].period}" if len(lines) > 2 else first
        say(f": {told[name]}, {lines[0].unit}; {periods}; skill: {lines[0].skill}", title=name, hang="    ")


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    return {
        "banded": verdict.banded, "inside_50": verdict.inside50, "inside_90": verdict.inside90,
        "interval_90": verdict.interval90, "median_relative_crps": verdict.crps, "beats_forecast": verdict.beaten,
        "of_forecasts": verdict.rivals, "brier": None if math.isnan(verdict.brier) else verdict.brier,
    }  # fmt: skip


def _scored_data(s: Scored) -> dict[str, Any]:
    banded = s.brier is None
    return {
        "quantity": s.line.quantity, "period": s.line.period, "unit": s.line.unit, "fact": s.fact.central,
        "p5": s.line.quantiles[0] if banded else None, "p50": s.line.quantiles[3] if banded else None,
        "p95": s.line.quantiles[6] if banded else None, "chance": s.line.chance, "pit": s.pit if banded else None,
        "inside_50": s.inside50 if banded else None, "inside_90": s.inside90 if banded else None,
        "relative_crps": s.crps if banded else None, "relative_error_of_forecast": s.rival, "brier": s.brier,
    }  # fmt: skip


def _show_scores(scored: list[Scored], verdict: Verdict) -> None:
    """Print a line a fact, and all together."""
    from experiments.summary import number

    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("quantity", "period", "fact", "middle", "nine in ten", "in it", "CRPS", "forecast's error"):
        table.add_column(heading)
    for s in scored:
        q = s.line.quantiles
        if s.brier is not None:
            table.add_row(s.line.quantity, s.line.period, number(s.fact.central), f"chance {s.line.chance:.2f}", "", "",
                          f"Brier {s.brier:.3f}", "")  # fmt: skip
            continue
        rival = "" if s.rival is None else f"{s.rival:.2f}"
        table.add_row(
            s.line.quantity, s.line.period, number(s.fact.central), number(q[3]), f"{number(q[0])} to {number(q[-1])}",
            "yes" if s.inside90 else "no", f"{s.crps:.2f}", rival,
        )  # fmt: skip
    Screen().print(table)
    say()
    if verdict.banded:
        low, high = verdict.interval90
        say(
            f"Inside the band of nine in ten: {verdict.inside90} of {verdict.banded}"
            f" ({100 * verdict.inside90 / verdict.banded:.0f} %, {100 * low:.0f} to {100 * high:.0f});"
            f" inside that of one in two: {verdict.inside50}. CRPS relative to the fact, median: {verdict.crps:.2f}."
        )
    if verdict.rivals:
        say(f"It beats the forecast of the time in {verdict.beaten} of {verdict.rivals} facts that have one.")
    if not math.isnan(verdict.brier):
        say(f"Brier score of its chances: {verdict.brier:.3f}.")
