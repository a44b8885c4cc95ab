"""A sweep on SLURM: the cluster class of dask-jobqueue, and programs in SLURM's place that start the jobs here."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from dask_jobqueue.local import LocalCluster

from experiments import slurm
from experiments.runner import sweep
from experiments.study import load

TOYS = Path(__file__).parent / "toy_models.py"
STUDY = 'model = "toys.py:{}"\n[factors]\nx = {{ from = 0, to = 9, steps = 10 }}\n'
# What SLURM's programs do, as far as dask-jobqueue sees: a job is a process of its own, by the number of its process.
PROGRAMS = {
    "sbatch": 'cp "$1" {asked}\nsetsid bash {asked} >{log} 2>&1 &\necho "Submitted batch job $!"\n',
    "scancel": 'kill -- -"$1" 2>/dev/null || true\n',
}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The script of the last job asked for."""
    (tmp_path / "bin").mkdir()
    for name, text in PROGRAMS.items():
        program = tmp_path / "bin" / name
        program.write_text("#!/bin/sh\n" + text.format(asked=tmp_path / "asked.sh", log=tmp_path / "job.log"))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.chdir(tmp_path)
    shutil.copy(TOYS, tmp_path / "toys.py")
    (tmp_path / "toy.toml").write_text(STUDY.format("wave"))
    return tmp_path / "asked.sh"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_jobs_are_asked_for_and_the_bytes_are_the_same(
    asked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["toy.toml", "--out", "x", "--queue", "normal", "--account", "us", "--walltime", "01:00:00"]
    assert slurm.main([*words, "--jobs", "1", "--cores", "1", "--memory", "2GB"]) == 0
    assert "10 runs, 0 failed" in capsys.readouterr().out
    script = asked.read_text()
    for line in ("#SBATCH -p normal", "#SBATCH -A us", "#SBATCH -t 01:00:00", "#SBATCH --cpus-per-task=1"):
        assert line in script
    sweep(load(Path("toy.toml")), "y", how="threads")
    told = [json.loads((tmp_path / name / "manifest.json").read_text())["result_hash"] for name in ("x", "y")]
    assert told[0] == told[1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_jobs_without_a_queue_do_as_well(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def local(account: str | None, **given: Any) -> LocalCluster:  # which knows no account
        return LocalCluster(**given)

    assert slurm.main(["toy.toml", "--out", "x", "--cores", "1", "--memory", "2GB"], local) == 0
    assert "10 runs, 0 failed" in capsys.readouterr().out
    assert not asked.exists()


def test_mistakes_are_sentences(
    asked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slurm.main(["none.toml"]) == 2
    assert "there is no study file" in capsys.readouterr().err
    for wrong in (["--jobs", "0"], ["--jobs", "-1"], ["--cores", "two"]):
        with pytest.raises(SystemExit) as left:
            slurm.main(["toy.toml", *wrong])
        assert left.value.code == 2
        assert "must be a whole number of at least 1" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "/nowhere")
    assert slurm.main(["toy.toml"]) == 2
    assert "there is no 'sbatch' here" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    assert slurm.main(["toy.toml"]) == 2
    assert "SLURM needs dask-jobqueue" in capsys.readouterr().err
