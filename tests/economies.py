"""Small random economies, and the check of their books; run as a script it prints fingerprints of runs.

Every number is drawn from one NumPy generator, so that a seed names an economy. Closing balance sheets are
made by construction and checked by `abm.calibration.opening.check_opening`.
"""

from __future__ import annotations

import datetime
import sys
from dataclasses import replace

import numpy as np

from abm.calibration.opening import Opening, check_opening
from abm.engine import tables as ec
from abm.inputs import parameters as registry
from abm.inputs.effects import EFFECTS
from abm.inputs.scenarios import Scenario, Shock
from abm.simulation import Economy, open_economy

GRAIN = 2.0**-20  # money is a multiple of this, so that sums of cash are exact
LENDERS = (
    ec.BANK, ec.PRIVATE_CREDIT, ec.IG_BONDS, ec.HY_BONDS, ec.SECURITISATION, ec.SPONSOR, ec.INSURER, ec.AI_FUND,
)  # fmt: skip
SIDES = (
    ("debt", "loans", "borrower", "principal"),
    ("loans_held", "loans", "lender", "principal"),
    ("prepaid_in", "contracts", "seller", "prepaid"),
    ("prepaid_out", "contracts", "buyer", "prepaid"),
    ("deposits_in", "orders", "vendor", "deposit"),
    ("deposits_out", "orders", "buyer", "deposit"),
    ("paid_in", "stakes", "issuer", "book"),
    ("holdings", "stakes", "holder", "book"),
)


