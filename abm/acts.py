"""Single acts on a running economy, by name: sign a contract, borrow, order GPUs, default, lose money.

They use the same compiled rules as the month, between two months, and keep every balance sheet closed. What they
move and log counts in the month that follows: its flows, losses, defaults, loans and contracts, and all that answers
to them (sentiment, appetite), as if a shock of the scenario had struck. Their own date is that of the last month.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from abm.accounts.ledger import earn, net_worth, sum_claims, transfer, write_off
from abm.distress.cascade import bring_down, spread
from abm.distress.causes import FOR_CASH
from abm.distress.estate import fail
from abm.engine.tables import (
    ACTED_COLUMNS,
    ACTIVE,
    BOND,
    DDTL,
    F_OPERATING,
    FAILED,
    FLEET_COLLATERAL,
    HYPERSCALER,
    LAB,
    LENDER,
    NEOCLOUD,
    NO_COLLATERAL,
    OUTSIDE,
    SUPPLIERS,
    VEHICLE,
)
from abm.errors import BadInput, InvisibleDebtError
from abm.inputs.effects import BY_NAME
from abm.instruments.contract import sign_contract as sign_rule
from abm.instruments.order import tally_orders
from abm.markets.compute import count_capacity, serve_contracts
from abm.markets.credit import borrow as borrow_rule
from abm.markets.credit import measure
from abm.markets.investment import order_units

if TYPE_CHECKING:
    from abm.engine.tables import State
    from abm.simulation import Economy

LARGEST_LOSS = BY_NAME["loses cash"].size.high  # type: ignore[union-attr]


@contextmanager
def _act(economy: Economy) -> Iterator[State]:
    """Room in every table for what an act can add; what it moves is kept for the month that follows."""
    economy.make_room()
    state = economy.state
    before = {name: state.firms[name].copy() for name in ACTED_COLUMNS}
    flows = state.flows.copy()
    yield state
    if state.market[0].no_room:
        raise InvisibleDebtError("a table of the economy was too short for what the act set off")
    down = state.firms["status"] == FAILED
    for name, value in before.items():
        moved = state.firms[name] - value
        # What a firm that fails earns and pays in its proceedings is nobody's income of a month to come.
        state.acted[name] += moved if name in ("loss_month", "write_off") else np.where(down, 0.0, moved)
    state.acted_flows[:] += state.flows - flows


def _active(economy: Economy, name: str, kinds: tuple[int, ...], what: str) -> int:
    """Row of a firm that is in business and of one of these kinds."""
    row = economy.firm(name)
    firm = economy.state.firms[row]
    if firm.status != ACTIVE:
        raise BadInput(f"{name} has failed: it can {what} no more")
    if firm.kind not in kinds:
        raise BadInput(f"{name} cannot {what}")
    return row


def _positive(value: float, field: str, unit: str, most: float = math.inf) -> float:
    """The value as a positive finite number of at most `most`."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0.0 < number < math.inf or number > most:
        limit = "" if math.isinf(most) else f", at most {most:,.0f}"
        raise BadInput(f"{field} must be a positive number of {unit}{limit}, not {value!r}")
    return number


