"""What the opening works out before a month has run, rule by rule, on an economy of a few firms in plain Python."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from village import Village

from abm.accounts.statement import fleet
from abm.engine import tables as ec
from abm.rules import interpreted
from abm.simulation import Economy


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- who is chosen -------------------------------------------------------------------------------------------
def chosen(work, growth, speed=0.1, labs=2):
    """Work as customers choose now, of sellers with these sales and these rates of growth; the first are labs."""
    v = Village(switching_speed=speed)
    sellers = [v.lab(expected_growth=g) if k < labs else v.entrant(expected_growth=g) for k, g in enumerate(growth)]
    found = interpreted(Economy._chosen)(SimpleNamespace(state=v.state), np.array(work), labs, sellers)
    return [near(float(x)) for x in found]


def test_a_lab_that_grew_faster_than_the_others_has_more_choices_than_users():
    # Growth of 0.9 and 0.3, sales of 1 and 3, so 0.45 on average: a month's excess over a tenth, and together 4.
    wanted = [1.0 * (1.0 + 0.45 / 1.2), 3.0 * (1.0 - 0.15 / 1.2)]
    assert sum(wanted) == near(4.0)
    assert chosen([1.0, 3.0, 5.0], [0.9, 0.3, 9.0]) == [*wanted, 5.0]


def test_labs_that_grew_alike_are_chosen_as_they_are_used():
    assert chosen([1.0, 3.0, 5.0], [0.7, 0.7, 9.0]) == [1.0, 3.0, 5.0]


def test_choices_are_within_a_quarter_and_four_times_the_use_and_together_what_labs_sell():
    # Excess of 1.5 and -0.5 of a year over a hundredth a month: 13.5 and -3.2 times the use.
    four, quarter = 4.0 * 1.0, 0.25 * 3.0
    assert chosen([1.0, 3.0], [2.0, 0.0], speed=0.01) == [
        4.0 * four / (four + quarter), 4.0 * quarter / (four + quarter),
    ]  # fmt: skip


def test_without_switching_or_sales_choices_are_the_use():
    assert chosen([1.0, 3.0], [0.9, 0.3], speed=0.0) == [1.0, 3.0]
    assert chosen([0.0, 0.0, 5.0], [0.9, 0.3, 0.1]) == [0.0, 0.0, 5.0]


# --- first earnings ------------------------------------------------------------------------------------------
def opened(v: Village, revenue: Any, statements: Any = None) -> SimpleNamespace:
    """What the methods that open an economy read of it."""
    self = SimpleNamespace(state=v.state, make_room=lambda: None)
    self.opening = SimpleNamespace(revenue=revenue, names=v.names, statements=statements or {})
    self._guess_earnings = lambda: interpreted(Economy._guess_earnings)(self)
    return self


def test_first_earnings_are_invoices_sales_and_other_income_less_fixed_and_running_costs():
    v = Village()
    v.market.power_price = 50.0
    v.generation(v.vendor(), kw=1.2)
    columns = {"fixed_cost": 0.4, "invoiced_out": 0.3, "invoiced_in": 2.0, "other_income": 1.0, "earnings": 9.0}
    cloud = v.neocloud(unit_opex=0.1, pue=1.25, **columns)
    v.fleet(cloud, 0.5)
    lab, failed = v.lab(**columns), v.neocloud(status=ec.FAILED, **columns)
    revenue = np.zeros((ec.N_SEGMENTS, int(v.market.n_firms)))
    revenue[0, lab], revenue[2, lab], revenue[1, failed] = 6.0, 18.0, 12.0  # a year's
    opened(v, revenue)._guess_earnings()
    assert v[lab].earnings == near(2.0 + 1.0 + 2.0 - 0.7)
    # half a million of 1.2 kW: 0.0625 USD for power and a tenth for staff a kWh
    assert v[cloud].earnings == near(2.0 + 1.0 - 0.7 - 0.73 * 0.5 * 1.2 * 0.1625)
    assert v[failed].earnings == 9.0
    assert not v.rows("firms")["earnings"][: ec.N_OUTSIDE].any()


def test_lenders_see_first_earnings():
    v = Village()
    bank, cloud = v.lender(), v.neocloud(invoiced_in=2.0)
    v.loan(bank, cloud, 40.0)  # 0.4 of interest a month
    opened(v, np.zeros((ec.N_SEGMENTS, int(v.market.n_firms))))._guess_earnings()
    assert v[cloud].dscr == near(2.0 / 0.4)


# --- first values --------------------------------------------------------------------------------------------
def first_values(volatility=0.0, **columns):
    """A hyperscaler that earns 1 bn a month and nothing else happens to: what the rule sees is 12 * 10 bn, at ease."""
    v = Village(
        earnings_multiple=10.0, value_speed=0.25, sentiment_noise=0.0, sentiment_reversion=0.0, sentiment_growth=0.0,
        earnings_speed=1.0, provider_payout=0.0, other_income_growth=0.0,
        hyperscaler_volatility=volatility, sentiment_fear=0.0,
    )  # fmt: skip
    v.state.segments.opening_index[:] = 1.0
    cloud = v.hyperscaler(**({"other_income": 1.0, "cash": 50.0} | columns))
    v.close()
    interpreted(Economy._open_flows)(opened(v, np.zeros((ec.N_SEGMENTS, int(v.market.n_firms)))))
    return float(v[cloud].valuation), float(v[cloud].premium)


def test_what_investors_paid_above_the_rule_is_a_firm_s_premium():
    value, premium = first_values(valuation=180.0)
    assert (value, premium) == (180.0, near(np.log(1.5)))
    value, premium = first_values(valuation=60.0)
    assert (value, premium) == (60.0, near(np.log(0.5)))


def test_no_premium_or_discount_is_beyond_a_factor_of_four_and_a_half():
    assert first_values(valuation=1e4)[1] == 1.5
    assert first_values(valuation=1.0)[1] == -1.5


def test_what_nobody_has_priced_is_worth_what_the_rule_sees_and_has_no_premium():
    assert first_values(valuation=0.0) == (near(120.0), 0.0)


def test_the_luck_of_the_trial_month_does_not_touch_what_nobody_has_priced():
    assert first_values(volatility=0.9, valuation=0.0) == (near(120.0), 0.0)


# --- statements ----------------------------------------------------------------------------------------------
def test_a_statement_tells_what_runs_from_what_waits_for_a_hall():
    v = Village()
    v.market.month = 4
    vendor, cloud = v.vendor("Foundry"), v.neocloud()
    v.generation(vendor, mark=30.0)
    v.generation(vendor, mark=10.0)
    v.generation(vendor)
    v.fleet(cloud, 0.2, 0, book=5.0, age=3.0, waiting=0.1)
    v.fleet(cloud, 0.0, 1, book=1.0, waiting=0.3)
    economy: Any = SimpleNamespace(
        state=v.state, names=v.names, month=4, rows=v.rows,
        opening=SimpleNamespace(generation_names=["One", "Two", "Three"]),
    )  # fmt: skip
    found = [(x.generation, x.units, x.waiting, x.book, near(x.mark)) for x in fleet(economy, cloud)]
    assert found == [("One", 0.2, 0.1, 5.0, 9.0), ("Two", 0.0, 0.3, 1.0, 3.0)]
