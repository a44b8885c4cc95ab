"""An economy's network: its books firm by firm, and the month's own clearing again."""

import numpy as np
import pytest

from abm import open_economy
from abm.accounts.statement import balance_sheet
from abm.engine import tables
from abm.errors import BadInput
from abm.inputs.scenarios import load


def test_the_books_are_those_of_every_firm() -> None:
    economy = open_economy(central=True)
    economy.run(3)
    network = economy.network()
    assert (network.unit, network.notes) == ("bn USD", ())
    firms = economy.rows("firms")
    there = [name for name, f in zip(economy.names, firms, strict=True) if f.status == tables.ACTIVE]
    for name in there:
        row, at = economy.firm(name), network._places.get(name)
        if firms[row].kind == tables.OUTSIDE:
            assert at is None or network.net_worth[at] == pytest.approx(network.claims[at])
            continue
        assert at is not None, name
        sheet = balance_sheet(economy, name)
        assert network.net_worth[at] == pytest.approx(sheet.net_worth, abs=1e-9), name
        assert network.owed[at] == pytest.approx(sheet.total_liabilities, abs=1e-9), name
        claims = sum(sheet.assets.get(line, 0.0) for line in ("loans made", "prepaid compute", "deposits on orders"))
        assert network.claims[at] == pytest.approx(claims, abs=1e-9), name
    oracle = network.edges[network.edges["debtor"] == "Oracle"]
    loans = economy.rows("loans")
    mine = loans[(loans["borrower"] == economy.firm("Oracle")) & (loans["status"] == tables.LIVE)]
    secured = float(mine["principal"][mine["collateral"] != 0].sum())
    assert oracle.loc[oracle["tier"] == tables.TIER_SECURED, "amount"].sum() == pytest.approx(secured)
    calm = network.clear()
    struck = network.clear(alpha=0.5, shock={"Oracle": 60.0})
    assert not calm.result.defaulted.any()
    assert struck.firms.loc[network.place("Oracle"), "round"] == 1
    assert struck.lost.sum() > 60.0


def test_the_dues_are_cleared_as_the_month_cleared_them() -> None:
    economy = open_economy(load("r1_demand_disappoints"), central=True)
    with pytest.raises(BadInput, match="owed='dues' needs a month that has been run"):
        economy.network("dues")
    fell = 0
    for months in (1, 38):  # in month 39 a firm cannot pay
        economy.run(months)
        network = economy.network("dues")
        keep = 1.0 - float(economy.state.params[0].bankruptcy_cost)
        cleared = network.clear(alpha=keep, beta=keep)
        fell += int(cleared.result.defaulted.sum())
        dues, used = economy.state.dues, int(economy.state.market[0].n_dues)
        paid, again = (np.zeros((len(economy.names),) * 2) for _ in range(2))
        np.add.at(paid, (dues.debtor[:used], dues.creditor[:used]), dues.paid[:used])
        for row in cleared.payments.to_dict("records"):
            again[economy.firm(row["debtor"]), economy.firm(row["creditor"])] += row["paid"]
        np.testing.assert_allclose(again, paid, rtol=0.0, atol=1e-12)
    assert fell > 0


def test_nothing_else_is_owed() -> None:
    with pytest.raises(BadInput, match="owed must be 'books' or 'dues', not 'loans'"):
        open_economy(central=True).network("loans")  # type: ignore[arg-type]
