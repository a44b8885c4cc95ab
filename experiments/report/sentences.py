"""A report in sentences: every number with its interval, and nothing told as a finding whose interval holds nought."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

import numpy as np

from abm.inputs.dates import month_label
from experiments.analysis.claims import SURE, Verdict
from experiments.analysis.intervals import Estimate
from experiments.analysis.prim import Limit
from experiments.analysis.ranking import Rank
from experiments.analysis.sensitivity import MorrisEffects, SobolIndices, settled
from experiments.report.findings import Comparison, Findings
from experiments.report.view import View
from experiments.screen import counted
from experiments.summary import number

VERDICTS: dict[Verdict, str] = {
    "holds": f"Holds in at least {100 * SURE:.0f} % of the worlds",
    "uncertain": "Uncertain",
    "does not hold": f"Does not hold: the contrary does in at least {100 * SURE:.0f} % of the worlds",
    "cannot be told": "Cannot be told",
}
MOST_NAMED = 6  # factors told by name where nothing is found; more are counted
MOST_DRAWN = 5  # uncertain numbers told in a sentence
LEAST_SHARE = 0.01  # of the variance: total indices are squares, above nought also where nothing is
QUANTILES = ((0.5, "half"), (0.25, "a quarter"))


def estimate(e: Estimate) -> str:
    """A number with its interval in brackets."""
    if np.isnan(e.low) or e.low == e.high:
        return number(e.value)
    return f"{number(e.value)} [{number(e.low)}, {number(e.high)}]"


def percent(e: Estimate) -> str:
    """A share with its interval in brackets, in per cent."""
    value, low, high = (f"{100.0 * part:z.0f}" for part in e)
    return f"{value} %" if np.isnan(e.low) else f"{value} % [{low}, {high}]"


def hundredths(e: Estimate) -> str:
    """A number between -1 and 1 with its interval in brackets."""
    value, low, high = (f"{part:z.2f}" for part in e)
    return value if np.isnan(e.low) else f"{value} [{low}, {high}]"


def share(e: Estimate) -> str:
    """A share of the variance as `percent` has it, marked where its interval settles nothing."""
    return percent(e) + ("" if settled(e) else ", unsettled")


def verdicts(comparisons: Sequence[Comparison], begin: Callable[[str], str]) -> list[str]:
    """What differs clearly from the first value of a factor and what does not, a sentence an outcome.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Of one factor.
    begin : callable
        The beginning of the sentence on an outcome.
    """
    said = []
    for outcome in dict.fromkeys(c.outcome for c in comparisons):
        here = [c for c in comparisons if c.outcome == outcome]
        parts = []
        for words, chosen in (
            ("clearly lower with", [c for c in here if c.clear and c.found.difference.value < 0.0]),
            ("clearly higher with", [c for c in here if c.clear and c.found.difference.value > 0.0]),
            ("no clear difference with", [c for c in here if not c.clear]),
        ):
            if chosen:
                parts.append(words + " " + ", ".join(f"{c.level} ({estimate(c.found.difference)})" for c in chosen))
        said.append(f"{begin(outcome)}: {'; '.join(parts)}.")
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
    done, planned = len(view.runs), view.results.manifest["runs"]
    if done < planned:
        said.append(f"The study is not finished: {done:,} of {counted(planned, 'run')}.")
    said += _crisis(view, found) + _durations(view, found) + _compared(view, found)
    for name, value in found.constant.items():
        said.append(f"{name}: {number(value)} in every run{_with_value(found, name)}.")
    said += [_ranked(_what(found, outcome), ranks) for outcome, ranks in found.ranks.items()]
    said += [_shares(outcome, indices) for outcome, indices in found.sobol.items()]
    said += [_effects(outcome, effects) for outcome, effects in found.morris.items()]
    return said + _drawn(found) + found.missing


def _with_value(found: Findings, outcome: str) -> str:
    return " that has a value" if any(said.startswith(f"{outcome} has no value") for said in found.missing) else ""


def _crisis(view: View, found: Findings) -> list[str]:
    said = []
    if found.crisis is not None and found.chances:
        chances = "; ".join(
            f"{percent(e)}" + (f" with {view.compared} {level}" if len(found.chances) > 1 else "")
            for level, e in found.chances.items()
        )
        said.append(f"A crisis ({found.crisis}) happens in {chances} of the runs.")
    d = found.discovery
    if d is not None and d.box.limits:
        where = " and ".join(limit_sentence(name, limit) for name, limit in d.box.limits.items())
        said.append(
            f"It concentrates where {where}: {percent(d.density)} of the runs there end in it, and"
            f" {percent(d.coverage)} of all crises lie there ({d.box.mass:.0%} of the points)."
        )
    elif d is not None:
        said.append("No region of the factors stands out in which it concentrates.")
    return said


def _durations(view: View, found: Findings) -> list[str]:
    """When what may never come comes, a sentence an outcome."""
    said = []
    for outcome, levels in found.durations.items():
        parts = []
        for level, d in levels.items():
            told = f"in {percent(d.ever)} of the runs" + (f" with {view.compared} {level}" if len(levels) > 1 else "")
            by = next(((word, d.reached(part)) for part, word in QUANTILES if np.isfinite(d.reached(part))), None)
            parts.append(told + (f" (in {by[0]} by {when(view, by[1])})" if by else ""))
        said.append(f"{outcome} comes by {when(view, float(view.over(outcome) or 0))} {'; '.join(parts)}.")
    return said


def when(view: View, month: float) -> str:
    """A month of a run by its date."""
    return month_label(int(month), view.results.study.opened.date)


def _compared(view: View, found: Findings) -> list[str]:
    """What differs from the baseline, and from the first value of every other factor."""
    base = next(iter(view.levels))

    def begin(outcome: str) -> str:
        mean = estimate(found.summaries[outcome][base].mean)
        return f"{_what(found, outcome)} ({mean} with {view.compared} {base})"

    said = verdicts(found.comparisons, begin)
    for name in dict.fromkeys(c.factor for c in found.others):
        first = next(iter(view.levels_of(name)))
        here = [c for c in found.others if c.factor == name]
        against = {c.outcome: f"{_what(found, c.outcome)}, against {name} {first}" for c in here}
        said += verdicts(here, against.__getitem__)
    return said


def _what(found: Findings, outcome: str) -> str:
    """An outcome by its name; of the month of something, what is compared."""
    return f"{outcome}, months free of it" if outcome in found.durations else outcome


def _ranked(outcome: str, ranks: Mapping[str, Rank]) -> str:
    """Which factors an outcome goes with, and of which nothing is found."""
    parts = []
    for words, way in (("rises with", 1), ("falls with", -1)):
        chosen = {name: r.correlation for name, r in ranks.items() if r.direction == way and r.correlation is not None}
        order = sorted(chosen, key=lambda name: -abs(chosen[name].value))
        if order:
            parts.append(f"{words} " + ", ".join(f"{name} ({hundredths(chosen[name])})" for name in order))
    either = [name for name, r in ranks.items() if r.matters and not r.direction]
    if either:
        told = ", ".join(f"{name} ({hundredths(ranks[name].gap)})" for name in either)
        parts.append(f"depends on {told}, which way is not clear")
    parts += _nothing([name for name, r in ranks.items() if not r.matters])
    return f"{outcome}, over all factors: {'; '.join(parts)}."


def _nothing(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return ["no finding on " + (", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} others")]


def _shares(outcome: str, indices: SobolIndices) -> str:
    """Which factors have a part in the variance of an outcome."""
    order = sorted(indices.total, key=lambda name: -indices.total[name].value)
    told = [name for name in order if settled(indices.total[name]) and indices.total[name].low > LEAST_SHARE]
    parts = []
    if told:
        parts.append("a part in it have " + ", ".join(f"{name} ({percent(indices.total[name])})" for name in told))
    together = "the factors, each for itself, explain"
    parts.append(
        f"{together} {percent(indices.alone)} together" if settled(indices.alone)
        else "what the factors explain each for itself is unsettled"
    )  # fmt: skip
    parts += _nothing([name for name in order if name not in told and settled(indices.total[name])])
    wide = [name for name in order if not settled(indices.total[name])]
    if wide:
        parts.append(f"unsettled, for want of base points: {', '.join(wide)}")
    return f"Variance of {outcome}: {'; '.join(parts)}."


def _effects(outcome: str, effects: MorrisEffects) -> str:
    """Which factors move an outcome over their range, one at a time."""
    order = sorted(effects.strength, key=lambda name: -effects.strength[name].value)
    parts = []
    for words, test in (
        ("raised by", lambda mu: mu.low > 0.0),
        ("lowered by", lambda mu: mu.high < 0.0),
        ("moved either way by", lambda mu: mu.low <= 0.0 <= mu.high),
    ):
        chosen = [name for name in order if effects.moves(name) and test(effects.direction[name])]
        if chosen:
            parts.append(f"{words} " + ", ".join(f"{name} ({estimate(effects.strength[name])})" for name in chosen))
    parts += _nothing([name for name in order if not effects.moves(name)])
    return f"{outcome}, over the range of one factor at a time: {'; '.join(parts)}."


def _drawn(found: Findings) -> list[str]:
    """Which of the numbers that worlds draw go with outcomes."""
    if not found.drawn:
        return []
    head = f"Of {counted(found.candidates, 'uncertain number')} drawn in {counted(found.worlds, 'world')},"
    said, nothing = [], []
    for outcome, told in found.drawn.items():
        clear = [one for one in told if one.clear]
        more = f" and {len(clear) - MOST_DRAWN} more" if len(clear) > MOST_DRAWN else ""
        listed = ", ".join(f"{one.name} ({hundredths(one.correlation)})" for one in clear[:MOST_DRAWN])
        if clear:
            said.append(f"{head} {outcome} clearly goes with {listed}{more}.")
        else:
            nothing.append(outcome)
    return said + ([f"{head} none clearly goes with {_either(nothing)}."] if nothing else [])


def _either(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def claim_sentences(view: View, found: Findings) -> dict[Verdict, list[str]]:
    """What is claimed of the study, by verdict: its words, how large, and in what share of worlds it holds."""
    said: dict[Verdict, list[str]] = {}
    for w in found.claims:
        unit = view.meaning(w.claim.outcome).unit
        if w.claim.factor is not None and w.claim.outcome in found.sobol:
            unit = "of its variance"
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
