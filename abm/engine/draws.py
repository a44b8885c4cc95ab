"""Random numbers by purpose: a draw is a pure function of (seed, purpose, month, who).

Two scenarios with one seed therefore share every draw that both make, whatever else happens in them
(common random numbers). The generator is Philox4x32-10, Salmon, Moraes, Dror and Shaw 2011, "Parallel
random numbers: as easy as 1, 2, 3", SC'11.
"""

from __future__ import annotations

import math

import numpy as np

from abm.engine.compiled import jit

# Purposes: one stream each. Never renumber: results would change.
(
    D_DEMAND, D_RATE, D_POWER, D_SHOCK, D_ROUND, D_QUALITY, D_RELEASE, D_ENTRY, D_RENEGOTIATE, D_SENTIMENT, D_TENDER,
    D_CYCLE, D_MOMENTUM, D_DEAL, D_SITE, D_ISSUE, D_VALUE, D_SYNDICATE, D_TENANT,
) = range(19)  # fmt: skip
_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)


@jit
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10 on 32-bit words held in uint64.

    Parameters
    ----------
    c0, c1, c2, c3 : uint64
        Counter words, each below 2**32.
    k0, k1 : uint64
        Key words, each below 2**32.

    Returns
    -------
    tuple of four uint64
        Random words below 2**32.
    """
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _MASK, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@jit
def uniform(seed, purpose, month, who):
    """One uniform draw on (0, 1), 52 random bits, never exactly 0 or 1.

    Parameters
    ----------
    seed, purpose, month, who : int
        Non-negative; `who` is a firm's or a segment's row.
    """
    key = np.uint64(seed)
    a, b, _, _ = philox(
        np.uint64(month) & _MASK,
        np.uint64(who) & _MASK,
        np.uint64(purpose),
        np.uint64(0),
        key & _MASK,
        key >> _SHIFT,
    )
    # 2**-52 times a 52-bit integer, moved by half a step off zero.
    high = float(a >> np.uint64(5))
    low = float(b >> np.uint64(7))
    return (high * 33554432.0 + low + 0.5) * 2.220446049250313e-16


@jit
def normal(seed, purpose, month, who):
    """One standard normal draw by Box and Muller's method, from two words pairs of one counter."""
    key = np.uint64(seed)
    a, b, c, d = philox(
        np.uint64(month) & _MASK,
        np.uint64(who) & _MASK,
        np.uint64(purpose),
        np.uint64(1),
        key & _MASK,
        key >> _SHIFT,
    )
    u = (float(a >> np.uint64(5)) * 33554432.0 + float(b >> np.uint64(7)) + 0.5) * 2.220446049250313e-16
    v = (float(c >> np.uint64(5)) * 33554432.0 + float(d >> np.uint64(7)) + 0.5) * 2.220446049250313e-16
    return math.sqrt(-2.0 * math.log(u)) * math.cos(6.283185307179586 * v)
