"""The runs of a matching, made by the batch runner: stopped, it goes on where it was; and what comes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from abm.calibration import DEFAULT_OPENING
from abm.calibration.worlds import COMMON_DOUBTS, doubts_of, uncertain
from abm.inputs.priors import PRIORS, Z95, standard_normals
from experiments.analysis.intervals import Floats
from experiments.designs import Morris
from experiments.matching import learnt, synthetic, tilt
from experiments.matching.learnt import Effect, Learnt, Weight
from experiments.matching.observe import LUCK, OBSERVER, ahead, outcomes, past
from experiments.matching.plausible import Yardstick, luck_variance, model_error, per_target
from experiments.matching.targets import Reading, readings
from experiments.runner import How, sweep
from experiments.store import Results
from experiments.study import Study
from experiments.study_fields import Range

if TYPE_CHECKING:
    import pandas as pd

STATED = 0.95  # part of the truths that are to be kept
MATTERING = 12  # numbers whose bands are tested on truths, beside what lies ahead
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Match:
    """What a matching found.

    Attributes
    ----------
    draws, truths, trajectories : int
        Runs asked for: draws, draws run with a second luck, and trajectories of the screening.
    failed : int
        Draws whose run ended in an error.
    yardstick : Yardstick
    tested : synthetic.Tested
    seeds : numpy.ndarray of int, shape (kept,)
        Numbers of the kept draws, each as often as its weight says.
    distances : numpy.ndarray, shape (kept,)
    rates : tuple of float
        Mean default rate of all draws, of the kept ones alike, and as they are weighed (% a year).
    effective : float
        How many draws of equal weight tell as much.
    before, after : numpy.ndarray, shape (readings, 3)
        5, 50 and 95 % points of what draws say, of all and of the kept ones, in the unit of each reading.
    off : numpy.ndarray, shape (targets,)
        Median implausibility of the kept draws in each target.
    bands : dict of str to (numpy.ndarray, numpy.ndarray)
        What lies ahead: 5, 50 and 95 % points of all draws and of the kept ones.
    learnt : tuple of Learnt
    effects : dict of str to tuple of Effect
        What the screening says matters to the distance, and to what lies ahead.
    weights : dict of str to tuple of Weight
        What goes with the same over all draws.
    digest : str
        Hash of all runs.
    """

    draws: int
    truths: int
    trajectories: int
    failed: int
    yardstick: Yardstick
    tested: synthetic.Tested
    seeds: NDArray[np.int64]
    distances: Floats
    rates: tuple[float, float, float]
    effective: float
    before: Floats
    after: Floats
    off: Floats
    bands: dict[str, tuple[Floats, Floats]]
    learnt: tuple[Learnt, ...]
    effects: dict[str, tuple[Effect, ...]]
    weights: dict[str, tuple[Weight, ...]]
    digest: str

    @property
    def share(self) -> float:
        """Part of the draws that is kept."""
        return len(self.seeds) / (self.draws - self.failed)


def numbers() -> tuple[str, ...]:
    """All uncertain numbers of both openings."""
    return tuple(dict.fromkeys([*uncertain(DEFAULT_OPENING), *uncertain(past())]))


def beliefs() -> str:
    """SHA-256 of all that draws are drawn from: kinds and points of the priors and of the ranges of both openings."""
    found = {f"parameter {prior.name}": prior for prior in PRIORS.values()}
    for opening in (past(), DEFAULT_OPENING):
        for kind, doubts in doubts_of(opening).items():
            found |= {f"{opening} {kind} {prior.name}": prior for prior in doubts}
    found |= {f"common {doubt.name}": doubt.prior for doubt in COMMON_DOUBTS}
    told = [(name, p.kind, f"{p.low:.12g}", f"{p.median:.12g}", f"{p.high:.12g}") for name, p in sorted(found.items())]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def studies(draws: int, truths: int, trajectories: int) -> dict[str, Study]:
    """The studies by name: all draws once; the first of them with another luck; the screening."""
    kept = dict.fromkeys(outcomes())
    ends = Range.model_validate({"from": -Z95, "to": Z95})
    return {
        "draws": Study(model=OBSERVER, outcomes=kept, replicates=draws, parameters={LUCK: 0.0}),
        "again": Study(model=OBSERVER, outcomes=kept, replicates=truths, parameters={LUCK: 1.0}),
        "screening": Study(
            model=OBSERVER, outcomes=kept, parameters={LUCK: 0.0}, factors=dict.fromkeys(numbers(), ends),
            design=Morris(method="morris", trajectories=trajectories),
        ),
    }  # fmt: skip


def match(
    draws: int,
    truths: int,
    trajectories: int,
    folder: Path,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Progress | None = None,
) -> Match:
    """Run draws of what is believed, and keep those that could be ours.

    Parameters
    ----------
    draws, truths, trajectories : int
        See `Match`; at least 40 truths, at most as many as draws.
    folder : Path
        Where the runs are kept; those that are there already are not made again.
    workers, how
        See `experiments.runner.sweep`.
    progress : callable, optional
        Called with the name of the study, the runs done and how many there are.

    Raises
    ------
    BadInput, TooManyFailures, Interrupted
        As `experiments.runner.sweep` does.
    """
    made: dict[str, Results] = {}
    for name, study in studies(draws, truths, trajectories).items():
        told = None if progress is None else _told(progress, name)
        made[name] = sweep(study, folder / name, workers=workers, how=how, progress=told)
    return judge(made, draws, truths, trajectories)


def _told(progress: Progress, name: str) -> Callable[[int, int, int], None]:
    return lambda done, failed, total: progress(name, done, total)


def judge(made: dict[str, Results], draws: int, truths: int, trajectories: int) -> Match:
    """What comes of the runs."""
    tables = {name: results.outcomes().set_index("seed") for name, results in made.items() if name != "screening"}
    first, again = (table[~table["failed"]] for table in (tables["draws"], tables["again"]))
    again = again[again.index.isin(first.index)]
    asked = readings()
    told, second = _carried(asked, first), _carried(asked, again)
    rows = first.index.get_indexer(again.index)
    luck = luck_variance(told[rows], second)
    yardstick = Yardstick(asked, luck, model_error(asked, luck, told))
    known = np.array([reading.value for reading in asked])

    measured = made["screening"]
    names = list(numbers())
    screened = measured.outcomes()
    points = screened[names].to_numpy(dtype=float) / (2.0 * Z95) + 0.5
    far = yardstick.distances(_carried(asked, screened), known)
    effects = {
        "distance": learnt.screen(
            names, points, np.log(far),
            np.log(yardstick.distances(told[rows], known)) - np.log(yardstick.distances(second, known)),
        )
    }  # fmt: skip
    for name in ahead():
        column = f"ahead {name}"
        effects[name] = learnt.screen(
            names, points, _log(screened[column].to_numpy()),
            _log(first[column].to_numpy()[rows]) - _log(again[column].to_numpy()),
        )  # fmt: skip

    distances = yardstick.distances(told, known)
    z = np.array([standard_normals(int(seed), names) for seed in first.index])
    weights = {"distance": learnt.weigh(names, z, distances)}
    coming = {name: first[f"ahead {name}"].to_numpy() for name in ahead()}
    weights |= {name: learnt.weigh(names, z, values) for name, values in coming.items()}

    matter = [names.index(weight.name) for weight in weights["distance"][:MATTERING]]
    tried = {names[k]: (z[:, k], z[rows, k]) for k in matter}
    tried |= {name: (values, again[f"ahead {name}"].to_numpy()) for name, values in coming.items()}
    tested = synthetic.test(yardstick, told, second, rows, tried, STATED)

    kept = np.flatnonzero(distances <= tested.cut)
    rate = first["credit defaults"].to_numpy()
    weight = tilt.weights(rate[kept], tilt.asked_rate())
    near = kept[tilt.drawn_as_often(weight)]
    off = np.sqrt(per_target((told - known) ** 2 / yardstick.variances, asked)[near])
    values = first[[reading.name for reading in asked]].to_numpy()
    ends = (5.0, 50.0, 95.0)
    seeds = first.index.to_numpy()[near]
    rates = (float(rate.mean()), float(rate[kept].mean()), float(rate[near].mean()))
    return Match(
        draws, truths, trajectories, int(tables["draws"]["failed"].sum()), yardstick, tested, seeds, distances[near],
        rates, tilt.effective(weight),
        np.nanpercentile(values, ends, axis=0).T, np.nanpercentile(values[near], ends, axis=0).T,
        np.nanmedian(off, axis=0),
        {name: (np.percentile(told, ends), np.percentile(told[near], ends)) for name, told in coming.items()},
        learnt.learn(names, z[near]), effects, weights,
        "-".join(str(results.manifest["result_hash"])[:8] for results in made.values()),
    )  # fmt: skip


def _carried(asked: tuple[Reading, ...], table: pd.DataFrame) -> Floats:
    """Readings of runs carried to their scales, shape (runs, readings)."""
    return np.stack([reading.carry(table[reading.name].to_numpy()) for reading in asked], axis=1)


def _log(values: Floats) -> Floats:
    """In logs; what is nought is far below the rest."""
    least = 1e-3 * float(np.nanmedian(values))
    return np.log(np.maximum(values, least))
