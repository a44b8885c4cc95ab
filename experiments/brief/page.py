"""The page of a brief: sentences over numbers, none of which is typed in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from abm.calibration import Opening
from abm.inputs.dates import month_label
from abm.inputs.scenarios import Scenario
from experiments.analysis.claims import SURE
from experiments.brief.numbers import Number, Numbers
from experiments.brief.studies import BACKWARDS, BASELINE, SOON, USUAL, document, points, provider
from experiments.page import STYLE, escape, prose, table
from experiments.page import document as whole_page
from experiments.report.sentences import estimate, percent
from experiments.screen import counted

UNITS = {"bn": " bn USD", "USD": " USD", "times": " times", "months": " months", "TWh": " TWh", "Mt CO2": " Mt of CO2",
         "kWh": " kWh"}  # fmt: skip
PRINTED = """
.lead { font-size: 1.1rem; } .uncertain { opacity: .75; font-style: italic; }
.paper { display: none; }
@media print { .screen { display: none; } .paper { display: block; } .appendix { break-before: page; }
  @page { margin: 9mm; } .lead { font-size: 9.5pt; } h1 { font-size: 15pt; margin: 0; }
  th, td { padding: .1rem .3rem; } h2 { margin-top: .5rem; padding-top: .3rem; }
  h2 { font-size: 11pt; } table { font-size: 6.8pt; } body { font-size: 8.5pt; line-height: 1.3; }
  p, ul { margin: .3rem 0; } }
"""
PLACE = re.compile(r"\{([^{}]+)\}")
NOT_TOLD = "–"
TABLE = "numbers.csv"  # beside the page


def shown(number: Number) -> str:
    """A number with its interval and unit, as a sentence has it."""
    if number.value != number.value:
        return "not to be told"
    if number.unit == "share":
        return percent(number.estimate)
    return estimate(number.estimate) + UNITS.get(number.unit, "")


def bare(number: Number) -> str:
    """A number with its interval, for a table whose heads name the unit."""
    return shown(number).removesuffix(UNITS.get(number.unit, ""))


def filled(template: str, numbers: Numbers, opening: Opening) -> str:
    """A sentence with its numbers.

    Parameters
    ----------
    template : str
        `{id}` is a number, `{id?more|less}` in which direction a difference goes, if it does so in enough worlds;
        `{lab}` and `{cloud}` are the firms that are told of by name.

    Raises
    ------
    KeyError
        If there is no number of an id.
    """
    names = {"lab": opening.flagship, "cloud": provider(opening)}

    def put(found: re.Match[str]) -> str:
        name, asks, words = found[1].partition("?")
        for known, firm in names.items():
            name = re.sub(rf"\b{known}\b", firm, name)
        if name in names.values():
            return name
        return verdict(numbers, name, *words.split("|")) if asks else shown(numbers[name])

    return PLACE.sub(put, template)


def verdict(numbers: Numbers, name: str, more: str, fewer: str) -> str:
    """Which way a story or lever moves something, if it does so in enough worlds."""
    higher, lower = numbers[f"{name}.higher"], numbers[f"{name}.lower"]
    if higher.value >= SURE:
        return f"{more} in {shown(higher)} of the worlds"
    if lower.value >= SURE:
        return f"{fewer} in {shown(lower)} of the worlds"
    return f"uncertain: {more} in {shown(higher)} of the worlds, {fewer} in {shown(lower)}"


def in_cell(numbers: Numbers, name: str, more: str, fewer: str) -> str:
    """A verdict for a table whose head says that shares are of worlds."""
    return verdict(numbers, name, more, fewer).replace(" of the worlds", "")


def code_of(scenario: str) -> str:
    """The document's number of a story, as "R6"; nothing if it has none."""
    head = scenario.partition("_")[0].upper()
    return head if head in points() else ""


