"""Stress of one firm and the ranking of all: what they compute, what they print, what they refuse."""

import datetime
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from abm import open_economy
from abm.accounts import statement
from abm.accounts.ledger import imbalance, sum_claims
from abm.accounts.statement import balance_sheet, defaults, look_through
from abm.acts import default, lose, settle
from abm.engine import tables
from abm.errors import BadInput
from abm.inputs.scenarios import Scenario, Shock
from abm.simulation import Economy
from experiments import systemic
from experiments.cli import main
from experiments.commands.stress import HORIZON as TOLD_HORIZON
from experiments.files import new_files
from experiments.systemic import (
    HORIZON,
    Moved,
    cascade_tree,
    check_horizon,
    distress,
    draw_tree,
    exposures,
    importance,
    stress,
)

runner = CliRunner()


def call(*words: object, columns: int = 200) -> Result:
    env = {"COLUMNS": str(columns)}
    return runner.invoke(main, [str(word) for word in words], prog_name="invisible-debt", env=env)


@pytest.fixture(scope="module")
def opening() -> Economy:
    """The economy of 2025-12-31; tests act on copies."""
    return open_economy(seed=1, central=True)


def loss_of(firm: str, losses: tuple) -> float:
    return next((toll.loss for toll in losses if toll.firm == firm), 0.0)


# --- losing money -------------------------------------------------------------------------------------------
def test_a_loss_takes_cash_then_other_assets_and_the_books_close(opening: Economy) -> None:
    economy = opening.copy()
    row = economy.firm("Nebius")
    before = balance_sheet(economy, row)
    lose(economy, "Nebius", before.assets["cash"] + 0.5)
    after = balance_sheet(economy, row)
    assert "cash" not in after.assets
    assert after.assets["other assets"] == pytest.approx(before.assets["other assets"] - 0.5)
    assert after.assets["GPUs"] == before.assets["GPUs"]
    assert after.net_worth == pytest.approx(before.net_worth - before.assets["cash"] - 0.5)
    assert after.status == "active"
    sum_claims(economy.state)
    assert imbalance(economy.state) < 1e-9


def test_a_loss_beyond_cash_and_other_assets_writes_down_sites_and_fleet(opening: Economy) -> None:
    economy = opening.copy()
    row = economy.firm("Small cloud 1")
    before = balance_sheet(economy, row)
    softer = sum(before.assets.get(name, 0.0) for name in ("cash", "other assets", "data-centre sites"))
    loss = softer + 0.1
    assert loss < before.net_worth
    lose(economy, "Small cloud 1", loss)
    after = balance_sheet(economy, row)
    assert set(before.assets) - set(after.assets) == {"cash", "data-centre sites"}
    assert after.assets["GPUs"] == pytest.approx(before.assets["GPUs"] - 0.1)
    assert after.status == "active"
    sum_claims(economy.state)
    assert imbalance(economy.state) < 1e-9


@pytest.mark.parametrize("firm", ["CoreWeave", "SoftBank", "Magnetar", "OpenAI"])
def test_who_owes_more_than_it_owns_and_has_no_cash_falls(opening: Economy, firm: str) -> None:
    economy = opening.copy()
    sheet = balance_sheet(economy, firm)
    lose(economy, firm, max(sheet.net_worth, sheet.assets["cash"]) + 1.0)
    (fallen,) = [d for d in defaults(economy) if d.firm == firm]
    assert fallen.fundamental
    assert fallen.shortfall >= 1.0 - 1e-9
    assert balance_sheet(economy, firm).status == "failed"
    sum_claims(economy.state)
    assert imbalance(economy.state) < 1e-9


