"""What a firm owns, owes, has promised and depends on, as plain data: for handles, command line and pages.

Nothing here prints and nothing moves the economy. Money is in bn USD unless a unit says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from abm.agents.firm import is_protected
from abm.engine import tables
from abm.inputs.dates import month_label
from abm.instruments.contract import ramp_months, unit_invoice

if TYPE_CHECKING:
    from abm.simulation import Economy

STATUS_NAMES = ("absent", "active", "failed")
COLLATERAL_NAMES = ("none", "fleet", "site", "holdings")
CRUMB = 1e-11  # part of a debt too small to tell
IDLE = -1  # in place of the firm served: capacity that a lost customer left idle and that is not let again yet
IDLE_CAPACITY = "capacity left idle"
DOLLAR = 1e-9  # bn; what is smaller is left over from arithmetic and no debt
OPEN = (tables.PENDING, tables.LIVE, tables.INTENT)
# Lines of a balance sheet: column of the firm table and what it says to a reader.
ASSETS = {
    "cash": "cash",
    "fleet_book": "GPUs",
    "sites": "data-centre sites",
    "prepaid_out": "prepaid compute",
    "deposits_out": "deposits on orders",
    "loans_held": "loans made",
    "holdings": "shares held",
    "other_assets": "other assets",
}
LIABILITIES = {
    "debt": "loans and bonds",
    "prepaid_in": "customers' prepayments",
    "deposits_in": "customers' deposits on orders",
    "funding": "savers' money behind loans made",
    "other_debt": "other debt",
}


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """A firm's balance sheet at the end of a month (bn): assets = liabilities + net worth.

    `protected_until` is the last month in which a court protects the firm, None if none does.
    """

    firm: str
    kind: str
    status: str
    protected_until: int | None
    month: int
    assets: dict[str, float]
    liabilities: dict[str, float]
    paid_in: float
    retained: float

    @property
    def total_assets(self) -> float:
        """All it owns (bn)."""
        return sum(self.assets.values())

    @property
    def total_liabilities(self) -> float:
        """All it owes (bn)."""
        return sum(self.liabilities.values())

    @property
    def net_worth(self) -> float:
        """Paid-in capital and retained earnings (bn)."""
        return self.paid_in + self.retained


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract seen from one of its parties; `role` is "buys", "sells" or "guarantees".

    Quantity in M H100e (price in USD/H100e-h) or, for a site lease, in GW (price in bn/GW-month). `left` is
    what is still to be invoiced (bn), `invoice` a month's invoice at full ramp (bn), `take_or_pay` the share
    owed whether used or not. `status` "intent" is a letter of intent or an option: it binds nobody. Of a `backstop`
    the buyer takes only what the seller cannot let, up to the value announced, so that its quantity may be zero.
    """

    id: int
    role: str
    counterparty: str
    kind: str
    status: str
    quantity: float
    price: float
    signed: int
    start: int
    months: int
    months_left: int
    take_or_pay: float
    invoice: float
    left: float
    announced: float
    prepaid: float
    end_user: str | None
    guarantor: str | None
    backstop: bool


@dataclass(frozen=True, slots=True)
class Loan:
    """One loan seen from one of its parties; `role` is "owes" or "lends". `matures` is a month number.

    An `amortising` loan is repaid in equal parts, one each month left, any other at the end. `undrawn` (bn) is what
    the borrower can still draw on a line or a commitment.
    """

    id: int
    role: str
    counterparty: str
    kind: str
    principal: float
    undrawn: float
    rate: float
    months_left: int
    matures: int
    amortising: bool
    secured_by: str
    covenant_ltv: float | None
    end_user: str | None
    for_ai: bool


@dataclass(frozen=True, slots=True)
class Maturity:
    """Principal of a firm's loans of one kind by when it falls due (bn); the parts sum to `total`.

    `next_month`; `to_1_year`: months 2 to 12; `to_3_years`: 13 to 36; `to_5_years`: 37 to 60; `later`.
    """

    role: str
    kind: str
    next_month: float
    to_1_year: float
    to_3_years: float
    to_5_years: float
    later: float
    total: float


