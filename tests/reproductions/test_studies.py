import json

import pytest

from abm.errors import BadInput
from experiments.reproductions.figures import png
from experiments.reproductions.report import Done, as_json, as_record
from experiments.reproductions.studies import NAMES, find, load
from experiments.reproductions.study import EXACT, LATER, ORIGINS, OWN_RUN, Bench, Row


@pytest.fixture(scope="module")
def outcomes():
    return {study.name: study.run(Bench(quick=True)) for study in map(load, NAMES)}


@pytest.fixture(scope="module")
def images(outcomes):
    return {name: png(outcome.figure) for name, outcome in outcomes.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_quick_run_holds(name, outcomes, images):
    study, outcome = load(name), outcomes[name]
    assert [row.statement for row in outcome.rows if not row.holds] == []
    assert images[name].startswith(b"\x89PNG")
    record = json.loads(as_json(as_record(Done(study, outcome, 1.0))))
    assert record["holds"] is True
    assert record["curves"]
    for row in outcome.rows:
        if isinstance(row.interval, tuple):
            assert row.interval[0] <= row.interval[1]
        assert row.stated
        assert row.origin.partition(": ")[0] in ORIGINS
        assert row.why
    assert study.setup
    assert study.missing
    assert study.source


@pytest.mark.parametrize("name", ["watts-2002", "acemoglu-2015", "elliott-golub-jackson-2014"])
def test_a_second_run_on_one_thread_gives_the_same_numbers_and_figure(name, outcomes, images):
    study = load(name)
    again = study.run(Bench(quick=True, threads=1))
    assert as_record(Done(study, again, 2.0)) == as_record(Done(study, outcomes[name], 1.0))
    assert png(again.figure) == images[name]


def test_every_name_leads_to_its_study():
    assert [load(name).name for name in NAMES] == list(NAMES)
    assert find(["nier-2007", "CLEARING", "nier-2007"]) == ["clearing", "nier-2007"]
    with pytest.raises(BadInput, match="did you mean 'gai-kapadia-2010'"):
        find(["gai-kapadia"])
    with pytest.raises(BadInput, match="did you mean 'watts-2002'"):
        find(["wats"])
    with pytest.raises(BadInput, match="did you mean 'elliott-golub-jackson-2014'"):
        find(["golub"])


@pytest.mark.parametrize("origin", ["", "someone", LATER, f"{LATER}: ", f" {OWN_RUN}"])
def test_a_value_that_no_one_stated_is_refused(origin):
    with pytest.raises(ValueError, match="origin must be one of"):
        Row("one and one", "2", 2, EXACT, True, origin=origin)


def test_numbers_of_own_runs_are_not_called_published(outcomes):
    runs = {
        name: [row.stated for row in outcome.rows if row.origin == OWN_RUN and not row.published]
        for name, outcome in outcomes.items()
    }
    assert {".778 [.770, .786]", ".168 [.161, .176]", ".941"} <= set(runs["gai-kapadia-2010"])
    assert "0.881" in runs["watts-2002"]
    assert {"0.333", "0.983"} <= set(runs["neva-2020"])
    assert {"14.66 ± 0.11", "5.80 ± 0.08", "1.15"} <= set(runs["nier-2007"])
    assert {"6", "5", "9"} <= set(runs["acemoglu-2015"])
    assert ".999 (all default) and .0012" in runs["debtrank-2015"]
    assert "no violation, tightest .9998" in runs["clearing"]