@pytest.mark.parametrize(
    ("firm", "amount", "sentence"),
    [
        ("Corewave", 1.0, "did you mean 'CoreWeave'"),
        ("Government", 1.0, "Government cannot lose money"),
        ("CoreWeave", -1.0, "the loss must be a positive number of bn USD, at most 10,000, not -1.0"),
        ("CoreWeave", 0.0, "must be a positive number"),
        ("CoreWeave", 1e5, "at most 10,000"),
        ("CoreWeave", float("nan"), "must be a positive number"),
        ("CoreWeave", float("inf"), "must be a positive number"),
    ],
)
def test_a_loss_that_makes_no_sense_is_refused(opening: Economy, firm: str, amount: float, sentence: str) -> None:
    economy = opening.copy()
    with pytest.raises(BadInput, match=sentence):
        lose(economy, firm, amount)
    assert economy.result_hash() == opening.result_hash()


def test_a_failed_firm_can_lose_nothing_more(opening: Economy) -> None:
    economy = opening.copy()
    default(economy, "Lambda")
    with pytest.raises(BadInput, match="Lambda has failed"):
        lose(economy, "Lambda", 1.0)


# --- stress -------------------------------------------------------------------------------------------------
def test_a_default_falls_first_and_its_lenders_lose_no_more_than_they_lent_and_hold_beside(opening: Economy) -> None:
    known = opening.result_hash()
    found = stress(opening, "coreweave")
    assert opening.result_hash() == known
    assert (found.firm, found.month, found.lost) == ("CoreWeave", 0, None)
    assert (found.falls[0].firm, found.falls[0].month, found.falls[0].round) == ("CoreWeave", 0, 1)
    losses = [toll.loss for toll in found.lenders]
    assert losses == sorted(losses, reverse=True)
    lent = {toll.firm: toll.lent for toll in found.lenders if toll.lent}
    assert sum(lent.values()) == pytest.approx(balance_sheet(opening, "CoreWeave").liabilities["loans and bonds"])
    hidden = dict(zip(opening.names, opening.rows("firms")["ai_other"], strict=True))
    for toll in found.lenders:
        assert not toll.falls
        # Loans that the loan table does not know lose as those that it knows: a tenth or so of the sector's.
        beside = 0.2 * float(hidden[toll.firm])
        if toll.lent:  # a month's interest may be lost beside the principal
            assert 0.0 < toll.loss < 1.02 * toll.lent + beside
        else:
            assert abs(toll.loss) < 0.1 + beside
    assert "CoreWeave" not in {toll.firm for toll in found.others}
    # Its customer's prepayments are lost with it.
    assert loss_of("Meta", found.others) > 1.0


def test_the_shock_is_compared_with_the_same_month_without_it(opening: Economy) -> None:
    """A loss so small that it changes nothing costs nobody anything."""
    found = stress(opening, "NVIDIA", loss=1e-9)
    assert found.falls == found.anyway == found.spared == ()
    assert max(abs(toll.loss) for toll in (*found.lenders, *found.others)) < 1e-6


def test_lent_for_its_use_adds_up_to_look_through_debt(opening: Economy) -> None:
    found = stress(opening, "OpenAI", loss=1.0)
    assert sum(toll.lent_on_account for toll in found.lenders) == pytest.approx(96.0, abs=0.01)
    assert sum(toll.lent for toll in found.lenders) == 0.0
    own = stress(opening, "xAI", loss=1.0)
    borrowed = balance_sheet(opening, "xAI").liabilities["loans and bonds"]
    carried = sum(look_through(opening, "xAI").carried_by_others.values())
    assert sum(toll.lent for toll in own.lenders) == pytest.approx(borrowed)
    assert sum(toll.lent_on_account for toll in own.lenders) == pytest.approx(carried)


def chain(opening: Economy) -> Economy:
    """One fund with nothing but loans to CoreWeave, financed by a bank line: what falls with CoreWeave."""
    economy = opening.copy()
    state = economy.state
    fund = state.firms[economy.firm("Magnetar")]
    spare = float(fund.other_assets)
    taken = min(spare, float(fund.paid_in + fund.retained) - 1.0)
    fund.other_assets -= taken
    fund.retained -= taken
    return economy


