"""The Mesa model: the same engine, live handles, acts on single firms that keep the books."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import mesa
import numpy as np
import pytest
from books import Audit
from economies import random_opening

from abm import InvisibleDebtModel, open_economy
from abm.engine import tables as ec
from abm.engine.tables import DTYPES
from abm.errors import BadInput
from abm.inputs.scenarios import load
from abm.mesa_model import HANDLES, REPORTED, Cloud, Firm, Hyperscaler, Lab, Lender, Neocloud

HERE = Path(__file__).parent


@pytest.fixture
def model() -> InvisibleDebtModel:
    return InvisibleDebtModel(rng=1)


def audit(model: InvisibleDebtModel) -> None:
    """Books between two months: balances and claims, not yet the month's flows."""
    Audit(model.economy).balances()
    Audit(model.economy).failures()


# --- stepping -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scenario", ["baseline", "r6_customer_concentration"])
def test_a_step_is_a_month_of_the_engine(scenario):
    model = InvisibleDebtModel(scenario=scenario, parameters={"take_or_pay": 0.8}, rng=3)
    for _ in range(24):
        model.step()
    economy = open_economy(load(scenario), parameters={"take_or_pay": 0.8}, seed=3)
    economy.run(24)
    assert model.economy.result_hash() == economy.result_hash()
    assert model.steps == model.economy.month == 24


def test_the_data_collector_keeps_the_series(model):
    for _ in range(6):
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame.columns) == list(REPORTED)
    series = model.economy.rows("series")
    for name in REPORTED:
        assert frame[name].tolist() == series[name].tolist()


def test_another_opening_can_be_given():
    opening = random_opening(5)
    model = InvisibleDebtModel(opening=opening, rng=2)
    given = opening.names[ec.N_OUTSIDE :]
    assert [agent.name for agent in model.agents][: len(given)] == given
    model.step()
    assert model.economy.month == 1


def test_mesa_batch_run_works():
    results = mesa.batch_run(
        InvisibleDebtModel,
        {"scenario": ["baseline", "r5_energy_and_carbon"]},
        rng=[1, 2],
        max_steps=3,
        data_collection_period=-1,
        display_progress=False,
    )
    assert len(results) == 4
    for row in results:
        economy = open_economy(load(row["scenario"]), seed=row["rng"], panel=False)
        economy.run(3)
        assert row["ai_revenue"] == economy.rows("series")["ai_revenue"][-1]


# --- handles --------------------------------------------------------------------------------------------
def test_every_agent_has_a_handle_of_its_kind(model):
    firms = model.economy.rows("firms")
    agents = {agent.row: agent for agent in model.agents}
    assert sorted(agents) == [i for i in range(len(firms)) if firms[i]["kind"] != ec.OUTSIDE]
    for row, agent in agents.items():
        assert type(agent) is HANDLES[int(firms[row]["kind"])]
        assert agent.name == model.economy.names[row]
        assert model.firm(agent.name) is agent
        assert model.firm(agent.name.upper()) is agent
        assert agent.is_active
    assert {kind: len(found) for kind, found in model.agents_by_type.items()} == {
        HANDLES[kind]: int(np.sum(firms["kind"] == kind)) for kind in HANDLES
    }


def test_selections_and_sums_of_mesa_read_the_tables(model):
    model.step()
    firms = model.economy.rows("firms")
    clouds = model.agents_by_type[Neocloud]
    assert clouds.agg("debt", sum) == pytest.approx(firms["debt"][firms["kind"] == ec.NEOCLOUD].sum())
    rich = model.agents.select(lambda agent: agent.cash > 20.0)
    agents = firms["kind"] != ec.OUTSIDE
    assert {a.row for a in rich} == set(np.flatnonzero(agents & (firms["cash"] > 20.0)))
    assert len(model.agents.select(agent_type=Lab)) == np.sum(firms["kind"] == ec.LAB)
    assert model.agents.select(agent_type=Lender).get("name")[0] in model.economy.names


