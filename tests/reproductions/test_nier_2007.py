import numpy as np
import pytest

from abm.contagion import clear_tiers
from abm.errors import BadInput
from experiments.reproductions.nier_2007 import THETA, E, N, P, mean_defaults


def by_the_book(graphs, seed, gamma, n=N, p=P, external=E, theta=THETA):
    """The same set-up written on matrices and cleared by the public function, one bank at a time."""
    rng = np.random.default_rng(seed)
    counts = []
    for _ in range(graphs):
        lends = np.zeros((n, n), dtype=bool)
        lends[~np.eye(n, dtype=bool)] = rng.random(n * (n - 1)) < p
        owed = lends.T * (theta / (1 - theta) * external / max(lends.sum(), 1))
        borrowed, lent = owed.sum(axis=1), owed.sum(axis=0)
        fill = np.maximum(borrowed - lent, 0.0)
        e = fill + (external - fill.sum()) / n
        deposits = np.maximum((1 - gamma) * (e + lent) - borrowed, 0.0)
        fallen = 0
        for hit in range(n):
            after = e.copy()
            after[hit] = 0.0
            fallen += clear_tiers([np.zeros((n, n)), owed], after, [deposits, np.zeros(n)]).defaulted.sum()
        counts.append(fallen / n)
    return counts


@pytest.mark.parametrize("gamma", [0.0, 0.01, 0.03])
def test_the_compiled_sweep_is_the_public_clearing(gamma):
    np.testing.assert_allclose(mean_defaults(4, 5, gamma=gamma), by_the_book(4, 5, gamma))


def test_stated_means():
    assert mean_defaults(300, 1, gamma=0.01).mean() == pytest.approx(14.66, abs=0.35)
    assert mean_defaults(300, 1, gamma=0.03).mean() == pytest.approx(5.80, abs=0.2)
    assert mean_defaults(300, 1, gamma=0.05).mean() == pytest.approx(1.15, abs=0.1)


def test_ends():
    assert (mean_defaults(3, 1, p=0.0) == 1.0).all()
    assert (mean_defaults(3, 1, theta=0.0, gamma=0.01) == 1.0).all()
    assert (mean_defaults(3, 1, shock=0.0) == 0.0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"p": 1.1},
        {"p": float("nan")},
        {"theta": 0.6},
        {"gamma": -0.1},
        {"shock": 2},
        {"n": 1},
        {"external": 0},
    ],
)
def test_out_of_range(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        mean_defaults(1, 1, **wrong)
