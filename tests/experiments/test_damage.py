"""Results whose bytes are not as they were written: found out whoever reads them, and made again."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from experiments import runner, store
from experiments.cli import main
from experiments.sealed import SEAL, Damaged, seal, write_manifest
from experiments.store import read
from experiments.study import load

TOYS = Path(__file__).parent / "toy_models.py"
STUDY = 'title = "A toy"\nmodel = "toys.py:{}"\n[factors]\nx = {{ from = 0, to = 19, steps = 20 }}\n'


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="invisible-debt")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of twenty runs in five shards."""
    monkeypatch.setattr(store, "RUNS_IN_SHARD", 4)
    shutil.copy(TOYS, tmp_path / "toys.py")
    (tmp_path / "toy.toml").write_text(STUDY.format("wave"))
    return tmp_path / "toy.toml"


@pytest.fixture
def swept(toy: Path) -> Path:
    runner.sweep(load(toy), toy.parent / "x", how="threads")
    return toy.parent / "x"


def contents(folder: Path) -> dict[str, bytes]:
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found = [path for path in found if path.name not in ("manifest.json", ".lock")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def edit(path: Path) -> None:
    """Another number, in a file that reads as before."""
    if path.suffix != ".parquet":
        path.write_text(re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), path.read_text(), count=1))
        return
    table = pq.read_table(path)
    column = table.column_names[-1]
    values = table[column].to_pylist()
    pq.write_table(table.set_column(len(table.column_names) - 1, table.field(column), [values[::-1]]), path)


