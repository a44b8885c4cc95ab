"""The scorecard as Markdown, as a page that loads nothing else, and as data for a script."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from abm.inputs.scenarios import BASELINE
from experiments.hindcast_page import pit_figure
from experiments.page import STYLE, Told, document, escape, image, markdown_sections, prose, table
from experiments.reproductions.figures import BLUE, GREEN, GREY, ORANGE, panels, png
from experiments.risk.findings import SMALLEST_DEBT
from experiments.risk.page import about, plain_numbers, reliability
from experiments.risk.statistics import DRAWS
from experiments.screen import counted
from experiments.validation import stylised
from experiments.validation.card import Card
from experiments.validation.lines import BEYOND, NOT_VALIDATED, VALIDATED, VERDICTS, Line, Section

TITLE = "What of the model is validated, and what is not"
ANEW = "With `--page FILE` it writes this page: the same bytes for the same version and seeds."
HEADS = ("what", "ours", "asked", "verdict", "why", "evidence")
COLOURS = {VALIDATED: GREEN, NOT_VALIDATED: ORANGE, BEYOND: GREY}
CLASSES = {VALIDATED: "yes", NOT_VALIDATED: "no"}
# Columns of the tables of lines: no word of a verdict is broken, and sentences have room.
WIDTHS = "".join(
    f"tr:has(> :nth-child({len(HEADS)})) > :nth-child({k}) {{ min-width: {rem}rem; overflow-wrap: break-word; }}\n"
    for k, rem in enumerate((12, 6, 4, 6, 10, 12), 1)
)
SHORT = {BEYOND: "cannot be validated"}  # in heads of columns and in the key of the figure


def command(card: Card) -> str:
    """The call that makes this scorecard."""
    return f"invisible-debt validate --seeds {card.seeds}"


def cells(line: Line) -> tuple[str, ...]:
    """A line as a row of its table."""
    what = f"{line.what}, {line.unit}" if line.unit else line.what
    return (what, line.shown, line.asked, line.verdict, line.why, line.evidence)


def counts(card: Card) -> list[tuple[str, ...]]:
    """Lines by section and verdict, and all of them."""
    rows = [(s.heading, *(str(s.count(v)) for v in VERDICTS)) for s in card.sections]
    return [*rows, ("all", *(str(sum(s.count(v) for s in card.sections)) for v in VERDICTS))]


COUNT_HEADS = ("section", *(SHORT.get(v, v) for v in VERDICTS))


def runs(card: Card) -> str:
    """What was run, in sentences."""
    return (
        f"{counted(card.known.runs, 'world')} of the hindcast, {len(card.known.failures)} of them in error, readings:"
        f" SHA-256 {card.known.digest[:16]}. {about(card.made)}"
    )


def how() -> list[str]:
    """How to read the verdicts, a sentence each."""
    return [
        f"- **{VALIDATED}:** the number lies in the range of the evidence; where a direction alone is known, its whole"
        " interval does.",
        f"- **{NOT_VALIDATED}:** it does not. That may be the model, or too few worlds to tell: where the interval"
        " reaches the range, the line says so.",
        f"- **{BEYOND}:** nobody has measured it, or no table of the runs holds it.",
        f"- Intervals cover 95 %: of shares, Wilson's at the effective number of trials; of scores, a jackknife over"
        f" worlds; of all else a bootstrap over worlds, {DRAWS:,} draws. They say how sure the runs make a number, not"
        " how sure the evidence is. Of so many lines some would be missed, or met, by chance.",
        "- Facts (such as R3-005) stand with their sources in `abm/calibration/facts.csv`. Parameters were set with"
        " some of them in view; `abm/RISK.md` says which: section 2 alone is out of sample.",
    ]


def _told(s: Section) -> Told:
    return (s.heading, s.sentences, [(HEADS, [cells(line) for line in s.lines])] if s.lines else [])


def lost(card: Card) -> list[Told]:
    """The section that names the runs which ended in an error, if there are any."""
    named = [f"- {sentence}" for sentence in card.failures]
    return [("Runs that ended in an error", named, [])] if named else []


def markdown(card: Card) -> str:
    """The scorecard as Markdown."""
    head = [f"# {TITLE}", "", "Output of", "", "```", command(card), "```", "", runs(card), "", ANEW, ""]
    parts: list[Told] = [("The scorecard", how(), [(COUNT_HEADS, counts(card))])]
    return "\n".join([*head, *markdown_sections([*parts, *(_told(s) for s in card.sections), *lost(card)])])


def html(card: Card) -> str:
    """The same as a page that loads nothing else, with pictures."""
    pictures = {
        2: [(png(pit_figure(card.verdict)), "Histogram of the PITs: flat if the bands are right")],
        3: [(reliability(card.found), "Reliability diagram: default probability seen against what happened")],
        5: [
            (png(clustering_figure(card)), "World-years by number of defaults, as they are and if independent"),
            (png(tail_figure(card)), "Sizes and losses of cascades beside laws without a heavy tail"),
        ],
    }
    parts = [f"<h1>{escape(TITLE)}</h1>", f"<p><code>{escape(command(card))}</code></p>", prose([runs(card)])]
    parts += ["<h2>The scorecard</h2>", image(png(score_figure(card)), "Lines by section and verdict")]
    parts += [table(COUNT_HEADS, counts(card)), prose(how())]
    for number, s in enumerate(card.sections, 1):
        parts += [f"<h2>{escape(s.heading)}</h2>", prose(s.sentences)]
        parts += [image(drawn, alt) for drawn, alt in pictures.get(number, [])]
        parts.append(table(HEADS, [cells(line) for line in s.lines], CLASSES))
    parts += [f"<h2>{escape(heading)}</h2>{prose(named)}" for heading, named, _ in lost(card)]
    return document(TITLE, "\n".join(parts), STYLE + WIDTHS)


def score_figure(card: Card) -> Figure:
    """Lines by section and verdict, as bars."""
    figure, (axis,) = panels(width=9.0, height=3.4)
    rows = np.arange(len(card.sections))
    left = np.zeros(len(rows))
    for verdict in VERDICTS:
        width = np.array([float(s.count(verdict)) for s in card.sections])
        axis.barh(rows, width, left=left, color=COLOURS[verdict], alpha=0.8, label=SHORT.get(verdict, verdict))
        left += width
    axis.set_yticks(rows, [s.heading for s in card.sections])
    axis.invert_yaxis()
    axis.set_xlabel("lines")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(fontsize=8, loc="lower right")
    return figure


def clustering_figure(card: Card) -> Figure:
    """How many borrowers default in a year of a world, beside independent defaults at the same rates."""
    found, expected = stylised.by_count(card.made.parts[BASELINE])
    figure, (axis,) = panels(width=7.0, height=3.4)
    sizes = np.arange(len(found))
    axis.bar(sizes, found, color=BLUE, alpha=0.5, label="the model")
    axis.plot(sizes, expected, "o", ms=4, color=ORANGE, label="independent in time, each world with as many")
    axis.set_yscale("log")
    axis.set_ylim(0.3, None)
    axis.set_xlabel("borrowers that default in a year of a world")
    axis.set_ylabel("world-years")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(fontsize=8)
    return figure


def tail_figure(card: Card) -> Figure:
    """Sizes of cascades beside a geometric law, and their losses beside an exponential one, both of the same mean."""
    found = stylised.cascades(card.made.parts[BASELINE])
    figure, (left, right) = panels(2, width=4.6, height=3.6)
    lost = np.sort(found.losses[found.losses > SMALLEST_DEBT])
    if len(found.sizes):
        sizes = np.arange(1, int(found.sizes.max()) + 1)
        reached = [(found.sizes >= n).mean() for n in sizes]
        beyond = float(found.sizes.mean()) - 1.0
        left.plot(sizes, reached, "o-", ms=4, color=BLUE, label="the model")
        left.plot(sizes, (beyond / (1.0 + beyond)) ** (sizes - 1), color=ORANGE, label="geometric, same mean")
        left.set_ylim(min(reached) / 2.0, 1.5)
    if len(lost):
        right.plot(lost, 1.0 - np.arange(len(lost)) / len(lost), ".", ms=4, color=BLUE, label="the model")
        grid = np.geomspace(lost[0], lost[-1], 200)
        right.plot(grid, np.exp(-grid / lost.mean()), color=ORANGE, label="exponential, same mean")
        right.set_xscale("log")
        right.set_ylim(0.5 / len(lost), 1.5)
    left.set_xlabel("firms that fail in one month, at least")
    right.set_xlabel("credit losses of one month, bn USD, at least")
    left.set_ylabel("share of such months")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis in (left, right):
        if axis.lines:
            axis.set_yscale("log")
            axis.legend(fontsize=8)
    return figure


def as_data(card: Card) -> dict[str, Any]:
    """The scorecard for a script."""
    return {
        "seeds": card.seeds,
        "digests": {"hindcast": card.known.digest, "risk": card.made.digest},
        "failed": card.failures,
        "counts": {v: sum(s.count(v) for s in card.sections) for v in VERDICTS},
        "sections": [
            {
                "heading": s.heading,
                "counts": {v: s.count(v) for v in VERDICTS},
                "lines": [
                    {
                        "what": x.what, "unit": x.unit, "shown": x.shown, **plain_numbers(x.ours), "asked": x.asked,
                        "verdict": x.verdict, "why": x.why, "evidence": x.evidence,
                    }
                    for x in s.lines
                ],
            }
            for s in card.sections
        ],
    }  # fmt: skip
