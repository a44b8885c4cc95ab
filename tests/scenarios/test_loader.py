"""The loader: what a scenario file may say, and the sentence for each thing it may not."""

import datetime
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.engine.tables import DTYPES, HYPERSCALER, LAB, NEOCLOUD, OUTSIDE
from abm.errors import BadInput, is_control
from abm.inputs import parameters as registry
from abm.inputs.dates import LAST_MONTH, month_end, month_label, month_number
from abm.inputs.effects import EFFECTS
from abm.inputs.scenarios import Scenario, Shock, check_file, load, names

FIRMS = {"Customers": OUTSIDE, "OpenAI": LAB, "CoreWeave": NEOCLOUD, "Oracle": HYPERSCALER}
OPENING = datetime.date(2025, 12, 31)
KNOWN = registry.BY_NAME["demand_elasticity"]
RANGE = f"{KNOWN.low:g} and {KNOWN.high:g} {KNOWN.unit}"
MIDDLE = (KNOWN.low + KNOWN.high) / 2


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


openings = st.dates(datetime.date(1990, 1, 1), datetime.date(2100, 12, 31))


@given(st.integers(0, LAST_MONTH), openings)
def test_month_labels_read_back(month: int, opening: datetime.date) -> None:
    label = month_label(month, opening)
    assert {month_number(given, "month", opening) for given in (label, str(month), month)} == {month}
    assert label == month_end(month, opening).isoformat()[:7]
    assert month_end(0, opening).month == opening.month


@pytest.mark.parametrize(
    "value", ["2027-13", "2027-1", "Jan 2027", "", 1.0, True, None, -1, "-1", "1201", "2025-11", "٣"]
)
def test_bad_months_are_refused(value: object) -> None:
    with pytest.raises(BadInput, match="start must"):
        month_number(value, "start", OPENING)


sizes = {e.name: st.floats(e.size.low, e.size.high, allow_nan=False) for e in EFFECTS if e.size is not None}
when = {"start": st.integers(1, LAST_MONTH), "probability": st.floats(0.001, 1.0)}
timing = {**when, "ramp": st.integers(0, 60), "duration": st.integers(0, 60)}
market_shocks = st.builds(
    Shock, parameter=st.just(KNOWN.name), scale=st.floats(0.0, 1.0), add=st.none() | st.just(0.0), **timing
)
firm_shocks = st.sampled_from([effect.name for effect in EFFECTS]).flatmap(
    lambda effect: st.builds(
        Shock,
        firm=st.sampled_from(list(FIRMS)),
        effect=st.just(effect),
        size=sizes.get(effect, st.none()),
        **(timing if effect == "demand" else when),
    )
)
seen = st.characters().filter(lambda c: not is_control(c))
scenarios = st.builds(
    Scenario,
    name=st.just("mine"),
    title=st.text(seen, min_size=1).filter(str.strip),
    story=st.text(seen | st.sampled_from("\n\t")),
    parameters=st.just({}) | st.fixed_dictionaries({KNOWN.name: st.floats(KNOWN.low, KNOWN.high)}),
    shocks=st.lists(market_shocks | firm_shocks, max_size=4),
)


@settings(deadline=None)
@given(scenarios)
def test_a_scenario_written_as_toml_reads_back_the_same(scenario: Scenario) -> None:
    again = Scenario.model_validate({"name": "mine", **tomllib.loads(scenario.toml())})
    assert again == scenario
    assert np.array_equal(again.shock_rows(FIRMS, OPENING), scenario.shock_rows(FIRMS, OPENING))


def test_shock_rows_hold_every_field() -> None:
    market = Shock(
        parameter=KNOWN.name, scale=0.5, add=0.1, start="2027-01", ramp=6, duration=24, probability=0.02
    )
    firm = Shock(firm="oracle", effect="loses cash", size=30.0, start=2)
    rows = Scenario(title="t", shocks=[market, firm]).shock_rows(FIRMS, OPENING)
    assert rows.dtype == DTYPES["shocks"]
    assert dict(zip(rows.dtype.names, rows[0], strict=True)) == {
        "target": 0, "parameter": registry.INDEX[KNOWN.name], "firm": -1, "effect": -1, "start": 13,
        "kind": -1, "number": 0, "tenant": -1, "tenant_number": 0, "after": 0,
        "ramp": 6, "duration": 24, "scale": 0.5, "add": 0.1, "probability": 0.02, "struck": -1,
    }  # fmt: skip
    assert dict(zip(rows.dtype.names, rows[1], strict=True)) == {
        "target": 1, "parameter": -1, "firm": 3, "effect": 2, "start": 2, "ramp": 0, "duration": 0,
        "kind": -1, "number": 0, "tenant": -1, "tenant_number": 0, "after": 4,
        "scale": 1.0, "add": 30.0, "probability": 1.0, "struck": -1,
    }  # fmt: skip