@dataclass(frozen=True, slots=True)
class Vintage:
    """A firm's GPUs of one generation: M H100e running and waiting for a hall, average age in months, book value and
    market value (bn)."""

    generation: str
    vendor: str
    released: int
    units: float
    waiting: float
    age: float
    book: float
    mark: float


@dataclass(frozen=True, slots=True)
class Ratios:
    """How a firm does and what it depends on; None where a ratio has no meaning for it.

    `operating_result_6m` in bn; `revenue`, `capex` and `debt_service` in bn a month; `cover` is expected cash
    earnings over debt service, `loan_to_value` secured debt over the market value of its collateral,
    `default_probability` as lenders see it (per year); capacity, orders and spot purchases in M H100e;
    `top_customer_share` of the backlog it has sold; `capital_ratio` of a lender. `debt_service` is what lenders
    count: interest, and the parts of loans repaid in parts; `due_next_month` has the loans that end then as well.

    At the opening no month has been run: what a month would tell is None, but for `revenue`, which a trial month
    gives (None for the sectors around the firms), and results that firms have reported.
    """

    revenue: float | None
    operating_result_6m: float | None
    capex: float | None
    debt_service: float
    due_next_month: float
    cover: float | None
    loan_to_value: float | None
    leverage: float
    default_probability: float
    top_customer: str | None
    top_customer_share: float
    backlog_sold: float
    backlog_bought: float
    capacity: float
    on_order: float
    utilisation: float | None
    capital_ratio: float | None


@dataclass(frozen=True, slots=True)
class Energy:
    """Electricity (TWh a month), CO2 (Mt a month), share of renewables, facility over computer power.

    Electricity and CO2 are None at the opening, when no month has been run, for a firm that has a fleet.
    """

    energy: float | None
    emissions: float | None
    renewables: float
    pue: float


@dataclass(frozen=True, slots=True)
class LookThrough:
    """Debt by the firm for whose use it was borrowed (bn).

    `carried_by_others` is the debt on others' books on account of this firm, by carrier; `carries_for` is
    this firm's own debt by the firm it serves in the end; `lends_for` is the same for the loans it made. What lies
    behind capacity that a lost customer left idle is named `IDLE_CAPACITY`.
    """

    carried_by_others: dict[str, float]
    carries_for: dict[str, float]
    lends_for: dict[str, float]


@dataclass(frozen=True, slots=True)
class Statement:
    """All that is known of a firm at the end of a month."""

    balance_sheet: BalanceSheet
    ratios: Ratios
    contracts: list[Contract]
    loans: list[Loan]
    maturities: list[Maturity]
    fleet: list[Vintage]
    energy: Energy
    look_through: LookThrough


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of a default that an earlier failure or stress explains; `parent` None is the market."""

    parent: str | None
    channel: str
    weight: float


@dataclass(frozen=True, slots=True)
class Default:
    """A default with its causes: their weights and `own_share`, the part nobody else explains, make one.

    `way` is one of `abm.engine.tables.WAY_NAMES`; only a liquidation is the end of the firm. `debt` is the principal
    in default, `claims` the damages owed under contracts; what lenders, owners and parties of contracts lose of it are
    `loss_credit`, `loss_equity` and `loss_claims` (bn), of a reorganisation from its plan on. `struck` says whether a
    shock, of the scenario or made by hand, had struck the firm by then.
    """

    month: int
    round: int
    firm: str
    kind: str
    way: str
    fundamental: bool
    shortfall: float
    debt: float
    claims: float
    loss_credit: float
    loss_equity: float
    loss_claims: float
    own_share: float
    struck: bool
    causes: tuple[Cause, ...]

    @property
    def ends(self) -> bool:
        """Whether the firm is wound up."""
        return self.way == tables.WAY_NAMES[tables.LIQUIDATION]

    @property
    def fails(self) -> bool:
        """Whether the firm fails: it is wound up, goes on under a court, or pays less than it owes. Who only puts off
        loans has not failed."""
        return self.way != tables.WAY_NAMES[tables.DEFERRAL]


def name_of(economy: Economy, row: int) -> str | None:
    """Name of a firm by its row, None for -1."""
    return None if row < 0 else economy.names[row]


def generation_name(economy: Economy, row: int) -> str:
    """Name of a generation of hardware: its product, or for one still to come its maker and month."""
    known = economy.opening.generation_names
    if row < len(known):
        return known[row]
    generation = economy.rows("generations")[row]
    return f"{economy.names[generation.vendor]} {month_label(int(generation.released), economy.opening.date)}"


def balance_sheet(economy: Economy, firm: str | int) -> BalanceSheet:
    """Balance sheet of a firm.

    Parameters
    ----------
    economy : Economy
        The economy, at its present month.
    firm : str or int
        Name, or row of the firm table.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    row = _row(economy, firm)
    f = economy.state.firms[row]
    return BalanceSheet(
        firm=economy.names[row],
        kind=kind_name(economy, row),
        status=STATUS_NAMES[f.status],
        protected_until=int(f.protected_until) if is_protected(economy.state, row) else None,
        month=economy.month,
        assets={label: float(f[column]) for column, label in ASSETS.items() if f[column] != 0.0},
        liabilities={label: float(f[column]) for column, label in LIABILITIES.items() if f[column] != 0.0},
        paid_in=float(f.paid_in),
        retained=float(f.retained),
    )


