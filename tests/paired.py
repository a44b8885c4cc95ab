"""How much an outcome moves between paired runs, over as many worlds as it takes to be sure of the direction."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from experiments.analysis.intervals import Estimate, mean_of


def moved(difference: Callable[[int], float], looks: Sequence[int]) -> Estimate:
    """The mean difference over worlds, with an interval that holds at every look together.

    Few worlds are looked at first, more if they do not tell the direction: a firm that fails in one run of a pair and
    not in the other hides what is asked, and says nothing of the rest. Each look has its share of the error of 5 %
    (Bonferroni), so that looking again makes no direction out of noise.

    Parameters
    ----------
    difference : callable
        Of a seed, from 1: what one change moves.
    looks : sequence of int
        Worlds at each look, rising, from 2.
    """
    found: list[float] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for worlds in looks:
            found += pool.map(difference, range(len(found) + 1, worlds + 1))
            mean = mean_of(np.array([found]), points_drawn=False).interval(1.0 - 0.05 / len(looks))
            if mean.low > 0.0 or mean.high < 0.0:
                break
    return mean
