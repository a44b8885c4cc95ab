"""How much deleveraging after a shock would cost everybody: Greenwood, Landier and Thesmar 2015.

Firms that lose sell to come back to their leverage, in proportion to what they hold; prices fall by what is sold; all
who hold the same assets lose again. One round of this, linear, is a product of matrices: with A the assets of firms,
M their portfolios (rows sum to 1), B their leverage (debt over equity), L the price falls for a unit sold and f the
shares of their price that assets lose first,

    losses of firms = A M L M' B A M f.

`fire_sales` with the rule "leverage" follows the same firms to rest, with portfolios that run out.

References
----------
Greenwood, R., Landier, A. and Thesmar, D. (2015), Vulnerable banks, Journal of Financial Economics 115(3),
471-485.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.contagion.inputs import holdings_in_order, vector
from abm.errors import BadInput


@dataclass(frozen=True)
class Vulnerability:
    """Losses by deleveraging after a shock; n firms, m assets.

    Attributes
    ----------
    aggregate : float
        Aggregate vulnerability: losses by everybody's sales, over the equity of all.
    systemicness : (n,) float
        The part of it that each firm's own sales cause; sums to `aggregate`.
    indirect : (n,) float
        Indirect vulnerability: what each firm loses by everybody's sales, over its own equity.
    direct : (n,) float
        What each firm loses by the shock itself, over its own equity.
    linkage : (n,) float
        What a unit sold by each firm, spread over its portfolio, costs everybody; a firm's systemicness is its linkage
        times its assets over the equity of all, times its leverage, times its loss by the shock as a share of assets.
    sales : (n,) float
        What each firm sells, in the unit of the holdings.
    price_falls : (m,) float
        Share of its price that each asset loses by the sales.
    """

    aggregate: float
    systemicness: NDArray[np.float64]
    indirect: NDArray[np.float64]
    direct: NDArray[np.float64]
    linkage: NDArray[np.float64]
    sales: NDArray[np.float64]
    price_falls: NDArray[np.float64]


def vulnerability(
    holdings: Any, equity: ArrayLike, price_shock: ArrayLike, *, impact: ArrayLike, leverage: ArrayLike | None = None
) -> Vulnerability:
    """Aggregate vulnerability, and who causes and who bears how much of it.

    Parameters
    ----------
    holdings : (n, m) array or SciPy sparse matrix
        Value of asset a held by firm i, not negative. All assets of a firm: what is never sold is an asset without
        price impact, and takes its share of the sales.
    equity : (n,) array
        Equity before the shock, positive.
    price_shock : (m,) array
        Share of its price that each asset loses first, 0 to 1.
    impact : (m,) array or one number
        Share of its price that an asset loses for each unit of value sold of it; not negative.
    leverage : (n,) array, optional
        Target B of debt to equity; that before the shock, total assets less equity over equity, if left out.

    Returns
    -------
    Vulnerability

    Raises
    ------
    BadInput
        Wrong shape, negative or not finite entries, a firm without equity, or with more equity than assets where no
        target is given.

    References
    ----------
    Greenwood, Landier and Thesmar (2015), section 2.

    Examples
    --------
    Two firms hold one asset each and one together; the first loses a tenth of the asset that it holds alone.

    >>> found = vulnerability([[5, 5, 0], [0, 5, 5]], [2, 2], [0.1, 0, 0], impact=0.01)
    >>> print(round(found.aggregate, 12), found.sales.round(12), found.indirect.round(12))
    0.0375 [2. 0.] [0.05  0.025]
    """
    held, (equity, leverage), (price_shock, impact) = holdings_in_order(
        holdings, [("equity", equity), ("leverage", leverage)], [("price_shock", price_shock), ("impact", impact)]
    )
    n, m = held.shape
    own = vector("equity", equity, n)
    if not (own > 0.0).all():
        raise BadInput(f"equity[{int(np.argmin(own > 0.0))}] must be positive")
    first = vector("price_shock", price_shock, m)
    if (first > 1.0).any():
        raise BadInput("price_shock must be from 0 to 1")
    fall = vector("impact", np.broadcast_to(impact, m) if np.ndim(impact) == 0 else impact, m)
    assets = np.asarray(held.sum(axis=1))
    if leverage is None:
        if (own > assets).any():
            raise BadInput("leverage must be given where a firm has more equity than assets")
        target = (assets - own) / own
    else:
        target = vector("leverage", leverage, n)
    lost = held @ first
    sales = target * lost
    spread = np.divide(sales, assets, out=np.zeros(n), where=assets > 0.0)
    price_falls = fall * (held.T @ spread)
    cost = held @ (fall * np.asarray(held.sum(axis=0)))
    linkage = np.divide(cost, assets, out=np.zeros(n), where=assets > 0.0)
    borne = held @ price_falls
    total = own.sum()
    return Vulnerability(
        float(borne.sum() / total), linkage * sales / total, borne / own, lost / own, linkage, sales, price_falls
    )
