"""Sweeps: what they leave, that it does not depend on who made it, and what happens when something goes wrong."""

import errno
import json
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from abm import open_economy
from abm.calibration.files import opening_folder
from abm.calibration.worlds import world
from abm.engine import tables
from abm.engine.tables import EVENT_NAMES
from abm.errors import BadInput, InvisibleDebtError
from abm.inputs.parameters import BY_NAME, PARAMETERS
from abm.inputs.scenarios import load as load_scenario
from experiments import execution, pools, runner, sealed, store
from experiments import work as work_module
from experiments.replay import replay
from experiments.store import read
from experiments.study import Study, load
from experiments.work import Closed, Made, work

TOYS = Path(__file__).parent / "toy_models.py"
MONTHS = 14
PLACE = {parameter.name: number for number, parameter in enumerate(PARAMETERS)}
TIMED = ("manifest.json", ".lock")  # files that tell when something was done, or hold nothing


def toy(function: str, runs: int = 40, **fields: Any) -> Study:
    """A study of a toy model at x = 0, 1, ..."""
    x = {"from": 0.0, "to": float(runs - 1), "steps": runs}
    return Study.model_validate({"model": f"{TOYS}:{function}", "factors": {"x": x}, **fields})


def economy(**fields: Any) -> Study:
    return Study.model_validate(
        {
            "months": MONTHS,
            "replicates": 2,
            "factors": {"lender_capital": [0.3, 1.0]},
            "policies": {"buffers": {"capital_requirement": 1.5}},
            "record": {"firms": ["OpenAI", "CoreWeave"], "columns": ["debt", "status"], "every": 5, "events": "all"},
            **fields,
        }
    )


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Several batches and shards in a small sweep."""
    patch.setattr(runner, "MOST_IN_BATCH", 2)
    patch.setattr(store, "RUNS_IN_SHARD", 4)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a results folder that must be the same bytes."""
    found = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in ("manifest.json", ".lock")
    ]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> store.Results:
    """The economy swept by one thread."""
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        return runner.sweep(economy(), tmp_path_factory.mktemp("swept") / "x", workers=1, how="threads")


def test_every_row_is_what_a_run_by_hand_gives(swept: store.Results) -> None:
    assert len(swept.points) == 4
    assert len(swept.runs) == 8
    assert swept.manifest["state"] == "finished"
    joined = swept.outcomes()
    for number, row in joined.iterrows():
        parameters = {"lender_capital": row["lender_capital"]}
        if row["policy"] == "buffers":
            parameters["capital_requirement"] = 1.5
        by_hand = open_economy(load_scenario("baseline"), parameters=parameters, seed=int(row["seed"]))
        by_hand.run(MONTHS)
        assert row["result_hash"] == by_hand.result_hash()
        series, panel, defaults = by_hand.rows("series"), by_hand.panel(), by_hand.rows("defaults")
        assert row["peak_ai_debt"] == series["ai_debt"].max()
        assert row["final_look_through"] == series["look_through"][-1]
        kinds = by_hand.state.firms["kind"][defaults["firm"]]
        assert row["failures"] == (defaults["way"] != tables.DEFERRAL).sum()
        assert row["losses"] == pytest.approx(defaults["loss_credit"][kinds != tables.LENDER].sum())
        mine = swept.series[swept.series["run"] == number]
        assert mine["month"].tolist() == [5, 10, 14]
        assert mine["ai_debt"].tolist() == series["ai_debt"][[4, 9, 13]].tolist()
        firms = swept.firms[(swept.firms["run"] == number) & (swept.firms["firm"] == "CoreWeave")]
        assert firms["month"].tolist() == [5, 10, 14]
        assert firms["debt"].tolist() == panel["debt"][[4, 9, 13], by_hand.firm("CoreWeave")].tolist()
        fallen = swept.defaults[swept.defaults["run"] == number]
        assert fallen["firm"].tolist() == [by_hand.names[i] for i in defaults["firm"]]
        assert len(swept.events[swept.events["run"] == number]) == len(by_hand.rows("events"))


