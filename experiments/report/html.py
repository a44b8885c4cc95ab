"""The report of a study as one page that a reader without the program can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.claims import SURE
from experiments.analysis.intervals import Estimate
from experiments.page import document, drawing, escape, table
from experiments.report import downloads, figures
from experiments.report.findings import Comparison, Findings
from experiments.report.sentences import (
    VERDICTS,
    claim_sentences,
    estimate,
    glance,
    hundredths,
    limit_sentence,
    percent,
    share,
    when,
)
from experiments.report.view import View, text_of
from experiments.reproductions.figures import svg
from experiments.reproductions.intervals import LEVEL
from experiments.screen import counted
from experiments.study import ECONOMY, SERIES, Factor
from experiments.summary import number

MOST_FAILURES = 20  # failed runs told one by one
MOST_PROFILES = 6  # factors drawn for each outcome
MOST_DRAWN = 8  # uncertain numbers shown for each outcome


def html(view: View, found: Findings) -> str:
    """The page.

    Parameters
    ----------
    view : View
        The study and its runs.
    found : Findings
        What they say.

    Returns
    -------
    str
        HTML that loads nothing else; the same results give the same bytes.
    """
    study = view.study
    units = {name: view.meaning(name).unit for name in study.measured}
    units |= {name: factor.unit for name, factor in view.factors.items()}
    title = study.title or study.name
    parts = [
        f"<h1>{escape(title)}</h1>",
        _paragraph(study.question),
        _claims(view, found),
        _glance(view, found),
        _made(view),
        _distribution(view, found, units),
        _durations(view, found),
        _comparisons(view, found, units),
        _ranks(found),
        _drawn(found),
        _profiles(view, found, units),
        _maps(view, found, units),
        _sobol(found),
        _morris(found, units),
        _luck(found),
        _discovery(view, found),
        _paths(view),
        _notes(found),
        _failures(view),
        _origin(view),
    ]
    return document(title, "\n".join(part for part in parts if part))


# --- sections -------------------------------------------------------------------------------------------
def _glance(view: View, found: Findings) -> str:
    said = glance(view, found)
    if not said:
        return ""
    return f"""<h2>At a glance</h2>{_list(said)}
<p class="source">In brackets: {LEVEL:.0%} interval of the single number. What is called clear, rising or falling
stays so in view of how many were looked at together, which asks for more than an interval without nought.</p>"""


def _claims(view: View, found: Findings) -> str:
    told = claim_sentences(view, found)
    if not told:
        return ""
    parts = [f"<h3>{VERDICTS[verdict]}</h3>{_list(sentences)}" for verdict, sentences in told.items()]
    return f"""<h2>What it says</h2>{"".join(parts)}
<p class="source">Every claim was put to each world by itself, with all its runs. In brackets: {LEVEL:.0%} intervals.
A claim that holds in fewer than {100 * SURE:.0f} % of the worlds is called uncertain.</p>"""


def _made(view: View) -> str:
    study, runs = view.study, view.runs
    failed = int(runs["failed"].sum())
    luck = "the same seeds at every point, so that differences are not luck" if study.paired else "seeds of their own"
    story = "" if "scenario" in study.factors or study.model != ECONOMY else f"; scenario {escape(study.scenario)}"
    if study.model == ECONOMY:
        story += f", from the opening of {study.opened.date}"
    rows = [(f.name, f.meaning or f.kind, f.unit, _values(f)) for f in study.resolved]
    fixed = [(name, f"{value:g}") for name, value in study.parameters.items()]
    fixed += [(f"policy {p}: {name}", f"{v:g}") for p, changed in study.policies.items() for name, v in changed.items()]
    told = [(name, view.meaning(name)) for name in view.outcomes]
    return f"""<h2>What was run</h2>
