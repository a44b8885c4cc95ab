"""An independent check of the books, in NumPy from the tables, and of all else that must hold in every state."""

from __future__ import annotations

import numpy as np
from economies import SIDES, worth

from abm.engine import tables as ec
from abm.simulation import GROWING, Economy

TOLERANCE = 1e-9  # of the month's gross flows
# Channels through which a firm that stands, but is in stress, can hurt another: a lender refuses or calls, an
# order is cancelled, a firm walks away from its contracts.
BY_STRESS = (ec.FUNDING, ec.LENDER_TO_LENDER, ec.VENDOR_CHANNEL, ec.CUSTOMER)
ACTS = (ec.E_CONTRACT, ec.E_LOAN, ec.E_ORDER, ec.E_EQUITY, ec.E_RENEGOTIATED, ec.E_DEFAULT, ec.E_BREACH)
# Sums of the firm table, which rounding may leave a hair below zero.
SUMS = (
    "prepaid_in", "prepaid_out", "deposits_in", "deposits_out", "debt", "loans_held", "holdings", "other_assets",
    "other_debt", "funding", "sites", "fleet_book", "paid_in",
)  # fmt: skip
NOT_NEGATIVE = {
    "contracts": (
        "quantity", "delivered", "price", "take_or_pay", "prepaid", "missed", "months_left", "months", "claim",
    ),
    "defaults": ("shortfall", "debt", "claims", "loss_credit", "loss_equity", "loss_claims"),
    "loans": ("principal", "limit", "rate", "months_left"),
    "orders": ("units", "price", "deposit", "ready"),
    "stakes": ("share", "book"),
    "generations": ("cost", "kw", "mark"),
    "firms": (
        "capacity", "site_gw", "energy", "emissions", "used", "spot_bought", "spot_sold", "work", "price", "need",
        "training", "pd", "contracted_in", "contracted_out", "valuation", "supply", "fleet_mark", "protected_until",
    ),
    "segments": ("adoption", "spending", "work", "price_index", "inside"),
    "market": ("spot_price", "contract_price", "power_price", "base_rate", "tightness", "sentiment"),
}  # fmt: skip


