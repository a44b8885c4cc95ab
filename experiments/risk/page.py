"""The table of risk as Markdown, as a page that loads nothing else, and as data for a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from abm.calibration.facts import read_table
from abm.calibration.opening import DEFAULT_OPENING, opening_tables
from abm.engine import tables
from abm.inputs.dates import month_end
from abm.inputs.scenarios import BASELINE
from experiments.analysis.intervals import Estimate
from experiments.page import Told, document, escape, image, markdown_sections, prose, table
from experiments.reproductions.figures import BLUE, GREY, ORANGE, RED, png
from experiments.risk.asked import FOLDER
from experiments.risk.ensemble import ANALOGUE, FEWER, Made, plan
from experiments.risk.findings import ALL, CRISIS, FACTOR, FOLLOWS, Group, Losses, Recovery
from experiments.risk.holders import holders
from experiments.risk.observe import CAUSES, STRIKE, STRIKE_MONTH, YEARS, story
from experiments.risk.statistics import DRAWS
from experiments.risk.table import MISSED, Findings, Line, verdicts
from experiments.screen import counted
from experiments.summary import number

WHY = FOLDER / "causes.csv"  # lines of the table and why they are missed; of no line: what holds in every run
TITLE = "What the economy says of risk, beside the evidence"
ANEW = "With `--page FILE` it writes this page: the same bytes for the same version and seeds."


def command(made: Made) -> str:
    """The call that makes these numbers."""
    return f"invisible-debt risk --seeds {made.seeds}{' --central' if made.central else ''}"


def causes(f: Findings) -> list[str]:
    """Why the missed lines of this run are missed, a sentence each, and then what holds in every run."""
    missed = {x.name: x.what for x in f.lines if x.verdict == MISSED}
    told, always = [], []
    for row in read_table(WHY):
        lines = named(row["lines"])
        mine = [missed.pop(name) for name in lines if name in missed]
        if mine:
            told.append(f"- **{'; '.join(mine)}:** {row['why']}")
        elif not lines:
            always.append(f"- {row['why']}")
    told += [f"- **{what}:** no cause has been found yet." for what in missed.values()]
    return [*(told or ["- Nothing is missed."]), *always]


def named(cell: str) -> list[str]:
    """The lines of the table that a cell of `causes.csv` names."""
    return [name.strip() for name in cell.split(";") if name.strip()]


def year(k: int) -> int:
    """The calendar year that is so many years after the first of a run."""
    return month_end(12 * k + 1, opening_tables(DEFAULT_OPENING).date).year


def told(value: float) -> str:
    """A number in a cell, "-" where there is none."""
    return "-" if math.isnan(value) else "∞" if math.isinf(value) else number(value)


def span(ours: Estimate, scale: float = 1.0) -> str:
    """A number with its interval."""
    value, low, high = (told(scale * x) for x in ours)
    return value if low == high else f"{value} ({low} to {high})"


def percent(ours: Estimate) -> str:
    """A share as a percentage with its interval."""
    return span(ours, 100.0)


def asked(line: Line) -> str:
    """The range that a line is judged by."""
    if line.low is None or line.high is None:
        return ""
    if line.low == line.high:
        return told(line.low)
    if line.high >= 1000.0 or line.what.endswith("at least"):
        return f"from {told(line.low)}"
    if line.what.endswith("at most"):
        return f"up to {told(line.high)}"
    return f"{told(line.low)} to {told(line.high)}"


def verdict(line: Line) -> str:
    """The verdict of a line in words."""
    return f"{line.verdict}, its interval reaches the range" if line.reached else line.verdict


LINE_HEADS = ("", "what", "unit", "ours", "asked", "", "evidence")


def line_rows(f: Findings) -> list[tuple[str, ...]]:
    """The table of all lines."""
    return [
        (str(x.point), x.what, x.unit, span(x.ours), asked(x), verdict(x), x.evidence) for x in f.lines
    ]  # fmt: skip


def point_rows(f: Findings) -> list[tuple[str, str, str, str]]:
    """The eight points: number, what, met or missed, lines met."""
    return [
        (str(k), what, "met" if met == judged else MISSED, f"{met} of {judged} lines")
        for k, what, met, judged in verdicts(f.lines)
    ]


GROUP_HEADS = ("", "firm-years", "seen, %", "happened, %", "happened over seen", f"within {FACTOR:g} times")


def group_rows(groups: Sequence[Group]) -> list[tuple[str, ...]]:
    """Perceived against realised."""
    return [
        (g.name, f"{g.firm_years:,}", told(100.0 * g.seen), percent(g.happened), span(g.ratio),
         "yes" if g.within else "no")
        for g in groups
    ]  # fmt: skip


FIRM_HEADS = (
    "", "tenant", "the market charges, %", "lenders see at the opening, %", "lenders see along the run, %",
    "happens, %", "without deferrals, %", "asked, %", "",
)  # fmt: skip


def firm_rows(f: Findings) -> list[tuple[str, ...]]:
    """Five-year default by firm."""
    by_name = {x.what: x for x in f.lines if x.point == 2}
    return [
        (
            x.ours.name, x.ours.tenant, "" if x.market is None else f"{told(x.market[0])} to {told(x.market[1])}",
            percent(x.ours.at_opening), percent(x.ours.along), percent(x.ours.happened),
            percent(x.ours.hard), asked(by_name[x.ours.name]), verdict(by_name[x.ours.name]),
        )
        for x in f.firms
    ]  # fmt: skip


def rate_rows(f: Findings) -> list[tuple[str, str, str]]:
    """Default rates of the baseline and the analogue, % a year."""
    a, b = f.rates, f.rates_analogue
    rows = [("all", a.overall, b.overall), ("without deferrals", a.hard, b.hard)]
    rows += [("weighted by debt", a.by_debt, b.by_debt)]
    rows += [(str(year(k)), a.years[k], b.years[k]) for k in range(YEARS)]
    rows += [(kind, a.kinds[kind], b.kinds[kind]) for kind in a.kinds]
    rows += [(way, a.ways[way], b.ways[way]) for way in a.ways]
    rows += [("worst year, 90 % of the runs are below", a.tenth, b.tenth)]
    rows += [("worst year, mean of the worst tenth of runs", a.mean_of_tenth, b.mean_of_tenth)]
    return [(name, percent(x), percent(y)) for name, x, y in rows]


def value_rows(f: Findings) -> list[tuple[str, str, str]]:
    """Volatility of values: median and band over worlds, % a year."""
    return [
        (name, percent(middle), f"{told(100.0 * low)} to {told(100.0 * high)}")
        for name, (middle, (low, high)) in f.volatilities.items()
    ]


RECOVERY_HEADS = ("", "defaults with debt", "debt, bn USD", "recovered, %", "of unsecured debt, %")


def recovery_rows(found: Sequence[Recovery]) -> list[tuple[str, ...]]:
    """Recoveries by way and kind."""
    return [(r.name, f"{r.failures:,}", told(r.debt), percent(r.all), percent(r.unsecured)) for r in found]


LOSS_HEADS = ("", *(f"{what}, {where}" for what in ("credit", "equity", "contract claims")
                    for where in (BASELINE, ANALOGUE)))  # fmt: skip


def loss_rows(f: Findings) -> list[tuple[str, ...]]:
    """Losses by kind of firm that defaults, in the baseline and the analogue, bn USD a run."""
    nothing = Losses("", *[Estimate(0.0, 0.0, 0.0)] * 3)
    a, b = ({x.kind: x for x in f.losses[name]} for name in (BASELINE, ANALOGUE))
    rows = []
    for name in (*tables.KIND_NAMES, ALL):
        if name in a or name in b:
            x, y = a.get(name, nothing), b.get(name, nothing)
            pairs = ((x.credit, y.credit), (x.equity, y.equity), (x.claims, y.claims))
            rows.append((name, *(span(ours) for pair in pairs for ours in pair)))
    return rows


def cascade_rows(f: Findings) -> list[tuple[str, ...]]:
    """Sizes of cascades in the baseline and the analogue."""
    a, b = (f.cascades[name] for name in (BASELINE, ANALOGUE))
    rows = [("months with a default", f"{a.months:,}", f"{b.months:,}")]
    for n in a.at_least:
        rows.append((f"of which at least {n} firms default, %", percent(a.at_least[n]), percent(b.at_least[n])))
    rows.append(("most firms in a month", str(a.largest), str(b.largest)))
    return [*rows, ("most rounds in a month", str(a.longest), str(b.longest))]


LENDER_HEADS = (
    "", "losses, % of capital", "in the baseline", "marks beyond them, % of capital", "gated, %", "in the baseline",
    "stopped lending, %", "failed, %", "new credit in the worst year, %",
)  # fmt: skip


def lender_rows(f: Findings) -> list[tuple[str, ...]]:
    """Lenders by class in the analogue."""
    return [
        (x.name, percent(x.losses), percent(x.losses_baseline), percent(x.marks), percent(x.gated),
         percent(x.gated_baseline), percent(x.closed), percent(x.failed), percent(x.credit))
        for x in f.lenders
    ]  # fmt: skip


def routed_rows(f: Findings) -> list[tuple[str, str, str, str]]:
    """Who bears lenders' losses in the end, bn USD a run, in the baseline and the analogue."""
    a, b = ({(c, h): ours for c, h, ours in f.routed[name]} for name in (BASELINE, ANALOGUE))
    nothing = Estimate(0.0, 0.0, 0.0)
    return [
        (c, h, span(a.get((c, h), nothing)), span(b.get((c, h), nothing))) for c, h in dict.fromkeys([*a, *b])
    ]  # fmt: skip