def test_a_chain_falls_in_rounds_and_the_tree_knows_the_cause(opening: Economy) -> None:
    economy = chain(opening)
    found = stress(economy, "CoreWeave")
    fallen = {d.firm: d for d in found.falls}
    assert set(fallen) >= {"CoreWeave", "Magnetar"}
    assert (fallen["Magnetar"].month, fallen["CoreWeave"].round) == (0, 1)
    assert fallen["Magnetar"].round > 1
    assert not fallen["Magnetar"].fundamental
    assert (fallen["Magnetar"].causes[0].parent, fallen["Magnetar"].causes[0].channel) == ("CoreWeave", "counterparty")
    (magnetar,) = [key for key, d in found.tree.defaults.items() if d.firm == "Magnetar"]
    assert [d.firm for d in found.tree.trace(magnetar)] == ["Magnetar", "CoreWeave"]
    assert [toll.falls for toll in found.lenders if toll.firm == "Magnetar"] == [True]


def test_a_failure_before_the_shock_is_a_cause_by_name(opening: Economy) -> None:
    economy = chain(opening)
    default(economy, "CoreWeave")
    assert [d.firm for d in cascade_tree(economy).defaults.values()][:2] == ["CoreWeave", "Magnetar"]
    later = cascade_tree(economy, first=1)
    assert "CoreWeave" in {p.source for d in later.defaults.values() for p in d.parents}


def test_those_who_fall_anyway_are_told_apart() -> None:
    fails_next = Shock(firm="Lambda", effect="defaults", start=1)
    economy = open_economy(Scenario(title="Lambda fails", shocks=[fails_next]), seed=1, central=True)
    found = stress(economy, "NVIDIA", loss=1.0)
    assert (found.falls, found.anyway, found.spared) == ((), ("Lambda",), ())
    found = stress(economy, "Lambda")
    assert [d.month for d in found.falls] == []
    assert found.anyway == ("Lambda",)


# --- what follows -------------------------------------------------------------------------------------------
def test_what_follows_is_the_difference_of_two_runs_with_the_same_luck(opening: Economy) -> None:
    known = opening.result_hash()
    economy = chain(opening)
    found = stress(economy, "CoreWeave", months=30)
    assert opening.result_hash() == known
    struck, calm = economy.copy(), economy.copy()
    default(struck, "CoreWeave")
    settle(calm)
    struck.run(30)
    calm.run(30)
    with_it, without = ({d.firm: d for d in defaults(one)} for one in (struck, calm))
    later = found.aftermath
    assert [d.firm for d in later.falls] == [who for who in with_it if who not in without]
    assert [d.firm for d in later.spared] == [who for who in without if who not in with_it]
    assert [(m.firm, m.month, m.month_without) for m in later.moved] == [
        (who, d.month, without[who].month)
        for who, d in with_it.items()
        if who in without and without[who].month != d.month
    ]
    assert {d.firm for d in found.falls} <= {d.firm for d in later.falls} | {m.firm for m in later.moved}
    assert set(found.tree.defaults) == set(range(len(with_it)))
    for paths, column in [
        (later.sentiment, "sentiment"),
        (later.spot_price, "spot_price"),
        (later.new_loans, "new_loans"),
    ]:
        assert list(paths.with_shock) == struck.rows("series")[column].tolist()
        assert list(paths.without) == calm.rows("series")[column].tolist()
        assert len(paths.without) == 30
    assert later.new_loans.with_shock != later.new_loans.without


