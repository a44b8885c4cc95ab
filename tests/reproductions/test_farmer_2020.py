import numpy as np
import pytest
from numpy.testing import assert_allclose

from abm.errors import BadInput
from experiments.reproductions import farmer_2020 as study
from experiments.reproductions.farmer_2020 import Books, Farmer, stress


def one_by_one(books, rules):
    """The same steps bank by bank, with an order book."""
    banks = [
        {"cash": cash, "other": other, "debt": debt, "loan": loan, "held": list(held), "alive": True}
        for cash, other, debt, loan, held in zip(
            books.cash, books.other, books.debt, books.repayable, books.held, strict=True
        )
    ]
    m = books.held.shape[1]
    prices, supply = [1.0] * m, books.held.sum(axis=0)
    prices[-1] = 1.0 - rules.shock
    orders, liquidated = [], []
    for _ in range(rules.steps):
        for bank in liquidated:
            orders += [(bank, a, bank["held"][a]) for a in range(m)]
        liquidated = []
        old = list(prices)
        for a in range(m):
            amount = sum(quantity for _, asset, quantity in orders if asset == a)
            if amount > 0:
                prices[a] *= (1.0 - rules.impact) ** (10.0 * amount / supply[a])
        for bank, a, quantity in orders:
            bank["held"][a] -= quantity
            bank["cash"] += quantity * (prices[a] + old[a]) / 2
        orders = []
        for bank in banks:
            if not bank["alive"]:
                continue
            worth = [held * price for held, price in zip(bank["held"], prices, strict=True)]
            assets = bank["cash"] + bank["other"] + sum(worth)
            equity = assets - bank["debt"]
            if equity / assets < rules.lambda_min:
                bank["alive"] = False
                liquidated.append(bank)
            elif equity / assets < rules.lambda_buffer:
                too_much = max(0.0, assets - equity / rules.lambda_target)
                repaid = min(too_much, bank["cash"], bank["loan"])
                for part in ("cash", "debt", "loan"):
                    bank[part] -= repaid
                wanted = too_much - repaid
                if bank["cash"] < wanted and sum(worth) > 0:
                    share = min((wanted - bank["cash"]) / sum(worth), 1.0)
                    orders += [(bank, a, bank["held"][a] * share) for a in range(m)]
    return banks, prices


@pytest.mark.parametrize("buffer", [0.04, 1.0])
@pytest.mark.parametrize("repayable", [0.5, 0.02])
def test_the_steps_taken_bank_by_bank(buffer, repayable):
    rng = np.random.default_rng(4)
    for _ in range(20):
        n, m = (int(x) for x in rng.integers(1, 9, 2))
        held = rng.exponential(5.0, (n, m)) * (rng.random((n, m)) < 0.8)
        cash, other = rng.random(n), rng.exponential(20.0, n)
        debt = (cash + other + held.sum(axis=1)) * rng.uniform(0.9, 0.99, n)
        books = Books(cash, other, debt, repayable * debt, held)
        rules = Farmer(float(rng.random() * 0.3), float(rng.random() * 0.2), lambda_buffer=buffer)
        found = stress(books, rules)
        banks, prices = one_by_one(books, rules)
        assert found.failed.tolist() == [not bank["alive"] for bank in banks]
        assert_allclose(found.prices, prices, rtol=1e-10)
        assert_allclose(found.cash, [bank["cash"] for bank in banks], rtol=1e-9, atol=1e-9)
        assert_allclose(found.debt, [bank["debt"] for bank in banks], rtol=1e-9)
        assert_allclose(found.sold, held.sum(axis=0) - np.sum([bank["held"] for bank in banks], axis=0), atol=1e-9)


@pytest.mark.parametrize("row", study.by_hand_rows(), ids=lambda row: row.statement[:12])
def test_by_hand(row):
    assert row.holds


def test_books_add_up():
    books = study.books_of_2018()
    equity = books.cash + books.other + books.held.sum(axis=1) - books.debt
    assert_allclose(equity, study.banks().equity)
    assert (books.other > 0).all()


def test_what_counts_as_growing():
    assert study.grows([0.1, 0.3, 0.25, 0.4])
    assert not study.grows([0.1, 0.3, 0.15, 0.4])
    assert not study.grows([0.4, 0.4])


@pytest.mark.parametrize(
    "wrong", [{"shock": 1.1}, {"impact": 1.0}, {"lambda_min": 0.0}, {"lambda_target": 0.02}, {"steps": -1}]
)
def test_out_of_range(wrong):
    with pytest.raises(BadInput, match="need "):
        Farmer(**wrong)
