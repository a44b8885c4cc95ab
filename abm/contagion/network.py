"""A network of obligations between firms with names: its books, and the models of this folder run on it.

`abm.contagion.read_network` makes one of a table, a graph or a matrix, `Economy.network` of an economy. Results are
pandas data frames with the firms' names; amounts are in the unit of the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from abm.contagion.cleared import NetworkClearing, NetworkStress, shares
from abm.contagion.clearing import clear, clear_tiers
from abm.contagion.distress import debtrank
from abm.contagion.inputs import share
from abm.contagion.thresholds import furfine
from abm.errors import BadInput, shown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Network:
    """Who owes whom, and what everybody has: n firms, m obligations, T tiers.

    Attributes
    ----------
    names : tuple of str
        The firms, in the order of all arrays.
    debtor, creditor : (m,) int
        Firms by place; every pair and tier comes once.
    amount : (m,) float
        What is owed, positive.
    tier : (m,) int
        Place of the tier in `tiers`; 0 everywhere if there are none.
    tiers : tuple of int
        What the tiers are called, the one paid first in front; empty if all debts are of equal rank.
    assets : (n,) float
        Outside assets, such as cash.
    debt : (n,) float
        Owed to outsiders.
    debt_tier : (n,) int
        Place of its tier.
    equity : (n,) float or None
        As given, for `debtrank` and `furfine`; None: what the books leave.
    unit : str
        Of all amounts; empty if nobody told it.
    notes : tuple of str
        What was summed, assumed or left aside when it was read, a sentence each.
    """

    names: tuple[str, ...]
    debtor: NDArray[np.int64]
    creditor: NDArray[np.int64]
    amount: NDArray[np.float64]
    tier: NDArray[np.int64]
    tiers: tuple[int, ...]
    assets: NDArray[np.float64]
    debt: NDArray[np.float64]
    debt_tier: NDArray[np.int64]
    equity: NDArray[np.float64] | None = None
    unit: str = ""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Sizes and sum."""
        unit = f" {self.unit}" if self.unit else ""
        tiers = f" in {len(self.tiers)} tiers" if len(self.tiers) > 1 else ""
        owed = f"{self.amount.size:,} obligations of {self.amount.sum():g}{unit}"
        return f"<Network: {len(self.names):,} firms, {owed}{tiers}>"

    # --- the books ---------------------------------------------------------------------------------------
    @cached_property
    def obligations(self) -> sp.csr_array:
        """All obligations as an (n, n) matrix: entry [i, j] is owed by firm i to firm j."""
        return self._matrix(np.ones(self.amount.size, np.bool_))

    @cached_property
    def claims(self) -> NDArray[np.float64]:
        """What is owed to each firm, (n,)."""
        return np.bincount(self.creditor, self.amount, len(self.names))

    @cached_property
    def owed(self) -> NDArray[np.float64]:
        """What each firm owes to firms and to outsiders, (n,)."""
        return np.bincount(self.debtor, self.amount, len(self.names)) + self.debt

    @cached_property
    def net_worth(self) -> NDArray[np.float64]:
        """Assets and claims less all that is owed, (n,)."""
        return self.assets + self.claims - self.owed

    @property
    def nodes(self) -> pd.DataFrame:
        """One row a firm: firm, assets, claims, owed (debt included), debt, net_worth, and equity if it was given."""
        import pandas as pd

        columns = {
            "firm": list(self.names), "assets": self.assets, "claims": self.claims, "owed": self.owed,
            "debt": self.debt, "net_worth": self.net_worth,
        }
        return pd.DataFrame(columns if self.equity is None else {**columns, "equity": self.equity})

    @property
    def edges(self) -> pd.DataFrame:
        """One row an obligation: debtor, creditor, amount, and tier if there are any."""
        import pandas as pd

        names = self.labels
        columns = {"debtor": names[self.debtor], "creditor": names[self.creditor], "amount": self.amount}
        return pd.DataFrame({**columns, "tier": np.array(self.tiers)[self.tier]} if self.tiers else columns)

    def place(self, name: object) -> int:
        """Place of a firm in all arrays.

        Raises
        ------
        BadInput
            If there is none of that name; the sentence gives the nearest.
        """
        from abm.inputs.parameters import nearest

        found = self._places.get(str(name).strip())
        if found is None:
            raise BadInput(f"there is no firm {shown(str(name))}{nearest(str(name), self.names)}")
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def labels(self) -> NDArray[Any]:
        """The names as an array, (n,)."""
        return np.array([*self.names, ""], dtype=object)[:-1]

    def _matrix(self, part: NDArray[np.bool_]) -> sp.csr_array:
        n = len(self.names)
        return sp.csr_array((self.amount[part], (self.debtor[part], self.creditor[part])), shape=(n, n))

    @cached_property
    def _layers(self) -> list[sp.csr_array]:
        return [self._matrix(self.tier == t) for t in range(max(len(self.tiers), 1))]

    @cached_property
    def _external(self) -> NDArray[np.float64]:
        """Debts to outsiders by tier, (T, n)."""
        external = np.zeros((max(len(self.tiers), 1), len(self.names)))
        external[self.debt_tier, np.arange(len(self.names))] = self.debt
        return external

    # --- clearing ----------------------------------------------------------------------------------------
    def clear(
        self,
        *,
        alpha: float = 1.0,
        beta: float = 1.0,
        seniority: bool | None = None,
        shock: Mapping[str, float] | None = None,
    ) -> NetworkClearing:
        """Who can pay what if everything is due at once: exact, with rounds of default.

        The greatest clearing payments of Eisenberg and Noe (2001), with the bankruptcy costs of Rogers and Veraart
        (2013) if `alpha` or `beta` is below 1, and the tiers of Elsinger (2009); see `abm.contagion.clear`.

        Parameters
        ----------
        alpha, beta : float
            Shares of a defaulter's assets, and of what it is paid, that reach its creditors; 0 to 1.
        seniority : bool, optional
            Whether tiers are paid one after the other; so they are if there are any, unless this is False.
        shock : mapping of str to float, optional
            Firms and what each loses of its assets first (not negative, at most what it has).

        Returns
        -------
        NetworkClearing

        Raises
        ------
        BadInput
            A share outside 0 to 1, seniority without tiers, an unknown firm, or a loss that is negative or larger than
            the firm's assets.
        NotConverged
            The clearing equations could not be solved to the accuracy stated.
        """
        alpha, beta, tiered = share("alpha", alpha), share("beta", beta), self._tiered(seniority)
        return self._clear(alpha, beta, tiered, _loss(self, "shock", shock or {}))

    def _tiered(self, seniority: bool | None) -> bool:
        if seniority and not self.tiers:
            raise BadInput("seniority needs tiers: give edges a column tier (whole numbers, the lowest is paid first)")
        return bool(self.tiers) if seniority is None else bool(seniority)

    def _clear(self, alpha: float, beta: float, tiered: bool, loss: NDArray[np.float64]) -> NetworkClearing:
        left = self.assets - loss
        if tiered and len(self.tiers) > 1:
            by_tier = clear_tiers(self._layers, left, self._external, alpha=alpha, beta=beta)
            recovery = shares(by_tier.payments, by_tier.nominal)
            return NetworkClearing(self, alpha, beta, tiered, loss, by_tier, recovery)
        cleared = clear(self.obligations, left, self.debt, alpha=alpha, beta=beta)
        recovery = shares(cleared.payments, cleared.nominal)[None]
        return NetworkClearing(self, alpha, beta, tiered, loss, cleared, recovery)

    def stress(
        self,
        shocks: Mapping[str, Any] | pd.DataFrame,
        *,
        alpha: float = 1.0,
        beta: float = 1.0,
        seniority: bool | None = None,
    ) -> NetworkStress:
        """Clear the network under every shock of a batch.

        Parameters
        ----------
        shocks : mapping or data frame
            From the name of a shock to a mapping, or a list of pairs, of firms and what each loses of its assets; or a
            data frame with the columns `shock`, `firm`, `loss`; or one with a row a shock and a column a firm.
        alpha, beta, seniority
            As for `clear`.

        Returns
        -------
        NetworkStress

        Raises
        ------
        BadInput, NotConverged
            As for `clear`, with the name of the shock.
        """
        alpha, beta, tiered = share("alpha", alpha), share("beta", beta), self._tiered(seniority)
        batch = {name: _loss(self, f"shock {shown(name)}", firms) for name, firms in _batch(self, shocks)}
        calm = self._clear(alpha, beta, tiered, np.zeros(len(self.names)))
        return NetworkStress.of(calm, ((name, self._clear(alpha, beta, tiered, loss)) for name, loss in batch.items()))

    # --- distress and default with a fixed recovery --------------------------------------------------------
    def debtrank(
        self, shock: Mapping[str, float] | None = None, *, form: Literal["2015", "2012"] = "2015"
    ) -> pd.DataFrame:
        """Distress that spreads before anybody defaults, along claims as shares of equity (`abm.contagion.debtrank`).

        Parameters
        ----------
        shock : mapping of str to float, optional
            Firms and which part of its equity each loses first, 0 to 1. Left out: every firm in turn loses all of it.
        form : "2015" or "2012"
            The linear form of Bardoscia and others (2015), or the single hit of Battiston and others (2012).

        Returns
        -------
        pandas.DataFrame
            With a shock, one row a firm: firm, equity, initial and loss (parts of its equity), lost (amount),
            defaulted. Without, one row a firm that is wiped out: firm, equity, debtrank (what all others lose, as a
            part of all equity), lost (the same as an amount), defaulted (how many others lose everything).

        Raises
        ------
        BadInput
            A firm without equity, an unknown firm, or a loss outside 0 to 1.
        NotConverged
            As for `abm.contagion.debtrank`.
        """
        import pandas as pd

        equity, exposures = self._equity(), sp.csr_array(self.obligations.T)
        none = np.flatnonzero(~(equity > 0.0))
        if none.size:
            raise BadInput(
                f"debtrank divides by equity, and that of {shown(self.names[none[0]])} is {equity[none[0]]:g}:"
                " leave the firm out, or give nodes a column equity"
            )
        names, n = list(self.names), len(self.names)
        if shock is not None:
            struck = _amounts(self, "shock", shock)
            over = np.flatnonzero(struck > 1.0)
            if over.size:
                part = f"{shown(names[over[0]])} loses {struck[over[0]]:g} of its equity"
                raise BadInput(f"shock: {part}: from 0 to 1 is allowed")
            found = debtrank(exposures, equity, struck, form=form)
            return pd.DataFrame(
                {
                    "firm": names, "equity": equity, "initial": found.initial, "loss": found.loss,
                    "lost": found.loss * equity, "defaulted": found.defaulted,
                }
            )
        rank, fallen = np.zeros(n), np.zeros(n, np.int64)
        for place in range(n):
            struck = np.zeros(n)
            struck[place] = 1.0
            found = debtrank(exposures, equity, struck, form=form)
            rank[place], fallen[place] = max(found.debtrank, 0.0), int(found.defaulted.sum()) - 1
        return pd.DataFrame(
            {"firm": names, "equity": equity, "debtrank": rank, "lost": rank * equity.sum(), "defaulted": fallen}
        )

    def furfine(self, first: str | Iterable[str] | None = None, *, recovery: float = 0.0) -> pd.DataFrame:
        """Failures one after the other with a fixed recovery rate, Furfine (2003); see `abm.contagion.furfine`.

        Parameters
        ----------
        first : str or iterable of str, optional
            Who fails first. Left out: every firm in turn, by itself.
        recovery : float
            Share of a claim on a fallen firm that is paid, 0 to 1.

        Returns
        -------
        pandas.DataFrame
            With `first`, one row a firm: firm, equity, lost (credit losses), defaulted, round. Without, one row a firm
            that fails first: firm, equity, defaulted (how many others fall), rounds, lost (credit losses of all
            others).

        Raises
        ------
        BadInput
            An unknown firm, or a recovery outside 0 to 1.
        """
        import pandas as pd

        equity, exposures = self._equity(), sp.csr_array(self.obligations.T)
        names, n = list(self.names), len(self.names)
        if first is not None:
            start = [self.place(name) for name in ([first] if isinstance(first, str) else first)]
            found = furfine(exposures, equity, start, recovery=recovery)
            columns = {"firm": names, "equity": equity, "lost": found.losses, "defaulted": found.fallen}
            return pd.DataFrame({**columns, "round": found.round})
        share("recovery", recovery)
        fallen, rounds, lost = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n)
        for place in range(n):
            found = furfine(exposures, equity, place, recovery=recovery)
            fallen[place], rounds[place] = int(found.fallen.sum()) - 1, int(found.round.max())
            lost[place] = float(found.losses.sum() - found.losses[place])
        return pd.DataFrame({"firm": names, "equity": equity, "defaulted": fallen, "rounds": rounds, "lost": lost})

    def _equity(self) -> NDArray[np.float64]:
        return self.net_worth if self.equity is None else self.equity


