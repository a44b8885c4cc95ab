"""A network of one's own: read from anything, cleared with causes, struck in batches, drawn."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp

from abm.contagion import Network, NetworkClearing, clear, clear_tiers, debtrank, furfine, read_network
from abm.contagion.cleared import FEEDBACK, OUTSIDE
from abm.errors import BadInput

ROWS = [
    ("Harbour", "Mill", 20.0), ("Harbour", "Canal", 15.0), ("Mill", "Quarry", 18.0), ("Mill", "Forge", 12.0),
    ("Quarry", "Canal", 14.0), ("Canal", "Meadow", 25.0), ("Canal", "Summit", 6.0), ("Forge", "Summit", 9.0),
    ("Summit", "Harbour", 10.0), ("Meadow", "Forge", 8.0),
]  # fmt: skip
BOOKS = {
    "Harbour": (40.0, 10.0), "Mill": (25.0, 10.0), "Quarry": (12.0, 8.0), "Canal": (30.0, 15.0), "Forge": (20.0, 5.0),
    "Meadow": (55.0, 20.0), "Summit": (35.0, 10.0),
}  # fmt: skip
EDGES = pd.DataFrame(ROWS, columns=["debtor", "creditor", "amount"])
NODES = pd.DataFrame([(name, *books) for name, books in BOOKS.items()], columns=["firm", "assets", "debt"])


class Handed:
    """What hands out Arrow data and is nothing else, as a Polars frame does."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.table = pa.table(frame)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def known(network: Network) -> dict[str, Any]:
    """A network without the order of its firms."""
    nodes = network.nodes.set_index("firm").sort_index()
    edges = network.edges.sort_values(["debtor", "creditor"]).reset_index(drop=True)
    return {"nodes": nodes.to_dict(), "edges": edges.to_dict()}


def written(frame: pd.DataFrame, path: Path, **options: Any) -> Path:
    frame.to_csv(path, index=False, **options)
    return path


def matrix(names: list[str]) -> np.ndarray:
    place = {name: k for k, name in enumerate(names)}
    owed = np.zeros((len(names), len(names)))
    for debtor, creditor, amount in ROWS:
        owed[place[debtor], place[creditor]] = amount
    return owed


def graph() -> nx.DiGraph:
    made = nx.DiGraph()
    for name, (assets, debt) in BOOKS.items():
        made.add_node(name, assets=assets, debt=debt)
    for debtor, creditor, amount in ROWS:
        made.add_edge(debtor, creditor, weight=amount)
    return made


# --- reading ----------------------------------------------------------------------------------------------
def test_every_way_to_hand_it_in_gives_the_same_network(tmp_path: Path) -> None:
    names = list(BOOKS)
    backwards = names[::-1]
    ways = {
        "files": (written(EDGES, tmp_path / "e.csv"), str(written(NODES, tmp_path / "n.csv"))),
        "semicolons": (written(EDGES, tmp_path / "s.csv", sep=";"), written(NODES, tmp_path / "t.csv", sep="\t")),
        "shuffled": (EDGES.iloc[::-1], NODES.sample(frac=1.0, random_state=1)),
        "capitals": (EDGES.rename(columns=str.upper), NODES.rename(columns=lambda name: f" {name.title()} ")),
        "arrow": (Handed(EDGES), Handed(NODES)),
        "mapping": (EDGES.to_dict("list"), NODES.to_dict("list")),
        "nullable": (EDGES.convert_dtypes(), NODES.convert_dtypes()),
        "decimals": (EDGES.assign(amount=[Decimal(str(x)) for _, _, x in ROWS]), NODES.astype(object)),
        "graph": (graph(), None),
        "graph and table": (graph(), NODES),
        "matrix": (matrix(names), NODES),
        "lists": (matrix(names).tolist(), NODES),
        "sparse": (sp.csr_array(matrix(names)), NODES),
        "labels": (pd.DataFrame(matrix(backwards), backwards, backwards)[names], NODES),
    }
    wanted = known(read_network(EDGES, NODES))
    for way, (edges, nodes) in ways.items():
        network = read_network(edges, nodes)
        assert known(network) == wanted, way
        assert network.notes == (), way


