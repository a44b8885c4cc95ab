"""Room in the tables for all that a month can add."""

from __future__ import annotations

from abm.engine.compiled import jit

# Pairs of firms for which a month's losses have room in advance. In the worst month everybody fails and every fire
# sale marks down every other owner: beyond this number such a month is run again with longer tables (`no_room`).
MOST_PAIRS = 1 << 18


@jit
def month_adds(state):
    """The most rows that a month can add to each table, as far as they are reserved.

    Returns
    -------
    tuple of int
        Contracts, loans, orders, stakes, hits, defaults, parents, events, months of the series; then firms,
        generations, and the dues of a month.
    """
    m = state.market[0]
    spare = 8 * m.n_firms + 64
    chain = m.n_contracts + m.n_loans + spare * 2 + min(m.n_firms * m.n_firms, MOST_PAIRS)
    hits = 4 * chain  # one pair of firms may hit each other in several rounds and through several channels
    dues = m.n_contracts + m.n_loans * 2 + m.n_orders * 2 + spare * 4
    return (
        spare, m.n_loans + spare * 2, spare, spare, hits, 3 * m.n_firms, chain, chain + spare, 1, 16, 4, dues,
    )  # fmt: skip


@jit
def overflowing(state):
    """Whether a table has no room left for the most rows one month can add."""
    m = state.market[0]
    adds = month_adds(state)
    contracts, loans, orders, stakes, hits, defaults, parents, events, series, firms, generations, dues = adds
    return (
        m.n_contracts + contracts > state.contracts.shape[0]
        or m.n_loans + loans > state.loans.shape[0]
        or m.n_orders + orders > state.orders.shape[0]
        or m.n_stakes + stakes > state.stakes.shape[0]
        or m.n_hits + hits > state.hits.shape[0]
        or m.n_defaults + defaults > state.defaults.shape[0]
        or m.n_parents + parents > state.parents.shape[0]
        or m.n_events + events > state.events.shape[0]
        or m.n_series + series > state.series.shape[0]
        or m.n_firms + firms > state.firms.shape[0]
        or m.n_generations + generations > state.generations.shape[0]
        or dues > state.dues.amount.shape[0]
        or (m.record_panel == 1 and m.n_series + series > state.panel.shape[0])
    )
