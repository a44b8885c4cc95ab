"""Clearing against a linear programme and a plain iteration on the same problems, and its growth with size.

``python -m experiments.benchmarks.clearing`` prints two tables. All times are from one run on one machine,
so only ratios mean anything. HiGHS maximises the sum of payments (Eisenberg and Noe 2001, lemma 4) and gets a
time limit; the plain iteration is the defining map in NumPy, from full payment until no payment changes by more
than 1e-12 of the largest obligation.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from abm.contagion import Clearing, clear

SEED = 2001
STOP = 1e-12


class Problem(NamedTuple):
    """One network to clear.

    Attributes
    ----------
    name : str
        What the tables call it.
    owed : (n, n) CSR array
        Who owes whom.
    cash, external : (n,) float
        Outside assets and outside debt.
    """

    name: str
    owed: sp.csr_array
    cash: NDArray[np.float64]
    external: NDArray[np.float64]


def random_problem(firms: int, obligations: int, outside: float, cushion: float) -> Problem:
    """A random network.

    Parameters
    ----------
    firms, obligations : int
        Size; each obligation has a random debtor, creditor and an exponential amount of mean 1.
    outside : float
        Outside debt as a share of a firm's debt to firms.
    cushion : float
        Outside assets are uniform from 0 to this share of a firm's debt to firms.

    Returns
    -------
    Problem
    """
    rng = np.random.default_rng(SEED)
    debtor, creditor = rng.integers(0, firms, obligations), rng.integers(0, firms - 1, obligations)
    creditor += creditor >= debtor
    owed: Any = sp.csr_array((rng.exponential(1.0, obligations), (debtor, creditor)), shape=(firms, firms))
    owed.sum_duplicates()
    total = owed.sum(axis=1)
    name = f"{firms:,} firms, {owed.nnz:,} obligations, outside debt {outside:.1%}"
    return Problem(name, owed, rng.random(firms) * total * cushion, total * outside)


def by_picard(problem: Problem) -> NDArray[np.float64]:
    """Payments by plain iteration of ``min(d, e + Pi' p)`` in NumPy: dense up to 2,000 firms, else by rows.

    Parameters
    ----------
    problem : Problem
        The network.

    Returns
    -------
    (n,) float
    """
    nominal = problem.owed.sum(axis=1) + problem.external
    divisor = np.where(nominal > 0.0, nominal, 1.0)
    receive: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    if nominal.size <= 2000:
        part = np.ascontiguousarray((problem.owed.toarray() / divisor[:, None]).T)
        receive = part.__matmul__
    else:
        coo = problem.owed.tocoo()
        debtor, creditor = coo.coords
        share = coo.data / divisor[debtor]

        def receive(payments: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.bincount(creditor, share * payments[debtor], minlength=nominal.size)

    payments = nominal
    while True:
        new = np.minimum(nominal, problem.cash + receive(payments))
        if np.abs(new - payments).max() <= STOP * nominal.max():
            return new
        payments = new


def by_highs(problem: Problem, limit: float) -> NDArray[np.float64] | None:
    """Payments by HiGHS, or None if it does not finish in time.

    Parameters
    ----------
    problem : Problem
        The network.
    limit : float
        Seconds.

    Returns
    -------
    (n,) float, or None
    """
    nominal = problem.owed.sum(axis=1) + problem.external
    divisor = np.where(nominal > 0.0, nominal, 1.0)
    part = sp.diags_array(1.0 / divisor) @ problem.owed
    keeps: Any = sp.csr_array(sp.eye_array(nominal.size) - part.T)
    bounds: Any = np.column_stack([np.zeros(nominal.size), nominal])
    solved = linprog(
        -np.ones(nominal.size),
        A_ub=keeps,
        b_ub=problem.cash,
        bounds=bounds,
        method="highs",
        options={"time_limit": limit},
    )
    return solved.x if solved.status == 0 else None


def timed[T](work: Callable[[], T], repeats: int) -> tuple[float, T]:
    """Shortest time of several runs, in seconds, and the last result.

    Parameters
    ----------
    work : callable
        What to time.
    repeats : int
        How often.

    Returns
    -------
    float, and what `work` returns
    """
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def clear_problem(problem: Problem) -> Clearing:
    """Clear it, dense where a user would: up to 2,000 firms.

    Parameters
    ----------
    problem : Problem
        The network.

    Returns
    -------
    Clearing
    """
    owed = problem.owed.toarray() if problem.cash.size <= 2000 else problem.owed
    return clear(owed, problem.cash, problem.external)


def compare(problem: Problem, limit: float) -> str:
    """One line: time of `clear`, ratios of the others to it, and how far apart the payments are.

    Parameters
    ----------
    problem : Problem
        The network.
    limit : float
        Seconds that HiGHS may take.

    Returns
    -------
    str
    """
    ours, cleared = timed(lambda: clear_problem(problem), 5)
    plain, iterated = timed(lambda: by_picard(problem), 2)
    lp, solved = timed(lambda: by_highs(problem, limit), 1)
    gap = np.abs(iterated - cleared.payments).max()
    lp_gap = "-" if solved is None else f"{np.abs(solved - cleared.payments).max():.0e}"
    lp_ratio = f"{'>' if solved is None else ''}{lp / ours:,.0f}x"
    return (
        f"{problem.name:<58} {ours * 1e3:>9.2f} {lp_ratio:>10} {plain / ours:>9.1f}x "
        f"{cleared.defaulted.sum():>9,} {cleared.rounds:>6} {lp_gap:>7} {gap:>8.0e}"
    )


def growth(sizes: list[int]) -> list[str]:
    """Time against the number of obligations, ten a firm, and the slope in logarithms.

    Parameters
    ----------
    sizes : list of int
        Numbers of obligations.

    Returns
    -------
    list of str
        A line each, and the slope.
    """
    seconds, counts, lines = [], [], []
    for size in sizes:
        problem = random_problem(size // 10, size, 0.2, 0.5)
        best, cleared = timed(lambda problem=problem: clear_problem(problem), 3)  # type: ignore[misc]
        seconds.append(best)
        counts.append(problem.owed.nnz)
        lines.append(f"{counts[-1]:>12,} {best * 1e3:>10.1f} {best / counts[-1] * 1e9:>18.0f} {cleared.rounds:>8}")
    slope = np.polyfit(np.log(counts), np.log(seconds), 1)[0]
    return [*lines, f"time grows as obligations to the power of {slope:.2f}"]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds HiGHS may take a problem")
    limit = parser.parse_args().limit
    clear_problem(random_problem(10, 20, 0.2, 0.5))  # compile both paths before the clock runs
    clear_problem(random_problem(3000, 9000, 0.2, 0.5))
    heads = f"{'clear, ms':>9} {'HiGHS':>10} {'Picard':>10} {'defaults':>9} rounds {'gap LP':>7} {'gap Pic.':>8}"
    print(f"{'problem':<58} {heads}")
    for firms, obligations in ((200, 4_000), (2_000, 100_000), (100_000, 1_000_000)):
        for outside, cushion in ((0.2, 0.5), (0.001, 0.01)):
            print(compare(random_problem(firms, obligations, outside, cushion), limit), flush=True)
    print(f"\n{'obligations':>12} {'clear, ms':>10} {'ns an obligation':>18} {'rounds':>8}")
    print("\n".join(growth([10_000, 30_000, 100_000, 300_000, 1_000_000])))


if __name__ == "__main__":
    main()
