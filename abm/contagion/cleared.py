"""A network as cleared: who pays what, why some cannot, and where it began.

A shortfall is told by its causes as the economy tells its own (`abm.distress.causes`): what struck the firm is scaled
down to the part that its net worth did not bear. With w the net worth if everybody paid, x the loss of a shock, l_j
what debtor j did not pay and k what bankruptcy destroyed, the shortfall of a firm that falls is ``x + sum l_j - w + k``
exactly; a positive w is taken off x and the l_j in proportion, a negative one is the firm's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from abm.contagion.cascade import CascadeTree, Default, Parent
from abm.contagion.systems import solve_refined

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from abm.contagion.clearing import Clearing, TieredClearing
    from abm.contagion.network import Network

OUTSIDE = "(outside)"
"""What outsiders are called in results: those whom `debt` is owed to."""

OWN, SHOCK, UNPAID, BANKRUPTCY = "own books", "shock", "unpaid debts", "bankruptcy costs"
CHANNELS = (OWN, SHOCK, UNPAID, BANKRUPTCY)
"""How a shortfall came: the firm had less than it owed, the shock, a debtor that did not pay, what its own default
destroyed."""

BATCH = ["shock", "loss", "defaulted", "anyway", "rounds", "shortfall", "lost", "outside"]
TOLLS = [
    "shock", "firm", "loss", "lost", "owed", "paid", "recovery", "shortfall", "defaulted", "round", "equity",
]  # fmt: skip
"""Columns of the two tables of a batch of shocks."""

FEEDBACK = "those that fell with it or after it"
"""What failures of the same or a later round are called in a tree, whose causes come before what they bring down."""


class _Causes(NamedTuple):
    """Parts of shortfalls; arrays of the same length, by place of the firm and of what caused it."""

    firm: NDArray[np.int64]
    cause: NDArray[np.int64]
    channel: NDArray[np.int64]
    amount: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NetworkClearing:
    """A network as cleared.

    Attributes
    ----------
    network : Network
        What was cleared.
    alpha, beta : float
        Shares that reach a defaulter's creditors.
    seniority : bool
        Whether tiers were paid one after the other.
    loss : (n,) float
        What the shock took of each firm's assets.
    result : Clearing or TieredClearing
        The same as plain arrays, with rounds, residual and method.
    recovery : (T, n) float
        Share of its obligations that each firm pays in each tier; one row where all debts are of equal rank.
    """

    network: Network
    alpha: float
    beta: float
    seniority: bool
    loss: NDArray[np.float64]
    result: Clearing | TieredClearing
    recovery: NDArray[np.float64]

    def __repr__(self) -> str:
        """Who falls, in how many rounds."""
        fallen = int(self.result.defaulted.sum())
        return f"<NetworkClearing: {fallen:,} of {len(self.network.names):,} firms fall, {self.result.rounds} rounds>"

    @cached_property
    def paid(self) -> NDArray[np.float64]:
        """What is paid of each obligation, (m,)."""
        at = self.network.tier if len(self.recovery) > 1 else 0
        return self.network.amount * self.recovery[at, self.network.debtor]

    @cached_property
    def received(self) -> NDArray[np.float64]:
        """What each firm is paid by the others, (n,)."""
        return np.bincount(self.network.creditor, self.paid, len(self.network.names))

    @cached_property
    def shortfall(self) -> NDArray[np.float64]:
        """What each firm fails to pay, (n,); exactly 0 for one that stands."""
        short = np.atleast_2d(self.result.shortfall).sum(axis=0)
        return np.where(self.result.defaulted, short, 0.0)

    @cached_property
    def lost(self) -> NDArray[np.float64]:
        """What each firm loses by the shock and by debtors that do not pay, (n,)."""
        unpaid = np.maximum(self.network.amount - self.paid, 0.0)
        return self.loss + np.bincount(self.network.creditor, unpaid, len(self.network.names))

    @cached_property
    def firms(self) -> pd.DataFrame:
        """One row a firm, in the order of the network.

        firm, assets (after the shock), claims, received, owed, paid, recovery (share of what it owes; 1 if nothing),
        shortfall, defaulted, round (0: stands), lost (by the shock and by unpaid claims), equity (what is left to its
        owners).
        """
        import pandas as pd

        network, result = self.network, self.result
        paid = np.where(result.defaulted, np.atleast_2d(result.payments).sum(axis=0), network.owed)
        return pd.DataFrame(
            {
                "firm": list(network.names), "assets": network.assets - self.loss, "claims": network.claims,
                "received": self.received, "owed": network.owed, "paid": paid, "recovery": shares(paid, network.owed),
                "shortfall": self.shortfall, "defaulted": result.defaulted, "round": result.default_round,
                "lost": self.lost, "equity": result.equity,
            }
        )

    @cached_property
    def paid_outside(self) -> NDArray[np.float64]:
        """What each firm pays of its debt to outsiders, (n,)."""
        network = self.network
        at = network.debt_tier if len(self.recovery) > 1 else 0
        return network.debt * self.recovery[at, np.arange(len(network.names))]

    @cached_property
    def payments(self) -> pd.DataFrame:
        """One row an obligation: debtor, creditor, tier if there are any, owed, paid.

        Debts to outsiders come last, their creditor being `OUTSIDE`.
        """
        import pandas as pd

        network = self.network
        owing = np.flatnonzero(network.debt > 0.0)
        names = np.append(network.labels, OUTSIDE)
        columns: dict[str, Any] = {
            "debtor": names[np.append(network.debtor, owing)],
            "creditor": names[np.append(network.creditor, np.full(owing.size, len(network.names)))],
        }
        if network.tiers:
            columns["tier"] = np.array(network.tiers)[np.append(network.tier, network.debt_tier[owing])]
        columns["owed"] = np.append(network.amount, network.debt[owing])
        columns["paid"] = np.append(self.paid, self.paid_outside[owing])
        return pd.DataFrame(columns)

    # --- causes ------------------------------------------------------------------------------------------
    @cached_property
    def _causes(self) -> _Causes:
        """Causes of every shortfall, as the head of this module says; parts of nothing left out."""
        network, fell = self.network, self.result.defaulted
        who = np.flatnonzero(fell)
        worth = network.net_worth[who]
        destroyed = (1.0 - self.alpha) * (network.assets - self.loss) + (1.0 - self.beta) * self.received
        costs = np.minimum(destroyed[who], self.shortfall[who])
        own = np.clip(-worth, 0.0, self.shortfall[who] - costs)
        unpaid = np.where(fell[network.creditor], np.maximum(network.amount - self.paid, 0.0), 0.0)
        from_others = np.bincount(network.creditor, unpaid, len(network.names))
        struck = self.loss + from_others
        scale = np.zeros(len(network.names))
        scale[who] = shares(self.shortfall[who] - costs - own, struck[who], nothing=0.0)
        hit = np.flatnonzero(unpaid > 0.0)
        borne = (unpaid * scale[network.creditor])[hit]
        parts = [
            (who, who, CHANNELS.index(OWN), own),
            (who, who, CHANNELS.index(SHOCK), (self.loss * scale)[who]),
            (network.creditor[hit], network.debtor[hit], CHANNELS.index(UNPAID), borne),
            (who, who, CHANNELS.index(BANKRUPTCY), costs),
        ]
        firm, cause = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        channel = np.concatenate([np.full(len(part[0]), part[2], np.int64) for part in parts])
        amount = np.concatenate([part[3] for part in parts])
        # Debts of several tiers to one creditor are one cause.
        n = len(network.names)
        key, back = np.unique((firm * n + cause) * len(CHANNELS) + channel, return_inverse=True)
        amount = np.bincount(back, amount, len(key))
        some = amount > 0.0
        key, amount = key[some], amount[some]
        pair, channel = np.divmod(key, len(CHANNELS))
        return _Causes(pair // n, pair % n, channel, amount)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Who explains how much of whose shortfall: one row a firm that falls, cause and channel.

        firm, round, cause (a firm), channel (of `CHANNELS`; all but unpaid debts lie with the firm itself), amount and
        share of the firm's shortfall. Amounts of a firm sum to its shortfall. By round, then firm, the largest first.
        """
        import pandas as pd

        at, names, fell = self._causes, self.network.labels, self.result.default_round
        order = np.lexsort((at.cause, -at.amount, at.firm, fell[at.firm]))
        firm, amount = at.firm[order], at.amount[order]
        return pd.DataFrame(
            {
                "firm": names[firm], "round": fell[firm], "cause": names[at.cause[order]],
                "channel": np.array(CHANNELS, dtype=object)[at.channel[order]], "amount": amount,
                "share": shares(amount, self.shortfall[firm]),
            }
        )

    @cached_property
    def origins(self) -> pd.DataFrame:
        """Where the shortfalls of all firms began, traced back through unpaid debts, loops included.

        One row a firm and channel (unpaid debts never, for they lead on to another firm): firm, channel, amount, and
        share of the sum of all shortfalls. The largest first.
        """
        import pandas as pd

        at, n = self._causes, len(self.network.names)
        passed = at.channel == CHANNELS.index(UNPAID)
        part = shares(at.amount, self.shortfall[at.firm])
        # Of each unit of shortfall of a firm, B leads on to others: through = shortfall + B' through.
        B = sp.csr_array((part[passed], (at.cause[passed], at.firm[passed])), shape=(n, n))
        through = solve_refined(B, self.shortfall, self.shortfall) if self.shortfall.any() else np.zeros(n)
        firm, channel = at.firm[~passed], at.channel[~passed]
        amount = through[firm] * part[~passed]
        order = np.lexsort((channel, firm, -amount))
        return pd.DataFrame(
            {
                "firm": self.network.labels[firm[order]],
                "channel": np.array(CHANNELS, dtype=object)[channel[order]],
                "amount": amount[order],
                "share": shares(amount[order], np.full(order.size, self.shortfall.sum())),
            }
        )

    @cached_property
    def tree(self) -> CascadeTree:
        """The cascade as a tree: a default's parents are those of earlier rounds that did not pay it.

        The id of a default is the place of its firm in the network. What a shock, bankruptcy and failures of the same
        or a later round explain are causes by name; what had been missing all along is the default's own.
        """
        at, fell = self._causes, self.result.default_round
        parents: dict[int, dict[tuple[int | str, str], float]] = {int(i): {} for i in np.flatnonzero(fell)}
        for firm, cause, channel, amount in zip(*(part.tolist() for part in at), strict=True):
            name = CHANNELS[channel]
            if name == OWN:
                continue
            source: int | str = cause if name == UNPAID else name
            if name == UNPAID and fell[cause] >= fell[firm]:
                source = FEEDBACK
            found = parents[firm]
            found[source, name] = found.get((source, name), 0.0) + amount / float(self.shortfall[firm])
        made = []
        for firm, mine in parents.items():
            total = max(sum(mine.values()), 1.0)
            causes = tuple(
                Parent(source, channel, weight / total)
                for (source, channel), weight in sorted(mine.items(), key=lambda item: -item[1])
            )
            made.append(
                Default(firm, self.network.names[firm], 0, int(fell[firm]), float(self.shortfall[firm]), causes)
            )
        return CascadeTree(made)

    def draw(self, *, title: str | None = None, most: int = 40) -> Figure:
        """A picture of the cascade: who falls in which round, who loses and stands, and what is not paid to whom.

        Parameters
        ----------
        title : str, optional
            A heading; how many fall and what is not paid, if left out.
        most : int
            Firms drawn, those that lose most; the others are counted in a note.

        Returns
        -------
        matplotlib.figure.Figure
            ``figure.savefig("cascade.png")`` writes it.
        """
        from abm.contagion.picture import draw_cascade

        return draw_cascade(self, title=title, most=most)