def test_a_shock_that_only_adds_leaves_the_scale_at_one() -> None:
    rows = Scenario(title="t", shocks=[Shock(parameter=KNOWN.name, add=0.0, start=1)]).shock_rows(FIRMS, OPENING)
    assert rows["scale"][0] == 1.0


def test_an_unknown_firm_gets_the_nearest_name() -> None:
    scenario = Scenario(title="t", shocks=[Shock(firm="Opnai", effect="defaults", start=1)])
    with pytest.raises(BadInput, match="did you mean 'OpenAI'"):
        scenario.shock_rows(FIRMS, OPENING)


MISTAKES = {
    "titel = 'x'\ntitle = 'x'": ["line 1: unknown field 'titel'; did you mean 'title'?"],
    "story = 'x'": ["line 1: 'title' is missing"],
    "title = 3": ["line 1: title must be a text in quotes, not 3"],
    "title = ''": ["line 1: title must be a text in quotes, not ''"],
    "title = 'x'\nname = 'y'": ["line 2: unknown field 'name': a scenario is named by its file"],
    "title = 'x'\noutcome = 'ai_revenu'\ndirection = 'up'": [
        "line 2: unknown series 'ai_revenu'; did you mean 'ai_revenue'?"
    ],
    "title = 'x'\noutcome = 'ai_revenue'": [
        "line 1: 'outcome' and 'direction' belong together: give both or neither"
    ],
    "title = 'x'\noutcome = 'ai_revenue'\ndirection = 'upp'": [
        "line 3: direction must be one of 'up', 'down', not 'upp'; did you mean 'up'?"
    ],
    f"title = 'x'\n[parameters]\n{KNOWN.name}x = 1": [
        f"line 3: unknown parameter '{KNOWN.name}x'; did you mean '{KNOWN.name}'?"
        " (see: invisible-debt parameters)"
    ],
    f"title = 'x'\n[parameters]\n{KNOWN.name} = 1e9": [
        f"line 3: parameter '{KNOWN.name}' must lie between {RANGE},"
        " not 1000000000.0"
    ],
    f"title = 'x'\n[parameters]\n{KNOWN.name} = '1'": [
        f"line 3: parameter '{KNOWN.name}' must be a number, not '1'; allowed are"
        f" {KNOWN.low:g} to {KNOWN.high:g} {KNOWN.unit}"
    ],
    f"title = 'x'\n[parameters]\n{KNOWN.name} = nan": [
        f"line 3: parameter '{KNOWN.name}' must lie between {RANGE}, not nan"
    ],
    "title = 'x'\nparameters = 3": ["line 2: parameters must be a table of names and numbers"],
    "title = 'x'\nshock = 3": ["line 2: shocks are written as [[shock]] tables"],
    "title = 'x'\nshock = [3]": ["line 2: shock 1: shocks are written as [[shock]] tables"],
    "title = 'x'\n[[shock]]\nstart = 1": [
        "line 2: shock 1: a shock needs either 'parameter' or 'firm', and not both"
    ],
    f"title = 'x'\n[[shock]]\nparameter = '{KNOWN.name}'\nstart = 1": [
        "line 2: shock 1: a shock on a parameter needs 'scale' or 'add'"
    ],
    f"title = 'x'\n[[shock]]\nparameter = '{KNOWN.name}'\nscale = 1\nsize = 1\nstart = 1": [
        "line 2: shock 1: 'effect' and 'size' are for a shock on a firm; a parameter takes 'scale' or 'add'"
    ],
    f"title = 'x'\n[[shock]]\nparameter = '{KNOWN.name}'\nadd = 1e9\nstart = 1": [
        f"line 2: shock 1: it takes parameter '{KNOWN.name}' to {KNOWN.default + 1e9:g},"
        f" outside {RANGE.replace(' and ', ' to ')}"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\nstart = 1": [
        "line 2: shock 1: a shock on a firm needs 'effect': one of 'demand', 'stops paying', 'loses cash',"
        " 'defaults', 'loses capacity'"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'loses cash'\nstart = 1": [
        "line 2: shock 1: effect 'loses cash' needs 'size' (bn USD)"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'loses capacity'\nsize = 2\nstart = 1": [
        "line 2: shock 1: size must lie between 0 and 1 (share of its fleet), not 2"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'defaults'\nsize = 2\nstart = 1": [
        "line 2: shock 1: 'size' has no meaning for effect 'defaults'"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'defaults'\nscale = 2\nstart = 1": [
        "line 2: shock 1: 'scale' and 'add' are for a shock on a parameter; a firm takes 'effect' and 'size'"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'defaults'\nstart = 1\nramp = 2": [
        "line 2: shock 1: 'ramp' has no meaning for effect 'defaults': it strikes at once"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'defaults'\nstart = 1\nduration = 2": [
        "line 2: shock 1: 'duration' has no meaning for effect 'defaults': it happens once"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'defaults'": ["line 2: shock 1: 'start' is missing"],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'defaults'\nstart = 0": [
        "line 5: shock 1: start must be month 1, the first after the opening, or later, not 0"
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpenAI'\neffect = 'defaults'\nstart = 1\nramp = 1.5\nprobability = 2": [
        "line 6: shock 1: ramp must be a whole number, not 1.5",
        "line 7: shock 1: probability must lie above 0 and at most 1 (per month), not 2",
    ],
    "title = 'x'\n[[shock]]\nfirm = 'OpnAI'\neffect = 'defaults'\nstart = 1": [
        "line 3: shock 1: unknown firm 'OpnAI' in the opening of 2025-12-31; did you mean 'OpenAI'?"
    ],
    "title = '''x\n[[shock]]\nfirm = 1\n'''\ndirection = 3": [
        "line 5: direction must be one of 'up', 'down', not 3"
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_each_mistake_is_one_sentence_with_its_line(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text + "\n")
    assert check_file(path, FIRMS, OPENING) == MISTAKES[text]
    if "OpnAI" not in text:
        with pytest.raises(BadInput) as caught:
            load(path)
        assert str(caught.value).startswith(f"mine.toml, {MISTAKES[text][0]}")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("title = 'x'\ntitle = 'y'\n", "line 2, column 12: broken TOML: "),
        ("title = 'x'\n[[shock\n", "line 2, column 8: broken TOML: "),
        ("title = 'x", "end of document: broken TOML: "),
        ("a = " + "[" * 5000, ""),
    ],
)
def test_broken_toml_is_one_mistake_with_its_place(tmp_path: Path, text: str, where: str) -> None:
    path = write(tmp_path, text)
    (sentence,) = check_file(path, FIRMS, OPENING)
    assert sentence.startswith(where)
    with pytest.raises(BadInput, match=r"^mine\.toml, "):
        load(path)


def test_every_mistake_of_a_file_is_found(tmp_path: Path) -> None:
    path = write(tmp_path, "title = 3\nfoo = 1\n[parameters]\nbar = 2\n[[shock]]\nstart = -1\nfirm = 'x'\n")
    said = check_file(path, FIRMS, OPENING)
    assert [s.split(":")[0] for s in said] == ["line 1", "line 2", "line 4", "line 6", "line 7"]
    with pytest.raises(BadInput, match=r"mine.toml, line 1: .* \(and 3 more"):
        load(path)


def test_a_right_file_has_no_mistake_and_loads_under_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, f"title = 'x'\n[parameters]\n{KNOWN.name} = {MIDDLE}\n")
    assert check_file(path, FIRMS, OPENING) == []
    assert load(str(path)) == Scenario(name="mine", title="x", parameters={KNOWN.name: MIDDLE})