# --- shocks -----------------------------------------------------------------------------------------------
def _amounts(network: Network, what: str, firms: Any) -> NDArray[np.float64]:
    """An amount for every firm from a mapping or pairs; those of the same firm are summed."""
    found = np.zeros(len(network.names))
    try:
        pairs = [(name, amount) for name, amount in (firms.items() if hasattr(firms, "items") else firms)]
    except (TypeError, ValueError):
        raise BadInput(f"{what} must be a mapping from firm to amount, or a list of pairs of both") from None
    for name, amount in pairs:
        try:
            place = network.place(name)
        except BadInput as error:
            raise BadInput(f"{what}: {error}") from None
        try:
            number = np.nan if isinstance(amount, bool | np.bool_) else float(amount)
        except (TypeError, ValueError):
            number = np.nan
        if not 0.0 <= number < np.inf:
            loses = f"{shown(network.names[place])} loses {shown(amount)}"
            raise BadInput(f"{what}: {loses}: it must be a finite number, at least 0")
        found[place] += number
    return found


def _loss(network: Network, what: str, firms: Any) -> NDArray[np.float64]:
    """What a shock takes of every firm's assets."""
    loss = _amounts(network, what, firms)
    over = np.flatnonzero(loss > network.assets)
    if over.size:
        name, has = network.names[over[0]], network.assets[over[0]]
        raise BadInput(f"{what}: {shown(name)} loses {loss[over[0]]:g}, but its assets are {has:g}, and no more can go")
    return loss


def _batch(network: Network, shocks: Any) -> Sequence[tuple[Any, Any]]:
    """Names of shocks, and the firms and losses of each."""
    import pandas as pd

    if isinstance(shocks, pd.DataFrame):
        if {"shock", "firm", "loss"} <= set(shocks.columns):
            whose = shocks.groupby("shock", sort=False)
            return [(name, zip(rows["firm"], rows["loss"], strict=True)) for name, rows in whose]
        if not shocks.index.is_unique:
            raise BadInput("shocks: a name of the index comes twice; name each row once")
        blank = shocks.isna().to_numpy()
        if blank.any():
            row, column = (int(k) for k in np.argwhere(blank)[0])
            name, firm = shown(str(shocks.index[row])), shown(str(shocks.columns[column]))
            raise BadInput(f"shocks: the loss of {firm} in {name} is missing; write 0 if there is none")
        for firm in shocks.columns:
            network.place(firm)
        return [(name, row[row != 0]) for name, row in shocks.iterrows()]
    if not isinstance(shocks, Mapping):
        raise BadInput("shocks must be a mapping from the name of a shock to firms and losses, or a data frame")
    return list(shocks.items())