@pytest.mark.parametrize("harm", [flip, cut, lengthen, edit, Path.unlink])
@pytest.mark.parametrize("name", ["runs/00002.parquet", "points.parquet", "study.toml", "files/0_toys.py"])
def test_damage_is_never_finished_and_exactly_it_is_made_again(
    swept: Path, toy: Path, name: str, harm: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(swept)
    harm(swept / name)
    assert contents(swept) != before
    shown = call("open", swept)
    assert (shown.exit_code, name in shown.stderr) == (1, True), shown.output
    assert len(shown.stderr.strip().splitlines()) == 1
    assert call("open", swept, "--verify").exit_code == 1
    untouched = {path: path.stat().st_ino for path in swept.rglob("*.parquet") if path != swept / name}
    made = []
    add = store.Store.add
    monkeypatch.setattr(store.Store, "add", lambda self, told: (made.append(told.runs), add(self, told)))
    again = call("sweep", toy, "--out", swept, "--threads")
    assert again.exit_code == 0, again.output
    assert "nothing to do" not in again.stdout
    assert f"damaged, and made again: {name}" in again.stdout
    assert "not as before" not in again.stdout
    assert sum(made) == (4 if name.startswith("runs") else 0)
    assert contents(swept) == before
    assert {path: path.stat().st_ino for path in untouched} == untouched
    assert call("open", swept, "--verify").exit_code == 0
    assert "nothing to do" in call("sweep", toy, "--out", swept).stdout


@pytest.mark.parametrize("harm", [flip, cut, edit, Path.unlink])
def test_whoever_reads_what_is_damaged_says_so(swept: Path, harm: Callable[[Path], None]) -> None:
    assert call("report", swept).exit_code == 0
    harm(swept / "runs/00002.parquet")
    for words in (("replay", swept, "9"), ("report", swept), ("open", swept)):
        told = call(*words)
        assert told.exit_code == 1
        assert "runs/00002.parquet" in told.stderr
        assert "sweep` makes anew" in told.stderr
    with pytest.raises(Damaged):
        _ = read(swept).runs


def test_a_changed_manifest_is_not_trusted(swept: Path, toy: Path) -> None:
    path = swept / "manifest.json"
    told = json.loads(path.read_text())
    edit_shard(swept, told)  # a number and its hash, but not the seal of the manifest
    path.write_text(json.dumps(told))
    for words in (("open", swept), ("report", swept), ("replay", swept, "1"), ("sweep", toy, "--out", swept)):
        said = call(*words)
        assert said.exit_code == 1
        assert "the manifest of" in said.stderr
    path.write_bytes(path.read_bytes()[:-40])
    said = call("open", swept)
    assert (said.exit_code, "is damaged" in said.stderr) == (1, True)


def edit_shard(folder: Path, manifest: dict[str, Any]) -> None:
    edit(folder / "runs/00000.parquet")
    manifest["files"]["runs/00000.parquet"] = seal(folder / "runs/00000.parquet")


def test_a_forged_number_with_its_hashes_is_found_by_replay(swept: Path) -> None:
    told = json.loads((swept / "manifest.json").read_text())
    table = pq.read_table(swept / "runs/00000.parquet")
    values = [value + 1e-12 for value in table["value"].to_pylist()]
    at = table.column_names.index("value")
    pq.write_table(table.set_column(at, table.field("value"), [values]), swept / "runs/00000.parquet")
    told["files"]["runs/00000.parquet"] = seal(swept / "runs/00000.parquet")
    write_manifest(swept, {name: value for name, value in told.items() if name != SEAL})
    replayed = call("replay", swept, "3")
    assert replayed.exit_code == 1
    assert "runs: 1 row, DIFFERENT" in replayed.stdout


def test_a_file_that_is_not_of_the_sweep_is_told(swept: Path) -> None:
    shutil.copy(swept / "runs/00000.parquet", swept / "runs/00007.parquet")
    said = call("open", swept, "--verify")
    assert (said.exit_code, "runs/00007.parquet is not of this sweep" in said.stderr) == (1, True)


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
def test_parts_of_an_unfinished_sweep_are_proven_too(
    toy: Path, harm: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MOST_IN_BATCH", 1)
    whole = runner.sweep(load(toy), toy.parent / "whole", how="threads")
    out = toy.parent / "x"

    def stop(done: int, failed: int, total: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(runner.Interrupted):
        runner.sweep(load(toy), out, how="threads", workers=1, progress=stop)
    parts = sorted((out / "parts").iterdir())
    shutil.copy(parts[0], out / "parts" / "0000000015-0000000015.arrow")  # whole, but of another run
    if harm is not Path.unlink:
        assert call("open", out, "--verify").exit_code == 1
    harm(parts[0])
    done = runner.sweep(load(toy), out, how="threads")
    assert contents(done.folder) == contents(whole.folder)


def test_killed_sessions_are_remembered(toy: Path) -> None:
    study = load(toy)
    with store.open_store(study, toy.parent / "x") as begun:
        begun.begin("4 threads")  # and then the machine stops
    done = runner.sweep(study, toy.parent / "x", how="threads")
    assert [session["end"] for session in done.manifest["sessions"]] == ["killed", "finished"]
    assert [session["runs"] for session in done.manifest["sessions"]] == [0, 20]


def test_results_of_before_hashes_were_kept_are_refused(swept: Path, toy: Path) -> None:
    told = json.loads((swept / "manifest.json").read_text())
    (swept / "manifest.json").write_text(json.dumps({**told, "format": "invisible-debt sweep 1"}))
    for words in (("open", swept), ("sweep", toy, "--out", swept)):
        said = call(*words)
        assert said.exit_code == 1
        assert "written by an earlier version" in said.stderr


def test_what_is_finished_is_told_without_the_engine(swept: Path, toy: Path) -> None:
    """By a fresh process, which may not even import what makes runs; other words or a flipped byte need it."""
    import subprocess
    import sys

    script = (
        "import sys\nsys.modules.update({'numba': None, 'pandas': None, 'pyarrow': None})\n"
        f"sys.argv = ['invisible-debt', 'sweep', {str(toy)!r}, '--out', {str(swept)!r}]\n"
        "from experiments.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "is finished: nothing to do" in " ".join(done.stdout.split())
    flip(swept / "runs/00003.parquet")
    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 1


def test_a_study_with_a_mark_of_its_encoding_is_the_same_study(toy: Path) -> None:
    toy.write_bytes(b"\xef\xbb\xbf" + toy.read_bytes())
    assert load(toy).title == "A toy"
    assert call("sweep", toy, "--out", toy.parent / "x", "--threads").exit_code == 0
    assert "nothing to do" in call("sweep", toy, "--out", toy.parent / "x").stdout