class Audit:
    """Follows one economy month by month; `check` raises AssertionError where something does not hold."""

    def __init__(self, economy: Economy) -> None:
        self.economy = economy
        self.cash = economy.rows("firms")["cash"].copy()
        # What acts since the last month have moved already counts in the flows of the next.
        self.moved = economy.state.acted_flows.copy()

    def check(self) -> None:
        """Everything that must hold at the end of a month."""
        self.balances()
        self.flows()
        self.signs()
        self.failures()
        self.protection()
        self.causes()

    @property
    def tolerance(self) -> float:
        """bn; of the greatest month so far, for what is left of a collapsed economy stands on its old books."""
        return TOLERANCE * float(self.economy.rows("series")["gross_flow"].max(initial=1.0))

    def balances(self) -> None:
        """Each firm's balance sheet, each two-sided claim from its rows, money sums to zero."""
        economy, tolerance = self.economy, self.tolerance
        firms = economy.rows("firms")
        n = len(firms)
        alive = {
            "loans": economy.rows("loans")["status"] == ec.LIVE,
            "contracts": np.isin(economy.rows("contracts")["status"], (ec.LIVE, ec.PENDING)),
            "orders": economy.rows("orders")["status"] == ec.PENDING,
            "stakes": np.ones(len(economy.rows("stakes")), bool),
        }
        for column, table, party, amount in SIDES:
            rows = economy.rows(table)[alive[table]]
            found = np.bincount(rows[party], rows[amount], n)
            gap = np.abs(found - firms[column])
            assert gap.max() <= tolerance, (column, economy.names[int(gap.argmax())], gap.max())
        gap = np.abs(economy.state.fleet["book"][:n].sum(axis=1) - firms["fleet_book"])
        assert gap.max() <= tolerance, ("fleet_book", economy.names[int(gap.argmax())], gap.max())
        gap = np.abs(worth(firms) - firms["paid_in"] - firms["retained"])
        assert gap.max() <= tolerance, ("balance sheet", economy.names[int(gap.argmax())], gap.max())
        assert abs(float(np.sum(firms["cash"]))) <= tolerance, "money appeared or vanished"
        savings = firms["other_assets"][ec.SAVERS] - np.sum(firms["funding"]) - np.sum(firms["other_debt"])
        assert abs(float(savings)) <= tolerance, ("savings", savings)
        series = economy.rows("series")
        if len(series):
            assert series["imbalance"][-1] <= tolerance, ("imbalance", series["imbalance"][-1])

    def flows(self) -> None:
        """The matrix of flows explains what every kind of firm has more or less in cash, and adds up."""
        firms = self.economy.rows("firms")
        flows = self.economy.state.flows
        moved, self.moved = self.moved, np.zeros_like(flows)
        assert (flows >= 0.0).all(), "a negative payment"
        gross = float(self.economy.state.market[0].gross_flow)
        assert abs(flows.sum() - gross) <= self.tolerance
        before = np.zeros(len(firms))
        before[: len(self.cash)] = self.cash
        change = np.bincount(firms["kind"], firms["cash"] - before, len(ec.KIND_NAMES))
        later = flows - moved
        gap = np.abs(change - later.sum(axis=(0, 1)) + later.sum(axis=(0, 2)))
        assert gap.max() <= self.tolerance, ("flows", ec.KIND_NAMES[int(gap.argmax())], gap.max())
        self.cash = firms["cash"].copy()

    def signs(self) -> None:
        """Nothing negative that cannot be, nothing that is no number, no table over its room."""
        economy = self.economy
        state = economy.state
        for table, columns in NOT_NEGATIVE.items():
            rows = getattr(state, table) if table in ("segments", "market") else economy.rows(table)
            for column in columns:
                assert (rows[column] >= 0).all(), (table, column, rows[column].min())
        firms = economy.rows("firms")
        agents = firms["kind"] != ec.OUTSIDE
        assert (firms["cash"][agents] >= -self.tolerance).all(), (
            "cash", economy.names[int(np.argmin(np.where(agents, firms["cash"], 0.0)))], firms["cash"][agents].min(),
        )  # fmt: skip
        for column in SUMS:
            assert (firms[column] >= -self.tolerance).all(), (column, firms[column].min())
        n, g = len(firms), int(state.market[0].n_generations)
        for column in ("units", "waiting", "book", "cost", "age"):
            assert (state.fleet[column][:n, :g] >= 0.0).all(), ("fleet", column)
        for table in ("firms", "market", "segments", "contracts", "loans", "orders", "stakes", "series", "defaults"):
            rows = getattr(state, table) if table in ("segments", "market") else economy.rows(table)
            for column in rows.dtype.names:
                assert np.isfinite(rows[column]).all(), (table, column)
        assert np.isfinite(state.share[:, :n]).all()
        for name in GROWING:
            assert len(economy.rows(name)) <= getattr(state, name).shape[0], (name, "is over its room")

    def failures(self) -> None:
        """A failed firm has nothing, owes nothing, and does nothing any more."""
        economy, tolerance = self.economy, self.tolerance
        firms, month = economy.rows("firms"), economy.month
        contracts, loans, orders = (economy.rows(name) for name in ("contracts", "loans", "orders"))
        down = np.flatnonzero(firms["status"] == ec.FAILED)
        defaults = economy.rows("defaults")
        gone = defaults["firm"][defaults["way"] == ec.LIQUIDATION]
        assert sorted(gone) == sorted(down), "liquidations and failed firms differ"
        for column in (
            "cash", "debt", "other_debt", "funding", "sites", "fleet_book", "other_assets", "prepaid_in",
            "prepaid_out", "deposits_in", "deposits_out", "loans_held", "holdings", "retained", "paid_in",
        ):  # fmt: skip
            value = np.abs(firms[column][down])
            assert (value <= tolerance).all(), (column, economy.names[down[int(value.argmax())]], value.max())
        for column in ("units", "waiting"):
            assert (economy.state.fleet[column][down] == 0.0).all(), "a failed firm owns hardware"
        live = contracts[np.isin(contracts["status"], (ec.LIVE, ec.PENDING))]
        for column in ("buyer", "seller"):
            assert not np.isin(live[column], down).any(), ("contract of a failed", column)
        for column in ("lender", "borrower"):
            assert not np.isin(loans[column][loans["status"] == ec.LIVE], down).any(), ("loan of a failed", column)
        for column in ("buyer", "vendor"):
            assert not np.isin(orders[column][orders["status"] == ec.PENDING], down).any(), ("order", column)
        stakes = economy.rows("stakes")
        stakes = stakes[(stakes["share"] > 0.0) | (stakes["book"] > 0.0)]
        assert not np.isin(stakes["holder"], down).any(), "a failed firm holds shares"
        assert not np.isin(stakes["issuer"], down).any(), "shares of a failed firm are worth something"
        when = firms["failed"]
        for i in down:
            mine = (contracts["buyer"] == i) | (contracts["seller"] == i)
            assert (contracts["signed"][mine] <= when[i]).all(), "signed after its default"
            mine = (loans["lender"] == i) | (loans["borrower"] == i)
            assert (loans["made"][mine] <= when[i]).all(), "lent or borrowed after its default"
            mine = (orders["buyer"] == i) | (orders["vendor"] == i)
            assert (orders["placed"][mine] <= when[i]).all(), "ordered after its default"
            if when[i] < month:
                for column in ("revenue", "operating_cost", "interest_cost", "depreciation", "capex", "work"):
                    assert firms[column][i] == 0.0, (column, economy.names[i], firms[column][i])
        # The log is in the order of events: nothing stands in it after a firm's default that it would have done.
        events = economy.rows("events")
        acts = np.isin(events["kind"], ACTS)
        for at in np.flatnonzero(events["kind"] == ec.E_DEFAULT):
            firm = events["a"][at]
            later = acts[at + 1 :] & ((events["a"][at + 1 :] == firm) | (events["b"][at + 1 :] == firm))
            assert not later.any(), (economy.names[firm], "acts after its default")

    def protection(self) -> None:
        """Who is under protection has asked for it, owes nothing for its old loans and signs nothing new."""
        economy, month = self.economy, self.economy.month
        firms, defaults, loans, events = (economy.rows(name) for name in ("firms", "defaults", "loans", "events"))
        inside = np.flatnonzero((firms["protected_until"] > month) & (firms["status"] == ec.ACTIVE))
        asked = defaults[defaults["way"] == ec.REORGANISATION]
        for i in inside:
            since = int(asked["month"][asked["firm"] == i].max(initial=-1))
            assert since >= 0, (economy.names[i], "protected without a default")
            assert not ((loans["borrower"] == i) & (loans["made"] > since)).any(), (economy.names[i], "borrows")
            # In the month in which it asks it may have ordered before.
            paid = (events["month"] == month) & (events["kind"] == ec.E_ORDER) & (events["a"] == i)
            assert since == month or not paid.any(), (economy.names[i], "orders under protection")

    def causes(self) -> None:
        """Weights of the causes of a default make at most one; what caused it came before it."""
        economy = self.economy
        defaults, parents, hits = (economy.rows(name) for name in ("defaults", "parents", "hits"))
        whole = np.bincount(parents["default"], parents["weight"], len(defaults)) + defaults["fundamental_share"]
        assert (whole <= 1.0 + TOLERANCE).all(), whole.max(initial=0.0)
        assert (parents["weight"] >= 0.0).all()
        order: dict[int, tuple[int, int]] = {}
        for d in defaults:
            order.setdefault(int(d["firm"]), (int(d["month"]), int(d["stage"])))
        now = defaults["month"][parents["default"]] == economy.month
        for p in parents[now]:
            child = defaults[p["default"]]
            when = (int(child["month"]), int(child["stage"]))
            mine = hits[(hits["victim"] == child["firm"]) & (hits["source"] == p["parent"])]
            mine = mine[mine["channel"] == p["channel"]]
            assert len(mine), "a cause without a loss"
            assert min(zip(mine["month"], mine["stage"], strict=True)) <= when, "a cause after its effect"
            if p["parent"] >= 0 and not (p["parent"] in order and order[p["parent"]] < when):
                assert p["channel"] in BY_STRESS, (
                    ec.CHANNEL_NAMES[p["channel"]], "from a firm that fell later or not at all",
                    economy.names[child["firm"]], when, economy.names[p["parent"]], order.get(int(p["parent"])),
                )  # fmt: skip