def strike_rows(f: Findings) -> list[tuple[str, str, str]]:
    """What the flagship's failure moves: at once and after half a year, medians over worlds."""
    s = f.strike
    rows = [("sentiment, change", s.sentiment, 1.0), ("spot rent, change in %", s.spot, 100.0)]
    rows += [(f"hazard of {name}, times", h, 1.0) for name, h in s.hazards.items()]
    rows += [("mean hazard of all borrowers, times", s.spread, 1.0)]
    rows += [("orphaned debt, bn USD more", s.orphaned, 1.0)]
    return [(name, *(span(x, scale) for x in values.values())) for name, values, scale in rows]  # type: ignore[misc]


def demand_rows(f: Findings) -> list[tuple[str, str, str, str]]:
    """Where another borrower follows the flagship, by tercile of demand."""
    return [
        (k.name, str(k.worlds), told(100.0 * k.growth / 2.0), percent(k.follows)) for k in f.strike.by_demand
    ]  # fmt: skip


def cause_rows(f: Findings, shares: bool) -> list[tuple[str, ...]]:
    """By scenario: of how many defaults each cause is the heaviest, or its share of all that explains them (%)."""
    return [
        (c.scenario, str(c.worlds), told(c.failures / c.worlds),
         *(told(100.0 * c.shares[n]) if shares else str(c.heaviest[n]) for n in CAUSES))
        for c in f.causes
    ]  # fmt: skip


