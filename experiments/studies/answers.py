"""The answers of the ready studies as one page of Markdown, with the numbers of the runs they stand on."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.analysis.intervals import Estimate
from experiments.report.findings import Comparison, Findings
from experiments.report.html import map_ticks
from experiments.report.sentences import VERDICTS, claim_sentences, estimate, glance, share
from experiments.report.view import View
from experiments.screen import counted
from experiments.study import Outcome
from experiments.summary import number

MOST_RANKED = 8  # factors of a sensitivity analysis told in the page
MAPPED = 2  # outcomes whose map is printed
HEAD = """# Questions of the client, asked of the model

Written by `python -m experiments.studies`, which runs every study of `experiments/studies/` and leaves a full report
of each, with figures, in `results/studies/NAME/report.html`. Every run is made in a world of its own seed (parameters
and uncertain numbers of the opening, drawn from the worlds that agree with what is known). The sentences are claims of
the study file, put to each world by itself; their words hold no number, and every number is worked out from the runs. A
claim that holds in fewer than nine worlds of ten is called uncertain, unless its contrary holds in nine.
Brackets are {level} intervals: they hold the luck of
worlds (and of points, where a design draws them), not doubt about the model itself. Made with version {version} of the
model.

"""


def markdown(studies: Sequence[tuple[View, Findings]], version: str) -> str:
    """The page.

    Parameters
    ----------
    studies : sequence of (View, Findings)
        In the order of the page.
    version : str
        Hash of the model's sources.
    """
    head = HEAD.format(level="95 %", version=f"`{version}`")
    return head + "\n".join(section(view, found) for view, found in studies)


def section(view: View, found: Findings) -> str:
    """One study: question, design, answer, numbers."""
    study = view.study
    lines = [f"## {study.title}", "", study.question.strip(), ""]
    for verdict, sentences in claim_sentences(view, found).items():
        lines += [f"**{VERDICTS[verdict]}**", "", *(f"- {sentence}" for sentence in sentences), ""]
    factors = ", ".join(f"`{name}`" for name in view.factors)
    lines += [
        f"{counted(len(view.points), 'point')} ({study.design.method}) over {factors};"
        f" {counted(study.replicates, 'seed')} each, {counted(study.months, 'month')};"
        f" `experiments/studies/{study.name}.toml`.",
        "",
    ]
    lines += [f"- {sentence}" for sentence in glance(view, found)]
    lines += _outcomes(view, found) + _comparisons(view, found) + _maps(view, found) + _ranking(found)
    return "\n".join(lines) + "\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}"]
    return ["", *lines, *(f"| {' | '.join(row)} |" for row in rows)]


def _outcomes(view: View, found: Findings) -> list[str]:
    """What the outcomes are, and how they are distributed where nothing is compared."""
    units = {name: view.meaning(name) for name in view.outcomes}
    lines = [
        "",
        "Outcomes: " + "; ".join(f"`{n}`: {m.text}{f' ({m.unit})' if m.unit else ''}" for n, m in units.items()) + ".",
    ]
    rows = [
        (name, *(estimate(e) for e in (s.mean, s.median, s.high, s.worst)))
        for name, levels in found.summaries.items()
        for s in list(levels.values())[:1]
        if not found.comparisons or _is_tail(view.study.measured[name])
    ]
    if rows and found.comparisons:
        lines += ["", f"How far it goes with {view.compared} {next(iter(view.levels))}:"]
    heads = ("outcome", "mean", "median", "95 % of runs below", "mean of the worst 5 % (expected shortfall)")
    return lines if not rows else lines + _table(heads, rows)


def _is_tail(outcome: Outcome | None) -> bool:
    """Whether an outcome is a loss of who holds shares, of which the worst runs matter most."""
    return outcome is not None and outcome.statistic in ("lost", "drawdown")


def _comparisons(view: View, found: Findings) -> list[str]:
    """Baseline means and differences from them, a row a value of the compared factor."""
    if not found.comparisons:
        return []
    outcomes = list(dict.fromkeys(c.outcome for c in found.comparisons))
    by_level: dict[str, dict[str, Comparison]] = {}
    for c in found.comparisons:
        by_level.setdefault(c.level, {})[c.outcome] = c
    base = next(iter(view.levels))
    rows = [(f"**{base}** (mean)", *(estimate(found.summaries[name][base].mean) for name in outcomes))]
    for level, cells in by_level.items():
        rows.append((level, *(_difference(cells.get(name)) for name in outcomes)))
    luck = "with the same seeds" if view.study.paired else "whose seeds are unrelated"
    note = f"Differences from the first row, run by run {luck}; in bold where p is below 5 % after Holm."
    return [*_table((f"`{view.compared}`", *outcomes), rows), "", note]


def _difference(c: Comparison | None) -> str:
    if c is None:
        return ""
    d = c.found.difference
    text = f"{'+' if d.value > 0 else ''}{estimate(d)}"
    return f"**{text}**" if c.clear else text


def _maps(view: View, found: Findings) -> list[str]:
    """Means over two factors of the first outcomes."""
    lines: list[str] = []
    if view.map_axes is None or view.drawn:
        return lines
    across, up = view.map_axes
    for name in list(found.maps)[:MAPPED]:
        m = found.maps[name]
        heads = [f"{name}: `{up}` down, `{across}` across", *map_ticks(view, found, 0)]
        marks = map_ticks(view, found, 1)
        rows = [(mark, *(number(float(value)) for value in row)) for mark, row in zip(marks, m.mean, strict=True)]
        lines += _table(heads, rows)
    return lines


def _ranking(found: Findings) -> list[str]:
    """The strongest factors of a sensitivity analysis."""
    lines: list[str] = []
    for name, indices in found.sobol.items():
        order = sorted(indices.total, key=lambda factor: -indices.total[factor].value)[:MOST_RANKED]
        rows = [(factor, share(indices.first[factor]), share(indices.total[factor])) for factor in order]
        lines += _table((f"variance of {name}", "alone", "with others"), rows)
    for name, effects in found.morris.items():
        order = sorted(effects.strength, key=lambda factor: -effects.strength[factor].value)[:MOST_RANKED]
        rows = [(factor, estimate(effects.strength[factor]), _sign(effects.direction[factor])) for factor in order]
        lines += _table((f"what moves {name}", "by, over its range", "which way"), rows)
    return lines


def _sign(direction: Estimate) -> str:
    return "up" if direction.low > 0.0 else "down" if direction.high < 0.0 else "either"
