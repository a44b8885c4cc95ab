"""What the hindcast says, as Markdown, as a page that loads nothing else, and as data for a script."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from abm.calibration.files import opening_files, opening_folder
from abm.calibration.mistakes import doubts
from abm.calibration.worlds import COMMON_DOUBTS, doubts_of
from experiments.hindcast import (
    FLOOR,
    LEAST_SPREAD,
    NO_HISTORY,
    Ensemble,
    Scored,
    Verdict,
    band_shown,
    drawn_parameters,
    leaks,
)
from experiments.page import document, escape, image, markdown_table, table
from experiments.reproductions.figures import BLUE, GREY, ORANGE, RED, literal, png
from experiments.screen import counted
from experiments.summary import number

BINS = 10  # of the PIT histogram
CAUSES = Path(__file__).parent / "hindcast_causes.md"
NO_SKILL = "no skill"


def causes(opening: str) -> str:
    """What is missed and why, written by hand for an opening: the section of that name in `hindcast_causes.md`."""
    if not CAUSES.is_file():
        return ""
    sections = CAUSES.read_text(encoding="utf-8").split("\n## ")
    return next((part.partition("\n")[2].strip() for part in sections if part.partition("\n")[0] == opening), "")


def command(opening: str, seeds: int, strict: bool) -> str:
    """The call that makes these numbers."""
    return f"invisible-debt hindcast --opening {opening} --seeds {seeds} --{'strict' if strict else 'informed'}"


def _told(value: float | None) -> str:
    return "" if value is None else number(value) if math.isfinite(value) else "-"


def _score(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _cells(s: Scored) -> tuple[str, ...]:
    """A row of the table of readings."""
    band = band_shown(s)
    return (
        s.target.id, f"{s.target.name} ({s.target.unit})", _told(s.target.outcome), _told(s.forecast), _told(s.walk),
        _told(s.median), NO_SKILL if band is None else f"{_told(band[0])} to {_told(band[1])}",
        "yes" if s.inside90 else "no", _score(s.crps), _score(s.benchmark_crps), _score(s.log_score),
        f"{s.pit:.2f}", _score(s.skill),
    )  # fmt: skip


HEADS = (
    "", "what", "happened", "forecast", "walk", "median", "5 to 95 %", "inside 90 %", "CRPS", "of the better benchmark",
    "log score", "PIT", "skill",
)  # fmt: skip


def skill_rows(verdict: Verdict) -> list[tuple[str, str, str]]:
    """The independent targets: number, what, skill."""
    groups = verdict.by_target()
    return [(name, groups[name][0].target.name.split(",")[0], _score(s)) for name, s in verdict.skills().items()]


def pit_histogram(verdict: Verdict) -> list[tuple[str, int]]:
    """Targets by PIT."""
    counts, edges = np.histogram(verdict.pits(), bins=BINS, range=(0.0, 1.0))
    return [
        (f"{low:.1f} to {high:.1f}", int(count)) for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]


def calibration(verdict: Verdict) -> str:
    """Coverage and uniformity in a sentence."""
    return (
        f"Inside the 50 % band: {verdict.coverage('inside50'):.0%}; inside the 90 % band: {verdict.coverage():.0%} of"
        f" {len(verdict.by_target())} targets, each counted once. PITs are uniform with p = {verdict.uniformity():.2g}"
        " (Kolmogorov and Smirnov, one reading a target; targets hang together, so the true chance is larger)."
    )


def how_scored() -> list[str]:
    """How the scores are made, a sentence each."""
    return [
        "Scores are in logs, where 0.1 is about a tenth, unless a reading is a difference that may change its sign;"
        " those are in the unit of the reading.",
        "CRPS of the ensemble; of a point forecast it is the absolute error, which is a disadvantage of forecasts that"
        " came without a range: it falls on the benchmark. Log score with a Gaussian kernel. Smaller is better.",
        "Forecast: what was published at the time (ids in targets.csv), with a spread only where a range was"
        " published. Walk: a random walk with the mean rise of its history as drift and the standard deviation of the"
        f" rises as its spread a year; with one rise, half of it and at least {LEAST_SPREAD:g}; with none,"
        f" {NO_HISTORY:g}.",
        "Skill is one less the ratio of the CRPS to that of the better benchmark, the better one being the one that"
        " did better in the end, reading by reading: harder than choosing one beforehand.",
        f"A number below {FLOOR:g} of what happened, a failed firm's among them, counts as that much in logs.",
        f"A reading without skill is printed as '{NO_SKILL}', without a band.",
    ]


def drawn(opening: str | Path, strict: bool) -> str:
    """What differs between the worlds, in a sentence."""
    ranges = doubts_of(opening)
    common = " and ".join(d.name for d in COMMON_DOUBTS)
    return (
        f"Every seed is a world: {drawn_parameters(strict, opening_folder(opening))} parameters from their priors,"
        f" {counted(len(ranges['assumption']), 'assumption')} and {counted(len(ranges['fact']), 'estimated fact')} of"
        f" the opening within their ranges, {common}; and its own luck. Priors are independent."
    )


def leak_rows(opening: str | Path) -> list[tuple[str, str, str, str]]:
    """Parameters that rest on later facts: name, default, strict value, facts."""
    return [
        (x.parameter, f"{x.default:g}", "" if x.strict is None else f"{x.strict:.3g}", ", ".join(x.facts))
        for x in leaks(opening_folder(opening))
    ]


def opening_leaks(opening: str | Path) -> list[str]:
    """Rows of the opening whose reason cites a fact that was known only later, in words."""
    found = doubts(opening_files(opening))
    return [sentence for sentence in found if "was known on" in sentence]


def markdown(verdict: Verdict, ensemble: Ensemble, opening: str | Path, strict: bool) -> str:
    """The report as Markdown.

    Parameters
    ----------
    verdict : Verdict
    ensemble : Ensemble
    opening : str or Path
        As it was asked for.
    strict : bool
        Which variant was run.
    """
    name = verdict.question.opening
    marks = [(m.asked, m.found, "yes" if m.met else "no") for m in verdict.marks()]
    lines = [
        f"# The year after {name}, run from its books",
        "",
        f"{counted(ensemble.runs, 'world')}, {len(ensemble.failures)} of them failed;"
        f" {'strict' if strict else 'informed'} variant. Output of",
        "",
        "```",
        command(name, ensemble.runs, strict),
        "```",
        "",
        f"{drawn(opening, strict)} Readings: SHA-256 {ensemble.digest[:16]}.",
        "",
        "## Pass marks",
        "",
        *markdown_table(("asked", "found", "met"), marks),
        "",
        "## What is missed, and why",
        "",
        causes(name) or "Not written yet.",
        "",
        "## Independent targets",
        "",
        *markdown_table(("target", "what", "skill"), skill_rows(verdict)),
        "",
        "## Calibration",
        "",
        calibration(verdict),
        "",
        "```",
        *[f"{span}  {'#' * count} {count}" for span, count in pit_histogram(verdict)],
        "```",
        "",
        "PIT: share of the ensemble below what happened. Many on the right: the model says too little.",
        "",
        "## All readings",
        "",
        *markdown_table(HEADS, [_cells(s) for s in verdict.scored]),
        "",
        "## How it is scored",
        "",
        *[f"- {sentence}" for sentence in how_scored()],
        "",
        "## What later knowledge went in",
        "",
        _leak_text(strict),
        "",
        *markdown_table(("parameter", "default", "strict", "later facts"), leak_rows(opening)),
        "",
        "Numbers of the opening are worked out from facts known by its cut-off. These give a later fact as a reason:",
        "",
        *[f"- {sentence}" for sentence in opening_leaks(opening)],
        "",
        "## What readings stand for",
        "",
        *[f"- {s.target.id}: {s.target.note}." for s in verdict.scored if s.target.note],
        "",
    ]
    if ensemble.failures:
        lines += ["## Runs that failed", "", *[f"- {sentence}" for sentence in ensemble.failures[:20]], ""]
    return "\n".join(lines)


def _leak_text(strict: bool) -> str:
    which = "are drawn around the strict value" if strict else "keep their default in this variant"
    return (
        f"Parameters below rest on facts later than the opening. Those with a strict value {which}; those without are"
        " terms and habits that move little from year to year. Assumptions without a fact were chosen by people who"
        " knew the year, so that no variant is fully blind."
    )


def page(verdict: Verdict, ensemble: Ensemble, opening: str | Path, strict: bool) -> str:
    """The report as one page of HTML that loads nothing else; the same numbers give the same bytes."""
    name = verdict.question.opening
    title = f"The year after {name}, run from its books"
    marks = "".join(
        f'<tr><td>{escape(m.asked)}</td><td>{escape(m.found)}</td><td class="{"yes" if m.met else "no"}">'
        f"{'met' if m.met else 'missed'}</td></tr>"
        for m in verdict.marks()
    )
    why = "".join(f"<p>{escape(part)}</p>" for part in causes(name).split("\n\n") if part.strip())
    notes = [f"{s.target.id}: {s.target.note}." for s in verdict.scored if s.target.note]
    body = f"""<h1>{escape(title)}</h1>