def holder_rows() -> list[tuple[str, str, str, str, str]]:
    """The assumptions of who bears losses in the end."""
    return [(r["class"], r["layer"], r["holder"], r["share"], r["source"]) for r in holders()]


def about(made: Made) -> str:
    """What was run, in sentences."""
    worlds = plan(made.seeds)
    others = len(worlds) - 3
    few = min(worlds.values())
    differ = (
        "central parameters and opening, luck alone differs"
        if made.central
        else "parameters, opening and luck drawn by its seed"
    )
    return (
        f"{counted(made.seeds, 'world')} ({differ}), {YEARS} years each: the baseline, the same in which"
        f" {story(STRIKE, DEFAULT_OPENING).title}, and {ANALOGUE}; {counted(few, 'world')}, one of {FEWER}, of"
        f" {counted(others, 'other scenario')}. {counted(len(made.failures), 'run')} ended in an error."
        f" Tables: SHA-256 {made.digest[:16]}."
    )


def how() -> list[str]:
    """How the numbers are made, a sentence each."""
    return [
        "Intervals cover 95 %: of shares, Wilson's at the effective number of firm-years (runs are clusters; Korn and"
        f" Graubard 1998); of scores, a jackknife over worlds; of all else a bootstrap over worlds, {DRAWS:,} draws.",
        "A line is met if its number lies in the range asked for, or its whole interval where a direction alone is"
        " asked for; lines without a range are stated. A point is met if all its judged lines are.",
        "Borrowers are labs, hyperscalers, neoclouds and project companies, counted as each year begins unless a court"
        " protects them then; a default is any of the four ways (liquidation, reorganisation, distressed exchange,"
        " deferral), of several of a firm in a year the first. What lenders see is a yearly hazard h, a probability of"
        " 1 - exp(-h); at the opening over five years 1 - exp(-5 h), h the yearly hazard over that time.",
        "Lenders see along the run: the probabilities seen in the years that a firm begins before its first default,"
        " summed; on average they equal what happens if and only if lenders are right.",
        "The market's column is risk-neutral: it holds a premium over what happens (R2-005, R2-006).",
        "Values are of equity. Volatility: standard deviation of monthly log changes while the firm lives, times the"
        " root of 12; the evidence is implied by options, some points above what is realised.",
        "Recovery is one less what lenders lose over the principal in default; of unsecured debt,"
        " as if secured creditors were paid first from all there is.",
        "The lag runs from the quarter of most investment to that of most defaults over four quarters, dated at their"
        f" middle, up to the end of {year(CRISIS[-1])}, both averaged over worlds.",
        f"Pairs share seed and world. Another borrower follows if it defaults within {FOLLOWS} months of month"
        f" {STRIKE_MONTH} and not without the strike. Demand: growth of AI revenue over these months without it.",
        "A scenario's parameters stand above the world's.",
    ]


