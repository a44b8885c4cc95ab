"""Every named mechanism answers to its parameter, in the direction that economics gives it, over paired seeds."""

import numpy as np
import pytest
from paired import moved

from abm import open_economy
from abm.engine.tables import COMPUTE, INTENT, LAB
from abm.inputs import scenarios
from abm.inputs.parameters import BY_NAME, PARAMETERS

SEEDS = (1, 2, 3, 4)
LOOKS = (4, 12, 36)  # worlds in which a direction is looked for
MONTHS = 48
# Investors learn nothing by chance: a firm that fails by luck in one run of a pair only hides what is asked.
CALM = {f"{kind}_volatility": 0.0 for kind in ("asset", "hyperscaler", "project", "lender")}


def _run(parameters, seed, scenario="baseline", months=MONTHS):
    economy = open_economy(scenarios.load(scenario), parameters=CALM | parameters, seed=seed, panel=False, central=True)
    economy.run(months)
    return economy.rows("series")


def _end(column):
    return lambda series: float(series[column][-1])


def _sum(column):
    return lambda series: float(np.sum(series[column]))


def _first_year(column):
    return lambda series: float(np.sum(series[column][:12]))


def _two_years(column):
    return lambda series: float(np.sum(series[column][:24]))


def _mean(column):
    return lambda series: float(np.mean(series[column]))