def test_credit_losses_are_those_of_the_months_and_those_at_once_are_in_the_first(opening: Economy) -> None:
    """CoreWeave's lenders lose at once, which counts in the month that follows."""
    later = stress(opening, "CoreWeave", months=3).aftermath
    struck, at_once = opening.copy(), {}
    default(struck, "CoreWeave")
    for firm in ("HY bond fund 1", "Blackstone", "JPMorgan"):
        at_once[firm] = float(struck.rows("firms")["loss_month"][struck.firm(firm)])
    struck.run(3)
    lost = {x.firm: x.losses for x in later.lenders}
    for firm, amount in at_once.items():
        assert amount > 0.1
        months = float(struck.panel()["loss_month"][:, struck.firm(firm)].sum())
        assert lost[firm] == pytest.approx(months)
        assert struck.panel()["loss_month"][0, struck.firm(firm)] >= amount - 1e-12
    assert all(x.losses_without == 0.0 for x in later.lenders)
    assert sum(later.lender_losses.with_shock) == pytest.approx(sum(lost.values()))
    assert later.lender_losses.with_shock[0] >= sum(at_once.values())
    differences = [x.losses - x.losses_without for x in later.lenders]
    assert differences == sorted(differences, reverse=True)


def test_a_strike_of_nothing_changes_nothing_ever_after(opening: Economy) -> None:
    economy = opening.copy()
    economy.run(24)
    later = stress(economy, "NVIDIA", loss=1e-12, months=24).aftermath
    assert later.falls == later.spared == later.moved == ()
    for paths in (later.sentiment, later.spot_price, later.new_loans, later.lender_losses):
        assert paths.with_shock == pytest.approx(paths.without, rel=1e-6, abs=1e-6)


def test_the_first_month_does_not_depend_on_how_long_is_looked(opening: Economy) -> None:
    short, long = (stress(opening, "CoreWeave", months=months) for months in (1, 18))
    assert (short.falls, short.lenders, short.others) == (long.falls, long.lenders, long.others)
    assert long.aftermath.sentiment.with_shock[0] == short.aftermath.sentiment.with_shock[0]
    assert (short.aftermath.early, long.aftermath.early) == (True, False)


def test_who_falls_in_another_month_or_only_without_is_told() -> None:
    """Lambda is to fail in month 3: struck at once it falls sooner, and a firm that a strike prevents is spared."""
    fails = Shock(firm="Lambda", effect="defaults", start=3)
    economy = open_economy(Scenario(title="Lambda fails", shocks=[fails]), seed=1, central=True)
    later = stress(economy, "Lambda", months=6).aftermath
    assert [(m.firm, m.month, m.month_without) for m in later.moved] == [("Lambda", 0, 3)]
    assert "Lambda" not in {d.firm for d in (*later.falls, *later.spared)}
    later = stress(economy, "NVIDIA", loss=1e-9, months=4).aftermath
    assert later.falls == later.spared == later.moved == ()  # it falls in the same month either way


def test_who_only_puts_off_loans_has_not_fallen(opening: Economy, monkeypatch: pytest.MonkeyPatch) -> None:
    found = stress(opening, "OpenAI", months=1)
    assert found.falls
    milder = statement.defaults

    def put_off(economy: Economy) -> tuple[statement.Default, ...]:
        return tuple(replace(d, way="deferral") for d in milder(economy))

    monkeypatch.setattr(statement, "defaults", put_off)
    assert stress(opening, "OpenAI", months=1).falls == ()
    struck = opening.copy()
    default(struck, "OpenAI")
    table = struck.rows("defaults")
    whole = systemic._failed(table)
    assert opening.firm("OpenAI") in whole
    table["way"][:] = tables.DEFERRAL
    assert systemic._failed(table) == []


