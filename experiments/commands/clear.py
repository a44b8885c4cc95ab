"""`invisible-debt clear`: a network of one's own, who pays whom if everything is due, and why some cannot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from abm.errors import BadInput, shown
from experiments.commands.options import Json
from experiments.files import new_files
from experiments.screen import Screen, counted, say, say_json

if TYPE_CHECKING:
    import pandas as pd

    from abm.contagion import NetworkClearing

MOST_ROWS = 25  # of a table on screen; --json has all
MOST_NAMED = 3  # causes of a firm told one by one
WIDE = 96  # characters a line from which on columns stand two apart
LEGEND = (
    "Round: 1 if a firm could not pay even if everybody paid it, 2 if it falls through those of round 1, and so on."
    " Lost: by the shock and by debtors that do not pay. Net worth: assets and claims less debts, if everybody paid."
)
OF_ITSELF = {"own books": "it had less than it owed", "shock": "the shock", "bankruptcy costs": "its bankruptcy"}


def clear(
    edges: Annotated[Path, typer.Argument(metavar="EDGES.csv", help="Who owes whom: debtor, creditor, amount, tier.")],
    nodes: Annotated[
        Path | None,
        typer.Argument(metavar="NODES.csv", help="Who has what: firm, assets, debt (to outsiders), debt_tier."),
    ] = None,
    alpha: Annotated[float, typer.Option(metavar="X", help="Share of a defaulter's assets that creditors get.")] = 1.0,
    beta: Annotated[
        float, typer.Option(metavar="X", help="The same of what a defaulter is paid; 1: no bankruptcy costs.")
    ] = 1.0,
    tiers: Annotated[
        bool | None,
        typer.Option("--tiers/--no-tiers", help="Pay the lowest tier first; so it is if there is a column tier."),
    ] = None,
    shock: Annotated[
        list[str] | None, typer.Option(metavar="NAME=X", help="A firm loses X of its assets; may be repeated.")
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the cascade.")] = None,
    as_json: Json = False,
) -> None:
    """Clear a network of your own: who pays whom, and who cannot.

    Everything is due at once. A firm that cannot pay all it owes pays what it has, in proportion to what it owes, and
    those it fails may fail in turn. How to write the two tables, and what the numbers mean: abm/contagion/README.md.
    """
    struck = read_shocks(shock)
    from abm.contagion import read_network

    with new_files([] if png is None else [png]) as stages:
        network = read_network(edges, nodes)
        cleared = network.clear(alpha=alpha, beta=beta, seniority=tiers, shock=struck)
        if png is not None:
            from experiments.reproductions.figures import save

            save(cleared.draw(), stages[0])
    if as_json:
        say_json(as_data(cleared))
        return
    show(cleared)
    if png is not None:
        say(f"Written: {png}")


def read_shocks(entries: Sequence[str] | None) -> dict[str, float]:
    """Firms and losses of `--shock NAME=X`.

    Raises
    ------
    BadInput
        If an entry has no '=', its loss is no number at least 0, or a firm is named twice.
    """
    found: dict[str, float] = {}
    for entry in entries or ():
        name, equals, amount = entry.rpartition("=")
        try:
            loss = float(amount)
        except ValueError:
            loss = math.nan
        if not equals or not name.strip() or not 0.0 <= loss < math.inf:
            raise BadInput(f"--shock needs NAME=X, X a finite number of at least 0, not {shown(entry)}")
        if name.strip() in found:
            raise BadInput(f"--shock names {shown(name.strip())} twice")
        found[name.strip()] = loss
    return found


def as_data(cleared: NetworkClearing) -> dict[str, Any]:
    """The same for a script; a list of records for every table."""
    network, result = cleared.network, cleared.result
    tables = ("firms", "payments", "causes", "origins")
    return {
        "unit": network.unit,
        "notes": list(network.notes),
        "alpha": cleared.alpha,
        "beta": cleared.beta,
        "tiers": cleared.seniority,
        "shock": {network.names[i]: float(x) for i, x in enumerate(cleared.loss) if x > 0.0},
        "rounds": result.rounds,
        "residual": result.residual,
        **{name: getattr(cleared, name).to_dict(orient="records") for name in tables},
    }


def show(cleared: NetworkClearing) -> None:
    """Print who pays, who loses, what is not paid and why."""
    from abm.contagion.picture import headline, told

    network, firms = cleared.network, cleared.firms
    unit = f" {network.unit}" if network.unit else ""
    owed = f"{counted(network.amount.size, 'obligation')} of {told(float(network.amount.sum()))}{unit}"
    outside = float(network.debt.sum())
    owed += f", and {told(outside)}{unit} owed to outsiders" if outside else ""
    say(f": {counted(len(network.names), 'firm')}, {owed}", title="The network")
    for note in network.notes:
        say(note, indent="  ", hang="  ", style="dim")
    say()
    say(title=f"{headline(cleared)}.")
    hit = firms[firms["defaulted"] | (firms["lost"] > 0.0)]
    if hit.empty:
        return
    say()
    hit = hit.assign(order=hit["round"].where(hit["defaulted"], 10**9)).sort_values(
        ["order", "shortfall", "lost"], ascending=[True, False, False], kind="stable"
    )
    worth = dict(zip(network.names, network.net_worth.tolist(), strict=True))
    rows = [
        (
            row["firm"], str(row["round"]) if row["defaulted"] else "stands", told(row["owed"]), told(row["paid"]),
            f"{100 * row['recovery']:.3g}" if row["owed"] > 0.0 else "–", told(row["lost"]), told(worth[row["firm"]]),
        )
        for row in hit.head(MOST_ROWS).to_dict("records")
    ]  # fmt: skip
    tabulate(
        f"Who falls, and who loses{unit and ', ' + network.unit}", ["firm"],
        ["round", "owes", "pays", "%", "lost", "net worth"], rows, len(hit),
    )  # fmt: skip
    rest = firms.loc[firms.index.difference(hit.index), "firm"].tolist()
    if rest:
        listed = f": {', '.join(rest)}" if len(rest) <= MOST_ROWS else ""
        pay = "pays in full and loses" if len(rest) == 1 else "pay in full and lose"
        say(f"{counted(len(rest), 'other firm')} {pay} nothing{listed}.")
        say()
    left = cleared.payments.assign(unpaid=lambda table: table["owed"] - table["paid"])
    left = left[left["debtor"].isin(firms.loc[firms["defaulted"], "firm"]) & (left["unpaid"] > 0.0)]
    if left.empty:
        return
    left = left.sort_values("unpaid", ascending=False, kind="stable")
    tier = ["tier"] if "tier" in left.columns else []
    rows = [
        (row["debtor"], row["creditor"], *(str(row[name]) for name in tier), told(row["owed"]), told(row["paid"]),
         told(row["unpaid"]))
        for row in left.head(MOST_ROWS).to_dict("records")
    ]  # fmt: skip
    title = f"What is not paid in full{unit and ', ' + network.unit}"
    tabulate(title, ["debtor", "creditor"], [*tier, "owed", "paid", "unpaid"], rows, len(left))
    say(title="Why they fall short")
    causes = cleared.causes
    fallen = list(dict.fromkeys(causes["firm"]))
    by_firm = causes[causes["firm"].isin(fallen[:MOST_ROWS])].groupby("firm", sort=False)
    for name, mine in by_firm:
        about = f"{name}, short of {told(float(mine['amount'].sum()))}: {reasons(mine)}"
        say(about, indent="  ", hang="    ")
    more(len(fallen))
    say()
    say(title="Where it began, of all that is not paid")
    origins = cleared.origins
    for row in origins.head(MOST_ROWS).to_dict("records"):
        say(f"{row['firm']}: {OF_ITSELF[row['channel']]} {percent(row['share'])}", indent="  ", hang="    ")
    more(len(origins))
    say()
    say(LEGEND, style="dim")


def reasons(causes: pd.DataFrame) -> str:
    """The causes of one firm's shortfall in a line, the largest first."""
    parts = []
    for row in causes.head(MOST_NAMED).to_dict("records"):
        why = OF_ITSELF.get(row["channel"]) or f"{row['cause']} does not pay"
        parts.append(f"{why} {percent(row['share'])}")
    rest = causes.iloc[MOST_NAMED:]
    if len(rest):
        parts.append(f"{counted(len(rest), 'other cause')} {percent(rest['share'].sum())}")
    return ", ".join(parts)


def percent(share: float) -> str:
    """A share in hundredths.

    >>> percent(0.3), percent(0.0004)
    ('30 %', '<1 %')
    """
    return f"{100 * share:.0f} %" if share >= 0.005 else "<1 %"


def more(count: int) -> None:
    """Say how many rows are left out, if any are."""
    if count > MOST_ROWS:
        say(f"  and {count - MOST_ROWS:,} more (see --json)")


def tabulate(
    title: str, words: Sequence[str], numbers: Sequence[str], rows: Sequence[Sequence[str]], count: int
) -> None:
    """Print a table, and how many rows are left out."""
    console = Screen()
    table = Table(box=None, header_style="dim", padding=(0, 2 if console.width >= WIDE else 1, 0, 0))
    for heading in words:
        table.add_column(heading, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    say(title=title)
    console.print(table)
    more(count)
    say()