<p>{counted(ensemble.runs, "world")}, {len(ensemble.failures)} of them failed; {"strict" if strict else "informed"}
variant. {escape(drawn(opening, strict))} Made by <code>{escape(command(name, ensemble.runs, strict))}</code>;
readings: SHA-256 {ensemble.digest[:16]}.</p>
<h2>Pass marks</h2><div class="scroll"><table><tr><th>asked</th><th>found</th><th></th></tr>{marks}</table></div>
{"<h2>What is missed, and why</h2>" + why if why else ""}
<h2>What was said, and what happened</h2>
{image(png(bands_figure(verdict)), "Bands of the readings relative to what happened")}
<p class="source">How to read it: 1 is what happened. The dot is the median of the worlds, the line their 90 % band; a
grey dot alone has no skill. The circle is the forecast of the time, the cross the random walk. Readings in logs only;
what lies outside the frame stands at its edge.</p>
<h2>Independent targets</h2>{table(("target", "what", "skill"), skill_rows(verdict))}
<h2>Calibration</h2><p>{escape(calibration(verdict))}</p>
{image(png(pit_figure(verdict)), "Histogram of the PITs")}
<h2>All readings</h2>{table(HEADS, [_cells(s) for s in verdict.scored])}
<h2>How it is scored</h2><ul>{"".join(f"<li>{escape(sentence)}</li>" for sentence in how_scored())}</ul>
<h2>What later knowledge went in</h2><p>{escape(_leak_text(strict))}</p>
{table(("parameter", "default", "strict", "later facts"), leak_rows(opening))}
<p>Numbers of the opening are worked out from facts known by its cut-off. These give a later fact as a reason:</p>
<ul>{"".join(f"<li>{escape(sentence)}</li>" for sentence in opening_leaks(opening))}</ul>
<h2>What readings stand for</h2><ul>{"".join(f"<li>{escape(note)}</li>" for note in notes)}</ul>"""
    if ensemble.failures:
        lost = "".join(f"<li>{escape(sentence)}</li>" for sentence in ensemble.failures[:20])
        body += f"<h2>Runs that failed</h2><ul>{lost}</ul>"
    return document(title, body)


FRAME = (1.0 / 30.0, 30.0)  # of the figure: ratios to what happened


def bands_figure(verdict: Verdict) -> Figure:
    """Every reading in logs as a ratio to what happened."""
    shown = [s for s in verdict.scored if s.target.transform == "log"]
    figure = Figure(figsize=(9.0, 0.19 * len(shown) + 1.2), dpi=110, layout="constrained")
    axis = figure.subplots()

    def held(value: float | None, s: Scored) -> float:
        ratio = math.nan if value is None else value / s.target.outcome
        return math.nan if math.isnan(ratio) else min(max(ratio, FRAME[0]), FRAME[1])

    for row, s in enumerate(shown):
        at, band = len(shown) - row, band_shown(s)
        if band is not None:
            axis.plot([held(band[0], s), held(band[1], s)], [at, at], color=BLUE, lw=2.5, alpha=0.5)
        axis.plot(held(s.median, s), at, "o", ms=4, color=GREY if band is None else BLUE)
        axis.plot(held(s.forecast, s), at, "o", ms=5, mfc="none", color=ORANGE)
        axis.plot(held(s.walk, s), at, "x", ms=4, color=RED)
    axis.axvline(1.0, color="black", lw=0.8)
    axis.set_xscale("log")
    axis.set_xlim(FRAME[0] * 0.9, FRAME[1] * 1.1)
    ticks = (1 / 30, 1 / 10, 1 / 3, 1 / 2, 1, 2, 3, 10, 30)
    axis.set_xticks(ticks, [f"1/{round(1 / t)}" if t < 1 else f"{t:g}" for t in ticks])
    axis.minorticks_off()
    axis.set_yticks(
        range(len(shown), 0, -1), [literal(f"{s.target.id} {s.target.name}", 58) for s in shown], fontsize=7
    )
    axis.set_ylim(0.2, len(shown) + 0.8)
    axis.set_xlabel("times what happened")
    axis.grid(axis="x", alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def pit_figure(verdict: Verdict) -> Figure:
    """The PIT histogram: flat if the bands are right."""
    figure = Figure(figsize=(6.0, 2.6), dpi=110, layout="constrained")
    axis = figure.subplots()
    counts = [count for _, count in pit_histogram(verdict)]
    axis.bar((np.arange(BINS) + 0.5) / BINS, counts, width=0.9 / BINS, color=BLUE, alpha=0.7)
    axis.axhline(sum(counts) / BINS, color="black", lw=0.8)
    axis.set_xlabel("PIT: share of the worlds below what happened")
    axis.set_ylabel("targets")
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def as_data(verdict: Verdict, ensemble: Ensemble, strict: bool) -> dict[str, Any]:
    """The same for a script; what is no finite number is null."""

    def plain(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else value

    readings = []
    for s in verdict.scored:
        band = band_shown(s)
        readings.append(
            {
                "id": s.target.id, "target": s.target.target, "name": s.target.name, "unit": s.target.unit,
                "weight": s.target.weight, "outcome": s.target.outcome, "forecast": plain(s.forecast),
                "walk": plain(s.walk), "median": plain(s.median), "band": None if band is None else list(band),
                "inside_50": s.inside50, "inside_90": s.inside90, "crps": plain(s.crps),
                "forecast_crps": plain(s.forecast_crps), "walk_crps": plain(s.walk_crps),
                "log_score": plain(s.log_score), "pit": s.pit, "skill": plain(s.skill),
            }
        )  # fmt: skip
    return {
        "opening": verdict.question.opening,
        "variant": "strict" if strict else "informed",
        "worlds": ensemble.runs,
        "failed": list(ensemble.failures),
        "digest": ensemble.digest,
        "marks": [{"asked": m.asked, "found": m.found, "met": bool(m.met)} for m in verdict.marks()],
        "coverage": {"50": verdict.coverage("inside50"), "90": verdict.coverage()},
        "uniformity_p": verdict.uniformity(),
        "skill": {name: plain(skill) for name, skill in verdict.skills().items()},
        "readings": readings,
    }
