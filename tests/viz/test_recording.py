"""Runs on disk are found, opened, and known to be the recorded ones or not."""

import json

import pytest

from abm.errors import BadInput
from abm.scenarios import load
from experiments.folders import MANIFEST
from experiments.results import run_folder, write_run
from viz.parts.files import everything, repeated
from viz.plan import Plan
from viz.recording import find_runs, is_repeated, plan_of


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
    plan = plan_of(root / "mine")
    assert (plan.seed, plan.months, plan.base.name) == (4, 6, "r5_energy_and_carbon")
    assert plan.parameters == {"power_price": 80.0}
    assert is_repeated(root / "mine", plan)
    assert not is_repeated(root / "mine", plan.with_parameter("carbon_price", 90.0, 0))


@pytest.mark.parametrize(
    "damage", [{"seed": "x"}, {"months": 10**9}, {"scenario": 3}, {"parameters_changed": {"no": 1}}]
)
def test_a_damaged_manifest_is_a_sentence(root, tmp_path, damage):
    manifest = json.loads((root / "mine" / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, **damage}))
    with pytest.raises(BadInput):
        plan_of(tmp_path)


def test_a_folder_without_a_run_is_a_sentence(root):
    with pytest.raises(BadInput, match="no finished"):
        plan_of(root / "empty")


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
