"""What the seeds of a study drew: the uncertain numbers of their worlds, to be ranked by what goes with an outcome."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abm.calibration.worlds import plausible_draws, uncertain
from abm.errors import BadInput
from abm.inputs.priors import standard_normals
from experiments.analysis.intervals import Floats
from experiments.analysis.ranking import Association, associate
from experiments.report.view import View
from experiments.study import ECONOMY

MOST_WORLDS = 1000  # more would take longer to draw again than to rank


class Drawn:
    """The worlds of a study whose seeds draw them.

    Parameters
    ----------
    view : View
    """

    def __init__(self, view: View) -> None:
        self._view = view

    @property
    def any(self) -> bool:
        """Whether seeds draw worlds here."""
        return self._view.study.model == ECONOMY and not self._view.study.central

    @cached_property
    def names(self) -> list[str]:
        """Numbers that worlds draw and that no run of the study sets."""
        study = self._view.study
        told = [study.parameters, *study.policies.values(), study.factors, self._view.factors]
        stories = {study.scenario, *(str(v) for f in study.resolved if f.kind == "scenario" for v in f.values or ())}
        told += [study.load_scenario(story).parameters for story in stories]
        fixed = {f"parameter {name}" for part in told for name in part}
        return [name for name in uncertain(study.opened_files) if name not in fixed]

    @cached_property
    def worlds(self) -> NDArray[np.int64]:
        """Number of the draw behind every run that ended well; -1 where it is beyond the first `MOST_WORLDS`."""
        runs = self._view.runs
        seeds = runs.loc[~runs["failed"], "seed"].to_numpy(np.int64)
        plausible = plausible_draws(self._view.study.opened_files)
        drawn = np.array(plausible, np.int64)[seeds % len(plausible)] if plausible else seeds
        first = np.sort(np.unique(drawn, return_index=True)[1])[:MOST_WORLDS]
        return np.where(np.isin(drawn, drawn[first]), drawn, -1)

    @cached_property
    def normals(self) -> Floats:
        """Standard normal numbers behind `names`, a row a world in the order of its number, shape (worlds, names)."""
        distinct = np.unique(self.worlds[self.worlds >= 0])
        return np.array([standard_normals(int(world), self.names) for world in distinct])

    def associate(self, outcome: str) -> tuple[Association, ...]:
        """Which of the drawn numbers go with an outcome, the strongest first.

        The outcome of a world is its mean over the points of the study and over the seeds that stand for the world,
        each less the mean of its point.

        Raises
        ------
        BadInput
            If there are too few worlds.
        """
        runs = self._view.runs
        good = runs[~runs["failed"]]
        points, replicates = good["point"].to_numpy(), good["replicate"].to_numpy()
        table = self._view.table(outcome)
        if table.shape[1] == 1:
            raise BadInput("points with one run each leave nothing by which to tell a world from its point")
        there = ~np.isnan(table)
        counts = np.maximum(there.sum(axis=1), 1)
        means = np.where(there, table, 0.0).sum(axis=1) / counts
        moved = (table - means[:, None])[points, replicates]
        told = (self.worlds >= 0) & ~np.isnan(moved)
        place = np.unique(self.worlds[self.worlds >= 0], return_inverse=True)[1]
        of_world = np.full(len(moved), -1)
        of_world[self.worlds >= 0] = place
        count = np.bincount(of_world[told], minlength=len(self.normals))
        total = np.bincount(of_world[told], moved[told], len(self.normals))
        some = count > 0
        return associate(self.names, self.normals[some], total[some] / count[some])
