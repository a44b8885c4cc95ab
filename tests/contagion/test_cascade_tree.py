"""The cascade tree: causes traced, written and drawn."""

import matplotlib as mpl
import networkx as nx
import pytest

from abm.contagion import CascadeTree, Default, Parent
from abm.errors import BadInput

mpl.use("Agg")


def tree():
    return CascadeTree(
        [
            Default(5, "Bank", 8, 1, 2.0, (Parent(2, "counterparty", 0.25), Parent(1, "funding", 0.5))),
            Default(1, "Lab", 7, 1, 9.0),
            Default(2, "Cloud", 7, 2, 4.0, (Parent(1, "customer", 0.5), Parent(1, "counterparty", 0.25))),
            Default(3, "Fund", 7, 2, 1.0, (Parent("market", "market", 1.0),)),
        ]
    )


def test_order_roots_and_fundamental_part():
    t = tree()
    assert list(t.defaults) == [1, 2, 3, 5]
    assert [d.firm for d in t.roots()] == ["Lab", "Fund"]
    assert [d.fundamental for d in t.defaults.values()] == [1.0, 0.25, 0.0, 0.25]
    assert len(t) == 4


def test_trace_follows_the_heaviest_cause():
    assert [d.id for d in tree().trace(5)] == [5, 1]
    assert [d.id for d in tree().trace(2)] == [2, 1]
    with pytest.raises(BadInput, match="99 is none"):
        tree().trace(99)


def test_origins_share_out_the_whole():
    parts = tree().origins(5)
    # 5 is 1/4 its own, 1/2 from 1 directly, and 1/4 from 2, of which again 1/4 is its own and 3/4 from 1.
    assert parts == pytest.approx({1: 0.5 + 0.25 * 0.75, 5: 0.25, 2: 0.0625})
    assert tree().origins(3) == {"market": 1.0}


def test_networkx_and_graphml(tmp_path):
    graph = tree().to_networkx()
    assert nx.is_directed_acyclic_graph(graph)
    assert graph.number_of_edges() == 5
    assert {d["channel"] for *_, d in graph.edges(data=True)} == {
        "customer",
        "counterparty",
        "funding",
        "market",
    }
    tree().to_graphml(tmp_path / "cascade.graphml")
    read = nx.read_graphml(tmp_path / "cascade.graphml")
    assert read.nodes["2"]["firm"] == "Cloud"
    assert read.nodes["2"]["shortfall"] == 4.0
    assert sorted(d["weight"] for _, v, d in read.edges(data=True) if v == "2") == [0.25, 0.5]


def test_drawing_shows_every_firm_and_channel():
    ax = tree().draw()
    texts = {t.get_text() for t in ax.texts}
    assert {"Lab", "Cloud", "Fund", "Bank", "market"} <= texts
    assert len(ax.get_legend().get_texts()) == 4
    ax.figure.canvas.draw()
    assert tree().draw(ax) is ax
    assert len(CascadeTree([]).draw().texts) == 0
    mpl.pyplot.close("all")


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ([Default(1, "A", 1, 1, 1.0), Default(1, "B", 2, 1, 1.0)], "comes twice"),
        (
            [Default(1, "A", 1, 1, 1.0, (Parent(2, "x", 0.1),)), Default(2, "B", 1, 2, 1.0)],
            "no earlier default",
        ),
        ([Default(1, "A", 1, 1, 1.0, (Parent(1, "x", 0.1),))], "no earlier default"),
        ([Default(1, "A", 1, 1, 1.0, (Parent("market", "x", -0.1),))], "at least 0"),
        ([Default(1, "A", 1, 1, 1.0, (Parent("a", "x", 0.7), Parent("b", "x", 0.7)))], "sum to more than 1"),
    ],
)
def test_refuses(defaults, message):
    with pytest.raises(BadInput, match=message):
        CascadeTree(defaults)
