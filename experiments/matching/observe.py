"""A draw of what is believed, read for what it is held against and for what lies ahead.

It is run twice from its seed: from the opening before, through the year that is known, and from the opening itself.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

from abm.calibration import DEFAULT_OPENING, opening_tables
from abm.calibration.worlds import World, world, world_at
from abm.simulation import open_economy
from experiments import baseline, hindcast
from experiments.execution import Value
from experiments.forecasts.errors import opening_before

OBSERVER = "experiments.matching.observe:observe"
LUCK = "luck"  # the setting: 0 for the luck that goes with the seed, 1, 2, ... for others
OTHER_LUCK = 2**50  # seeds of luck apart from all seeds of worlds
# What lies ahead and is matched with nothing: measure, and window in years after the opening.
AHEAD = (
    ("capex", "sum", 1, 1), ("ai_revenue", "sum", 1, 1), ("spot_price", "end", 1, 1), ("ai_debt", "end", 1, 1),
    ("ai_debt", "end", 5, 5), ("look_through", "end", 5, 5),
)  # fmt: skip


@functools.cache
def past() -> str:
    """The opening before, whose year is known."""
    return opening_before(DEFAULT_OPENING)


def outcomes() -> list[str]:
    """Names of all that is read, in their order."""
    found = [f"past {target.id}" for target in _question().targets]
    found += [f"forecast {number}" for number in range(1, len(baseline.read_forecasts()) + 1)]
    return [*found, "credit defaults", *(f"ahead {name}" for name in ahead())]


def ahead() -> dict[str, tuple[str, str]]:
    """Measure and window (`experiments.baseline.window_value`) of what lies ahead, by name."""
    year = opening_tables(DEFAULT_OPENING).date.year
    return {
        f"{measure} {year + last if first == last else f'{year + first}-{year + last}'}": (
            measure,
            f"{how} {year + first}-{year + last}" if how == "sum" else f"{how} {year + last}",
        )
        for measure, how, first, last in AHEAD
    }


def observe(settings: Mapping[str, Value], seed: int) -> dict[str, float]:
    """Run a draw and read it: what a worker does.

    Parameters
    ----------
    settings : mapping
        `luck`; and, for a world that is not drawn, standard normal numbers by name (`abm.calibration.worlds`).
    seed : int
        Of the draw.

    Returns
    -------
    dict of str to float
        As `outcomes` lists them. What speaks of a firm that has failed by then is not a number.
    """
    luck = seed + OTHER_LUCK * int(float(settings[LUCK]))
    normals = {name: float(value) for name, value in settings.items() if name != LUCK}

    def drawn(opening: str) -> World:
        return world_at(normals, opening, seed) if normals else world(seed, opening, matched=False)

    question = _question()
    told = hindcast.read_run(open_economy(opening=drawn(past()), seed=luck, panel=False), question)
    run = baseline.one_run(luck, opening=drawn(DEFAULT_OPENING))
    found = {f"past {name}": value for name, value in told.items()}
    for number, forecast in enumerate(baseline.read_forecasts(), start=1):
        found[f"forecast {number}"] = _living(run, forecast.measure, forecast.window)
    years = baseline.years_of(run)
    found["credit defaults"] = baseline.window_value(run, "default_rate", f"sum {years[1]}-{years[-1]}")
    for name, (measure, window) in ahead().items():
        found[f"ahead {name}"] = baseline.window_value(run, measure, window)
    return found


def _living(run: baseline.Run, measure: str, window: str) -> float:
    """A number that forecasters gave; of a firm that fails in the model before the window ends it is none."""
    firm = baseline.firm_of(measure, run.flagship)
    end = baseline.last_month(window, run.opening)
    if firm is not None and any(d.firm == firm and d.ends and d.month <= end for d in run.defaults):
        return math.nan
    return baseline.window_value(run, measure, window)


@functools.cache
def _question() -> hindcast.Question:
    return hindcast.read_question(past())
