"""The report of a study as one page that a reader without the program can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.claims import SURE, Verdict
from experiments.analysis.intervals import Estimate
from experiments.analysis.prim import Limit
from experiments.page import document, escape, image, table
from experiments.report import figures
from experiments.report.findings import Findings
from experiments.report.view import View, text_of
from experiments.reproductions.figures import png
from experiments.reproductions.intervals import LEVEL
from experiments.screen import counted
from experiments.study import ECONOMY, SERIES, Factor
from experiments.summary import number

MOST_FAILURES = 20  # failed runs told one by one
VERDICTS: dict[Verdict, str] = {
    "holds": f"Holds in at least {100 * SURE:.0f} % of the worlds",
    "uncertain": "Uncertain",
    "does not hold": f"Does not hold: the contrary does in at least {100 * SURE:.0f} % of the worlds",
    "cannot be told": "Cannot be told",
}
MOST_PROFILES = 6  # factors drawn for each outcome


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
        _distribution(found, units),
        _comparison(view, found, units),
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


# --- sentences ------------------------------------------------------------------------------------------
def estimate(e: Estimate) -> str:
    """A number with its interval in brackets."""
    if np.isnan(e.low) or e.low == e.high:
        return number(e.value)
    return f"{number(e.value)} [{number(e.low)}, {number(e.high)}]"


def percent(e: Estimate) -> str:
    """A share with its interval in brackets, in per cent."""
    value, low, high = (f"{100.0 * part:z.0f}" for part in e)
    return f"{value} %" if np.isnan(e.low) else f"{value} % [{low}, {high}]"


def verdicts(found: Findings, base: str) -> list[str]:
    """What differs clearly from the baseline `base` and what does not, a sentence an outcome."""
    said = []
    for outcome in dict.fromkeys(c.outcome for c in found.comparisons):
        here = [c for c in found.comparisons if c.outcome == outcome]
        parts = []
        for word, chosen in (
            ("lower", [c for c in here if c.clear and c.found.difference.value < 0.0]),
            ("higher", [c for c in here if c.clear and c.found.difference.value > 0.0]),
        ):
            if chosen:
                told = ", ".join(f"{c.level} ({estimate(c.found.difference)})" for c in chosen)
                parts.append(f"clearly {word} with {told}")
        unclear = [c.level for c in here if not c.clear]
        if unclear:
            parts.append(f"no clear difference with {', '.join(unclear)}")
        mean = next(iter(found.summaries[outcome].values())).mean.value  # of the baseline, all its runs
        said.append(f"{outcome} ({number(mean)} with {base}): {'; '.join(parts)}.")
    return said


def limit_sentence(name: str, limit: Limit) -> str:
    """What a box allows of a factor, in words."""
    if limit.levels is not None:
        return f"{name} is {' or '.join(limit.levels)}"
    if limit.high == np.inf:
        return f"{name} above {number(limit.low)}"
    if limit.low == -np.inf:
        return f"{name} below {number(limit.high)}"
    return f"{name} between {number(limit.low)} and {number(limit.high)}"


def glance(view: View, found: Findings) -> list[str]:
    """The report in a few sentences.

    Parameters
    ----------
    view : View
    found : Findings

    Returns
    -------
    list of str
        Plain text.
    """
    said = []
    done, planned = len(view.results.runs), view.results.manifest["runs"]
    if done < planned:
        said.append(f"The study is not finished: {done:,} of {counted(planned, 'run')}.")
    if found.crisis is not None and found.chances:
        chances = "; ".join(
            f"{percent(e)}" + (f" with {view.compared} {level}" if len(found.chances) > 1 else "")
            for level, e in found.chances.items()
        )
        said.append(f"A crisis ({found.crisis}) happens in {chances} of the runs.")
    box = found.discovery.box if found.discovery is not None else None
    if box is not None and box.limits:
        where = " and ".join(limit_sentence(name, limit) for name, limit in box.limits.items())
        said.append(
            f"It concentrates where {where}: {box.density:.0%} of the runs there end in it, and {box.coverage:.0%} of"
            f" all crises lie there ({box.mass:.0%} of the points)."
        )
    elif box is not None:
        said.append("No region of the factors stands out in which it concentrates.")
    if found.comparisons:
        base = f"{view.compared} {next(iter(view.levels))}"
        said += verdicts(found, base)
    said += [f"{name}: {number(value)} in every run." for name, value in found.constant.items()]
    ranked = [(name, {f: i.total[f] for f in i.total}, "explains", True) for name, i in found.sobol.items()]
    ranked += [(name, m.strength, "moves it by", False) for name, m in found.morris.items()]
    for name, strength, _, share in ranked[:4]:
        order = sorted(strength, key=lambda f: -strength[f].value)[:3]
        told = ", ".join(f"{f} ({percent(strength[f]) if share else estimate(strength[f])})" for f in order)
        how = "share of the variance it has a part in" if share else "mean change over the factor's range"
        said.append(f"{name}: depends most on {told}; in brackets: {how}.")
    return said


def claim_sentences(view: View, found: Findings) -> dict[Verdict, list[str]]:
    """What is claimed of the study, by verdict: its words, how large, and in what share of worlds it holds."""
    said: dict[Verdict, list[str]] = {}
    for w in found.claims:
        unit = view.meaning(w.claim.outcome).unit
        if not w.worlds:
            said.setdefault(w.verdict, []).append(f"{w.claim.text} There is no world in which both sides have a value.")
            continue
        parts = [f"{'mean' if w.claim.than is None else 'mean difference'} {estimate(w.size)}{unit and ' '}{unit}"]
        parts.append(f"holds in {percent(w.share)} of {counted(w.worlds, 'world')}")
        if w.same:
            parts.append(f"no difference in {100.0 * w.same:.0f} %")
        if w.other and w.claim.relation in ("higher", "lower"):
            parts.append(f"the other way in {100.0 * w.other:.0f} %")
        if w.missing:
            parts.append(f"without a value in {counted(w.missing, 'world')}")
        said.setdefault(w.verdict, []).append(f"{w.claim.text.rstrip('.')}: {'; '.join(parts)}.")
    return {verdict: said[verdict] for verdict in get_args(Verdict) if verdict in said}


# --- sections -------------------------------------------------------------------------------------------
def _glance(view: View, found: Findings) -> str:
    said = glance(view, found)
    return f"<h2>At a glance</h2>{_list(said)}" if said else ""


def _claims(view: View, found: Findings) -> str:
    told = claim_sentences(view, found)
    if not told:
        return ""
    parts = [f"<h3>{VERDICTS[verdict]}</h3>{_list(sentences)}" for verdict, sentences in told.items()]
    return f"""<h2>What it says</h2>{"".join(parts)}