def sections(made: Made, f: Findings) -> list[Told]:
    """All sections: heading, sentences, tables (heads and rows)."""
    p, s = f.perceived, f.strike
    first = ", ".join(f"{name} ({100.0 * part:.0f} %)" for name, part in s.followers[:8]) or "nobody"
    return [
        ("The eight points", [], [(("", "what", "", ""), point_rows(f)), (LINE_HEADS, line_rows(f))]),
        ("What is missed, and why", causes(f), []),
        (
            "1 Perceived against realised",
            [
                "By tenth of the hazard that lenders see as a year begins (equal hazards share a group), by kind, and"
                f" all. Brier score {span(p.brier)}, {told(p.brier_of_mean)} of the mean rate; AUC {span(p.auc)}."
            ],
            [(GROUP_HEADS, group_rows([*p.tenths, *p.kinds, p.overall]))],
        ),
        ("2 Five-year default by firm", [], [(FIRM_HEADS, firm_rows(f))]),
        (
            "3 Default rates",
            [
                "Of the borrowers that begin a year, % a year. For the ways: 70 % of the defaults that Fitch counts in"
                " private credit are deferrals or payment in kind, 5 % bankruptcies or liquidations (R8-006, R8-007);"
                " of rated corporates about 60 % are distressed exchanges (R8-008)."
            ],
            [(("", "baseline", ANALOGUE), rate_rows(f))],
        ),
        (
            "4 Volatility of values",
            ["Median over worlds, and what 90 % of the worlds lie in; % a year."],
            [(("", "median", "5 to 95 % of worlds"), value_rows(f))],
        ),
        (
            "5 The telecom analogue",
            [
                f"Lenders by class, {year(CRISIS[0])} to {year(CRISIS[-1])}; shares of a class by loans"
                " held as these years begin, of lenders that are gated (pay back less than investors ask), stop lending"
                " or fail in one month at least; new credit against the same year of the baseline."
            ],
            [(LENDER_HEADS, lender_rows(f))],
        ),
        (
            f"6 {story(STRIKE, DEFAULT_OPENING).title}",
            [
                f"{counted(s.worlds, 'pair')} of worlds; {s.left_out} left out in which it has failed by itself before."
                f" Another borrower follows in {percent(s.follows)} % of them. Most often: {first}."
            ],
            [
                (("medians over worlds", "at once", "after six months"), strike_rows(f)),
                (("demand", "worlds", "growth, log % a year", "another borrower follows, %"), demand_rows(f)),
            ],
        ),
        (
            "7 Causes",
            [
                "All defaults, lenders' and vendors' among them: of how many each cause is the heaviest, then shares"
                " of what explains them all, %."
            ],
            [
                (("scenario", "worlds", "defaults a world", *CAUSES), cause_rows(f, False)),
                (("scenario", "worlds", "defaults a world", *CAUSES), cause_rows(f, True)),
            ],
        ),
        (
            "8 AI debt",
            [
                f"Added {year(0)} to {year(2)}, bn USD: 10 % of worlds below "
                f"{span(f.debt[0])}, median {span(f.debt[1])}, 90 % below {span(f.debt[2])}."
            ],
            [],
        ),
        (
            "Recoveries",
            [
                "Baseline, then the telecom analogue; by way, by kind, and all. Left out are deferrals, in which no"
                " debt is given up, and reorganisations whose plan has not taken effect."
            ],
            [(RECOVERY_HEADS, recovery_rows(f.recoveries)), (RECOVERY_HEADS, recovery_rows(f.recoveries_analogue))],
        ),
        (
            "Losses by kind",
            [
                f"By kind of firm that defaults, bn USD a run of {YEARS} years: of those who had lent to it, of its"
                " owners (the value of its shares before), and damages under contracts that it did not pay. They are"
                " different things and are not added. What creditors of a lender lose, it has lost itself before: it is"
                " not in the last row. Reorganisations count when their plan takes effect."
            ],
            [(LOSS_HEADS, loss_rows(f))],
        ),
        (
            "Sizes of cascades",
            ["Firms that default in one month of a world, all kinds."],
            [(("", "baseline", ANALOGUE), cascade_rows(f))],
        ),
        (
            "Who bears the losses in the end",
            [f"Credit losses of lenders, bn USD a run of {YEARS} years; who holds a lender's liabilities is assumed."
             " What a lender loses to another that has failed is counted with both."],
            [
                (("lenders", "borne by", "baseline", ANALOGUE), routed_rows(f)),
                (("lenders", "layer", "holder", "share", "source"), holder_rows()),
            ],
        ),
        *lost(made),
        ("How the numbers are made", [f"- {sentence}" for sentence in how()], []),
    ]


