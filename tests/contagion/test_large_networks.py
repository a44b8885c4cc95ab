import itertools
import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

from abm.contagion import resilience
from abm.errors import BadInput

SOME = ([2, 3, 5, 1, 0], [3, 2, 4, 1, 1], [1, 2, 2, 2, 1])


def test_by_hand():
    # Everyone has three debtors and three creditors; one in four falls with the first default of a debtor.
    weak = resilience([3, 3], [3, 3], [1, 4], weights=[1, 3])
    assert (weak.contagious, weak.reached, weak.fallen, weak.resilient) == (0.75, 0.0, 0.0, True)
    # x = eps + (1 - eps) (1 - (1 - x)^2) has the least solution eps / (1 - eps) in networks of two debtors each, half
    # of whose banks fall with one default: x = eps + (1 - eps) (x - x^2 / 2)
    eps = 0.02
    x = (-eps + math.sqrt(eps * eps + 2 * (1 - eps) * eps)) / (1 - eps)
    assert resilience([2, 2], [2, 2], [1, 3], first=eps).fallen == pytest.approx(x, abs=1e-12)


def test_the_least_fixed_point_of_the_sums_as_written():
    j, k, need = map(np.array, SOME)
    weights = np.array([4.0, 1.0, 4.0, 2.0, 0.0])
    weights[4] = weights @ (j - k) / (k[4] - j[4])  # as many debtors as creditors
    mass = weights / weights.sum()
    degree = mass @ k
    for first in (0.0, 1e-6, 0.03, 0.4, 1.0):
        found = resilience(j, k, need, weights=weights, first=first)

        def image(x, of, first=first):
            falls = [sum(binom.pmf(m, a, x) for m in range(b, a + 1)) for a, b in zip(j, need, strict=True)]
            return of @ (first + (1 - first) * np.array(falls))

        links = mass * k / degree
        assert image(found.reached, links) == pytest.approx(found.reached, abs=1e-11)
        assert image(found.reached, mass) == pytest.approx(found.fallen, abs=1e-12)
        below = np.linspace(0, found.reached, 200)[:-1]
        assert all(image(x, links) > x or x == 0.0 for x in below)
        assert found.contagious == pytest.approx(sum(links * j * (need == 1)))


@pytest.mark.parametrize("first", [1e-300, 1e-14, 1e-10, 1e-3])
def test_however_few_default_first_all_do_where_each_default_brings_another(first):
    """``x = first + (1 - first) x``, solved by 1 alone: half fall with one debtor of two, half with both."""
    assert resilience([2, 2], [2, 2], [1, 2], first=first).fallen == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("share", [0.3, 0.49, 0.4999999, 0.5, 0.5000001, 0.6])
@pytest.mark.parametrize("first", [1e-30, 1e-12, 1e-4])
def test_the_least_solution_is_found_about_the_critical_point_too(share, first):
    """``x = first + kept (1 - (1 - x)**2)`` with ``kept = (1 - first) share`` is a quadratic equation."""
    kept = (1 - Fraction(first)) * Fraction(share)
    a, b, c = kept, 1 - 2 * kept, -Fraction(first)
    with localcontext(prec=80):
        root = (b * b - 4 * a * c).limit_denominator(10**90)
        root = Fraction((Decimal(root.numerator) / Decimal(root.denominator)).sqrt())
    least = float(2 * -c / (b + root)) if b > 0 else float((root - b) / (2 * a))
    found = resilience([2, 2], [2, 2], [1, 3], weights=[share, 1 - share], first=first).reached
    assert found == pytest.approx(least, rel=1e-6)


def test_who_defaults_anyway_and_who_never_does():
    assert resilience([2, 2, 2], [2, 2, 2], [0, 3, 3]).fallen == pytest.approx(1 / 3)
    assert resilience([1, 1], [1, 1], [0, 1]).fallen == pytest.approx(1.0)
    assert resilience([1, 1], [1, 1], [0, 1]).contagious == 0.5  # a link to who defaults anyway leads no further
    assert resilience([0, 0], [0, 0], [1, 0]).fallen == 0.5


def test_what_must_move_which_way():
    answers = [resilience([4, 4], [4, 4], [1, 3], weights=[w, 1 - w], first=0.01) for w in (0.1, 0.2, 0.3, 0.6)]
    for less, more in itertools.pairwise(answers):
        assert less.contagious < more.contagious
        assert less.fallen < more.fallen
    assert [answer.resilient for answer in answers] == [True, True, False, False]
    merged = resilience([4], [4], [1], weights=[7.5], first=0.01)
    assert merged == resilience([4, 4], [4, 4], [1, 1], weights=[1, 3], first=0.01)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"debtors": [1, 2.5]}, "debtors must hold whole numbers"),
        ({"creditors": [2, -2]}, r"creditors\[1\] is -2"),
        ({"need": [1]}, "need must have 2 entries"),
        ({"need": [1, 1e300]}, "need must hold whole numbers"),
        ({"weights": [0, 0]}, "weights must have a sum above 0"),
        ({"first": 1.5}, "first must be a number from 0 to 1"),
        ({"creditors": [2, 3]}, "debtors and creditors must be as many in all: on average they are 2 and 2.5"),
        ({"debtors": [], "creditors": [], "need": []}, "weights must have a sum above 0"),
    ],
)
def test_mistakes_are_said_in_a_sentence(wrong, words):
    given = {"debtors": [2, 2], "creditors": [2, 2], "need": [1, 2]} | wrong
    with pytest.raises(BadInput, match=words):
        resilience(given.pop("debtors"), given.pop("creditors"), given.pop("need"), **given)