def html(numbers: Numbers, opening: Opening, scenarios: Sequence[Scenario], command: str) -> str:
    """The whole page.

    Parameters
    ----------
    numbers : Numbers
    opening : Opening
    scenarios : sequence of Scenario
        Those asked for, risks first.
    command : str
        What makes the page again.
    """
    worlds = numbers.stories[BASELINE].worlds
    title = "The invisible debt: a brief"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="source">From the balance sheets of {opening.date}, {counted(worlds, "world")}, each with its own'
        f" draw of what nobody knows. In brackets: intervals of 95 %. Two years on is"
        f" {escape(month_label(SOON, opening.date))}. Made by <code>{escape(command)}</code>.</p>",
        "<h2>Risk or hope?</h2>",
        f'<div class="lead">{prose([risk_or_hope(numbers, opening, scenarios)])}</div>',
        "<h2>The figures, then and later</h2>",
        figures(numbers, opening),
        "<h2>Who fails, and who loses</h2>",
        stories(numbers, opening, scenarios),
        '<div class="appendix"></div>',
        "<h2>Who is first, and what is passed on</h2>",
        prose(who_first(numbers, scenarios)),
        f"<h2>What each policy buys, under “{escape(_target(scenarios))}”</h2>",
        levers(numbers),
        prose([OF_THE_DATE]),
        "<h2>What an investor should read off</h2>",
        prose([f"What a lever changes (I1, T1, T2) is told under “{_target(scenarios)}”, the rest as things are."]),
        prose(read_off("I", numbers, opening)),
        "<h2>What an engineer should read off</h2>",
        prose(read_off("T", numbers, opening)),
        "<h2>The founding document, point by point</h2>",
        by_point(numbers, scenarios),
        "<h2>Every number, and the command that runs its worlds again</h2>",
        prose([OF_THE_COMMANDS]),
        f'<p class="paper">On paper this table is left out: it is the file {TABLE}.</p>',
        f'<div class="screen">{every_number(numbers)}</div>',
    ]
    return whole_page(title, "\n".join(body), STYLE + PRINTED)


OF_THE_DATE = (
    f"Of “{BACKWARDS}” a part is no effect of the rule: banks open below it, and stop lending until they meet it. The"
    " line below it, with the capital raised before, is the effect of the rule. A lever that is “uncertain” may still"
    " move the mean: the worlds do not agree on the direction."
)


OF_THE_COMMANDS = (
    "A command runs the same worlds again, and prints shares of firms that fail; not every other number here is among"
    " what it prints. Of a difference it runs the changed side: the other is the baseline, or the command without the"
    " lever. Losses of lenders are here those on firms that are no lenders; what the command prints as"
    " lost is another sum, and can be larger."
)


AS_THINGS_ARE = (
    "As things are, a firm other than a lender fails in {baseline.any_fails} of the worlds, {lab} in"
    " {baseline.fails.lab}, {cloud} in {baseline.fails.cloud}; lenders lose {baseline.losses} in the median world and"
    " {baseline.losses.tail} in the worst ones, out of a debt for AI that peaks at {baseline.debt_peak}."
)
# Point of the document and what to read off, a line each.
READ_OFF = """
I1 | if long contracts are not allowed (the lever “short contracts”), lenders lose \
{short contracts.losses.more} more ({short contracts.losses?more|less}), and {short contracts.failures.more} more \
firms fail ({short contracts.failures?more|fewer}). With whom a firm has signed: `invisible-debt inspect FIRM`.
I2 | {cloud} owes {baseline.cloud_debt} two years on ({opening.cloud_debt} at the opening); its expected cash earnings \
cover its debt service {baseline.cloud_cover}, its largest customer has {baseline.cloud_customer} of what it has sold; \
it fails in {baseline.fails.cloud} of the worlds.
I3 | two years on the fleet of {cloud} is worth {baseline.cloud_marked} of its books on the market, and a GPU-hour \
rents for {baseline.rent_soon} ({opening.rent} at the opening).
I4 | {baseline.energy} of electricity and {baseline.emissions} in the second year; which part is renewable this model \
does not say.
I5 | a hyperscaler fails in {baseline.hyperscaler_fails} of the worlds, a neocloud in {baseline.neocloud_fails}; in \
the median world lenders lose {baseline.hyperscaler_losses} on the ones and {baseline.neocloud_losses} on the others.
I6 | shares of {cloud} alone lose {baseline.cloud_lost} of their worth in the median world and \
{baseline.cloud_lost.tail} in the worst ones, those of the whole chain {baseline.chain_lost} and \
{baseline.chain_lost.tail}; their largest fall is {baseline.cloud_drawdown} against {baseline.chain_drawdown}. The \
chain loses the smaller part in {baseline.chain_safer} of the worlds. What shares gain is not told: the upper \
tails of this model are not to be believed.
T1 | with software that improves twice as fast, {efficiency work twice as fast.invested.more} more is paid for GPUs \
and sites ({efficiency work twice as fast.invested?more|less}), the debt for AI peaks \
{efficiency work twice as fast.debt_peak.more} higher ({efficiency work twice as fast.debt_peak?higher|lower}), and \
{efficiency work twice as fast.failures.more} more firms fail \
({efficiency work twice as fast.failures?more|fewer}); a number below nought is less.
T2 | a unit of work takes {baseline.energy_per_work} two years on; with software that improves twice as fast it \
changes by {efficiency work twice as fast.energy_per_work.more} \
({efficiency work twice as fast.energy_per_work?more|less}).
"""


