"""Room in the tables for all that a month can add."""

from __future__ import annotations

from abm.engine.compiled import jit


@jit
def overflowing(state):
    """Whether a table has no room left for the most rows one month can add."""
    m = state.market[0]
    spare = 8 * m.n_firms + 64
    # A fire sale marks down every other owner, and in the worst month everybody fails.
    chain = m.n_contracts + m.n_loans + spare * 2 + m.n_firms * m.n_firms
    return (
        m.n_contracts + spare > state.contracts.shape[0]
        or m.n_loans * 2 + spare * 2 > state.loans.shape[0]
        or m.n_orders + spare > state.orders.shape[0]
        or m.n_stakes + spare > state.stakes.shape[0]
        or m.n_hits + chain > state.hits.shape[0]
        or m.n_defaults + m.n_firms > state.defaults.shape[0]
        or m.n_parents + chain > state.parents.shape[0]
        or m.n_events + chain + spare > state.events.shape[0]
        or m.n_firms + 16 > state.firms.shape[0]
        or m.n_generations + 4 > state.generations.shape[0]
        or m.n_contracts + m.n_loans * 2 + m.n_orders * 2 + spare * 4 > state.dues.amount.shape[0]
        or m.n_series + 1 > state.series.shape[0]
        or (m.record_panel == 1 and m.n_series + 1 > state.panel.shape[0])
    )
