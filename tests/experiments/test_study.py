# ruff: noqa: E501 - one mistake a line
"""Study files: what they mean, and one sentence with the line for every mistake."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from abm.errors import BadInput
from abm.inputs import parameters as registry
from experiments.designs import DESIGNS, points
from experiments.report.findings import find
from experiments.report.view import View
from experiments.runner import sweep
from experiments.study import DEFAULT_OUTCOMES, Factor, Levels, Range, Study, load, to_toml

FACTORS = "[factors]\nlender_capital = [0.5, 1.0]\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_two_lines_are_enough(tmp_path: Path) -> None:
    study = load(write(tmp_path, FACTORS))
    assert (study.name, study.months, study.replicates, study.paired) == ("mine", 96, 1, True)
    assert study.design.method == "grid"
    assert list(study.measured) == list(DEFAULT_OUTCOMES)
    assert [(f.name, f.kind, f.unit, f.values) for f in study.resolved] == [
        ("lender_capital", "parameter", "ratio", (0.5, 1.0))
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("months = 12\n[factors]\nlender_capitl = [1]", r"line 3: unknown parameter 'lender_capitl'; did you mean 'lender_c"),
        ("[factors]\n\nlender_capital = [1, 50]", r"line 3: parameter 'lender_capital' must lie between 0.05 and 5 ratio"),
        ("[factors]\nlender_capital = { from = 1, to = 50, steps = 3 }", r"line 2: .*between 0.05 and 5"),
        ('design = "lhz"\n' + FACTORS, r"line 1: unknown design 'lhz'; did you mean 'lhs'"),
        ('[design]\nmethod = "hypercube"\n' + FACTORS, r"line 1: unknown design 'hypercube'.* 'grid', 'zip', 'lhs'"),
        (FACTORS + '[design]\nmethod = "sobol"\nsamples = 100', r"line 5: samples must be a power of 2 for 'sobol': 64 or 128"),
        (FACTORS + '[design]\nmethod = "lhs"\nsampels = 100', r"line 5: unknown field 'sampels'; did you mean 'samples'"),
        (FACTORS + '[design]\nmethod = "lhs"\nsamples = 0', r"line 5: samples must be at least 1, not 0"),
        (FACTORS + '[design]\nmethod = "morris"\nlevels = 5', r"line 5: levels must be a multiple of 2, not 5"),
        ("replicates = 0\n" + FACTORS, r"line 1: replicates must be at least 1, not 0"),
        ("replicates = 1.5\n" + FACTORS, r"line 1: replicates must be a whole number, not 1.5"),
        ("paired = 1\n" + FACTORS, r"line 1: paired must be true or false, not 1"),
        ("timeout = 0\n" + FACTORS, r"line 1: timeout must be at least 0.1, not 0"),
        ("memory = 5\n" + FACTORS, r"line 1: memory must be at least 100.0, not 5"),
        ("timeout = \"1 h\"\n" + FACTORS, r"line 1: timeout must be a number, not '1 h'"),
        ("", r"line 1: the study varies nothing"),
        ("months = 3\nreplicates = 1\n[factors]\n", r"line 3: the study varies nothing: it needs \[factors\], \[policies\] or"),
        ("monts = 12\n" + FACTORS, r"line 1: unknown field 'monts'; did you mean 'months'"),
        ('name = "x"\n' + FACTORS, r"line 1: unknown field 'name': a study is named by its file"),
        ("[factors]\nlender_capital = [1, 1]", r"line 2: the value 1.0 is listed twice"),
        ("[factors]\nlender_capital = []", r"line 2: .*at least one entry"),
        ("[factors]\nlender_capital = 3", r"line 2: a factor is a list of values or a range such as"),
        ("[factors]\nlender_capital = { from = 1, too = 2 }", r"line 2: unknown field 'too'; did you mean 'to'"),
        ("[factors]\nlender_capital = { from = 1, to = 2 }", r"line 2: .*needs 'steps', or give a list"),
        ("[factors]\nlender_capital = { from = 2, to = 1, steps = 3 }", r"line 2: .*'from' must be less than 'to'"),
        ("[factors]\npower_price_growth = { from = -0.1, to = 0.1, steps = 3, log = true }", r"line 2: .*logs must lie above 0"),
        ("[factors]\nloan_tenor = { from = 6.5, to = 12, steps = 3, whole = true }", r"line 2: .*whole numbers must"),
        ('[factors]\nlender_capital = ["a"]', r"line 2: parameter 'lender_capital' must be a number, not 'a'"),
        ('[factors]\nscenario = ["baseline", "r6_customer"]', r"line 2: unknown scenario 'r6_customer'; did you mean 'r6_c"),
        ("[factors]\nscenario = [1]", r"line 2: factor 'scenario' needs a list of names"),
        ('[factors]\nrule_price_lone = ["default"]', r"line 2: unknown rule 'price_lone'; did you mean 'price_loan'"),
        ('[factors]\nrule_price_loan = ["mine"]', r"line 2: rule 'mine' must be 'default', 'module:function' or"),
        ('scenario = "nowhere"\n' + FACTORS, r"line 1: unknown scenario 'nowhere'"),
        (FACTORS + "[parameters]\nlender_capital = 1", r"line 4: 'lender_capital' is set here and is a factor too"),
        (FACTORS + "[policies.a]\ncapital_requirment = 1", r"line 4: unknown parameter 'capital_requirment'; did you"),
        (FACTORS + "[policies.none]\ncapital_requirement = 1", r"line 3: a policy needs a name of its own, not 'none'"),
        (FACTORS + "[outcomes]\na = \"max ai_dbt\"", r"line 4: unknown series 'ai_dbt'; did you mean 'ai_debt'"),
        (FACTORS + "[outcomes]\na = \"most ai_debt\"", r"line 4: an outcome is a statistic \(final, max"),
        (FACTORS + "[outcomes]\nseed = \"max ai_debt\"", r"line 4: an outcome cannot be called 'seed'"),
        (FACTORS + "[outcomes]\na = \"first defaults.debt\"", r"line 4: 'first' has no meaning for the table of defaults"),
        (FACTORS + "[outcomes]\na = \"max ai_debt 2030-01..2027-01\"", r"line 4: 'start' must not be later than 'end'"),
        (FACTORS + "[outcomes]\na = { statistic = \"max\", of = \"debt\", firm = \"CoreWeve\" }", r"line 4: unknown firm 'CoreWeve'"),
        (FACTORS + "[record]\nevery = 0", r"line 4: every must be at least 1, not 0"),
        (FACTORS + "[record]\nevents = [\"fire sail\"]", r"line 4: unknown event 'fire sail'; did you mean 'fire sale'"),
        (FACTORS + "[record]\nmonths = [\"2027-13\"]", r"line 4: month must be a month such as"),
        ("[factors]\nmax_ltv = [1]\nlender_capital = [1, 2]\n[design]\nmethod = \"zip\"", r"line 1: .*equally many values: max_ltv has 1, lender_capital has 2"),
        ("design = \"lhs\"", r"line 1: design 'lhs' needs \[factors\]"),
        ("failures = 0\n" + FACTORS, r"line 1: failures must be 'keep going', 'stop' or a number"),
        ("model = \"nothing\"\n[factors]\nx = [1]", r"line 1: model must be 'economy', 'module:function'"),
        ("model = \"a:b\"\n[factors]\nx = {}\n[design]\nmethod = \"lhs\"", r"line 3: factor 'x' needs 'from' and 'to'"),
        ("months = \n" + FACTORS, r"line 1, column \d+: broken TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=rf"^mine\.toml, {sentence}") as found:
        load(write(tmp_path, text))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("max_ltv\n1\n", r"points.csv has no column 'lender_capital'"),
        ("lender_capitel\n1\n", r"points.csv has no column 'lender_capital'; did you mean 'lender_capitel'"),
        ("lender_capital\n0.5\nmuch\n", r"points.csv, row 3: 'lender_capital' must be a number, not 'much'"),
        ("lender_capital\n9\n", r"points.csv, row 2: parameter 'lender_capital' must lie between 0.05 and 5"),
        ("lender_capital\n2.5\n", r"points.csv, row 2: 'lender_capital' must lie between 0.1 and 2, not 2.5"),
        ("lender_capital, max_ltv\n1\n", r"points.csv, row 2: 1 values for 2 columns"),
        ("lender_capital\n", r"points.csv needs a line of column names and at least one line"),
        ("", r"points.csv needs a line of column names and at least one line"),
        (None, r"there is no table file .*points.csv"),
    ],
)
def test_a_mistake_in_the_table_names_its_row(tmp_path: Path, table: str | None, sentence: str) -> None:
    if table is not None:
        (tmp_path / "points.csv").write_text(table)
    text = '[factors]\nlender_capital = { from = 0.1, to = 2 }\n[design]\nmethod = "table"\nfile = "points.csv"\n'
    with pytest.raises(BadInput, match=rf"^mine\.toml, line 5: {sentence}"):
        load(write(tmp_path, text))


def test_python_makes_the_same_study_as_the_file(tmp_path: Path) -> None:
    text = """
        months = 24
        replicates = 2
        design = "lhs"
        [factors]
        lender_capital = { from = 0.5, to = 2, log = true }
        scenario = ["baseline", "r2_obsolescence"]
        [policies.buffers]
        capital_requirement = 1.5
        [outcomes]
        peak = "max ai_debt"
    """
    made = Study(
        months=24,
        replicates=2,
        design={"method": "lhs"},
        factors={"lender_capital": Range(low=0.5, high=2.0, log=True), "scenario": ["baseline", "r2_obsolescence"]},
        policies={"buffers": {"capital_requirement": 1.5}},
        outcomes={"peak": "max ai_debt"},
    )
    read = load(write(tmp_path, text))
    assert read.identity() == made.identity()
    assert load(write(tmp_path, to_toml(made))).identity() == made.identity()
    assert read.identity() != made.model_copy(update={"seed": 2}).identity()
    assert read.identity() == made.model_copy(update={"title": "other words", "failures": "stop"}).identity()
    with pytest.raises(ValidationError, match="replicates"):
        Study(replicates=0)


def test_a_named_file_belongs_to_the_identity(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("lender_capital\n1\n")
    path = write(tmp_path, '[design]\nmethod = "table"\nfile = "points.csv"\n')
    before = load(path).identity()
    (tmp_path / "points.csv").write_text("lender_capital\n1.5\n")
    assert load(path).identity() != before


@given(
    name=st.sampled_from(sorted(registry.BY_NAME)),
    ends=st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True),
    places=st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
@settings(deadline=None, max_examples=100)
def test_factors_stay_inside_their_range(name: str, ends: list[float], places: list[float]) -> None:
    known = registry.find(name)
    low, high = (min(known.low + end * (known.high - known.low), known.high) for end in sorted(ends))
    if low >= high:
        return
    study = Study(factors={name: Range(low=low, high=high)}, design={"method": "lhs"})
    (factor,) = study.resolved
    found = factor.at(np.array(places))
    assert all(low <= value <= high for value in found)
    assert (factor.unit, factor.meaning) == (known.unit, known.meaning)
    order = np.argsort(places, kind="stable")
    assert np.all(np.diff(np.array(found, float)[order]) >= 0)


def test_levels_take_equal_parts_of_the_unit_interval() -> None:
    factor = Factor("x", "input", values=("a", "b", "c"))
    assert factor.at(np.array([0.0, 0.33, 0.34, 0.66, 0.67, 1.0])) == ["a", "a", "b", "b", "c", "c"]
    logs = Factor("x", "input", low=1.0, high=100.0, log=True)
    assert logs.at(np.array([0.0, 0.5, 1.0])) == pytest.approx([1.0, 10.0, 100.0])
    whole = Factor("x", "input", low=1.0, high=5.0, whole=True)
    assert whole.at(np.array([0.0, 0.4, 1.0])) == [1.0, 3.0, 5.0]
    assert Levels(values=(1.0,)).values == (1.0,)


def test_the_example_of_the_documentation_is_a_study(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "experiments" / "STUDIES.md").read_text(encoding="utf-8")
    study = load(write(tmp_path, text.split("```toml\n")[1].split("```")[0]))
    assert len(points(study)) * study.replicates == 160
    assert "4 values x 2 policies x 20 seeds = 160 runs" in text
    for name in DESIGNS:
        assert f'| `"{name}"` |' in text
    for field in Study.model_fields:
        assert field in ("name",) or f"`{field}`" in text or f"`[{field}" in text or f"`[[{field}]]" in text, field


def test_the_function_of_the_documentation_runs(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "experiments" / "STUDIES.md").read_text(encoding="utf-8")
    whole = text[text.index("A whole example. `my_model.py`") :]
    (tmp_path / "my_model.py").write_text(whole.split("```py\n")[1].split("```")[0])
    (tmp_path / "my_study.toml").write_text(whole.split("```toml\n")[1].split("```")[0])
    done = sweep(load(tmp_path / "my_study.toml"), tmp_path / "out", how="threads", workers=1)
    assert (len(done.runs), done.manifest["failures"]) == (120, 0)
    (claim,) = find(View(done)).claims
    assert claim.share.value > 0.5