def test_assets_may_come_by_name_or_beside_a_bare_matrix_by_place() -> None:
    owed = {"debtor": ["A", "B"], "creditor": ["B", "C"], "amount": [5, 5]}
    by_name = pd.Series([1.0, 4.0], index=["B", "A"])  # not in the order of anything
    for nodes in (by_name, by_name.to_dict()):
        network = read_network(owed, nodes)
        assert dict(zip(network.names, network.assets, strict=True)) == {"A": 4.0, "B": 1.0, "C": 0.0}
    square = [[0, 5, 0], [0, 0, 5], [0, 0, 0]]
    network = read_network(square, [4, 1, 0])
    assert network.names == ("0", "1", "2")
    assert network.clear().result.payments.tolist() == clear(square, [4, 1, 0]).payments.tolist()
    assert read_network(square, {0: 4, 1: 1, 2: 0}).assets.tolist() == [4.0, 1.0, 0.0]


def test_numbers_and_odd_words_are_names(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text('debtor,creditor,amount\nNA, None,1\n"a, b",7,2\nnull,007,3\n', encoding="utf-8-sig")
    assert read_network(path).names == ("NA", "a, b", "null", "None", "7", "007")
    numbers = read_network({"debtor": [1, 2], "creditor": [2.0, 3.0], "amount": [1, 1]})
    assert numbers.names == ("1", "2", "3")


def test_what_is_taken_for_granted_is_said() -> None:
    edges = {
        "debtor": ["A", "A", "B", "A"], "creditor": ["B", "B", "C", "D"], "amount": [3, 4, 1, 0], "since": [1, 2, 3, 4],
    }  # fmt: skip
    network = read_network(edges, {"A": 1, "B": 1, "b ": 2})
    assert network.edges.to_dict("list") == {"debtor": ["A", "B"], "creditor": ["B", "C"], "amount": [7.0, 1.0]}
    said = "\n".join(network.notes)
    assert "left aside since" in said
    assert "1 row of edges repeats a pair (the first: A owes B)" in said
    assert "1 obligation of 0 is left out" in said
    assert "2 creditors have no row in nodes (the first: C)" in said
    assert "'B' and 'b' differ in capitals or spaces alone" in said
    assert len(network.notes) == 5
    assert "no nodes are given: nobody has anything but its claims" in read_network(edges).notes


def test_units_come_from_headings_and_must_agree() -> None:
    edges = EDGES.rename(columns={"amount": "Amount (bn USD)"})
    assert read_network(edges, NODES).unit == "bn USD"
    assert read_network(EDGES, NODES, unit="m EUR").unit == "m EUR"
    with pytest.raises(BadInput, match="assets of nodes is in 'm USD', but amount of edges says 'bn USD'"):
        read_network(edges, NODES.rename(columns={"assets": "assets [m USD]"}))
    with pytest.raises(BadInput, match="the argument unit says 'EUR'"):
        read_network(edges, NODES, unit="EUR")


BAD_FILES = {
    "from,to,value\na,b,3\n": r"e\.csv lacks the column 'debtor': it needs debtor, creditor, amount, and may have tier",
    "debtor;creditor;amount\na;b;1,5\n": r"e\.csv, line 2: amount is '1,5': it must be written with a point",
    "debtor,creditor,amount\na,b,-3\n": r"line 2: amount is -3: it must be a finite number, at least 0",
    "debtor,creditor,amount\na,b,1\n\na,c,\n": r"line 4: amount is missing; write 0",
    "debtor,creditor,amount\na,b,inf\n": r"line 2: amount is 'inf'",
    "debtor,creditor,amount\na,b,5 bn\n": r"line 2: amount is '5 bn': it must be a finite number",
    "debtor,creditor,amount\na, ,3\n": r"line 2: creditor is missing: every firm needs a name",
    "debtor,creditor,amount\na,b,3,4\n": r"line 2 has 4 cells, the heading 3",
    "debtor,creditor,amount\na,b\n": r"line 2 has 2 cells, the heading 3",
    "debtor,creditor,amount\na,a,3\n": r"line 2: 'a' owes itself",
    'debtor,creditor,amount\n"a,b,3\n': r"line 2 is no CSV",
    "debtor,creditor,amount,tier\na,b,3,1.5\n": r"line 2: tier is 1\.5: it must be a whole number",
    "debtor,creditor,amount,tier\na,b,3,x\n": r"line 2: tier is 'x': it must be a whole number",
    "debtor,creditor,amount,amount\na,b,3,4\n": r"has a column twice",
    "debtor,creditor,amount\n": r"names no firm",
    f"debtor,creditor,amount\n{OUTSIDE},b,3\n": r"no firm can be called",
    "": r"e\.csv is empty; edges need the columns debtor",
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_a_mistake_in_a_file_is_one_sentence_with_its_place(text: str, tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=BAD_FILES[text]) as caught:
        read_network(path)
    assert "\n" not in str(caught.value)


def test_a_mistake_in_anything_else_is_one_sentence_too(tmp_path: Path) -> None:
    square = np.array([[0.0, 1.0], [0.0, 0.0]])
    undirected = nx.Graph([("a", "b")])
    unweighted = nx.DiGraph([("a", "b")])
    (tmp_path / "latin.csv").write_bytes("débiteur".encode("latin-1"))
    two = {"debtor": ["a"], "creditor": ["b"], "amount": [1]}
    for edges, nodes, sentence in [
        (tmp_path / "none.csv", None, "there is no edges file"),
        (tmp_path / "latin.csv", None, "is not a text file in UTF-8"),
        (EDGES, tmp_path, "cannot read the nodes file .*: it is a folder"),
        (EDGES.assign(amount=True), NODES, "row 0 of edges .*: amount is true: it must be a finite number"),
        (EDGES.assign(amount=[None, *EDGES["amount"][1:]]), NODES, "row 0 of edges .*: amount is missing"),
        (EDGES.assign(amount=pd.array([1, None] * 5, "Int64")), NODES, "row 1 of edges .*: amount is missing"),
        (EDGES.assign(debtor=[None] * 10), NODES, "row 0 of edges .*: debtor is missing"),
        (EDGES, NODES.iloc[1:], "row 0 of edges .*: debtor 'Harbour' has no row in nodes: give it one"),
        (EDGES.replace("Harbour", "Harbor"), NODES, "'Harbor' has no row .*did you mean 'Harbour'"),
        (EDGES, pd.concat([NODES, NODES.iloc[:1]]), "row 7 of nodes .*: firm 'Harbour' has two rows"),
        (EDGES.assign(creditor=EDGES["creditor"].replace("Meadow", "Meadwo")), NODES,
         r"row \d of edges .*: creditor 'Meadwo' has no row in nodes; did you mean 'Meadow'\? If it is another"),
        (EDGES.assign(creditor=EDGES["creditor"].replace("Meadow", "meadow")), NODES, "did you mean 'Meadow'"),
        (EDGES, NODES.rename(columns={"firm": "name"}), "lacks the column 'firm': .*is it 'name'. Then call it 'firm'"),
        (EDGES, NODES.rename(columns={"assets": "Cash"}), "is it 'cash'. Then call it 'assets'"),
        (EDGES.rename(columns={"creditor": "creditr"}), NODES, "is it 'creditr'. Then call it 'creditor'"),
        (EDGES, NODES.assign(debt=[1.0, np.nan, 1, 1, 1, 1, 1]), "row 1 of nodes .*: debt is missing; write 0"),
        (EDGES, NODES.assign(assets=-1.0), "row 0 of nodes .*: assets is -1: it must be a finite number, at least 0"),
        (EDGES, [1.0] * 7, "nodes must name the firms"),
        (EDGES, 3, "nodes must be a table"),
        (two, {"firm": ["a", "b"], "assets": [1]}, "the columns of nodes must be equally long"),
        (two, {"a": 1, "b": "much"}, r"nodes\['b'\]: assets is 'much'"),
        (two, {"firm": ["a"], "assets": [1], "equity": [1]}, "'b' has no row: where equity is given"),
        (two | {"amount": [1e308]}, {"a": 1e308}, "more than a number holds"),
        ({"a": 1}, None, "edges must be a mapping from column to its values"),
        (square, NODES, "nodes must have 2 rows, as edges is 2 by 2; it has 7"),
        (-square, None, r"edges\[0, 1\] is -1: it must be a finite number"),
        (np.eye(2), None, r"edges\[0, 0\] is 1: nobody owes"),
        (sp.csr_array(np.eye(2)), None, r"edges\[0, 0\] is 1: nobody owes"),
        (np.zeros((2, 3)), None, "edges must be a square matrix"),
        (7, None, "edges must be a table"),
        (undirected, None, "edges must be a directed graph"),
        (unweighted, None, "the edge from 'a' to 'b': amount is missing"),
    ]:
        with pytest.raises(BadInput, match=sentence) as caught:
            read_network(edges, nodes)
        assert "\n" not in str(caught.value)


# --- clearing ---------------------------------------------------------------------------------------------
def test_the_clearing_of_a_chain_by_hand() -> None:
    cleared = read_network(EDGES, NODES).clear(shock={"Harbour": 30})
    firms = cleared.firms.set_index("firm")
    # Harbour has 10 and is paid 10 by Summit, of 45 owed: 4/9. Mill has 25 and 20 * 4/9 of 40 owed.
    assert firms.loc["Harbour", ["assets", "received", "owed", "paid", "shortfall", "lost"]].tolist() == [
        10.0, 10.0, 45.0, 20.0, 25.0, 30.0,
    ]  # fmt: skip
    assert firms.loc["Mill", "paid"] == pytest.approx(25 + 80 / 9)
    assert firms["round"].to_dict() == {**dict.fromkeys(BOOKS, 0), "Harbour": 1, "Mill": 2}
    assert firms.loc["Canal", ["lost", "equity"]].tolist() == pytest.approx([75 / 9, 13 - 75 / 9])
    assert firms.loc["Meadow", ["recovery", "shortfall", "lost"]].tolist() == [1.0, 0.0, 0.0]
    paid = cleared.payments.set_index(["debtor", "creditor"])
    assert paid.loc[("Harbour", "Mill"), ["owed", "paid"]].tolist() == pytest.approx([20.0, 80 / 9])
    assert paid.loc[("Harbour", OUTSIDE), "paid"] == pytest.approx(40 / 9)
    assert paid.loc[("Canal", "Meadow"), "paid"] == 25.0
    causes = cleared.causes.to_dict("records")
    assert [(c["firm"], c["cause"], c["channel"]) for c in causes] == [
        ("Harbour", "Harbour", "shock"), ("Mill", "Harbour", "unpaid debts"),
    ]  # fmt: skip
    assert [c["amount"] for c in causes] == pytest.approx([25.0, 15 - 80 / 9])
    assert cleared.origins["share"].tolist() == [1.0]
    assert [d.firm for d in cleared.tree.trace(cleared.network.place("Mill"))] == ["Mill", "Harbour"]


def test_tiers_are_paid_one_after_the_other() -> None:
    edges = pd.DataFrame(
        [("A", "S", 4, 10), ("A", "J", 4, 20), ("A", "J", 1, 10)], columns=["debtor", "creditor", "amount", "tier"]
    )
    nodes = pd.DataFrame({"firm": ["A"], "assets": [6.0], "debt": [3.0], "debt_tier": [15]})
    network = read_network(edges, nodes)
    assert network.tiers == (10, 15, 20)
    paid = network.clear().payments
    assert list(paid.columns) == ["debtor", "creditor", "tier", "owed", "paid"]
    assert {(c, t): p for c, t, p in zip(paid["creditor"], paid["tier"], paid["paid"], strict=True)} == pytest.approx(
        {("S", 10): 4.0, ("J", 10): 1.0, (OUTSIDE, 15): 1.0, ("J", 20): 0.0}
    )
    alike = network.clear(seniority=False)
    assert alike.payments["paid"].tolist() == pytest.approx((alike.payments["owed"] / 2).tolist())
    assert alike.firms["paid"].tolist() == pytest.approx([6.0, 0.0, 0.0])
    # The first tier where nobody says which, and that is said.
    first = read_network(edges, nodes.drop(columns="debt_tier"))
    assert first.clear().payments["paid"].tolist()[-1] == pytest.approx(6 * 3 / 8)
    assert "debt to outsiders has no debt_tier: it is paid with tier 10, the first" in first.notes
    with pytest.raises(BadInput, match="seniority needs tiers"):
        read_network(EDGES, NODES).clear(seniority=True)


def random_clearing(seed: int) -> NetworkClearing:
    """A random network with tiers, bankruptcy costs and a shock, cleared."""
    draw = np.random.default_rng(seed)
    n = int(draw.integers(2, 10))
    owed = draw.integers(0, 10, (3, n, n)) * (draw.random((3, n, n)) < 0.5)
    owed[:, range(n), range(n)] = 0
    assets = draw.integers(0, 12, n).astype(float)
    nodes = pd.DataFrame({"firm": [f"f{i}" for i in range(n)], "assets": assets, "debt": draw.integers(0, 4, n)})
    alpha, beta = draw.choice([0.0, 0.5, 1.0], 2)
    struck = {"f1": float(draw.integers(0, assets[1] + 1))}
    return read_network(owed, nodes).clear(alpha=alpha, beta=beta, seniority=bool(seed % 2), shock=struck)


def test_tables_are_those_of_the_arrays_and_their_sums_close() -> None:
    feedback = 0
    for seed in range(60):
        cleared = random_clearing(seed)
        network, result, firms = cleared.network, cleared.result, cleared.firms
        layers, left = [layer.toarray() for layer in network._layers], network.assets - cleared.loss
        if cleared.seniority:
            direct = clear_tiers(layers, left, network._external, alpha=cleared.alpha, beta=cleared.beta)
        else:
            direct = clear(network.obligations.toarray(), left, network.debt, alpha=cleared.alpha, beta=cleared.beta)
        assert firms["round"].tolist() == direct.default_round.tolist()
        close = {"rtol": 1e-9, "atol": 1e-9}
        np.testing.assert_allclose(firms["paid"], np.atleast_2d(direct.payments).sum(axis=0), **close)
        of_debtors = cleared.payments.groupby("debtor")["paid"].sum().reindex(network.names, fill_value=0.0)
        np.testing.assert_allclose(of_debtors, firms["paid"], **close)
        of_firms = cleared.causes.groupby("firm")["amount"].sum().reindex(network.names, fill_value=0.0)
        np.testing.assert_allclose(of_firms, firms["shortfall"], **close)
        assert cleared.origins["amount"].sum() == pytest.approx(firms["shortfall"].sum())
        stands = ~result.defaulted
        np.testing.assert_allclose(result.equity[stands], (network.net_worth - cleared.lost)[stands], **close)
        own = cleared.causes[cleared.causes["channel"] == "own books"].set_index("firm")["share"]
        for default in cleared.tree.defaults.values():
            assert default.fundamental == pytest.approx(own.get(default.firm, 0.0), abs=1e-9)
            feedback += any(parent.source == FEEDBACK for parent in default.parents)
    assert feedback > 5


def test_a_net_worth_is_taken_off_shock_and_unpaid_claims_in_proportion() -> None:
    # B is worth 4; it loses 2 to a shock and 6 to A: 4 of the 8 are short, a quarter of them by the shock.
    edges = pd.DataFrame([("A", "B", 6), ("B", "C", 8)], columns=["debtor", "creditor", "amount"])
    cleared = read_network(edges, {"A": 0, "B": 6}).clear(shock={"B": 2})
    found = cleared.causes.set_index(["firm", "channel"])["amount"].to_dict()
    assert found == pytest.approx({("A", "own books"): 6.0, ("B", "unpaid debts"): 3.0, ("B", "shock"): 1.0})
    assert cleared.origins.set_index(["firm", "channel"])["amount"].to_dict() == pytest.approx(
        {("A", "own books"): 9.0, ("B", "shock"): 1.0}
    )


def test_more_firms_than_the_dense_core_takes() -> None:
    n = 300
    names = [f"n{k}" for k in range(n)]
    edges = pd.DataFrame({"debtor": names[:-1], "creditor": names[1:], "amount": 10.0})
    cleared = read_network(edges, dict.fromkeys(names[:-1], 0.01)).clear()
    assert cleared.firms["round"].tolist() == [*range(1, n), 0]
    assert cleared.payments["paid"].to_numpy() == pytest.approx(0.01 * np.arange(1, n))
    assert cleared.origins["share"].sum() == pytest.approx(1.0)


def test_a_shock_must_be_one() -> None:
    network = read_network(EDGES, NODES)
    for shock, sentence in [
        ({"Harbor": 1}, "shock: there is no firm 'Harbor'; did you mean 'Harbour'"),
        ({"Harbour": 41}, "'Harbour' loses 41, but its assets are 40"),
        ({"Harbour": -1}, "'Harbour' loses -1: it must be a finite number, at least 0"),
        ({"Harbour": "much"}, "'Harbour' loses 'much'"),
        ({"Harbour": float("nan")}, "'Harbour' loses nan"),
        ("Harbour", "shock must be a mapping"),
    ]:
        with pytest.raises(BadInput, match=sentence):
            network.clear(shock=shock)  # type: ignore[arg-type]
    for name in ("alpha", "beta"):
        with pytest.raises(BadInput, match=f"{name} must be a number from 0 to 1"):
            network.clear(**{name: 1.5})


# --- batches and other models -----------------------------------------------------------------------------
def test_a_batch_is_each_shock_by_itself_however_it_is_written() -> None:
    network = read_network(EDGES, NODES)
    batch = {"flood": {"Harbour": 30}, "fire": [("Mill", 20), ("Mill", 5), ("Canal", 3)], "nothing": {}}
    tidy = pd.DataFrame(
        [("flood", "Harbour", 30.0), ("fire", "Mill", 25.0), ("fire", "Canal", 3.0), ("nothing", "Mill", 0.0)],
        columns=["shock", "firm", "loss"],
    )
    wide = tidy.pivot_table(index="shock", columns="firm", values="loss", fill_value=0.0, sort=False)
    found = network.stress(batch, alpha=0.5, beta=0.5)
    for way in (tidy, wide):
        again = network.stress(way, alpha=0.5, beta=0.5)
        pd.testing.assert_frame_equal(again.shocks, found.shocks)
        pd.testing.assert_frame_equal(again.firms, found.firms)
    shocks = found.shocks.set_index("shock")
    assert shocks.index.tolist() == list(batch)
    assert shocks.loc["nothing"].tolist() == [0.0] * 7
    for name in batch:
        struck = dict(zip(*[tidy[tidy["shock"] == name][column] for column in ("firm", "loss")], strict=True))
        alone = network.clear(alpha=0.5, beta=0.5, shock=struck)
        mine = found.firms[found.firms["shock"] == name].reset_index(drop=True)
        wanted = alone.firms[alone.firms["defaulted"] | (alone.firms["lost"] > 0.0)].reset_index(drop=True)
        assert len(wanted) == len(mine)
        for column in ("firm", "lost", "paid", "recovery", "shortfall", "defaulted", "round", "equity"):
            assert mine[column].tolist() == pytest.approx(wanted[column].tolist()), column
        assert shocks.loc[name, "shortfall"] == pytest.approx(alone.firms["shortfall"].sum())
        inside, outside = shocks.loc[name, ["lost", "outside"]]
        assert inside + outside == pytest.approx(shocks.loc[name, "shortfall"])
    assert shocks.loc["flood", ["defaulted", "anyway", "rounds"]].tolist() == [4, 0, 4]


def test_who_falls_anyway_is_told_apart() -> None:
    network = read_network({"debtor": ["A", "B"], "creditor": ["C", "C"], "amount": [5, 5]}, {"A": 1, "B": 9})
    assert network.stress({"s": {"B": 9}}).shocks[["defaulted", "anyway"]].to_numpy().tolist() == [[2, 1]]
    assert network.stress({}).firms.empty
    for shocks, sentence in [
        ({"s": {"X": 1}}, "shock 's': there is no firm 'X'"),
        ({"s": 3}, "shock 's' must be a mapping"),
        ([1], "shocks must be a mapping"),
        (pd.DataFrame({"B": [1.0, None]}, index=["s", "t"]), "the loss of 'B' in 't' is missing"),
        (pd.DataFrame({"B": [1.0, 2.0]}, index=["s", "s"]), "comes twice"),
        (pd.DataFrame({"X": [0.0]}, index=["s"]), "there is no firm 'X'"),
        (pd.DataFrame({"B": [-1.0]}, index=["s"]), "shock 's': 'B' loses"),
    ]:
        with pytest.raises(BadInput, match=sentence):
            network.stress(shocks)  # type: ignore[arg-type]


def test_debtrank_and_furfine_see_claims_and_equity_by_name() -> None:
    network = read_network(EDGES, NODES)
    equity, exposures = network.net_worth, matrix(list(network.names)).T
    struck = np.where(np.array(network.names) == "Harbour", 0.5, 0.0)
    table = network.debtrank({"Harbour": 0.5})
    direct = debtrank(exposures, equity, struck)
    assert table["loss"].tolist() == pytest.approx(direct.loss.tolist())
    assert table["lost"].sum() == pytest.approx(direct.total_loss * equity.sum())
    ranks = network.debtrank().set_index("firm")
    whole = debtrank(exposures, equity, (struck > 0.0).astype(float))
    assert ranks.loc["Harbour", "debtrank"] == pytest.approx(whole.debtrank)
    assert ranks.loc["Harbour", "defaulted"] == whole.defaulted.sum() - 1
    falls = furfine(exposures, equity, list(network.names).index("Harbour"), recovery=0.4)
    table = network.furfine("Harbour", recovery=0.4)
    assert table["round"].tolist() == falls.round.tolist() == [1, 2, 3, 4, 0, 0, 0]
    assert table["lost"].tolist() == pytest.approx(falls.losses.tolist())
    turns = network.furfine(recovery=0.4).set_index("firm")
    assert turns.loc["Harbour", ["defaulted", "rounds"]].tolist() == [3, 4]
    assert turns.loc["Harbour", "lost"] == pytest.approx(falls.losses.sum() - falls.losses[0])
    # An equity column takes the place of what the books leave.
    capital = read_network(EDGES, NODES.assign(equity=100.0))
    assert capital.furfine("Harbour")["defaulted"].sum() == 1
    with pytest.raises(BadInput, match="that of 'Mill' is 0"):
        read_network(EDGES, NODES.assign(equity=[1.0, 0, 1, 1, 1, 1, 1])).debtrank()
    with pytest.raises(BadInput, match="'Harbour' loses 2 of its equity"):
        network.debtrank({"Harbour": 2})
    with pytest.raises(BadInput, match="there is no firm 'X'"):
        network.furfine("X")


# --- the picture ------------------------------------------------------------------------------------------
def words(cleared: NetworkClearing, **options: Any) -> list[str]:
    """All texts of a picture that can be written."""
    figure = cleared.draw(**options)
    figure.savefig(BytesIO(), format="png")
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_picture_names_who_falls_and_who_loses_and_stands() -> None:
    network = read_network(EDGES.rename(columns={"amount": "amount (m EUR)"}), NODES)
    said = words(network.clear(shock={"Harbour": 30}))
    for text in ("round 1", "round 2", "lose, but pay", "Harbour", "Mill", "Canal", "Quarry", "Forge", "11.1"):
        assert text in said, text
    assert "Meadow" not in said
    assert "2 firms lose nothing" in said
    assert "2 of 7 firms cannot pay: 31.1 of 215 m EUR owed is not paid" in said
    assert "loses 8.33 of 13" in said
    few = words(network.clear(shock={"Harbour": 30}), most=2, title="mine")
    assert "mine" in few
    assert "3 more lose less; 2 firms lose nothing" in few
    assert "Forge" not in few
    assert words(network.clear())[0] == "Everybody pays in full"


def test_strange_names_and_loops_are_drawn() -> None:
    edges = pd.DataFrame(
        [("$x_$", "<b>", 9.0), ("<b>", "$x_$", 9.0), ("<b>", "_" * 99, 5.0), ("$x_$", "long " * 30, 4.0)],
        columns=["debtor", "creditor", "amount"],
    )
    said = words(read_network(edges, {"$x_$": 1.0, "<b>": 2.0}, unit="$ bn").clear(alpha=0.5))
    assert "$x_$" in said
    assert max(map(len, said)) < 90


def test_the_same_network_gives_the_same_picture() -> None:
    drawn = []
    for order in (1, -1):
        figure = read_network(EDGES.iloc[::order], NODES).clear(alpha=0.5, beta=0.5, shock={"Harbour": 30}).draw()
        buffer = BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
        drawn.append(buffer.getvalue())
    assert drawn[0] == drawn[1]
