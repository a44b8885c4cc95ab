"""The model for `mesa.batch_run`, for people who know it.

Each value in a list is one setting, each seed one run::

    rows = mesa.batch_run(BatchModel, {"lender_capital": [0.8, 1.2]}, rng=range(8), max_steps=96)

`invisible-debt sweep` does the same faster, with designs beyond the full grid, and resumes what was stopped.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import mesa

from abm.calibration import DEFAULT_OPENING
from abm.errors import BadInput
from abm.inputs.parameters import BY_NAME
from abm.mesa_model import InvisibleDebtModel


class BatchModel(InvisibleDebtModel):
    """The model with its parameters as keyword arguments, as `mesa.batch_run` passes them.

    Parameters
    ----------
    scenario : str
        Name of a scenario or path of a scenario file.
    opening : str
        Name or folder of the opening to start from.
    central : bool
        Whether the seed draws no world; see `abm.open_economy`.
    rng : int
        Seed.
    **parameters : float
        Any of `invisible-debt parameters`.

    Attributes
    ----------
    datacollector : mesa.DataCollector
        As the model's; an aggregate that has the name of a parameter (`lender_capital`) gets the ending `_reported`,
        since `mesa.batch_run` puts both into one row.

    Raises
    ------
    BadInput
        For a scenario, parameter or seed that does not exist or is out of range.
    """

    def __init__(
        self, *, scenario: str = "baseline", opening: str = DEFAULT_OPENING, central: bool = False, rng: int = 1,
        **parameters: Any,
    ) -> None:  # fmt: skip
        if not isinstance(rng, Integral):
            raise BadInput(
                f"rng must be a list of whole numbers, the seeds of the runs, such as rng=range(8), not {rng!r}"
            )
        super().__init__(scenario=scenario, parameters=parameters, opening=opening, central=central, rng=int(rng))
        reporters = self.datacollector.model_reporters
        self.datacollector = mesa.DataCollector(
            {f"{name}_reported" if name in BY_NAME else name: report for name, report in reporters.items()}
        )
