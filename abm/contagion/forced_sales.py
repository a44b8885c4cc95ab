"""Fire sales: firms that must sell push down the price of what others hold too.

References
----------
Cifuentes, R., Ferrucci, G. and Shin, H. S. (2005), Liquidity risk and contagion, Journal of the European
Economic Association 3(2-3), 556-566.
Caccioli, F., Shrestha, M., Moore, C. and Farmer, J. D. (2014), Stability analysis of financial contagion due
to overlapping portfolios, Journal of Banking and Finance 46, 233-245.
Greenwood, R., Landier, A. and Thesmar, D. (2015), Vulnerable banks, Journal of Financial Economics 115(3),
471-485.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from abm.contagion.inputs import holdings_in_order, vector
from abm.contagion.rows import TIE
from abm.errors import BadInput, NotConverged

CONVERGED = 1e-14
"""Largest change of a price in one round at which leverage targeting has come to rest."""

MOST_ROUNDS = 1_000_000


@dataclass(frozen=True)
class FireSale:
    """Prices and firms after the sales; n firms, m assets.

    Attributes
    ----------
    prices : (m,) float
        Final prices; 1 before everything.
    sold : (n,) float
        Share of its portfolio that each firm has sold, 0 to 1.
    equity : (n,) float
        Everything at final prices, less debt.
    defaulted : (n,) bool
        Whether equity is negative.
    default_round : (n,) int
        Round in which equity turned negative: 1 if the first shock was enough; 0 for survivors.
    rounds : int
        Rounds until the sales came to rest, or the number asked for.
    """

    prices: NDArray[np.float64]
    sold: NDArray[np.float64]
    equity: NDArray[np.float64]
    defaulted: NDArray[np.bool_]
    default_round: NDArray[np.int64]
    rounds: int


def fire_sales(
    holdings: Any,
    other_assets: ArrayLike,
    debt: ArrayLike,
    *,
    price_shock: ArrayLike | None = None,
    impact: ArrayLike = 1.0,
    shape: Literal["exponential", "linear"] = "exponential",
    rule: Literal["default", "leverage"] = "default",
    leverage: ArrayLike | None = None,
    rounds: int | None = None,
) -> FireSale:
    """Sales forced by default or by leverage, their price impact, and the losses of those who hold the same.

    With H the holdings at price 1, prices p, portfolios ``V = H p`` and equities ``E = other + V - debt``
    (every unit at the market price, sold or not, as in Cifuentes et al. 2005), each round

    - firms sell: under the rule "default" a firm with ``E < 0`` sells everything (Caccioli et al. 2014; at
      exactly zero equity it holds on); under "leverage" a firm sells what brings its debt back to ``B E``
      with the proceeds, ``debt - B E`` out of its portfolio, and everything if that is not enough
      (Greenwood et al. 2015, where debt after a loss is too high by B times the loss);
    - prices fall with the share ``x_a`` of all units of asset a sold so far, from the shocked price ``p0_a``:
      ``p_a = p0_a exp(-impact_a x_a)``, or ``p_a = p0_a max(0, 1 - impact_a x_a)``.

    Nobody buys back, so that sales only grow and prices only fall, to the greatest fixed point.

    Parameters
    ----------
    holdings : (n, m) array or SciPy sparse matrix
        Value of asset a held by firm i before the shock, not negative; time and memory of a sparse one grow with
        what is held.
    other_assets, debt : (n,) array
        Assets without price risk, and debt; not negative.
    price_shock : (m,) array, optional
        Share of its price that each asset loses first, 0 to 1.
    impact : (m,) array or one number
        Price impact of selling all of an asset. In Caccioli et al. 1.0536, so that 10% sold costs 10%.
    shape : "exponential" or "linear"
        Form of the price impact.
    rule : "default" or "leverage"
        Who must sell.
    leverage : (n,) array, optional
        Target B of debt to equity under "leverage"; that before the shock if left out.
    rounds : int, optional
        Stop after so many rounds of sales (Greenwood et al. take one); to the fixed point if left out.

    Returns
    -------
    FireSale

    Raises
    ------
    BadInput
        Wrong shape, negative or not finite entries, an unknown rule or shape, or a firm without equity
        before the shock under "leverage" when no target is given.
    NotConverged
        Sales under "leverage" do not come to rest.

    Examples
    --------
    Both firms hold asset 0. Its price falls by a tenth, firm 0 fails and sells, and firm 1 follows.

    >>> sale = fire_sales([[10], [10]], [0, 5], [9.5, 13], price_shock=[0.1], impact=0.5)
    >>> print(sale.default_round, sale.prices.round(4))
    [1 2] [0.5459]

    One round of leverage targeting: 1 lost on an equity of 5 with a leverage of 1 means sales of 1.

    >>> sale = fire_sales([[10]], [0], [5], price_shock=[0.1], rule="leverage", rounds=1)
    >>> print((sale.sold * 9).round(12))
    [1.]
    """
    held, (other_assets, debt, leverage), (price_shock, impact) = holdings_in_order(
        holdings,
        [("other_assets", other_assets), ("debt", debt), ("leverage", leverage)],
        [("price_shock", price_shock), ("impact", impact)],
    )
    n, m = held.shape
    by_asset = sp.csr_array(held.T) if sp.issparse(held) else held.T
    other, owed = vector("other_assets", other_assets, n), vector("debt", debt, n)
    strength = vector("impact", np.broadcast_to(impact, m) if np.ndim(impact) == 0 else impact, m)
    first = 1.0 - vector("price_shock", price_shock, m)
    if (first < 0.0).any():
        raise BadInput("price_shock must be from 0 to 1")
    if shape not in ("exponential", "linear"):
        raise BadInput(f'shape must be "exponential" or "linear"; it is {shape!r}')
    if rule not in ("default", "leverage"):
        raise BadInput(f'rule must be "default" or "leverage"; it is {rule!r}')
    if rounds is not None and rounds < 0:
        raise BadInput(f"rounds must be at least 0; it is {rounds}")
    target = np.zeros(n)
    if rule == "leverage":
        before = other + np.asarray(held.sum(axis=1)) - owed
        if leverage is None and not (before > 0.0).all():
            raise BadInput("leverage must be given where a firm has no equity before the shock")
        target = owed / before if leverage is None else vector("leverage", leverage, n)
    supply = np.asarray(held.sum(axis=0))
    prices, sold, fell = first, np.zeros(n), np.zeros(n, np.int64)
    done = 0
    while True:
        portfolio = held @ prices
        equity = other + portfolio - owed
        fell[(fell == 0) & (other + portfolio < owed * (1.0 - TIE))] = done + 1
        if done == rounds:
            break
        if rule == "default":
            wanted = (fell > 0).astype(np.float64)
        else:
            excess = np.where(fell > 0, np.inf, np.maximum(owed - target * equity, 0.0))
            excess[excess <= TIE * owed] = 0.0
            wanted = np.minimum(np.divide(excess, portfolio, out=np.zeros(n), where=portfolio > 0.0), 1.0)
        sold = np.maximum(sold, wanted)
        depth = np.divide(by_asset @ sold, supply, out=np.zeros(m), where=supply > 0.0)
        fall = np.exp(-strength * depth) if shape == "exponential" else np.maximum(1.0 - strength * depth, 0.0)
        change = float(np.abs(prices - first * fall).max(initial=0.0))
        if change <= (0.0 if rule == "default" else CONVERGED):
            break
        prices = first * fall
        done += 1
        if done > MOST_ROUNDS:
            raise NotConverged("forced sales did not come to rest", change)
    return FireSale(prices, sold, equity, fell > 0, fell, done)
