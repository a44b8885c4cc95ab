"""What every firm's books were, month by month, kept small: the panel of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from abm.accounts.statement import ASSETS, LIABILITIES
from abm.engine.tables import FAILED, N_OUTSIDE

if TYPE_CHECKING:
    from abm.simulation import Economy

KEPT = (
    *ASSETS, *LIABILITIES, "paid_in", "retained", "revenue", "operating_cost", "interest_cost", "capex", "capacity",
    "used", "pd", "dscr", "ltv", "capital_ratio", "top_customer", "debt_service", "energy", "emissions", "look_through",
)  # fmt: skip


class History:
    """Columns of the firm table at the end of every month, as 4-byte numbers: 10 kB a month for 70 firms.

    Examples
    --------
    >>> History().months
    array([], dtype=int64)
    """

    def __init__(self) -> None:
        self._rows: list[np.ndarray] = []
        self._months: list[int] = []

    @property
    def months(self) -> np.ndarray:
        """Months kept, in order."""
        return np.array(self._months, dtype=np.int64)

    def record(self, economy: Economy) -> None:
        """Keep the present month, if it is later than all that are kept."""
        month = economy.month
        if self._months and month <= self._months[-1]:
            return
        self._keep(month, economy.rows("firms")[N_OUTSIDE:])

    def catch_up(self, economy: Economy) -> None:
        """Keep the present month, and before it the months that the firm panel holds, if one is recorded."""
        panel = economy.panel()
        for month in range(self._months[-1] + 1 if self._months else 1, min(economy.month, len(panel) + 1)):
            self._keep(month, panel[month - 1, N_OUTSIDE:])
        self.record(economy)

    def _keep(self, month: int, firms: Any) -> None:
        unknown = np.full(len(firms), np.nan)  # what the panel does not hold
        row = np.array([firms[name] if name in firms.dtype.names else unknown for name in KEPT], dtype=np.float32)
        failed = firms["status"] == FAILED
        row[:, failed] = np.nan  # it has no books any more
        row[KEPT.index("look_through"), failed] = 0.0  # nobody serves it any more
        self._rows.append(row)
        self._months.append(month)

    def at(self, month: int) -> dict[str, np.ndarray]:
        """Columns of the firms at the end of the last month kept up to this one; empty if there is none."""
        for known, row in zip(reversed(self._months), reversed(self._rows), strict=True):
            if known <= month:
                return dict(zip(KEPT, row, strict=True))
        return {}

    def column(self, name: str, nodes: np.ndarray) -> np.ndarray:
        """One column of firms that were there from the first month kept; shape (months kept, nodes)."""
        k = KEPT.index(name)
        return np.array([row[k, nodes] for row in self._rows])

    def of(self, node: int) -> dict[str, np.ndarray]:
        """The columns of one firm by name, NaN before it was there and once it failed; shape (months kept,) each."""
        columns = np.full((len(self._rows), len(KEPT)), np.nan)
        for at, row in enumerate(self._rows):
            if node < row.shape[1]:
                columns[at] = row[:, node]
        return {name: columns[:, k] for k, name in enumerate(KEPT)}
