"""Runs on disk are found, opened, and known to be the recorded ones or not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from abm.errors import BadInput
from abm.inputs.scenarios import load
from experiments import runner
from experiments.folders import MANIFEST
from experiments.results import run_folder, write_run
from experiments.study import Study
from viz.parts.files import everything, repeated
from viz.plan import Plan
from viz.recording import find_runs, open_single, open_swept


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with a run in it, and things that are none."""
    root = tmp_path_factory.mktemp("results")
    told, changed = load("r5_energy_and_carbon"), {"power_price": 80.0}
    plan = Plan(told, seed=4, months=6)
    economy = plan.with_parameter("power_price", 80.0, 0).open()
    economy.run(6)
    with run_folder(root / "mine") as stage:
        write_run(economy, stage, scenario=told, changed=changed, seed=4, months=6)
    (root / "empty").mkdir()
    (root / "broken").mkdir()
    (root / "broken" / MANIFEST).write_text("{ not json")
    return root


def test_runs_are_found_and_nothing_else(root, tmp_path):
    assert [run.name for run in find_runs(root)] == ["mine"]
    assert "seed 4, 6 months" in find_runs(root)[0].words
    assert find_runs(tmp_path / "nowhere") == []


def test_a_run_is_opened_as_it_was(root):
    opened = open_single(root / "mine")
    plan = opened.plan
    assert (plan.seed, plan.months, plan.base.name) == (4, 6, "r5_energy_and_carbon")
    assert plan.parameters == {"power_price": 80.0}
    assert opened.is_repeated()
    assert not replace(opened, plan=plan.with_parameter("carbon_price", 90.0, 0)).is_repeated()


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with two sweeps in it, one of the economy."""
    root = tmp_path_factory.mktemp("sweeps")
    common = {"months": 6, "replicates": 2, "policies": {"tight": {"capital_requirement": 1.5}}}
    factors = {"power_price": [60.0, 90.0], "scenario": ["baseline", "r5_energy_and_carbon"]}
    runner.sweep(Study.model_validate({**common, "factors": factors}), root / "economies", workers=1)
    toy = Path(__file__).parents[1] / "experiments" / "toy_models.py"
    runner.sweep(Study.model_validate({"model": f"{toy}:wave", "factors": {"x": [1.0]}}), root / "toys", workers=1)
    return root


def test_every_run_of_a_sweep_is_opened_as_it_was(swept):
    assert [run.name for run in find_runs(swept)] == ["economies", "toys"]
    assert find_runs(swept)[0].words.endswith("a sweep of 16 runs")
    seen = set()
    for number in range(16):
        opened = open_swept(swept / "economies", number)
        assert opened.is_repeated()
        seen.add((opened.plan.base.name, opened.plan.seed, tuple(sorted(opened.plan.parameters.items()))))
    assert len(seen) == 16


@pytest.mark.parametrize("number", ["", "x", "-1", 16, 10**30, "../1", "<b>"])
def test_a_run_that_is_not_there_is_a_sentence(swept, number):
    with pytest.raises(BadInput, match="the run must be a whole number from 0 to 15"):
        open_swept(swept / "economies", number)


def test_what_is_no_economy_is_a_sentence(swept, root):
    with pytest.raises(BadInput, match="no economy to show"):
        open_swept(swept / "toys", 0)
    with pytest.raises(BadInput, match="holds no results of a sweep"):
        open_swept(root / "mine", 0)


@pytest.mark.parametrize(
    "damage", [{"seed": "x"}, {"months": 10**9}, {"scenario": 3}, {"parameters_changed": {"no": 1}}]
)
def test_a_damaged_manifest_is_a_sentence(root, tmp_path, damage):
    manifest = json.loads((root / "mine" / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, **damage}))
    with pytest.raises(BadInput):
        open_single(tmp_path)


def test_a_recorded_run_too_long_for_the_page_says_why(root, tmp_path):
    manifest = json.loads((root / "mine" / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "months": 600}))
    with pytest.raises(BadInput, match="the page runs all months again at every step back"):
        open_single(tmp_path)


def test_a_folder_without_a_run_is_a_sentence(root):
    with pytest.raises(BadInput, match="no finished"):
        open_single(root / "empty")


def test_the_zip_holds_what_a_run_writes(tmp_path):
    import io
    import zipfile

    plan = Plan(load("baseline"), months=3).with_strike("Oracle", "loses cash", 1, 1.0)
    packed = zipfile.ZipFile(io.BytesIO(everything(plan, 3)))
    assert {"aggregates.parquet", "firms.parquet", "manifest.json", "scenario.toml", "figure.png"} <= set(
        packed.namelist()
    )
    manifest = json.loads(packed.read("manifest.json"))
    assert manifest["result_hash"] == repeated(plan, 3).result_hash()
