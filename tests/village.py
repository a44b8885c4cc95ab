"""An economy of a few firms, built by hand: what the tests of single rules run on, as plain Python.

A test founds the firms it needs, writes the loans, contracts, orders and stakes between them, closes the books
and calls one rule; all numbers are small enough to be worked out in the test. Nothing is compiled:

>>> from abm.markets.ratings import obligations_of
>>> v = Village()
>>> bank, cloud = v.lender("bank"), v.neocloud("cloud")
>>> _ = v.loan(bank, cloud, 3.0)
>>> float(v.run(obligations_of, cloud))
3.0
"""

from __future__ import annotations

from typing import Any

import numpy as np
from economies import worth

from abm.accounts.ledger import imbalance, sum_claims
from abm.calibration.opening import Opening
from abm.engine import tables as ec
from abm.engine.chains import chain_hits, chain_rows, sort_dues
from abm.inputs import parameters as registry
from abm.rules import interpreted
from abm.simulation import allocate


class Village:
    """A state with the five outside sectors and nobody else, and the means to fill it.

    Parameters
    ----------
    **parameters : float
        Parameters that differ from their defaults; ranges are not checked, so that a test can switch a term off.

    Attributes
    ----------
    state : abm.engine.tables.State
    market, p : numpy.record
        The row of the market table and of the parameters: `v.market.spot_price = 2.0`, `v.p.base_rate = 0.0`.
    """

    def __init__(self, **parameters: float) -> None:
        n = ec.N_OUTSIDE
        firms = np.zeros(n, ec.DTYPES["firms"])
        firms["kind"], firms["status"] = ec.OUTSIDE, ec.ACTIVE
        for column in ("parent", "tenant", "failed", "top_customer_id"):
            firms[column] = -1
        empty = {name: np.zeros(0, ec.DTYPES[name]) for name in ("contracts", "loans", "orders", "stakes")}
        opening = Opening(
            names=list(ec.OUTSIDE_NAMES), firms=firms, **empty, generations=np.zeros(0, ec.DTYPES["generations"]),
            segments=np.zeros(ec.N_SEGMENTS, ec.DTYPES["segments"]),
            fleet=np.zeros((n, 0), ec.dtype_of(ec.VINTAGE_COLUMNS)), revenue=np.zeros((ec.N_SEGMENTS, n)),
            market={
                "base_rate": 0.05, "power_price": 50.0, "spot_price": 2.0, "contract_price": 2.0, "opening_spot": 2.0,
                "long_run_price": 2.0, "sentiment": 1.0, "site_scarcity": 1.0, "tightness": 1.0, "unit_compute": 1.0,
            },
            statements={}, generation_names=[], contract_names=[], loan_names=[], sources=(),
        )  # fmt: skip
        values = registry.values()
        for name, value in parameters.items():
            values[registry.INDEX[name]] = value
        self.state = allocate(opening, values, np.zeros(7, ec.DTYPES["shocks"]), seed=1, panel=True)
        self.state.market[0].n_shocks = 0
        self.state.param_values[:] = values
        self.market, self.p = self.state.market[0], self.state.params[0]
        self.names = list(ec.OUTSIDE_NAMES)

    def run(self, rule: Any, *arguments: Any) -> Any:
        """Call a rule on the state, as plain Python, with chains that know what the test has written."""
        for chain in (chain_rows, chain_hits, sort_dues):
            interpreted(chain)(self.state)
        return interpreted(rule)(self.state, *arguments)

    # --- firms ------------------------------------------------------------------------------------------
    def firm(self, kind: int, name: str = "", **columns: float) -> int:
        """Found a firm; columns as in the firm table.

        Returns
        -------
        int
            Its row.
        """
        i = int(self.market.n_firms)
        f = self.state.firms[i]
        f.kind, f.status = kind, ec.ACTIVE
        f.parent = f.tenant = f.failed = f.top_customer_id = -1
        f.pue = f.power_premium = 1.0
        f.book_life, f.dscr, f.pd = 60.0, 9.9, 0.01
        f.expected_spot = self.market.spot_price
        for column, value in columns.items():
            f[column] = value
        f.pd_long = columns.get("pd_long", f.pd)
        self.market.n_firms += 1
        self.names.append(name or f"{ec.KIND_NAMES[kind]} {i}")
        return i

    def lab(self, name: str = "", **columns: float) -> int:
        """Found an AI lab."""
        return self.firm(ec.LAB, name, **columns)

    def neocloud(self, name: str = "", **columns: float) -> int:
        """Found a neocloud."""
        return self.firm(ec.NEOCLOUD, name, **columns)

    def hyperscaler(self, name: str = "", **columns: float) -> int:
        """Found a hyperscaler."""
        return self.firm(ec.HYPERSCALER, name, **columns)

    def project(self, name: str = "", **columns: float) -> int:
        """Found a project company."""
        return self.firm(ec.VEHICLE, name, **columns)

    def lender(self, name: str = "", subkind: int = ec.BANK, **columns: float) -> int:
        """Found a lender that is open, of appetite one, with a tenth of risk-weighted assets as its minimum."""
        usual = {"appetite": 1.0, "lending_open": 1.0, "min_capital": 0.1, "ai_limit": 1e6, "other_weight": 0.5}
        return self.firm(ec.LENDER, name, subkind=subkind, **(usual | columns))

    def vendor(self, name: str = "", **columns: float) -> int:
        """Found a vendor of GPUs that earns half of its price."""
        return self.firm(ec.VENDOR, name, **({"markup": 1.0, "cadence": 12.0, "margin": 0.5, "supply": 1.0} | columns))

    def entrant(self, name: str = "", **columns: float) -> int:
        """Found a publisher of open models."""
        return self.firm(ec.ENTRANT, name, **columns)

    def __getitem__(self, row: int) -> Any:
        """The row of a firm: `v[bank].cash`."""
        return self.state.firms[row]

    # --- what stands between them -----------------------------------------------------------------------
    def _append(self, table: str, columns: dict[str, float]) -> int:
        r = int(self.market[f"n_{table}"])
        row = getattr(self.state, table)[r]
        for column, value in columns.items():
            row[column] = value
        self.market[f"n_{table}"] += 1
        return r

    def loan(self, lender: int, borrower: int, principal: float, **columns: float) -> int:
        """A live bond at 12 %, 60 months to run, unsecured, unless columns say otherwise; its row."""
        usual = {
            "kind": ec.BOND, "status": ec.LIVE, "lender": lender, "borrower": borrower, "tier": ec.TIER_UNSECURED,
            "collateral": ec.NO_COLLATERAL, "end_user": -1, "for_ai": 1, "committed": 1, "months": 60,
            "months_left": 60, "principal": principal, "limit": principal, "rate": 0.12, "amended": -1,
        }  # fmt: skip
        if columns.get("collateral", ec.NO_COLLATERAL) != ec.NO_COLLATERAL:
            usual["tier"] = ec.TIER_SECURED
        row = self._append("loans", usual | columns)
        self.state.loans[row].id = row
        self.market.next_loan = row + 1
        self.close()
        return row

    def contract(self, buyer: int, seller: int, quantity: float, price: float = 2.0, **columns: float) -> int:
        """A live take-or-pay compute contract at full ramp, delivered in full, 24 months left; its row."""
        usual = {
            "kind": ec.COMPUTE, "status": ec.LIVE, "buyer": buyer, "seller": seller, "guarantor": -1, "end_user": -1,
            "signed": -12, "start": -12, "ramp": 1, "months": 36, "months_left": 24, "quantity": quantity,
            "delivered": quantity, "price": price, "take_or_pay": 1.0, "amended": -1,
        }  # fmt: skip
        row = self._append("contracts", usual | columns)
        self.state.contracts[row].id = row
        self.market.next_contract = row + 1
        self.close()
        return row

    def order(self, buyer: int, vendor: int, units: float, price: float = 20.0, **columns: float) -> int:
        """A GPU order in the queue, of the first generation, due, without a deposit; its row."""
        usual = {
            "kind": ec.GPU_ORDER, "status": ec.PENDING, "buyer": buyer, "vendor": vendor, "generation": 0,
            "end_user": -1, "units": units, "price": price,
        }  # fmt: skip
        row = self._append("orders", usual | columns)
        self.state.orders[row].id = row
        self.market.next_order = row + 1
        self.close()
        return row

    def stake(self, holder: int, issuer: int, share: float, book: float) -> int:
        """Shares of a firm; its row."""
        row = self._append("stakes", {"holder": holder, "issuer": issuer, "share": share, "book": book})
        self.close()
        return row

    def generation(self, vendor: int, **columns: float) -> int:
        """A generation of hardware on sale: 20 bn and 1 kW, ten years of life; its row."""
        usual = {"vendor": vendor, "released": -12, "cost": 20.0, "kw": 1.0, "age_limit": 120.0, "mark": 20.0}
        return self._append("generations", usual | columns)

    def fleet(
        self, firm: int, units: float, generation: int = 0, book: float | None = None, age: float = 0.0,
        waiting: float = 0.0,
    ) -> None:  # fmt: skip
        """Hardware of a firm: units running and waiting for a hall (M H100e), book value as new unless given (bn);
        capacity and mark follow."""
        cost = (units + waiting) * float(self.state.generations[generation].cost)
        self.state.fleet[firm, generation] = (units, waiting, cost if book is None else book, cost, age)
        f = self[firm]
        f.capacity = float(self.state.fleet["units"][firm].sum())
        marks = self.state.generations["mark"]
        f.fleet_mark = float(((self.state.fleet["units"][firm] + self.state.fleet["waiting"][firm]) * marks).sum())
        f.fleet_gw = float((self.state.fleet["units"][firm] * self.state.generations["kw"]).sum()) * f.pue
        self.close()

    def shock(self, **columns: float) -> int:
        """A row of the shock table; at once, on no one, for good."""
        usual = {
            "target": 1, "parameter": -1, "firm": -1, "kind": -1, "tenant": -1, "effect": -1, "start": 1, "scale": 1.0,
            "probability": 1.0, "struck": -1, "after": int(self.market.n_firms),
        }  # fmt: skip
        return self._append("shocks", usual | columns)

    # --- the books --------------------------------------------------------------------------------------
    def close(self) -> None:
        """Claims from their rows, money to zero, retained earnings as what is left: every balance sheet closes."""
        n = int(self.market.n_firms)
        firms = self.state.firms[:n]
        interpreted(sum_claims)(self.state)
        savers = firms[ec.SAVERS]
        savers.other_assets = float(np.sum(firms["other_debt"]) + np.sum(firms["funding"]))
        savers.cash = 0.0
        savers.cash = -float(np.sum(firms["cash"]))
        firms["retained"] = worth(firms) - firms["paid_in"]

    def flow(self, kind: int, payer: int, payee: int) -> float:
        """What firms of the payer's kind paid to firms of the payee's kind this month under one head (bn)."""
        return float(self.state.flows[kind, self[payer].kind, self[payee].kind])

    def rows(self, table: str) -> Any:
        """Used rows of a table."""
        return getattr(self.state, table)[: int(self.market[f"n_{table}"])]

    def audit(self) -> None:
        """Raise AssertionError unless the books close to the last digits."""
        interpreted(sum_claims)(self.state)
        gap = interpreted(imbalance)(self.state)
        assert gap < 1e-9, f"the books are open by {gap} bn"