<p>{counted(len(view.points), "point")} of a {escape(_design(view))} design, {counted(study.replicates, "run")} each
with {luck}; {counted(study.months, "month")} a run{story}. {failed:,} of {counted(len(runs), "run")} failed.</p>
<p>What varies:</p>{table(("factor", "what it is", "unit", "values"), rows)}
{"<p>What is set:</p>" + table(("parameter", "value"), fixed) if fixed else ""}
<p>What is looked at, one number a run:</p>
{table(("outcome", "what it is", "unit"), [(name, m.text, m.unit) for name, m in told])}"""


def _design(view: View) -> str:
    return view.study.design.title or view.study.design.method


def _values(factor: Factor) -> str:
    if factor.values is not None:
        return ", ".join(text_of(value) for value in factor.values)
    return f"{factor.low:g} to {factor.high:g}{', evenly in logs' if factor.log else ''}"


def _distribution(view: View, found: Findings, units: Mapping[str, str]) -> str:
    rows = [
        (outcome, level, f"{s.runs:,}", estimate(s.mean), estimate(s.median), estimate(s.high), estimate(s.worst))
        for outcome, levels in found.summaries.items()
        for level, s in levels.items()
        if outcome in found.survivals
    ]
    shown = {name: curves for name, curves in found.survivals.items() if curves}
    if not rows:
        return ""
    heads = ("outcome", _with(view), "runs", "mean", "median", "95 % of runs are below", "mean of the highest 5 %")
    picture = figures.survivals(shown, units, view.compared) if shown else None
    return f"""<h2>How often how much</h2>
{_figure(picture, "Survival functions of the outcomes", *downloads.survivals(found, view.compared)) if picture else ""}
<p class="source">How to read it: a line at 20 % above some value says that one run in five reached that value or
more; a line further right or higher means more of it. Shaded, where lines are few: a band that holds the whole true
curve with {LEVEL:.0%} confidence, given the ranges and values of this study.</p>
{table(heads, rows)}
<p class="source">In brackets: {LEVEL:.0%} interval; of the mean Student's t over seeds (and points, where the design
drew them), cut at zero where no run is below it; of the others by drawing them again.</p>"""


def _with(view: View) -> str:
    """Heading of a column of levels."""
    return "runs with" if view.compared is None else f"with {view.compared}"


def _durations(view: View, found: Findings) -> str:
    if not found.durations:
        return ""
    last = {outcome: int(view.over(outcome) or 0) for outcome in found.durations}
    rows = [
        (
            outcome,
            level,
            f"{d.happened:,} of {d.runs:,}",
            percent(d.ever),
            *(_by(view, d.reached(part)) for part in (0.25, 0.5)),
            estimate(d.mean),
        )
        for outcome, levels in found.durations.items()
        for level, d in levels.items()
    ]
    heads = ("outcome", _with(view), "runs", "it comes in", "in a quarter by", "in half by", "mean months free of it")
    picture = figures.durations(found.durations, view.compared, view.results.study.opened.date, last)
    ends = ", ".join(dict.fromkeys(when(view, month) for month in last.values()))
    return f"""<h2>Whether it comes, and when</h2>
{_figure(picture, "Survival curves", *downloads.durations(found, view.compared))}
<p class="source">How to read it: a line at 60 % says that six runs in ten had been spared so far; where it falls, it
happens. Runs in which it never came say that it takes longer than they last (until {ends}): they are neither left out
nor counted as if it had come (Kaplan and Meier). Shaded, where lines are few: {LEVEL:.0%} interval at each month.</p>
{table(heads, rows)}
<p class="source">Mean months free of it, up to the end of the run: what is compared, ranked and mapped elsewhere on
this page.</p>"""


def _by(view: View, month: float) -> str:
    return when(view, month) if np.isfinite(month) else "not by the end"


PAIRED = "Every run is compared with that of the same seed and the same other settings, and both meet the same luck."
UNPAIRED = "Every run has a seed of its own, and is compared with one of the same other settings and other luck."


def _comparisons(view: View, found: Findings, units: Mapping[str, str]) -> str:
    all_of_them = [*found.comparisons, *found.others]
    parts = []
    for name in dict.fromkeys(c.factor for c in all_of_them):
        here = [c for c in all_of_them if c.factor == name]
        parts.append(_comparison(name, next(iter(view.levels_of(name))), here, units))
    if not parts:
        return ""
    return "\n".join(parts) + f"""
