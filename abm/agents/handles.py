"""Mesa agents: live handles on the rows of the firm table.

Attributes read and write the table, methods do what the month's rules do; all state stays in the tables, so a
handle can be made, pickled or dropped at will.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa

from abm import interventions, statement
from abm.economy import (
    ENTRANT,
    FIRM_COLUMNS,
    HYPERSCALER,
    KIND_NAMES,
    LAB,
    LENDER,
    NEOCLOUD,
    VEHICLE,
    VENDOR,
)

if TYPE_CHECKING:
    from abm.economy import State
    from abm.model import InvisibleDebtModel

_COLUMNS = {column.name for column in FIRM_COLUMNS}


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
        """Write a column of the firm's row; anything else is an ordinary attribute."""
        if name in _COLUMNS:
            self._state.firms[name][self.row] = value
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
        interventions.default(self.model.economy, self.name)


class Lab(Firm):
    """An AI lab."""

    def sign_contract(self, seller: Firm | str, quantity: float, **terms: Any) -> int:
        """Sign for compute (M H100e), see `abm.interventions.sign_contract`."""
        return interventions.sign_contract(self.model.economy, self.name, _name(seller), quantity, **terms)


class Cloud(Firm):
    """A provider of compute: neocloud or hyperscaler."""

    def borrow(self, amount: float, *, months: int = 60) -> float:
        """Borrow (bn), see `abm.interventions.borrow`."""
        return interventions.borrow(self.model.economy, self.name, amount, months=months)

    def order_gpus(self, units: float) -> None:
        """Order hardware (M H100e), see `abm.interventions.order_gpus`."""
        interventions.order_gpus(self.model.economy, self.name, units)

    @property
    def fleet(self) -> list[statement.Vintage]:
        """Its hardware by generation."""
        return statement.fleet(self.model.economy, self.row)


class Neocloud(Cloud):
    """A provider that lives from renting GPUs."""


class Hyperscaler(Cloud):
    """A provider with other business behind it."""

    def sign_contract(self, seller: Firm | str, quantity: float, **terms: Any) -> int:
        """Rent compute from another provider (M H100e), see `abm.interventions.sign_contract`."""
        return interventions.sign_contract(self.model.economy, self.name, _name(seller), quantity, **terms)


class Vehicle(Firm):
    """A project company that owns one site or fleet and one loan."""


class Lender(Firm):
    """A bank, private-credit fund, bond market, securitisation or sponsor."""


class Vendor(Firm):
    """A maker of GPUs."""


class OpenWeightsEntrant(Firm):
    """A publisher of open models."""


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
