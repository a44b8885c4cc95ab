"""What a rule changed: a copy of a village's tables before it, and the differences after it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from village import Village

near = partial(pytest.approx, rel=1e-12)
TABLES = ("contracts", "loans", "orders", "stakes", "generations", "defaults", "parents")


class Before:
    """Tables of a village before a rule; each method says what is different now.

    Amounts that differ by less than a billionth of a dollar are the same.
    """

    def __init__(self, v: Village) -> None:
        self.v = v
        self.tables = {name: getattr(v.state, name).copy() for name in ("firms", "market", "fleet", *TABLES)}
        self.paid = v.state.flows.copy()
        self.n_hits, self.n_events = int(v.market.n_hits), int(v.market.n_events)
        self.dues = v.state.dues.amount.copy()

    def firms(self) -> dict[tuple[int, str], float]:
        """By how much every cell of the firm table has risen: `{(bank, "cash"): -3.0}`."""
        return {key: now - was for key, (was, now) in self._cells("firms").items()}

    def rows(self, table: str) -> dict[tuple[int, str], float]:
        """Cells of a table that are new or different, with what they are now: `{(0, "principal"): 2.0}`."""
        return {key: now for key, (_, now) in self._cells(table).items()}

    def market(self) -> dict[str, float]:
        """Columns of the market that are different, but for the sum of all flows."""
        found = {column: now for (_, column), (_, now) in self._cells("market").items()}
        found.pop("gross_flow", None)
        return found

    def fleet(self) -> dict[tuple[int, int, str], float]:
        """Cells of the fleet that are different, with what they are now: `{(cloud, 0, "units"): 0.0}`."""
        old, new = self.tables["fleet"], self.v.state.fleet
        found = {}
        for column in old.dtype.names:
            for i, g in zip(*np.nonzero(np.abs(new[column] - old[column]) > 1e-12), strict=True):
                found[int(i), int(g), column] = float(new[column][i, g])
        return found

    def flows(self) -> dict[tuple[int, int, int], float]:
        """Payments since, by kind of flow and kinds of payer and payee."""
        paid = self.v.state.flows - self.paid
        return {tuple(map(int, k)): float(paid[tuple(k)]) for k in np.argwhere(np.abs(paid) > 1e-12)}

    def hits(self) -> list[tuple[int, int, int, Any]]:
        """Losses logged since: victim, source, channel, amount."""
        rows = self.v.state.hits[self.n_hits : int(self.v.market.n_hits)]
        return [(int(h.victim), int(h.source), int(h.channel), near(float(h.amount))) for h in rows]

    def events(self) -> list[tuple[int, int, int, Any]]:
        """Events logged since: kind, a, b, amount."""
        rows = self.v.state.events[self.n_events : int(self.v.market.n_events)]
        return [(int(e.kind), int(e.a), int(e.b), near(float(e.amount))) for e in rows]

    def due(self) -> dict[int, float]:
        """By how much what falls due has changed, by row."""
        change = self.v.state.dues.amount - self.dues
        return {int(r): float(change[r]) for r in np.flatnonzero(np.abs(change) > 1e-12)}

    def _cells(self, table: str) -> dict[tuple[int, str], tuple[float, float]]:
        old, new = self.tables[table], getattr(self.v.state, table)
        found = {}
        for column in old.dtype.names:
            was, now = old[column].astype(float), new[column].astype(float)
            for r in np.flatnonzero(np.abs(now - was) > 1e-12):
                found[int(r), column] = (float(was[r]), float(now[r]))
        return found


def due(v: Village, kind: int, debtor: int, creditor: int, amount: float, ref: int = -1, tier: int = 2) -> int:
    """Write an obligation of the month; its row."""
    r, d = int(v.market.n_dues), v.state.dues
    d.kind[r], d.debtor[r], d.creditor[r], d.amount[r], d.ref[r], d.tier[r] = kind, debtor, creditor, amount, ref, tier
    v.market.n_dues += 1
    return r


def cells(row: Any, *columns: str) -> tuple[float, ...]:
    """Some cells of a row, as plain numbers."""
    return tuple(row[column].item() for column in columns)