<p class="source">How to read it: each dot is the mean difference from the first value, the line its {LEVEL:.0%}
interval. {PAIRED if view.study.paired else UNPAIRED}
Blue lies below, red above; an empty grey dot is no clear difference, given how many were looked at. p, mean:
chance of a difference this large if there were none (Student's t, corrected after Holm for the comparisons of the
factor). Only pairs count in which both runs have a value: where some have none, such as the mean of losses of no
failure, the mean is another than that of all runs above; of a difference the interval may reach below zero. p, signs:
of the sign test, uncorrected. Gain by pairing: how many times more runs the same precision would have needed with
unrelated seeds.</p>"""


def _comparison(name: str, base: str, here: Sequence[Comparison], units: Mapping[str, str]) -> str:
    rows = [
        (
            c.outcome,
            c.level,
            number(c.found.baseline),
            estimate(c.found.difference),
            f"{c.found.lower} lower, {c.found.higher} higher of {c.found.pairs}",
            _p(c.p),
            _p(c.found.sign_p),
            "" if np.isnan(c.found.gain) else f"{c.found.gain:.1f}",
        )
        for c in here
    ]
    heads = (
        "outcome", name, f"with {base}, same pairs", "difference", "pairs", "p, mean", "p, signs", "gain by pairing",
    )  # fmt: skip
    picture = figures.differences(here, units, name, base)
    return f"""<h2>Compared: {escape(name)} against {escape(base)}</h2>
{_figure(picture, f"Differences from {name} {base}", *downloads.differences(name, here))}
{table(heads, rows)}"""


def _ranks(found: Findings) -> str:
    if not found.ranks:
        return ""
    rows = [
        (
            outcome,
            name,
            "a list of names" if r.correlation is None else hundredths(r.correlation),
            "" if r.correlation is None else _p(r.p),
            hundredths(r.gap),
            _p(r.gap_p),
            {1: "rises with it", -1: "falls with it"}.get(r.direction, "depends on it" if r.matters else "no finding"),
        )
        for outcome, ranks in found.ranks.items()
        for name, r in ranks.items()
    ]
    heads = ("outcome", "factor", "rank correlation", "p", "gap", "p, gap", "finding")
    return f"""<h2>Which factors matter</h2>
{_figure(figures.ranks(found.ranks), "Rank correlations and gaps by factor", *downloads.ranks(found))}
<p class="source">How to read it: the round mark is the partial rank correlation of the outcome with the factor, the
others held, from -1 (always falls) to 1 (always rises); red rises, blue falls, empty and grey is no finding. The square
one says how far the distribution of the outcome moves when the factor is known, whichever way (PAWN index less what
luck makes of it): it sees factors that do not work one way, and names. Lines: {LEVEL:.0%} intervals; p-values are
corrected for all that is looked at here (Holm), and nothing is a finding whose interval holds nought.</p>
{table(heads, rows)}"""


def _drawn(found: Findings) -> str:
    if not found.drawn:
        return ""
    shown = {outcome: told[:MOST_DRAWN] for outcome, told in found.drawn.items()}
    rows = [
        (outcome, one.name, hundredths(one.correlation), _p(one.p), "yes" if one.clear else "no finding")
        for outcome, told in shown.items()
        for one in told
    ]
    return f"""<h2>Which uncertain numbers matter</h2>
{_figure(figures.drawn(shown), "Uncertain numbers by outcome", *downloads.drawn(found))}
<p class="source">How to read it: every seed draws its own world, {counted(found.candidates, "number")} that nobody
knows. The {MOST_DRAWN} that go most with each outcome over {counted(found.worlds, "world")} are shown, each with its
{LEVEL:.0%} interval; of so many some go with it by chance, so that only those whose p-value is small in view of all of
them (Holm) are findings. Where worlds are drawn from those that agree with what is known, numbers go together there:
one may stand for another.</p>
{table(("outcome", "number", "correlation", "p", "clear"), rows)}"""


def _profiles(view: View, found: Findings, units: Mapping[str, str]) -> str:
    parts = []
    logarithmic = {name for name, factor in view.factors.items() if factor.log}
    for outcome, lines in found.profiles.items():
        swing = {name: float(np.nanmax(p.mean) - np.nanmin(p.mean)) for name, p in lines.items()}
        chosen = sorted(lines, key=lambda name: -swing[name])[:MOST_PROFILES]
        if chosen:
            shown = {name: lines[name] for name in chosen}
            about = f"{outcome} along every factor"
            picture = figures.profiles(shown, outcome, units, logarithmic)
            parts.append(
                f"<h3>{escape(outcome)}</h3>{_figure(picture, about, *downloads.profiles(outcome, shown))}"
            )
    if not parts:
        return ""
    return f"""<h2>What each factor does</h2>
