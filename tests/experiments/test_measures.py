"""Outcomes worked out of several tables: failures by kind, credit losses told once, what shares are worth."""

from types import SimpleNamespace

import numpy as np
import pytest

from abm.engine import tables
from experiments.measures import drawdown, measure, outcome_field, share_value
from experiments.report.view import meaning
from experiments.study import Outcome, Study
from experiments.study_fields import read_outcome

DEFAULT = np.dtype([("month", "i8"), ("firm", "i8"), ("way", "i8"), ("loss_credit", "f8"), ("loss_equity", "f8")])
MONTHS = 6
CLOUD, LAB, BANK = range(3)


class Made(SimpleNamespace):
    """As much of a finished economy as outcomes are made of."""

    def rows(self, name):
        return self.fallen if name == "defaults" else np.array([(m + 1,) for m in range(MONTHS)], [("month", "i8")])

    def panel(self):
        return self.recorded

    def firm(self, name):
        return ("Cloud", "Lab", "Bank").index(name)


def economy(*fallen, value=None, paid_in=None, protected=None) -> Made:
    recorded = np.zeros((MONTHS, 3), [("valuation", "f8"), ("paid_in", "f8"), ("protected_until", "f8")])
    recorded["valuation"] = 10.0
    recorded["valuation"][:, CLOUD] = 10.0 if value is None else value
    recorded["paid_in"][:, CLOUD] = 1.0 if paid_in is None else paid_in
    recorded["protected_until"][:, CLOUD] = 0.0 if protected is None else protected
    kinds = np.array([(tables.NEOCLOUD,), (tables.LAB,), (tables.LENDER,)], [("kind", "i8")])
    return Made(fallen=np.array(list(fallen), DEFAULT), recorded=recorded, state=SimpleNamespace(firms=kinds))


def outcome(text) -> Outcome:
    return Outcome.model_validate(read_outcome(text))


FALLEN = (
    (2, CLOUD, tables.DEFERRAL, 0.5, 0.0),
    (3, CLOUD, tables.LIQUIDATION, 4.0, 2.0),
    (3, LAB, tables.REORGANISATION, 1.0, 1.0),
    (5, BANK, tables.LIQUIDATION, 3.0, 1.0),
)


def test_who_puts_off_a_loan_does_not_fail():
    made = economy(*FALLEN)
    assert measure(made, outcome("sum failures")) == 3.0
    assert measure(made, outcome("max failures")) == 2.0
    assert measure(made, outcome("first failures")) == 3.0
    assert np.isnan(measure(economy(), outcome("first failures")))
    assert measure(economy(), outcome("sum failures")) == 0.0


def test_what_lenders_pass_on_is_not_lost_again():
    made = economy(*FALLEN)
    assert measure(made, outcome("sum credit_losses")) == 5.5
    assert measure(made, outcome("sum defaults.loss_credit")) == 8.5
    assert measure(made, outcome("sum credit_losses 3..3")) == 5.0


def test_failures_of_one_kind():
    made = economy(*FALLEN)
    of = {"statistic": "sum", "of": "failures"}
    assert measure(made, outcome(of | {"kind": "neocloud"})) == 1.0
    assert measure(made, outcome(of | {"kind": "lender"})) == 1.0
    assert measure(made, outcome({"statistic": "sum", "of": "credit_losses", "kind": "lender"})) == 3.0
    assert measure(made, outcome({"statistic": "sum", "of": "defaults.loss_equity", "kind": "lab"})) == 1.0


def test_shares_move_with_the_value_less_what_new_owners_paid_in():
    made = economy(value=[10, 20, 30, 30, 15, 15], paid_in=[1, 1, 6, 6, 6, 6])
    assert share_value(made, ["Cloud"]).tolist() == [1.0, 2.0, 2.5, 2.5, 1.25, 1.25]
    assert share_value(made, ["Cloud", "Lab"]).tolist() == [1.0, 1.5, 1.75, 1.75, 1.125, 1.125]