<p class="source">Every claim was put to each world by itself, with all its runs. In brackets: {LEVEL:.0%} intervals.
A claim that holds in fewer than {100 * SURE:.0f} % of the worlds is called uncertain.</p>"""


def _made(view: View) -> str:
    study, runs = view.study, view.results.runs
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


def _distribution(found: Findings, units: Mapping[str, str]) -> str:
    rows = [
        (outcome, level, f"{s.runs:,}", estimate(s.mean), estimate(s.median), estimate(s.high), estimate(s.worst))
        for outcome, levels in found.summaries.items()
        for level, s in levels.items()
    ]
    shown = {name: curves for name, curves in found.survivals.items() if curves}
    if not shown:
        return ""
    heads = ("outcome", "runs with", "runs", "mean", "median", "95 % of runs are below", "mean of the highest 5 %")
    return f"""<h2>How often how much</h2>
{_figure(figures.survivals(shown, units), "Survival functions of the outcomes")}
<p class="source">How to read it: a line at 20 % above some value says that one run in five reached that value or
more; a line further right or higher means more of it. Shaded, where lines are few: a band that holds the whole true
curve with {LEVEL:.0%} confidence, given the ranges and values of this study.</p>
{table(heads, rows)}
<p class="source">In brackets: {LEVEL:.0%} interval; of the mean Student's t over seeds (and points, where the design
drew them), cut at zero where no run is below it; of the others by drawing them again.</p>"""


def _comparison(view: View, found: Findings, units: Mapping[str, str]) -> str:
    if not found.comparisons:
        return ""
    base = next(iter(view.levels))
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
        for c in found.comparisons
    ]
    heads = (
        "outcome", str(view.compared), f"with {base}, same pairs", "difference", "pairs", "p, mean", "p, signs",
        "gain by pairing",
    )  # fmt: skip
    return f"""<h2>Compared: {escape(str(view.compared))} against {escape(base)}</h2>
{_figure(figures.differences(found.comparisons, units), f"Differences from {base}")}
<p class="source">How to read it: each dot is the mean difference from <em>{escape(base)}</em>, the line its
{LEVEL:.0%} interval. Every run is compared with the run of the same seed and the same other settings, so that both
meet the same luck. Blue lies below, red above; an empty grey dot is no clear difference, given how many were looked
at.</p>
{table(heads, rows)}
<p class="source">p, mean: chance of a difference this large if there were none (Student's t, corrected for
{len(rows)} comparisons after Holm). Only pairs count in which both runs have a value: where some have none, such as the
month of a default that never comes, the mean with {escape(base)} is another than that of all its runs above; of a
difference the interval may reach below zero. p, signs: of the sign test, uncorrected. Gain by pairing: how many times
more runs the same precision would have needed with unrelated seeds.</p>"""


def _profiles(view: View, found: Findings, units: Mapping[str, str]) -> str:
    parts = []
    logarithmic = {name for name, factor in view.factors.items() if factor.log}
    for outcome, lines in found.profiles.items():
        swing = {name: float(np.nanmax(p.mean) - np.nanmin(p.mean)) for name, p in lines.items()}
        chosen = sorted(lines, key=lambda name: -swing[name])[:MOST_PROFILES]
        if chosen:
            shown = {name: lines[name] for name in chosen}
            about = f"{outcome} along every factor"
            parts.append(
                f"<h3>{escape(outcome)}</h3>{_figure(figures.profiles(shown, outcome, units, logarithmic), about)}"
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
    return f"""<h2>Two factors together</h2>
{_figure(figures.maps(found.maps, axes, marks, units), f"Outcomes over {axes[0]} and {axes[1]}")}
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
        (outcome, name, percent(i.first[name]), percent(i.total[name]))
        for outcome, i in found.sobol.items()
        for name in sorted(i.total, key=lambda n: -i.total[n].value)
    ]
    pairs = [
        (outcome, f"{a} with {b}", percent(e))
        for outcome, i in found.sobol.items()
        for (a, b), e in sorted(i.pairs.items(), key=lambda item: -item[1].value)[:5]
    ]
    bases = min(i.bases for i in found.sobol.values())
    return f"""<h2>Which factors matter (Sobol indices)</h2>
{_figure(figures.sobol_bars(found.sobol), "Sobol indices")}
<p class="source">How to read it: over the ranges of this study the outcome varies. Orange is the share of that
variance that would vanish if one knew this factor alone; blue is the share it has a part in, together with others. A
blue bar much longer than the orange one means that the factor acts through others. Lines: {LEVEL:.0%} intervals from
{bases} base points; an interval that reaches zero says that the factor may not matter at all.</p>
{table(("outcome", "factor", "alone", "with others"), rows)}
{"<p>Pairs that act together beyond each alone:</p>" + table(("outcome", "pair", "share"), pairs) if pairs else ""}"""


