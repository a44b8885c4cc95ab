"""The Mesa model: the same engine, one month a step, with agents to look at and to act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import mesa

from abm import scenarios
from abm.agents.handles import HANDLES, Firm
from abm.calibration.opening import Opening, opening_tables
from abm.economy import OUTSIDE
from abm.errors import BadInput
from abm.simulation import Economy

# The aggregates a `DataCollector` keeps; `model.economy.rows("series")` has all of them.
REPORTED = (
    "ai_revenue", "token_price", "spot_price", "fleet", "power_gw", "capex", "debt", "ai_debt", "look_through",
    "look_through_openai", "lender_capital", "sentiment", "defaults", "contagious", "failed",
)  # fmt: skip


def _last(column: str, model: InvisibleDebtModel) -> float:
    """The last recorded value of one aggregate."""
    series = model.economy.rows("series")
    return series[column][-1].item() if len(series) else float("nan")


class InvisibleDebtModel(mesa.Model):
    """The economy of AI infrastructure as a Mesa model.

    Parameters
    ----------
    scenario : str
        Name of a scenario or path of a scenario file.
    parameters : mapping of str to float, optional
        Parameters set on top of the scenario's.
    rules : mapping of str to callable, optional
        Decision rules replaced, see `abm.rules`.
    opening : Opening, optional
        Tables to start from; those of 2025-12-31 by default.
    rng : int
        Seed.

    Raises
    ------
    BadInput
        For a scenario, parameter, rule or seed that does not exist or is out of range.

    Examples
    --------
    >>> from abm import InvisibleDebtModel
    >>> model = InvisibleDebtModel(rng=1)
    >>> model.step()
    >>> model.firm("CoreWeave")
    <neocloud CoreWeave>
    """

    def __init__(
        self,
        *,
        scenario: str = "baseline",
        parameters: Mapping[str, float] | None = None,
        rules: Mapping[str, Callable[..., Any]] | None = None,
        opening: Opening | None = None,
        rng: int | None = 1,
    ) -> None:
        if rng is None or isinstance(rng, bool) or not isinstance(rng, int) or not 0 <= rng < 2**62:
            raise BadInput(f"rng must be a whole number from 0 to 2**62, the seed of the run, not {rng!r}")
        super().__init__(rng=rng)
        self.economy = Economy(
            opening or opening_tables(),
            scenarios.load(scenario),
            parameters=parameters,
            rules=rules,
            seed=rng,
        )
        self._handles: dict[int, Firm] = {}
        self._meet_firms()
        self.datacollector = mesa.DataCollector(model_reporters={name: partial(_last, name) for name in REPORTED})

    def _meet_firms(self) -> None:
        """Make a handle for every firm that has none yet."""
        firms = self.economy.state.firms
        for row in range(int(self.economy.state.market[0].n_firms)):
            if row not in self._handles and firms[row].kind != OUTSIDE:
                self._handles[row] = HANDLES[int(firms[row].kind)](self, row)

    def firm(self, name: str) -> Any:
        """The handle of a firm by name.

        Raises
        ------
        BadInput
            If there is none of that name; the message gives the nearest.
        """
        row = self.economy.firm(name)
        if row not in self._handles:
            raise BadInput(f"'{name}' is a sector around the agents, not a firm")
        return self._handles[row]

    def step(self) -> None:
        """One month."""
        self.economy.run(1)
        self._meet_firms()
        self.datacollector.collect(self)
