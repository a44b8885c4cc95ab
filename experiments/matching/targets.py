"""What draws are held against: the year that is known, and forecasts of the years after it.

Each target counts once, however many readings it has. A reading is compared in logs where it cannot be negative, in
parts of what happened where it can, and in roots where it may be nought. Beside what is known stands its variance:

- of what happened, none: the error of the model (`plausible`) is larger than that of facts;
- of a forecast, that of its range (5 to 95 %) and of the error that forecasters made in the year that is known, which
  grows with the root of the years ahead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.calibration import DEFAULT_OPENING, opening_tables
from abm.inputs.priors import Z95
from experiments import baseline, hindcast
from experiments.matching.observe import past

LOG, LINEAR, ROOT = "log", "linear", "root"
KNOWN, FORECAST = "known", "forecast"
LABELS = {KNOWN: "the year that is known", FORECAST: "forecasts of the time"}
SLOPE_OF_ROOT = 0.5  # a relative error e is an error of e / 2 in a root, as part of it
LATE = 10  # months of the year that is known, from which a reading is about a year ahead
TO_SIGMA = 1.4826  # a median absolute deviation to a standard deviation


class Reading(NamedTuple):
    """What is compared.

    Attributes
    ----------
    name : str
        Of the outcome (`observe.outcomes`).
    target, kind, what : str
        Of the target it belongs to: its name, `KINDS` and what it is.
    scale : str
        log, linear or root.
    size : float
        What a linear reading is divided by; what a logarithmic one is held above is a thousandth of it.
    value : float
        What is known, carried to the scale.
    variance : float
        Of what is known, in the scale.
    """

    name: str
    target: str
    kind: str
    what: str
    scale: str
    size: float
    value: float
    variance: float

    def carry(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers of the model carried to the scale; what is not a number stays so."""
        if self.scale == LOG:
            return np.log(np.maximum(values, hindcast.FLOOR * self.size))
        return np.sqrt(np.maximum(values, 0.0)) if self.scale == ROOT else values / self.size


def readings() -> tuple[Reading, ...]:
    """All that draws are held against, in the order of `observe.outcomes`.

    A reading of what did not happen at all is left out: it has no size.
    """
    return (*_known(), *_forecasts())


def _known() -> list[Reading]:
    found = []
    for t in hindcast.read_question(past()).targets:
        if t.outcome != 0.0:
            scale = LOG if t.transform == "log" else LINEAR
            value = math.log(t.outcome) if scale == LOG else math.copysign(1.0, t.outcome)
            found.append(Reading(f"past {t.id}", f"past {t.target}", KNOWN, t.name, scale, abs(t.outcome), value, 0.0))
    return found


def _forecasts() -> list[Reading]:
    error, opening = forecasters_error(), opening_tables(DEFAULT_OPENING).date
    found = []
    for number, f in enumerate(baseline.read_forecasts(), start=1):
        ahead = baseline.last_month(f.window, opening) / 12.0
        scale = ROOT if f.measure == "default_rate" else LOG  # a rate of failures may be nought
        low, high = (math.sqrt(end) if scale == ROOT else math.log(end) for end in (f.low, f.high))
        middle = 0.5 * (low + high)
        of_error = SLOPE_OF_ROOT * error * middle if scale == ROOT else error
        variance = ((high - low) / (2.0 * Z95)) ** 2 + of_error**2 * ahead
        name = f"forecast {number}"
        found.append(Reading(name, name, FORECAST, f"{f.who}: {f.what}", scale, f.low, middle, variance))
    return found


def forecasters_error() -> float:
    """The usual error of a forecast a year ahead, in logs: of the forecasts that the year which is known had.

    Of the independent targets' readings late in the year; by the median, since some of what happened nobody foresaw.
    """
    errors = [
        math.log(t.outcome / t.forecast[1])
        for t in hindcast.read_question(past()).targets
        if t.weight == "independent" and t.transform == "log" and t.forecast is not None and t.months[1] >= LATE
    ]
    return TO_SIGMA * float(np.median(np.abs(errors)))


def by_target(found: Sequence[Reading]) -> dict[str, list[int]]:
    """Places of the readings of each target."""
    places: dict[str, list[int]] = {}
    for k, reading in enumerate(found):
        places.setdefault(reading.target, []).append(k)
    return places