def kind_name(economy: Economy, row: int) -> str:
    """What a firm is, for a lender what kind of lender."""
    f = economy.state.firms[row]
    return tables.LENDER_NAMES[f.subkind] if f.kind == tables.LENDER else tables.KIND_NAMES[f.kind]


def contracts(economy: Economy, firm: str | int) -> list[Contract]:
    """Contracts of a firm that still run or have still to start, letters of intent among them, largest first.

    Those of nothing, with no quantity or no month left, are not among them, but for backstops.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    row = _row(economy, firm)
    found = []
    table = economy.rows("contracts")
    party = (table["buyer"] == row) | (table["seller"] == row) | (table["guarantor"] == row)
    something = ((table["quantity"] > 0.0) | (table["backstop"] != 0)) & (table["months_left"] > 0)
    for c in table[party & something & np.isin(table["status"], OPEN)]:
        role, other = ("buys", c.seller) if row == c.buyer else ("sells", c.buyer)
        if row not in (c.buyer, c.seller):
            role, other = "guarantees", c.buyer
        found.append(
            Contract(
                id=int(c.id),
                role=role,
                counterparty=economy.names[other],
                kind=tables.CONTRACT_NAMES[c.kind],
                status=tables.CONTRACT_STATUS[c.status],
                quantity=float(c.quantity),
                price=float(c.price),
                signed=int(c.signed),
                start=int(c.start),
                months=int(c.months),
                months_left=int(c.months_left),
                take_or_pay=float(c.take_or_pay),
                invoice=float(unit_invoice(c)),
                left=float(unit_invoice(c) * ramp_months(c, economy.month + 1)),
                announced=float(c.announced),
                prepaid=float(c.prepaid),
                end_user=name_of(economy, c.end_user),
                guarantor=name_of(economy, c.guarantor),
                backstop=bool(c.backstop),
            )
        )
    return sorted(found, key=lambda c: (-c.left, c.id))


def loans(economy: Economy, firm: str | int) -> list[Loan]:
    """Live loans of a firm, owed and lent, largest first, without those on which nothing is owed or can be drawn.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    row = _row(economy, firm)
    found = []
    table = economy.rows("loans")
    party = (table["borrower"] == row) | (table["lender"] == row)
    for loan in table[party & (table["status"] == tables.LIVE)]:
        role, other = ("owes", loan.lender) if row == loan.borrower else ("lends", loan.borrower)
        line = loan.kind in (tables.REVOLVER, tables.WAREHOUSE)
        undrawn = float(max(loan.limit - loan.principal, 0.0)) if line else float(loan.undrawn)
        if max(loan.principal, undrawn) < DOLLAR:
            continue
        found.append(
            Loan(
                id=int(loan.id),
                role=role,
                counterparty=economy.names[other],
                kind=tables.LOAN_NAMES[loan.kind],
                principal=float(loan.principal),
                undrawn=undrawn,
                rate=float(loan.rate),
                months_left=int(loan.months_left),
                matures=economy.month + int(loan.months_left),
                amortising=bool(loan.amortising),
                secured_by=COLLATERAL_NAMES[loan.collateral],
                covenant_ltv=float(loan.covenant_ltv) if loan.covenant_ltv > 0.0 else None,
                end_user=name_of(economy, loan.end_user),
                for_ai=bool(loan.for_ai),
            )
        )
    return sorted(found, key=lambda loan: (-loan.principal, loan.id))


