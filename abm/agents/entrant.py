"""Open-weights entrants: when they release a model and how good it is."""

from __future__ import annotations

from abm.engine.compiled import jit
from abm.engine.tables import FRONTIER_MEMORY


@jit
def release_model(state, entrant):
    """Quality of the model an entrant puts out this month, or its present quality if it puts out none.

    Every `open_release_interval` months it releases what the frontier was `lag` months before, less a fixed
    gap (Epoch AI: open weights trail by 3.5 months on average, G5-038).
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[entrant]
    interval = max(int(p.open_release_interval), 1)
    if (m.month + entrant) % interval != 0:
        return f.quality
    lag = min(int(f.lag * p.open_lag + 0.5), FRONTIER_MEMORY - 1)
    seen = state.frontier_memory[(m.month - lag) % FRONTIER_MEMORY]
    return max(f.quality, seen - p.open_gap)