def test_a_study_may_be_central_and_what_it_sets_replaces_the_draw(tmp_path: Path) -> None:
    fields = {"months": 3, "replicates": 2, "factors": {"base_rate": [0.03, 0.05]}, "parameters": {"power_price": 61.0}}
    hashes = {}
    for central in (False, True):
        study = Study.model_validate({**fields, "central": central})
        swept = runner.sweep(study, tmp_path / str(central), workers=1, how="threads")
        assert swept.manifest["central"] is central
        assert swept.recipe.central is central
        hashes[central] = swept.runs["result_hash"].tolist()
        for number in range(4):
            assert replay(swept, number).equal
            opened = execution.open_run(swept.recipe, swept.plan.run(number))
            params = opened.state.base_values
            assert params[PLACE["power_price"]] == 61.0
            assert params[PLACE["base_rate"]] == (0.03, 0.05)[number // 2]
            usual = BY_NAME["demand_growth"].default
            drawn = world(1 + number % 2, "2025-12-31").parameters["demand_growth"]
            assert params[PLACE["demand_growth"]] == (usual if central else drawn)
            assert opened.world == (None if central else world(1 + number % 2, "2025-12-31"))
    assert not set(hashes[False]) & set(hashes[True])
    with pytest.raises(BadInput, match="another study"), store.open_store(
        Study.model_validate({**fields, "central": False}), tmp_path / "True"
    ):
        pass


def test_a_study_from_a_folder_of_ones_own_draws_what_that_says(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(opening_folder("2024-12-31"), mine)
    study = Study.model_validate({"months": 2, "opening": str(mine)})
    swept = runner.sweep(study, tmp_path / "x", workers=1, how="threads")
    by_hand = open_economy(seed=1, opening=mine, panel=False)
    by_hand.run(2)
    assert swept.runs["result_hash"].tolist() == [by_hand.result_hash()]
    recipe = pickle.loads(pickle.dumps(swept.recipe))  # as other processes and machines have it, without the folder
    shutil.rmtree(mine)
    assert execution.open_run(recipe, swept.plan.run(0)).opening.digest == by_hand.opening.digest
    assert replay(read(tmp_path / "x"), 0).equal


def test_firms_that_entered_keep_their_own_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner.Pace, "runs", lambda *_: 2)  # both runs in one batch
    study = Study.model_validate({"months": 36, "replicates": 2, "record": {"events": ["firm entered"]}})
    swept = runner.sweep(study, tmp_path / "x", workers=1, how="threads")
    entered = []
    for seed in (1, 2):
        by_hand = open_economy(load_scenario("baseline"), seed=seed)
        by_hand.run(36)
        events = by_hand.rows("events")
        events = events[events["kind"] == EVENT_NAMES.index("firm entered")]
        entered.append([by_hand.names[row] for row in events["a"]])
        assert swept.events[swept.events["run"] == seed - 1]["a"].tolist() == entered[-1]
    assert entered[0] != entered[1]  # else both runs give the same names whoever they belong to


def test_seeds_are_paired_and_rows_in_order(swept: store.Results) -> None:
    assert swept.runs.index.tolist() == list(range(8))
    assert swept.runs["seed"].tolist() == [1, 2] * 4
    assert swept.runs["point"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert swept.points["policy"].tolist() == ["none", "buffers"] * 2


@pytest.mark.parametrize(("how", "workers"), [("threads", 3), ("processes", 2)])
def test_the_bytes_do_not_depend_on_the_workers(
    swept: store.Results, tmp_path: Path, how: runner.How, workers: int
) -> None:
    again = runner.sweep(economy(), tmp_path / "x", workers=workers, how=how)
    assert contents(again.folder) == contents(swept.folder)
    assert again.manifest["result_hash"] == swept.manifest["result_hash"]


def test_nor_on_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = runner.sweep(toy("wave"), tmp_path / "a", how="threads", workers=1)

    kept = store.Store._survey

    def backwards(self: store.Store, retry: bool) -> None:
        kept(self, retry)
        self._gaps = deque(range(k, k + 1) for gap in reversed(self._gaps) for k in reversed(gap))

    monkeypatch.setattr(store.Store, "_survey", backwards)
    assert contents(runner.sweep(toy("wave"), tmp_path / "b", how="threads").folder) == contents(plain.folder)


def test_the_tables_read_naturally(swept: store.Results) -> None:
    frame = pd.read_parquet(swept.folder / "runs")
    assert frame["run"].tolist() == list(range(8))
    assert pq.read_schema(swept.folder / "series" / "00000.parquet").field("ai_debt").metadata[b"unit"] == b"bn"
    assert len(pq.read_table(swept.folder / "points.parquet")) == 4
    assert sorted(p.name for p in (swept.folder / "runs").iterdir()) == ["00000.parquet", "00001.parquet"]
    assert not (swept.folder / "parts").exists()


def test_a_finished_folder_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = runner.sweep(toy("wave"), tmp_path / "x", how="threads")
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in done.folder.rglob("*")}
    monkeypatch.setattr(work_module, "perform", None)
    again = runner.sweep(toy("wave"), tmp_path / "x")
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in done.folder.rglob("*")} == before
    assert again.manifest == done.manifest


