import itertools

import numpy as np
import pytest

from abm.errors import BadInput
from experiments.reproductions.elliott_golub_jackson_2014 import (
    PUBLISHED,
    SEED,
    C,
    C_of,
    cross_holdings,
    waves,
)


def test_counts_by_round():
    assert tuple(int(failed.sum()) for failed in waves(C_of(SEED), C, 0.3, 1.0)) == PUBLISHED


def test_shares_sum_to_c_where_there_is_a_holder():
    shares = cross_holdings(60, 0.5, 2.0, 7)
    held = shares.sum(axis=0)
    assert np.allclose(held[held > 0], 0.5)
    assert (np.diag(shares) == 0).all()


def test_failures_only_grow_and_rest_at_the_greatest_values():
    shares, n = cross_holdings(40, 0.6, 1.5, 3), 40
    rounds = waves(shares, 0.6, 0.45, 0.5)
    assert all((earlier <= later).all() for earlier, later in itertools.pairwise(rounds))
    values = np.linalg.solve((np.eye(n) - shares).T, np.eye(n)).T * 0.4 @ (1 - 0.5 * rounds[-1])
    assert ((values < 0.45) == rounds[-1]).all()


def test_a_firm_at_its_threshold_stands():
    assert not waves(np.zeros((3, 3)), 0.3, 0.7, 1.0)[-1].any()
    assert waves(np.zeros((3, 3)), 0.3, 0.7 + 1e-9, 1.0)[-1].all()


@pytest.mark.parametrize("wrong", [{"n": 1}, {"c": 1.0}, {"d": -1.0}, {"d": 100.0}])
def test_out_of_range(wrong):
    with pytest.raises(BadInput, match="need n >= 2"):
        cross_holdings(**({"n": 10, "c": 0.5, "d": 1.0, "seed": 1} | wrong))