@pytest.mark.parametrize(
    ("month", "months", "sentence"),
    [
        (0, 0, "months must lie between 1 and 1200, the months left after 2025-12, not 0"),
        (0, -3, "between 1 and 1200"),
        (0, 1201, "between 1 and 1200"),
        (2, 1199, "between 1 and 1198, the months left after 2026-02"),
        (0, True, "not True"),
        (0, 2.5, "not 2.5"),
        (1200, 1, "no month follows 2125-12, the last there is"),
    ],
)
def test_a_horizon_that_makes_no_sense_is_refused(month: int, months: int, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        check_horizon(month, months, datetime.date(2025, 12, 31))


# --- importance ---------------------------------------------------------------------------------------------
def test_exposures_are_the_claims_of_the_tables(opening: Economy) -> None:
    owed = exposures(opening)
    row, lender = opening.firm("CoreWeave"), opening.firm("HY bond fund 1")
    sheet = balance_sheet(opening, row)
    lenders = opening.rows("firms")["kind"] == tables.LENDER
    shares = sum(s.book for s in opening.rows("stakes") if s.issuer == row and lenders[s.holder])
    assert owed[lenders, row].sum() == pytest.approx(sheet.liabilities["loans and bonds"] + shares)
    assert owed[lender, row] > 0.0
    assert (owed >= 0.0).all()
    assert (np.diag(owed) == 0.0).all()
    # A year's invoices at most, though the contract runs for years.
    buyer = opening.firm("OpenAI")
    year = owed[row, buyer]
    backlog = sum(c.left for c in opening_contracts(opening, "CoreWeave") if c.counterparty == "OpenAI")
    assert 0.0 < year < 0.5 * backlog


def opening_contracts(economy: Economy, firm: str) -> list:
    from abm.accounts.statement import contracts

    return [c for c in contracts(economy, firm) if c.role == "sells" and c.status != "intent"]


def test_distress_is_nothing_for_a_firm_nobody_has_a_claim_on(opening: Economy) -> None:
    ranks, equity = distress(opening)
    owed = exposures(opening)
    for row, rank in ranks.items():
        inside = owed[list(ranks), row].sum()
        assert (rank > 0.0) == (inside > 0.0), opening.names[row]
        # No less than what its direct counterparts lose, capped at their equity, and no more than everything.
        firms = opening.rows("firms")
        worth = firms["paid_in"] + firms["retained"]
        direct = sum(min(owed[i, row], worth[i]) for i in ranks)
        assert direct / equity * (1 - 1e-9) <= rank <= 1.0


def test_importance_ranks_by_the_mean_share(opening: Economy) -> None:
    known = opening.result_hash()
    parts: list[float] = []
    ranked = importance(opening, progress=parts.append)
    assert opening.result_hash() == known
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert len(ranked) == len(opening.names) - tables.N_OUTSIDE
    assert [entry.rank for entry in ranked] == list(range(1, len(ranked) + 1))
    assert sum(entry.score for entry in ranked) == pytest.approx(1.0)
    for entry, following in pairwise(ranked):
        assert entry.score >= following.score
    first = ranked[0]
    assert first.firm == "OpenAI"
    assert first.look_through == pytest.approx(96.0, abs=0.01)
    assert (first.look_through_rank, first.debtrank_rank) == (1, 1)
    for entry in ranked:
        assert entry.expected_loss == entry.default_probability * entry.loss_caused
        assert (entry.look_through_rank is None) == (entry.look_through == 0.0)
    struck = opening.copy()
    default(struck, "CoreWeave")
    cloud = next(entry for entry in ranked if entry.firm == "CoreWeave")
    assert cloud.creditors_loss == pytest.approx(sum(d.loss_credit + d.loss_claims for d in defaults(struck)))
    drops = (
        balance_sheet(opening, row).net_worth - balance_sheet(struck, row).net_worth
        for row in range(tables.N_OUTSIDE, len(opening.names))
        if row != opening.firm("CoreWeave")
    )
    assert cloud.loss_caused == pytest.approx(sum(max(drop, 0.0) for drop in drops))


def test_those_pulled_down_are_named_and_their_losses_count(opening: Economy) -> None:
    alone = next(entry for entry in importance(opening) if entry.firm == "CoreWeave")
    linked = next(entry for entry in importance(chain(opening)) if entry.firm == "CoreWeave")
    assert alone.pulls_down == ()
    assert linked.pulls_down == ("Magnetar",)


# --- files --------------------------------------------------------------------------------------------------
def test_files_appear_together_or_not_at_all(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("before")

    def stopped() -> None:
        with new_files([old, new]) as stages:
            for stage in stages:
                stage.write_text("after")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"old": "before"}
    with new_files([old, new]) as stages:
        for stage in stages:
            stage.write_text(f"after {stage.name[1:4]}")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"old": "after old", "new": "after new"}


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (lambda at: [at / "x", at / "none" / "y"], "cannot write to .*y: No such file"),
        (lambda at: [at / "x", at], "is not a file"),
        (lambda at: [at / "x", at / "x"], "a name of its own"),
    ],
)
def test_a_place_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, targets: Callable[[Path], list[Path]], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence), new_files(targets(tmp_path)):
        pytest.fail("the block must not run")
    assert list(tmp_path.iterdir()) == []


