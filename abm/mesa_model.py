"""The Mesa model: the same engine, one month a step, with agents to look at and to act on.

Agents are live handles on the rows of the firm table. Attributes read and write the table, methods do what the
month's rules do; all state stays in the tables, so a handle can be made, pickled or dropped at will.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mesa

from abm import acts
from abm.accounts import statement
from abm.calibration.opening import DEFAULT_OPENING, Opening
from abm.engine.tables import (
    ENTRANT,
    FIRM_COLUMNS,
    HYPERSCALER,
    KIND_NAMES,
    LAB,
    LENDER,
    NEOCLOUD,
    OUTSIDE,
    SAVERS,
    VEHICLE,
    VENDOR,
)
from abm.errors import BadInput
from abm.inputs import scenarios
from abm.simulation import open_economy

if TYPE_CHECKING:
    from abm.engine.tables import State

_COLUMNS = {column.name for column in FIRM_COLUMNS}
_OWNED = ("cash", "other_assets", "sites")  # what stands for no row of another table


class Firm(mesa.Agent):
    """A firm of the economy; every column of the firm table is an attribute (`firm.cash`, `firm.debt`).

    Parameters
    ----------
    model : InvisibleDebtModel
    row : int
        Its row of the firm table.
    """

    model: InvisibleDebtModel

    def __init__(self, model: InvisibleDebtModel, row: int) -> None:
        object.__setattr__(self, "row", row)
        super().__init__(model)
        self.name = model.economy.names[row]

    @property
    def _state(self) -> State:
        return self.model.economy.state

    def __getattr__(self, column: str) -> Any:
        """A column of the firm's row."""
        if column not in _COLUMNS:
            raise AttributeError(f"{type(self).__name__} has no attribute '{column}'")
        return self._state.firms[self.row][column]

    def __setattr__(self, name: str, value: Any) -> None:
        """Write a column of the firm's row; anything else is an ordinary attribute.

        The books stay closed: what a firm is given or loses in cash, other assets or sites changes its retained
        earnings, and cash comes from savers and goes to them.
        """
        if name in _COLUMNS:
            firms = self._state.firms
            given = value - firms[name][self.row] if name in _OWNED else 0.0
            firms[name][self.row] = value
            firms["retained"][self.row] += given
            if name == "cash":
                firms["cash"][SAVERS] -= given
                firms["retained"][SAVERS] -= given
        else:
            super().__setattr__(name, value)

    def __repr__(self) -> str:
        """Name and kind."""
        return f"<{KIND_NAMES[self.kind]} {self.name}>"

    @property
    def is_active(self) -> bool:
        """Whether it is in business."""
        return bool(self.status == 1)

    def balance_sheet(self) -> statement.BalanceSheet:
        """What it owns and owes (bn)."""
        return statement.balance_sheet(self.model.economy, self.row)

    @property
    def contracts(self) -> list[statement.Contract]:
        """The contracts it has bought, sold or guaranteed and that still bind or may."""
        return statement.contracts(self.model.economy, self.row)

    @property
    def loans(self) -> list[statement.Loan]:
        """The loans it owes or has made."""
        return statement.loans(self.model.economy, self.row)

    def default(self) -> None:
        """Fail now, with all that follows."""
        acts.default(self.model.economy, self.name)


class Lab(Firm):
    """An AI lab."""

    def sign_contract(self, seller: Firm | str, quantity: float, **terms: Any) -> int:
        """Sign for compute (M H100e), see `abm.acts.sign_contract`."""
        return acts.sign_contract(self.model.economy, self.name, _name(seller), quantity, **terms)


class Cloud(Firm):
    """A provider of compute: neocloud or hyperscaler."""

    def borrow(self, amount: float, *, months: int = 60) -> float:
        """Borrow (bn), see `abm.acts.borrow`."""
        return acts.borrow(self.model.economy, self.name, amount, months=months)

    def order_gpus(self, units: float) -> None:
        """Order hardware (M H100e), see `abm.acts.order_gpus`."""
        acts.order_gpus(self.model.economy, self.name, units)

    @property
    def fleet(self) -> list[statement.Vintage]:
        """Its hardware by generation."""
        return statement.fleet(self.model.economy, self.row)


class Neocloud(Cloud):
    """A provider that lives from renting GPUs."""


class Hyperscaler(Cloud):
    """A provider with other business behind it."""

    def sign_contract(self, seller: Firm | str, quantity: float, **terms: Any) -> int:
        """Rent compute from another provider (M H100e), see `abm.acts.sign_contract`."""
        return acts.sign_contract(self.model.economy, self.name, _name(seller), quantity, **terms)


class Vehicle(Firm):
    """A project company that owns one site or fleet and one loan."""


class Lender(Firm):
    """A bank, private-credit fund, bond market, securitisation or sponsor."""


class Vendor(Firm):
    """A maker of GPUs."""


class OpenWeightsEntrant(Firm):
    """A publisher of open models."""


# Handles of the kinds that can do more than every firm can; another kind's firms are plain ones.
HANDLES: dict[int, type[Firm]] = {
    LAB: Lab,
    NEOCLOUD: Neocloud,
    HYPERSCALER: Hyperscaler,
    VEHICLE: Vehicle,
    LENDER: Lender,
    VENDOR: Vendor,
    ENTRANT: OpenWeightsEntrant,
}


def _name(firm: Firm | str) -> str:
    """The name of a firm given as a handle or by name."""
    return firm if isinstance(firm, str) else firm.name


# The aggregates a `DataCollector` keeps; `model.economy.rows("series")` has all of them.
REPORTED = (
    "ai_revenue", "token_price", "spot_price", "fleet", "power_gw", "capex", "debt", "ai_debt", "look_through",
    "look_through_flagship", "lender_capital", "sentiment", "defaults", "contagious", "failed",
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
    opening : str, Path or Opening
        What to start from: the name of an opening, a folder of your own, or tables; see `abm.open_economy`.
    central : bool
        Whether the seed draws no world, so that parameters and opening are at the middle of their ranges.
    rng : int
        Seed: it draws the world and the luck.

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
        opening: str | Path | Opening = DEFAULT_OPENING,
        central: bool = False,
        rng: int | None = 1,
    ) -> None:
        if rng is None or isinstance(rng, bool) or not isinstance(rng, int) or not 0 <= rng < 2**62:
            raise BadInput(f"rng must be a whole number from 0 to 2**62, the seed of the run, not {rng!r}")
        super().__init__(rng=rng)
        self.economy = open_economy(
            scenarios.load(scenario), parameters=parameters, rules=rules, seed=rng, opening=opening,
            central=central,
        )  # fmt: skip
        self._handles: dict[int, Firm] = {}
        self._meet_firms()
        self.datacollector = mesa.DataCollector(model_reporters={name: partial(_last, name) for name in REPORTED})

    def _meet_firms(self) -> None:
        """Make a handle for every firm that has none yet."""
        firms = self.economy.state.firms
        for row in range(int(self.economy.state.market[0].n_firms)):
            if row not in self._handles and firms[row].kind != OUTSIDE:
                self._handles[row] = HANDLES.get(int(firms[row].kind), Firm)(self, row)

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
