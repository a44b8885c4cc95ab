"""An ensemble told: on screen for a reader who does not know the model, and as plain data."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from abm.engine import tables
from abm.inputs.dates import month_label
from experiments.analysis.intervals import Estimate
from experiments.ensemble import findings
from experiments.ensemble.findings import TAIL, YEARLY_KEPT, Fails, Lost, Year
from experiments.ensemble.stories import Story, stories
from experiments.ensemble.worlds import Made
from experiments.screen import Screen, counted, say
from experiments.summary import YEARLY, number

MOST_FIRMS = 14  # rows of the table of failures on screen
MOST_TOLD = 6  # failures of a story on screen
MOST_NAMED = 5  # runs that ended in an error, on screen
WAYS = dict(zip(tables.WAY_NAMES, ("wound up", "court", "less paid", "put off"), strict=True))
LENDERS = {
    "bank": "banks", "private credit": "private credit funds", "IG bonds": "funds of safe bonds (IG)",
    "HY bonds": "funds of risky bonds (HY)", "securitisation": "securitisations", "sponsor": "sponsors",
    "insurer": "insurers", "AI credit fund": "credit funds for AI alone",
}  # fmt: skip


class Findings(NamedTuple):
    """All that is told of an ensemble; `story_of` is the story of each world."""

    fails: list[Fails]
    spared: dict[str, int]
    lost: Lost
    lenders: list[Lost]
    bearers: list[Lost]
    years: list[Year]
    stories: list[Story]
    story_of: NDArray[Any]


def read(made: Made) -> Findings:
    """What the worlds say."""
    told, of = stories(made)
    return Findings(
        findings.who_fails(made), findings.spared(made), *findings.losses(made), findings.yearly(made), told, of
    )


def per_cent(share: Estimate) -> str:
    """The interval of a share in per cent.

    >>> per_cent(Estimate(0.185, 0.137, 0.245))
    '14 to 24 %'
    """
    low, high = (_percent(x) for x in share[1:])
    return f"{low} to {high} %"


def _percent(share: float) -> str:
    """A share in per cent; what is small keeps a figure, so that rare is not never."""
    value = 100.0 * share
    return f"{value:.1f}" if 0.0 < value < 0.95 else f"{value:.0f}"


def of_worlds(count: int, worlds: int) -> str:
    """A count of worlds with how sure its share is.

    >>> of_worlds(37, 200)
    '37 of 200 worlds (14 to 24 %)'
    """
    return f"{count:,} of {counted(worlds, 'world')} ({per_cent(findings.share_of(count, worlds))})"


# --- on screen --------------------------------------------------------------------------------------------
def show(made: Made, found: Findings, command: Sequence[str]) -> None:
    """Print everything.

    Parameters
    ----------
    made : Made
    found : Findings
        Of it.
    command : sequence of str
        Words that run one of its worlds, but for the seed.
    """
    _show_failures(made, found)
    _show_losses(made, found)
    _show_years(made, found)
    _show_stories(made, found, command)
    if made.failures:
        say(f"{counted(len(made.failures), 'world')} ended in an error and left out, all named in manifest.json:")
        for sentence in made.failures[:MOST_NAMED]:
            say(sentence, indent="  ", hang="    ")


def _table(*headings: str) -> Table:
    table = Table(header_style="bold", box=None, padding=(0, 1, 0, 0))
    for k, heading in enumerate(headings):
        table.add_column(heading, justify="right" if k else "left", vertical="bottom" if k else "top")
    return table


def _show_failures(made: Made, found: Findings) -> None:
    worlds = len(made.seeds)
    failing = [f for f in found.fails if f.worlds]
    say(title="Who fails")
    say()
    say(f"No firm at all fails in {of_worlds(found.spared['anyone'], worlds)}; no borrower (lab, large technology firm,"
        f" cloud or project company) in {of_worlds(found.spared['borrowers'], worlds)}.")  # fmt: skip
    say()
    if failing:
        table = _table(
            "", f"worlds\nof {worlds:,}", "% of worlds\n(95 % sure)", "first:\nmedian", "nine in\nten from",
            "most often",
        )  # fmt: skip
        for f in failing[:MOST_FIRMS]:
            way = max(f.ways, key=lambda w: f.ways[w])
            low, high = (_percent(x) for x in f.share[1:])
            months = [findings.month_name(m, made) or "" for m in (f.median, f.earliest, f.latest)]
            table.add_row(
                f.name, f"{f.worlds:,}", f"{_percent(f.share.value)} ({low}-{high})", months[0],
                f"{months[1][:4]} to {months[2][:4]}", f"{WAYS[way]} {100 * f.ways[way]:.0f} %",
            )  # fmt: skip
        Screen().print(table)
    more = len(failing) - MOST_FIRMS
    if more > 0:
        say(f"and {more} more that fail in fewer worlds: firms.parquet", style="dim")
    say(
        "A firm fails if it is wound up, goes on under a court that keeps its creditors away (court), or its lenders"
        " take less than it owes (less paid); who only puts off loans does not count. Most often: of its failures by"
        " their way. Any: at least one of a group. In brackets: how sure the share is (95 % interval).", style="dim",
    )  # fmt: skip
    never = never_fail(made, found)
    if never:
        say(f"Fail in none of these worlds: {', '.join(never)}.")
    say()


def never_fail(made: Made, found: Findings) -> list[str]:
    """Firms of the opening that are told by name and fail in no world, lenders apart."""
    named, at_opening = findings.largest_clouds(made.tables), frozenset(made.tables.names)
    failing = {f.name for f in found.fails if f.worlds}
    never = []
    for firm, kind in made.tables.kinds.items():
        if kind not in (tables.LENDER, tables.OUTSIDE):
            name, group = findings.told_as(firm, tables.KIND_NAMES[kind], named, at_opening)
            if not group and name not in failing:
                never.append(name)
    return never


def _show_losses(made: Made, found: Findings) -> None:
    say(title=f"What lenders lose in the {counted(made.question.months, 'month')}, bn USD")
    say()
    table = _table("", "half of worlds:\nat most", f"1 world in {TAIL}:\nat least", "of their\nnet worth")

    def row(x: Lost, name: str, share: bool) -> None:
        known = not math.isnan(x.tail)
        part = f"{100.0 * x.tail / x.capital:.0f} %" if known and share and x.capital > 0.0 else ""
        table.add_row(name, amount(x.median), amount(x.tail) if known else "-", part)

    row(found.lost, "all lenders", True)
    table.add_row(Text("by lender", "dim"))
    for x in found.lenders:
        row(x, f"  {LENDERS.get(x.name, x.name)}", True)
    table.add_row(Text("by who bears it in the end", "dim"))
    for x in found.bearers:
        row(x, f"  {x.name}", False)
    Screen().print(table)
    few = "" if len(made.seeds) >= TAIL else f" Of fewer than {TAIL} worlds the worst in {TAIL} is not told."
    say(
        "Each line has its own worst worlds, so lines do not add up. Net worth: at the opening; of losses above it"
        f" those who lent to them bear the rest.{few} Who bears it is an assumption (experiments/risk/holders.csv)."
        " What lenders lose on each other counts for both.", style="dim",
    )  # fmt: skip
    say()


def amount(value: float) -> str:
    """Money in three figures, nothing as 0.

    >>> amount(0.0004), amount(12.34)
    ('0', '12.3')
    """
    return number(value) if value >= 0.005 else "0"


def _show_years(made: Made, found: Findings) -> None:
    say(title="How it goes: the middle of the worlds, and under it nine worlds in ten")
    say()
    table = Table(header_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("year")
    for name in YEARLY_KEPT:
        _, _, heading, unit = YEARLY[name]
        heading = heading.format(flagship=made.tables.flagship)
        table.add_column(Text.assemble(f"{heading}\n", (unit, "not bold")), justify="right", vertical="bottom")
    for year in found.years:
        cells = []
        for band in (year.bands[name] for name in YEARLY_KEPT):
            cells.append(Text.assemble(f"{short(band.value)}\n", (f"{short(band.low)}-{short(band.high)}", "dim")))
        table.add_row(f"{year.year}{'*' if year.months < 12 else ''}", *cells)
    Screen().print(table)
    few = "" if len(made.seeds) >= TAIL else " Of so few worlds a band is hardly less than their whole range."
    part = "".join(f" * {counted(y.months, 'month')} of {y.year}." for y in found.years if y.months < 12)
    say(
        "AI revenue: spent on AI services. Invested: in GPUs and sites. Both over the year, the rest at its end."
        " Carried: the invisible debt, borrowed by others to serve the labs. Rent: of one H100 or its equal, an hour."
        f" Each band is of its year: no single world need follow one.{few}{part}", style="dim",
    )  # fmt: skip
    say()


def short(value: float) -> str:
    """A number in few letters, for a band.

    >>> short(0.216), short(87.6), short(1743.2), short(0.0)
    ('0.22', '88', '1,743', '0')
    """
    size = abs(value)
    return f"{value:,.0f}" if size >= 9.995 or value == 0.0 else f"{value:.1f}" if size >= 0.995 else f"{value:.2f}"


def _show_stories(made: Made, found: Findings, command: Sequence[str]) -> None:
    worlds = len(made.seeds)
    say(title="The typical stories" if len(found.stories) > 1 else "The typical story")
    say()
    for k, story in enumerate(found.stories, 1):
        say(f": {of_worlds(story.worlds, worlds)}", title=f"{k}. {story.name}")
        m, fail = story.median, int(story.median["borrowers"])
        often = ", ".join(f"{firm} (in {count})" for firm, count in story.often)
        flagship = ""
        if story.by is not None:
            by = month_label(story.by, made.tables.date)
            flagship = f" {made.tables.flagship} fails in {story.fallen:,} of them, in half of these by {by}."
        fallen = f"{fail or 'no'} borrower{'' if fail == 1 else 's'} fail{'s' if fail == 1 else ''}"
        say(
            f"The middle of these worlds: {fallen}, lenders lose {amount(m['lost'])} bn USD, AI earns"
            f" {number(m['ai_revenue'])} bn in the last year, and a GPU rents for {number(m['spot_price'])} USD/h"
            f" in the end.{flagship}{f' Borrowers that fail most often: {often}.' if often else ''}",
            indent="   ", hang="   ",
        )  # fmt: skip
        told = first_of_each(story)
        happens = f"{len(told)} firms default, each told once:"
        if len(told) < 2:
            happens = "one firm defaults:" if told else "no firm defaults."
        say(f"Most typical of them is seed {story.seed}: {happens}", indent="   ", hang="   ")
        for failure in told[:MOST_TOLD]:
            say(failure["text"], indent="     ", hang="       ")
        if len(told) > MOST_TOLD:
            say(f"     and {len(told) - MOST_TOLD} more firms")
        say(f"To see it: {shlex.join((*command, '--seed', str(story.seed)))}", indent="   ", hang="   ")
        say()


def first_of_each(story: Story) -> list[dict[str, Any]]:
    """The first default of each firm of the world told."""
    seen: dict[str, dict[str, Any]] = {}
    for failure in story.failures:
        seen.setdefault(failure["firm"], failure)
    return list(seen.values())


# --- as data ----------------------------------------------------------------------------------------------
def as_data(made: Made, found: Findings, command: Sequence[str]) -> dict[str, Any]:
    """The same for a script."""
    return {
        "worlds": len(made.seeds),
        "seeds": [made.seeds[0], made.seeds[-1]],
        "errors": list(made.failures),
        "nobody_fails": {
            name: {"worlds": count, "share": _estimate(findings.share_of(count, len(made.seeds)))}
            for name, count in found.spared.items()
        },
        "fails": [_fails(made, f) for f in found.fails],
        "never_fail": never_fail(made, found),
        "losses": {
            "all": _lost(found.lost), "lenders": [_lost(x) for x in found.lenders],
            "bearers": [_lost(x) for x in found.bearers],
        },
        "years": [
            {"year": y.year, "months": y.months,
             **{n: {"median": e.value, "p5": e.low, "p95": e.high} for n, e in y.bands.items()}}
            for y in found.years
        ],
        "stories": [_story(made, s, command) for s in found.stories],
        "digest": made.digest,
    }  # fmt: skip


def _estimate(x: Estimate) -> dict[str, float]:
    return {"value": x.value, "low": x.low, "high": x.high}


def _fails(made: Made, f: Fails) -> dict[str, Any]:
    when = {name: findings.month_name(m, made) for name, m in zip(("median", "p5", "p95"), f[4:7], strict=True)}
    return {
        "name": f.name, "group": f.group, "worlds": f.worlds, "share": _estimate(f.share), "first": when,
        "ways": f.ways, "wound_up": f.wound_up, "only_put_off": f.put_off, "firms_a_world": f.each,
    }  # fmt: skip


def _lost(x: Lost) -> dict[str, Any]:
    numbers = {"median": x.median, "one_in_twenty": x.tail, "mean": x.mean, "capital": x.capital}
    return {"name": x.name, **{k: None if math.isnan(v) else v for k, v in numbers.items()}}


def _story(made: Made, s: Story, command: Sequence[str]) -> dict[str, Any]:
    failures = [{**row, "month": month_label(row["month"], made.tables.date)} for row in s.failures]
    return {
        "name": s.name, "worlds": s.worlds, "share": _estimate(s.share), "median": s.median,
        "flagship": {
            "worlds": s.fallen, "median": None if s.by is None else month_label(s.by, made.tables.date),
        },
        "fail_most_often": [{"firm": firm, "worlds": count} for firm, count in s.often], "seed": s.seed,
        "command": shlex.join((*command, "--seed", str(s.seed))), "failures": failures,
    }  # fmt: skip