def test_a_tree_is_drawn_the_same_way_twice(opening: Economy, tmp_path: Path) -> None:
    tree = stress(chain(opening), "CoreWeave").tree
    pictures = []
    for name in ("a.png", "b.png"):
        draw_tree(tree, tmp_path / name, title="A chain")
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]
    assert pictures[0].startswith(b"\x89PNG")
    draw_tree(type(tree)([]), tmp_path / "none.png", title="Nothing")
    assert (tmp_path / "none.png").stat().st_size > 1000


# --- commands -----------------------------------------------------------------------------------------------
def test_stress_prints_who_falls_and_who_loses(tmp_path: Path) -> None:
    graph, picture = tmp_path / "tree.graphml", tmp_path / "tree.png"
    result = call("stress", "coreweave", "--loss", 8, "--month", 1, "--graphml", graph, "--png", picture)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("CoreWeave (neocloud) loses 8 bn at the end of 2026-01, owing ")
    assert "  round 1, 2026-01  CoreWeave (neocloud), owing " in result.stdout
    assert "What lenders lose until the end of 2026-02, bn USD" in result.stdout
    assert "HY bond fund 1" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tree.graphml", "tree.png"]
    assert "CoreWeave" in "".join(ElementTree.parse(graph).getroot().itertext())
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_stress_says_what_is_promised_and_leaves_nothing_out_of_its_tables() -> None:
    text = " ".join(call("stress", "OpenAI", "--month", "2027-06", "--months", 1).stdout.split())
    promised = json.loads(call("inspect", "OpenAI", "--month", "2027-06", "--json").stdout)["ratios"]["backlog_bought"]
    assert f"OpenAI (lab) fails at the end of 2027-06, owing {promised:.0f} bn under contracts (Baseline" in text
    assert "lent to it" not in text.split("What follows")[0]
    assert re.search(r"All lenders together had lent [0-9.]+ bn to others for its use\.", text)
    calm = call("stress", "Oracle", "--loss", 5, "--months", 1).stdout
    assert "Life insurer" not in calm
    assert "credit losses of all lenders, bn" not in calm
    said = " ".join(calm.split())
    assert "No lender loses until the end of 2026-01. All lenders together had lent 112 bn to it." in said
    assert "None with it or without it: credit losses of all lenders." in said


def test_stress_for_a_script_says_the_same() -> None:
    words = ["--default", "--set", "bankruptcy_cost=0.2", "--central", "--json"]
    told = json.loads(call("stress", "CoreWeave", *words).stdout)
    found = stress(open_economy(parameters={"bankruptcy_cost": 0.2}, seed=1, central=True), "CoreWeave")
    assert (told["scenario"], told["seed"], told["month"], told["lost"]) == ("baseline", 1, "2025-12", None)
    assert [d["firm"] for d in told["falls"]] == [d.firm for d in found.falls]
    assert {toll["firm"]: toll["loss"] for toll in told["lenders"]} == {toll.firm: toll.loss for toll in found.lenders}
    mild = stress(open_economy(seed=1, central=True), "CoreWeave")
    assert sum(toll.loss for toll in mild.lenders) < sum(toll.loss for toll in found.lenders)


