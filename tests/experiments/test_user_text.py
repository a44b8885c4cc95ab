"""A user's words in figures, reports, tables and on the page: they are what was written, and nothing else."""

import json
import warnings
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure

from abm.inputs.scenarios import load as load_scenario
from experiments.figure import draw
from experiments.page import document, escape, image, table
from experiments.reproductions.figures import literal, save
from experiments.runner import sweep
from experiments.study import load
from viz.parts import markup
from viz.plan import Plan
from viz.recording import find_runs, open_single

ODD = ("$x_$", "$", "$$", "\\$ \\alpha$", "_hidden", "$\\frac{1$", "[/GPU] <b>&amp;</b>", "市场 👩\u200d💻", "x" * 5000)


def drawn(text: str) -> str:
    """What matplotlib writes for a text, which is none of its formulas."""
    label = Figure().suptitle(literal(text))
    told, formula = label._preprocess_math(label.get_text())
    assert formula is False
    return str(told)


@pytest.mark.parametrize("text", ODD)
def test_a_figure_shows_the_letters(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure()
        figure.suptitle(literal(text))
        axis = figure.subplots()
        axis.plot([1, 2], label=literal(text))
        legend = axis.legend()
        save(figure, BytesIO())
    assert len(legend.get_texts()) == 1
    assert drawn(text).strip() == text if len(text) < 100 else drawn(text) == "x" * 119 + "…"


def test_an_economy_s_figure_takes_any_title(tmp_path: Path) -> None:
    from abm import open_economy

    economy = open_economy(seed=1, central=True)
    economy.run(2)
    for k, title in enumerate(ODD):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            draw(economy, tmp_path / f"{k}.png", title=title)


def test_html_shows_the_letters() -> None:
    odd = "<script>alert(1)</script> & \"q\" \x1b[31m \u202e"
    shown = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot; \\x1b[31m \\u202e"
    assert escape(odd) == shown
    for page in (
        document(odd, ""), table([odd], [[odd]]), image(b"", odd), markup.paragraph(odd),
        markup.table([odd], [[odd]]), markup.facts([(odd, odd, odd)]),
    ):  # fmt: skip
        assert shown in page
        assert "<script>" not in page
        assert "\x1b" not in page


STUDY = """
title = '[/GPU] $x_$ <script>'
question = '<img src=x> $y$'
model = 'm.py:f'
replicates = 3
outcomes = ['$a_$ <b>', '_b']
[factors]
'$x_$ <i>' = [1, 2, 3]
'_hidden' = [1, 2]
[[claims]]
says = '[bold] $_$'
outcome = '_b'
is = '> 1'
[report]
crisis = '_b >= 3'
"""


def test_a_study_s_words_in_report_tables_and_manifest(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(STUDY)
    (tmp_path / "m.py").write_text(
        "def f(settings, seed):\n    x, y = settings.values()\n    return {'$a_$ <b>': x + seed % 2, '_b': x * y}\n"
    )
    done = sweep(load(tmp_path / "mine.toml"), tmp_path / "out", workers=1, how="threads")
    assert not len(done.failures)
    assert {"$a_$ <b>", "_b"} <= set(pq.read_table(tmp_path / "out" / "runs" / "00000.parquet").column_names)
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["study"]["title"] == "[/GPU] $x_$ <script>"
    from experiments.report.findings import find
    from experiments.report.html import html
    from experiments.report.view import View

    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*(label|Glyph|math).*")
        view = View(done)
        page = html(view, find(view))
    for letters in ("[/GPU] $x_$ &lt;script&gt;", "&lt;img src=x&gt; $y$", "[bold] $_$", "$x_$ &lt;i&gt;", "_hidden"):
        assert letters in page
    for tag in ("<script", "<img src=x", "<i>", "$a_$ <b>"):
        assert tag not in page


def test_the_page_lists_runs_by_any_name(tmp_path: Path) -> None:
    for folder in ("[b]$x_$<i>", "a\x1b[31m", "caf\udce9"):
        (tmp_path / folder).mkdir()
        scenario = {"name": "\x1b[31mname", "title": "T\u202e <b>", "text": "title = 'T'"}
        opening = {"name": "2025-12-31", "date": "2025-12-31", "hash": "0"}
        manifest = {"format": "invisible-debt run 1", "opening": opening, "scenario": scenario, "seed": 1, "months": 1}
        (tmp_path / folder / "manifest.json").write_text(json.dumps({**manifest, "parameters_changed": {}}))
    found = find_runs(tmp_path)
    assert sorted(run.name for run in found) == ["[b]$x_$<i>", "a\\x1b[31m"]
    for run in found:  # tables cannot be read from a folder whose name is no UTF-8
        assert run.words.isprintable()
        assert run.words.endswith("T\\u202e <b>, from 2025-12-31, seed 1, 1 month")
        assert open_single(run.folder).plan.base.name == "\\x1b[31mname"


def test_the_page_takes_a_title_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("title = '[/GPU] $x_$ <b>'\n")
    plan = Plan(load_scenario(path)).with_parameter("power_price", 70, 0)
    (tmp_path / "again.toml").write_text(plan.toml())
    assert load_scenario(tmp_path / "again.toml").title == "[/GPU] $x_$ <b>, changed by hand"