def principal_due(loan: Loan, months: int) -> float:
    """Principal of a loan that falls due in the next `months` months (bn), as `abm.markets.credit` counts each month.

    >>> from types import SimpleNamespace
    >>> in_parts = SimpleNamespace(principal=6.0, months_left=24, amortising=True)
    >>> principal_due(in_parts, 1), principal_due(in_parts, 12), principal_due(in_parts, 60)
    (0.25, 3.0, 6.0)
    """
    if months >= loan.months_left:
        return loan.principal if months > 0 else 0.0
    return loan.principal * max(months, 0) / loan.months_left if loan.amortising else 0.0


def maturities(loans: Iterable[Loan]) -> list[Maturity]:
    """When the principal of loans falls due, by role and kind, in the order in which the kinds come.

    Parameters
    ----------
    loans : iterable of Loan
        Such as `loans` gives.

    Returns
    -------
    list of Maturity
        None for kinds on which nothing is owed.
    """
    found = [loan for loan in loans if loan.principal >= DOLLAR]
    rows = []
    for role, kind in dict.fromkeys((loan.role, loan.kind) for loan in found):
        mine = [loan for loan in found if (loan.role, loan.kind) == (role, kind)]
        until = [sum(principal_due(loan, months) for loan in mine) for months in (1, 12, 36, 60)]
        total = sum(loan.principal for loan in mine)
        first, year, three, five, later = (after - before for before, after in pairwise([0.0, *until, total]))
        rows.append(Maturity(role, kind, first, year, three, five, later, total))
    return rows


def fleet(economy: Economy, firm: str | int) -> list[Vintage]:
    """A firm's GPUs by generation, oldest generation first.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    row = _row(economy, firm)
    found = []
    for g, generation in enumerate(economy.rows("generations")):
        v = economy.state.fleet[row, g]
        if v.units + v.waiting > 0.0:
            found.append(
                Vintage(
                    generation=generation_name(economy, g),
                    vendor=economy.names[generation.vendor],
                    released=int(generation.released),
                    units=float(v.units),
                    waiting=float(v.waiting),
                    age=float(v.age),
                    book=float(v.book),
                    mark=float((v.units + v.waiting) * generation.mark),
                )
            )
    return sorted(found, key=lambda v: v.released)


def ratios(economy: Economy, firm: str | int) -> Ratios:
    """How a firm does and what it depends on.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    row = _row(economy, firm)
    f = economy.state.firms[row]
    started = economy.month > 0
    reported = started or f.operating_result_6m != 0.0
    return Ratios(
        revenue=float(f.revenue) if started or f.kind != tables.OUTSIDE else None,
        operating_result_6m=float(f.operating_result_6m) if reported else None,
        capex=float(f.capex) if started else None,
        debt_service=float(f.debt_service),
        due_next_month=_due_next_month(economy, row),
        cover=float(f.dscr) if f.debt_service > 0.0 else None,
        loan_to_value=float(f.ltv) if f.secured_debt > 0.0 else None,
        leverage=float(f.leverage),
        default_probability=float(f.pd),
        top_customer=name_of(economy, f.top_customer_id),
        top_customer_share=float(f.top_customer),
        backlog_sold=float(f.backlog_in),
        backlog_bought=float(f.backlog_out),
        capacity=float(f.capacity),
        on_order=float(f.on_order),
        utilisation=float(f.utilisation) if f.capacity > 0.0 and started else None,
        capital_ratio=float(f.capital_ratio) if f.kind == tables.LENDER else None,
    )


def _due_next_month(economy: Economy, row: int) -> float:
    """Interest and principal that a firm owes next month (bn), as `obligations` adds them up."""
    table = economy.rows("loans")
    mine = table[(table["borrower"] == row) & (table["status"] == tables.LIVE)]
    part = np.where(mine["amortising"] == 1, 1.0 / np.maximum(mine["months_left"], 1), mine["months_left"] <= 1)
    return float(np.sum(mine["principal"] * (part + mine["rate"] / 12.0)))


