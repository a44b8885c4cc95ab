"""What is drawn: places, sizes, health, edges and cascades follow from the economy's tables."""

import doctest

import numpy as np
import pytest

from abm.accounts import statement
from abm.engine.tables import FAILED, KIND_NAMES, LIQUIDATION, N_OUTSIDE, OUTSIDE_NAMES
from abm.errors import BadInput
from abm.inputs.scenarios import BASELINE, load, names
from abm.simulation import open_economy
from viz import frames, history
from viz.address import named_story
from viz.frames import CONTRACT, DISTRESSED, EQUITY, FAILED_NOW, GONE, LOAN, ORDER, SOUND
from viz.funding import funding_flows
from viz.history import History
from viz.parts import markup
from viz.places import LANE_OF, LANES, place


@pytest.fixture(scope="module")
def run():
    """An economy a month after its largest customer failed, and its history; tenants without a name stay."""
    economy = open_economy(
        load("r6_customer_concentration"), parameters={"tenant_failure": 0}, panel=False, central=True
    )
    history = History()
    history.record(economy)
    found = {}
    for _ in range(20):
        economy.run(1)
        history.record(economy)
        found[economy.month] = frames.frame(economy, history)
    return economy, history, found


def test_outside_sectors_are_not_drawn_and_everybody_else_is(run):
    economy, _, found = run
    nodes = frames.nodes(economy)
    assert nodes.names == tuple(economy.names[N_OUTSIDE:])
    assert not set(nodes.names) & set(OUTSIDE_NAMES)
    last = found[max(found)]
    assert len(last.size) == len(last.health) == len(nodes.names) == len(nodes.x)


def test_places_are_the_same_in_every_month_seed_and_scenario(run):
    economy, _, _ = run
    other = open_economy(load(BASELINE), seed=9, panel=False, central=True)
    one, two = frames.nodes(economy), frames.nodes(other)
    count = len(two.names)
    np.testing.assert_array_equal(one.x[:count], two.x)
    np.testing.assert_array_equal(one.y[:count], two.y)


def test_firms_stand_in_the_lane_of_their_kind_and_apart():
    nodes = frames.nodes(open_economy(panel=False, central=True))
    for kind, x in zip(nodes.kinds, nodes.x, strict=True):
        assert abs(x - LANES[LANE_OF[KIND_NAMES.index(kind)]].x) <= 0.04
    assert ((nodes.y >= 0.0) & (nodes.y <= 1.0)).all()
    assert len({(x, y) for x, y in zip(nodes.x, nodes.y, strict=True)}) == len(nodes.names)


def test_loans_and_shares_drawn_are_those_of_the_books(run):
    economy, _, found = run
    edges = found[20].edges
    firms = economy.rows("firms")
    for node in range(len(found[12].size)):
        mine = statement.loans(economy, node + N_OUTSIDE)
        owed = sum(loan.principal for loan in mine if loan.role == "owes")
        drawn = edges.amount[(edges.source == node) & (edges.kind == LOAN)].sum()
        assert drawn == pytest.approx(owed, abs=1e-9)
        held = edges.amount[(edges.target == node) & (edges.kind == EQUITY)].sum()
        assert held <= firms["holdings"][node + N_OUTSIDE] + 1e-9


def test_contracts_drawn_are_those_of_the_books(run):
    economy, _, found = run
    edges, names = found[20].edges, set(economy.names[N_OUTSIDE:])
    for node, name in enumerate(economy.names[N_OUTSIDE:]):
        bought = sum(
            c.left
            for c in statement.contracts(economy, name)
            if c.role == "buys" and c.status in ("live", "pending") and c.counterparty in names
        )
        drawn = edges.amount[(edges.source == node) & (edges.kind == CONTRACT)].sum()
        assert drawn == pytest.approx(bought, rel=1e-9, abs=1e-12)


def test_orders_go_to_vendors(run):
    economy, _, found = run
    edges = found[20].edges
    kinds = frames.nodes(economy).kinds
    targets = {kinds[node] for node in edges.target[edges.kind == ORDER].tolist()}
    assert targets == {"vendor"}
    assert (np.diff(edges.amount) <= 0.0).all()


def test_a_failure_is_drawn_in_its_month_and_remembered(run):
    economy, _, found = run
    openai = economy.names.index("OpenAI") - N_OUTSIDE
    assert found[10].health[openai] in (SOUND, 1, DISTRESSED)
    assert found[11].health[openai] == FAILED_NOW
    assert found[12].health[openai] == GONE
    assert found[10].cascade == ()
    assert found[11].cascade[0].firms == (openai,)
    assert found[12].size[openai] == pytest.approx(found[10].size[openai], rel=1e-6)


