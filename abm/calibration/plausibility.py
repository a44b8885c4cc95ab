"""What is odd about an opening whose accounts close: orders, halls, maturities, and a first month unlike the next."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from abm.calibration.opening import Opening
from abm.engine import tables as ec

# Bounds of what is plausible (assumptions: as wide as the openings of 2024 and 2025 ask for, and no wider).
COVER = (3.0, 12.0)  # months of a vendor's output on order; books ran to a year in the shortage of 2024
EMPTY = 0.5  # share of a firm's halls that stands empty and that nothing on order will fill
SMALL_GW = 0.1  # halls that are not worth a sentence
BUNCHED = 0.25  # of all that falls due, what may fall due in one month
NEAR = 120  # months: later maturities are told roughly
FIRST_MONTH = 2.0  # the first month over the mean of the next five, or under it
MONTHS_RUN = 6
SMALL_FLOW = 1.0  # bn a month
FLOWS = ("new_loans", "new_contracts", "equity_raised", "capex", "gpu_sales")  # columns of the series that are flows


def doubtful(opening: Opening) -> list[str]:
    """What the tables of an opening say that is hardly so.

    Parameters
    ----------
    opening : Opening
        Its accounts closed.

    Returns
    -------
    list of str
        Sentences; empty if nothing is odd.
    """
    return [*_order_cover(opening), *_halls(opening), *_bunching(opening)]


def _order_cover(o: Opening) -> Iterator[str]:
    gpus = o.orders[o.orders["kind"] == ec.GPU_ORDER]
    for i in np.flatnonzero((o.firms["kind"] == ec.VENDOR) & (o.firms["supply"] > 0.0)):
        mine, supply = gpus[gpus["vendor"] == i], float(o.firms["supply"][i])
        worth = mine["units"] * mine["price"]
        cover = math.fsum(worth) / supply
        if not COVER[0] <= cover <= COVER[1]:
            yield (
                f"orders: {o.names[i]} has {cover:.1f} months of its output on order ({math.fsum(worth):.3g} bn at"
                f" {supply:.3g} bn a month); {COVER[0]:g} to {COVER[1]:g} are plausible"
            )
        for month in np.unique(mine["due"]):
            due = math.fsum(worth[mine["due"] == month])
            if due > supply * 1.001:
                yield (
                    f"orders: {due:.3g} bn of {o.names[i]}'s output fall due in {_label(o, int(month))}, more than the"
                    f" {supply:.3g} bn that it makes in a month"
                )


def _halls(o: Opening) -> Iterator[str]:
    """Sites against the fleet that stands in them, and against the hardware that is to come."""
    n = len(o.names)
    leases = o.contracts[(o.contracts["kind"] == ec.SITE) & (o.contracts["status"] != ec.INTENT)]
    rented, let = (_by(leases, party, "delivered", n) for party in ("buyer", "seller"))
    now = o.firms["site_gw"] + rented - let
    sites, gpus = (o.orders[o.orders["kind"] == kind] for kind in (ec.SITE_ORDER, ec.GPU_ORDER))
    to_come = _by(sites, "buyer", "units", n)
    to_come += _by(leases, "buyer", "quantity", n) - _by(leases, "buyer", "delivered", n)
    to_come -= _by(leases, "seller", "quantity", n) - _by(leases, "seller", "delivered", n)
    ordered = np.zeros(n)
    np.add.at(ordered, gpus["buyer"], gpus["units"] * o.generations["kw"][gpus["generation"]])
    ordered *= o.firms["pue"]
    for i, name in enumerate(o.names):
        fleet, room = float(o.firms["fleet_gw"][i]), float(now[i])
        if fleet > room + 1e-6:
            yield (
                f"sites: {name} owns and rents halls of {room + let[i]:.3g} GW; it lets {let[i]:.3g} GW and its fleet"
                f" draws {fleet:.3g} GW"
            )
        spare = room - fleet - float(ordered[i])
        if spare > max(EMPTY * room, SMALL_GW):
            yield (
                f"sites: {name} has halls for {room:.3g} GW, of which {room - fleet:.3g} GW stand empty; its hardware"
                f" on order fills {ordered[i]:.3g} GW"
            )
        halls = max(room - fleet, 0.0) + float(to_come[i])
        if ordered[i] > 1.05 * halls + 0.01:
            yield (
                f"orders: {name} has ordered hardware of {ordered[i]:.3g} GW; its halls, free or to come, have"
                f" {max(halls, 0.0):.3g} GW"
            )


def _bunching(o: Opening) -> Iterator[str]:
    """Much of all debt, or of all compute sold, that ends in one month."""
    loans = o.loans[(o.loans["amortising"] == 0) & (o.loans["principal"] > 0.0)]
    contracts = o.contracts[(o.contracts["kind"] == ec.COMPUTE) & (o.contracts["status"] != ec.INTENT)]
    ends = contracts["start"] + contracts["months"] - 1
    for what, months, amounts, unit in (
        ("loans: {:.0%} of the principal repaid at its term ({:.3g} {}) falls due in {}", loans["months_left"],
         loans["principal"], "bn"),
        ("contracts: {:.0%} of the compute sold ({:.3g} {}) ends in {}", ends, contracts["quantity"], "M H100e"),
    ):  # fmt: skip
        total = math.fsum(amounts)
        for month in np.unique(months):
            part = math.fsum(amounts[months == month])
            if part > BUNCHED * total and month <= NEAR:
                yield what.format(part / total, part, unit, _label(o, int(month)))


def first_month(flows: np.ndarray, series: np.ndarray) -> list[str]:
    """Flows of the first month that are far from the mean of the next five: the opening is not the state it claims.

    Parameters
    ----------
    flows : (M, K, A, A) float array
        Payments by month, kind, payer and payee, bn; M is `MONTHS_RUN`.
    series : (M,) records
        Aggregates of the same months.

    Returns
    -------
    list of str
        A sentence for every flow that is more than `FIRST_MONTH` times the mean of the next, or that much less.
    """
    paid = flows.sum(axis=(2, 3))
    rows: list[tuple[str, np.ndarray]] = [(name, paid[:, k]) for k, name in enumerate(ec.FLOW_NAMES)]
    meanings = {column.name: column.meaning for column in ec.SERIES_COLUMNS}
    rows += [(meanings[name], series[name]) for name in FLOWS]
    found = []
    for name, months in rows:
        first, later = float(months[0]), float(np.mean(months[1:MONTHS_RUN]))
        if max(first, later) > SMALL_FLOW and not later / FIRST_MONTH <= first <= later * FIRST_MONTH:
            found.append(f"first month: {name}: {first:.3g} bn, in the next five {later:.3g} bn a month")
    return found


def _by(rows: np.ndarray, party: str, amount: str, n: int) -> np.ndarray:
    """Sums of a column by firm, shape (n,)."""
    found = np.zeros(n)
    np.add.at(found, rows[party], rows[amount])
    return found


def _label(o: Opening, month: int) -> str:
    """A month as users write it."""
    year, month0 = divmod(12 * o.date.year + o.date.month - 1 + month, 12)
    return f"{year:04d}-{month0 + 1:02d}"