def energy(economy: Economy, firm: str | int) -> Energy:
    """Electricity and emissions of a firm's fleet.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    f = economy.state.firms[_row(economy, firm)]
    known = economy.month > 0 or f.capacity <= 0.0
    return Energy(
        energy=float(f.energy) if known else None,
        emissions=float(f.emissions) if known else None,
        renewables=float(f.renewables),
        pue=float(f.pue),
    )


def look_through(economy: Economy, firm: str | int) -> LookThrough:
    """Debt by the firm for whose use it was borrowed, as `abm.accounts.record.look_through` counts it for each lab.

    AI debt dedicated to a tenant is wholly the tenant's; the rest of a provider's AI debt is shared over its own
    workloads and the customers of its backlog and passed on along sub-contracts (`abm.contagion.attribute_debt`), but
    for the part behind capacity that a lost customer left idle.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    row = _row(economy, firm)
    others: dict[int, float] = {}
    own: dict[int, float] = {}
    lent: dict[int, float] = {}
    for lender, borrower, user, amount in funding(economy):
        if user == row != borrower:
            others[borrower] = others.get(borrower, 0.0) + amount
        if borrower == row:
            own[user] = own.get(user, 0.0) + amount
        if lender == row:
            lent[user] = lent.get(user, 0.0) + amount
    return LookThrough(*(_largest_first(economy, found) for found in (others, own, lent)))


def funding(economy: Economy) -> Iterator[tuple[int, int, int, float]]:
    """Who funds whom for whom: lender, borrower, firm served in the end (rows) and principal (bn) of all AI loans.

    A loan that is not dedicated to one tenant counts for each firm that the borrower serves in the end, and for `IDLE`
    as far as it stands behind capacity that a lost customer left idle. What is for `IDLE` and for firms that have
    failed is orphaned (series `orphaned`).
    """
    served = _served(economy)
    firms = economy.rows("firms")
    there = (firms["capacity"] > 0.0) & (firms["kind"] != tables.LAB)
    idle = np.where(there, np.minimum(firms["stranded"] / np.where(there, firms["capacity"], 1.0), 1.0), 0.0)
    table = economy.rows("loans")
    table = table[(table["status"] == tables.LIVE) & (table["for_ai"] != 0)]
    dedicated = np.maximum(table["end_user"], -1)
    ties, back = np.unique(
        np.column_stack([table["lender"], table["borrower"], dedicated]), axis=0, return_inverse=True
    )
    amounts = np.bincount(back.ravel(), weights=table["principal"], minlength=len(ties))
    for (lender, borrower, user), amount in zip(ties.tolist(), amounts.tolist(), strict=True):
        if user >= 0:
            yield lender, borrower, user, amount
            continue
        let = amount * (1.0 - float(idle[borrower]))
        if let < amount:
            yield lender, borrower, IDLE, amount - let
        for served_one in np.flatnonzero(served[borrower]).tolist():
            yield lender, borrower, served_one, let * float(served[borrower, served_one])


def _served(economy: Economy) -> np.ndarray:
    """Share of each firm's undedicated debt that rests on each firm in the end, shape (F, F)."""
    firms = economy.rows("firms")
    weights = np.zeros((len(firms), len(firms)))
    backlog = np.zeros(len(firms))
    signed = economy.rows("contracts")
    signed = signed[np.isin(signed["status"], (tables.LIVE, tables.PENDING))]
    value = still_to_pay(signed, economy.month + 1)
    np.add.at(backlog, signed["seller"], value)
    target = np.where(signed["end_user"] >= 0, signed["end_user"], signed["buyer"])
    passed = (firms["kind"][target] == tables.LAB) | (signed["own_use"] == 0)
    np.add.at(weights, (signed["seller"][passed], target[passed]), value[passed])
    # A crumb stays with everybody, so that sellers who only serve each other have an answer too.
    weights *= ((1.0 - CRUMB) / np.where(backlog > 0.0, backlog, 1.0))[:, None]
    final = np.isin(firms["kind"], (tables.LAB, tables.OUTSIDE))
    from abm.contagion import attribute_debt  # brings SciPy, which a run does without

    # A hyperscaler's own workloads bear their part of what it borrowed, not of what others borrowed to serve it.
    sold = sold_parts(firms, backlog, economy.state.market[0].contract_price)
    shares = attribute_debt(np.ones(len(firms)), weights, final) * sold[:, None] + np.diag(1.0 - sold)
    return np.where(shares > 100.0 * CRUMB, shares, 0.0)