def test_debt_borrowed_for_failed_labs_is_what_the_flows_show(run):
    economy, _, found = run
    assert all(frame.orphaned == 0.0 for month, frame in found.items() if month < 11)
    flows = funding_flows(economy, small=0.0)
    gone = {("OpenAI", True, ""), ("", False, "idle")}
    told = [(node["name"], node["failed"], node["several"]) for node in flows["nodes"]]
    nobody = {i for i, node in enumerate(flows["nodes"]) if node["layer"] == 2 and told[i] in gone}
    assert len(nobody) == 2
    shown = sum(amount for *_, user, amount in flows["parts"] if user in nobody)
    assert found[economy.month].orphaned == pytest.approx(shown, rel=1e-3)
    assert shown > 10.0
    assert "OpenAI" not in found[economy.month].carried
    assert round(frames.frame(open_economy(load(BASELINE), central=True), History()).carried["OpenAI"]) == 96


def test_losses_of_a_cascade_are_the_hits_of_the_month(run):
    economy, _, found = run
    hits = economy.rows("hits")
    hits = hits[(hits["month"] == 11) & (hits["stage"] >= 1) & (hits["victim"] >= N_OUTSIDE)]
    drawn = [loss for part in found[11].cascade for loss in part.losses]
    assert sum(loss.amount for loss in drawn) == pytest.approx(hits["amount"].sum())
    assert {loss.channel for loss in drawn} <= {"counterparty", "customer", "collateral", "funding",
                                               "lender-to-lender", "vendor", "market"}  # fmt: skip


def test_health_follows_what_lenders_think(run):
    economy, _, _ = run
    firms = economy.rows("firms")[N_OUTSIDE:]
    health = frames.health(economy)
    active = firms["status"] != FAILED
    lender = firms["kind"] == KIND_NAMES.index("lender")
    sure = active & ~lender & (firms["pd"] >= 0.15)
    assert (health[sure] == DISTRESSED).all()
    assert (health[active & ~lender & (firms["pd"] < 0.05)] == SOUND).all()


def test_the_history_keeps_every_month_once(run):
    economy, history, _ = run
    history.record(economy)
    assert history.months.tolist() == list(range(21))
    node = economy.names.index("CoreWeave") - N_OUTSIDE
    assert history.of(node)["debt"][-1] == pytest.approx(economy.rows("firms")["debt"][node + N_OUTSIDE], rel=1e-6)
    assert history.at(7)["debt"][node] == history.of(node)["debt"][7]
    assert history.at(-1) == {}


@pytest.mark.parametrize("module", [history, markup])
def test_the_examples_hold(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


def test_a_kind_without_a_lane_stands_in_the_last() -> None:
    assert [LANE_OF[kind] for lane in LANES[-1:] for kind in lane.kinds] == [len(LANES) - 1] * len(LANES[-1].kinds)
    assert set(LANE_OF) == {kind for kind, name in enumerate(KIND_NAMES) if name != "outside"}


def test_those_who_enter_stand_apart_beside_their_lane() -> None:
    kinds = [KIND_NAMES.index(kind) for kind in ("lender", "neocloud", "lab", "vendor")]
    late = [KIND_NAMES.index(kind) for kind in ("vehicle", "neocloud", "entrant", "lender") for _ in range(30)]
    none = np.zeros(0, dtype=int)
    spots = place([*kinds, *late], none, none, np.zeros(0), len(kinds))
    assert spots.min() >= 0.0
    assert spots.max() <= 1.0
    apart = np.hypot(*(spots[:, None] - spots[None, :]).transpose(2, 0, 1)) + np.eye(len(spots))
    assert apart.min() > 0.025
    assert (spots[:60] == place([*kinds, *late[:56]], none, none, np.zeros(0), len(kinds))).all(), "nobody moves"


def test_a_source_opens_every_fact_it_names_and_tells_the_rest() -> None:
    told = markup.source_of("G5-026, low end G9-999 <b>; digest R1, H1")
    assert told.count("<details") == 1
    assert "<summary title=\"Algorithmic efficiency: inference (net of hardware and margins)\">G5-026</summary>" in told
    assert "href=\"https://arxiv.org/abs/2511.23455\"" in told
    assert told.endswith(", low end G9-999 &lt;b&gt;; story R1, H1</div>")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("R6", "r6_customer_concentration"), ("r6-customer", "r6_customer_concentration"),
     ("Perfect Storm", "perfect_storm"), ("R", None), ("r1_demand_x", None), ("", None)],
)  # fmt: skip
def test_stories_are_known_by_the_beginning_of_their_name(typed: str, name: str | None) -> None:
    if name is not None:
        assert named_story(typed, names()) == name
        return
    with pytest.raises(BadInput, match="scenario must be one of baseline, h1_new_uses"):
        named_story(typed, names())


def test_a_month_in_which_firms_only_come_to_terms_has_no_cascade() -> None:
    economy = open_economy(load("r1_demand_disappoints"), seed=3)
    economy.run(30)
    defaults = economy.rows("defaults")
    months = set(defaults["month"].tolist())
    empty = {month for month in months if not frames.cascade(economy, month)}
    assert empty, "the run must have such a month"
    for month in months:
        assert all(part.firms or part.losses for part in frames.cascade(economy, month))
    assert not set(defaults["month"][defaults["way"] == LIQUIDATION].tolist()) & empty