def test_old_owners_keep_what_a_failure_leaves_them():
    left = economy((3, CLOUD, tables.EXCHANGE, 1.0, 6.0), value=[10, 10, 8, 16, 16, 16])
    assert share_value(left, ["Cloud"]) == pytest.approx([1.0, 1.0, 0.4, 0.8, 0.8, 0.8])
    gone = economy((3, CLOUD, tables.LIQUIDATION, 1.0, 10.0), value=[10, 10, 0, 0, 0, 0])
    assert share_value(gone, ["Cloud"]).tolist() == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    some = economy((3, CLOUD, tables.LIQUIDATION, 1.0, 6.0), value=[10, 10, 0, 0, 0, 0])
    assert share_value(some, ["Cloud"]) == pytest.approx([1.0, 1.0, 0.4, 0.4, 0.4, 0.4])
    put_off = economy((3, CLOUD, tables.DEFERRAL, 1.0, 0.0))
    assert share_value(put_off, ["Cloud"]).tolist() == [1.0] * MONTHS


def test_a_court_takes_shares_when_its_plan_is_carried_out():
    row = (2, CLOUD, tables.REORGANISATION, 1.0, 4.5)
    made = economy(row, value=[10, 10, 5, 5, 40, 40], protected=[0, 5, 5, 5, 0, 0])
    assert share_value(made, ["Cloud"]) == pytest.approx([1.0, 1.0, 0.5, 0.5, 0.05, 0.05])
    waits = economy(row, value=[10, 10, 5, 5, 5, 5], protected=[0, 9, 9, 9, 9, 9])
    assert share_value(waits, ["Cloud"])[-1] == 0.5


def test_shares_worth_nothing_at_the_start_have_no_value():
    assert np.isnan(share_value(economy(value=[0, 1, 1, 1, 1, 1]), ["Cloud"])).all()
    of = {"of": "share_value", "firms": ["Cloud"]}
    for statistic in ("lost", "drawdown", "final"):
        assert np.isnan(measure(economy(value=[0, 1, 1, 1, 1, 1]), outcome(of | {"statistic": statistic})))


def test_falls_and_losses_are_shares():
    made = economy(value=[10, 40, 20, 30, 5, 8])
    of = {"of": "share_value", "firms": ["Cloud"]}
    assert measure(made, outcome(of | {"statistic": "drawdown"})) == pytest.approx(1 - 5 / 40)
    assert measure(made, outcome(of | {"statistic": "lost"})) == pytest.approx(0.2)
    assert measure(economy(value=[10, 40, 20, 30, 5, 12]), outcome(of | {"statistic": "lost"})) == 0.0
    assert drawdown(np.array([1.0, 2.0, 3.0])) == 0.0
    assert outcome_field("x", outcome(of | {"statistic": "lost"})).metadata[b"unit"] == b"share"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"statistic": "sum", "of": "ai_debt", "kind": "lab"}, "'kind' is for failures"),
        ({"statistic": "sum", "of": "failures", "kind": "bank"}, "lab"),
        ({"statistic": "final", "of": "share_value"}, "'firms' and 'share_value' go together"),
        ({"statistic": "final", "of": "ai_debt", "firms": ["OpenAI"]}, "'firms' and 'share_value' go together"),
        ("sum failurs", "did you mean 'failures'"),
    ],
)
def test_what_cannot_be_measured_is_refused(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        outcome(given)


def test_firms_whose_shares_are_held_must_be_in_the_opening():
    study = Study(outcomes={"x": outcome({"statistic": "final", "of": "share_value", "firms": ["OpenAI", "CoreWave"]})})
    assert "did you mean 'CoreWeave'" in study.opening_mistakes()[0][1]


def test_outcomes_say_what_they_are():
    opened = Study().opened
    told = meaning(outcome({"statistic": "sum", "of": "credit_losses", "kind": "neocloud"}), opened)
    assert told.unit == "bn"
    assert "of neoclouds, sum over months" in told.text
    assert meaning(outcome({"statistic": "drawdown", "of": "share_value", "firms": ["OpenAI"]}), opened).unit == "share"