# parameter, low, high, outcome, sign of the change from low to high, why
DIRECTIONS = [
    ("open_lag", 0, 4, _mean("token_price"), 1, "the longer open models lag, the more a quality lead earns"),
    ("open_lag", 0, 4, _mean("open_gap"), 1, "open models follow the frontier later"),
    ("gpu_generation_gain", 0.1, 1.0, _end("contract_price"), -1, "a better generation makes compute cheaper"),
    ("gpu_generation_gain", 0.1, 1.0, _end("fleet"), 1, "the same money buys more compute"),
    ("gpu_cadence", 6, 24, _end("contract_price"), 1, "slower generations keep compute dear"),
    ("task_complexity", 2, 5, _end("fleet"), -1, "dearer work meets elastic demand (1.1): less compute is asked for"),
    ("carbon_price", 0, 200, _mean("contract_price"), 1, "carbon is a running cost of compute"),
    ("power_price", 40, 200, _mean("contract_price"), 1, "power is a running cost of compute"),
    ("idle_power", 0, 0.9, _sum("energy_twh"), 1, "idle hardware draws power"),
    ("lender_capital", 0.1, 1, _sum("new_loans"), 1, "capital carries loans"),
    ("capital_requirement", 1, 3.5, _sum("new_loans"), -1, "a higher requirement leaves less room to lend"),
    ("large_exposure_limit", 0.005, 0.25, _sum("new_loans"), 1, "a wider limit per borrower lets lenders lend more"),
    ("concentration_cap", 0.2, 1, _sum("new_loans"), 1, "without a cap concentrated clouds can borrow"),
    ("max_ltv", 0.3, 0.9, _end("ai_debt"), 1, "more debt on the same collateral"),
    ("loan_to_cost", 0.3, 0.85, _end("ai_debt"), 1, "more debt in the same hardware"),
    ("max_tenor", 24, 120, _sum("new_loans"), -1, "short loans are soon taken out again"),
    ("contract_tenor", 24, 96, _end("backlog"), 1, "longer contracts promise more"),
    ("max_contract_tenor", 24, 180, _end("backlog"), 1, "a policy cap on the term shortens the promises"),
    ("commitment_ratio", 0.3, 2, _end("backlog"), 1, "bolder labs sign for more"),
    ("demand_growth", 0.3, 1, _sum("ai_revenue"), 1, "demand that grows is revenue"),
    ("demand_elasticity", 0.3, 1.8, _sum("ai_revenue"), 1, "prices fall: elastic customers spend more"),
    ("tenant_growth", 0, 0.9, _mean("spot_price"), 1, "other tenants bid for the same capacity"),
    ("own_growth_long_run", 0, 0.5, _sum("capex_big5"), 1, "clouds build for their own workloads"),
    ("grid_gw", 4, 28, _end("fleet"), 1, "hardware waits for power"),
    ("site_lead", 6, 36, _sum("fleet"), -1, "hardware waits for sites, as far as landlords have none"),
    ("supply_growth", 0, 0.05, _end("fleet"), 1, "hardware waits for vendors"),
    ("failure_rate", 0, 0.2, _end("fleet"), -1, "failed units are gone"),
    ("order_smoothing", 1, 12, _sum("capex"), -1, "gaps are closed later"),
    ("equity_dilution", 0.01, 0.15, _sum("equity_raised"), 1, "founders who accept dilution raise more"),
    ("round_success", 0.05, 0.9, _sum("equity_raised"), 1, "rounds that close bring money"),
    ("hyperscaler_debt", 0.3, 2.5, _first_year("capex_big5"), 1, "debt widens the capex budget"),
    ("hyperscaler_debt", 0.3, 2.5, _sum("ai_debt"), 1, "what keeps the rating is borrowed"),
    ("hyperscaler_cash_months", 0, 12, _sum("ai_debt"), 1, "cash that is kept is borrowed"),
    ("hyperscaler_cash_months", 0, 12, _two_years("capex_big5"), -1, "debt held as cash leaves less to build"),
    ("prefund_months", 1, 12, _first_year("bonds_big5"), 1, "orders of more months are paid for ahead"),
    ("bond_size", 0, 40, _first_year("bonds_big5"), -1, "who issues in large pieces waits until it needs one"),
    ("leverage_speed", 0, 1, _first_year("bonds_big5"), 1, "who goes faster towards its target debt issues more"),
    ("leverage_speed", 0, 1, _two_years("ai_debt"), 1, "debt comes sooner where the target is approached faster"),
    ("rivalry", 0, 1, _sum("capex_big5"), 1, "capacities are strategic complements"),
    ("site_delay", 0, 0.8, _sum("fleet"), -1, "the mean of a lognormal lies above its median: sites come later"),
    ("site_window", 0, 18, _sum("stalled"), 1, "hardware ordered long before its hall waits for it"),
    ("shell_lead", 3, 18, _sum("fleet"), -1, "shells that take as long as own sites help nobody"),
    ("shell_premium", 0, 3, _sum("fleet"), -1, "dear shells are not worth the months they gain"),
    ("shell_gw", 0, 20, _end("fleet"), 1, "landlords' shells house hardware"),
    ("conversion_lead", 2, 18, _two_years("fleet"), -1, "conversions house hardware sooner"),
    ("conversion_premium", 0, 3, _two_years("fleet"), -1, "dear conversions are not worth the months they gain"),
    ("conversion_gw", 0, 20, _sum("fleet"), 1, "converted sites house hardware"),
    ("project_halls", 1, 24, _sum("fleet"), -1, "halls handed over one a month come later than a site at once"),
    ("speculation", 0, 3, _sum("new_loans"), 1, "rents above full cost call for more capacity, and for loans"),
    ("growth_belief_cap", 0.2, 2.5, _sum("capex"), 1, "who believes in growth builds for it"),
    ("capex_willingness", 0.3, 1.5, _sum("capex_big5"), 1, "more of the cash flow goes into capex"),
    ("public_share", 0, 0.5, _end("public_money"), 1, "the state pays a part of the investment"),
    ("project_share", 0, 1, _first_year("bonds_big5"), -1, "tenants prefund, project companies draw as they build"),
    ("project_share", 0, 1, _end("look_through"), 1, "what project companies owe is owed on customers' account"),
    ("project_share", 0, 1, _sum("capex_big5"), -1, "what project companies build is not the tenants' capex"),
    ("project_debt", 0.3, 1, _end("look_through"), 1, "more debt in the same site, on customers' account"),
    ("lending_cover", 0.8, 3, _first_year("ai_debt"), -1, "more rent is asked for behind the same debt"),
    ("lending_cover", 0.8, 3, _first_year("equity_raised"), 1, "what lenders refuse, shareholders bring"),
    ("provider_payout", 0, 1, _two_years("capex"), -1, "cash paid out is not invested"),
    ("tenor_flexibility", 0, 3, _first_year("backlog"), 1, "compute is scarce at first: who hurries signs for long"),
    ("overhead_growth", 0, 2, _two_years("equity_raised"), 1, "labs whose staff grows with revenue burn more"),
    ("open_entry_rate", 0, 6, _mean("token_price"), -1, "more open models compete"),
    ("belief_fade", 0.1, 1, _sum("new_contracts"), -1, "who expects its growth to fade promises less"),
    ("deal_chance", 0, 0.3, _sum("new_contracts"), 1, "framework deals are large"),
    ("framework_part", 0.2, 0.9, _sum("new_contracts"), 1, "more of a plan of several years is signed at once"),
    ("commitment_equity", 0, 1, _sum("new_contracts"), 1, "equity within reach backs promises"),
    ("war_chest", 0, 36, _sum("equity_raised"), 1, "labs raise while investors are willing"),
    ("frontier_option", 1, 8, _sum("equity_raised"), 1, "labs that are worth more raise more"),
    ("tenant_fade", 0, 1.5, _mean("spot_price"), -1, "other tenants ask for less"),
    ("cloud_debt", 1, 8, _end("ai_debt"), 1, "owners of clouds who aim at more debt owe more"),
    ("cloud_debt", 1, 8, _sum("new_loans"), 1, "what keeps a cloud's equity for its owners is borrowed"),
]
# The same under stress: what matters only once compute is ample and firms fail.
STRESS = "r1_demand_disappoints"
AMPLE = {"tenant_growth": 0, "demand_elasticity": 0.3, "algorithmic_efficiency": 6, "round_success": 0.05}
STRESSED = [
    ("security_premium", 0, 5, _sum("new_contracts"), 1, "who pays for certainty signs above the rent it expects"),
    ("tenor_flexibility", 0, 3, _sum("backlog"), -1, "rents fall: who can wait signs for less long"),
    ("holdback", 0, 6, _mean("spot_price"), 1, "idle capacity held back keeps rents up"),
    ("customers_lost", 0, 0.9, _sum("ai_revenue"), -1, "customers of failed labs who stay away buy nothing"),
    ("window_slope", 0, 6, _sum("new_loans"), -1, "mandates narrow while lenders are afraid"),
    ("distress_elasticity", 0, 1.5, _sum("lender_losses"), 1, "who buys what many failed firms leave pays less"),
    ("distress_normal", 0.001, 0.5, _sum("lender_losses"), -1, "many buyers for what failed firms leave"),
]