def _morris(found: Findings, units: Mapping[str, str]) -> str:
    if not found.morris:
        return ""
    rows = [
        (outcome, name, estimate(m.strength[name]), estimate(m.direction[name]), number(m.spread[name]))
        for outcome, m in found.morris.items()
        for name in sorted(m.strength, key=lambda n: -m.strength[n].value)
    ]
    heads = ("outcome", "factor", "strength (mu*)", "direction (mu)", "spread (sigma)")
    return f"""<h2>Which factors matter (Morris screening)</h2>
{_figure(figures.morris_bars(found.morris, units), "Morris effects")}
<p class="source">How to read it: one factor is moved at a time, from many places. The bar says by how much the outcome
changes on average over the factor's whole range, whichever way. Red raises it, blue lowers it, grey does either
depending on the others. A spread as large as the strength means that the effect depends on where one is. Lines:
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
    values = view.table(found.crisis.outcome)
    whole = ~np.isnan(values).all(axis=1) & view.sampled
    happened = np.where(np.isnan(values), np.nan, found.crisis.holds(values))
    share = np.nanmean(happened[whole], axis=1)
    picture = figures.discovery(d, view.points.loc[whole, list(view.factors)], share, found.crisis)
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
<p>{d.base_rate:.0%} of the runs end in it. In the region below it is {d.box.density:.0%} (density); the region holds
{d.box.coverage:.0%} of all crises (coverage) and {d.box.mass:.0%} of the points.</p>{limits}{near}
{_figure(picture, "Scenario discovery")}
<p class="source">How to read it: the method (PRIM) starts from all points and cuts away, side by side, what has the
fewest crises; on the left every step on that way. The box marked red best tells crises from the rest. On the right
the points, bright where more runs end in the crisis, and the box in its two clearest factors. Quasi-p: chance of so
many crises if this condition did not matter; conditions above 5 % are dropped. Found again: part of the resamples
of the points in which the factor is limited too; below a half it is a weak finding.</p>"""


def _paths(view: View) -> str:
    if "series" not in view.results.recipe.schemas():
        return ""
    series = view.results.series
    names = [name for name in series.columns if name not in ("run", "month")]
    if not len(series) or not names:
        return ""
    point = series["run"].to_numpy() // view.study.replicates
    bands: dict[str, dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]] = {name: {} for name in names}
    levels = view.levels if view.sampled.any() else {"all runs": np.arange(len(view.points))}
    for level, rows in levels.items():
        months = series.loc[np.isin(point, rows)].groupby("month")
        for name in names:
            low, middle, high = (months[name].quantile(q) for q in (0.1, 0.5, 0.9))
            bands[name][level] = (low.index.to_numpy(), low.to_numpy(), middle.to_numpy(), high.to_numpy())
    units = {name: SERIES[name].unit for name in names if name in SERIES}
    means = [(name, SERIES[name].meaning, SERIES[name].unit) for name in names if name in SERIES]
    return f"""<h2>Through time</h2>
{_figure(figures.paths(bands, units, view.results.study.opened.date), "Aggregates through time")}
<p class="source">How to read it: lines are medians of the runs at each month; shaded, where lines are few, from the
10th to the 90th percentile of the runs: eight runs in ten lie inside.</p>
{table(("aggregate", "what it is", "unit"), means)}"""


def _notes(found: Findings) -> str:
    return f"<h2>What could not be told</h2>{_list(found.notes)}" if found.notes else ""


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
def _figure(figure: Figure, about: str) -> str:
    return image(png(figure), about)


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _list(items: Iterable[str] | Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
