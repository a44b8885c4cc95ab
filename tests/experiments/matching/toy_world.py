"""A world in one line, read for the same outcomes as the model: all of them rise with one uncertain number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from abm.inputs.priors import standard_normal
from experiments.matching.observe import LUCK, ahead, outcomes
from experiments.matching.targets import LOG, ROOT, readings

NUMBER = "parameter demand_growth"
LEFT_ALONE = "parameter consumer_growth"
TRUTH = 0.8  # where the number is what is known


def observe(settings: Mapping[str, Any], seed: int) -> dict[str, float]:
    """Half of the number, less that of the truth, and luck, in the scale of each reading; ahead it counts whole."""
    rng = np.random.default_rng((seed, int(settings[LUCK])))
    z = float(settings.get(NUMBER, standard_normal(seed, NUMBER)))
    found = dict.fromkeys(outcomes(), 1.0)
    for reading in readings():
        told = reading.value + 0.5 * (z - TRUTH) + 0.05 * rng.standard_normal()
        found[reading.name] = (
            math.exp(told) if reading.scale == LOG else max(told, 0.0) ** 2 if reading.scale == ROOT
            else told * reading.size
        )  # fmt: skip
    for name in ahead():
        found[f"ahead {name}"] = math.exp(z + 0.05 * rng.standard_normal())
    return found


def fails(settings: Mapping[str, Any], seed: int) -> dict[str, float]:
    """The same, but the draws 2 and 9 end in an error."""
    if seed in (2, 9):
        raise ZeroDivisionError("nothing there")
    return observe(settings, seed)