def sold_parts(firms: np.ndarray, backlog: np.ndarray, contract_price: float) -> np.ndarray:
    """Part of each firm's undedicated debt that stands for what it sells, shape (F,).

    A hyperscaler's own workloads bear the rest, at the contract price for as long as it writes hardware off
    (`abm.accounts.record.sold_part`, for a whole table).

    Parameters
    ----------
    firms : (F,) structured array
        Rows of the firm table.
    backlog : (F,) float array
        What customers have still to pay each firm under contracts that bind, bn.
    contract_price : float
        USD per H100e-hour.
    """
    own = firms["need"] * contract_price * tables.BN_PER_RATE * firms["book_life"]
    clouds = (firms["kind"] == tables.HYPERSCALER) & (backlog > 0.0)
    return np.where(clouds, backlog / np.where(clouds, backlog + own, 1.0), 1.0)


def still_to_pay(contracts: np.ndarray, month: int) -> np.ndarray:
    """Invoices of contracts still to come from a month on (bn), shape (C,).

    `abm.instruments.contract.unit_invoice * ramp_months`, for a whole table at once.
    """
    unit = np.where(contracts["kind"] == tables.COMPUTE, tables.BN_PER_RATE, 1.0)
    unit = unit * contracts["quantity"] * contracts["price"]
    at = np.maximum(month, contracts["start"])
    ramping = np.clip(contracts["start"] + contracts["ramp"] - at, 0, contracts["months_left"])
    first = at - contracts["start"] + 1.0
    ramp = np.maximum(contracts["ramp"], 1)
    return unit * ((ramping * first + ramping * (ramping - 1) / 2.0) / ramp + contracts["months_left"] - ramping)


def _largest_first(economy: Economy, amounts: dict[int, float]) -> dict[str, float]:
    order = sorted(amounts, key=lambda row: (-amounts[row], row))
    return {IDLE_CAPACITY if row == IDLE else economy.names[row]: amounts[row] for row in order}


def statement(economy: Economy, firm: str | int) -> Statement:
    """Everything at once.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    row = _row(economy, firm)
    lent = loans(economy, row)
    return Statement(
        balance_sheet=balance_sheet(economy, row),
        ratios=ratios(economy, row),
        contracts=contracts(economy, row),
        loans=lent,
        maturities=maturities(lent),
        fleet=fleet(economy, row),
        energy=energy(economy, row),
        look_through=look_through(economy, row),
    )


def defaults(economy: Economy) -> Iterator[Default]:
    """Every default so far with its causes, in the order of events."""
    parents = economy.rows("parents")
    shocks = economy.rows("shocks")
    blows = shocks[(shocks["target"] == 1) & (shocks["struck"] >= 0)]
    for row, d in enumerate(economy.rows("defaults")):
        mine = parents[parents["default"] == row]
        causes = (
            Cause(name_of(economy, int(p["parent"])), tables.CHANNEL_NAMES[p["channel"]], float(p["weight"]))
            for p in mine[np.argsort(-mine["weight"], kind="stable")]
        )
        yield Default(
            month=int(d.month),
            round=int(d["stage"]),
            firm=economy.names[d.firm],
            kind=kind_name(economy, d.firm),
            way=tables.WAY_NAMES[d.way],
            fundamental=bool(d.fundamental),
            shortfall=float(d.shortfall),
            debt=float(d.debt),
            claims=float(d.claims),
            loss_credit=float(d.loss_credit),
            loss_equity=float(d.loss_equity),
            loss_claims=float(d.loss_claims),
            own_share=float(d.fundamental_share),
            struck=bool(np.any((blows["firm"] == d.firm) & (blows["struck"] <= d.month))),
            causes=tuple(causes),
        )


def _row(economy: Economy, firm: str | int) -> int:
    return economy.firm(firm) if isinstance(firm, str) else firm
