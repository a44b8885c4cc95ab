"""`invisible-debt view`: the live page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from abm.errors import printable
from experiments.commands.options import (
    LARGEST_SEED,
    SCENARIO_HELP,
    Central,
    Opening,
    complete_scenario,
    draw_world,
    open_scenario,
    read_opening,
)

PORT = 8765


def view(
    scenario: Annotated[str, typer.Argument(help=SCENARIO_HELP, autocompletion=complete_scenario)] = "baseline",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page.")] = PORT,
    host: Annotated[
        str, typer.Option(help="Address to listen on; only this machine can open the page by default.")
    ] = "127.0.0.1",
    opening: Opening = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the first run.")] = 1,
    central: Central = False,
    runs: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of recorded runs that the page offers to open.")
    ] = Path("results"),
    sessions: Annotated[int, typer.Option(min=1, max=1000, help="Visitors at once.")] = 24,
) -> None:
    """Watch the economy in a browser, stop it, strike it, change it.

    Works without internet. Every visitor has a run of their own, which ends when the page is closed. Ctrl-C ends
    the server.
    """
    from abm.inputs.scenarios import load

    told = load(scenario)
    books = read_opening(opening)
    drawn = draw_world(books, seed, central)
    # Compiles where needed, and finds mistakes before anybody opens the page.
    open_scenario(told, {}, seed, books, drawn)

    from viz.house import House
    from viz.plan import Plan
    from viz.server import serve

    address = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
    house = House(Plan(told, seed=seed, central=central, opening=books), sessions, runs)
    serve(house, host, port, lambda: print(printable(f"The page: {address}  (Ctrl-C ends it)"), flush=True))
