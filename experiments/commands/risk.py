"""`invisible-debt risk`: what the economy says of risk, beside the evidence."""

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
    from experiments.risk.table import Findings

FORMAT = "invisible-debt risk 1"
REPORT, PAGE, FIGURE, LINES = "RISK.md", "risk.html", "reliability.png", "lines.json"


def risk(
    seeds: Worlds = 200,
    central: Annotated[
        bool, typer.Option("--central", help="Central parameters and opening in every run: luck alone differs.")
    ] = False,
    jobs: Jobs = None,
    threads: Threads = None,
    out: Out = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report (RISK.md) to this file as well.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say who defaults and who loses in many worlds.

    It stands beside the evidence. Every seed is a world, run for eight years: as it is, with the flagship failing
    after a year and a half, and through the telecom bust; a quarter of the worlds go through every other scenario.
    Defaults are counted in all four ways (liquidation, reorganisation, distressed exchange, deferral), losses in three
    kinds (credit, equity, contract claims). A run that breaks down is named and left out.

    invisible-debt risk --page abm/RISK.md writes the page that comes with this version anew.

    The folder holds the report (RISK.md), the same as a page (risk.html), its figure (reliability.png), its table
    (lines.json), what every world says (runs, seen, defaults, firms, lenders and months, .parquet) and what was run
    (manifest.json).
    """
    import pyarrow.parquet as pq

    from experiments.code import code_hash
    from experiments.folders import MANIFEST, new_folder, same_recipe
    from experiments.risk import ensemble, table
    from experiments.risk import page as told

    folder = out or Path("results") / f"risk-{seeds}{'-central' if central else ''}"
    writable_page(page)

    def may_replace(there: Path) -> None:
        same_recipe(there, FORMAT, {"seeds": seeds, "central": central})

    with new_folder(folder, may_replace) as stage:
        compile_first()
        with counted_worlds(sum(ensemble.plan(seeds).values())) as progress:
            made = ensemble.make(seeds, central, workers=jobs, how=who_runs(threads), progress=progress)
        found = table.judge(made)
        data, text = told.as_data(made, found), told.markdown(made, found)
        (stage / FIGURE).write_bytes(told.reliability(found))
        for name, rows in made.tables.items():
            pq.write_table(rows, stage / f"{name}.parquet")
        about = {key: data[key] for key in ("seeds", "central", "digest")}
        manifest = {"format": FORMAT, **about, "code": code_hash()}
        write_texts(stage, {REPORT: text, PAGE: told.html(made, found)}, {LINES: data, MANIFEST: manifest})
    if page is not None:
        page.write_text(text, encoding="utf-8")
    if as_json:
        say_json({"folder": str(folder), **data})
        return
    show(found)
    say_failures(made.failures, REPORT)
    say(f"Results in {folder}: {REPORT}, {PAGE}, {FIGURE}, {LINES} and the tables of all worlds")


def show(found: Findings) -> None:
    """Print the eight points and their lines."""
    from experiments.risk.page import asked, span
    from experiments.risk.table import MET, STATED, verdicts

    screen = Screen()
    for number, what, met, judged in verdicts(found.lines):
        say(title=f"{number} {what}: {met} of {judged} lines met")
        table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
        for heading in ("", "ours", "unit", "asked", ""):
            table.add_column(heading)
        for x in found.lines:
            if x.point == number:
                colour = "" if x.verdict == STATED else "green" if x.verdict == MET else "red"
                table.add_row(x.what, span(x.ours), x.unit, asked(x), styled(x.verdict, colour))
        screen.print(table)
        say()
