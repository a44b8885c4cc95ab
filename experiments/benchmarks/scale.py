"""Time and memory of a month against the number of firms, and which phase of the month takes them.

``python -m experiments.benchmarks.scale`` prints processor time and peak memory of economies of growing size
(`experiments.benchmarks.larger`) and the powers of the number of firms with which they grow, fitted in logs.
``--profile`` prints the processor time of every phase instead: the compiled phases are called one by one, in the order
in which `abm.month` has them. Every size is measured in a process of its own. Compilation is left out.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import resource
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from abm import month as calendar
from abm.accounts.ledger import is_sound
from abm.calibration.opening import opening_tables
from abm.simulation import Economy
from experiments.benchmarks.larger import enlarged

SIZES = (100, 300, 1000, 3000, 10000)
TOLD = 0.005  # share of the time of the largest economy from which a phase has a line


def phases() -> list[tuple[str, Callable[[Any], object]]]:
    """The calls of a month in order, those of its parts in `abm.month` in place of the parts.

    Returns
    -------
    list of tuple
        Name and compiled function of the state; setting the clock forward is not among them.
    """
    return _calls(calendar.run_months)


def _calls(function: Any) -> list[tuple[str, Callable[[Any], object]]]:
    """What a function of `abm.month` calls, one call a line."""
    plain = getattr(function, "py_func", function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(plain)))
    (definition,) = [node for node in ast.walk(tree) if isinstance(node, ast.For)] or tree.body
    found: list[tuple[str, Callable[[Any], object]]] = []
    for line in definition.body if isinstance(definition, ast.FunctionDef | ast.For) else ():
        if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call) and isinstance(line.value.func, ast.Name):
            called = plain.__globals__[line.value.func.id]
            inside = getattr(called, "py_func", called).__module__ == calendar.__name__
            found += _calls(called) if inside else [(line.value.func.id, called)]
    return found


def step(economy: Economy, seconds: dict[str, float]) -> None:
    """One month, phase by phase, as `abm.month.run_months` does it.

    Parameters
    ----------
    economy : Economy
        Changed in place.
    seconds : dict
        Processor time by phase, added to; a phase that is called twice has one entry.
    """
    economy.make_room()
    state = economy.state
    state.market[0].month += 1
    for name, phase in phases():
        start = time.thread_time()
        phase(state)
        seconds[name] = seconds.get(name, 0.0) + time.thread_time() - start
    if not is_sound(state):
        raise RuntimeError(f"the accounts are open after month {economy.month}")


def opened(firms: int, *, panel: bool, seed: int, few_lenders: bool) -> Economy:
    """A larger economy, ready to run."""
    larger = enlarged(opening_tables(), firms, few_lenders=few_lenders)
    return Economy(larger.opening, parameters=larger.parameters, seed=seed, panel=panel)


def memory() -> float:
    """Peak of the memory that this process has held (MiB)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0**2 if sys.platform == "darwin" else 1024.0)


def measure(firms: int, months: int, *, panel: bool, seed: int, few_lenders: bool, profile: bool) -> dict[str, Any]:
    """Processor time and memory of one economy, in this process.

    Returns
    -------
    dict
        firms, contracts, loans (at the opening); opening (seconds to open); month (seconds a month); memory (MiB above
        that of the engine); failed (firms in the months run); phases (seconds a month by phase, if `profile`).
    """
    small = opened(1, panel=panel, seed=seed, few_lenders=False)
    small.run(1)
    if profile:
        step(small, {})
    before = memory()
    start = time.thread_time()
    economy = opened(firms, panel=panel, seed=seed, few_lenders=few_lenders)
    opening = time.thread_time() - start
    found = {name: len(economy.rows(name)) for name in ("firms", "contracts", "loans")}
    parts: dict[str, float] = {}
    start = time.thread_time()
    if profile:
        for _ in range(months):
            step(economy, parts)
    else:
        economy.run(months)
    taken = (time.thread_time() - start) / months
    return {
        **found,
        "opening": opening,
        "month": taken,
        "memory": memory() - before,
        "failed": int(economy.rows("series")["failed"][-1]),
        "phases": {name: seconds / months for name, seconds in parts.items()},
    }


def apart(firms: int, given: argparse.Namespace) -> dict[str, Any]:
    """`measure` in a process of its own."""
    told = {"months": given.months, "panel": not given.no_panel, "seed": given.seed}
    told |= {"few_lenders": given.few_lenders, "profile": given.profile}
    words = [sys.executable, "-m", "experiments.benchmarks.scale", "--one", json.dumps({"firms": firms, **told})]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def power(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The power of the size with which values grow, fitted in logs; no number with fewer than two of them.

    >>> round(power([10, 20, 40], [3, 12, 48]), 6)
    2.0
    """
    if len(sizes) < 2 or min(values) <= 0.0:
        return float("nan")
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def tell(all_found: list[dict[str, Any]]) -> None:
    """Print with which powers time and memory grow."""
    sizes = [found["firms"] for found in all_found]
    if len(sizes) > 1:
        for name, what in (("month", "time of a month"), ("memory", "memory"), ("opening", "time of the opening")):
            grows = power(sizes, [found[name] for found in all_found])
            print(f"{what} grows as the number of firms to the power of {grows:.2f}")


def tell_phases(all_found: list[dict[str, Any]]) -> None:
    """Print processor time by phase, the phase that takes most in the largest economy first."""
    sizes = [found["firms"] for found in all_found]
    last = all_found[-1]["phases"]
    total = sum(last.values())
    print("\nms of processor time a month, and the power of the number of firms with which it grows")
    print(f"{'firms':<22}" + "".join(f"{size:>11}" for size in sizes) + f"{'share':>8}{'power':>7}")
    for name in sorted(last, key=lambda name: -last[name]):
        if last[name] >= TOLD * total:
            times = [found["phases"].get(name, 0.0) for found in all_found]
            line = "".join(f"{1e3 * seconds:>11.3f}" for seconds in times)
            print(f"{name:<22}{line}{last[name] / total:>8.1%}{power(sizes, times):>7.2f}")


def main(words: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="firms at the opening, about")
    parser.add_argument("--months", type=int, default=12, help="length of a run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-panel", action="store_true", help="record no firm panel")
    parser.add_argument("--few-lenders", action="store_true", help="let the opening's lenders grow instead of copying")
    parser.add_argument("--profile", action="store_true", help="print the processor time of every phase")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.one:
        print(json.dumps(measure(**given.one)))
        return
    if min(*given.sizes, given.months, 1) < 1:
        parser.error("--sizes and --months must be at least 1")
    columns = ("firms", "contracts", "loans", "opening s", "s a month", "us a firm", "MiB", "KiB a firm", "failed")
    print("".join(f"{column:>11}" for column in columns))
    all_found = []
    for size in sorted(given.sizes):
        found = apart(size, given)
        all_found.append(found)
        n, month, room = found["firms"], found["month"], found["memory"]
        line = f"{n:>11}{found['contracts']:>11}{found['loans']:>11}{found['opening']:>11.2f}{month:>11.4f}"
        print(f"{line}{1e6 * month / n:>11.1f}{room:>11.0f}{1024 * room / n:>11.1f}{found['failed']:>11}", flush=True)
    tell(all_found)
    if given.profile:
        tell_phases(all_found)


if __name__ == "__main__":
    main()
