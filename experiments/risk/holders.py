"""Who bears in the end what lenders lose, as the table `holders.csv` assumes."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from abm.calibration.facts import read_table
from experiments.risk.asked import FOLDER

Floats = NDArray[np.float64]
LAYERS = ("capital", "beyond")  # what a lender begins with, and what it loses beyond that
NOBODY = "not assigned"


@functools.cache
def holders() -> tuple[dict[str, str], ...]:
    """The rows of `holders.csv`: `class` of lender, `layer`, `holder`, `group` of holders, `share`, `source`."""
    return tuple(read_table(FOLDER / "holders.csv"))


def borne(
    lender: str, within: Floats, beyond: Floats, rows: Sequence[Mapping[str, str]], by: str = "holder"
) -> dict[str, Floats]:
    """Losses of a class of lenders by who bears them.

    Parameters
    ----------
    lender : str
        The class.
    within, beyond : array, shape (worlds,)
        Losses up to the net worth that each lender begins with, and beyond it (bn USD).
    rows : sequence of mapping
        Such as `holders()`.
    by : str
        "holder" or "group".

    Returns
    -------
    dict of str to array, shape (worlds,)
        bn USD; what no row assigns stands under `NOBODY`.
    """
    found: dict[str, Floats] = {}
    for layer, amount in zip(LAYERS, (within, beyond), strict=True):
        mine = [row for row in rows if row["class"] == lender and row["layer"] == layer]
        for holder, part_of in [(row[by], float(row["share"])) for row in mine] or [(NOBODY, 1.0)]:
            found[holder] = found.get(holder, np.zeros(len(amount))) + part_of * amount
    return found
