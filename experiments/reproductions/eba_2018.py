"""Figures of 48 banks in the 2018 stress test of the European Banking Authority: `cases/eba_2018.csv`.

Published by the authority; taken from the data of Farmer, Kleinnijenhuis, Nahai-Williamson and Wetzer's public
program (ox-inet-resilience/sw_stresstest, `sw_stresstest/data/EBA_2018.csv`, Apache License 2.0, copyright 2021 INET
Oxford and contributors), with its sums of bonds carried out. End of 2017, millions of euros.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).parent / "cases" / "eba_2018.csv"


@dataclass(frozen=True)
class Banks:
    """Balance sheets of n banks, millions of euros.

    Attributes
    ----------
    names : tuple of str
        Country and number.
    assets : (n,) float
        All assets: equity over the leverage ratio.
    equity : (n,) float
        Common equity tier 1.
    government, corporate : (n,) float
        Bonds of governments and of firms.
    interbank : (n,) float
        Claims on other banks.
    """

    names: tuple[str, ...]
    assets: NDArray[np.float64]
    equity: NDArray[np.float64]
    government: NDArray[np.float64]
    corporate: NDArray[np.float64]
    interbank: NDArray[np.float64]


def banks() -> Banks:
    """The banks of the file, in its order."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> NDArray[np.float64]:
        return np.array([float(row[name]) for row in rows])

    equity = column("cet1")
    return Banks(
        tuple(row["bank"] for row in rows),
        equity / (column("leverage_ratio") / 100.0),
        equity,
        column("government_bonds"),
        column("corporate_bonds"),
        column("interbank_assets"),
    )