def test_unreadable_files_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no scenario file"):
        load(tmp_path / "none.toml")
    with pytest.raises(BadInput, match="cannot read the scenario file"):
        load(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not a text file in UTF-8"):
        load(binary)
    binary.write_bytes(b"#" * 1_000_001)
    with pytest.raises(BadInput, match="too large"):
        load(binary)


def test_a_misspelt_scenario_gets_the_nearest_name() -> None:
    with pytest.raises(BadInput, match="unknown scenario 'baselin'; did you mean 'baseline'"):
        load("baselin")
    with pytest.raises(BadInput, match="did you mean 'r2_obsolescence'"):
        load("r2")


def test_every_scenario_of_the_folder_is_complete() -> None:
    found = names()
    assert found[0] == "baseline"
    assert {name.split("_")[0] for name in found[1:]} >= {
        *(f"r{i}" for i in range(1, 7)),
        *(f"h{i}" for i in range(1, 5)),
    }
    for name in found:
        scenario = load(name)
        assert scenario.name == name
        assert scenario.story.count(".") == 2, f"{name}: a story is two sentences"
        if name == "baseline":
            assert not scenario.parameters
            assert not scenario.shocks
        else:
            own = name.split("_")[0].upper()
            points = {load(other).digest for other in found if other[0] in "rh" and other[1].isdigit()}
            assert scenario.digest == own if own in points else scenario.digest in points
            assert scenario.outcome is not None
            assert scenario.parameters or scenario.shocks
