from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import settled

from abm import open_economy
from abm.accounts.statement import defaults, look_through
from abm.engine import tables
from abm.inputs.scenarios import load
from viz.funding import cascade_tree, funding_flows
from viz.widgets import CascadeTree, FlowDiagram, Keys

HOSTILE = '<img src="http://evil.test/x.png" onerror="window.hit = 1">'
FLOWS = {
    "columns": ["Who lends", "Who borrows", "For whose use"],
    "nodes": [
        {"name": "Big Bank", "kind": "lender", "layer": 0, "row": 0, "hue": -1},
        {"name": "Cloud One", "kind": "neocloud", "layer": 1, "row": 1, "hue": -1},
        {"name": "Project", "kind": "vehicle", "layer": 1, "row": 2, "hue": -1},
        {"name": "Star Lab", "kind": "lab", "layer": 2, "row": 3, "hue": 0},
        {"name": "Their own business", "kind": "several", "layer": 2, "row": -1, "hue": -1},
    ],
    "parts": [[0, 1, 3, 6.0], [0, 1, 4, 2.0], [0, 2, 3, 4.0]],
}
TREE = {
    "nodes": [
        {"row": 3, "name": "Star Lab", "kind": "lab", "month": 7, "label": "2026-07", "round": 1, "fundamental": True,
         "shortfall": 3.0, "own_share": 1.0},
        {"row": 1, "name": "Cloud One", "kind": "neocloud", "month": 7, "label": "2026-07", "round": 2,
         "fundamental": False, "shortfall": 1.0, "own_share": 0.25},
    ],
    "edges": [
        {"source": 0, "target": 1, "channel": "customer", "weight": 0.5},
        {"source": -1, "target": 1, "channel": "market", "weight": 0.25},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def economy() -> Any:
    """A bad run with failures, half way."""
    economy = open_economy(load("r1_demand_disappoints"), parameters={"lender_capital": 0.5}, seed=3, central=True)
    economy.run(60)
    return economy


def test_a_card_says_that_a_shock_struck(stage: Any, economy: Any) -> None:
    page = stage()
    page.show(CascadeTree(cascade={**TREE, "nodes": [{**TREE["nodes"][0], "struck": True}, TREE["nodes"][1]]}))
    cards = [card.get_attribute("aria-label") for card in page.page.locator(".iv-card").all()]
    assert "100 % its own doing and the shock that struck it" in cards[0]
    assert "shock" not in cards[1]
    struck = open_economy(load("r6_customer_concentration"), seed=1, central=True)
    struck.run(12)
    assert [node["struck"] for node in cascade_tree(struck)["nodes"] if node["name"] == "OpenAI"] == [True]
    assert not any(node["struck"] for node in cascade_tree(economy)["nodes"])


@pytest.mark.parametrize("months", [0, 60])
def test_flows_add_up_to_the_debt_on_the_books(economy: Any, months: int) -> None:
    at = economy if months else open_economy(seed=1, central=True)
    flows = funding_flows(at)
    loans = at.rows("loans")
    owed = loans["principal"][(loans["status"] == tables.LIVE) & (loans["for_ai"] == 1)].sum()
    assert sum(part[3] for part in flows["parts"]) == pytest.approx(owed)
    assert all(flows["nodes"][end]["layer"] == layer for part in flows["parts"] for layer, end in enumerate(part[:3]))
    for lab in ("OpenAI", "xAI"):
        carried = sum(look_through(at, lab).carried_by_others.values())
        found = [i for i, n in enumerate(flows["nodes"]) if (n["name"], n["layer"]) == (lab, 2)]
        if found:  # else too small to stand alone
            assert sum(part[3] for part in flows["parts"] if part[2] in found) == pytest.approx(carried)
    failed = {at.names[row] for row in np.flatnonzero(at.rows("firms")["status"] == tables.FAILED)}
    marked = {node["name"] for node in flows["nodes"] if node["failed"]}
    assert marked == {node["name"] for node in flows["nodes"]} & failed
    if not months:
        assert "OpenAI" in [node["name"] for node in flows["nodes"]]


def test_small_ones_stand_together_and_nothing_is_lost(economy: Any) -> None:
    all_apart, together = funding_flows(economy, small=0.0), funding_flows(economy, small=0.05)
    assert len(together["nodes"]) < len(all_apart["nodes"])
    totals = [sum(part[3] for part in flows["parts"]) for flows in (all_apart, together)]
    assert totals[0] == pytest.approx(totals[1])


def test_the_tree_holds_every_default_and_all_its_causes(economy: Any) -> None:
    tree = cascade_tree(economy)
    told = list(defaults(economy))
    assert told, "the run must have failures"
    fallen = [i for i, node in enumerate(tree["nodes"]) if node["round"] > 0]
    assert [tree["nodes"][i]["name"] for i in fallen] == [default.firm for default in told]
    for i in fallen:
        causes = sum(edge["weight"] for edge in tree["edges"] if edge["target"] == i)
        assert causes + tree["nodes"][i]["own_share"] == pytest.approx(1.0)
    for edge in tree["edges"]:
        if edge["source"] >= 0:
            assert tree["nodes"][edge["source"]]["month"] <= tree["nodes"][edge["target"]]["month"]
    names = economy.names
    assert all(names[node["row"] + tables.N_OUTSIDE] == node["name"] for node in tree["nodes"])


@pytest.mark.parametrize("width", [1280, 390])
def test_flows_can_be_read_and_clicked(stage: Any, width: int) -> None:
    page = stage(width)
    page.show(FlowDiagram(flows=FLOWS))
    settled(page.page)
    assert page.page.locator(".iv-ribbon").count() == 6
    page.page.get_by_text("The same in words").click()
    told = page.page.locator("li").all_inner_texts()
    assert told[0] == (
        "Star Lab $10 bn, AI lab, borrowed for its use, by Cloud One $6 bn, Project $4 bn, from Big Bank $10 bn"
    )
    page.page.get_by_role("button", name="Star Lab $10 bn, AI lab").click()
    assert page.value("clicked") == {"firm": 3, "count": 1}
    page.page.locator(".iv-node[aria-label^='Big Bank']").focus()
    page.page.keyboard.press("Enter")
    assert page.value("clicked") == {"firm": 0, "count": 2}
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width


def test_pointing_at_a_lab_lights_the_debt_borrowed_for_it(stage: Any) -> None:
    page = stage()
    page.show(FlowDiagram(flows=FLOWS))
    page.page.locator(".iv-node[aria-label^='Star Lab'] .iv-bar").hover()
    assert page.page.locator(".iv-lit").count() == 4
    assert page.page.locator(".iv-faint").count() == 2
    page.page.mouse.move(2, 2)
    assert page.page.locator(".iv-lit, .iv-faint").count() == 0


def test_bars_stand_for_amounts(stage: Any) -> None:
    page = stage()
    page.show(FlowDiagram(flows=FLOWS))
    tall = {
        name: float(page.page.locator(f".iv-node[aria-label^='{name}'] .iv-bar").get_attribute("height"))
        for name in ("Big Bank", "Cloud One", "Star Lab")
    }
    assert tall["Cloud One"] / tall["Big Bank"] == pytest.approx(8 / 12, rel=1e-3)
    assert tall["Star Lab"] / tall["Big Bank"] == pytest.approx(10 / 12, rel=1e-3)


@pytest.mark.parametrize("width", [1280, 390])
def test_failures_can_be_read_and_clicked(stage: Any, width: int) -> None:
    page = stage(width)
    page.show(CascadeTree(cascade=TREE))
    card = page.page.get_by_role("button", name="Cloud One")
    assert card.get_attribute("aria-label") == (
        "Cloud One defaulted over $1 bn, 2026-07, neocloud, could not or would not pay all it owed, 25 % its own doing,"
        " 25 % the market, 50 % Star Lab, by customer"
    )
    assert page.page.locator(".iv-tree-chip").all_inner_texts() == ["customer 50 %"]
    card.click()
    assert page.value("clicked") == {"firm": 1, "month": 7, "count": 1}
    page.update(cascade={"nodes": [], "edges": []})
    assert page.page.get_by_text("Nobody has failed so far.").is_visible()


def test_cards_cover_no_card(stage: Any) -> None:
    page = stage()
    nodes = [{**TREE["nodes"][0], "name": f"Firm {i}", "month": 1 + i // 4} for i in range(13)]
    edges = [{"source": i // 2, "target": i, "channel": "funding", "weight": 0.4} for i in range(4, 13)]
    page.show(CascadeTree(cascade={"nodes": nodes, "edges": edges}))
    boxes = [card.bounding_box() for card in page.page.locator(".iv-card").all()]
    assert len(boxes) == 13
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert abs(a["x"] - b["x"]) >= a["width"] or abs(a["y"] - b["y"]) >= a["height"]


def _hostile(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hostile(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_hostile(one) for one in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize(
    "widget",
    [
        FlowDiagram(),
        FlowDiagram(flows=_hostile(FLOWS)),
        FlowDiagram(flows={"nodes": FLOWS["nodes"], "parts": [[0, 1, 3, np.nan], [0, 1, 99, 1.0], [0, 1, 3, -1.0]]}),
        CascadeTree(),
        CascadeTree(cascade=_hostile(TREE)),
        CascadeTree(
            cascade={
                "nodes": [{**TREE["nodes"][0], "own_share": np.nan, "shortfall": np.nan}],
                "edges": [{"source": 0, "target": to, "channel": "x", "weight": 1.0} for to in (5, 0)],
            }
        ),
    ],
)
def test_odd_and_hostile_data_draw_what_can_be_drawn_and_leave_nothing(stage: Any, widget: Any) -> None:
    page = stage()
    page.show(widget)
    page.page.mouse.move(300, 60)
    page.page.wait_for_timeout(50)
    assert page.page.evaluate("window.hit") is None
    assert page.page.locator("img").count() == 0
    page.page.evaluate("stop()")
    assert page.page.evaluate("model.listeners()") == 0
    assert page.page.locator(".iv").count() == 0


def test_keys_are_heard_each_for_itself_but_not_while_writing(stage: Any) -> None:
    page = stage()
    page.show(Keys())
    heard = "model.sent.map((sent) => sent.key).join(' ')"
    for key in (" ", "k", ".", "b", "r"):
        page.page.keyboard.press(key)
    assert page.page.evaluate(heard) == "play play step back reset"
    page.page.evaluate("model.sent.length = 0")
    page.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<input id=i><button id=b>B</button>')")
    page.page.locator("#i").press("k")
    page.page.locator("#b").press(" ")
    page.page.locator("#b").press("Control+k")
    assert page.page.evaluate(heard) == ""
    page.page.locator("#b").press("n")
    assert page.page.evaluate(heard) == "step"
    page.page.evaluate("stop()")
    page.page.keyboard.press("n")
    assert page.page.evaluate(heard) == "step"


def test_python_hears_every_key_and_nothing_else() -> None:
    heard: list[str] = []
    keys = Keys(heard=heard.append)
    for content in ({"key": "step"}, {"key": "back"}, {"key": 3}, ["key"], None, {"key": "step"}):
        keys._handle_custom_msg(content, [])
    assert heard == ["step", "back", "step"]


# Which lines and names of the tree touch: a name lies on its own line only.
TOUCHING = """() => {
  const box = document.querySelector(".iv-tree-sheet").getBoundingClientRect();
  const at = (e) => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
  const within = (x, y, [l, t, r, b]) => x > l + 1 && x < r - 1 && y > t + 1 && y < b - 1;
  const chips = [...document.querySelectorAll(".iv-tree-chip")];
  const cards = [...document.querySelectorAll(".iv-card")].map(at);
  const found = [];
  [...document.querySelectorAll(".iv-tree-edge")].forEach((path, i) => {
    const long = path.getTotalLength();
    for (let d = 0; d <= long; d += 2) {
      const p = path.getPointAtLength(d);
      const [x, y] = [p.x + box.left, p.y + box.top];
      chips.forEach((chip, j) => { if (i !== j && within(x, y, at(chip))) found.push(`line ${i} on name ${j}`); });
      if (d < 3 || d > long - 3) continue;
      cards.forEach((c, j) => { if (within(x, y, c)) found.push(`line ${i} on card ${j}`); });
    }
  });
  chips.forEach((chip, i) => chips.slice(0, i).forEach((other, j) => {
    const [a, b] = [at(chip), at(other)];
    if (a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]) found.push(`name ${i} on name ${j}`);
  }));
  chips.forEach((chip, i) => cards.forEach((c, j) => {
    const a = at(chip);
    if (a[0] < c[2] && a[2] > c[0] && a[1] < c[3] && a[3] > c[1]) found.push(`name ${i} on card ${j}`);
  }));
  return [...new Set(found)];
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_names_and_lines_of_the_tree_cover_nothing(stage: Any, width: int) -> None:
    """Five columns; every firm helps to bring down most of those after it, past the cards between."""
    page = stage(width)
    nodes = [
        {**TREE["nodes"][0], "name": f"Firm {i}", "month": 1 + i // 3, "label": f"2026-{1 + i // 3:02d}"}
        for i in range(15)
    ]
    edges = [
        {"source": s, "target": t, "channel": channel, "weight": w}
        for t in range(3, 15)
        for s in range(t // 3 * 3)
        if (s + t) % 3
        for channel, w in (("counterparty", 0.03), ("customer", 0.09))
    ]
    page.show(CascadeTree(cascade={"nodes": nodes, "edges": edges}))
    assert page.page.locator(".iv-tree-chip").count() == page.page.locator(".iv-tree-edge").count() > 30
    assert page.page.evaluate(TOUCHING) == []


def test_two_firms_are_joined_once_by_the_channel_that_counts(stage: Any) -> None:
    page = stage()
    edges = [
        {"source": 0, "target": 1, "channel": "counterparty", "weight": 0.03},
        {"source": 0, "target": 1, "channel": "customer", "weight": 0.89},
    ]
    page.show(CascadeTree(cascade={**TREE, "edges": edges}))
    assert page.page.locator(".iv-tree-chip").all_inner_texts() == ["92 % · customer 89 %"]
    told = page.page.get_by_role("button", name="Cloud One").get_attribute("aria-label")
    assert told.endswith("92 % Star Lab, by customer 89 %, counterparty 3 %")


def test_what_a_visitor_did_is_nobodys_own_doing(stage: Any) -> None:
    page = stage()
    struck = {**TREE["nodes"][0], "struck": True, "by_hand": True}
    page.show(CascadeTree(cascade={"nodes": [struck], "edges": []}))
    told = page.page.get_by_role("button", name="Star Lab").get_attribute("aria-label")
    assert told.endswith("100 % what you did to it")
    assert "its own doing" not in page.page.locator(".iv-tree").inner_text()