def test_handles_read_and_write_the_tables(model):
    cloud = model.firm("CoreWeave")
    row = cloud.row
    for column in ec.FIRM_COLUMNS:
        assert getattr(cloud, column.name) == model.economy.state.firms[column.name][row]
    cloud.pue = 1.5
    assert model.economy.state.firms["pue"][row] == 1.5
    cloud.note = "watched"
    assert cloud.note == "watched"
    assert "note" not in DTYPES["firms"].names
    with pytest.raises(AttributeError, match="has no attribute 'colour'"):
        _ = cloud.colour
    assert repr(cloud) == "<neocloud CoreWeave>"


def test_handles_stay_live_when_the_tables_move(model):
    cloud = model.firm("CoreWeave")
    state = model.economy.state
    model.economy.state = state.replace(firms=state.firms.copy())
    cloud.cash = 7.0
    assert model.economy.state.firms["cash"][cloud.row] == 7.0 != state.firms["cash"][cloud.row]
    assert cloud.cash == 7.0


def test_a_handle_shows_books_contracts_loans_and_fleet(model):
    model.step()
    cloud = model.firm("CoreWeave")
    sheet = cloud.balance_sheet()
    assert sheet.total_assets - sheet.total_liabilities == pytest.approx(sheet.net_worth, abs=1e-9)
    assert sum(loan.principal for loan in cloud.loans if loan.role == "owes") == pytest.approx(cloud.debt)
    assert {c.counterparty for c in cloud.contracts} >= {"OpenAI", "Microsoft Azure"}
    assert sum(v.units for v in cloud.fleet) == pytest.approx(cloud.capacity)


def test_new_firms_get_handles_when_they_enter():
    model = InvisibleDebtModel(parameters={"entry_rate": 12.0}, rng=2)
    before = len(model.agents)
    for _ in range(36):
        model.step()
    entered = model.economy.rows("events")
    entered = entered[(entered["kind"] == ec.E_ENTRY) | (entered["kind"] == ec.E_PROJECT)]
    assert len(entered)
    assert len(model.agents) == before + len(entered)
    assert isinstance(model.firm("Entering cloud 1"), Neocloud)


# --- acts -----------------------------------------------------------------------------------------------
def test_a_lab_signs_a_contract(model):
    model.step()
    lab, cloud = model.firm("Anthropic"), model.firm("CoreWeave")
    cash, backlog = lab.cash, cloud.backlog_in
    row = lab.sign_contract(cloud, 0.05, price=1.6, months=48)
    contract = model.economy.rows("contracts")[row]
    assert (contract.buyer, contract.seller) == (lab.row, cloud.row)
    assert (contract.quantity, contract.price, contract.months) == (0.05, 1.6, 48)
    assert contract.status == ec.PENDING
    assert contract.signed == model.economy.month
    assert lab.cash == pytest.approx(cash - contract.prepaid)
    assert contract.prepaid > 0.0
    audit(model)
    model.step()
    assert cloud.backlog_in > backlog
    Audit(model.economy).balances()


def test_the_price_of_a_contract_is_the_market_s_by_default(model):
    row = model.firm("Meta").sign_contract("Lambda", 0.01)
    contract = model.economy.rows("contracts")[row]
    assert contract.price == model.economy.state.market[0].contract_price
    assert contract.months == 60
    audit(model)


def test_a_cloud_borrows(model):
    model.step()
    cloud = model.firm("CoreWeave")
    cash, debt, held = cloud.cash, cloud.debt, model.agents_by_type[Lender].agg("loans_held", sum)
    got = cloud.borrow(1.0, months=36)
    assert 0.0 < got <= 1.0 + 1e-12
    assert cloud.cash == pytest.approx(cash + got)
    assert cloud.debt == pytest.approx(debt + got)
    assert model.agents_by_type[Lender].agg("loans_held", sum) >= held + got - 1e-9
    newest = model.economy.rows("loans")[-1]
    assert newest.made == 1
    audit(model)
    model.step()
    Audit(model.economy).balances()


