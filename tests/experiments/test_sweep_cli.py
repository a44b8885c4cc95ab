"""The commands sweep, open and replay: what they print, their exit codes, Ctrl-C."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from program import started
from typer.testing import CliRunner, Result

from experiments import runner, store
from experiments.cli import main
from experiments.study import load

TOYS = Path(__file__).parent / "toy_models.py"
STUDY = 'title = "A toy"\nmodel = "toys.py:{}"\nreplicates = 2\n[factors]\nx = {{ from = 0, to = 9, steps = 10 }}\n'


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="invisible-debt")


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    shutil.copy(TOYS, tmp_path / "toys.py")
    (tmp_path / "toy.toml").write_text(STUDY.format("wave"))
    return tmp_path / "toy.toml"


def test_sweep_open_replay(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(toy.parent)
    done = call("sweep", "toy.toml", "--threads")
    assert done.exit_code == 0, done.output
    assert "A toy: 20 runs at 10 points, 0 failed" in done.stdout
    assert "results/toy" in done.stdout
    again = call("sweep", "toy.toml")
    assert "results/toy is finished: nothing to do" in again.stdout
    shown = call("open", "results/toy")
    assert "20 of 20 runs at 10 points (design grid, 2 seeds a point), 0 failed" in shown.stdout
    assert "pd.read_parquet" in shown.stdout
    told = json.loads(call("open", "results/toy", "--json").stdout)
    assert told["outcomes"]["value"]["max"] == pytest.approx(81.2)
    assert told["tables"]["runs"]["rows"] == 20
    replayed = call("replay", "results/toy", "7")
    assert replayed.exit_code == 0
    assert "run 7: x = 3; replicate 1, seed 2" in replayed.stdout
    assert "The run is reproduced." in replayed.stdout
    assert json.loads(call("replay", "results/toy", "7", "--json").stdout)["equal"] is True


def test_a_copied_folder_needs_nothing_else(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    runner.sweep(load(toy), toy.parent / "x", how="threads")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "y"
    shutil.move(toy.parent / "x", elsewhere)
    (toy.parent / "toys.py").unlink()
    replayed = call("replay", elsewhere, "3")
    assert replayed.exit_code == 0, replayed.output
    assert "The run is reproduced." in replayed.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("sweep", "{}/none.toml"), "there is no study file"),
        (("sweep", "{}/toy.toml", "--workers", "0"), "--workers"),
        (("sweep", "{}/toy.toml", "--failures", "sometimes"), "--failures must be 'keep-going', 'stop' or a number"),
        (("sweep", "{}/toy.toml", "--out", "{}"), "holds no results of a sweep; give another --out"),
        (("sweep", "{}/wrong.toml"), "wrong.toml, line 2: unknown parameter 'lender_capitl'"),
        (("sweep", "{}/toy.toml", "--cluster", "tcp://127.0.0.1:1"), "there is no Dask scheduler at"),
        (("open", "{}"), "holds no results of a sweep"),
        (("replay", "{}", "3"), "holds no results of a sweep"),
    ],
)
def test_mistakes_are_one_sentence(
    toy: Path, words: tuple[str, ...], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    monkeypatch.chdir(toy.parent)  # where results go by default
    (toy.parent / "wrong.toml").write_text("[factors]\nlender_capitl = [1]\n")
    result = call(*(word.format(toy.parent) for word in words))
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_policy_ends_with_code_1_and_names_the_run(toy: Path) -> None:
    toy.write_text(STUDY.format("fails_above_two"))
    result = call("sweep", toy, "--threads", "--out", toy.parent / "x", "--failures", "stop")
    assert result.exit_code == 1
    assert "ZeroDivisionError: x is above 2" in result.stderr
    shown = call("open", toy.parent / "x")
    assert "failed: ZeroDivisionError: x is above 2 (toy_models.py" in shown.stdout.replace("toys.py", "toy_models.py")
    assert "first run 6, point 3, seed 1: x = 3; again:" in " ".join(shown.stdout.split())


def test_failures_are_explained_at_the_end_and_the_exit_code_is_1(toy: Path) -> None:
    toy.write_text(STUDY.format("needs_a_file"))
    out = toy.parent / "x"
    for _ in range(2):  # also where nothing is left to do
        said = call("sweep", toy, "--threads", "--out", out)
        assert said.exit_code == 1, said.output
        told = " ".join(said.stdout.split())
        assert "20 runs at 10 points, 10 failed" in told
        assert "10 runs failed: FileNotFoundError: x is 1 (toys.py, line" in told  # one reason, whatever the number
        assert f"first run 2, point 1, seed 1: x = 1; again: invisible-debt replay {out} 2" in told
    told = json.loads(call("sweep", toy, "--out", out, "--json").stdout)
    assert [(reason["runs"], reason["run"]) for reason in told["failures"]] == [(10, 2)]
    (toy.parent / "needed").touch()
    said = call("sweep", toy, "--threads", "--out", out, "--retry-failed")
    assert said.exit_code == 0, said.output
    assert "20 runs at 10 points, 0 failed" in said.stdout


@pytest.mark.parametrize("how", ["--threads", "--processes"])
def test_ctrl_c_keeps_what_is_done(toy: Path, how: str) -> None:
    toy.write_text(STUDY.format("slow_wave").replace("steps = 10", "steps = 3000").replace("to = 9", "to = 2999"))
    out = toy.parent / "x"
    program = started("sweep", toy, "--out", out, how, start_new_session=True)
    until = time.monotonic() + 120
    while not list((out / "parts").glob("*.arrow")) and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to all processes of the program
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 130, errors
    assert "of 6000 runs are kept in" in errors
    assert "Traceback" not in errors
    kept = len(store.read(out).runs)
    assert 0 < kept < 6000
    done = runner.sweep(load(toy), out, how="threads")
    assert len(done.runs) == 6000
    assert done.runs["value"].tolist() == [float(x) ** 2 + 0.1 * seed for x in range(3000) for seed in (1, 2)]