@pytest.mark.parametrize(
    ("name", "low", "high", "outcome", "sign", "why"),
    DIRECTIONS,
    ids=[f"{row[0]}-{k}" for k, row in enumerate(DIRECTIONS)],
)
def test_direction(name, low, high, outcome, sign, why):
    found = moved(lambda seed: outcome(_run({name: high}, seed)) - outcome(_run({name: low}, seed)), LOOKS)
    assert min(sign * found.low, sign * found.high) > 0.0, f"{why}: {found}"


# And where firms that fail are wound up, not saved: nobody rescues, every lender must agree to an exchange, a court
# costs too much of what they are worth, a sale brings nearly all of it, and few have cash for hardware at second hand.
WOUND_UP = {
    "rescue_success": 0, "exchange_consent": 1, "reorganisation_cost": 0.5, "second_hand_cash": 0.01,
    "distressed_factor": 0.9, "site_recovery": 0.9,
}  # fmt: skip
LIQUIDATED = [
    ("price_impact", 0, 20, _sum("lender_losses"), 1, "fire sales at lower prices leave creditors less"),
]


@pytest.mark.parametrize(
    ("given", "name", "low", "high", "outcome", "sign", "why"),
    [(AMPLE, *row) for row in STRESSED] + [(AMPLE | WOUND_UP, *row) for row in LIQUIDATED],
    ids=[row[0] for row in STRESSED + LIQUIDATED],
)
def test_direction_under_stress(given, name, low, high, outcome, sign, why):
    def end(value, seed):
        return outcome(_run(given | {name: value}, seed, STRESS, 60))

    found = moved(lambda seed: end(high, seed) - end(low, seed), LOOKS)
    assert min(sign * found.low, sign * found.high) > 0.0, f"{why}: {found}"