def test_a_hyperscaler_borrows_by_bonds(model):
    got = model.firm("Meta").borrow(5.0)
    newest = model.economy.rows("loans")[-1]
    assert got > 0.0
    assert newest.kind == ec.BOND
    assert newest.collateral == ec.NO_COLLATERAL
    audit(model)


def pending(model, cloud, column: str) -> float:
    """Sum of a column over a buyer's hardware orders in the queue."""
    orders = model.economy.rows("orders")
    mine = (orders["buyer"] == cloud.row) & (orders["status"] == ec.PENDING)
    return float(orders[column][mine & (orders["kind"] == ec.GPU_ORDER)].sum())


def test_a_cloud_orders_gpus(model):
    model.step()
    cloud = model.firm("AWS")
    cash, ordered = cloud.cash, pending(model, cloud, "units")
    cloud.order_gpus(0.05)
    assert pending(model, cloud, "units") == pytest.approx(ordered + 0.05)
    assert cloud.on_order == pytest.approx(ordered + 0.05)
    assert cloud.cash < cash
    audit(model)
    model.step()
    Audit(model.economy).balances()


def test_what_is_on_order_at_the_end_of_a_month_counts_the_orders_of_the_month(model):
    model.step()
    for cloud in model.agents_by_type[Hyperscaler]:
        assert cloud.on_order == pytest.approx(pending(model, cloud, "units"))


@pytest.mark.parametrize("name", ["OpenAI", "CoreWeave", "Blue Owl", "AMD", "Mistral", "Abilene", "Oracle"])
def test_a_firm_of_any_kind_defaults(model, name):
    model.step()
    firm = model.firm(name)
    firm.default()
    assert not firm.is_active
    assert firm.cash == pytest.approx(0.0, abs=1e-9)
    default = model.economy.rows("defaults")[0]
    assert default.firm == firm.row
    assert default.month == 1
    audit(model)
    for _ in range(12):
        model.step()
        Audit(model.economy).balances()
        Audit(model.economy).failures()
    assert not firm.is_active
    with pytest.raises(BadInput, match="has failed"):
        firm.default()


def test_a_default_between_months_hurts_partners(model):
    model.step()
    cloud = model.firm("CoreWeave")
    model.firm("OpenAI").default()
    assert not [c for c in cloud.contracts if c.counterparty == "OpenAI" and c.status in ("live", "pending")]
    hits = model.economy.rows("hits")
    mine = hits[(hits["victim"] == cloud.row) & (hits["source"] == model.firm("OpenAI").row)]
    assert ec.CUSTOMER in mine["channel"]


# --- users' mistakes ------------------------------------------------------------------------------------
def bad_calls(model):
    lab, cloud = model.firm("OpenAI"), model.firm("CoreWeave")
    return {
        "seller who sells none": (lambda: lab.sign_contract("Anthropic", 0.1), "Anthropic cannot sell compute"),
        "unknown seller": (lambda: lab.sign_contract("CoreWave", 0.1), "did you mean 'CoreWeave'"),
        "itself": (lambda: model.firm("Meta").sign_contract("Meta", 0.1), "with itself"),
        "no quantity": (lambda: lab.sign_contract(cloud, 0.0), "quantity must be a positive number of M H100e"),
        "nan": (lambda: lab.sign_contract(cloud, float("nan")), "quantity must be a positive"),
        "negative price": (lambda: lab.sign_contract(cloud, 0.1, price=-1.0), "price must be a positive"),
        "no months": (lambda: lab.sign_contract(cloud, 0.1, months=0), "months must be a whole number of at least 1"),
        "less than a month": (lambda: lab.sign_contract(cloud, 0.1, months=0.5), "months must be"),
        "text": (lambda: lab.sign_contract(cloud, "much"), "quantity must be a positive number"),
        "negative amount": (lambda: cloud.borrow(-1.0), "amount must be a positive number of bn USD"),
        "infinite amount": (lambda: cloud.borrow(float("inf")), "amount must be a positive"),
        "loan of no month": (lambda: cloud.borrow(1.0, months=-3), "months must be a whole number of at least 1"),
        "negative units": (lambda: cloud.order_gpus(-0.1), "units must be a positive number of M H100e"),
        "unknown firm": (lambda: model.firm("Corweave"), "did you mean 'CoreWeave'"),
        "a sector": (lambda: model.firm("Customers"), "is a sector"),
    }


