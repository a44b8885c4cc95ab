"""How fast the economy runs: compiled and not, with and without the firm panel, and with more firms.

``python -m experiments.benchmarks.engine`` prints the tables. All times are of one machine at one moment; the ratio
to the uncompiled rules is taken in a process with ``NUMBA_DISABLE_JIT=1`` that does the same months.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from abm.calibration.opening import Opening, opening_tables
from abm.engine import tables as ec
from abm.inputs.parameters import BY_NAME
from abm.simulation import Economy

CONNECTED = ("contracts", "loans", "orders", "stakes")  # tables whose rows name firms


def timed_run(opening: Opening, months: int, seed: int, *, panel: bool = False, scale: float = 1.0) -> float:
    """Seconds that the months of one run take, opening and compilation left out.

    Parameters
    ----------
    opening : Opening
        Where to start.
    months, seed : int
        Length and seed.
    panel : bool
        Whether the firm panel is recorded.
    scale : float
        What the grids can connect a year, relative to the default.

    Returns
    -------
    float
    """
    grid = min(BY_NAME["grid_gw"].default * scale, BY_NAME["grid_gw"].high)
    economy = Economy(opening, parameters={"grid_gw": grid}, seed=seed, panel=panel)
    start = time.perf_counter()
    economy.run(months)
    return time.perf_counter() - start


def replicated(opening: Opening, copies: int) -> Opening:
    """The economy several times over in one market: every firm, contract, loan, order, stake and fleet copied.

    Parameters
    ----------
    opening : Opening
        The economy to copy.
    copies : int
        How many of it; the outside sectors stay single.

    Returns
    -------
    Opening
    """
    firms, outside = len(opening.firms), ec.N_OUTSIDE
    agents, generations = firms - outside, len(opening.generations)

    def shifted(table: str, rows: np.ndarray, copy: int) -> np.ndarray:
        """Rows of a table that name the firms and generations of a copy."""
        moved = rows.copy()
        for column in ec.TABLES[table]:
            by = {"firm": copy * agents, "index": copy * generations}.get(column.unit, 0)
            moved[column.name] += by * (rows[column.name] >= (outside if column.unit == "firm" else 0))
        return moved

    def tiled(table: str, rows: np.ndarray) -> np.ndarray:
        return np.concatenate([shifted(table, rows, copy) for copy in range(copies)])

    made: dict[str, Any] = {name: tiled(name, getattr(opening, name)) for name in CONNECTED}
    copied = [shifted("firms", opening.firms[outside:], copy) for copy in range(copies)]
    made["firms"] = np.concatenate([opening.firms[:outside], *copied])
    made["generations"] = tiled("generations", opening.generations)
    fleet = np.zeros((outside + copies * agents, copies * generations), opening.fleet.dtype)
    for copy in range(copies):
        here = outside + copy * agents
        there = copy * generations
        fleet[here : here + agents, there : there + generations] = opening.fleet[outside:]
    made["fleet"] = fleet
    made["revenue"] = np.hstack([opening.revenue[:, :outside], *[opening.revenue[:, outside:]] * copies])
    made["market"] = {**opening.market, "tenant_demand": opening.market["tenant_demand"] * copies}
    agent_names = opening.names[outside:]
    made["names"] = opening.names + [f"{name} {k + 2}" for k in range(copies - 1) for name in agent_names]
    made["generation_names"] = opening.generation_names * copies
    return replace(opening, **made)


def uncompiled_seconds(months: int) -> float:
    """Seconds of some months with the plain Python rules, in a process of its own."""
    code = (
        "from experiments.benchmarks.engine import timed_run\n"
        "from abm.calibration.opening import opening_tables\n"
        f"print(timed_run(opening_tables(), {months}, 1))"
    )
    settings = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=96, help="length of a run")
    parser.add_argument("--seeds", type=int, default=7, help="runs per line; the median is printed")
    parser.add_argument("--uncompiled", type=int, default=3, help="months of the uncompiled run")
    given = parser.parse_args()
    if min(given.months, given.seeds, given.uncompiled) < 1:
        parser.error("--months, --seeds and --uncompiled must be at least 1")
    opening, months = opening_tables(), given.months
    seeds = range(1, given.seeds + 1)
    timed_run(opening, 1, 1)  # compiles

    print(f"{'run':<44} {'seconds':>9} {'months/s':>10}")
    for panel in (False, True):
        middle = statistics.median(timed_run(opening, months, seed, panel=panel) for seed in seeds)
        name = f"{months} months, {'with' if panel else 'without'} firm panel"
        print(f"{name:<44} {middle:>9.4f} {months / middle:>10,.0f}", flush=True)

    short = given.uncompiled
    compiled = statistics.median(timed_run(opening, short, seed) for seed in seeds)
    plain = uncompiled_seconds(short)
    print(f"\n{short} months compiled {compiled * 1e3:.1f} ms, uncompiled {plain:.2f} s: {plain / compiled:,.0f} times")

    print(f"\n{'firms':>6} {'contracts':>10} {'loans':>7} {'seconds':>9} {'us a month':>11} {'us a firm':>10}")
    sizes, times = [], []
    for copies in (1, 2, 4, 8):
        many = replicated(opening, copies)
        middle = statistics.median(
            timed_run(many, months, seed, scale=copies) for seed in seeds[: max(1, given.seeds // copies)]
        )
        sizes.append(len(many.firms))
        times.append(middle)
        month = middle / months * 1e6
        print(
            f"{sizes[-1]:>6} {len(many.contracts):>10} {len(many.loans):>7} {middle:>9.4f} {month:>11.0f}"
            f" {month / sizes[-1]:>10.1f}",
            flush=True,
        )
    slope = float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
    print(f"time grows as the number of firms to the power of {slope:.2f}")


if __name__ == "__main__":
    main()
