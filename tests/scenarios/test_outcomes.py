"""Every scenario moves the outcome it names, in the direction it names, over paired seeds."""

import functools
from collections.abc import Mapping

import numpy as np
import pytest
from paired import moved

from abm import open_economy
from abm.inputs.scenarios import BASELINE, load, names

LOOKS = (20, 50, 200)  # worlds
MONTHS = 60


@functools.cache
def means(name: str, seed: int) -> Mapping[str, float]:
    """Mean over the months of a run of each column of the series."""
    economy = open_economy(load(name), seed=seed, panel=False, central=True)
    economy.run(MONTHS)
    series = economy.rows("series")
    return {column: float(np.mean(series[column])) for column in series.dtype.names or ()}


@pytest.mark.parametrize("name", [name for name in names() if name != BASELINE])
def test_a_scenario_moves_its_outcome(name: str) -> None:
    scenario = load(name)
    outcome = scenario.outcome
    assert outcome is not None
    sign = 1.0 if scenario.direction == "up" else -1.0
    found = moved(lambda seed: sign * (means(name, seed)[outcome] - means(BASELINE, seed)[outcome]), LOOKS)
    assert found.low > 0.0, f"{outcome} moves {scenario.direction} by {found}"
