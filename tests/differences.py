"""What a rule changed: every cell of every table before and after, so that a test also sees what it did not expect."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from village import Village

ROWS = ("contracts", "loans", "orders", "stakes", "hits", "events", "defaults")
COUNTERS = tuple(f"n_{table}" for table in ROWS)
NOISE = 1e-13


class Differences(NamedTuple):
    """Keys are (row, column) or (kind of flow, payer's kind, payee's kind).

    `firms`, `market` and `flows` hold new less old, `rows[table]` the new values of what changed; the counters of
    the market table are left out. `result` is what the rule returned.
    """

    result: Any
    firms: dict[tuple[int, str], float]
    market: dict[str, float]
    flows: dict[tuple[int, int, int], float]
    rows: dict[str, dict[tuple[int, str], float]]


def _cells(table: Any) -> dict[tuple[int, str], float]:
    return {(r, c): x for r, row in enumerate(table.tolist()) for c, x in zip(table.dtype.names, row, strict=True)}


def _snapshot(v: Village) -> tuple[Any, ...]:
    rows = {table: getattr(v.state, table)[: int(v.market[f"n_{table}"]) + 8].copy() for table in ROWS}
    return v.state.firms[: int(v.market.n_firms) + 2].copy(), v.state.market.copy(), v.state.flows.copy(), rows


def differences(v: Village, rule: Any, *arguments: Any) -> Differences:
    """Call a rule on a village and compare every table."""
    firms, market, flows, rows = _snapshot(v)
    result = v.run(rule, *arguments)
    before, after = _cells(firms), _cells(v.state.firms[: len(firms)])
    moved = {key: after[key] - before[key] for key in after if abs(after[key] - before[key]) > NOISE}
    one, two = _cells(market), _cells(v.state.market)
    prices = {c: two[k, c] - one[k, c] for k, c in two if c not in COUNTERS and abs(two[k, c] - one[k, c]) > NOISE}
    paid = v.state.flows - flows
    matrix = {tuple(map(int, k)): float(paid[tuple(k)]) for k in zip(*paid.nonzero(), strict=True)}
    changed = {}
    for table in ROWS:
        old, new = _cells(rows[table]), _cells(getattr(v.state, table)[: len(rows[table])])
        cells = {key: new[key] for key in new if new[key] != old[key]}
        if cells:
            changed[table] = cells
    return Differences(result, moved, prices, matrix, changed)


def row_of(table: Any, r: int) -> dict[str, float]:
    """A row of a table as a dictionary."""
    return dict(zip(table.dtype.names, table[r].tolist(), strict=True))


def near(expected: Any) -> Any:
    """Equal to twelve digits."""
    return pytest.approx(expected, rel=1e-12)
