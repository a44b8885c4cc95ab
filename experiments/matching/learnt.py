"""What the data say of the uncertain numbers, which numbers matter, and of which of these the data say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from abm.calibration import DEFAULT_OPENING
from abm.calibration.worlds import uncertain
from experiments.analysis.intervals import Floats
from experiments.analysis.ranking import correlations, normal_scores
from experiments.analysis.sensitivity import morris

MOVED = 0.15  # of a standard deviation: a mean nearer to that of the belief says nothing
NARROWED = 0.9  # of the standard deviation: one wider than that neither
EXPLAINS = 0.01  # of the variance: less is not told, and of a few thousand draws chance makes a tenth of it
FLOOR = 0.99  # of the effects that luck alone has, as many trajectories together


class Learnt(NamedTuple):
    """Of one uncertain number, in standard deviations of its belief: mean and spread over the kept draws."""

    name: str
    mean: float
    spread: float

    @property
    def told(self) -> bool:
        """Whether the data say something of it."""
        return abs(self.mean) >= MOVED or self.spread <= NARROWED


class Effect(NamedTuple):
    """What a number does to something, others held: mean absolute effect of its range (mu star) over that of luck."""

    name: str
    strength: float
    direction: float


class Weight(NamedTuple):
    """How a number goes with something over all draws, others drawn too: correlation in normal scores."""

    name: str
    correlation: float


def learn(names: Sequence[str], normals: Floats) -> tuple[Learnt, ...]:
    """What kept draws say of every number that a world of the opening draws, most telling first.

    Parameters
    ----------
    names : sequence of str
        Numbers of the columns; those of the opening before alone are left out.
    normals : numpy.ndarray, shape (kept, numbers)
    """
    now = set(uncertain(DEFAULT_OPENING))
    found = [
        Learnt(name, float(m), float(s))
        for name, m, s in zip(names, normals.mean(axis=0), normals.std(axis=0), strict=True)
        if name in now
    ]
    return tuple(sorted(found, key=lambda one: -max(abs(one.mean), 1.0 - one.spread)))


def screen(names: Sequence[str], points: Floats, outcome: Floats, gaps: Floats) -> tuple[Effect, ...]:
    """Which numbers matter to something: those whose elementary effects exceed what luck alone makes of it.

    Parameters
    ----------
    names : sequence of str
        The numbers, in the order of the columns.
    points : numpy.ndarray, shape (runs, numbers)
        Morris' trajectories in the unit cube.
    outcome : numpy.ndarray, shape (runs,)
    gaps : numpy.ndarray
        Differences of the outcome between two runs of one draw, each with its own luck.

    Returns
    -------
    tuple of Effect
        The strongest first.
    """
    found = morris(names, points, outcome[:, None])
    steps = np.abs(np.diff(points[: len(names) + 1], axis=0)).max()
    rng = np.random.default_rng(0)
    alone = np.abs(gaps[np.isfinite(gaps)]) / steps
    floor = float(np.quantile(rng.choice(alone, (20_000, found.trajectories)).mean(axis=1), FLOOR))
    effects = [
        Effect(name, found.strength[name].value / floor, found.direction[name].value / floor)
        for name in names
        if found.strength[name].value > floor
    ]
    return tuple(sorted(effects, key=lambda effect: -effect.strength))


def weigh(names: Sequence[str], normals: Floats, outcome: Floats) -> tuple[Weight, ...]:
    """Which numbers go with something over the draws: those that explain at least `EXPLAINS` of its variance.

    Parameters
    ----------
    names : sequence of str
    normals : numpy.ndarray, shape (draws, numbers)
        Standard normal numbers of the draws.
    outcome : numpy.ndarray, shape (draws,)
        Ranked first, so that its tail does not decide.

    Returns
    -------
    tuple of Weight
        The strongest first.
    """
    found = correlations(normals, normal_scores(outcome))
    weights = [Weight(name, float(r)) for name, r in zip(names, found, strict=True) if r * r >= EXPLAINS]
    return tuple(sorted(weights, key=lambda weight: -abs(weight.correlation)))


def untold(learnt: Sequence[Learnt], weights: Mapping[str, Sequence[Weight]]) -> list[str]:
    """Numbers that go with something of `weights` and of which the data say nothing, the strongest first."""
    silent = {one.name for one in learnt if not one.told}
    strongest: dict[str, float] = {}
    for found in weights.values():
        for weight in found:
            if weight.name in silent:
                strongest[weight.name] = max(strongest.get(weight.name, 0.0), abs(weight.correlation))
    return sorted(strongest, key=lambda name: -strongest[name])
