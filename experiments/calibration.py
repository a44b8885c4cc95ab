"""The model as a function of its parameters, for calibration libraries such as black-it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm import open_economy
from abm.calibration import DEFAULT_OPENING
from abm.calibration.files import opening_files
from abm.calibration.opening import check_files
from abm.engine.tables import SERIES_COLUMNS
from abm.errors import BadInput
from abm.inputs import parameters as registry
from abm.inputs.parameters import nearest
from abm.inputs.scenarios import BASELINE, load


class CalibrationFunction:
    """The model as ``f(theta, months, seed) -> array``.

    Parameters
    ----------
    names : sequence of str
        Parameters in the order of theta.
    outputs : sequence of str
        Aggregates returned, in the order of the columns.
    scenario : str
        Name of a scenario or path of a scenario file.
    opening : str or Path
        Name or folder of the opening to start from.
    central : bool
        Whether all other parameters and the opening are at the middle of their ranges; otherwise the seed of a call
        draws them too.
    parameters : mapping of str to float, optional
        Other parameters, held.
    rules : mapping of str to callable, optional
        Decision rules replaced, see `abm.rules`.

    Raises
    ------
    BadInput
        For a name that does not exist or is there twice, or a held value out of range.

    Examples
    --------
    >>> f = calibration_function(["demand_growth", "lender_capital"], ["ai_revenue", "ai_debt"])
    >>> f([1.1, 0.9], 3, seed=1).shape
    (3, 2)
    >>> f.bounds.shape
    (2, 2)
    """

    def __init__(
        self,
        names: Sequence[str],
        outputs: Sequence[str],
        *,
        scenario: str = BASELINE,
        opening: str | Path = DEFAULT_OPENING,
        central: bool = False,
        parameters: Mapping[str, float] | None = None,
        rules: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        known = [column.name for column in SERIES_COLUMNS if column.name != "month"]
        for what, given in (("names", names), ("outputs", outputs)):
            if isinstance(given, str) or not given:
                raise BadInput(f"{what} must be a list with at least one name, not {given!r}")
            twice = [name for name in given if list(given).count(name) > 1]
            if twice:
                raise BadInput(f"{what}: '{twice[0]}' is there twice")
        for name in outputs:
            if name not in known:
                raise BadInput(f"there is no aggregate '{name}'{nearest(name, known)}")
        for name, value in (parameters or {}).items():
            registry.check(name, value)
            if name in names:
                raise BadInput(f"'{name}' is held and in names too: choose one")
        self._found = tuple(registry.find(name) for name in names)
        self.outputs = tuple(outputs)
        self._scenario = load(scenario)
        self._opening = opening_files(opening)
        check_files(self._opening)
        self._central = bool(central)
        self._held = dict(parameters or {})
        self._rules = dict(rules or {})

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters in the order of theta."""
        return tuple(parameter.name for parameter in self._found)

    @property
    def bounds(self) -> NDArray[np.float64]:
        """Lowest values in the first row and highest in the second, shape (2, parameters), as black-it takes them."""
        return np.array([[p.low for p in self._found], [p.high for p in self._found]])

    def __call__(self, theta: ArrayLike, months: int, seed: int) -> NDArray[np.float64]:
        """Run the model.

        Parameters
        ----------
        theta : array_like, shape (parameters,)
            Values, each in its unit and range.
        months : int
            Length of the run.
        seed : int
            0 to 2**62.

        Returns
        -------
        array, shape (months, outputs)
            The aggregates month by month, in their units; the same for the same arguments.

        Raises
        ------
        BadInput
            If theta has another length, a value is out of range, or months or seed is not allowed.
        """
        values = np.asarray(theta, dtype=np.float64)
        if values.shape != (len(self._found),):
            raise BadInput(f"theta must have {len(self._found)} values ({', '.join(self.names)}), not {values.shape}")
        chosen = {**self._held, **dict(zip(self.names, values.tolist(), strict=True))}
        economy = open_economy(
            self._scenario, parameters=chosen, rules=self._rules, seed=int(seed), panel=False, opening=self._opening,
            central=self._central,
        )  # fmt: skip
        economy.run(int(months))
        series = economy.rows("series")
        return np.column_stack([series[name].astype(np.float64) for name in self.outputs])


calibration_function = CalibrationFunction
