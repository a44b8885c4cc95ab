"""Clearing against plain iteration and a linear programme on the same problems, and its growth with size.

``python -m experiments.benchmarks.clearing`` prints two tables. Rivals take turns with `clear` in one process, several
times; each is given the shortest time of its thread, so that other work on the machine changes little. Only ratios
mean anything. What they are given is the matrix as a user has it (dense or CSR) and plain arrays.

- Picard is the defining map in NumPy from full payment down, until no payment changes by more than 1e-12 of the largest
  obligation: on a dense matrix with BLAS, and on compressed rows with SciPy, whose making counts; the faster is taken.
  It checks nothing, tells no rounds, and where little leaks it stops far from the answer: "gap" says how far.
- HiGHS maximises the sum of payments (Eisenberg and Noe 2001, lemma 4), where there is one tier and no bankruptcy cost.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from abm.contagion import Clearing, TieredClearing, clear, clear_tiers

SEED = 2001
STOP = 1e-12
LARGEST_DENSE = 1_000
LARGEST_PROGRAMME = 1_000


class Problem(NamedTuple):
    """One network to clear.

    Attributes
    ----------
    name : str
        What the tables call it.
    owed : list of (n, n) CSR array
        Who owes whom, the senior tier first.
    cash : (n,) float
        Outside assets.
    external : (T, n) float
        Outside debt.
    alpha, beta : float
        What is left of assets and claims in default.
    """

    name: str
    owed: list[sp.csr_array]
    cash: NDArray[np.float64]
    external: NDArray[np.float64]
    alpha: float = 1.0
    beta: float = 1.0


def random_problem(
    name: str, firms: int, obligations: int, outside: float, cushion: float, tiers: int = 1, rate: float = 1.0
) -> Problem:
    """A random network.

    Parameters
    ----------
    name : str
        What to call it.
    firms, obligations : int
        Size; each obligation has a random debtor, creditor, tier and an exponential amount of mean 1.
    outside : float
        Outside debt as a share of a firm's debt to firms.
    cushion : float
        Outside assets are uniform from 0 to this share of a firm's debt to firms.
    tiers : int
        Number of tiers.
    rate : float
        What is left of assets and claims in default.

    Returns
    -------
    Problem
    """
    rng = np.random.default_rng(SEED)
    debtor, creditor = rng.integers(0, firms, obligations), rng.integers(0, firms - 1, obligations)
    creditor += creditor >= debtor
    amount, tier = rng.exponential(1.0, obligations), rng.integers(0, tiers, obligations)
    owed: list[Any] = [
        sp.csr_array((amount[tier == t], (debtor[tier == t], creditor[tier == t])), shape=(firms, firms))
        for t in range(tiers)
    ]
    total = sum(layer.sum(axis=1) for layer in owed)
    external = np.tile(total * outside / tiers, (tiers, 1))
    return Problem(name, owed, rng.random(firms) * total * cushion, external, rate, rate)


def ring_problem(name: str, firms: int, leak: float, mixed: bool) -> Problem:
    """A ring in which everybody owes 1 to the next and little to outsiders, and nobody can pay all.

    Parameters
    ----------
    name : str
        What to call it.
    firms : int
        Its length.
    leak : float
        What each owes outside.
    mixed : bool
        Whether neighbours have numbers far apart.

    Returns
    -------
    Problem
    """
    rng = np.random.default_rng(SEED)
    order = rng.permutation(firms) if mixed else np.arange(firms)
    owed = sp.csr_array((np.ones(firms), (order, np.roll(order, -1))), shape=(firms, firms))
    return Problem(name, [owed], leak * rng.uniform(0.3, 0.95, firms), np.full((1, firms), leak))


def chain_problem(name: str, firms: int) -> Problem:
    """A chain in which each owes 10 to the next, the first has 4, and all fall one after the other.

    Parameters
    ----------
    name : str
        What to call it.
    firms : int
        Its length.

    Returns
    -------
    Problem
    """
    owed = sp.csr_array((np.full(firms - 1, 10.0), (np.arange(firms - 1), np.arange(1, firms))), shape=(firms, firms))
    cash = np.full(firms, 5.0 / firms)
    cash[0] = 4.0
    return Problem(name, [owed], cash, np.zeros((1, firms)))


def by_picard(problem: Problem, given: list[Any], dense: bool, limit: float) -> NDArray[np.float64] | None:
    """Payments in all tiers together by plain iteration, None if it takes too long.

    Parameters
    ----------
    problem : Problem
        The network.
    given : list
        Its matrices as they are handed to `clear` too.
    dense : bool
        Whether to iterate on a dense matrix; else on compressed rows.
    limit : float
        Seconds.

    Returns
    -------
    (n,) float, or None
    """
    start = time.thread_time()
    _, _, cash, external, alpha, beta = problem
    due = np.array([layer.sum(axis=1) for layer in given]) + external
    senior, nominal = np.cumsum(due, axis=0) - due, due.sum(axis=0)
    divisor = np.where(due > 0.0, due, 1.0)
    parts: list[Any] = []
    for layer, by in zip(given, divisor, strict=True):
        if dense:
            parts.append(np.ascontiguousarray((layer / by[:, None]).T))
        else:
            part = sp.csr_array(sp.csr_array(layer).T)
            part.data /= by[part.indices]
            parts.append(part)
    one, whole, stop = len(parts) == 1, alpha == beta == 1.0, STOP * nominal.max()
    payments = due
    while time.thread_time() - start < limit:
        inflow = parts[0] @ payments[0] if one else sum(part @ pays for part, pays in zip(parts, payments, strict=True))
        value = cash + inflow
        if not whole:
            value = np.where(value >= nominal * (1.0 - STOP), nominal, alpha * cash + beta * inflow)
        new = np.minimum(due, value) if one else np.clip(value - senior, 0.0, due)
        if np.abs(new - payments).max() <= stop:
            return new.sum(axis=0)
        payments = new
    return None


def by_highs(problem: Problem, limit: float) -> NDArray[np.float64] | None:
    """Payments by HiGHS, or None if it does not finish in time.

    Parameters
    ----------
    problem : Problem
        The network, of one tier without bankruptcy costs.
    limit : float
        Seconds.

    Returns
    -------
    (n,) float, or None
    """
    owed, external = problem.owed[0], problem.external[0]
    nominal = owed.sum(axis=1) + external
    divisor = np.where(nominal > 0.0, nominal, 1.0)
    part = sp.diags_array(1.0 / divisor) @ owed
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


def by_clear(problem: Problem, given: list[Any]) -> Clearing | TieredClearing:
    """Clear a problem.

    Parameters
    ----------
    problem : Problem
        The network.
    given : list
        Its matrices as a user has them.

    Returns
    -------
    Clearing or TieredClearing
    """
    if len(given) == 1:
        return clear(given[0], problem.cash, problem.external[0], alpha=problem.alpha, beta=problem.beta)
    return clear_tiers(given, problem.cash, problem.external, alpha=problem.alpha, beta=problem.beta)


def in_turn(works: dict[str, Callable[[], Any]], repeats: int, enough: float) -> dict[str, tuple[float, Any]]:
    """Shortest time and last result of several works that take turns.

    Parameters
    ----------
    works : dict of callables
        What to time; what returns None is not run again.
    repeats : int
        Most turns.
    enough : float
        Seconds after which a work has no other turn.

    Returns
    -------
    dict of (seconds, result)
    """
    best: dict[str, tuple[float, Any]] = dict.fromkeys(works, (np.inf, False))
    used = dict.fromkeys(works, 0.0)
    for _ in range(repeats):
        for name, work in works.items():
            if best[name][1] is not None and used[name] < enough:
                start = time.thread_time()
                result = work()
                took = time.thread_time() - start
                used[name] += took
                best[name] = (min(best[name][0], took), result)
    return best


def compare(problem: Problem, dense: bool, limit: float) -> tuple[str, float]:
    """One line: times in milliseconds, the ratio of `clear` to the fastest rival, and how far apart the payments are.

    Parameters
    ----------
    problem : Problem
        The network.
    dense : bool
        Whether the user has it as a dense matrix.
    limit : float
        Seconds that a rival may take.

    Returns
    -------
    str, and the ratio
    """
    given: list[Any] = [layer.toarray() for layer in problem.owed] if dense else list(problem.owed)
    works: dict[str, Callable[[], Any]] = {
        "clear": lambda: by_clear(problem, given),
        "rows": lambda: by_picard(problem, given, False, limit),
    }
    if dense:
        works["BLAS"] = lambda: by_picard(problem, given, True, limit)
    if len(given) == 1 and problem.alpha == problem.beta == 1.0 and problem.cash.size <= LARGEST_PROGRAMME:
        works["HiGHS"] = lambda: by_highs(problem, limit)
    works["clear"]()  # compiled before the clock runs
    times = in_turn(works, 15, 1.0)
    ours, cleared = times["clear"]
    rivals = {name: seconds for name, (seconds, found) in times.items() if name != "clear" and found is not None}
    ratio = ours / min(rivals.values(), default=np.inf)
    payments = np.atleast_2d(cleared.payments).sum(axis=0)
    found = next((times[name][1] for name in ("rows", "BLAS") if name in rivals), None)
    gap = "-" if found is None else f"{np.abs(found - payments).max() / payments.max():.0e}"
    words = [
        f"{times[name][0] * 1e3:,.2f}" if name in rivals else f">{limit:,.0f} s" if name in works else "-"
        for name in ("rows", "BLAS", "HiGHS")
    ]
    line = f"{problem.name:<52} {'dense' if dense else 'CSR':>5} {ours * 1e3:>9.2f}"
    line = f"{line} {words[0]:>10} {words[1]:>9} {words[2]:>9}"
    return f"{line} {ratio:>7.2f} {cleared.defaulted.sum():>8,} {cleared.rounds:>7,} {gap:>7}", ratio


def problems(largest: int) -> Iterator[Problem]:
    """The networks of the first table.

    Parameters
    ----------
    largest : int
        Most obligations.

    Yields
    ------
    Problem
    """
    for firms, many in ((10, 4), (100, 8), (100, 40), (1_000, 10), (1_000, 100), (10_000, 10), (100_000, 10)):
        if firms * many > largest:
            continue
        size = f"{firms:,} firms, {firms * many:,} obligations"
        yield random_problem(f"{size}, losses die out", firms, firms * many, 0.2, 0.5)
        yield random_problem(f"{size}, little leaks", firms, firms * many, 0.001, 0.01)
        yield random_problem(f"{size}, rates .8", firms, firms * many, 0.2, 0.5, rate=0.8)
        yield random_problem(f"{size}, three tiers", firms, firms * many, 0.2, 0.5, tiers=3)
    for firms in (100, 1_000, 10_000, 100_000):
        if firms <= largest:
            yield ring_problem(f"ring of {firms:,}, a tenth leaks", firms, 0.1, mixed=False)
            yield ring_problem(f"ring of {firms:,}, mixed, a thousandth leaks", firms, 0.001, mixed=True)
            yield chain_problem(f"chain of {firms:,}", firms)


def growth(sizes: list[int], tiers: int) -> list[str]:
    """Time against the number of obligations, ten a firm, and the slope in logarithms.

    Parameters
    ----------
    sizes : list of int
        Numbers of obligations.
    tiers : int
        Number of tiers.

    Returns
    -------
    list of str
        A line each, and the slope.
    """
    works: dict[str, Callable[[], Any]] = {}
    counts: dict[str, int] = {}
    for size in sizes:
        problem = random_problem("", size // 10, size, 0.2, 0.5, tiers=tiers)
        counts[str(size)] = sum(layer.nnz for layer in problem.owed)
        works[str(size)] = partial(by_clear, problem, problem.owed)
    times = in_turn(works, 9, 2.0)
    lines = [
        f"{counts[name]:>12,} {tiers:>5} {best * 1e3:>10.1f} {best / counts[name] * 1e9:>18.0f} {cleared.rounds:>8}"
        for name, (best, cleared) in times.items()
    ]
    slope = np.polyfit(np.log([counts[name] for name in times]), np.log([best for best, _ in times.values()]), 1)[0]
    return [*lines, f"time grows as obligations to the power of {slope:.2f}"]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=20.0, help="seconds a rival may take for a problem")
    parser.add_argument("--largest", type=int, default=1_000_000, help="most obligations")
    given = parser.parse_args()
    heads = f"{'clear':>9} {'Picard':>10} {'BLAS':>9} {'HiGHS':>9} {'ratio':>7} {'defaults':>8} {'rounds':>7}"
    print(f"{'milliseconds':<52} {'given':>5} {heads} {'gap':>7}")
    ratios = []
    for problem in problems(given.largest):
        for dense in (False, True) if problem.cash.size <= LARGEST_DENSE else (False,):
            line, ratio = compare(problem, dense, given.limit)
            ratios.append(ratio)
            print(line, flush=True)
    slower = sum(ratio > 1.2 for ratio in ratios)
    print(f"{slower} of {len(ratios)} slower than 1.2 times the fastest rival; the worst {max(ratios):.2f}")
    print(f"\n{'obligations':>12} {'tiers':>5} {'clear, ms':>10} {'ns an obligation':>18} {'rounds':>8}")
    sizes = [size for size in (3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000) if size <= given.largest]
    for tiers in (1, 3):
        print("\n".join(growth(sizes, tiers)), flush=True)


if __name__ == "__main__":
    main()
