"""The worlds of a forecast, run and read month by month."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm.calibration.files import opening_folder
from abm.calibration.worlds import world
from abm.errors import InvisibleDebtError
from abm.simulation import open_economy
from experiments.execution import Run, Value
from experiments.forecasts.quantities import Quantity, read_quantities
from experiments.gather import failure_sentences, gather
from experiments.readings import Recorder
from experiments.runner import How

MONTHS = 60
PATHS = pa.schema([
    pa.field("quantity", pa.int32(), metadata={"unit": "row", "meaning": "formula read, see `formulas`"}),
    pa.field("month", pa.int32(), metadata={"unit": "months", "meaning": "since the opening, 0 the opening itself"}),
    pa.field("value", pa.float64(), metadata={"unit": "its own", "meaning": "what the model says, not yet joined"}),
])  # fmt: skip


@functools.lru_cache(maxsize=4)
def _quantities(opening: str) -> tuple[Quantity, ...]:
    return read_quantities(opening)


def formulas(quantities: Sequence[Quantity]) -> list[tuple[tuple[str, ...], str]]:
    """What is read of a world, with the firms: the values of all quantities, then the sizes of those that have one."""
    values = [(quantity.firms, quantity.value) for quantity in quantities]
    return values + [(quantity.firms, quantity.size) for quantity in quantities if quantity.size]


def observe(settings: Mapping[str, Value], seed: int) -> tuple[dict[str, float], dict[str, pa.Table]]:
    """Run the world of a seed and read it: what a worker does.

    Parameters
    ----------
    settings : mapping
        `opening`, its name or folder.
    seed : int
        Of the world and of its luck.
    """
    opening = str(settings["opening"])
    asked = _quantities(opening)
    economy = open_economy(opening=opening, seed=seed, panel=False)
    wanted = formulas(asked)
    recorder = Recorder(economy, wanted)
    recorder.take()
    for _ in range(MONTHS):
        economy.run(1)
        recorder.take()
    paths = np.array([recorder.path(firms, formula) for firms, formula in wanted])
    rows, months = np.indices(paths.shape, dtype=np.int32)
    return {}, {"paths": pa.table([rows.ravel(), months.ravel(), paths.ravel()], schema=PATHS)}


def run_worlds(
    opening: str | Path,
    seeds: int,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Run the worlds of the seeds 1, 2, ...; the same numbers whoever makes them.

    Parameters
    ----------
    opening : str or Path
    seeds : int
    workers, how, progress
        See `experiments.gather.gather`.

    Returns
    -------
    numpy.ndarray, shape (worlds, formulas, months and the opening)
        What the model says in the worlds that ended well (`formulas`).
    tuple of str
        What ended in an error, in a sentence each.

    Raises
    ------
    BadInput
        If nothing is forecast from the opening, or its files have a mistake.
    InvisibleDebtError
        If no run ended well.
    """
    asked = read_quantities(opening)
    world(1, opening)  # a mistake in the files is told once, before any worker meets it
    settings: dict[str, Value] = {"opening": str(opening_folder(opening))}
    runs = [Run(number, number, 0, number + 1, settings) for number in range(seeds)]
    found = gather(
        "experiments.forecasts.worlds:observe", runs, [], {"paths": PATHS}, workers=workers, how=how, progress=progress
    )
    failures = failure_sentences(found)
    values = found["paths"]["value"].to_numpy()
    if not len(values):
        raise InvisibleDebtError(f"no run of the forecast ended well; the first: {failures[0]}")
    return values.reshape(-1, len(formulas(asked)), MONTHS + 1), failures
