"""`invisible-debt signals`: early signs of a crisis, both cases at their strongest, and the shock between them."""

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
from experiments.screen import Screen, counted, say, say_json

if TYPE_CHECKING:
    from experiments.signals.findings import Findings

FORMAT = "invisible-debt signals 1"
REPORT, PAGE, DATA = "signals.md", "signals.html", "signals.json"


def signals(
    seeds: Worlds = 200,
    months: Annotated[int, typer.Option(min=48, max=360, help="Length of a run.")] = 96,
    firm: Annotated[
        str, typer.Option(metavar="NAME", help="Find the smallest shock that brings down this firm, not the system.")
    ] = "",
    tried: Annotated[
        int, typer.Option("--tried", min=0, max=1000, help="Good worlds in which shocks are tried; 0: in none.")
    ] = 20,
    jobs: Jobs = None,
    threads: Threads = None,
    out: Out = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report (signals.md) to this file as well.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which early signs tell a crisis, and what would bring one.

    Every seed is a world, read month by month as an outside observer could have read it. One half of the worlds chooses
    which signs tell a crisis 6, 12 and 24 months ahead, and at which threshold; the other half judges. Then: the worlds
    in which the debt was an investment, those in which it was not, and the smallest shock that turns one into the
    other.

    The folder holds the report (signals.md), the same as a page with pictures (signals.html), all findings
    (signals.json), what every world says (runs, months, defaults, draws, worlds and shocks, .parquet) and what was run
    (manifest.json).
    """
    import pyarrow.parquet as pq

    from experiments.code import code_hash
    from experiments.commands.options import known_firm, read_opening
    from experiments.folders import MANIFEST, new_folder, same_recipe
    from experiments.gather import digest
    from experiments.signals import ensemble, findings, reverse
    from experiments.signals import page as told

    firm = known_firm(firm, read_opening(None)) if firm else ""
    reverse.pushes(firm)
    named = f"signals-{seeds}{'' if months == 96 else f'-{months}m'}{f'-{firm}' if firm else ''}"
    folder = out or Path("results") / named.replace(" ", "-").replace("/", "-")
    writable_page(page)
    recipe = {"seeds": seeds, "months": months, "firm": firm, "tried": tried}

    def may_replace(there: Path) -> None:
        same_recipe(there, FORMAT, recipe)

    with new_folder(folder, may_replace) as stage:
        compile_first()
        how = who_runs(threads)
        with counted_worlds(seeds) as progress:
            worlds, tables, failures = ensemble.make(seeds, months, workers=jobs, how=how, progress=progress)
        good = findings.good_worlds(worlds, tried, ensemble.fell(worlds, firm) if firm else None)
        with counted_worlds(len(good) * len(reverse.pushes(firm))) as progress:
            turned, stopped = reverse.turn(good, firm, workers=jobs, how=how, progress=progress)
        found = findings.judge(worlds, firm, len(good), turned)
        about = told.About(seeds, months, digest(tables.values()), (*failures, *stopped), firm)
        whole = told.sections(about, found)
        data, text = told.as_data(about, found), told.markdown(about, found, whole)
        left = {name: tables[name] for name in ("runs", *ensemble.SCHEMAS)}
        left["worlds"] = told.world_table(found, worlds.seeds.tolist(), worlds.begins().tolist())
        left["shocks"] = told.shock_table(found)
        for name, rows in left.items():
            pq.write_table(rows, stage / f"{name}.parquet")
        manifest = {"format": FORMAT, **recipe, "digest": about.digest, "code": code_hash()}
        write_texts(stage, {REPORT: text, PAGE: told.html(about, found, whole)}, {DATA: data, MANIFEST: manifest})
    if page is not None:
        page.write_text(text, encoding="utf-8")
    if as_json:
        say_json({"folder": str(folder), **data})
        return
    show(found)
    say_failures(about.failures, REPORT)
    say(f"Results in {folder}: {REPORT}, {PAGE}, {DATA} and the tables of all worlds")


def show(found: Findings) -> None:
    """Print the answer, the watch list and the smallest shocks."""
    from experiments.risk.page import percent, told
    from experiments.signals.findings import SETTING
    from experiments.signals.page import glance, side, size

    for sentence in glance(found):
        say(sentence.removeprefix("- ").replace("**", ""), indent="- ", hang="  ")
    screen = Screen()
    if found.watch:
        say()
        say(title="Watch list (judged in worlds that did not choose it)")
        table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
        for heading in ("sign", "at alarm at", "at the opening", "announced, %", "lead, months", "false, %"):
            table.add_column(heading)
        for w in found.watch:
            r = w.records[SETTING]
            table.add_row(
                w.told.sign.what, side(w.told.high, w.told.alarm, w.told.sign.unit), told(w.reading[0]),
                percent(r.announced), told(w.lead.value), percent(r.false_rate),
            )  # fmt: skip
        screen.print(table)
        say("Announced: crises with an alarm in the year before. False: quiet months at alarm.", style="dim")
    if found.turned:
        say()
        say(title=f"Smallest shock, {counted(found.tried, 'good world')}: "
                  f"{f'{found.firm} defaults' if found.firm else 'a crisis'}")  # fmt: skip
        table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
        for heading in ("shock", "in a quarter of worlds", "in half", "unit"):
            table.add_column(heading)
        for t in found.turned:
            table.add_row(t.push.what, size(t, 0.25), size(t, 0.5), t.push.unit)
        screen.print(table)
    say()
