"""Worlds run and read every month, as arrays: what all findings are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from abm.calibration.opening import DEFAULT_OPENING
from abm.calibration.worlds import world
from abm.errors import InvisibleDebtError
from experiments.execution import Run
from experiments.gather import failure_sentences, gather
from experiments.runner import How
from experiments.signals.crisis import CRISIS, NEVER, Definition, first_month
from experiments.signals.observe import SCHEMAS
from experiments.signals.roc import Sample, sample

Floats = NDArray[np.float64]
LEAST_MONTHS, MOST_MONTHS = 48, 360
LEAST_CRISES = 2  # in the worlds that make thresholds and in those that judge them


class Worlds(NamedTuple):
    """Worlds that ended well, in the order of their seeds.

    Attributes
    ----------
    seeds : array of int, shape (worlds,)
    months : dict of str to array, shape (worlds, months + 1)
        Columns of `SCHEMAS["months"]`.
    draws : pandas.DataFrame
        A row a world, a column a number drawn.
    kinds : dict of str to str
        Kind of each number drawn.
    defaults : pandas.DataFrame
        Defaults other than deferrals: `world`, `month`, `firm`, `way`, `debt`.
    """

    seeds: NDArray[np.int64]
    months: dict[str, Floats]
    draws: pd.DataFrame
    kinds: dict[str, str]
    defaults: pd.DataFrame

    @property
    def last(self) -> int:
        """The last month."""
        return int(self.months["owed"].shape[1]) - 1

    def begins(self, of: Definition = CRISIS) -> NDArray[np.int64]:
        """Month in which a crisis begins in each world, `NEVER` if none does."""
        rows = zip(self.months[of.counted], self.months[of.of], strict=True)
        return np.array([first_month(flow, stock, of.share, of.at_first) for flow, stock in rows], np.int64)

    def sample(self, horizon: int, of: Definition = CRISIS) -> Sample:
        """The months that are judged at a horizon (months)."""
        return sample(self.begins(of), self.last, horizon)

    def kept(self, mine: NDArray[np.bool_]) -> Worlds:
        """Some of the worlds."""
        places = {int(k): new for new, k in enumerate(np.flatnonzero(mine))}
        rows = self.defaults[self.defaults["world"].isin(list(places))]
        return Worlds(
            self.seeds[mine], {name: values[mine] for name, values in self.months.items()},
            self.draws[mine].reset_index(drop=True), self.kinds,
            rows.assign(world=rows["world"].map(places).astype(np.int64)).reset_index(drop=True),
        )  # fmt: skip

    def halves(self) -> tuple[Worlds, Worlds]:
        """Worlds of odd seeds, that make thresholds, and of even seeds, that judge them."""
        odd = self.seeds % 2 == 1
        return self.kept(odd), self.kept(~odd)


def make(
    seeds: int,
    months: int,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] | None = None,
) -> tuple[Worlds, dict[str, pa.Table], tuple[str, ...]]:
    """Run the worlds of the seeds 1, 2, ...; the same whoever makes them.

    Parameters
    ----------
    seeds, months : int
        Worlds, and the length of their runs.
    workers, how, progress
        See `experiments.gather.gather`.

    Returns
    -------
    tuple
        The worlds that ended well, the tables as they are written, and a sentence for each that did not.

    Raises
    ------
    InvisibleDebtError
        If no world ended well.
    """
    world(1, DEFAULT_OPENING)  # a mistake in the files is told once, before any worker meets it
    runs = [Run(k, 0, k, k + 1, {"months": months}) for k in range(seeds)]
    found = gather(
        "experiments.signals.observe:observe", runs, ["crisis"], SCHEMAS, workers=workers, how=how, progress=progress
    )
    return arranged(found, months), found, failure_sentences(found)


def arranged(found: dict[str, pa.Table], months: int) -> Worlds:
    """Gathered runs as arrays; runs that ended in an error are left out.

    Raises
    ------
    InvisibleDebtError
        If no run ended well.
    """
    runs = found["runs"].to_pandas()
    well = runs[~runs["failed"]]
    if not len(well):
        raise InvisibleDebtError(f"no world ended well; the first: {failure_sentences(found)[0]}")
    place = {int(run): k for k, run in enumerate(well["run"])}
    frames = {name: found[name].to_pandas() for name in SCHEMAS}
    frames = {name: frame[frame["run"].isin(list(place))] for name, frame in frames.items()}
    columns = {
        name: frames["months"][name].to_numpy(float).reshape(len(well), months + 1) for name in SCHEMAS["months"].names
    }
    drawn = frames["draws"]
    first = drawn[drawn["run"] == well["run"].iloc[0]]
    names = [f"{row['kind']} {row['name']}" for row in first.to_dict("records")]
    draws = pd.DataFrame(drawn["value"].to_numpy(float).reshape(len(well), len(names)), columns=names)
    kinds = dict(zip(names, first["kind"].tolist(), strict=True))
    defaults = frames["defaults"]
    return Worlds(
        well["seed"].to_numpy(np.int64), columns, draws, kinds,
        defaults.assign(world=defaults["run"].map(place).astype(np.int64)).drop(columns="run").reset_index(drop=True),
    )  # fmt: skip


def fell(w: Worlds, firm: str) -> NDArray[np.int64]:
    """Month of the first default of a firm other than a deferral in each world, `NEVER` if there is none."""
    found = np.full(len(w.seeds), NEVER, np.int64)
    rows = w.defaults[w.defaults["firm"] == firm]
    for k, month in rows.groupby("world")["month"].min().items():
        found[int(str(k))] = int(month)
    return found
