"""What is read of a run: firms, kinds of firm and classes of lender, flows and stocks of other tables."""

import numpy as np
import pytest

from abm.engine import tables
from abm.simulation import open_economy
from experiments.readings import Recorder, aggregate


def test_lenders_are_read_by_class_and_defaults_by_firm():
    economy = open_economy(seed=4)
    lenders = ("bank", "IG bonds", "securitisation")
    asked = [((name,), column) for name in lenders for column in ("held_for_ai", "lent_out")]
    asked += [(("neocloud",), "defaulted"), (("CoreWeave",), "defaulted")]
    recorder = Recorder(economy, asked)
    recorder.take()
    for _ in range(2):
        economy.run(1)
        recorder.take()
    loans, firms, events = economy.rows("loans"), economy.rows("firms"), economy.rows("events")
    live = (loans["status"] == tables.LIVE) & (loans["for_ai"] == 1)
    for name in lenders:
        mine = (firms["kind"] == tables.LENDER) & (firms["subkind"] == tables.LENDER_NAMES.index(name))
        held = loans["principal"][live & mine[loans["lender"]]].sum()
        assert recorder.path((name,), "held_for_ai")[-1] == pytest.approx(held)
        lent = events["amount"][(events["kind"] == tables.E_LOAN) & (events["month"] == 2) & mine[events["a"]]].sum()
        assert recorder.path((name,), "lent_out")[-1] == pytest.approx(lent)
        assert recorder.path((name,), "lent_out")[0] == 0.0
    assert recorder.path(("bank",), "held_for_ai")[0] > 10.0


def test_a_firm_that_defaults_twice_in_a_month_counts_once_and_one_that_defers_does_not():
    economy = open_economy(seed=4)
    recorder = Recorder(economy, [(("neocloud",), "defaulted"), (("CoreWeave",), "defaulted")])
    recorder.take()
    economy.run(1)
    core, other = economy.firm("CoreWeave"), economy.firm("Nebius")
    ways = ((core, tables.EXCHANGE), (core, tables.LIQUIDATION), (other, tables.DEFERRAL))
    for k, (firm, way) in enumerate(ways):
        row = economy.state.defaults[k]
        row.month, row.firm, row.way = 1, firm, way
    economy.state.market[0].n_defaults = 3
    recorder.take()
    assert recorder.path(("neocloud",), "defaulted").tolist() == [0.0, 1.0]
    assert recorder.path(("CoreWeave",), "defaulted").tolist() == [0.0, 1.0]


def test_months_are_summed_averaged_taken_last_or_as_a_change():
    path = np.array([1.0, 2.0, 4.0, 8.0])
    assert [aggregate(path, how, (2, 3)) for how in ("sum", "mean", "last", "change")] == [12.0, 6.0, 8.0, 6.0]