<p class="source">How to read it: the mean outcome of all runs with the factor at (or near) a value, whatever the
others are; steep lines matter, flat ones do not. Shaded: {LEVEL:.0%} interval. The factors with the greatest swing
come first.</p>{"".join(parts)}"""


def _maps(view: View, found: Findings, units: Mapping[str, str]) -> str:
    axes = view.map_axes
    if not found.maps or axes is None:
        return ""
    marks = (map_ticks(view, found, 0), map_ticks(view, found, 1))
    cells = [
        (
            outcome,
            x,
            y,
            estimate(Estimate(*(float(part[j, i]) for part in (m.mean, m.low, m.high)))),
            f"{m.runs[j, i]:,}",
        )
        for outcome, m in found.maps.items()
        for j, y in enumerate(marks[1])
        for i, x in enumerate(marks[0])
        if m.runs[j, i]
    ]
    picture = figures.maps(found.maps, axes, marks, units)
    return f"""<h2>Two factors together</h2>
{_figure(picture, f"Outcomes over {axes[0]} and {axes[1]}", *downloads.maps(found, axes, marks))}
<p class="source">How to read it: each cell is the mean outcome of the runs with these two values; bright is more.
Where colours change only from left to right, the factor that goes up does not matter; where they change along a
diagonal, one factor can make up for the other.</p>
<details><summary>All cells with intervals</summary>{table(("outcome", *axes, "mean", "runs"), cells)}</details>"""


def map_ticks(view: View, found: Findings, side: int) -> list[str]:
    """Marks along an axis of the maps, 0 for across and 1 for up."""
    assert view.map_axes is not None
    first = next(iter(found.maps.values()))
    names = view.ticks(view.map_axes[side])
    numbers = (first.x, first.y)[side].values
    return [f"{value:.3g}" for value in numbers] if names is None else [names[int(code)] for code in numbers]


def _sobol(found: Findings) -> str:
    if not found.sobol:
        return ""
    rows = [
        (outcome, name, share(i.first[name]), share(i.total[name]))
        for outcome, i in found.sobol.items()
        for name in sorted(i.total, key=lambda n: -i.total[n].value)
    ]
    rows += [(outcome, "all of them, each for itself", share(i.alone), "") for outcome, i in found.sobol.items()]
    pairs = [
        (outcome, f"{a} with {b}", share(e))
        for outcome, i in found.sobol.items()
        for (a, b), e in sorted(i.pairs.items(), key=lambda item: -item[1].value)[:5]
    ]
    bases = min(i.bases for i in found.sobol.values())
    return f"""<h2>Shares of the variance (Sobol indices)</h2>
{_figure(figures.sobol_bars(found.sobol), "Sobol indices", *downloads.sobol(found))}
<p class="source">How to read it: over the ranges of this study the outcome varies. Orange is the share of that
variance that would vanish if one knew this factor alone; blue is the share it has a part in, together with others. A
blue bar much longer than the orange one means that the factor acts through others. Lines: {LEVEL:.0%} intervals from
{bases} base points; an interval that reaches zero says that the factor may not matter at all. Hatched, "unsettled": an
interval wider than half of the whole, or wholly outside of 0 to 100 %, says nothing; more base points would.</p>
{table(("outcome", "factor", "alone", "with others"), rows)}
{"<p>Pairs that act together beyond each alone:</p>" + table(("outcome", "pair", "share"), pairs) if pairs else ""}"""


def _morris(found: Findings, units: Mapping[str, str]) -> str:
    if not found.morris:
        return ""
    rows = [
        (
            outcome,
            name,
            estimate(m.strength[name]),
            "" if np.isnan(m.luck[name]) else number(m.luck[name]),
            estimate(m.direction[name]),
            number(m.spread[name]),
            "yes" if m.moves(name) else "no finding",
        )
        for outcome, m in found.morris.items()
        for name in sorted(m.strength, key=lambda n: -m.strength[n].value)
    ]
    heads = ("outcome", "factor", "strength (mu*)", "of luck alone", "direction (mu)", "spread (sigma)", "clear")
    return f"""<h2>One factor at a time (Morris screening)</h2>
{_figure(figures.morris_bars(found.morris, units), "Morris effects", *downloads.morris(found))}
<p class="source">How to read it: one factor is moved at a time, from many places. The bar says by how much the outcome
changes on average over the factor's whole range, whichever way. Red raises it, blue lowers it, purple does either
depending on the others. Hatched is no finding: the direction is not clear, and the strength no more than the luck of
seeds makes of a factor that does nothing (with one seed that cannot be told).
A spread as large as the strength means that the effect depends on where one is. Lines:
{LEVEL:.0%} intervals.</p>{table(heads, rows)}"""


def _luck(found: Findings) -> str:
    if not found.parts:
        return ""
    rows = [
        (outcome, f"{part.points:.0%}", f"{part.seeds:.0%}", f"{part.both:.0%}")
        for outcome, part in found.parts.items()
    ]
    heads = ("outcome", "factors", "luck that strikes every point alike", "luck that depends on the factors")
    return f"""<h2>How much is luck</h2>{table(heads, rows)}