def test_buyers_outside_take_hardware_that_buyers_inside_lack():
    def first_year(scale, seed):
        economy = open_economy(scenarios.load("baseline"), seed=seed, panel=False, central=True)
        firms = economy.rows("firms")
        assert np.any(firms["outside_demand"] > 0.0)
        firms["outside_demand"] *= scale
        economy.run(12)
        series = economy.rows("series")
        return float(np.sum(series["gpu_sales"])), float(series["fleet"][-1])

    for seed in SEEDS:
        (none, fleet), (double, smaller) = first_year(0.0, seed), first_year(2.0, seed)
        assert double > none
        assert smaller < fleet


def test_a_longer_draw_period_leaves_fewer_loans_and_as_much_debt():
    def lent(period, seed):
        economy = open_economy(
            scenarios.load("baseline"), parameters={"draw_period": period}, seed=seed, panel=False, central=True
        )
        economy.run(MONTHS)
        return len(economy.rows("loans")), float(economy.rows("series")["ai_debt"][-1])

    for seed in SEEDS:
        (each, debt), (pooled, about) = lent(0, seed), lent(12, seed)
        assert pooled < 0.6 * each
        assert 0.7 * debt < about < 1.3 * debt


def test_a_project_company_draws_its_debt_as_it_builds():
    for seed in SEEDS:
        economy = open_economy(scenarios.load("baseline"), seed=seed, panel=False, central=True)
        economy.run(18)
        firms, loans = economy.rows("firms"), economy.rows("loans")
        founded = np.flatnonzero(firms["tenant"] >= 0)
        promised = loans[np.isin(loans["borrower"], founded) & (loans["undrawn"] > 0.0)]
        assert len(promised)
        assert np.all(promised["principal"] < promised["limit"])
        assert np.any(promised["principal"] > 0.0)
        held = np.zeros(len(firms))
        np.add.at(held, loans["lender"], loans["undrawn"])
        assert np.allclose(firms["undrawn"], held)


def test_what_is_believed_of_firms_beyond_the_rule_brings_equity_for_as_long_as_it_lasts():
    def raised(fade, seed):
        changed = CALM | {"premium_fade": fade}
        economy = open_economy(scenarios.load("baseline"), parameters=changed, seed=seed, panel=False, central=True)
        economy.rows("firms")["premium"][:] = 1.0
        economy.run(24)
        return float(np.sum(economy.rows("series")["equity_raised"]))

    for seed in SEEDS:
        assert raised(0.0, seed) > raised(0.5, seed)


def test_buyers_who_see_more_than_the_price_take_more_sellers_and_pay_more():
    def signed(taste, seed):
        """Concentration of sellers (Herfindahl) and mean price of what labs sign in a year."""
        economy = open_economy(
            scenarios.load("baseline"), parameters={"bid_taste": taste}, seed=seed, panel=False, central=True
        )
        economy.run(12)
        contracts, firms = economy.rows("contracts"), economy.rows("firms")
        made = contracts[(contracts["kind"] == COMPUTE) & (contracts["signed"] > 0) & (contracts["status"] != INTENT)]
        made = made[firms["kind"][made["buyer"]] == LAB]
        parts = np.bincount(made["seller"], made["quantity"]) / np.sum(made["quantity"])
        return float(np.sum(parts**2)), float(np.average(made["price"], weights=made["quantity"]))

    for seed in SEEDS:
        (few, cheap), (many, dear) = signed(0.0, seed), signed(2.0, seed)
        assert many < few
        assert dear > cheap


