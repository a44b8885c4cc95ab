"""Early signs in words: on the screen, as Markdown, as a page that loads nothing else, and as data for a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from abm.calibration.opening import DEFAULT_OPENING, opening_tables
from abm.inputs import parameters
from abm.inputs.dates import month_label
from experiments.analysis.intervals import Estimate
from experiments.page import document, escape, image, markdown_table, prose, table
from experiments.report.html import limit_sentence
from experiments.reproductions.figures import png
from experiments.risk.page import percent, span, told
from experiments.risk.statistics import DRAWS
from experiments.screen import counted
from experiments.signals import figures, reverse, roc
from experiments.signals.cases import INVESTMENT, LARGE, LOOKED_AT, NEITHER, NOT, SMALL, Difference
from experiments.signals.chance import GROUPS, PENALTIES, Bin
from experiments.signals.findings import SETTING, Findings, Watch
from experiments.signals.reverse import Turned
from experiments.signals.roc import HORIZONS
from experiments.signals.signs import BENCHMARK, SIGNS

TITLE = "Early signs of a crisis, and both cases at their strongest"
ANEW = "With `--page FILE` it writes this page: the same bytes for the same version and seeds."
MOST_DIFFERENCES = 5  # told in words


class About(NamedTuple):
    """How the worlds were made: seeds, months, the hash of their tables, and what ended in an error."""

    seeds: int
    months: int
    digest: str
    failures: tuple[str, ...]
    firm: str


class Section(NamedTuple):
    """A heading, its sentences, its tables, and the picture that stands before them."""

    heading: str
    sentences: list[str]
    tables: list[tuple[Sequence[str], list[tuple[str, ...]]]]
    picture: tuple[bytes, str] | None = None


def command(a: About) -> str:
    """The call that makes these numbers."""
    months = "" if a.months == 96 else f" --months {a.months}"
    firm = f" --firm '{a.firm}'" if " " in a.firm else f" --firm {a.firm}" if a.firm else ""
    return f"invisible-debt signals --seeds {a.seeds}{months}{firm}"


def when(month: float) -> str:
    """A month of the calendar."""
    return month_label(round(month), opening_tables(DEFAULT_OPENING).date)


def side(high: bool, threshold: float, unit: str) -> str:
    """When a sign is at alarm."""
    if math.isinf(threshold):
        return "never: it cannot ring so rarely"
    return f"{told(threshold)}{_unit(unit)} or {'more' if high else 'less'}"


def _unit(unit: str) -> str:
    return "" if unit in ("ratio", "firms", "-") else f" {unit}"


def today(line: Watch) -> str:
    """The reading at the opening, or in the first month in which there is one."""
    middle, low, high = (told(x) for x in line.reading)
    spread = "" if low == high else f" (5 to 95 % of worlds: {low} to {high})"
    since = "" if line.month == 0 else f" in {when(line.month)}, the first month with a reading"
    share = line.ringing
    rings = "quiet" if share < 0.05 else "at alarm" if share > 0.95 else f"at alarm in {100.0 * share:.0f} % of worlds"
    return f"{middle}{_unit(line.told.sign.unit)}{spread}{since}: {rings}"


# --- tables -------------------------------------------------------------------------------------------------
WATCH_HEADS = ("sign", "at alarm at", "at the opening", "announces, % of crises within a year", "lead, months",
               "quiet months at alarm, %", "false alarms in ten years", "where to look")  # fmt: skip


def watch_rows(f: Findings) -> list[tuple[str, ...]]:
    """The watch list."""
    return [
        (
            w.told.sign.what, side(w.told.high, w.told.alarm, w.told.sign.unit), today(w),
            percent(w.records[SETTING].announced), span(w.lead), percent(w.records[SETTING].false_rate),
            told(w.records[SETTING].false_alarms), w.told.sign.real,
        )
        for w in f.watch
    ]  # fmt: skip


RECORD_HEADS = ("sign", "months ahead", "area under the ROC curve", "the same, months of one date alone",
                "crises announced, %", "quiet months at alarm, %", "alarms that are right, % of months",
                "false alarms in ten years")  # fmt: skip


def record_rows(f: Findings) -> list[tuple[str, ...]]:
    """The watch list by horizon."""
    found: list[tuple[str, ...]] = []
    for w in f.watch:
        for h in HORIZONS:
            t = next(t for t in f.table if t.sign == w.told.sign and t.horizon == h)
            r = w.records[h]
            found.append((
                w.told.sign.what, str(h), span(t.judged), span(t.same_month), percent(r.announced),
                percent(r.false_rate), percent(r.precision), told(r.false_alarms),
            ))  # fmt: skip
    return found


ALL_HEADS = ("sign", "danger", *(f"{h} months ahead" for h in HORIZONS), f"{SETTING} ahead, months of one date alone",
             "threshold, most right less false", f"threshold at {100 * roc.QUIET:.0f} % false alarms")  # fmt: skip


def all_rows(f: Findings) -> list[tuple[str, ...]]:
    """Every sign, the best a year ahead first."""
    found = []
    for t in figures.ranked(f):
        mine = {other.horizon: other for other in f.table if other.sign == t.sign}
        found.append((
            t.sign.what, "high" if t.high else "low", *(span(mine[h].judged) for h in HORIZONS), span(t.same_month),
            f"{told(t.youden)}{_unit(t.sign.unit)}", f"{told(t.alarm)}{_unit(t.sign.unit)}",
        ))  # fmt: skip
    return found


def bin_rows(f: Findings) -> list[tuple[str, ...]]:
    """The reliability table."""
    return [
        (str(c.horizon), told(100.0 * b.said), percent(b.happened), f"{b.months:,}") for c in f.combined for b in c.bins
    ]


def chance_rows(f: Findings) -> list[tuple[str, ...]]:
    """The probability by horizon: how well it tells, its skill, and what moves it."""
    names = [w.told.sign.what for w in f.watch]
    found: list[tuple[str, ...]] = []
    for c in f.combined:
        moved = ", ".join(f"{name} {weight:+.2f}" for name, weight in zip(names, c.fit.weights[1:], strict=True))
        found.append((
            str(c.horizon), told(100.0 * c.base), span(c.auc), told(c.brier), span(c.skill), f"{c.fit.penalty:g}",
            moved,
        ))  # fmt: skip
    return found


def other_rows(f: Findings) -> list[tuple[str, ...]]:
    """Other definitions of a crisis."""
    return [
        (o.definition.what, percent(o.share), "-" if math.isnan(o.middle) else when(o.middle),
         *(span(e) for e in o.aucs.values()))
        for o in f.others
    ]  # fmt: skip


def path_rows(f: Findings) -> list[tuple[str, ...]]:
    """What the two kinds of worlds look like."""
    return [
        (what, unit, *(f"{told(middle)} ({told(low)} to {told(high)})" for middle, low, high in parts))
        for what, unit, *parts in f.cases.paths
    ]


def meaning(d: Difference) -> str:
    """What a number drawn is."""
    kind, _, name = d.name.partition(" ")
    if kind == "parameter":
        return f"{parameters.find(name).meaning} (`{name}`)"
    return f"{ {'assumption': 'assumption of the opening', 'fact': 'fact of the opening'}.get(kind, 'doubt')} `{name}`"


def difference_rows(f: Findings) -> list[tuple[str, ...]]:
    """What was drawn differently in the two kinds of worlds."""
    return [
        (meaning(d), told(d.good), told(d.bad), span(d.made), span(d.judged), "holds" if d.holds else "does not hold")
        for d in f.cases.differences
    ]


TURN_HEADS = ("shock", "unit", "the most tried", "a tenth of worlds", "a quarter", "half", "worlds turned",
              "rents a year later, median %")  # fmt: skip


def turn_rows(f: Findings) -> list[tuple[str, ...]]:
    """Smallest sizes by share of the worlds."""
    return [
        (
            f"{t.push.name}: {t.push.what}", t.push.unit, told(t.push.most),
            *(size(t, share) for share in (0.1, 0.25, 0.5)),
            f"{int(np.isfinite(t.sizes).sum())} of {len(t.sizes)}",
            told(100.0 * float(np.median(t.rents))) if len(t.rents) else "-",
        )
        for t in f.turned
    ]  # fmt: skip


def size(t: Turned, share: float) -> str:
    """The smallest size that turns this share of worlds, in words."""
    found = t.at(share)
    return "no legal size" if math.isinf(found) else told(found)


# --- sentences ----------------------------------------------------------------------------------------------
def about(a: About, f: Findings) -> str:
    """What was run."""
    (odd, n_odd), (even, n_even) = f.by_half
    return (
        f"{a.seeds} worlds (parameters, opening and luck drawn by the seed), {a.months} months each from"
        f" {opening_tables(DEFAULT_OPENING).date}. The {n_odd} worlds of odd seeds ({odd} with a crisis) choose every"
        f" direction, threshold and weight; the {n_even} of even seeds ({even} with a crisis), which made none of"
        f" them, judge. {counted(len(a.failures), 'run')} ended in an error. Tables: SHA-256 {a.digest[:16]}."
    )


def glance(f: Findings) -> list[str]:
    """The answer in a few sentences."""
    said = [
        "- **A crisis** (defaults other than deferrals of 5 % or more of what borrowers owe, within twelve months)"
        f" begins in {percent(f.share)} % of the worlds"
        + (f", in the middle one of them in {when(f.middle)}." if not math.isnan(f.middle) else ".")
    ]
    if not f.enough:
        said.append("- There are too few crises in one half of the worlds to choose signs and judge them: take more.")
    if f.watch:
        best = f.watch[0]
        r = best.records[SETTING]
        said.append(
            f"- **The best single sign** by the odd worlds: {best.told.sign.what}. At"
            f" {side(best.told.high, best.told.alarm, best.told.sign.unit)} it announced {percent(r.announced)} % of"
            f" the crises within the year before them, with {told(best.lead.value)} months' notice in the middle"
            f" case, and was at alarm in {percent(r.false_rate)} % of quiet months."
        )
        benchmark = next(t for t in f.table if t.sign.name == BENCHMARK and t.horizon == SETTING)
        said.append(
            f"- It orders a month before a crisis and a quiet one rightly in {100 * _area(f, best):.0f} of 100"
            f" pairs; the defaults of the past year alone in {100 * benchmark.judged.value:.0f}, a coin in 50."
        )
        quiet = [w.told.sign.what for w in f.watch if w.ringing < 0.05]
        loud = [f"{w.told.sign.what} ({100 * w.ringing:.0f} % of worlds)" for w in f.watch if w.ringing >= 0.05]
        said.append(
            "- **At the opening** "
            + (f"quiet: {', '.join(quiet)}. " if quiet else "no sign is quiet in all worlds. ")
            + (f"At alarm in some worlds: {', '.join(loud)}." if loud else "None is at alarm.")
        )
    for c in f.combined:
        if c.horizon == SETTING and c.bins:
            low, high = c.bins[0], c.bins[-1]
            said.append(
                "- **Together** they make a probability: in the fifth of months in which it was highest it said"
                f" {100 * high.said:.0f} % within a year, and a crisis came in {percent(high.happened)} %; in the"
                f" lowest fifth it said {100 * low.said:.1f}, and one came in {percent(low.happened)} %. What it said"
                f" lies in the interval of what came in {sum(right(b) for b in c.bins)} of {len(c.bins)} fifths."
            )
    s = f.cases.shares
    said.append(
        f"- **Both cases:** in {percent(s[INVESTMENT])} % of worlds the debt was an investment, in {percent(s[NOT])}"
        f" % it was not, and {percent(s[NEITHER])} % are neither."
    )
    done = [t for t in f.turned if np.isfinite(t.at(0.5))]
    whom = f"{f.firm} defaults" if f.firm else "a crisis comes"
    if f.turned:
        weakest = min(done, key=lambda t: t.at(0.5) / t.push.most) if done else None
        said.append(
            f"- **Reverse stress test**, {counted(f.tried, 'world')} in which the debt was an investment: "
            + (
                f"the least that is enough for half of them ({whom}) is {told(weakest.at(0.5))}"
                f" ({weakest.push.unit}) of: {weakest.push.what}."
                if weakest
                else f"no single shock tried, at its most, is enough for half of them ({whom})."
            )
        )
    return said


def _area(f: Findings, w: Watch) -> float:
    return next(t.judged.value for t in f.table if t.sign == w.told.sign and t.horizon == SETTING)


def right(b: Bin) -> bool:
    """Whether what was said of a group of months lies in the interval of what came."""
    return b.happened.low <= b.said <= b.happened.high


def for_and_against(f: Findings) -> list[str]:
    """A paragraph for each case, at its strongest."""
    by_what = {what: (good, bad) for what, _, good, bad in f.cases.paths}

    def both(what: str) -> tuple[str, str]:
        good, bad = by_what[what]
        return told(good[0]), told(bad[0])

    grew, debt_years = both("growth of AI revenue between them"), both("AI debt over AI revenue after three years")
    end, owed_end = both("AI revenue of the last year"), both("AI debt at the end")
    lost = both("lenders' credit losses over the whole run, of the most AI debt")
    third, used = both("AI revenue growth in the third year"), both("share of fleets in use after three years")
    rents = both("spot rent over full cost of new hardware after three years")
    holds = [d for d in f.cases.differences if d.holds][:MOST_DIFFERENCES]
    drawn = "; ".join(
        f"{meaning(d)}: {told(d.good)} on average here, {told(d.bad)} where it was none" for d in holds
    )
    said = [
        f"**The case for.** In {percent(f.cases.shares[INVESTMENT])} % of the worlds those who lent were paid. AI"
        f" revenue grew by {grew[0]} % a year (median) to {end[0]} bn USD in the last year. The debt behind it is"
        f" large, {owed_end[0]} bn at the end, but it was {debt_years[0]} years of revenue after three years; fleets"
        f" were {used[0]} % in use, and rents {rents[0]} times the cost of new hardware. Lenders lost {lost[0]} % of"
        " the most AI debt there was. Here the debt paid early for what was sold later.",
        f"**The case against.** In {percent(f.cases.shares[NOT])} % of the worlds it was not an investment. AI"
        f" revenue grew by {grew[1]} % a year to {end[1]} bn USD in the last year; in the third year by {third[1]} %,"
        f" where the good worlds had {third[0]} %. What had been borrowed by then did not shrink with it: after three"
        f" years it was {debt_years[1]} years of revenue, at rents of {rents[1]} times the cost of new hardware, and"
        f" lenders lost {lost[1]} % of the most AI debt.",
    ]
    if holds:
        said.append(f"**What the worlds themselves have in common** (drawn before the first month): {drawn}.")
    elif f.cases.differences:
        said.append("Nothing that the worlds drew differs so clearly in one half that the other half bears it out.")
    else:
        said.append("There are too few worlds of one kind in one half to compare what they drew.")
    box = f.cases.box
    if box is not None and box.box.limits:
        where = " and ".join(limit_sentence(name, limit) for name, limit in box.box.limits.items())
        said.append(
            f"The debt is most often none where {where}: in {box.box.density:.0%} of the worlds there, of those of"
            f" either kind, against {box.base_rate:.0%} of all; {box.box.coverage:.0%} of them lie there."
        )
    elif box is not None:
        said.append(
            "No region of these numbers stands out in which the debt is mostly none: what the worlds drew leans one"
            " way, luck and the rest of them decide."
        )
    return said


def shocks_told(f: Findings) -> list[str]:
    """What the reverse stress test is, and what it says."""
    whom = f"{f.firm} defaults (other than by a deferral)" if f.firm else "a crisis begins"
    calm = f" and {f.firm} does not default" if f.firm else ""
    if not f.turned:
        return [f"There is no world in which the debt was an investment{calm}: nothing to turn."]
    said = [
        f"The first {counted(f.tried, 'world')} in which the debt was an investment{calm} are struck in"
        f" {when(reverse.STRIKES + 1)}, each with the luck it had, until {whom} within {reverse.SEEN} months. The"
        " size is halved in to a thirty-second of the range. A size under a share of the worlds is the smallest at"
        " which it happens in at least that share."
    ]
    never = [t.push.name for t in f.turned if not np.isfinite(t.sizes).any()]
    half = [t.push.name for t in f.turned if np.isfinite(t.sizes).any() and not np.isfinite(t.at(0.5))]
    if never:
        said.append(f"No legal size does it in any of these worlds: {', '.join(never)}.")
    if half:
        said.append(f"At its most it does it in some, and not in half of them: {', '.join(half)}.")
    return said


def how() -> list[str]:
    """How the numbers are made."""
    return [
        "A sign of month t uses months up to t. A month counts as before a crisis if one begins in the 6, 12 or 24"
        " months after it, and as quiet if none does; months after a crisis has begun are left out, and so are those"
        " whose horizon ends after the run.",
        f"Intervals cover 95 %: of areas, skill and leads from {DRAWS} resamples of worlds, of shares Wilson's at"
        " the effective number of months with worlds as clusters. Months of one world are not independent.",
        "Months of one date alone: only months of the same date are compared, so that the calendar tells nothing.",
        "The watch list takes, by the odd worlds alone, the signs of the largest area on average of the horizons,"
        f" one of a family; their threshold is the one at which {100 * roc.QUIET:.0f} % of their quiet months are at"
        f" alarm {SETTING} months ahead. Defaults of the past year are the crisis on its way: they are shown beside,"
        " and not watched.",
        f"Lead: months from the beginning of the last alarm before a crisis to it, {roc.BEFORE} at most, median of"
        f" the crises announced in these. Quiet of up to {roc.GAP} months does not end an alarm. False alarms: those"
        " that no crisis follows within the horizon of their end.",
        "The probability is a logistic regression on the watched signs with a ridge (one of"
        f" {', '.join(f'{x:g}' for x in PENALTIES)}, by worlds left out of the fit); its groups are {GROUPS} of the"
        " same number of months.",
        f"An investment: no crisis, lenders' credit losses below {100 * SMALL:g} % of the most AI debt, and AI"
        " revenue of the last year above the interest and a fifth of the principal of AI debt. Not: a crisis, or"
        f" losses of {100 * LARGE:g} % or more.",
        f"Of what worlds drew, the {LOOKED_AT} numbers that differ most in odd worlds are looked at in even ones."
        " Differences in standard deviations; an interval without zero there, on the same side, holds.",
    ]


LIMITS = (
    "The worlds are the model's. A sign that tells them apart tells the world apart only as far as the model is"
    " right; the thresholds are in the model's units and drift with its calibration.",
    "An observer of the world has no clean month-end reading of the hazard that everybody sees or of labs' cash;"
    " what stands in the last column is what comes closest, and it is later and noisier.",
    "Alarms change behaviour in the world; here nobody acts on them.",
)


def sections(a: About, f: Findings) -> list[Section]:
    """All of the page after its head."""
    found = [Section("At a glance", glance(f), [])]
    if f.watch:
        found += [
            Section(
                "The watch list",
                [
                    "Five signs, what to look at in the world, and how much each was worth in worlds that did not"
                    " choose it. The threshold is set so that one quiet month in ten is at alarm in the worlds that"
                    " choose."
                ],
                [(WATCH_HEADS, watch_rows(f))],
                (png(figures.before_crises(f)), "Watched signs in the two years before crises and in quiet worlds"),
            ),
            Section(
                "What an alarm is worth 6, 12 and 24 months ahead",
                ["The area under the ROC curve is the chance that of two months, one before a crisis and one quiet,"
                 " the first has the more alarming sign. Announced: the sign was at alarm in at least one month of"
                 " the horizon before the crisis."],
                [(RECORD_HEADS, record_rows(f))],
                (png(figures.roc_curves(f)), "ROC curves of the watched signs at three horizons"),
            ),
            Section(
                "A probability from them together",
                ["Fitted to odd worlds, judged on even ones. Skill is against always saying the share of months"
                 " before a crisis in the odd worlds; weights are changes of the log odds per standard deviation of"
                 " a sign."],
                [
                    (("months ahead", "months before a crisis there, %", "area under the ROC curve", "Brier score",
                      "skill", "ridge", "weights"), chance_rows(f)),
                    (("months ahead", "said, %", "came, %", "months"), bin_rows(f)),
                ],
                (png(figures.reliability(f)), "Reliability of the probability at three horizons"),
            ),
            Section(
                "Every sign",
                ["Red: on the watch list; black: the defaults of the past year, for comparison. High or low: which"
                 " way is the danger, by the odd worlds. Areas by the even worlds."],
                [(ALL_HEADS, all_rows(f))],
                (png(figures.all_signs(f)), "Area under the ROC curve of every sign a year ahead"),
            ),
            Section(
                "If a crisis were something else",
                [f"How often other definitions are met, and how the same signs tell them {SETTING} months ahead"
                 " (even worlds)."],
                [(("definition", "worlds, %", "begins, median", *(w.told.sign.what for w in f.watch)), other_rows(f))],
            ),
        ]  # fmt: skip
    found.append(
        Section(
            "Both cases at their strongest",
            for_and_against(f),
            [
                (("", "unit", "an investment: median (10 to 90 %)", "no investment"), path_rows(f)),
                *([(("drawn", "mean, investment", "mean, no investment", "difference, odd worlds", "even worlds", ""),
                    difference_rows(f))] if f.cases.differences else []),
            ],
        )
    )  # fmt: skip
    found.append(
        Section(
            f"The smallest shock that turns one into the other{f': {f.firm}' if f.firm else ''}", shocks_told(f),
            [(TURN_HEADS, turn_rows(f))] if f.turned else [],
            (png(figures.sizes(f.turned)), "Share of worlds turned by size of each shock") if f.turned else None,
        )
    )  # fmt: skip
    found += [
        Section(
            "The signs", [], [(("sign", "unit", "how it is made", "in the world"),
                               [(f"{s.what} (`{s.name}`)", s.unit, s.formula, s.real) for s in SIGNS])]
        ),
        Section("How the numbers are made", [f"- {sentence}" for sentence in how()], []),
        Section("What this cannot say", [f"- {sentence}" for sentence in LIMITS], []),
    ]  # fmt: skip
    if a.failures:
        found.append(Section("Runs that ended in an error", [f"- {sentence}" for sentence in a.failures], []))
    return found


def markdown(a: About, f: Findings, whole: Sequence[Section]) -> str:
    """The page as Markdown."""
    lines = [f"# {TITLE}", "", "Output of", "", "```", command(a), "```", "", about(a, f), "", ANEW, ""]
    for s in whole:
        lines += [f"## {s.heading}", ""]
        listed = all(x.startswith("- ") for x in s.sentences)
        for sentence in s.sentences:
            lines += [sentence] if listed else [sentence, ""]
        if s.sentences and listed:
            lines.append("")
        for heads, rows in s.tables:
            lines += [*markdown_table(heads, rows), ""]
    return "\n".join(lines)


def html(a: About, f: Findings, whole: Sequence[Section]) -> str:
    """The same as a page that loads nothing else, with its pictures."""
    parts = [f"<h1>{escape(TITLE)}</h1>", f"<p><code>{escape(command(a))}</code></p>", f"<p>{escape(about(a, f))}</p>"]
    for s in whole:
        parts += [f"<h2>{escape(s.heading)}</h2>", prose(s.sentences)]
        if s.picture is not None:
            parts.append(image(*s.picture))
        parts += [table(heads, rows) for heads, rows in s.tables]
    return document(TITLE, "\n".join(parts))


# --- for a script -------------------------------------------------------------------------------------------
def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _three(e: Estimate) -> dict[str, float | None]:
    return {k: _plain(v) for k, v in e._asdict().items()}


def as_data(a: About, f: Findings) -> dict[str, Any]:
    """All findings; what is no finite number is null (a size: no legal one does it)."""
    return {
        "seeds": a.seeds, "months": a.months, "firm": a.firm, "digest": a.digest, "failed": list(a.failures),
        "crisis": {"share": _three(f.share), "median_month": _plain(f.middle),
                   "made": list(f.by_half[0]), "judged": list(f.by_half[1])},
        "watch": [
            {
                "sign": w.told.sign.name, "what": w.told.sign.what, "unit": w.told.sign.unit, "high": w.told.high,
                "threshold": _plain(w.told.alarm), "lead": _three(w.lead), "announced_24": _three(w.ahead),
                "first_month": w.month, "reading": [_plain(x) for x in w.reading], "worlds_at_alarm": w.ringing,
                "horizons": [
                    {"months": h, "announced": _three(r.announced), "false_rate": _three(r.false_rate),
                     "precision": _three(r.precision), "false_alarms": _plain(r.false_alarms), "crises": r.crises}
                    for h, r in w.records.items()
                ],
            }
            for w in f.watch
        ],
        "signs": [
            {"sign": t.sign.name, "months": t.horizon, "high": t.high, "made": _plain(t.made),
             "judged": _three(t.judged), "same_month": _three(t.same_month), "youden": _plain(t.youden),
             "alarm": _plain(t.alarm)}
            for t in f.table
        ],
        "probability": [
            {"months": c.horizon, "base": c.base, "auc": _three(c.auc), "brier": _plain(c.brier),
             "skill": _three(c.skill), "ridge": c.fit.penalty, "constant": float(c.fit.weights[0]),
             "signs": [
                 {"sign": w.told.sign.name, "weight": float(x), "mean": float(m), "spread": float(s)}
                 for w, x, m, s in zip(f.watch, c.fit.weights[1:], c.fit.middle, c.fit.spread, strict=True)
             ],
             "bins": [{"said": b.said, "came": _three(b.happened), "months": b.months} for b in c.bins]}
            for c in f.combined
        ],
        "definitions": [
            {"name": o.definition.name, "what": o.definition.what, "share": _three(o.share),
             "areas": {name: _three(e) for name, e in o.aucs.items()}}
            for o in f.others
        ],
        "cases": {name: _three(e) for name, e in f.cases.shares.items()},
        "differences": [
            {"drawn": d.name, "made": _three(d.made), "judged": _three(d.judged), "good": d.good, "bad": d.bad,
             "holds": d.holds}
            for d in f.cases.differences
        ],
        "shocks": [
            {"shock": t.push.name, "what": t.push.what, "unit": t.push.unit, "most": t.push.most,
             "seeds": [int(x) for x in t.seeds], "sizes": [_plain(x) for x in t.sizes], "half": _plain(t.at(0.5))}
            for t in f.turned
        ],
    }  # fmt: skip


def world_table(f: Findings, seeds: Sequence[int], begins: Sequence[int]) -> pa.Table:
    """A row a world: its crisis and its kind."""
    schema = pa.schema([
        pa.field("seed", pa.int64(), metadata={"unit": "-", "meaning": "of the world"}),
        pa.field("crisis", pa.int32(), metadata={"unit": "month", "meaning": "in which one begins, -1 if none does"}),
        pa.field("kind", pa.string(), metadata={"unit": "-", "meaning": "whether the debt was an investment"}),
    ])  # fmt: skip
    kinds = pa.array(f.cases.kind.tolist())
    return pa.table([pa.array(seeds, pa.int64()), pa.array(begins, pa.int32()), kinds], schema)


def shock_table(f: Findings) -> pa.Table:
    """A row a shock and world: the smallest size that turns it."""
    rows = [(t.push.name, int(s), float(x), float(r)) for t in f.turned
            for s, x, r in zip(t.seeds, t.sizes, t.rents, strict=True)]  # fmt: skip
    units = {t.push.name: t.push.unit for t in f.turned}
    schema = pa.schema([
        pa.field("shock", pa.string(), metadata={"unit": "-", "meaning": "which"}),
        pa.field("unit", pa.string(), metadata={"unit": "-", "meaning": "of the size"}),
        pa.field("seed", pa.int64(), metadata={"unit": "-", "meaning": "of the world"}),
        pa.field("size", pa.float64(), metadata={"unit": "see unit", "meaning": "smallest that does it, or inf"}),
        pa.field("rents", pa.float64(), metadata={"unit": "ratio", "meaning": "by which rents move within a year"}),
    ])  # fmt: skip
    columns = [[r[0] for r in rows], [units[r[0]] for r in rows], *([r[k] for r in rows] for k in (1, 2, 3))]
    return pa.table([pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)], schema)
