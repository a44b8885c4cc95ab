"""The seven sections of the scorecard; nothing that another command works out is worked out again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from abm.calibration import openings
from abm.calibration.builder import net_worth
from abm.calibration.facts import read_table
from abm.calibration.files import DEFAULT_OPENING, Files, opening_folder, read_files
from abm.calibration.mistakes import doubts
from abm.calibration.opening import SIDES, Opening, all_mistakes, build, open_accounts
from abm.calibration.plausibility import doubtful
from abm.calibration.report import opening_report
from abm.inputs.scenarios import BASELINE
from experiments.analysis.intervals import Estimate
from experiments.hindcast import Ensemble, Verdict, judge
from experiments.opening_checks import first_months
from experiments.reproductions.study import Outcome, Study
from experiments.risk import findings as risk
from experiments.risk import table
from experiments.risk.ensemble import ANALOGUE, Made
from experiments.risk.findings import CRISIS, Part
from experiments.risk.page import WHY, named, span
from experiments.risk.statistics import NOTHING, jackknife, middle, ratio, share
from experiments.screen import counted
from experiments.summary import number
from experiments.validation import stylised
from experiments.validation.lines import BEYOND, NOT_VALIDATED, Line, Section, of_risk, plain

FOLDER = Path(__file__).parent
SUBPRIME = "subprime"
SHARE_OF_PAYMENTS = 1e-9  # largest accounting error of a run that its engine lets pass
CLOSED = 1e-9  # of the largest cash; the same of an opening
LEVEL = 0.05  # of the test of the PITs
MOST_TOLD = 3  # sentences of a check
QUICK = 5  # seconds on two free cores: studies that take longer are not run here
ANALOGUES, STYLISED = 4, 5  # sections with rows in `asked.csv`
FORESIGHT = "auc"  # a line of risk without a range, which stands among the stylised facts with one
FIVE_YEARS = "five-year default"
TELECOM = 5  # point of risk that is an analogue
HEADINGS = (
    "The opening", "The year that is known, out of sample", "The market's view, firm by firm, and the points of risk",
    "Analogues", "Stylised facts", "Published results on contagion", "What cannot be validated from these data",
)  # fmt: skip


def section(k: int, sentences: list[str], lines: list[Line]) -> Section:
    """The section of a number, from 1."""
    return Section(f"{k} {HEADINGS[k - 1]}", sentences, lines)


def measured(row: str, ours: Estimate, scale: float = 1.0) -> Line:
    """A row of `asked.csv` with our number; its evidence is of the world."""
    rows = {r["id"]: r for r in read_table(FOLDER / "asked.csv")}
    line = of_risk(table.line_of(rows[row], ours, scale), lambda _: True)
    return explained(line, {row: rows[row]["why"]})


def explained(line: Line, reasons: Mapping[str, str]) -> Line:
    """A line with why it is missed, where that is known and it is."""
    if line.verdict != NOT_VALIDATED:
        return line
    return line._replace(why="; ".join(part for part in (line.why, reasons.get(line.name, "")) if part))


def beyond(k: int) -> list[Line]:
    """What `beyond.csv` says of a section."""
    rows = [row for row in read_table(FOLDER / "beyond.csv") if row["section"] == str(k)]
    return [Line("", row["what"], "", "", NOTHING, "", "", BEYOND, row["why"]) for row in rows]


# --- 1 the opening ------------------------------------------------------------------------------------------
def opening_section(made: Made) -> Section:
    """Whether the accounts close, the client's figures come out, and nothing is odd; and whether runs stay closed."""
    lines: list[Line] = []
    for name in openings():
        files = read_files(opening_folder(name))
        mistakes = all_mistakes(files)
        lines.append(_none(name, "mistakes in its files and accounts", mistakes, "openings --check"))
        if mistakes:
            continue
        opening = build(files)
        lines += [*_accounts(name, opening), *_checks(name, files, opening)]
        if name == DEFAULT_OPENING:
            lines += client_lines(opening)
    lines.append(closed_runs(made))
    return section(1, ["Every check of `invisible-debt openings --check OPENING`, a line a kind of check."], lines)