def lost(made: Made) -> list[Told]:
    """The section that names the runs which ended in an error, if there are any."""
    named = [f"- {sentence}" for sentence in made.failures]
    heading = "Runs that ended in an error"
    return [(heading, ["They are in no number above. That may flatter: what breaks a run may break firms."], []),
            ("Their scenarios, seeds and errors", named, [])] if named else []  # fmt: skip


def markdown(made: Made, f: Findings) -> str:
    """The page as Markdown."""
    lines = [f"# {TITLE}", "", "Output of", "", "```", command(made), "```", "", about(made), "", ANEW, ""]
    return "\n".join([*lines, *markdown_sections(sections(made, f))])


def html(made: Made, f: Findings) -> str:
    """The same as a page that loads nothing else, with the reliability diagram."""
    parts = [f"<h1>{escape(TITLE)}</h1>", f"<p><code>{escape(command(made))}</code></p>"]
    parts.append(f"<p>{escape(about(made))}</p>")
    for heading, sentences, shown in sections(made, f):
        parts.append(f"<h2>{escape(heading)}</h2>")
        parts.append(prose(sentences))
        parts += [table(heads, rows) for heads, rows in shown]
        if heading.startswith("1 "):
            parts.append(image(reliability(f), "Reliability diagram: default probability seen against what happened"))
    return document(TITLE, "\n".join(parts))


def reliability(f: Findings) -> bytes:
    """The reliability diagram as PNG: tenths of the hazard seen, what happened with its interval, by kind beside."""
    figure = Figure(figsize=(6.4, 5.6), dpi=120, layout="constrained")
    axis = figure.subplots()
    ends = (5e-4, 1.0)
    axis.plot(ends, ends, color=GREY, lw=1, label="right")
    axis.fill_between(ends, [x / FACTOR for x in ends], [x * FACTOR for x in ends], color=GREY, alpha=0.15, lw=0)
    for groups, colour, mark, label in (
        (f.perceived.tenths, BLUE, "o", "tenths of the hazard seen"),
        (f.perceived.kinds, ORANGE, "s", "by kind"),
        ([f.perceived.overall], RED, "D", "all borrowers"),
    ):
        for k, g in enumerate(groups):
            low, value, high = (max(x, ends[0]) for x in (g.happened.low, g.happened.value, g.happened.high))
            seen = max(g.seen, ends[0])
            axis.plot([seen, seen], [low, high], color=colour, lw=1)
            axis.plot(seen, value, mark, color=colour, label=label if not k else None)
            if colour == ORANGE:
                axis.annotate(g.name, (seen, value), xytext=(5, 3), textcoords="offset points", fontsize=7)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(ends)
    axis.set_ylim(ends)
    axis.set_xlabel("default probability of the year as lenders see it")
    axis.set_ylabel("share that defaults, at least 0.05 %")
    axis.legend(fontsize=8)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    return png(figure)


def plain_numbers(ours: Estimate) -> dict[str, float | None]:
    """An estimate for JSON; what is no finite number is null."""
    return {k: None if not math.isfinite(v) else v for k, v in ours._asdict().items()}


def as_data(made: Made, f: Findings) -> dict[str, Any]:
    """The table for a script."""
    return {
        "seeds": made.seeds,
        "central": made.central,
        "digest": made.digest,
        "failed": list(made.failures),
        "points": [
            {"point": k, "what": what, "met": met == judged, "lines_met": met, "lines_judged": judged}
            for k, what, met, judged in verdicts(f.lines)
        ],
        "lines": [
            {
                "point": x.point, "what": x.what, "unit": x.unit, **plain_numbers(x.ours), "asked_low": x.low,
                "asked_high": x.high, "verdict": x.verdict, "evidence": x.evidence,
            }
            for x in f.lines
        ],
    }  # fmt: skip