def test_another_study_or_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.sweep(toy("wave", title="the first"), tmp_path / "x", how="threads")
    with pytest.raises(BadInput, match=r"x holds results of another study \('the first', or an earlier version\)"):
        runner.sweep(toy("wave", seed=2), tmp_path / "x")
    monkeypatch.setattr(store, "code_hash", lambda: "somethingelse")
    with pytest.raises(BadInput, match="x holds results of another version of the program"):
        runner.sweep(toy("wave"), tmp_path / "x")
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="y holds no results of a sweep; give another --out"):
        runner.sweep(toy("wave"), tmp_path / "y")
    assert (tmp_path / "y" / "thesis.txt").read_text() == "mine"
    with pytest.raises(BadInput, match="exists and is not a folder"):
        runner.sweep(toy("wave"), tmp_path / "y" / "thesis.txt")


def test_other_words_are_taken_over(tmp_path: Path) -> None:
    runner.sweep(toy("wave", title="old"), tmp_path / "x", how="threads")
    assert runner.sweep(toy("wave", title="new"), tmp_path / "x").study.title == "new"


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    with (
        store.open_store(toy("wave"), tmp_path / "x"),
        pytest.raises(BadInput, match="another process is writing to"),
        store.open_store(toy("wave"), tmp_path / "x"),
    ):
        pass


def test_who_begins_second_in_a_fresh_folder_goes_on_in_the_first_one_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sweeps at once: while one writes down its points, the other does so too, and has made runs."""
    register, out = store._register, tmp_path / "x"

    def late(*given: Any) -> None:
        monkeypatch.setattr(store, "_register", register)
        with store.open_store(toy("wave"), out) as other:
            other.add(work(other.recipe, execution.Batch(1, tuple(other.plan.run(k) for k in range(4)))))
        register(*given)

    monkeypatch.setattr(store, "_register", late)
    with store.open_store(toy("wave"), out) as begun:
        assert begun.runs_done == 4
    monkeypatch.setattr(store, "_register", late)
    out = tmp_path / "y"
    with pytest.raises(BadInput, match="y holds results of another study"), store.open_store(toy("two_numbers"), out):
        pass
    assert not list(tmp_path.glob(".*"))


def test_what_is_closed_while_it_is_read_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep ends between a reader's look at the manifest and its look at the parts, or between two parts."""
    monkeypatch.setattr(store, "RUNS_IN_SHARD", 10)
    with store.open_store(toy("wave"), tmp_path / "x") as begun:
        for first in (0, 5, 12):
            runs = tuple(begun.plan.run(k) for k in range(first, first + 5))
            begun.add(work(begun.recipe, execution.Batch(first, runs)))

    def finish() -> None:
        monkeypatch.undo()
        monkeypatch.setattr(store, "RUNS_IN_SHARD", 10)
        runner.sweep(toy("wave"), tmp_path / "x", how="threads", workers=1)

    def then(name: str) -> None:
        """The sweep ends when a function of the store is next called."""
        plain = getattr(store, name)

        def late(*given: Any) -> Any:
            finish()
            return plain(*given)

        monkeypatch.setattr(store, name, late)

    shutil.copytree(tmp_path / "x", tmp_path / "kept")
    for name in ("parts_in", "read_part"):
        for ask in (lambda found: len(found.table("runs")), lambda found: found.count("runs")):
            found = read(tmp_path / "x")
            then(name)
            assert ask(found) >= (40 if name == "parts_in" else 20)  # all of the shards of which parts were seen
            shutil.rmtree(tmp_path / "x")
            shutil.copytree(tmp_path / "kept", tmp_path / "x")
        found = read(tmp_path / "x")
        then(name)
        assert found.faults() == {}
        shutil.rmtree(tmp_path / "x")
        shutil.copytree(tmp_path / "kept", tmp_path / "x")
    found = read(tmp_path / "x")
    assert found.count("runs") == len(found.table("runs")) == 15


