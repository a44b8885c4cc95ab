"""Where each firm stands in the picture: lanes by what firms do, ordered so that edges are short.

From left to right: lenders, project vehicles, neoclouds, hyperscalers, labs; vendors and makers of open models stand
in a lane of their own at the right. Money is owed leftwards, so losses run from right to left. Positions depend on the
opening balance sheets alone: they are the same in every month, run and scenario. Firms that enter during a run find
places of their own at both sides of their lane, in the order in which they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abm.engine.tables import ENTRANT, HYPERSCALER, LAB, LENDER, NEOCLOUD, OUTSIDE, VEHICLE, VENDOR

TOP, BOTTOM = 0.06, 0.96
SWEEPS = 12  # of ordering lanes by their neighbours' places


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of the picture: which kinds stand in it, where, and the name of its heading."""

    kinds: tuple[int, ...]
    x: float
    heading: str


LANES = (
    Lane((LENDER,), 0.06, "lenders"),
    Lane((VEHICLE,), 0.24, "vehicles"),
    Lane((NEOCLOUD,), 0.42, "neoclouds"),
    Lane((HYPERSCALER,), 0.595, "hyperscalers"),
    Lane((LAB,), 0.75, "labs"),
    Lane((VENDOR, ENTRANT), 0.95, "others"),
)
# A kind that no lane names stands in the last one.
LANE_OF = dict.fromkeys(range(OUTSIDE), len(LANES) - 1)
LANE_OF |= {kind: number for number, lane in enumerate(LANES) for kind in lane.kinds}
CROWDED = 11  # firms in a lane from which on they stand in two staggered columns
STAGGER = 0.035
ASIDE = 0.075  # from the middle of a lane to those who entered during the run


def place(kinds: Sequence[int], source: np.ndarray, target: np.ndarray, amount: np.ndarray, fixed: int) -> np.ndarray:
    """Positions of the firms.

    Lanes are ordered by the barycentre rule of layered drawings (Sugiyama, Tagawa and Toda 1981): each firm moves to
    the mean place of those it is tied to, weighted by the square root of the amounts.

    Parameters
    ----------
    kinds : sequence of int, shape (F,)
        Kinds of the firms drawn (codes of `abm.engine.tables`, none OUTSIDE).
    source, target : numpy.ndarray, shape (E,)
        Rows of the firms at both ends of the opening's edges.
    amount : numpy.ndarray, shape (E,)
        Amounts of the edges (bn).
    fixed : int
        Firms there at the opening; those after them entered during the run and stand beside their lane.

    Returns
    -------
    numpy.ndarray
        Shape (F, 2): x and y from 0 to 1.
    """
    firms = len(kinds)
    weight = np.zeros((fixed, fixed))
    inside = (source < fixed) & (target < fixed)
    np.add.at(weight, (source[inside], target[inside]), np.sqrt(amount[inside]))
    weight += weight.T
    lanes = [[i for i in range(fixed) if LANE_OF[kinds[i]] == number] for number in range(len(LANES))]
    y = np.zeros(firms)
    for lane in lanes:
        _spread(lane, y)
    for _ in range(SWEEPS):
        for lane in lanes:
            pull = dict(zip(lane, _barycentres(lane, weight, y), strict=True))
            lane.sort(key=lambda i: (pull[i], i))
            _spread(lane, y)
    x = np.array([LANES[LANE_OF[kind]].x for kind in kinds])
    for lane in lanes:
        if len(lane) >= CROWDED:
            x[lane] += STAGGER * np.where(np.arange(len(lane)) % 2 == 0, -1.0, 1.0)
    come: dict[int, int] = {}  # by lane
    for late in range(fixed, firms):
        lane_of = LANE_OF[kinds[late]]
        number = come[lane_of] = come.get(lane_of, -1) + 1
        sides = [side for side in (-ASIDE, ASIDE) if 0.0 < x[late] + side < 1.0]
        x[late] += sides[number % len(sides)]
        y[late] = TOP + (BOTTOM - TOP) * _in_gaps(number // len(sides))
    return np.column_stack([x, y])


def _in_gaps(number: int) -> float:
    """Places from 0 to 1 of which each falls into a wide gap of those before: halves, quarters, and so on."""
    place, step = 0.0, 0.5
    number += 1
    while number:
        place += step * (number % 2)
        number //= 2
        step /= 2.0
    return place


def _spread(lane: Sequence[int], y: np.ndarray) -> None:
    """Even places from top to bottom, a short lane in the middle."""
    room = (BOTTOM - TOP) * min(1.0, 0.3 + len(lane) / CROWDED)
    first = (TOP + BOTTOM - room) / 2.0
    y[list(lane)] = first + room * (np.arange(len(lane)) + 0.5) / max(len(lane), 1)


def _barycentres(lane: Sequence[int], weight: np.ndarray, y: np.ndarray) -> list[float]:
    """Mean place of those each firm of a lane is tied to outside the lane; its own, if there is nobody."""
    pull = weight[lane]
    pull[:, lane] = 0.0
    total = pull.sum(axis=1)
    found = np.divide(pull @ y[: len(weight)], total, out=y[lane].copy(), where=total > 0.0)
    return [float(place) for place in found]
