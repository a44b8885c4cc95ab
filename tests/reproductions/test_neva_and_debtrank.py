import numpy as np
import pytest

from abm.contagion import value_debtrank, value_eisenberg_noe, value_furfine
from abm.errors import BadInput
from experiments.reproductions.debtrank_2015 import added_loss, complete
from experiments.reproductions.neva_2020 import by_clearing, by_debtrank, relative_loss


@pytest.mark.parametrize(
    ("rule", "stated"), [(value_eisenberg_noe, 0.333), (value_furfine, 0.333), (value_debtrank, 0.983)]
)
def test_stated_losses_on_the_ring(rule, stated):
    assert relative_loss(0.15, rule) == pytest.approx(stated, abs=5e-4)


@pytest.mark.parametrize("alpha", np.linspace(0, 1, 21))
def test_the_rules_are_ordered_and_equal_the_other_routes(alpha):
    en, furfine, linear = (
        relative_loss(alpha, rule) for rule in (value_eisenberg_noe, value_furfine, value_debtrank)
    )
    assert en <= furfine + 1e-12
    assert furfine <= linear + 1e-12
    assert en == pytest.approx(by_clearing(alpha), abs=1e-9)
    assert linear == pytest.approx(by_debtrank(alpha), abs=1e-9)


def test_loss_added_by_a_complete_network():
    assert added_loss(5, 1.2, 0.001) == pytest.approx((0.999, 0.0012), abs=1e-12)
    assert added_loss(5, 0.8, 0.1) == pytest.approx((0.4, 0.08), abs=1e-12)
    assert added_loss(7, 0.5, 0.02) == pytest.approx((0.02, 0.01), abs=1e-12)


def test_out_of_range():
    with pytest.raises(BadInput, match="alpha"):
        relative_loss(1.5, value_furfine)
    with pytest.raises(BadInput, match="n >= 2"):
        complete(1, 0.5)
