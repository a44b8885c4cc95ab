import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from experiments.cli import main
from experiments.reproductions import studies
from experiments.reproductions.figures import panels
from experiments.reproductions.study import EXACT, LATER, OWN_CHECK, PAPER, Outcome, Row, Study, Symbol


def small_study(name, holds=True, run=None):
    def answer(bench):
        [value] = bench.map(lambda x: x * 2, [21])
        figure, [axis] = panels()
        axis.plot([0, 1], [0, value])
        check = Row("must be", "1", 1, EXACT, True, "none", origin=OWN_CHECK)
        row = Row("six times <seven> & more", "42", value, (41.0, 43.0), holds, "none", origin=PAPER)
        other = Row("several", "a, b", (1, 2.5, "c"), EXACT, True, origin=f"{LATER}: a book of 1999")
        return Outcome([row, other, check], figure, {"y": [0, value]})

    setup = (Symbol("x", "a factor", "2"),)
    return Study(name, f"Title of {name}", "A source", "A question?", setup, ("nothing",), 60, run or answer)


@pytest.fixture
def run(monkeypatch, tmp_path):
    known = {
        study.name: study for study in (small_study("alpha-2001"), small_study("beta-2002", holds=False))
    }
    monkeypatch.setattr(studies, "NAMES", tuple(known))
    monkeypatch.setattr(studies, "load", known.__getitem__)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["reproduce", *arguments])


def test_one_that_holds_ends_with_0_and_leaves_its_files(run, tmp_path):
    result = run("Alpha-2001", "--out", "here")
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "here").rglob("*") if path.is_file()) == [
        "alpha-2001.png", "manifest.json", "report.html", "results.json", "run_times.json",
    ]  # fmt: skip
    assert "holds" in result.stdout


def test_one_that_does_not_hold_ends_with_1(run, tmp_path):
    assert run("beta-2002", "--out", "here").exit_code == 1
    assert json.loads((tmp_path / "here" / "results.json").read_text())["studies"][0]["holds"] is False
    assert run("--all").exit_code == 1
    assert (tmp_path / "results" / "reproductions" / "report.html").exists()


def test_unknown_name_says_the_nearest_and_ends_with_2(run, tmp_path):
    result = run("alfa-2001")
    assert result.exit_code == 2
    assert "there is no reproduction 'alfa-2001'; did you mean 'alpha-2001'?" in result.stderr
    assert list(tmp_path.iterdir()) == []
    assert "known are alpha-2001, beta-2002" in run("[xyz]").stderr


def test_names_and_all_together_are_refused(run):
    result = run("alpha-2001", "--all")
    assert result.exit_code == 2
    assert "not both" in result.stderr


def test_without_a_name_the_list_is_shown(run, tmp_path):
    result = run()
    assert result.exit_code == 0
    assert "alpha-2001" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_foreign_folders_are_left_alone(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    result = run("alpha-2001", "--out", "mine")
    assert result.exit_code == 2
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "file").write_text("")
    assert run("alpha-2001", "--out", "file").exit_code == 2
    assert run("alpha-2001", "--out", "file/below").exit_code == 2


def test_an_earlier_result_is_replaced_whole_by_the_same_recipe_alone(run, tmp_path):
    assert run("--all", "--out", "here").exit_code == 1
    page = tmp_path / "here" / "report.html"
    kept = page.stat().st_ino
    assert run("alpha-2001", "beta-2002", "--out", "here").exit_code == 1
    assert page.stat().st_ino != kept
    kept = page.stat().st_ino
    for other in (["alpha-2001"], ["--all", "--quick"]):
        result = run(*other, "--out", "here")
        assert result.exit_code == 2
        assert "holds the results of another recipe" in result.stderr
    assert page.stat().st_ino == kept
    assert run("alpha-2001", "--quick").exit_code == 0
    assert (tmp_path / "results" / "reproductions-alpha-2001-quick").is_dir()