def test_stress_for_a_script_has_what_follows() -> None:
    told = json.loads(call("stress", "CoreWeave", "--months", 14, "--central", "--json").stdout)["aftermath"]
    later = stress(open_economy(seed=1, central=True), "CoreWeave", months=14).aftermath
    assert (told["months"][0], told["months"][-1], len(told["months"])) == ("2026-01", "2027-02", 14)
    assert told["early"] is False
    for name in ("sentiment", "spot_price", "new_loans", "lender_losses"):
        paths = getattr(later, name)
        assert told[name] == {"with_shock": list(paths.with_shock), "without": list(paths.without)}
    assert {x["firm"]: x["losses"] for x in told["lenders"]} == {x.firm: x.losses for x in later.lenders}
    assert [d["firm"] for d in told["falls"]] == [d.firm for d in later.falls]
    assert told["falls"][0]["month"] == "2025-12"
    assert told["falls"][0]["causes"] == []


def test_stress_looks_two_years_ahead_unless_told_otherwise() -> None:
    assert HORIZON == TOLD_HORIZON == 24
    text = call("stress", "CoreWeave", "--month", "2026-03", columns=80).stdout
    assert "What lenders lose until the end of 2026-04, bn USD" in text
    assert "What follows until the end of 2028-03, 24 months after it" in text
    assert "early" not in text
    for label in ("credit losses of all lenders", "new loans", "sentiment at its lowest", "rent of a GPU at the end"):
        (line,) = [line for line in text.splitlines() if line.startswith(label)]
        assert len(line.split("  ")) >= 3
    assert "Credit losses until the end of 2028-03, bn USD" in text


@pytest.mark.parametrize("months", [1, 6, 11, 12])
def test_a_short_look_says_that_it_is_early(months: int) -> None:
    text = " ".join(call("stress", "CoreWeave", "--months", months, columns=80).stdout.split())
    assert ("That is early" in text) == (months < 12)
    assert ("--months 24 looks further ahead" in text) == (months < 12)


@pytest.mark.parametrize(
    "words", [["OpenAI"], ["OpenAI", "--month", "24"], ["SoftBank", "--loss", "60", "--month", "12"]]
)
def test_what_stress_prints_fits_80_columns_and_cuts_no_name(words: list[str]) -> None:
    text = call("stress", *words, "--months", 36, columns=80).stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "What follows until the end of " in text


def test_who_falls_later_and_through_what_is_told(opening: Economy, capsys: pytest.CaptureFixture[str]) -> None:
    from experiments.commands.stress import show

    found = stress(chain(opening), "CoreWeave", months=2)
    magnetar = next(d for d in found.falls if d.firm == "Magnetar")
    # The same, told as if it came a year later.
    late = replace(magnetar, month=13)
    aftermath = replace(
        found.aftermath, falls=(found.falls[0], late), spared=(replace(late, firm="Firm [x]"),),
        moved=(Moved("Lambda", "neocloud", 2, 9),),
    )  # fmt: skip
    show(replace(found, falls=found.falls[:1], aftermath=aftermath), "a run")
    told = " ".join(capsys.readouterr().out.split())
    assert "Falls that would not happen without it: 2027-01 Magnetar (AI credit fund), owing " in told
    assert "CoreWeave (unpaid bills or loans)" in told
    assert "Falls either way, in another month: Lambda (neocloud) in 2026-02, without it in 2026-09" in told
    assert "Falls that do not happen with it: 2027-01 Firm [x] (AI credit fund)" in told
    assert told.count("Falls that would not happen") == 1


