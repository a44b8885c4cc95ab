"""Larger economies stay economies, and the measurement of their months is one of the months that a run makes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from abm.calibration import check_opening, opening_tables
from abm.engine import tables as ec
from abm.simulation import Economy
from experiments.benchmarks import scale
from experiments.benchmarks.larger import LARGEST, enlarged


def test_an_economy_of_the_openings_size_is_the_opening():
    opening = opening_tables()
    same = enlarged(opening, len(opening.firms)).opening
    assert len(same.firms) == len(opening.firms)
    found, expected = np.sort(same.firms["cash"]), np.sort(opening.firms["cash"])
    assert found == pytest.approx(expected, rel=1e-12)
    for name in ("contracts", "loans", "orders", "stakes"):
        table = getattr(same, name)
        for column in ec.TABLES[name]:
            if column.unit == "firm":
                who = [same.names[i] if i >= 0 else "" for i in table[column.name]]
                assert who == [opening.names[i] if i >= 0 else "" for i in getattr(opening, name)[column.name]]
            else:
                assert table[column.name] == pytest.approx(getattr(opening, name)[column.name], rel=1e-12)


@pytest.mark.parametrize("few_lenders", [False, True])
def test_a_larger_economy_closes_and_keeps_the_openings_proportions(few_lenders):
    opening = opening_tables()
    larger = enlarged(opening, 600, few_lenders=few_lenders).opening
    check_opening(larger)
    assert len(larger.firms) == pytest.approx(600, rel=0.1)
    assert len(set(larger.names)) == len(larger.names)
    before, after = (np.bincount(o.firms["kind"], minlength=8) for o in (opening, larger))
    assert after[ec.VENDOR] == before[ec.VENDOR]
    copies = after[ec.LAB] // before[ec.LAB]
    assert copies > 5
    assert after[ec.LENDER] == before[ec.LENDER] * (1 if few_lenders else copies)
    assert after[ec.NEOCLOUD] == copies * before[ec.NEOCLOUD]
    for name, column in (("loans", "principal"), ("orders", "deposit"), ("stakes", "book")):
        total = getattr(opening, name)[column].sum()
        assert getattr(larger, name)[column].sum() == pytest.approx(copies * total, rel=1e-9)
    worth = (larger.firms["paid_in"] + larger.firms["retained"])[ec.N_OUTSIDE :].sum()
    expected = (opening.firms["paid_in"] + opening.firms["retained"])[ec.N_OUTSIDE :].sum()
    assert worth == pytest.approx(copies * expected, rel=1e-6)


def test_the_copies_are_one_network_of_firms_of_many_sizes():
    larger = enlarged(opening_tables(), 300).opening
    group = np.arange(len(larger.firms))
    agent = larger.firms["kind"] != ec.OUTSIDE
    pairs = [(c["buyer"], c["seller"]) for c in larger.contracts] + [(x["borrower"], x["lender"]) for x in larger.loans]
    for a, b in pairs:
        if agent[a] and agent[b] and ec.VENDOR not in larger.firms["kind"][[a, b]]:
            group[group == group[b]] = group[a]
    used = {i for pair in pairs for i in pair if agent[i] and larger.firms["kind"][i] != ec.VENDOR}
    _, sizes = np.unique(group[sorted(used)], return_counts=True)
    assert sizes.max() > 0.9 * len(used)
    sites = [site for name, site in zip(larger.names, larger.firms["sites"], strict=True) if "CoreWeave" in name]
    assert max(sites) > 2.0 * min(sites) > 0.0


def test_a_market_grows_no_further_than_its_parameters_can():
    opening = opening_tables()
    largest = enlarged(opening, 3000)
    assert largest.opening.market["tenant_demand"] == pytest.approx(LARGEST * opening.market["tenant_demand"])
    economy = Economy(opening, parameters=largest.parameters)  # all in range
    assert economy.state.base_values.max() > 0.0


def test_a_month_in_phases_is_the_month_of_a_run():
    one, other = Economy(opening_tables(), seed=3), Economy(opening_tables(), seed=3)
    seconds: dict[str, float] = {}
    for _ in range(3):
        scale.step(one, seconds)
    other.run(3)
    assert one.result_hash() == other.result_hash()
    assert {"obligations", "invest", "record"} <= set(seconds)
    assert "decide" not in seconds  # its parts are told


def test_the_table_of_phases_tells_time_and_power(capsys):
    given = {"months": 1, "panel": False, "seed": 1, "few_lenders": True, "profile": True}
    found = [scale.measure(firms, **given) for firms in (60, 120)]
    assert 0 < found[0]["firms"] < found[1]["firms"]
    assert found[0]["month"] > 0.0
    scale.tell(found)
    scale.tell_phases(found)
    told = capsys.readouterr().out
    assert "time of a month grows as the number of firms to the power of" in told
    assert "invest" in told
    scale.main(["--one", json.dumps({"firms": 60, **given, "profile": False})])
    assert json.loads(capsys.readouterr().out)["phases"] == {}


def test_a_power_is_fitted_in_logs():
    assert scale.power([10, 100, 1000], [2.0, 200.0, 20000.0]) == pytest.approx(2.0)
    assert np.isnan(scale.power([10], [1.0]))
