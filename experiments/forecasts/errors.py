"""How far the model was off a year before: what the hindcast says of the errors of a forecast.

The error of a quantity in a year is the root of the mean of ``e**2 / h`` over the readings that test it or its kin,
with e the log of what happened over the median of the ensemble (of a linear quantity the difference over the mean of
both) and h the years to the end of the reading: errors of a random walk grow with the root of time. A reading of
which nothing happened is left out. Errors of few readings are luck, so that each is drawn half-way to the median error
of all quantities (shrinkage; Efron and Morris 1977), and none is larger than `MOST`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from abm.calibration import openings
from abm.calibration.files import opening_folder
from abm.errors import BadInput
from experiments import hindcast
from experiments.forecasts.periods import CHANCE
from experiments.forecasts.quantities import Quantity
from experiments.runner import How

MOST = 1.2  # of the error of a year, in logs or of the mean: a factor of three
HALF_WAY = 0.5


class TrackRecord(NamedTuple):
    """What the hindcast says of a quantity.

    Attributes
    ----------
    error : float
        Of a year, in logs or relative.
    skill : float
        One less the CRPS over that of the better benchmark, over the readings of the quantity itself; not a number
        without any.
    """

    error: float
    skill: float

    @property
    def told(self) -> str:
        """In words."""
        if math.isnan(self.skill):
            return "not tested"
        return f"{self.skill:.2f}" if self.skill > 0.0 else "no skill"


def opening_before(opening: str | Path) -> str:
    """The newest opening of the model that has targets and lies before another.

    Raises
    ------
    BadInput
        If there is none.
    """
    name = opening_folder(opening).name
    for earlier in reversed(openings()):
        if earlier < name and (opening_folder(earlier) / hindcast.TARGETS).is_file():
            return earlier
    raise BadInput(f"no opening before {name} has targets, so the errors of its forecast are not known")


def run_hindcast(
    opening: str | Path,
    seeds: int,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] | None = None,
) -> hindcast.Verdict:
    """The hindcast of the opening before, by what was known then.

    Raises
    ------
    BadInput, InvisibleDebtError
        As `experiments.hindcast.run_ensemble`, and if there is no opening before.
    """
    earlier = opening_before(opening)
    found = hindcast.run_ensemble(earlier, seeds, True, workers=workers, how=how, progress=progress)
    return hindcast.judge(hindcast.read_question(earlier), found)


def track_records(quantities: Sequence[Quantity], verdict: hindcast.Verdict) -> tuple[TrackRecord, ...]:
    """What the hindcast says of each quantity.

    Parameters
    ----------
    quantities : sequence of Quantity
    verdict : Verdict
        Of the opening before.

    Returns
    -------
    tuple of TrackRecord
        One a quantity.

    Raises
    ------
    BadInput
        If a quantity names a reading that the hindcast does not have.
    """
    by_id = {s.target.id: s for s in verdict.scored}
    raw: list[float] = []
    skills: list[float] = []
    for quantity in quantities:
        for name in quantity.tested + quantity.kin:
            if name not in by_id:
                raise BadInput(f"quantity '{quantity.name}' is tested by '{name}', which the hindcast does not have")
        alike = [by_id[name] for name in quantity.tested + quantity.kin]
        squares = [_error(s) ** 2 / (s.target.months[1] / 12.0) for s in alike if s.target.outcome != 0.0]
        raw.append(math.sqrt(float(np.mean(squares))) if squares else math.nan)
        scored = [by_id[name] for name in quantity.tested]
        ours = math.fsum(s.crps for s in scored)
        theirs = math.fsum(s.benchmark_crps for s in scored)
        skills.append(1.0 - ours / theirs if scored and theirs > 0.0 else math.nan)
    usual = float(np.nanmedian(np.minimum(raw, MOST))) if np.isfinite(raw).any() else 0.0
    found = []
    for quantity, error, skill in zip(quantities, raw, skills, strict=True):
        own = min(error, MOST) if math.isfinite(error) else usual
        drawn = 0.0 if quantity.kind == CHANCE else usual + HALF_WAY * (own - usual)
        found.append(TrackRecord(drawn, skill))
    return tuple(found)


def _error(scored: hindcast.Scored) -> float:
    """Of one reading: in logs, or relative to the mean of what happened and what was said."""
    happened, said = scored.target.outcome, scored.median
    if scored.target.transform == "log":
        return math.log(happened / said) if said > 0.0 else MOST
    size = 0.5 * (abs(happened) + abs(said))
    return (happened - said) / size if size > 0.0 else 0.0
