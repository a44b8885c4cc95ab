"""The level payment that repays a loan."""

import pytest

from abm.instruments.annuity import annuity
from abm.rules import interpreted


@pytest.mark.parametrize(
    ("rate", "months", "payment"),
    [
        (0.12, 1, 1.01),
        (0.12, 2, 0.010201 / 0.0201),
        (0.24, 3, 0.02 * 1.061208 / 0.061208),
        (0.0, 60, 1 / 60),
        (-0.12, 40, 1 / 40),
    ],
)
def test_one_is_repaid_with_interest_by_level_payments(rate, months, payment):
    assert interpreted(annuity)(rate, months) == pytest.approx(payment, rel=1e-12)


def test_a_loan_is_worth_its_payments_discounted_at_its_own_rate():
    level = interpreted(annuity)(0.09, 60)
    assert sum(level / 1.0075**k for k in range(1, 61)) == pytest.approx(1.0, rel=1e-12)


def test_next_to_no_interest_is_none():
    assert interpreted(annuity)(1.1e-8, 7) == 1 / 7
    assert interpreted(annuity)(0.006, 1) == pytest.approx(1.0005, rel=1e-12)