def test_words_are_told_only_once_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = runner.sweep(toy("wave", title="old"), tmp_path / "x", how="threads")
    with monkeypatch.context() as patch:

        def full(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr(sealed, "synced", full)
        runner.sweep(toy("wave", title="new"), tmp_path / "x", how="threads")
    assert read(done.folder).study.title == "old"
    assert read(done.folder).faults() == {}
    again = runner.sweep(toy("wave", title="new"), tmp_path / "x", how="threads")
    assert again.study.title == "new"
    assert again.faults() == {}
    with store.open_store(toy("wave", title="new"), tmp_path / "x"):  # another process writes
        store.keep_text(toy("wave", title="newer"), tmp_path / "x")
    assert read(done.folder).study.title == "new"


def test_a_function_leaves_no_compiled_code_in_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    done = runner.sweep(toy("wave", 6), tmp_path / "x", how="threads")
    for name in [name for name in sys.modules if name.startswith("study_")]:
        monkeypatch.delitem(sys.modules, name)
    assert replay(done, 3).equal
    assert [path.name for path in (done.folder / "files").iterdir()] == ["0_toy_models.py"]


def test_a_failing_run_is_a_row(tmp_path: Path) -> None:
    found = runner.sweep(toy("fails_above_two", 6), tmp_path / "x", how="threads")
    assert found.runs["failed"].tolist() == [False] * 3 + [True] * 3
    assert np.isnan(found.runs["value"][3:]).all()
    assert found.runs["value"][:3].tolist() == pytest.approx([0.1, 1.1, 4.1])
    row = found.failures.iloc[0]
    assert (row["run"], row["error"], row["message"]) == (3, "ZeroDivisionError", "x is above 2")
    assert json.loads(row["parameters"]) == {"x": 3.0}
    assert row["where"].startswith("toy_models.py, line ")
    assert found.manifest["failures"] == 3


@pytest.mark.parametrize(("policy", "kept"), [("stop", 1), (2, 2)])
def test_a_sweep_stops_when_its_policy_says_so_and_goes_on(tmp_path: Path, policy: Any, kept: int) -> None:
    study = toy("fails_above_two", 40)
    with pytest.raises(runner.TooManyFailures, match=r"stopped after \d+ failed runs?; run 3: ZeroDivisionError"):
        runner.sweep(study, tmp_path / "x", how="threads", workers=1, failures=policy)
    begun = read(tmp_path / "x")
    assert kept <= len(begun.failures) < 37
    assert begun.manifest["state"] == "unfinished"
    with pytest.raises(runner.TooManyFailures):
        runner.sweep(study, tmp_path / "x", how="threads", failures=policy)
    assert len(read(tmp_path / "x").runs) == len(begun.runs)
    done = runner.sweep(study, tmp_path / "x", how="threads", failures="keep going")
    assert len(done.failures) == 37
    whole = runner.sweep(study, tmp_path / "y", how="threads")
    assert contents(done.folder) == contents(whole.folder)


def test_a_dead_worker_is_replaced_and_its_runs_redone_once(tmp_path: Path) -> None:
    shutil.copy(TOYS, tmp_path / "toys.py")  # it notes beside itself that it died
    study = toy("kills_its_worker", 8, model=f"{tmp_path}/toys.py:kills_its_worker")
    found = runner.sweep(study, tmp_path / "x", how="processes", workers=2)
    assert found.failures["run"].tolist() == [3]
    assert found.failures["error"].tolist() == ["WorkerDied"]
    expected = [x**2 + 0.1 if x != 3 else np.nan for x in range(8)]
    assert found.runs["value"].tolist() == pytest.approx(expected, nan_ok=True)


def test_workers_that_cannot_start_are_no_endless_loop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pools, "serve", os._exit)  # called with a connection: dies at once
    with pytest.raises(Exception, match="worker processes die before their first run"):
        runner.sweep(toy("wave", 4), tmp_path / "x", how="processes", workers=1)