def _months(value: int) -> int:
    """The value as a term of at least one whole month."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadInput(f"months must be a whole number of at least 1, not {value!r}")
    return value


def sign_contract(
    economy: Economy, buyer: str, seller: str, quantity: float, *, price: float | None = None, months: int = 60
) -> int:
    """Sign a take-or-pay compute contract now.

    Parameters
    ----------
    economy : Economy
    buyer, seller : str
        A lab or hyperscaler, and a provider.
    quantity : float
        M H100e.
    price : float, optional
        USD per H100e-hour; the market's contract price by default.
    months : int
        Term.

    Returns
    -------
    int
        Row of the contract table.

    Raises
    ------
    BadInput
        If a firm is unknown, has failed or is of the wrong kind, or a number is not positive.
    """
    who = _active(economy, buyer, (LAB, HYPERSCALER), "buy compute")
    whom = _active(economy, seller, (HYPERSCALER, NEOCLOUD, VEHICLE), "sell compute")
    if who == whom:
        raise BadInput(f"{buyer} cannot sign a contract with itself")
    amount = _positive(quantity, "quantity", "M H100e")
    rent = _positive(economy.state.market[0].contract_price if price is None else price, "price", "USD per hour")
    term = _months(months)
    with _act(economy) as state:
        p = state.params[0]
        row = int(sign_rule(state, who, whom, amount, rent, term, int(p.contract_lead), int(p.contract_ramp)))
        sum_claims(state)
    return row


def borrow(economy: Economy, borrower: str, amount: float, *, months: int = 60) -> float:
    """Borrow from the market's lenders now: against the fleet if there is one to pledge, else by bonds.

    Returns
    -------
    float
        bn borrowed, less than asked if lenders' limits bind.

    Raises
    ------
    BadInput
        If the firm is unknown, has failed or cannot borrow, or a number is not positive.
    """
    who = _active(economy, borrower, (LAB, HYPERSCALER, NEOCLOUD, VEHICLE), "borrow")
    money = _positive(amount, "amount", "bn USD")
    term = _months(months)
    with _act(economy) as state:
        firm = state.firms[who]
        pledged = firm.kind != HYPERSCALER and firm.fleet_mark > firm.secured_debt
        kind, collateral = (DDTL, FLEET_COLLATERAL) if pledged else (BOND, NO_COLLATERAL)
        got = float(borrow_rule(state, who, kind, money, term, collateral, int(pledged), -1, 1, 0))
        measure(state)
    return got


def order_gpus(economy: Economy, buyer: str, units: float) -> None:
    """Order hardware (M H100e) from the buyer's vendors; the deposit is paid now. Sites are the buyer's to find.

    Raises
    ------
    BadInput
        If the firm is unknown, has failed or runs no fleet, or `units` is not positive.
    """
    who = _active(economy, buyer, (HYPERSCALER, NEOCLOUD), "order GPUs")
    wanted = _positive(units, "units", "M H100e")
    with _act(economy) as state:
        order_units(state, who, wanted)
        tally_orders(state)
        sum_claims(state)


def default(economy: Economy, name: str) -> None:
    """Let a firm fail now, with all that follows in rounds until no one else falls.

    Raises
    ------
    BadInput
        If the firm is unknown, has failed already or is one of the outside sectors.
    """
    kinds = tuple(kind for kind in range(OUTSIDE))
    row = _active(economy, name, kinds, "default")
    with _act(economy) as state:
        bring_down(state, row)
        count_capacity(state)
        serve_contracts(state)
        measure(state)


def lose(economy: Economy, name: str, amount: float) -> None:
    """Let a firm lose money now, with all that follows in rounds until no one else falls.

    Cash goes first (to suppliers, as for a fine or a repair), then other assets, sites and the books of its fleet
    are written off. It fails if that does not cover the loss, or if no cash is left and it owes more than it owns.
    A lender fails or is rescued by the same rule as in every month (`abm.distress.lenders.check_lender`).

    Parameters
    ----------
    economy : Economy
    name : str
        Who loses.
    amount : float
        How much (bn).

    Raises
    ------
    BadInput
        If the firm is unknown, has failed already or is one of the outside sectors, or `amount` is not positive or
        more than a shock of a scenario may be.
    """
    row = _active(economy, name, tuple(range(OUTSIDE)), "lose money")
    left = _positive(amount, "the loss", "bn USD", LARGEST_LOSS)
    with _act(economy) as state:
        _take(state, row, left)
        _settle(state)


def _take(state: State, row: int, left: float) -> None:
    """Take a loss out of a firm's assets in their order; it fails if they do not cover it."""
    firm = state.firms[row]
    paid = min(left, max(float(firm.cash), 0.0))
    transfer(state, row, SUPPLIERS, paid, F_OPERATING)
    write_off(state, row, paid)
    earn(state, SUPPLIERS, paid)
    left -= paid
    for column in ("other_assets", "sites"):
        part = min(left, max(float(firm[column]), 0.0))
        firm[column] -= part
        write_off(state, row, part)
        left -= part
    fleet = state.fleet["book"][row]
    books = float(fleet.sum())
    if left > 0.0 and books > 0.0:
        part = min(left, books)
        fleet *= 1.0 - part / books
        write_off(state, row, part)
        left -= part
    sum_claims(state)
    worth = float(net_worth(firm))
    state.market[0].stage = 0
    if left > 0.0 or (worth < 0.0 and firm.cash <= 0.0 and firm.kind != LENDER):
        state.market[0].stage = 1
        fail(state, row, max(left, -worth), FOR_CASH)


def settle(economy: Economy) -> None:
    """Mark hardware, test covenants and lenders round by round, serve contracts: what follows every blow.

    Hardware prices move a little each time. To see what a blow alone does, settle the economy without it too.
    """
    with _act(economy) as state:
        _settle(state)


def _settle(state: State) -> None:
    spread(state)
    count_capacity(state)
    serve_contracts(state)
    measure(state)
