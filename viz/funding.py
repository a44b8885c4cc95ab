"""Who funds whom for whom, and who fell because of whom, as the page's diagrams take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from abm.accounts.statement import IDLE, defaults, funding
from abm.engine import tables
from abm.inputs.dates import month_label
from abm.simulation import Economy

COLUMNS = ("lenders", "borrowers", "users")
SEVERAL = ("own", "customers", "idle")  # in place of a firm served: -1, -2 and -3
SMALL = 0.012  # part of all AI debt below which firms are shown together


def funding_flows(economy: Economy, small: float = SMALL) -> dict[str, Any]:
    """AI debt from lenders to borrowers and on to those for whose use it was borrowed.

    Parameters
    ----------
    economy : Economy
        The economy, at its present month.
    small : float
        Firms with less than this share of all AI debt are put together in each column.

    Returns
    -------
    dict
        Value for `FlowDiagram.flows` but for its words: `nodes` with `name`, `failed`, `several` (of `SEVERAL`, "" for
        firms), `smaller` (how many firms it puts together, 0 if it does not), `kind`, `layer`, `row` (of the firms
        drawn, -1 for several or none) and `hue` (a lab's running number, -1 for others); `parts` of
        lender, borrower, user (nodes) and amount (bn USD).
    """
    names = economy.names
    firms = economy.rows("firms")
    parts = [
        ((lender, borrower, _user(firms, borrower, user)), amount)
        for lender, borrower, user, amount in funding(economy)
    ]
    total = sum(amount for _, amount in parts)
    sums: list[dict[int, float]] = [{}, {}, {}]
    for path, amount in parts:
        for found, row in zip(sums, path, strict=True):
            found[row] = found.get(row, 0.0) + amount
    nodes: list[dict[str, Any]] = []
    place: dict[tuple[int, int], int] = {}
    for layer, found in enumerate(sums):
        order = sorted(found, key=lambda row: (-found[row], row))
        together = [row for row in order if row >= 0 and found[row] < small * total]
        if len(together) == 1:
            together = []
        for row in order:
            if row in together:
                continue
            place[layer, row] = len(nodes)
            nodes.append(_node(names, firms, layer, row))
        if together:
            place.update({(layer, row): len(nodes) for row in together})
            nodes.append(_several("", len(together), layer))
    sums_of_parts: dict[tuple[int, int, int], float] = {}
    for (lender, borrower, user), amount in parts:
        nodes_of_path = (place[0, lender], place[1, borrower], place[2, user])
        sums_of_parts[nodes_of_path] = sums_of_parts.get(nodes_of_path, 0.0) + amount
    return {
        "nodes": nodes,
        "parts": [[*path, amount] for path, amount in sorted(sums_of_parts.items())],
    }


def _user(firms: Any, borrower: int, user: int) -> int:
    """The firm served in the end, -1 for the borrower's own business, -2 for customers outside, -3 for nobody."""
    if user == IDLE:
        return -3
    if user == borrower:
        return -1
    return -2 if firms[user].kind == tables.OUTSIDE else user


def _node(names: Sequence[str], firms: Any, layer: int, row: int) -> dict[str, Any]:
    if row < 0:
        return _several(SEVERAL[-1 - row], 0, layer)
    labs = np.flatnonzero(firms["kind"] == tables.LAB)
    return {
        "name": names[row],
        "failed": bool(firms[row].status == tables.FAILED),
        "several": "",
        "smaller": 0,
        "kind": tables.KIND_NAMES[firms[row].kind],
        "layer": layer,
        "row": row - tables.N_OUTSIDE,
        "hue": int(np.searchsorted(labs, row)) if row in labs else -1,
    }


def _several(name: str, smaller: int, layer: int) -> dict[str, Any]:
    """A node that stands for no single firm."""
    return {"name": "", "failed": False, "several": name, "smaller": smaller, "kind": "several",
            "layer": layer, "row": -1, "hue": -1}  # fmt: skip


def cascade_tree(
    economy: Economy, by_hand: Callable[[str, int], bool] = lambda _firm, _month: False
) -> dict[str, Any]:
    """Every default so far with the earlier failures and stresses that explain it.

    Parameters
    ----------
    economy : Economy
        The economy, at its present month.
    by_hand : callable
        Whether the visitor had struck a firm by a month.

    Returns
    -------
    dict
        Value for `CascadeTree.cascade`: `nodes` with `row` (of the firms drawn), `name`, `kind`, `month`, `label`,
        `round`, `fundamental`, `shortfall` (bn USD it did not pay) and `own_share`, the part nobody else
        explains; a firm that passed stress on and stood has `round` 0 and `own_share` 1; `struck`, whether a shock had
        struck it, and `by_hand`, whether the visitor had. `edges` with `source` (node, -1 for the market), `target`
        (node), `channel` and `weight`, the share of the shortfall it explains.
    """
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    latest: dict[str, int] = {}
    stressed: dict[tuple[str, int], int] = {}
    rows = {name: row for row, name in enumerate(economy.names)}
    for default in defaults(economy):
        row = rows[default.firm]
        here = len(nodes)
        nodes.append(
            {
                "row": row - tables.N_OUTSIDE,
                "name": default.firm,
                "kind": default.kind,
                "month": default.month,
                "label": month_label(default.month, economy.opening.date),
                "round": default.round,
                "fundamental": default.fundamental,
                "shortfall": default.shortfall,
                "own_share": default.own_share,
                "struck": default.struck,
                "by_hand": by_hand(default.firm, default.month),
            }
        )
        for cause in default.causes:
            source = -1
            if cause.parent is not None:
                source = latest.get(cause.parent, -2)
            if source == -2 and cause.parent is not None:
                source = stressed.setdefault((cause.parent, default.month), len(nodes))
                if source == len(nodes):
                    nodes.append(_stress(economy, rows[cause.parent], default.month))
            edges.append({"source": source, "target": here, "channel": cause.channel, "weight": cause.weight})
        latest[default.firm] = here
    return {"nodes": nodes, "edges": edges}


def _stress(economy: Economy, row: int, month: int) -> dict[str, Any]:
    """A firm that passed a loss on without failing itself."""
    return {
        "row": row - tables.N_OUTSIDE,
        "name": economy.names[row],
        "kind": tables.KIND_NAMES[economy.rows("firms")[row].kind],
        "month": month,
        "label": month_label(month, economy.opening.date),
        "round": 0,
        "fundamental": False,
        "shortfall": 0.0,
        "own_share": 1.0,
        "struck": False,
        "by_hand": False,
    }