<p class="source">Shares of the variance over all runs. Luck is what differs between seeds: demand shocks, when rounds
close, how models turn out.</p>"""


def _discovery(view: View, found: Findings) -> str:
    d = found.discovery
    if d is None or found.crisis is None:
        return ""
    happened = view.happened(found.crisis)
    whole = ~np.isnan(happened).all(axis=1) & view.sampled
    struck = np.nanmean(happened[whole], axis=1)
    points = view.points.loc[whole, list(view.factors)]
    picture = figures.discovery(d, points, struck, found.crisis)
    rows = [
        (limit_sentence(name, limit), _p(d.quasi_p[name]), f"{d.found_again[name]:.0%}")
        for name, limit in d.box.limits.items()
    ]
    also = [name for name, part in d.found_again.items() if part >= 0.3 and name not in d.box.limits]
    near = f"<p>Often found too: {escape(', '.join(also))}.</p>" if also else ""
    limits = (
        table(("condition", "quasi-p", "found again in"), rows)
        if rows
        else "<p>No condition: no region stands out.</p>"
    )
    return f"""<h2>Where the crisis is: {escape(str(found.crisis))}</h2>
<p>{d.base_rate:.0%} of the runs end in it. In the region below it is {percent(d.density)} (density); the region holds
{percent(d.coverage)} of all crises (coverage) and {d.box.mass:.0%} of the points.</p>{limits}{near}
{_figure(picture, "Scenario discovery", *downloads.discovery(points, struck))}
<p class="source">How to read it: the method (PRIM) starts from all points and cuts away, side by side, what has the
fewest crises; on the left every step on that way. The box marked red best tells crises from the rest. On the right
the points, bright where more runs end in the crisis, and the box in its two clearest factors. Quasi-p: chance of so
many crises if this condition did not matter; conditions above 5 % are dropped. Found again: part of the resamples
of the points in which the factor is limited too; below a half it is a weak finding.</p>"""


def _paths(view: View) -> str:
    if "series" not in view.results.recipe.schemas():
        return ""
    names = [name for name in view.results.recipe.schemas()["series"].names if name not in ("run", "month")]
    levels = view.levels if view.sampled.any() else {"all runs": np.arange(len(view.points))}
    bands = {name: _bands(view, name, levels) for name in names}
    if not any(any(len(line[0]) for line in lines.values()) for lines in bands.values()):
        return ""
    units = {name: SERIES[name].unit for name in names if name in SERIES}
    picture = figures.paths(bands, units, view.results.study.opened.date, view.compared)
    means = [(name, SERIES[name].meaning, SERIES[name].unit) for name in names if name in SERIES]
    return f"""<h2>Through time</h2>
{_figure(picture, "Aggregates through time", *downloads.paths(bands, view.compared))}
<p class="source">How to read it: lines are medians of the runs at each month; shaded, where lines are few, from the
10th to the 90th percentile of the runs: eight runs in ten lie inside.</p>
{table(("aggregate", "what it is", "unit"), means)}"""


def _bands(
    view: View, name: str, levels: Mapping[str, np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Months, 10th percentile, median and 90th percentile of an aggregate, by level.

    It is read shard by shard, and only this one is in memory as a whole: eight bytes a run and month.
    """
    level_of = np.full(len(view.points), -1)
    for k, rows in enumerate(levels.values()):
        level_of[rows] = k
    values: dict[tuple[int, int], list[np.ndarray]] = {}
    for piece in view.results.pieces("series", ["run", "month", name]):
        run, month, value = (piece[column].to_numpy() for column in ("run", "month", name))
        level = level_of[run // view.study.replicates]
        for k in np.unique(level[level >= 0]).tolist():
            for at in np.unique(month[level == k]).tolist():
                chosen = value[(level == k) & (month == at)]
                values.setdefault((k, at), []).append(chosen[~np.isnan(chosen)])
    found = {}
    for k, label in enumerate(levels):
        months = np.array(sorted(at for level, at in values if level == k), dtype=int)
        told = [np.concatenate(values[k, at]) for at in months.tolist()]
        lines = np.array([np.quantile(v, (0.1, 0.5, 0.9)) if len(v) else [np.nan] * 3 for v in told]).reshape(-1, 3)
        found[label] = (months, *lines.T)
    return found


def _notes(found: Findings) -> str:
    said = [*found.missing, *found.notes]
    return f"<h2>What could not be told</h2>{_list(said)}" if said else ""


def _failures(view: View) -> str:
    failures = view.results.failures
    if not len(failures):
        return ""
    rows = [
        (str(row.run), str(row.error), str(row.message), str(row.parameters))
        for row in failures.head(MOST_FAILURES).itertuples()
    ]
    more = f"<p>and {len(failures) - MOST_FAILURES:,} more</p>" if len(failures) > MOST_FAILURES else ""
    return f"<h2>Runs that failed</h2>{table(('run', 'error', 'message', 'settings'), rows)}{more}"


def _origin(view: View) -> str:
    manifest = json.dumps(view.results.manifest, indent=1, ensure_ascii=False)
    return f"""<h2>Where it comes from</h2>
<p>The study file; the same file, seeds and version give the same numbers.</p>
<pre class="scroll">{escape(view.study.text())}</pre>
<details><summary>Manifest of the runs</summary><pre class="scroll">{escape(manifest)}</pre></details>"""


# --- pieces ---------------------------------------------------------------------------------------------
def _figure(figure: Figure, about: str, name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return drawing(svg(figure), about, name, heads, rows)


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _list(items: Iterable[str] | Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
