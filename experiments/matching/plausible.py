"""How far a draw is from what is known, and how far one that could be ours may be.

The implausibility of a draw in a reading is ``I = |y - m| / sqrt(V)``, with m what it says, y what is known, both
carried to the scale of the reading, and ``V = 2 luck + known + error``: luck twice, since what happened had its own;
the variance of what is known; and the model's own error. The distance of a draw is the mean of ``I**2`` over targets,
those left out in which it is furthest off, one in ten: what the model cannot do at all must not choose its worlds.

The error of the model is one number, relative, for all readings: such that the draws nearest to what is known, one in
twenty, are as far from it as their variance says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.analysis.intervals import Floats
from experiments.matching.targets import ROOT, SLOPE_OF_ROOT, Reading, by_target

LEFT_OUT = 0.1  # of the targets
NEAREST = 0.05  # of the draws


@dataclass(frozen=True)
class Yardstick:
    """What distances are measured with.

    Attributes
    ----------
    readings : tuple of Reading
    luck : numpy.ndarray, shape (readings,)
        Variance that luck alone makes, in the scale of each reading.
    error : float
        Of the model, relative.
    """

    readings: tuple[Reading, ...]
    luck: Floats
    error: float

    @property
    def errors(self) -> Floats:
        """Variance of what is known and of the model's error together, shape (readings,)."""
        return known_variance(self.readings) + error_variance(self.readings, self.error)

    @property
    def variances(self) -> Floats:
        """V, shape (readings,)."""
        return 2.0 * self.luck + self.errors

    def distances(self, told: Floats, known: Floats) -> Floats:
        """How far draws are from what is known.

        Parameters
        ----------
        told : numpy.ndarray, shape (draws, readings)
            Carried to the scales; not a number where a reading is of no one.
        known : numpy.ndarray, shape (readings,)

        Returns
        -------
        numpy.ndarray, shape (draws,)
        """
        return trimmed(per_target((told - known) ** 2 / self.variances, self.readings))


def known_variance(readings: Sequence[Reading]) -> Floats:
    """Variance of what is known, shape (readings,)."""
    return np.array([reading.variance for reading in readings])


def error_variance(readings: Sequence[Reading], error: float) -> Floats:
    """Variance of a relative error of the model in the scale of each reading, shape (readings,)."""
    sizes = [SLOPE_OF_ROOT * reading.value if reading.scale == ROOT else 1.0 for reading in readings]
    return (error * np.array(sizes)) ** 2


def per_target(squares: Floats, readings: Sequence[Reading]) -> Floats:
    """Mean of the squares over the readings of each target, shape (draws, targets); not a number where none is."""
    found = []
    for places in by_target(readings).values():
        own = squares[:, places]
        there = np.isfinite(own)
        with np.errstate(invalid="ignore"):
            found.append(np.where(there, own, 0.0).sum(axis=1) / there.sum(axis=1))
    return np.stack(found, axis=1)


def trimmed(squares: Floats) -> Floats:
    """Mean over targets without those furthest off, shape (draws,).

    Of a draw with fewer targets as many parts are left out of them.
    """
    ordered = np.sort(squares, axis=1)  # what is not a number comes last
    counts = np.isfinite(ordered).sum(axis=1)
    kept = counts - np.floor(LEFT_OUT * counts).astype(int)
    return np.cumsum(ordered, axis=1)[np.arange(len(ordered)), kept - 1] / kept


def luck_variance(first: Floats, second: Floats) -> Floats:
    """Variance of luck from draws run twice, each time with its own, shape (readings,).

    Half the mean square of the differences, of which the largest, one in twenty, are held down to the one that is as
    large as the rest allow: a firm that fails at one luck and not at another makes differences of no measure.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (draws, readings)
        Carried to the scales.
    """
    gaps = np.abs(first - second)
    return 0.5 * np.nanmean(np.minimum(gaps, np.nanquantile(gaps, 0.95, axis=0)) ** 2, axis=0)


def model_error(readings: Sequence[Reading], luck: Floats, told: Floats) -> float:
    """The model's own error, relative: as large as the draws nearest to what is known ask for.

    Parameters
    ----------
    readings : sequence of Reading
    luck : numpy.ndarray, shape (readings,)
    told : numpy.ndarray, shape (draws, readings)
        Carried to the scales.

    Returns
    -------
    float
        Where the mean distance of the nearest draws is what it would be if V were right; 0 if they are nearer.
    """
    known = np.array([reading.value for reading in readings])
    nearest = max(1, int(NEAREST * len(told)))

    def too_far(error: float) -> bool:
        yardstick = Yardstick(tuple(readings), luck, error)
        return float(np.sort(yardstick.distances(told, known))[:nearest].mean()) > expected(yardstick)

    low, high = 0.0, 4.0
    if not too_far(low + 1e-9):
        return 0.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if too_far(middle) else (low, middle)
    return high


def expected(yardstick: Yardstick) -> float:
    """Mean distance of a draw whose errors are independent normals with the variances V; some are left out."""
    rng = np.random.default_rng(0)
    errors = rng.standard_normal((2000, len(yardstick.readings))) ** 2
    return float(trimmed(per_target(errors, yardstick.readings)).mean())


def cut_of(truths: Floats, kept: float) -> float:
    """The distance within which a part of the truths lie: what a draw may be off at most."""
    return float(np.quantile(truths, kept)) if len(truths) else math.inf
