"""Why a firm failed: which earlier losses explain it, through which channel, how much of it."""

import pytest
from before import Before, cells, near
from village import Village

from abm.distress.causes import BY_DECREE, FOR_CASH, FOR_COLLATERAL, enter_default, explain, months_of_hit
from abm.engine.tables import (
    COLLATERAL,
    COUNTERPARTY,
    CUSTOMER,
    DEFERRAL,
    EXCHANGE,
    FUNDING,
    LENDER_TO_LENDER,
    LIQUIDATION,
    MARKET,
    VENDOR_CHANNEL,
)
from abm.rules import interpreted


def hit(v, victim, source, channel, amount, age=1, stage=1):
    """A loss of so many months ago."""
    h = v.state.hits[int(v.market.n_hits)]
    h.month, h.stage, h.victim, h.source = int(v.market.month) - age, stage, victim, source
    h.channel, h.amount = channel, amount
    v.market.n_hits += 1


def failing(month=40, stage=3):
    """A cloud whose default stands in the second row of the table, a bank, a lab and another cloud."""
    v = Village()
    v.market.month, v.market.stage, v.market.n_defaults = month, stage, 2
    bank, lab, other, cloud = v.lender(), v.lab(), v.neocloud(), v.neocloud()
    v.state.defaults[1].firm = cloud
    return v, bank, lab, other, cloud


def causes(v):
    """Parents of the default by firm and channel."""
    rows = v.state.parents[: int(v.market.n_parents)]
    assert all(row.default == 1 for row in rows)
    found = {(int(row.parent), int(row.channel)): float(row.weight) for row in rows}
    assert len(found) == len(rows)
    return found


def verdict(v):
    """Whether it is fundamental, its channel, the part of the shortfall nothing explains."""
    return cells(v.state.defaults[1], "fundamental", "channel", "fundamental_share")


@pytest.mark.parametrize(
    ("channel", "felt"),
    [(CUSTOMER, [0.0, 1.0, 2.0, 23.0]), (FUNDING, [1.0, 1.0, 0.0, 0.0])]
    + [(k, [1.0, 1.0, 1.0, 1.0]) for k in (COUNTERPARTY, COLLATERAL, LENDER_TO_LENDER, VENDOR_CHANNEL, MARKET)],
)
def test_lost_rent_is_felt_every_month_and_a_refused_loan_for_two(channel, felt):
    assert [interpreted(months_of_hit)(channel, age) for age in (0, 1, 2, 23)] == felt


def test_each_loss_explains_its_part_of_the_shortfall():
    v, bank, lab, _, cloud = failing()
    hit(v, cloud, lab, CUSTOMER, 0.5, age=4)
    hit(v, cloud, bank, FUNDING, 3.0, age=1)
    hit(v, cloud, lab, COUNTERPARTY, 1.0, age=0, stage=2)
    before = Before(v)
    v.run(explain, 1, 10.0, FOR_CASH)
    assert causes(v) == near({(lab, CUSTOMER): 0.2, (bank, FUNDING): 0.3, (lab, COUNTERPARTY): 0.1})
    assert verdict(v) == (1, -1, near(0.4))
    assert before.firms() == {}
    assert int(v.market.n_parents) == 3


def test_losses_larger_than_the_shortfall_share_it_and_the_heaviest_channel_is_named():
    v, bank, lab, other, cloud = failing()
    hit(v, cloud, bank, FUNDING, 5.0, age=0, stage=1)
    hit(v, cloud, lab, COUNTERPARTY, 4.0)
    hit(v, cloud, other, COUNTERPARTY, 11.0)
    v.run(explain, 1, 8.0, FOR_CASH)
    assert causes(v) == near({(bank, FUNDING): 0.25, (lab, COUNTERPARTY): 0.2, (other, COUNTERPARTY): 0.55})
    assert verdict(v) == (0, COUNTERPARTY, 0.0)


def test_a_channel_is_as_heavy_as_all_its_hits():
    v, bank, lab, other, cloud = failing()
    hit(v, cloud, bank, COUNTERPARTY, 5.0)
    hit(v, cloud, lab, VENDOR_CHANNEL, 4.0)
    hit(v, cloud, other, VENDOR_CHANNEL, 3.0)
    v.run(explain, 1, 8.0, FOR_CASH)
    assert verdict(v) == (0, VENDOR_CHANNEL, 0.0)


def test_of_two_channels_as_heavy_the_first_is_named():
    v, bank, lab, _, cloud = failing()
    hit(v, cloud, bank, FUNDING, 4.0)
    hit(v, cloud, lab, CUSTOMER, 4.0)
    v.run(explain, 1, 4.0, FOR_CASH)
    assert verdict(v) == (0, CUSTOMER, 0.0)


def test_hits_of_one_firm_through_one_channel_are_one_cause():
    v, bank, lab, _, cloud = failing()
    hit(v, cloud, lab, COUNTERPARTY, 1.0, age=9)
    hit(v, cloud, bank, FUNDING, 2.0)
    hit(v, cloud, lab, CUSTOMER, 0.5)
    hit(v, cloud, lab, COUNTERPARTY, 3.0)
    v.run(explain, 1, 10.0, FOR_CASH)
    assert causes(v) == near({(lab, COUNTERPARTY): 0.4, (bank, FUNDING): 0.2, (lab, CUSTOMER): 0.05})