@dataclass(frozen=True, eq=False)
class NetworkStress:
    """A network under every shock of a batch.

    Attributes
    ----------
    shocks : pandas.DataFrame
        One row a shock: shock, loss (what it takes), defaulted (how many firms fall), anyway (how many of them fall
        without any shock), rounds, shortfall (of all that fall), lost (claims of firms that are not paid), outside (the
        same of outsiders).
    firms : pandas.DataFrame
        One row a shock and firm that loses or falls: shock, firm, loss (by the shock), lost (that and unpaid claims),
        owed, paid, recovery, shortfall, defaulted, round, equity.
    """

    shocks: pd.DataFrame
    firms: pd.DataFrame

    @classmethod
    def of(cls, calm: NetworkClearing, found: Iterable[tuple[Any, NetworkClearing]]) -> NetworkStress:
        """The tables of a batch.

        Parameters
        ----------
        calm : NetworkClearing
            Without any shock.
        found : iterable of (name, NetworkClearing)
            Under each shock.
        """
        import pandas as pd

        rows: list[dict[str, Any]] = []
        tolls: list[dict[str, Any]] = []
        for name, cleared in found:
            result, short, lost, owed = cleared.result, cleared.shortfall, cleared.lost, cleared.network.owed
            hit = np.flatnonzero((lost > 0.0) | result.defaulted)
            unpaid = float(np.maximum(cleared.network.amount - cleared.paid, 0.0).sum())
            outside = float(np.maximum(cleared.network.debt - cleared.paid_outside, 0.0).sum())
            rows.append(
                {
                    "shock": name, "loss": float(cleared.loss.sum()), "defaulted": int(result.defaulted.sum()),
                    "anyway": int((result.defaulted & calm.result.defaulted).sum()), "rounds": result.rounds,
                    "shortfall": float(short.sum()), "lost": unpaid, "outside": outside,
                }
            )
            tolls.append(
                {
                    "shock": np.full(hit.size, name, dtype=object), "firm": cleared.network.labels[hit],
                    "loss": cleared.loss[hit], "lost": lost[hit], "owed": owed[hit], "paid": (owed - short)[hit],
                    "recovery": shares(owed - short, owed)[hit], "shortfall": short[hit],
                    "defaulted": result.defaulted[hit], "round": result.default_round[hit],
                    "equity": result.equity[hit],
                }
            )
        joined: dict[str, Any] = {key: np.concatenate([toll[key] for toll in tolls]) if tolls else [] for key in TOLLS}
        return cls(pd.DataFrame(rows, columns=BATCH), pd.DataFrame(joined))


def shares(part: NDArray[np.float64], whole: NDArray[np.float64], nothing: float = 1.0) -> NDArray[np.float64]:
    """Parts as shares of wholes, at most 1; `nothing` where there is no whole."""
    found = np.divide(part, whole, out=np.full(np.shape(whole), nothing), where=whole > 0.0)
    return np.minimum(found, 1.0)