def _target(scenarios: Sequence[Scenario]) -> str:
    return scenarios[0].title if scenarios else "the baseline"


def risk_or_hope(numbers: Numbers, opening: Opening, scenarios: Sequence[Scenario]) -> str:
    """One paragraph: how likely failures are as things are, and which stories change that in enough worlds."""
    told = filled(AS_THINGS_ARE, numbers, opening)
    groups: dict[str, list[str]] = {"more": [], "fewer": [], "uncertain": []}
    for story in scenarios:
        if numbers[f"{story.name}.failures.higher"].value >= SURE:
            groups["more"].append(story.title)
        elif numbers[f"{story.name}.failures.lower"].value >= SURE:
            groups["fewer"].append(story.title)
        else:
            groups["uncertain"].append(story.title)
    for which, said in (
        ("more", "More firms fail than as things are, in nearly every world, where"),
        ("fewer", "Fewer fail, in nearly every world, where"),
        ("uncertain", "Whether more or fewer fail differs from world to world, and is uncertain, where"),
    ):
        if groups[which]:
            told += f" {said}: {'; '.join(groups[which])}."
    return told


def figures(numbers: Numbers, opening: Opening) -> str:
    """The document's figures: what the document says, what the opening has, and what becomes of them."""
    known = points()
    rows = []
    for point, now, soon, end in (
        ("F1", "opening.carried", "carried_soon", "carried_end"),
        ("F2", "opening.announced", "promised_soon", ""),
        ("F3", "opening.result", "result_soon", ""),
        ("F4", "opening.revenue", "revenue_soon", ""),
        ("F5", "opening.rent", "rent_soon", "rent_end"),
    ):
        later = (shown(numbers[f"{BASELINE}.{what}"]) if what else NOT_TOLD for what in (soon, end))
        has = f"{numbers[now].what}: {shown(numbers[now])}"
        rows.append((f"{point} {known[point].name}", known[point].said, has, *later))
    note = (
        f"Of what {opening.flagship} announced, {shown(numbers['opening.promised'])} are firm compute contracts still"
        " to be paid; two years on only firm contracts are counted. Of the generations the row shows what a GPU-hour"
        " rents for."
    )
    heads = ("figure", "the document says", "the opening has", "two years on, median", "at the end, median")
    return table(heads, rows) + prose([note])


def stories(numbers: Numbers, opening: Opening, scenarios: Sequence[Scenario]) -> str:
    """A row a story: how likely, who loses how much, and whether it differs from the baseline."""
    lab, cloud = opening.flagship, provider(opening)
    rows = []
    for name, title in [(BASELINE, "As things are"), *((story.name, story.title) for story in scenarios)]:
        than = NOT_TOLD if name == BASELINE else in_cell(numbers, f"{name}.failures", "more", "fewer")
        parts = ("any_fails", f"fails.{lab}", f"fails.{cloud}", "failures", "losses", "losses.tail")
        rows.append((title, *(bare(numbers[f"{name}.{part}"]) for part in parts), than))
    heads = (
        "story", "a firm fails", f"{lab} fails", f"{cloud} fails", "firms that fail", "lenders lose, bn USD",
        "in the worst worlds", "than as things are (worlds)",
    )  # fmt: skip
    note = (
        "Shares of the worlds; medians of firms and of losses. A firm is any but a lender. The worst worlds are one in"
        " twenty. Claims under contracts and equity that failures cost stand apart, in the table of all numbers: they"
        " are no loss of lenders."
    )
    return table(heads, rows) + prose([note])