def test_ctrl_c_writes_nothing_and_ends_with_130(run, tmp_path, monkeypatch):
    def interrupted(bench):
        raise KeyboardInterrupt

    monkeypatch.setattr(studies, "load", lambda name: small_study(name, run=interrupted))
    result = run("alpha-2001")
    assert result.exit_code == 130
    assert list(tmp_path.iterdir()) == []


def test_json_goes_to_the_screen(run, tmp_path):
    result = run("alpha-2001", "--json", "--out", "here")
    assert result.stdout == (tmp_path / "here" / "results.json").read_text()
    [study] = json.loads(result.stdout)["studies"]
    assert study["rows"][0]["ours"] == 42
    assert study["rows"][0]["interval"] == [41.0, 43.0]
    assert study["rows"][1]["ours"] == [1, 2.5, "c"]
    assert [row["stated_by"] for row in study["rows"]] == ["the paper", "a later source: a book of 1999", "own check"]
    assert [row["published"] for row in study["rows"]] == [True, True, False]


def test_who_stated_a_value_is_on_the_screen_and_on_the_page(run, tmp_path):
    screen = " ".join(run("alpha-2001", "--out", "here").stdout.split())
    page = (tmp_path / "here" / "report.html").read_text()
    assert "six times <seven> & more: holds. Stated: 42 (the paper); ours: 42 ([41, 43]) several" in screen
    for words in ("<th>stated by</th>", "<td>the paper</td>", "<td>a later source: a book of 1999</td>"):
        assert words in page


def test_own_checks_are_not_counted_as_published_and_lines_fit_the_screen(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    said = run("beta-2002", "--out", "here").stdout
    assert "must be: holds. Stated: 1 (own check, not published); ours: 1 (exact)" in said
    (line,) = [line for line in said.splitlines() if line.startswith("beta-2002")]
    assert line.split()[1:7] == ["1", "of", "2", "1", "of", "1"]
    assert max(map(len, said.splitlines())) <= 80


def test_same_bytes_each_time(run, tmp_path):
    for name in ("first", "second"):
        run("--all", "--quick", "--out", name)
    names = [
        path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file()
    ]
    assert len(names) == 6
    for name in names:
        if name.name != "run_times.json":
            assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    manifest = json.loads((tmp_path / "first" / "manifest.json").read_text())
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((tmp_path / "first" / name).read_bytes()).hexdigest() == digest


class Loads(HTMLParser):
    """What a page would fetch, and its open tags."""

    def __init__(self):
        super().__init__()
        self.fetched, self.stack = [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.fetched += [given[key] for key in ("src", "srcset", "data", "poster", "action") if key in given]
        if tag in ("script", "iframe", "object", "embed", "link", "base"):
            self.fetched.append(tag)
        if tag == "a":
            assert given["href"].startswith("#")
        if tag not in ("meta", "img", "br"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def test_the_page_stands_alone(run, tmp_path):
    run("--all", "--out", "here")
    page = (tmp_path / "here" / "report.html").read_text()
    loads = Loads()
    loads.feed(page)
    assert loads.stack == []
    assert len(loads.fetched) == 2
    assert all(source.startswith("data:image/png;base64,") for source in loads.fetched)
    assert not re.search(r"url\(|@import|https?://", page)
    assert "six times &lt;seven&gt; &amp; more" in page
    assert "Run time: about 60 s on two cores." in page
    for heading in ("statement", "stated", "own checks that hold", "discrepancy and why", "Missing from the paper"):
        assert heading in page


def test_results_do_not_depend_on_threads():
    from experiments.reproductions.study import Bench

    tasks = list(range(50))
    assert Bench(threads=1).map(lambda x: x**2, tasks) == Bench(threads=7).map(lambda x: x**2, tasks)


def test_progress_is_announced_and_advanced():
    from experiments.reproductions.study import Bench

    told = []
    Bench(announce=lambda n: told.append(("announced", n)), advance=lambda n: told.append(("done", n))).map(
        str, [1, 2]
    )
    assert told == [("announced", 2), ("done", 1), ("done", 1)]