def spread(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two positive bounds, even in logs."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


class _Maker:
    """The tables of one random economy, made in the order of their dependence."""

    def __init__(self, rng: np.random.Generator, largest: int) -> None:
        self.rng = rng
        self.money = spread(rng, 0.1, 10.0)  # how rich everybody is: poor economies fail, rich ones grow
        self._firms(largest)
        self._hardware()
        self._contracts()
        self._loans()
        self._orders()
        self._stakes()
        self._close()

    def one_of(self, rows: list[int]) -> int:
        return int(self.rng.choice(rows))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def of(self, *kinds: int) -> list[int]:
        """Rows of the firms of some kinds."""
        return [i for i, kind in enumerate(self.kinds) if kind in kinds]

    def _firms(self, largest: int) -> None:
        rng = self.rng

        def some(low: int, high: int) -> int:
            return int(rng.integers(low, max(high, low) + 1))

        agents = [(ec.LAB, 0)] * some(1, largest) + [(ec.HYPERSCALER, 0)] * some(0, largest - 1)
        agents += [(ec.NEOCLOUD, 0)] * some(1, largest + 1) + [(ec.VEHICLE, 0)] * some(0, largest - 1)
        agents += [(ec.VENDOR, 0)] * some(1, 3) + [(ec.ENTRANT, 0)] * some(0, 2)
        agents += [(ec.LENDER, sub) for sub in LENDERS for _ in range(some(0, 2))]
        order = rng.permutation(len(agents))
        self.kinds = [ec.OUTSIDE] * ec.N_OUTSIDE + [agents[k][0] for k in order]
        self.names = [*ec.OUTSIDE_NAMES] + [
            f"{ec.KIND_NAMES[kind]} {row}" for row, kind in enumerate(self.kinds) if row >= ec.N_OUTSIDE
        ]
        self.n = len(self.kinds)
        f = self.firms = np.zeros(self.n, ec.DTYPES["firms"])
        f["kind"] = self.kinds
        f["subkind"][ec.N_OUTSIDE :] = [agents[k][1] for k in order]
        f["status"] = ec.ACTIVE
        for column in ("parent", "failed", "top_customer_id"):
            f[column] = -1
        f["pue"], f["power_premium"], f["book_life"] = 1.2, 1.0, 60.0
        f["last_round"] = f["last_project"] = -12
        for i in range(ec.N_OUTSIDE, self.n):
            self._firm(f[i])
        hyperscalers = self.of(ec.HYPERSCALER)
        for i in self.of(ec.LAB, ec.ENTRANT):
            if hyperscalers and self.chance(0.3):
                f["parent"][i] = self.one_of(hyperscalers)

    def _firm(self, f: np.void) -> None:
        """What a firm of its kind has besides claims."""
        rng, kind = self.rng, f["kind"]
        rich = self.money
        f["cash"] = round(spread(rng, 0.01, 10.0) * rich / GRAIN) * GRAIN
        f["pue"], f["renewables"] = rng.uniform(1.05, 1.6), rng.random()
        f["power_premium"], f["unit_opex"] = rng.uniform(0.7, 1.5), rng.uniform(0.0, 0.3)
        f["book_life"] = rng.integers(24, 84)
        f["expected_growth"] = rng.uniform(-0.2, 1.5)
        f["valuation"] = spread(rng, 0.1, 300.0) * rich
        if kind == ec.LAB:
            f["quality"] = rng.uniform(-1.0, 0.5)
            f["unit_compute"] = rng.uniform(0.5, 2.0)
            f["training_target"] = rng.uniform(0.0, 5.0)
            f["fixed_cost"] = spread(rng, 0.01, 1.0)
            f["stock_pay"] = rng.uniform(0.0, 0.3)
            f["revenue_share"] = rng.choice([0.0, 0.2])
        elif kind == ec.HYPERSCALER:
            f["need"], f["own_growth"] = spread(rng, 0.01, 2.0), rng.uniform(0.0, 1.0)
            f["other_assets"], f["other_income"] = spread(rng, 5.0, 300.0), spread(rng, 0.1, 15.0) * rich
            f["other_debt"] = rng.random() * f["other_assets"]
            f["capex_share"], f["payout"] = rng.uniform(0.2, 1.0), rng.random()
            f["custom_share"], f["amd_share"] = rng.uniform(0.0, 0.5), rng.uniform(0.0, 0.5)
        elif kind == ec.NEOCLOUD:
            f["fixed_cost"], f["amd_share"] = spread(rng, 0.001, 0.1), rng.choice([0.0, 0.3])
            f["other_debt"] = rng.choice([0.0, 0.5])
        elif kind == ec.VENDOR:
            f["supply"], f["margin"] = spread(rng, 0.1, 20.0), rng.uniform(0.05, 0.8)
            f["fixed_cost"], f["other_assets"] = spread(rng, 0.01, 2.0), spread(rng, 1.0, 100.0)
            f["markup"], f["cadence"] = rng.uniform(0.8, 1.3), rng.integers(3, 24)
        elif kind == ec.ENTRANT:
            f["quality"], f["lag"] = rng.uniform(-2.0, 0.0), rng.integers(1, 20)
            f["unit_compute"], f["fixed_cost"] = rng.uniform(0.2, 1.0), 0.02
        elif kind == ec.LENDER:
            f["other_assets"] = spread(rng, 1.0, 1000.0)
            f["other_debt"] = rng.uniform(0.5, 0.97) * f["other_assets"]
            f["ai_limit"] = spread(rng, 1.0, 300.0) * rich
            f["appetite"], f["lending_open"] = rng.uniform(0.3, 1.2), 1.0
            f["min_capital"], f["other_weight"] = rng.uniform(0.02, 0.2), rng.random()
            f["book_growth"], f["ai_other"] = rng.choice([0.0, 0.05, 0.4]), rng.random() * f["other_assets"]
            funds = (ec.PRIVATE_CREDIT, ec.IG_BONDS, ec.HY_BONDS)
            f["redeemable"] = rng.random() if f["subkind"] in funds else 0.0
        if kind in (ec.LAB, ec.HYPERSCALER, ec.NEOCLOUD, ec.VEHICLE) and self.chance(0.8):
            f["sites"] = spread(rng, 0.01, 10.0)
            f["site_gw"] = f["sites"] / 11.5 * rng.uniform(0.5, 2.0)

    def _hardware(self) -> None:
        rng = self.rng
        vendors = self.of(ec.VENDOR)
        makers = vendors + [self.one_of(vendors) for _ in range(int(rng.integers(0, 3)))]
        g = self.generations = np.zeros(len(makers), ec.DTYPES["generations"])
        g["vendor"] = makers
        g["released"] = np.sort(rng.integers(-48, 0, len(makers)))
        g["cost"] = g["mark"] = rng.uniform(10.0, 40.0, len(makers))
        g["kw"] = rng.uniform(0.4, 2.0, len(makers))
        g["age_limit"] = rng.integers(48, 120, len(makers))
        self.fleet = np.zeros((self.n, len(makers)), ec.dtype_of(ec.VINTAGE_COLUMNS))
        for i in self.of(ec.LAB, ec.HYPERSCALER, ec.NEOCLOUD, ec.VEHICLE):
            for k in range(len(makers)):
                if not self.chance(0.6 if self.kinds[i] != ec.LAB else 0.15):
                    continue
                units, age = spread(rng, 1e-3, 1.0), float(rng.integers(0, 48))
                cost = units * g["cost"][k]
                left = max(0.0, 1.0 - age / self.firms["book_life"][i])
                self.fleet[i, k] = (units, 0.0, cost * left, cost, age)
        for i in range(self.n):
            self.firms["fleet_book"][i] = float(np.sum(self.fleet["book"][i]))

    def _contracts(self) -> None:
        rng = self.rng
        labs, clouds = self.of(ec.LAB), self.of(ec.NEOCLOUD)
        big, vehicles = self.of(ec.HYPERSCALER), self.of(ec.VEHICLE)
        rows: list[dict[str, float]] = []
        for _ in range(int(rng.integers(0, 6 * len(labs) + 1))):
            self._contract(rows, self.one_of(labs), self.one_of(clouds + big + vehicles), -1)
        # Sub-contracts on behalf of a lab: a hyperscaler or neocloud rents what it lets.
        for _ in range(int(rng.integers(0, 4))):
            buyer = self.one_of(big + clouds)
            self._contract(rows, buyer, self.one_of(clouds + vehicles), self.one_of(labs))
        for buyer in clouds + big + [ec.CUSTOMERS]:
            if self.chance(0.3):
                self._contract(rows, buyer, self.one_of(clouds + big), -1)
        for owner in [*vehicles, ec.SUPPLIERS, self.one_of(clouds)]:
            if self.chance(0.7):
                self._contract(rows, self.one_of(labs + clouds + big), owner, -1, ec.SITE)
        self.contracts = _rows("contracts", rows)

    def _contract(
        self, rows: list[dict[str, float]], buyer: int, seller: int, end_user: int, kind: int = ec.COMPUTE
    ) -> None:
        rng = self.rng
        if buyer == seller:
            return
        start = int(rng.integers(-30, 24))
        months = int(rng.integers(max(2, 2 - start), 120))
        status = ec.INTENT if self.chance(0.1) else (ec.LIVE if start <= 0 else ec.PENDING)
        guarantors = [i for i in range(ec.N_OUTSIDE, self.n) if i not in (buyer, seller)]
        price = rng.uniform(0.5, 4.0) if kind == ec.COMPUTE else rng.uniform(0.05, 0.3)
        quantity = spread(rng, 1e-3, 0.5)
        rows.append({
            "kind": kind, "status": status, "buyer": buyer, "seller": seller,
            "guarantor": self.one_of(guarantors) if self.chance(0.25) else -1,
            "end_user": end_user, "own_use": int(end_user < 0 and self.chance(0.5)),
            "signed": min(start, -1), "start": start, "ramp": int(rng.integers(1, 24)), "months": months,
            "months_left": months - max(1 - start, 0), "quantity": quantity, "price": price,
            "take_or_pay": rng.choice([0.0, 0.5, 0.97, 1.0]), "announced": rng.uniform(0.0, 100.0),
            "prepaid": rng.uniform(0.0, 0.5) * quantity if status != ec.INTENT and self.chance(0.4) else 0.0,
            "amended": -1,
        })  # fmt: skip

    def _loans(self) -> None:
        rng = self.rng
        self._lent: list[dict[str, float]] = []
        lenders = self.of(ec.LENDER)
        banks = [i for i in lenders if self.firms["subkind"][i] == ec.BANK]
        funds = [i for i in lenders if self.firms["subkind"][i] in (ec.PRIVATE_CREDIT, ec.AI_FUND)]
        for borrower in self.of(ec.LAB, ec.HYPERSCALER, ec.NEOCLOUD, ec.VEHICLE, ec.VENDOR):
            owned = float(self.firms["fleet_book"][borrower] + self.firms["sites"][borrower])
            for _ in range(int(rng.integers(0, 4)) if lenders else 0):
                kind = int(rng.choice([ec.DDTL, ec.BOND, ec.REVOLVER, ec.PROJECT]))
                size = spread(rng, 0.02, 0.5) * max(owned, 0.3)
                self._loan(kind, self.one_of(lenders), borrower, size)
        for vendor in self.of(ec.VENDOR):
            if self.chance(0.4):
                self._loan(ec.VENDOR_LOAN, vendor, self.one_of(self.of(ec.NEOCLOUD)), spread(rng, 0.01, 1.0))
        for fund in funds:
            if banks:
                self._loan(ec.WAREHOUSE, self.one_of(banks), fund, spread(rng, 0.1, 10.0))
        for i in lenders:
            others = [k for k in lenders if k != i]
            if self.firms["subkind"][i] == ec.SPONSOR and others:
                self._loan(ec.MARGIN, self.one_of(others), i, spread(rng, 0.1, 10.0))
        self.loans = _rows("loans", self._lent)
        funding = np.bincount(self.loans["lender"], self.loans["principal"], self.n)
        for i in lenders:
            self.firms["funding"][i] = rng.uniform(0.0, 0.95) * funding[i]

    def _loan(self, kind: int, lender: int, borrower: int, principal: float) -> None:
        rng = self.rng
        collateral = {
            ec.DDTL: ec.FLEET_COLLATERAL, ec.PROJECT: ec.SITE_COLLATERAL, ec.VENDOR_LOAN: ec.FLEET_COLLATERAL,
            ec.MARGIN: ec.HOLDINGS_COLLATERAL,
        }.get(kind, ec.NO_COLLATERAL)  # fmt: skip
        months, gone = int(rng.integers(12, 120)), int(rng.integers(1, 12))
        line = kind in (ec.REVOLVER, ec.WAREHOUSE)
        undrawn = kind == ec.REVOLVER and self.chance(0.3)
        self._lent.append({
            "kind": kind, "status": ec.LIVE, "lender": lender, "borrower": borrower,
            "tier": ec.TIER_UNSECURED if collateral == ec.NO_COLLATERAL else ec.TIER_SECURED,
            "collateral": collateral,
            "end_user": self.one_of(self.of(ec.LAB)) if kind == ec.PROJECT and self.chance(0.5) else -1,
            "for_ai": int(self.chance(0.8)), "amortising": int(kind == ec.DDTL or self.chance(0.2)),
            "committed": int(kind != ec.WAREHOUSE and self.chance(0.8)), "made": -gone, "months": months,
            "months_left": months - gone, "principal": 0.0 if undrawn else principal,
            "limit": principal * (rng.uniform(1.0, 3.0) if line else 1.0), "rate": rng.uniform(0.0, 0.18),
            "covenant_ltv": rng.choice([0.0, 0.7, 1.0]) if collateral != ec.NO_COLLATERAL else 0.0,
        })  # fmt: skip

    def _orders(self) -> None:
        rng = self.rng
        rows: list[dict[str, float]] = []
        for buyer in self.of(ec.HYPERSCALER, ec.NEOCLOUD, ec.VEHICLE):
            for _ in range(int(rng.integers(0, 5))):
                if self.chance(0.4):
                    kind, vendor, g, price = ec.SITE_ORDER, ec.SUPPLIERS, -1, rng.uniform(5.0, 20.0)
                else:
                    g = int(rng.integers(len(self.generations)))
                    kind, vendor = ec.GPU_ORDER, int(self.generations["vendor"][g])
                    price = float(self.generations["cost"][g])
                units = spread(rng, 1e-3, 0.2)
                rows.append({
                    "kind": kind, "status": ec.PENDING, "buyer": buyer, "vendor": vendor, "generation": g,
                    "placed": -3, "due": int(rng.integers(1, 24)), "end_user": -1, "units": units,
                    "price": price, "deposit": rng.uniform(0.0, 0.9) * units * price,
                })  # fmt: skip
        self.orders = _rows("orders", rows)

    def _stakes(self) -> None:
        rng = self.rng
        rows: list[dict[str, float]] = []
        holders = [i for i in range(ec.N_OUTSIDE, self.n) if self.kinds[i] not in (ec.ENTRANT, ec.VEHICLE)]
        for issuer in range(ec.N_OUTSIDE, self.n):
            left, book = 1.0, spread(rng, 0.01, 30.0) * self.money
            named = [i for i in rng.permutation(holders)[: int(rng.integers(0, 3))] if i != issuer]
            for holder in named if self.kinds[issuer] != ec.LENDER else []:
                share = rng.uniform(0.0, 0.45) * left
                rows.append({"holder": holder, "issuer": issuer, "share": share, "book": share * book})
                left -= share
            rows.append({"holder": ec.SAVERS, "issuer": issuer, "share": left, "book": left * book})
        self.stakes = _rows("stakes", rows)

    def _close(self) -> None:
        """Both sides of every claim from its row, money to zero, retained earnings as the rest."""
        f = self.firms
        for column, table, party, amount in SIDES:
            rows = getattr(self, table)
            f[column] = np.bincount(rows[party], rows[amount], self.n)
        f["other_assets"][ec.SAVERS] = float(np.sum(f["other_debt"]) + np.sum(f["funding"]))
        f["cash"][ec.SAVERS] = -float(np.sum(f["cash"][ec.N_OUTSIDE :]))
        # A lender opens with capital: what a poor one lacks, savers owe it less.
        lacking = np.where(f["kind"] == ec.LENDER, np.maximum(0.1 * f["other_assets"] - worth(f), 0.0), 0.0)
        f["other_assets"] += lacking
        f["retained"] = worth(f) - f["paid_in"]


def worth(firms: np.ndarray) -> np.ndarray:
    """Assets less liabilities of every firm (bn), shape (F,)."""
    owned = ("cash", "other_assets", "sites", "fleet_book", "prepaid_out", "deposits_out", "loans_held", "holdings")
    owed = ("other_debt", "funding", "debt", "prepaid_in", "deposits_in")
    return sum(firms[c] for c in owned) - sum(firms[c] for c in owed)


def _rows(name: str, rows: list[dict[str, float]]) -> np.ndarray:
    """A table of the economy's type from dictionaries of cells."""
    table = np.zeros(len(rows), ec.DTYPES[name])
    for number, row in enumerate(rows):
        for column, value in row.items():
            table[column][number] = value
        if "id" in (table.dtype.names or ()):
            table["id"][number] = number
    return table


def random_opening(seed: int, largest: int = 3) -> Opening:
    """A random economy at month 0, its accounts closed.

    Parameters
    ----------
    seed : int
        The same seed, the same economy.
    largest : int
        About the most labs, hyperscalers, neoclouds and vehicles of each kind.
    """
    rng = np.random.default_rng(seed)
    made = _Maker(rng, largest)
    segments = np.zeros(ec.N_SEGMENTS, ec.DTYPES["segments"])
    segments["adoption"] = rng.uniform(0.01, 0.5, ec.N_SEGMENTS)
    segments["growth"] = rng.uniform(0.0, 1.2, ec.N_SEGMENTS)
    segments["elasticity"] = rng.uniform(0.3, 1.5, ec.N_SEGMENTS)
    segments["price_sensitivity"] = rng.uniform(0.3, 2.0, ec.N_SEGMENTS)
    sellers = made.of(ec.LAB, ec.ENTRANT)
    revenue = np.zeros((ec.N_SEGMENTS, made.n))
    revenue[:, sellers] = rng.exponential(2.0, (ec.N_SEGMENTS, len(sellers)))
    opening = Opening(
        names=made.names, firms=made.firms, contracts=made.contracts, loans=made.loans, orders=made.orders,
        stakes=made.stakes, generations=made.generations, segments=segments, fleet=made.fleet, revenue=revenue,
        market={
            "base_rate": rng.uniform(0.0, 0.08), "power_price": rng.uniform(20.0, 150.0),
            "spot_price": rng.uniform(0.5, 5.0), "contract_price": rng.uniform(0.5, 5.0),
            "tenant_demand": spread(rng, 0.01, 2.0), "demand_growth": 0.9,
        },
        statements={}, generation_names=[f"generation {k}" for k in range(len(made.generations))],
        contract_names=[f"contract {k}" for k in range(len(made.contracts))],
        loan_names=[f"loan {k}" for k in range(len(made.loans))], sources=(),
    )  # fmt: skip
    check_opening(opening)
    return opening


def random_parameters(rng: np.random.Generator, count: int = 12) -> dict[str, float]:
    """Some parameters drawn inside their ranges, now and then at an end of them."""
    chosen = rng.choice(len(registry.PARAMETERS), count, replace=False)
    found = {}
    for k in chosen:
        p = registry.PARAMETERS[k]
        found[p.name] = float(rng.choice([p.low, p.high, rng.uniform(p.low, p.high)], p=[0.15, 0.15, 0.7]))
    return found


def random_scenario(rng: np.random.Generator, opening: Opening, count: int = 3) -> Scenario:
    """Some shocks to firms and parameters within the first two years."""
    shocks = []
    agents = opening.names[ec.N_OUTSIDE :]
    for _ in range(int(rng.integers(0, count + 1))):
        start = int(rng.integers(1, 24))
        chance = float(rng.choice([1.0, 0.2]))
        if rng.random() < 0.3:
            movable = [p for p in registry.PARAMETERS if not p.opening_only]
            p = movable[int(rng.integers(len(movable)))]
            reached = float(rng.uniform(p.low, p.high))
            ramp, lasts = int(rng.integers(0, 6)), int(rng.integers(0, 12))
            shocks.append(
                Shock(
                    parameter=p.name, scale=0.0, add=reached, start=start, ramp=ramp, duration=lasts,
                    probability=chance,
                )
            )  # fmt: skip
            continue
        name = str(rng.choice(agents))
        kind = ec.KIND_NAMES[opening.kinds[name]]
        bare = kind in ("lab", "vehicle") and name not in opening.owners
        can = [effect.name for effect in EFFECTS if effect.strikes(kind) and not (effect.hardware and bare)]
        effect = can[int(rng.integers(len(can)))]
        size = {"demand": -2.0, "loses cash": 5.0, "loses capacity": 0.5}.get(effect)
        shocks.append(Shock(firm=name, effect=effect, size=size, start=start, probability=chance))
    return Scenario(title="random", shocks=shocks)


def random_economy(seed: int, *, panel: bool = False, largest: int = 3) -> Economy:
    """A random economy with random parameters and shocks, ready to run."""
    opening = random_opening(seed, largest)
    rng = np.random.default_rng([seed, 1])
    return Economy(
        opening,
        random_scenario(rng, opening),
        parameters=random_parameters(rng),
        seed=int(rng.integers(2**31)),
        panel=panel,
    )


def fingerprint(run: str) -> str:
    """Result hash of a run `baseline:seed:months`, `random:seed:months` or, by its name, of an opening's."""
    which, seed, months = run.split(":")
    if which == "random":
        economy = random_economy(int(seed), panel=True)
    else:
        economy = open_economy(seed=int(seed), **({} if which == "baseline" else {"opening": which}))
    economy.run(int(months))
    return economy.result_hash()


if __name__ == "__main__":
    for run in sys.argv[1:]:
        print(run, fingerprint(run))


def renamed(opening: Opening, date: datetime.date) -> Opening:
    """An opening of another date whose firms all have other names; the flagship is "Star Lab"."""
    names = [name if row < ec.N_OUTSIDE else f"Firm {row}" for row, name in enumerate(opening.names)]
    names[opening.names.index(opening.flagship)] = "Star Lab"
    told = dict(zip(opening.names, names, strict=True))
    return replace(
        opening, names=names, date=date, name="elsewhere", flagship="Star Lab", groups={},
        statements={told[lab]: lines for lab, lines in opening.statements.items()},
    )  # fmt: skip
