"""Why runs failed: the failed runs of a sweep grouped by what went wrong."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.screen import counted

if TYPE_CHECKING:
    import pandas as pd

MOST_TOLD = 5  # reasons on screen; the table `failures` has every run


@dataclass(frozen=True)
class Reason:
    """One thing that went wrong, and the first run in which it did.

    Attributes
    ----------
    error, message, where : str
        Kind of the error, what it said in the first of the runs, and file, line and function.
    runs : int
        In how many runs.
    run, point, seed : int
        The first of them.
    settings : dict
        Its factors.
    """

    error: str
    message: str
    where: str
    runs: int
    run: int
    point: int
    seed: int
    settings: dict[str, Any]

    def sentence(self, folder: Path) -> str:
        """The reason, and how to see it again."""
        factors = ", ".join(f"{k} = {v:g}" if isinstance(v, float) else f"{k} = {v}" for k, v in self.settings.items())
        place = f" ({self.where})" if self.where else ""
        first = f"run {self.run}, point {self.point}, seed {self.seed}{': ' if factors else ''}{factors}"
        told = f"{counted(self.runs, 'run')} failed: {self.error}: {self.message}{place}"
        return f"{told}; first {first}; again: invisible-debt replay {folder} {self.run}"

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def reasons(failures: pd.DataFrame) -> list[Reason]:
    """Failed runs by reason, the most frequent first; messages that differ in their numbers alone are one reason.

    Parameters
    ----------
    failures : pandas.DataFrame
        Table `failures` of a sweep.
    """
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in failures.to_dict("records"):
        key = (str(row["error"]), str(row["where"]), re.sub(r"[-+]?\d[\d.e+-]*", "#", str(row["message"])))
        groups.setdefault(key, []).append({str(name): value for name, value in row.items()})
    found = [
        Reason(
            error=error, message=rows[0]["message"], where=where, runs=len(rows), run=rows[0]["run"],
            point=rows[0]["point"], seed=rows[0]["seed"], settings=json.loads(rows[0]["parameters"]),
        )
        for (error, where, _), rows in groups.items()
    ]  # fmt: skip
    return sorted(found, key=lambda reason: (-reason.runs, reason.run))


def told(found: list[Reason], folder: Path) -> list[str]:
    """Sentences of the most frequent reasons, and how many more there are."""
    said = [reason.sentence(folder) for reason in found[:MOST_TOLD]]
    rest = found[MOST_TOLD:]
    return [*said, f"{counted(len(rest), 'more reason')}: see the table `failures`"] if rest else said