@pytest.mark.parametrize("which", list(bad_calls(InvisibleDebtModel())))
def test_a_mistake_is_explained_and_changes_nothing(model, which):
    call, said = bad_calls(model)[which]
    before = model.economy.result_hash()
    with pytest.raises(BadInput, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert model.economy.result_hash() == before


def test_a_failed_firm_can_do_nothing_more(model):
    model.firm("Lambda").default()
    for call in (
        lambda: model.firm("OpenAI").sign_contract("Lambda", 0.01),
        lambda: model.firm("Lambda").borrow(0.1),
        lambda: model.firm("Lambda").order_gpus(0.01),
    ):
        with pytest.raises(BadInput, match="Lambda has failed"):
            call()


@pytest.mark.parametrize("rng", [None, True, 1.5, "1", -1, 2**62])
def test_a_bad_seed_is_refused(rng):
    with pytest.raises(BadInput, match="whole number"):
        InvisibleDebtModel(rng=rng)


def test_bad_scenarios_and_parameters_are_refused():
    with pytest.raises(BadInput, match="unknown scenario 'baselin'; did you mean 'baseline'"):
        InvisibleDebtModel(scenario="baselin")
    with pytest.raises(BadInput, match="unknown parameter 'take_and_pay'"):
        InvisibleDebtModel(parameters={"take_and_pay": 1.0})
    with pytest.raises(BadInput, match="must lie between"):
        InvisibleDebtModel(parameters={"take_or_pay": 1.1})


@pytest.mark.parametrize("months", [0, -1, 1.5, True, "12"])
def test_a_bad_number_of_months_is_refused(months):
    with pytest.raises(BadInput, match="months must be a whole number"):
        open_economy().run(months)


# --- copies ---------------------------------------------------------------------------------------------
def test_a_deep_copy_goes_its_own_way(model):
    model.step()
    twin = copy.deepcopy(model)
    twin.firm("CoreWeave").cash = 0.001
    assert model.firm("CoreWeave").cash > 0.001
    before = model.economy.result_hash()
    twin.step()
    assert model.economy.result_hash() == before
    assert (model.economy.month, twin.economy.month) == (1, 2)
    assert twin.firm("CoreWeave").model is twin


def test_a_pickled_model_goes_on_as_if_nothing_had_happened(model):
    shocked = InvisibleDebtModel(scenario="r5_energy_and_carbon", rng=1)
    for _ in range(6):
        shocked.step()
    twin = pickle.loads(pickle.dumps(shocked))
    for _ in range(6):  # the shocks of July 2026 reach the copy too
        shocked.step()
        twin.step()
    assert twin.economy.result_hash() == shocked.economy.result_hash()
    assert twin.datacollector.get_model_vars_dataframe().equals(shocked.datacollector.get_model_vars_dataframe())
    assert isinstance(twin.firm("OpenAI"), Firm)
    assert isinstance(twin.firm("OpenAI").model, InvisibleDebtModel)


def test_a_pickled_model_goes_on_in_another_process(model, tmp_path):
    model.step()
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    script = (
        "import pathlib, pickle, sys\n"
        "model = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "model.step()\n"
        "print(model.economy.result_hash())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "model.pickle")],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE.parent,
        env=dict(os.environ),
    )
    model.step()
    assert done.stdout.strip() == model.economy.result_hash()


def test_only_clouds_and_labs_have_their_acts(model):
    assert isinstance(model.firm("CoreWeave"), Cloud)
    assert isinstance(model.firm("Meta"), Hyperscaler)
    assert not hasattr(Lab, "order_gpus")
    assert not hasattr(Neocloud, "sign_contract")
    assert not hasattr(Lender, "borrow")
