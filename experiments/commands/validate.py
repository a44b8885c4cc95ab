"""`invisible-debt validate`: the scorecard of the model, all of it, from one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from experiments.commands.options import (
    Jobs,
    Json,
    Out,
    Threads,
    Worlds,
    compile_first,
    counted_worlds,
    say_failures,
    who_runs,
    writable_page,
    write_texts,
)
from experiments.screen import Screen, say, say_json, styled

if TYPE_CHECKING:
    from experiments.validation.card import Card

FORMAT = "invisible-debt validate 1"
REPORT, PAGE, LINES = "VALIDATION.md", "validation.html", "lines.json"


def validate(
    seeds: Worlds = 100,
    jobs: Jobs = None,
    threads: Threads = None,
    out: Out = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report (VALIDATION.md) to this file as well.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge the model by all the evidence there is, line by line.

    Sections: the opening; the year that is known, out of sample; the market's view, firm by firm; analogues; stylised
    facts of credit and of booms; published results on contagion; what cannot be validated. Each line ends "validated",
    "not validated" or "cannot be validated from these data".

    invisible-debt validate --page experiments/VALIDATION.md writes the page that comes with this version anew.

    The folder holds the report (VALIDATION.md), the same with pictures as a page (validation.html), its lines
    (lines.json) and what was run (manifest.json). The exit code is 0 whatever the verdicts.
    """
    from experiments.code import code_hash
    from experiments.folders import MANIFEST, new_folder, same_recipe
    from experiments.validation import card as cards
    from experiments.validation import page as told

    folder = out or Path("results") / f"validate-{seeds}"
    writable_page(page)

    def may_replace(there: Path) -> None:
        same_recipe(there, FORMAT, {"seeds": seeds})

    with new_folder(folder, may_replace) as stage:
        compile_first()
        with counted_worlds(cards.worlds(seeds)) as progress:
            card = cards.make(seeds, workers=jobs, how=who_runs(threads), progress=progress)
        data, text = told.as_data(card), told.markdown(card)
        manifest = {"format": FORMAT, "seeds": seeds, "digests": data["digests"], "code": code_hash()}
        write_texts(stage, {REPORT: text, PAGE: told.html(card)}, {LINES: data, MANIFEST: manifest})
    if page is not None:
        page.write_text(text, encoding="utf-8")
    if as_json:
        say_json({"folder": str(folder), **data})
        return
    show(card)
    say_failures(card.failures, REPORT)
    say(f"Results in {folder}: {REPORT}, {PAGE}, {LINES}")


def show(card: Card) -> None:
    """Print the lines by section and verdict, and those that are not validated."""
    from experiments.validation.lines import NOT_VALIDATED
    from experiments.validation.page import COUNT_HEADS, TITLE, counts

    screen = Screen()
    say(title=TITLE)
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for k, heading in enumerate(COUNT_HEADS):
        table.add_column(heading, justify="left" if k == 0 else "right")
    for heading, *numbers in counts(card):
        colours = ("green", "red" if numbers[1] != "0" else "", "")
        table.add_row(heading, *(styled(text, colour) for text, colour in zip(numbers, colours, strict=True)))
    screen.print(table)
    say()
    missed = [(s.heading[0], line) for s in card.sections for line in s.lines if line.verdict == NOT_VALIDATED]
    if not missed:
        say("Nothing that can be judged is missed.")
        return
    say(title="Not validated")
    say("Where a direction alone is known, the whole interval must lie there: few worlds make wide ones.", style="dim")
    for number, line in missed:
        unit = f" {line.unit}" if line.unit else ""
        say(f"{line.what}: {line.shown}{unit}, asked {line.asked}", indent=f"{number} ", hang="  ")
    say()