def who_first(numbers: Numbers, scenarios: Sequence[Scenario]) -> list[str]:
    """Who fails first in each story, and through which channel failures are passed on."""
    told = []
    for name, title in [(BASELINE, "As things are"), *((story.name, story.title) for story in scenarios)]:
        first = next((n for id_, n in numbers.by_id.items() if id_.startswith(f"{name}.first.")), None)
        if first is None:
            told.append(f"- **{title}:** nobody but lenders fails.")
            continue
        who = first.id.removeprefix(f"{name}.first.")
        channels = [n for id_, n in numbers.by_id.items() if id_.startswith(f"{name}.through.")]
        passed = ", ".join(f"{n.id.removeprefix(f'{name}.through.')} {shown(n)}" for n in channels[:3])
        sentence = (
            f"- **{title}:** {who} is the first in {shown(first)} of the worlds with a failure; the first failure comes"
            f" after {shown(numbers[f'{name}.first_month'])}. Failures that others brought, a world:"
            f" {shown(numbers[f'{name}.brought'])}"
        )
        told.append(sentence + (f" ({passed})." if passed else "."))
    return told


def levers(numbers: Numbers) -> str:
    """A row a lever: what it changes, paired with the same worlds without it."""
    rows = []
    for name in list(numbers.levers)[1:]:
        if name == USUAL:
            continue
        cells = [bare(numbers[f"{name}.{what}.more"]) for what in ("failures", "losses", "invested")]
        rows.append(
            (
                name, cells[0], in_cell(numbers, f"{name}.failures", "more", "fewer"), cells[1],
                in_cell(numbers, f"{name}.losses", "more", "less"), cells[2],
            )
        )  # fmt: skip
    heads = (
        "lever", "failures, mean change", "(worlds)", "losses of lenders, mean change, bn USD", "(worlds)",
        "paid for GPUs and sites, mean change, bn USD",
    )  # fmt: skip
    return table(heads, rows)


def read_off(letter: str, numbers: Numbers, opening: Opening) -> list[str]:
    """What an investor ("I") or an engineer ("T") should read off: a line a point of the document."""
    lines = (line.partition(" | ") for line in READ_OFF.strip().splitlines())
    known = points()
    said = [(point, text) for point, _, text in lines if point[0] == letter]
    return [f"- **{point} {known[point].name}:** {filled(text, numbers, opening)}" for point, text in said]


def by_point(numbers: Numbers, scenarios: Sequence[Scenario]) -> str:
    """Every point of the document by its number and name, and what answers it."""
    asked = {code_of(story.name): story.name for story in scenarios}
    rows = []
    for point in points().values():
        if point.id[0] in "RH":
            name = asked.get(point.id)
            answer = "not asked: invisible-debt brief without a scenario answers all"
            if name is not None:
                which = verdict(numbers, f"{name}.failures", "more firms fail", "fewer firms fail")
                medians = (shown(numbers[f"{name}.{what}"]) for what in ("failures", "losses"))
                answer = "{}; firms that fail {}, lenders lose {} (medians)".format(which, *medians)
        else:
            answer = {"F": "The figures, then and later", "I": "What an investor should read off"}.get(
                point.id[0], "What an engineer should read off"
            )
        rows.append((point.id, point.name, point.said, answer))
    return table(("", "point", "the document says", "answer"), rows) + prose([f"The document: {document()['source']}."])


def every_number(numbers: Numbers) -> str:
    """The table that all sentences are made of."""
    heads = ("number", "what", "value", "worlds", "command")
    rows = ((n.id, n.what, shown(n), str(n.worlds or NOT_TOLD), n.command) for n in numbers.by_id.values())
    return table(heads, rows)


def sentences(numbers: Numbers, opening: Opening, scenarios: Sequence[Scenario]) -> Iterable[str]:
    """What is printed on the screen."""
    yield risk_or_hope(numbers, opening, scenarios)
    for sentence in who_first(numbers, scenarios):
        yield sentence.replace("**", "")