@pytest.mark.parametrize(("elasticity", "sign"), [(0.3, -1), (1.8, 1)])
def test_efficiency_rebounds_only_if_demand_is_elastic(elasticity, sign):
    """At the end of eight years: in the first four, all that can be made is bought whatever the efficiency."""
    moves = []
    for seed in SEEDS:
        fleets = [
            _end("fleet")(_run({"demand_elasticity": elasticity, "algorithmic_efficiency": gain}, seed, months=96))
            for gain in (2.0, 6.0)
        ]
        moves.append(fleets[1] - fleets[0])
    assert all(np.sign(move) == sign for move in moves), moves


@pytest.mark.parametrize("seed", SEEDS)
def test_the_state_bears_lenders_losses(seed):
    borne = _run(AMPLE | {"public_guarantee": 0.9}, seed, STRESS, 60)
    alone = _run(AMPLE, seed, STRESS, 60)
    assert np.sum(alone.lender_losses) > 0
    assert np.sum(borne.lender_losses) < np.sum(alone.lender_losses)


def test_banks_short_of_capital_rebuild_it_and_lend_again():
    def ratio(**given):
        given["capital_requirement"] = 1.2
        economy = open_economy(scenarios.load("baseline"), parameters=given, panel=False, central=True)
        bank = economy.firm("JPMorgan")
        needed = 1.1 * 1.2 * economy.rows("firms")["min_capital"][bank]
        assert economy.rows("firms")["capital_ratio"][bank] < needed
        economy.run(12)
        return economy.rows("firms")["capital_ratio"][bank] - needed

    assert ratio(bank_earnings=0.0) < 0.0 < ratio()


def test_damages_of_a_failed_buyer_follow_the_scale_of_take_or_pay():
    """OpenAI finds no money after its loss, so nothing pays the damages; those of two years make its loans a crumb."""
    broke = {"round_success": 0, "rescue_success": 0, "termination_months": 24}

    def loss(scale):
        economy = open_economy(
            scenarios.load("r6_customer_concentration"), parameters=broke | {"take_or_pay_scale": scale}, panel=False,
            central=True,
        )
        economy.run(11)
        (failed,) = economy.rows("defaults")
        assert economy.names[failed.firm] == "OpenAI"
        return failed.loss_claims

    assert loss(0.0) < 0.01 * loss(1.0)
    assert loss(0.5) == pytest.approx(0.5 * loss(1.0), rel=0.05)


def test_every_parameter_matters_somewhere():
    """No parameter is idle: an extreme value changes the result, in a calm economy or under some stress."""
    settings = [
        ("baseline", {}, 24),
        ("r1_demand_disappoints", {}, 60),
        ("r1_demand_disappoints", {"lender_capital": 0.1}, 60),
        ("telecom_2001", {"lender_capital": 0.1}, 60),
        # Funds lend where banks do not, loans are called early, and no one survivor can buy a failed fleet alone.
        (
            "r1_demand_disappoints",
            {"bank_risk_limit": 0.0, "acceleration_ltv": 1.0, "second_hand_cash": 0.001, "price_impact": 0.0},
            60,
        ),
        # Power is scarce from the start.
        ("baseline", {"grid_gw": 4.0}, 24),
        # Nobody rescues, so that lenders are asked.
        ("r1_demand_disappoints", {"rescue_success": 0.0, "demand_growth": 0.3}, 60),
    ]
    idle = [p.name for p in PARAMETERS]
    for scenario, given, months in settings:

        def result(parameters, scenario=scenario, months=months):
            economy = open_economy(scenarios.load(scenario), parameters=parameters, seed=2, panel=False, central=True)
            economy.run(months)
            return economy.result_hash()

        usual = result(given)
        idle = [
            name
            for name in idle
            if all(result({**given, name: value}) == usual for value in (BY_NAME[name].low, BY_NAME[name].high))
        ]
    assert not idle