@pytest.mark.parametrize(("most", "told"), [(1, None), (0, "die while they write run 0 .exit code 7")])
def test_who_dies_while_it_writes_has_its_runs_made_by_fewer(
    most: int, told: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No run is called a failure for it, and there is an end to it."""

    def serve(connection: Any, recipe: execution.Recipe, *_: Any) -> None:
        while True:
            item = connection.recv()
            made = work(recipe, item, None, lambda run: connection.send(("run", run)))
            if isinstance(item, execution.Batch) and len(item.runs) > most:
                os._exit(7)
            connection.send(("done", made))

    monkeypatch.setattr(pools, "serve", serve)
    monkeypatch.setattr(pools, "_context", lambda recipe: multiprocessing.get_context("fork"))
    crew = pools.Processes(execution.Recipe.of(toy("wave", 8)), 1)
    try:
        plan = store.Plan(toy("wave", 8), execution.Recipe.of(toy("wave", 8)))
        crew.submit(execution.Batch(1, tuple(plan.run(k) for k in range(8))))
        if told is not None:
            with pytest.raises(InvisibleDebtError, match=told):
                crew.wait()
            return
        made = []
        while crew.busy:
            made.append(crew.wait())
    finally:
        crew.close()
    assert [(receipt.first, receipt.runs, receipt.failures) for receipt in made] == [(k, 1, 0) for k in range(8)]


@pytest.mark.parametrize("there", [[0], [1], [0, 1, 2], [1, 2, 5, 9], list(range(10))])
def test_no_run_is_made_twice(tmp_path: Path, there: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the last runs of a shard were there before the first."""
    with store.open_store(toy("wave"), tmp_path / "x") as begun:
        for number in there:
            runs = tuple(begun.plan.run(k) for k in range(4 * number, 4 * number + 4))
            begun.add(work(begun.recipe, execution.Batch(number, runs)))
    made: list[int] = []
    add = store.Store.add

    def noted(self: store.Store, receipt: Made) -> None:
        made.extend(range(receipt.first, receipt.first + receipt.runs))
        add(self, receipt)

    monkeypatch.setattr(store.Store, "add", noted)
    done = runner.sweep(toy("wave"), tmp_path / "x", how="threads", workers=1)
    assert sorted(made + [run for k in there for run in range(4 * k, 4 * k + 4)]) == list(range(40))
    assert len(done.runs) == 40
    assert done.manifest["state"] == "finished"


def test_scenarios_rules_and_a_table_are_factors(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("def workshop(state, vendor, backlog_months):\n    return 0.05\n")
    (tmp_path / "story.toml").write_text('title = "Dear power"\n[parameters]\npower_price = 120\n')
    rows = "power_price_growth,scenario,rule_plan_supply\n0.1,story.toml,default\n0.1,baseline,rules.py:workshop\n"
    (tmp_path / "points.csv").write_text(rows)
    text = 'months = 2\n[design]\nmethod = "table"\nfile = "points.csv"\n[record]\nseries = ["gpu_sales"]\n'
    (tmp_path / "study.toml").write_text(text)
    found = runner.sweep(load(tmp_path / "study.toml"), tmp_path / "x", how="threads", workers=1)
    assert found.failures.empty
    story = load_scenario(tmp_path / "story.toml")
    by_hand = [
        open_economy(story, parameters={"power_price_growth": 0.1}, seed=1),
        open_economy(parameters={"power_price_growth": 0.1}, seed=1, rules={"plan_supply": lambda s, v, b: 0.05}),
    ]
    for economy_now, expected in zip(by_hand, found.runs["result_hash"], strict=True):
        economy_now.run(2)
        twin = open_economy(economy_now.scenario, parameters=economy_now.changed, rules=economy_now._rules, panel=False)
        twin.run(2)
        assert twin.result_hash() == expected
    for name in ("points.csv", "rules.py", "story.toml"):
        (tmp_path / name).unlink()
    assert replay(read(tmp_path / "x"), 1).equal  # the folder has copies of all it needs
    (tmp_path / "wrong.py").write_text("def workshop(state):\n    return 0.05\n")
    (tmp_path / "wrong.toml").write_text('[factors]\nrule_plan_supply = ["default", "wrong.py:workshop"]\n')
    with pytest.raises(BadInput, match=r"rule 'plan_supply' must be a function of \(state, vendor, backlog_months\)"):
        runner.sweep(load(tmp_path / "wrong.toml"), tmp_path / "y")


def test_several_outcomes_of_a_function(tmp_path: Path) -> None:
    found = runner.sweep(toy("two_numbers", 3, outcomes=["a", "b"], replicates=2), tmp_path / "x", how="threads")
    assert found.runs["a"].tolist() == [0, 0, 1, 1, 2, 2]
    assert found.runs["b"].tolist() == [1, 2] * 3
    wrong = runner.sweep(toy("two_numbers", 3, outcomes=["a", "c"]), tmp_path / "y", how="threads")
    assert wrong.failures["message"][0] == "the function returned ['a', 'b'], not the outcomes ['a', 'c']"
    with pytest.raises(BadInput, match="has no function 'nothing'"):
        runner.sweep(toy("nothing"), tmp_path / "z")
    assert not (tmp_path / "z").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("after", [0, 1, 3, 7, 12])
def test_a_disk_that_refuses_is_one_sentence_and_the_rest_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, after: int
) -> None:
    """The disk takes `after` files and then no more; later it takes them again."""
    whole = runner.sweep(toy("wave", 30), tmp_path / "whole", how="threads", workers=1)
    sync, left = work_module.synced, [after]

    def refuses(path: Path) -> None:
        if left[0] <= 0:
            raise OSError(code, os.strerror(code), str(path))
        left[0] -= 1
        sync(path)

    with monkeypatch.context() as patch:
        patch.setattr(work_module, "synced", refuses)
        patch.setattr(sealed, "synced", refuses)
        with pytest.raises(BadInput, match=f"cannot write to .*{os.strerror(code)}") as said:
            runner.sweep(toy("wave", 30), tmp_path / "x", how="threads", workers=1)
    assert "\n" not in str(said.value)
    done = runner.sweep(toy("wave", 30), tmp_path / "x", how="threads", workers=1)
    assert contents(done.folder) == contents(whole.folder)


def test_a_part_cut_short_is_made_again(tmp_path: Path) -> None:
    whole = runner.sweep(toy("wave", 30), tmp_path / "whole", how="threads")
    with store.open_store(toy("wave", 30), tmp_path / "x") as begun:
        begun.add(work(begun.recipe, execution.Batch(1, tuple(begun.plan.run(k) for k in (1, 2)))))
    (part,) = (tmp_path / "x" / "parts").iterdir()
    part.write_bytes(part.read_bytes()[:-100])
    done = runner.sweep(toy("wave", 30), tmp_path / "x", how="threads")
    assert contents(done.folder) == contents(whole.folder)


def test_replay_proves_equality_and_sees_a_changed_byte(swept: store.Results, monkeypatch: pytest.MonkeyPatch) -> None:
    told = replay(swept, 5)
    assert told.equal
    assert told.tables["series"] == (3, True)
    assert not told.other_code
    changed = swept.table("series").to_pandas()
    changed.loc[changed["run"] == 5, "ai_debt"] += 1e-13
    kept = store.Results.rows_of

    def tampered(self: store.Results, name: str, run: int) -> Any:
        table = kept(self, name, run)
        if name != "series":
            return table
        return table.from_pandas(changed[changed["run"] == run], schema=table.schema, preserve_index=False)

    monkeypatch.setattr(store.Results, "rows_of", tampered)
    told = replay(swept, 5)
    assert not told.equal
    assert told.tables["series"] == (3, False)
    with pytest.raises(BadInput, match="there is no run 8: the sweep has runs 0 to 7"):
        replay(swept, 8)


def test_a_run_that_hangs_or_eats_memory_is_a_failure_and_its_worker_is_renewed(tmp_path: Path) -> None:
    study = toy("misbehaves", 6, timeout=8.0, memory=400.0)
    found = runner.sweep(study, tmp_path / "x", workers=2)
    assert found.failures["run"].tolist() == [1, 2, 3]
    assert found.failures["error"].tolist() == ["WorkerDied", "TookTooLong", "TookTooMuchMemory"]
    assert found.failures["message"].tolist() == [
        "the process that made this run died, twice",
        "it took longer than the 8 s of 'timeout'",
        "it held more than the 400 MB of 'memory'",
    ]
    assert found.runs["value"].dropna().tolist() == pytest.approx([0.1, 16.1, 25.1])
    with pytest.raises(BadInput, match="'timeout' and 'memory' need processes, not threads"):
        runner.sweep(study, tmp_path / "y", how="threads")


def test_failed_runs_are_made_again_where_asked_and_the_rest_is_kept(tmp_path: Path) -> None:
    shutil.copy(TOYS, tmp_path / "toys.py")
    study = toy("needs_a_file", 40, model=f"{tmp_path}/toys.py:needs_a_file", replicates=1)
    begun = runner.sweep(study, tmp_path / "x", how="threads")
    assert begun.manifest["failures"] == 20
    (tmp_path / "needed").touch()
    log = tmp_path / "toys.log"
    log.unlink()
    assert runner.sweep(study, tmp_path / "x", how="threads").manifest["failures"] == 20
    assert not log.exists()
    done = runner.sweep(study, tmp_path / "x", how="threads", retry_failed=True)
    assert done.manifest["failures"] == 0
    assert sorted(map(int, log.read_text().split())) == list(range(1, 40, 2))
    assert done.manifest["sessions"][-1]["runs"] == 20
    assert contents(done.folder) == contents(runner.sweep(study, tmp_path / "y", how="threads").folder)


def test_what_the_economy_leaves_is_the_same_bytes_after_some_runs_are_made_again(
    swept: store.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows with names and missing values, cut out of a shard and put together with others."""
    measure = execution.measure

    def fails(economy_now: Any, outcome: Any) -> float:
        if economy_now.seed == 2:
            raise ZeroDivisionError
        return measure(economy_now, outcome)

    with monkeypatch.context() as patch:
        patch.setattr(execution, "measure", fails)
        assert runner.sweep(economy(), tmp_path / "x", how="threads").manifest["failures"] == 4
    done = runner.sweep(economy(), tmp_path / "x", how="threads", retry_failed=True)
    assert contents(done.folder) == contents(swept.folder)


def test_batches_follow_the_time_that_runs_take() -> None:
    pace = runner.Pace(None)
    assert pace.runs(1000, 4) == 1  # until one is made nobody knows
    pace.heard(Made(1, "", 0, 1, 0, 2.0, None))
    assert pace.runs(1000, 4) == 1
    quick = runner.Pace(None)
    sizes = []
    for _ in range(8):
        sizes.append(quick.runs(10**6, 4))
        quick.heard(Made(1, "", 0, sizes[-1], 0, 1e-5 * sizes[-1], None))
    assert sizes == sorted(sizes)
    assert sizes[-1] == runner.MOST_IN_BATCH
    assert quick.runs(16, 4) == 2  # nobody is idle at the end
    assert runner.Pace(0.01).runs(10**6, 2000) >= runner.Pace(0.01).runs(10**6, 4)


def test_rows_of_other_code_never_enter(tmp_path: Path) -> None:
    with store.open_store(toy("wave"), tmp_path / "x") as begun:
        item = begun.next(3)
        assert isinstance(item, execution.Batch)
        made = work(begun.recipe, item)
        with pytest.raises(InvisibleDebtError, match="runs 0 to 2 were made by another version of the program"):
            begun.add(replace(made, code="0123456789abcdef"))
        assert begun.runs_done == 0
        with pytest.raises(InvisibleDebtError, match="were made by another version of the program"):
            begun.closed(Closed(1, 0, "0123456789abcdef", None, ("0000000000-0000000002.arrow",)))


def test_what_an_error_says_may_be_no_text(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def f(settings, seed):\n    raise ValueError('bad \\udcff')\n")
    (tmp_path / "s.toml").write_text("model = 'm.py:f'\n[factors]\nx = [1, 2]\n")
    done = runner.sweep(load(tmp_path / "s.toml"), tmp_path / "x", how="threads")
    assert done.failures["message"].tolist() == ["bad \\udcff"] * 2


def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    """Workers that are processes import nothing of it."""
    shutil.copy(TOYS, tmp_path / "toys.py")
    script = tmp_path / "script.py"
    script.write_text(
        "from experiments.runner import sweep\nfrom experiments.study import Study\nprint('once')\n"
        "study = Study(model='toys.py:wave', factors={'x': [1.0, 2.0]})\n"
        "print(sweep(study, 'x', workers=2, how='processes').runs['value'].tolist())\n"
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["once", "[1.1, 4.1]", ""]
    assert done.stderr == ""
    with pytest.raises(BadInput, match="'__main__:f' is in the program that was started"):
        runner.sweep(Study.model_validate({"model": "__main__:f", "factors": {"x": [1.0]}}), tmp_path / "y")
