"""`invisible-debt clear`: what it prints and writes, and one sentence for every mistake."""

import itertools
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from experiments.cli import main

EDGES = "debtor,creditor,amount (m EUR),tier\nA,B,10,1\nB,C,10,1\nB,D,4,2\nA,B,2,1\n"
NODES = "firm,assets,debt\nA,15,0\nB,2,1\nC,1,0\nD,1,0\n"
MARKUP = "[red]x[/red]"


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="invisible-debt")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("edges.csv").write_text(EDGES)
    Path("nodes.csv").write_text(NODES)
    return tmp_path


def test_it_tells_payments_and_causes(folder: Path) -> None:
    # A is left 7 of 12: B has 9 of the 11 owed in tier 1 (its debt outside among them), nothing for tier 2.
    result = call("clear", "edges.csv", "nodes.csv", "--shock", "A=8", "--png", "x.png")
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    for words in (
        "4 firms, 3 obligations of 26 m EUR, and 1 m EUR owed to outsiders",
        "1 row of edges repeats a pair", "debt to outsiders has no debt_tier",
        "2 of 4 firms cannot pay: 11 of 27 m EUR owed is not paid",
        "A 1 12 7 58.3 8 3", "B 1 15 9 60 5 -1", "B D 2 4 0 4", "A, short of 5: the shock 100 %",
    ):  # fmt: skip
        assert words in said, (words, result.stdout)
    assert Path("x.png").read_bytes().startswith(b"\x89PNG")
    alike = call("clear", "edges.csv", "nodes.csv", "--shock", "A=8", "--no-tiers")
    assert "B D 2 4 2.4 1.6" in " ".join(alike.stdout.split())


def test_who_loses_nothing_is_named(folder: Path) -> None:
    Path("edges.csv").write_text("debtor,creditor,amount\nA,B,10\nC,B,1\n")
    said = " ".join(call("clear", "edges.csv", "nodes.csv", "--shock", "A=8").stdout.split())
    assert "2 other firms pay in full and lose nothing: C, D." in said


def test_json_has_every_table(folder: Path) -> None:
    told = json.loads(call("clear", "edges.csv", "nodes.csv", "--shock", "A=8", "--alpha", "0.5", "--json").stdout)
    about = [told[name] for name in ("unit", "alpha", "beta", "tiers", "shock")]
    assert about == ["m EUR", 0.5, 1.0, True, {"A": 8}]
    assert [firm["firm"] for firm in told["firms"]] == ["A", "B", "C", "D"]
    assert told["firms"][0]["paid"] == 3.5
    assert {row["creditor"] for row in told["payments"]} == {"B", "C", "D", "(outside)"}
    assert sum(row["share"] for row in told["origins"]) == pytest.approx(1.0)
    assert sum(row["amount"] for row in told["causes"] if row["firm"] == "A") == pytest.approx(8.5)


def test_where_all_pay_it_says_so_and_nothing_else(folder: Path) -> None:
    Path("rich.csv").write_text(NODES.replace("B,2", "B,9"))
    result = call("clear", "edges.csv", "rich.csv", "--png", "x.png")
    assert result.exit_code == 0
    assert "Everybody pays in full." in result.stdout
    assert "Why" not in result.stdout
    assert Path("x.png").is_file()


def test_many_firms_are_cut_with_a_word_and_fit(folder: Path) -> None:
    names = [f"{MARKUP} a firm with a long name {k}" for k in range(60)]
    rows = [f"{one},{other},1000000.5" for one, other in itertools.pairwise(names)]
    Path("edges.csv").write_text("debtor,creditor,amount\n" + "\n".join(rows))
    for width in (60, 80, 120):
        result = CliRunner().invoke(main, ["clear", "edges.csv"], env={"COLUMNS": str(width)})
        assert result.exit_code == 0, result.output
        assert [line for line in result.stdout.splitlines() if len(line) > width] == []
        assert "and 35 more (see --json)" in result.stdout
        assert MARKUP in result.stdout


WRONG = {
    ("edges.csv", "none.csv"): "there is no nodes file none.csv",
    ("nodes.csv", "edges.csv"): "nodes.csv lacks the column 'debtor'",
    ("edges.csv", "nodes.csv", "--shock", "Z=1"): "there is no firm 'Z'",
    ("edges.csv", "nodes.csv", "--shock", "A"): "--shock needs NAME=X",
    ("edges.csv", "nodes.csv", "--shock", "A=much"): "--shock needs NAME=X",
    ("edges.csv", "nodes.csv", "--shock", "A=-1"): "--shock needs NAME=X",
    ("edges.csv", "nodes.csv", "--shock", "A=1", "--shock", "A=2"): "--shock names 'A' twice",
    ("edges.csv", "nodes.csv", "--shock", "A=16"): "'A' loses 16, but its assets are 15",
    ("edges.csv", "nodes.csv", "--alpha", "2"): "alpha must be a number from 0 to 1",
    ("flat.csv", "nodes.csv", "--tiers"): "seniority needs tiers",
    ("bad.csv", "nodes.csv"): "bad.csv, line 2: amount is -1",
    ("edges.csv", "nodes.csv", "--png", "no/x.png"): "cannot write to",
    (): "Missing argument 'EDGES.csv'",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_every_mistake_is_one_sentence_and_leaves_nothing(words: tuple[str, ...], folder: Path) -> None:
    Path("flat.csv").write_text("debtor,creditor,amount\nA,B,1\n")
    Path("bad.csv").write_text("debtor,creditor,amount\nA,B,-1\n")
    before = sorted(folder.iterdir())
    png = () if "--png" in words or not words else ("--png", "x.png")
    result = call("clear", *words, *png)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert re.match("error: ", line)
    assert WRONG[words] in line
    assert sorted(folder.iterdir()) == before
