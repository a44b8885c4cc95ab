"""The level payment that repays a loan."""

from __future__ import annotations

import math

from abm.engine.compiled import jit


@jit
def annuity(rate, months):
    """Monthly payment that repays 1 over a number of months at a yearly rate."""
    r = rate / 12.0
    if r < 1e-9:
        return 1.0 / months
    return r / (1.0 - math.exp(-months * math.log(1.0 + r)))
