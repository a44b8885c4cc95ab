"""Larger economies: the calibrated opening with its firms many times over, of drawn sizes, in one market.

What is copied. Labs, clouds, project companies, open models and lenders, in the opening's proportions. The three
vendors stay three and grow with the market: the rules order from the first three vendors only, and a fourth one would
never sell. Lenders can stay as few as they are, too (`few_lenders`): the deep pockets of a market need not multiply
with its borrowers, whereas copied ones make every search for a lender as long as the market is wide.

Sizes. Every firm of the opening gets the same log-normal sample of sizes over its copies, each in an order of its own,
so that every line of business is as large as any other while a lab and its cloud are not twins. A contract is as large
as its seller, a loan as its borrower, an order as its buyer, a stake as its issuer, so that these keep the ratios they
are calibrated with; the other side is a copy drawn for each, so that the copies are one network and not islands. What
that leaves open in a balance sheet is closed by other debt or other assets, at the net worth of the opening times the
firm's size.

The market as a whole grows with the number of firms as long as the ranges of the parameters allow it (the grid and
the power price know a largest economy, `LARGEST`); beyond that the firms are smaller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from abm.calibration.builder import CASH_GRAIN, net_worth
from abm.calibration.opening import SIDES, Opening, check_opening
from abm.engine import tables as ec
from abm.inputs.parameters import BY_NAME

LARGEST = 16.0  # times the market of the opening
SPREAD = 0.5  # standard deviation of the log of a firm's size (assumption)
SIZED = {
    "bn", "bn/month", "M H100e", "GW", "TWh/month", "Mt/month", "M H100e-months", "bn units/month", "M H100e or GW",
}  # fmt: skip
# Table: the firm whose size a row has, and the other columns that name firms of its copy. All others name partners.
OWN = {
    "contracts": ("seller", ()),
    "loans": ("borrower", ("end_user",)),
    "orders": ("buyer", ("end_user",)),
    "stakes": ("issuer", ()),
}


@dataclass(frozen=True)
class Larger:
    """A larger economy: its opening, and the parameters that have to grow or shrink with it."""

    opening: Opening
    parameters: dict[str, float]


def enlarged(opening: Opening, firms: int, *, seed: int = 1, few_lenders: bool = False) -> Larger:
    """An economy of about so many firms that looks like the opening.

    Parameters
    ----------
    opening : Opening
        The economy to copy.
    firms : int
        Rows of the firm table wanted; as many whole copies as come nearest, at least one.
    seed : int
        Of sizes and partners.
    few_lenders : bool
        Whether the lenders stay as many as they are, and grow.

    Returns
    -------
    Larger

    Raises
    ------
    BadInput
        If the accounts do not close.
    """
    made = _Copies(opening, firms, np.random.default_rng([seed, firms]), few_lenders)
    check_opening(made.opening)
    size, copies = made.market / made.copies, made.copies
    factors = {"grid_gw": made.market, "power_load_reference": made.market, "entry_rate": copies}
    factors |= {"open_entry_rate": copies, "project_size": size, "entry_equity": size}
    wanted = {name: BY_NAME[name].default * factor for name, factor in factors.items()}
    ranges = {name: (BY_NAME[name].low, BY_NAME[name].high) for name in wanted}
    return Larger(made.opening, {name: min(max(wanted[name], low), high) for name, (low, high) in ranges.items()})


class _Copies:
    """The tables of a larger economy, made in the order of their dependence."""

    def __init__(self, opening: Opening, firms: int, rng: np.random.Generator, few_lenders: bool) -> None:
        self.base, self.rng = opening, rng
        single = np.isin(opening.firms["kind"], [ec.OUTSIDE, ec.VENDOR, *[ec.LENDER] * few_lenders])
        many, once = np.flatnonzero(~single), np.flatnonzero(single)
        self.single = single
        self.copies = max(round((firms - len(once)) / len(many)), 1)
        self.market = min(float(self.copies), LARGEST)
        # Row of every firm's copy, and its size; a single firm is its own copy and as large as the market.
        self.row = np.zeros((len(single), self.copies), np.int64)
        self.row[once] = np.arange(len(once))[:, None]
        self.row[many] = len(once) + np.arange(len(many))[:, None] + np.arange(self.copies) * len(many)
        sizes = np.exp(SPREAD * rng.standard_normal(self.copies))
        sizes *= self.market / sizes.sum()
        self.size = np.full((len(single), self.copies), self.market)
        self.size[many] = rng.permuted(np.tile(sizes, (len(many), 1)), axis=1)
        self.n = len(once) + len(many) * self.copies
        self.rows_of: dict[str, np.ndarray] = {}  # rows of the opening that the rows of a table are copies of
        tables = {name: self._connected(name) for name in OWN}
        made: dict[str, Any] = {**tables, **self._others(tables)}
        self.opening = replace(opening, **made)

    def _connected(self, name: str) -> np.ndarray:
        """A table whose rows connect firms: each row once a copy, or once if it connects single firms only."""
        rows = getattr(self.base, name)
        own, along = OWN[name]
        firms = [column.name for column in ec.TABLES[name] if column.unit == "firm"]
        other = next(column for column in firms if column != own)
        # The size of a row whose own side is a single firm is that of its partner.
        whose = np.where(self.single[rows[own]], rows[other], rows[own])
        once = self.single[whose]
        base, copy = np.nonzero(~once[:, None] | (np.arange(self.copies) == 0))
        self.rows_of[name] = base
        made = rows[base].copy()
        size = self.size[whose[base], copy]
        for column in ec.TABLES[name]:
            if column.unit in SIZED:
                made[column.name] *= size
        if name == "stakes":  # a part of a single firm's shares is split over the holder's copies
            split = self.single[rows["issuer"]] & ~once
            made["share"] *= np.where(split[base], size / self.market, 1.0)
        partner = self.rng.permuted(np.tile(np.arange(self.copies), (len(rows), 1)), axis=1)
        if name == "stakes":  # whoever has a parent has it as a holder
            partner[self.base.firms["parent"][rows["issuer"]] == rows["holder"]] = np.arange(self.copies)
        for party in firms:
            at = copy if party == own or party in along else partner[base, copy]
            named = made[party]
            made[party] = np.where(named < 0, -1, self.row[named, at])
        return made

    def _others(self, tables: dict[str, np.ndarray]) -> dict[str, Any]:
        """All that is not a table of claims: firms and their books, fleets, customers, names."""
        o, row, size = self.base, self.row, self.size
        base, copy = np.nonzero(~self.single[:, None] | (np.arange(self.copies) == 0))
        order = np.argsort(row[base, copy])
        base, copy = base[order], copy[order]
        firms, grown = o.firms[base].copy(), size[base, copy]
        for column in ec.TABLES["firms"]:
            if column.unit in SIZED:
                firms[column.name] *= grown
            elif column.unit == "firm":
                named = firms[column.name]
                firms[column.name] = np.where(named < 0, -1, row[named, copy])
        fleet = o.fleet[base].copy()
        for name in ("units", "book", "cost"):
            fleet[name] *= grown[:, None]
        self._close(firms, fleet, tables)
        names = [o.names[i] if k == 0 else f"{o.names[i]} {k + 1}" for i, k in zip(base, copy, strict=True)]
        statements = {
            names[row[i, k]]: {line: amount * float(size[i, k]) for line, amount in o.statements[o.names[i]].items()}
            for i in (o.names.index(name) for name in o.statements)
            for k in range(self.copies)
        }
        generations = o.generations.copy()
        generations["vendor"] = row[generations["vendor"], 0]
        return {
            "firms": firms,
            "fleet": fleet,
            "names": names,
            "contract_names": [o.contract_names[r] for r in self.rows_of["contracts"]],
            "loan_names": [o.loan_names[r] for r in self.rows_of["loans"]],
            "statements": statements,
            "generations": generations,
            "revenue": o.revenue[:, base] * grown,
            "market": {**o.market, "tenant_demand": o.market["tenant_demand"] * self.market},
        }

    def _close(self, firms: np.ndarray, fleet: np.ndarray, tables: dict[str, np.ndarray]) -> None:
        """Both sides of every claim from its row, the rest of every balance sheet, money to zero."""
        worth, held = net_worth(firms), firms["loans_held"].copy()
        for column, table, party, amount in SIDES:
            firms[column] = np.bincount(tables[table][party], tables[table][amount], len(firms))
        firms["fleet_book"] = [math.fsum(books) for books in fleet["book"]]
        firms["funding"] *= firms["loans_held"] / np.where(held > 0.0, held, 1.0)
        firms["cash"] = np.round(firms["cash"] / CASH_GRAIN) * CASH_GRAIN
        agents = firms["kind"] != ec.OUTSIDE
        gap = net_worth(firms) - worth
        firms["other_debt"] += np.where(agents, np.maximum(gap, 0.0), 0.0)
        firms["other_assets"] += np.where(agents, np.maximum(-gap, 0.0), 0.0)
        savers = firms[ec.SAVERS]
        savers["cash"] = 0.0
        savers["cash"] = -firms["cash"].sum()
        savers["other_assets"] = math.fsum([*firms["other_debt"], *firms["funding"]])
        firms["retained"] = net_worth(firms) - firms["paid_in"]