def test_causes_of_another_default_are_not_added_to():
    v, _, lab, _, cloud = failing()
    old = v.state.parents[0]
    old.default, old.parent, old.channel, old.weight = 0, lab, COUNTERPARTY, 0.75
    v.state.parents[1].weight = 0.875
    v.market.n_parents = 1
    hit(v, cloud, lab, COUNTERPARTY, 2.0)
    v.run(explain, 1, 4.0, FOR_CASH)
    rows = v.state.parents[: int(v.market.n_parents)]
    assert list(rows.weight) == [0.75, 0.5]
    assert list(rows.default) == [0, 1]


def test_another_defaults_causes_do_not_name_the_channel():
    v, _, lab, _, cloud = failing()
    old = v.state.parents[0]
    old.default, old.parent, old.channel, old.weight = 0, lab, VENDOR_CHANNEL, 5.0
    v.market.n_parents = 1
    hit(v, cloud, lab, COUNTERPARTY, 4.0)
    v.run(explain, 1, 4.0, FOR_CASH)
    assert verdict(v) == (0, COUNTERPARTY, 0.0)


@pytest.mark.parametrize(
    ("age", "stage", "explained"),
    [(23, 1, True), (24, 1, False), (30, 1, False), (0, 2, True), (0, 3, False), (0, 4, False), (1, 3, True)],
)
def test_only_losses_of_the_last_two_years_and_of_earlier_rounds_explain(age, stage, explained):
    v, _, lab, _, cloud = failing()
    hit(v, cloud, lab, COUNTERPARTY, 4.0, age=age, stage=stage)
    v.run(explain, 1, 4.0, FOR_CASH)
    assert causes(v) == ({(lab, COUNTERPARTY): 1.0} if explained else {})
    assert verdict(v) == ((0, COUNTERPARTY, 0.0) if explained else (1, -1, 1.0))


def test_losses_of_others_explain_nothing():
    v, _, _, other, cloud = failing()
    hit(v, other, cloud, COUNTERPARTY, 4.0)
    v.run(explain, 1, 4.0, FOR_CASH)
    assert causes(v) == {}
    assert verdict(v) == (1, -1, 1.0)


def test_rent_lost_in_this_month_is_not_felt_yet():
    v, _, lab, _, cloud = failing()
    hit(v, cloud, lab, CUSTOMER, 4.0, age=0, stage=1)
    v.run(explain, 1, 4.0, FOR_CASH)
    assert causes(v) == {}
    assert int(v.market.n_parents) == 0


@pytest.mark.parametrize(("shortfall", "fundamental"), [(4.0, 0), (4.01, 1)])
def test_a_default_is_contagious_where_what_others_kept_covers_the_shortfall(shortfall, fundamental):
    v, _, lab, _, cloud = failing()
    hit(v, cloud, lab, COUNTERPARTY, 4.0)
    v.run(explain, 1, shortfall, FOR_CASH)
    assert verdict(v)[:2] == ((1, -1) if fundamental else (0, COUNTERPARTY))


@pytest.mark.parametrize(
    ("reason", "channel", "source", "fundamental"),
    [
        (FOR_CASH, COUNTERPARTY, 6, 0), (FOR_COLLATERAL, COUNTERPARTY, 6, 0), (BY_DECREE, COUNTERPARTY, 6, 1),
        (FOR_CASH, COLLATERAL, 6, 1), (FOR_COLLATERAL, COLLATERAL, 6, 0), (BY_DECREE, COLLATERAL, 6, 1),
        (FOR_CASH, MARKET, -1, 1), (FOR_COLLATERAL, COLLATERAL, -1, 1), (FOR_COLLATERAL, COLLATERAL, 0, 0),
    ],
)  # fmt: skip
def test_marks_count_for_called_loans_the_market_never_and_a_decree_is_fundamental(
    reason, channel, source, fundamental
):
    v, _, _, _, cloud = failing()
    hit(v, cloud, source, channel, 5.0)
    v.run(explain, 1, 4.0, reason)
    assert verdict(v) == (fundamental, -1 if fundamental else channel, 0.0)
    assert causes(v) == {(source, channel): 1.0}


def test_a_default_without_a_shortfall_or_a_loss_is_its_own():
    v, *_ = failing()
    v.run(explain, 1, 0.0, FOR_CASH)
    assert verdict(v) == (1, -1, 1.0)


@pytest.mark.parametrize(
    ("way", "owed", "before", "offered"),
    [(LIQUIDATION, 9.0, 0.0, 5.0), (EXCHANGE, 3.0, 1.0, 3.0), (LIQUIDATION, 9.0, 6.5, 6.5), (DEFERRAL, 3.0, 1.0, 1.0)],
)
def test_loans_that_fail_seek_new_holders_once_within_a_year_and_other_debt_none(way, owed, before, offered):
    v, *_, cloud = failing()
    v[cloud].debt, v[cloud].offered = 5.0, before
    row = v.run(enter_default, cloud, way, owed, 1.0, FOR_CASH)
    assert row == 2
    assert cells(v.state.defaults[2], "debt", "loans") == (owed, min(owed, 5.0))
    assert v[cloud].offered == offered