def test_systemic_prints_a_ranking() -> None:
    result = call("systemic", "--top", 3)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    ranks = [line.split()[0] for line in lines if line.split() and line.split()[0].isdigit()]
    assert ranks == ["1", "2", "3"]
    assert any(line.split()[:2] == ["1", "OpenAI"] for line in lines)
    narrow = call("systemic", "--top", 94, columns=80).stdout
    assert "Other large US bank 1" in narrow
    assert max(map(len, narrow.splitlines()[1:])) <= 80
    assert "…" not in narrow
    told = json.loads(call("systemic", "--json", "--top", 3).stdout)
    assert [entry["rank"] for entry in told["firms"]] == [1, 2, 3]
    assert told["firms"][0]["firm"] == "OpenAI"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["stress"], "Missing argument 'firm'"),
        (["stress", "CoreWave"], "unknown firm 'CoreWave' in the opening of 2025-12-31; did you mean 'CoreWeave'?"),
        (["stress", "Foo"], "unknown firm 'Foo' in the opening of 2025-12-31 (see: invisible-debt inspect opening)"),
        (["stress", "Entering cloud 900"], "Entering cloud 900 has not entered by the end of 2025-12"),
        (["stress", "Customers"], "Customers cannot default"),
        (["stress", "Customers", "--loss", "1"], "Customers cannot lose money"),
        (["stress", "CoreWeave", "--loss", "-2"], "the loss must be a positive number of bn USD, at most 10,000, not"),
        (["stress", "CoreWeave", "--loss", "nan"], "the loss must be a positive number of bn USD"),
        (["stress", "CoreWeave", "--loss", "much"], "Invalid value for '--loss'"),
        (["stress", "CoreWeave", "--loss", "2", "--default"], "give --loss or --default, not both"),
        (["stress", "CoreWeave", "--months", "0"], "months must lie between 1 and 1200, the months left after 2025-12"),
        (["stress", "CoreWeave", "--months", "-1"], "months must lie between 1 and 1200"),
        (["stress", "CoreWeave", "--months", "1201"], "months must lie between 1 and 1200"),
        (["stress", "CoreWeave", "--months", "9" * 400], "months must lie between 1 and 1200"),
        (["stress", "CoreWeave", "--months", "2.5"], "Invalid value for '--months'"),
        (["stress", "CoreWeave", "--months", "many"], "Invalid value for '--months'"),
        (["stress", "CoreWeave", "--month", "2125-11", "--months", "2"], "between 1 and 1, the months left after"),
        (["stress", "CoreWeave", "--month", "2125-12"], "no month follows 2125-12"),
        (["stress", "CoreWeave", "--month", "soon"], "--month must be a month such as"),
        (["stress", "CoreWeave", "--png", "none/such.png"], "such.png: No such file or directory"),
        (["stress", "CoreWeave", "--png", "a", "--graphml", "a"], "every file to write needs a name of its own"),
        (["systemic", "--top", "0"], "Invalid value for '--top'"),
        (["systemic", "--month", "-1"], "--month must lie between 0"),
        (["systemic", "--set", "power_prize=3"], "did you mean 'power_price'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_writes_nothing(
    words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert sentence in line
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_in_mid_work_leaves_no_file(tmp_path: Path) -> None:
    result = call("stress", "Nobody", "--png", tmp_path / "x.png")
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_stress_without_a_fall_says_so(opening: Economy, capsys: pytest.CaptureFixture[str]) -> None:
    from experiments.commands.stress import show

    found = stress(opening, "NVIDIA", loss=0.001)
    show(found, "a run")
    told = capsys.readouterr().out
    assert "Nobody falls, nor does the firm itself, until the end of 2026-01." in told
    assert "No lender loses" in told
    show(replace(found, anyway=("A",), spared=("B", "C")), "a run")
    told = capsys.readouterr().out
    assert "With the shock and without it: A" in told
    assert "Falls only without it: B, C" in told
