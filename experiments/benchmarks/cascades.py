"""The Gai-Kapadia sweep, compiled, against the same cascade on networkx graphs in Python.

``python -m experiments.benchmarks.cascades`` prints, for a few mean degrees, the time of a draw (graph and cascade)
of both and their ratio, and the frequency of contagion that each finds. Times are of one machine at one moment.
"""

from __future__ import annotations

import random
import time
from fractions import Fraction

import networkx as nx
import numpy as np

from experiments.reproductions.poisson_cascades import cascade_sizes

BANKS = 1000
RATIO = Fraction(1, 5)  # capital 4 % over interbank assets 20 %: a bank fails when more than a fifth of its loans do
DRAWS, SLOW_DRAWS = 2000, 20


def python_size(draw: random.Random, z: float) -> int:
    """Banks that fail in one draw, on a networkx graph, as one would write it without a compiler."""
    graph = nx.fast_gnp_random_graph(BANKS, z / (BANKS - 1), seed=draw.randrange(2**31), directed=True)
    failed = {draw.randrange(BANKS)}
    front = list(failed)
    while front:
        hit = {bank for lost in front for bank in graph.predecessors(lost)} - failed
        front = [
            bank
            for bank in hit
            if sum(debtor in failed for debtor in graph.successors(bank)) > RATIO * graph.out_degree(bank)
        ]
        failed.update(front)
    return len(failed)


def main() -> None:
    """Print the table."""
    settings = {"n": BANKS, "ratio": RATIO, "strict": True, "directed": True}
    cascade_sizes(1, 0, z=3.0, **settings)  # type: ignore[arg-type]
    print(f"{'z':>4} {'compiled':>12} {'networkx':>12} {'ratio':>8} {'frequency':>10} {'in Python':>10}")
    for z in (1.5, 3.0, 5.0):
        start = time.perf_counter()
        sizes = cascade_sizes(DRAWS, 1, z=z, **settings)  # type: ignore[arg-type]
        fast = (time.perf_counter() - start) / DRAWS
        draw = random.Random(1)
        start = time.perf_counter()
        slow_sizes = np.array([python_size(draw, z) for _ in range(SLOW_DRAWS)])
        slow = (time.perf_counter() - start) / SLOW_DRAWS
        often, often_slow = np.mean(sizes > 0.05 * BANKS), np.mean(slow_sizes > 0.05 * BANKS)
        print(f"{z:4.1f} {fast * 1e3:9.3f} ms {slow * 1e3:9.1f} ms {slow / fast:8.0f} {often:10.2f} {often_slow:10.2f}")


if __name__ == "__main__":
    main()