def _none(opening: str, what: str, found: Sequence[str], evidence: str) -> Line:
    """Nothing of this kind is found, or the first of it is told."""
    told = [*found[:MOST_TOLD], *([f"and {len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else [])]
    return plain(f"{opening} {what}", f"{opening}: {what}", str(len(found)), "0", evidence, not found, "; ".join(told))


def largest_gap(opening: Opening) -> float:
    """Largest error of its accounts: balance sheets, both sides of every instrument, and money (bn USD)."""
    firms = opening.firms
    gaps = [float(np.abs(net_worth(firms) - firms["paid_in"] - firms["retained"]).max())]
    gaps.append(abs(float(firms["cash"].sum())))
    for column, instruments, party, amount in SIDES:
        rows = getattr(opening, instruments)
        gaps.append(float(np.abs(firms[column] - np.bincount(rows[party], rows[amount], len(firms))).max()))
    return max(gaps)


def _accounts(name: str, opening: Opening) -> list[Line]:
    gap, most = largest_gap(opening), CLOSED * float(np.abs(opening.firms["cash"]).max())
    broken = open_accounts(opening)
    return [
        plain(
            f"{name} closed", f"{name}: largest error of balance sheets, instruments and money, bn USD", f"{gap:.1e}",
            f"up to {most:.1e}", "identities of abm/calibration/opening.py", gap <= most and not broken,
            "; ".join(broken),
        )
    ]  # fmt: skip


def _checks(name: str, files: Files, opening: Opening) -> list[Line]:
    bounds = "openings --check: bounds of abm/calibration/plausibility.py, assumed"
    return [
        _none(name, "rows that no formula uses, or whose source was known too late", doubts(files), "openings --check"),
        _none(name, "orders, halls and maturities that are hardly so", doubtful(opening), bounds),
        _none(name, "flows of the first month far from those of the next five", first_months(opening), bounds),
    ]


def client_lines(opening: Opening) -> list[Line]:
    """The client's figures: 96 = 30 + 28 + 38, 1.4 trillion, -7.8 and 20 bn."""
    told = opening_report(opening)
    carried = told["look_through"]
    wanted = [(f"look-through debt of {opening.flagship}, all", carried["total"], 96.0, "G7-004")]
    groups = zip(carried["groups"].items(), ((30.0, "G7-001"), (28.0, "G7-002"), (38.0, "G7-003")), strict=True)
    wanted += [(f"for it {group}", amount, asked, fact) for (group, amount), (asked, fact) in groups]
    half = f"operating result of the first half of {opening.date.year}"
    wanted += [
        ("commitments announced", told["commitments"]["announced"], 1400.0, "G2-038"),
        (half, told["half_year"]["operating_result"], -7.8, "G1-004"),
        ("sales a year, run rate", told["revenue_run_rate"], 20.0, "G1-010"),
    ]
    return [
        plain(
            what, f"{what}, bn USD", number(round(amount, 9)), number(asked), fact,
            math.isclose(amount, asked, rel_tol=1e-9), f"off by {amount - asked:.3g}",
        )
        for what, amount, asked, fact in wanted
    ]  # fmt: skip


def closed_runs(made: Made) -> Line:
    """The largest accounting error of all months of all runs, over the largest payments of a month."""
    worst = max(float(part.frames["prices"]["imbalance"].max()) for part in made.parts.values())
    ended = counted(len(made.failures), "run")
    return plain(
        "closed runs", "largest accounting error of all months of all runs, over the payments of a month",
        f"{worst:.1e}", f"up to {SHARE_OF_PAYMENTS:.0e}, no run ends in an error",
        "every flow has a payer and a payee", worst <= SHARE_OF_PAYMENTS and not made.failures,
        f"{ended} ended in an error" if made.failures else "",
    )  # fmt: skip


# --- 2 the year that is known -------------------------------------------------------------------------------
def hindcast_section(verdict: Verdict, ensemble: Ensemble) -> Section:
    """Coverage, PIT, pass marks, and the skill of every independent target."""
    q, scored = verdict.question, verdict.scored
    groups = list(verdict.by_target().values())
    ones = np.ones(len(groups))
    inside = {
        band: share(np.array([np.mean([getattr(s, band) for s in group]) for group in groups]), ones)
        for band in ("inside90", "inside50")
    }
    skills = verdict.skills()
    skilful = share(np.array([skill > 0.0 for skill in skills.values()], float), np.ones(len(skills)))
    marks = "pass_marks.toml, set before the run that it scores"

    def line(name: str, what: str, unit: str, ours: Estimate, low: float, high: float, evidence: str) -> Line:
        return of_risk(table.Line(name, 2, what, ours, unit, low, high, evidence), lambda _: True)

    lines = [
        line("coverage", f"targets inside the 90 % band, of {len(groups)}, at least", "%", _percent(inside["inside90"]),
             100.0 * q.coverage, 100.0, marks),
        _reaches("half", f"targets inside the 50 % band, of {len(groups)}", _percent(inside["inside50"]), 50.0,
                 "what a band of that name says"),
        plain("pit", "PITs are uniform, p (Kolmogorov and Smirnov)", f"{verdict.uniformity():.2g}", f"from {LEVEL:g}",
              "what bands that hold imply; targets hang together, so the true p is larger",
              verdict.uniformity() >= LEVEL, _side(verdict)),
        line("skilful", f"independent targets with skill, of {len(skills)}, at least", "%", _percent(skilful),
             100.0 * q.skilful, 100.0, marks),
    ]  # fmt: skip
    by_id = {s.target.id: s for s in scored}
    for name in q.within_factor:
        target = by_id[name].target
        ours = middle(ensemble.values[name] / target.outcome)
        lines.append(line(name, f"{target.name}, median", "times what happened", ours, 1.0 / q.factor, q.factor, marks))
    for name, what, ours in skill_of_targets(verdict, ensemble):
        evidence = "the better of the forecast of the time and a random walk"
        row = of_risk(table.Line(f"skill {name}", 2, f"skill: {what} ({name})", ours, "share", 0.0, 1.0, evidence),
                      lambda _: True)  # fmt: skip
        lines.append(row._replace(asked="above 0"))
    sentences = [
        f"{counted(ensemble.runs, 'world')} of the opening {q.opening}, its parameters from what was known then (strict"
        " variant), one year long. Intervals of skills and medians say how sure the worlds make them; those of shares"
        " how sure so few targets do, as if they were independent.",
    ]
    return section(2, sentences, lines)


def _percent(ours: Estimate) -> Estimate:
    return Estimate(*(100.0 * x for x in ours))


def _reaches(name: str, what: str, ours: Estimate, wanted: float, evidence: str) -> Line:
    """A line that holds if its interval reaches a number."""
    line = plain(name, what, span(ours), f"{wanted:g} in its interval", evidence, ours.low <= wanted <= ours.high)
    return line._replace(unit="%", ours=ours)


def _side(verdict: Verdict) -> str:
    """On which side of the ensemble most of what happened lies."""
    above = float((verdict.pits() > 0.5).mean())
    return f"{above:.0%} of what happened lies above the median"


def skill_of_targets(verdict: Verdict, ensemble: Ensemble) -> list[tuple[str, str, Estimate]]:
    """Skill of the independent targets: number, what, skill with its interval (a jackknife over worlds)."""
    runs = len(next(iter(ensemble.values.values())))
    found: dict[bytes, dict[str, float]] = {}

    def skills(rows: np.ndarray) -> dict[str, float]:
        key = rows.tobytes()
        if key not in found:
            drawn = {name: values[rows] for name, values in ensemble.values.items()}
            found[key] = judge(verdict.question, ensemble._replace(values=drawn)).skills()
        return found[key]

    groups = verdict.by_target()
    told = []
    for name in verdict.skills():

        def one(rows: np.ndarray, name: str = name) -> float:
            return skills(rows)[name]

        told.append((name, groups[name][0].target.name.split(",")[0], jackknife(np.arange(runs), runs, one)))
    return told


# --- 3 the market's view ------------------------------------------------------------------------------------
def market_section(made: Made, found: table.Findings) -> Section:
    """The points of risk but the telecom analogue, and what lenders see of the firms that the market prices."""
    priced = {firm.ours.name for firm in found.firms}
    reasons = {name: row["why"] for row in read_table(WHY) for name in named(row["lines"])}
    lines = [explained(of_risk(x), reasons) for x in found.lines if x.point != TELECOM and x.name != FORESIGHT]
    lines = [x._replace(what=f"{FIVE_YEARS} of {x.what}") if x.name in priced else x for x in lines]
    for firm in found.firms:
        if firm.market is None:
            continue
        for what, ours in (("at the opening", firm.ours.at_opening), ("along the run", firm.ours.along)):
            seen = table.Line(
                f"{firm.ours.name} {what}", 2, f"{FIVE_YEARS} of {firm.ours.name}: lenders see {what}", _percent(ours),
                "% in five years", firm.low, firm.high,
                f"{firm.why}; the market charges {number(firm.market[0])} to {number(firm.market[1])}",
            )  # fmt: skip
            lines.append(of_risk(seen))
    lines.sort(key=lambda x: x.verdict == BEYOND)  # what can be judged first; else in the order of the points
    return section(3, [
        f"The lines of `invisible-debt risk` over {counted(made.parts[BASELINE].worlds, 'world')}, in the order of its"
        " points 1 to 4 and 6 to 8, what cannot be judged last; `abm/RISK.md` has more worlds, and says what was"
        " fitted. The market's probabilities hold a premium, over which they are taken. What has no"
        " evidence of the world cannot be validated, whether or not it does what was asked of it.",
    ], lines)  # fmt: skip


# --- 4 analogues --------------------------------------------------------------------------------------------
def analogue_section(made: Made, found: table.Findings) -> Section:
    """The telecom bust, and what the scenario of subprime says beside 2008."""
    lines = [of_risk(x) for x in found.lines if x.point == TELECOM]
    lines.append(measured("telecom rent", rent_fall(made.parts[ANALOGUE]), 100.0))
    other = made.parts.get(SUBPRIME)
    worst = NOTHING if other is None else middle(risk.rates(other).worst)
    lost = NOTHING if other is None else losses_of_book(other, "securitisation")
    lines += [measured("subprime defaults", worst, 100.0), measured("subprime losses", lost, 100.0)]
    worlds = 0 if other is None else other.worlds
    return section(4, [
        f"The telecom analogue goes through {counted(made.parts[ANALOGUE].worlds, 'world')}, subprime through"
        f" {counted(worlds, 'world')}. An analogue is another trade in another time: near is all that can be asked.",
    ], [*lines, *beyond(ANALOGUES)])  # fmt: skip


def rent_fall(part: Part) -> Estimate:
    """Fall of the spot rent from the end of the first year to its lowest in the years of the crisis, median world."""
    rent = part.monthly("spot_price")
    lowest = rent[:, 12 * CRISIS[0] + 1 : 12 * CRISIS[-1] + 13].min(axis=1)
    return middle(1.0 - lowest / rent[:, 12 * CRISIS[0]])


def losses_of_book(part: Part, name: str) -> Estimate:
    """Credit losses of a class of lenders in the years of the crisis, over the loans that it held as they began and
    those that it made in them."""
    frame = part.frames["lenders"]
    mine = frame[frame["class"] == name]
    during, first = mine[mine["year"].isin(list(CRISIS))], mine[mine["year"] == CRISIS[0]]
    lent = part.total(first, first["book"]) + part.total(during, during["lent"])
    return ratio(part.total(during, during["losses"]), lent)


# --- 5 stylised facts ---------------------------------------------------------------------------------------
MEASURES: dict[str, tuple[Callable[[Part], Estimate], str, float]] = {
    "clustering": (stylised.clustering, BASELINE, 1.0),
    "clustering beyond": (stylised.clustering_beyond_hazards, BASELINE, 1.0),
    "size tail": (stylised.size_tail, BASELINE, 1.0),
    "loss tail": (stylised.loss_tail, BASELINE, 1.0),
    "debt revenue": (stylised.debt_follows_revenue, BASELINE, 1.0),
    "debt values": (stylised.debt_follows_values, BASELINE, 1.0),
    "lending mood": (stylised.lending_follows_mood, BASELINE, 1.0),
    "leverage books": (stylised.leverage_follows_books, BASELINE, 1.0),
    "spreads revenue": (stylised.hazards_against_revenue, BASELINE, 1.0),
    "spreads mood": (stylised.hazards_against_mood, BASELINE, 1.0),
    "recovery": (stylised.recoveries_against_defaults, BASELINE, 1.0),
    "recovery analogue": (stylised.recoveries_against_defaults, ANALOGUE, 1.0),
    "drift": (stylised.drift, BASELINE, 1.0),
    "credit before": (stylised.credit_before_defaults, BASELINE, 1.0),
    "swings": (stylised.investment_swings, BASELINE, 1.0),
    "lumps": (stylised.lumps, BASELINE, 100.0),
    "cheaper": (stylised.cheaper_and_more, BASELINE, 100.0),
    "average price": (stylised.cheaper_on_average, BASELINE, 100.0),
    "fall": (stylised.fall_at_equal_quality, BASELINE, 1.0),
    "concentration": (stylised.concentration, BASELINE, 100.0),
}


def stylised_section(made: Made, found: table.Findings) -> Section:
    """What is known of credit and of booms in general, measured over all worlds of the baseline."""
    lines = [measured(name, measure(made.parts[story]), scale) for name, (measure, story, scale) in MEASURES.items()]
    lines.insert(list(MEASURES).index("drift"), measured("foresight", found.perceived.auc))
    return section(5, [
        f"Over {counted(made.parts[BASELINE].worlds, 'world')} of the baseline. A correlation is of yearly numbers less"
        " their means by year and by world; every interval is a bootstrap over worlds, and where a sign alone is known"
        " the whole interval must have it.",
    ], lines)  # fmt: skip


# --- 6 published results ------------------------------------------------------------------------------------
def contagion_section(done: Sequence[tuple[Study, Outcome]], left: Sequence[Study]) -> Section:
    """The studies of `reproduce` that are quick."""
    lines = []
    for study, outcome in done:
        holding = sum(row.holds for row in outcome.rows)
        failing = [row.statement for row in outcome.rows if not row.holds]
        lines.append(
            plain(
                study.name, study.title, f"{holding} of {len(outcome.rows)} statements hold", "all", study.source,
                outcome.holds, "; ".join(failing),
            )
        )  # fmt: skip
    names = ", ".join(f"`{study.name}`" for study in left)
    more = [f"Not run here, because they take longer: {names}; `invisible-debt reproduce NAME` runs each."]
    return section(6, [
        "The code that clears the economy's own months, on networks whose answers are published.",
        *(more if left else []),
    ], lines)  # fmt: skip


# --- 7 what cannot be validated ------------------------------------------------------------------------------
def beyond_section() -> Section:
    """What no data at hand can tell."""
    return section(7, ["Beside the lines above that say so. Whoever uses the numbers takes these on trust."], beyond(7))

