"""Every scenario moves the outcome it names, in the direction it names: paired seeds, 95 % interval."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.stats import t

from abm import open_economy
from abm.inputs.scenarios import BASELINE, Scenario, load, names

SEEDS = range(1, 51)
MONTHS = 60


def means(scenario: Scenario) -> Mapping[str, np.ndarray]:
    """Mean over the months of a run of each column of the series, one value a seed."""

    def one(seed: int) -> np.ndarray:
        economy = open_economy(scenario, seed=seed, panel=False)
        economy.run(MONTHS)
        return np.array(economy.rows("series"))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        series = np.array(list(pool.map(one, SEEDS)))
    return {column: series[column].mean(axis=1) for column in series.dtype.names or ()}


@pytest.fixture(scope="module")
def baseline() -> Mapping[str, np.ndarray]:
    return means(load(BASELINE))


@pytest.mark.parametrize("name", [name for name in names() if name != BASELINE])
def test_a_scenario_moves_its_outcome(name: str, baseline: Mapping[str, np.ndarray]) -> None:
    scenario = load(name)
    assert scenario.outcome is not None
    sign = 1.0 if scenario.direction == "up" else -1.0
    moved = sign * (means(scenario)[scenario.outcome] - baseline[scenario.outcome])
    low = moved.mean() - t.ppf(0.975, len(SEEDS) - 1) * moved.std(ddof=1) / np.sqrt(len(SEEDS))
    assert low > 0.0, f"{scenario.outcome} moves {moved.mean():+.4g} {scenario.direction}, 95 % interval from {low:.4g}"
