"""A sweep on SLURM, with a cluster of this machine in SLURM's place."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from experiments import slurm
from experiments.runner import sweep
from experiments.study import load

TOYS = Path(__file__).parent / "toy_models.py"
STUDY = 'model = "toys.py:{}"\n[factors]\nx = {{ from = 0, to = 9, steps = 10 }}\n'
asked: dict[str, Any] = {}


class Local(LocalCluster):
    """What dask-jobqueue's SLURMCluster takes, as a cluster of one worker in this process."""

    def __init__(self, **given: Any) -> None:
        asked.clear()
        asked.update(given)
        super().__init__(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None)

    def adapt(self, *, minimum_jobs: int, maximum_jobs: int) -> None:
        asked["jobs"] = (minimum_jobs, maximum_jobs)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_jobs_are_asked_for_and_the_bytes_are_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(TOYS, tmp_path / "toys.py")
    (tmp_path / "toy.toml").write_text(STUDY.format("wave"))
    words = [str(tmp_path / "toy.toml"), "--out", str(tmp_path / "x"), "--jobs", "4", "--queue", "normal"]
    assert slurm.main([*words, "--cores", "8"], Local) == 0
    assert "10 runs, 0 failed" in capsys.readouterr().out
    assert (asked["queue"], asked["cores"], asked["processes"], asked["jobs"]) == ("normal", 8, 8, (4, 4))
    sweep(load(tmp_path / "toy.toml"), tmp_path / "y", how="threads")
    told = [json.loads((tmp_path / name / "manifest.json").read_text())["result_hash"] for name in ("x", "y")]
    assert told[0] == told[1]


def test_mistakes_are_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert slurm.main([str(tmp_path / "none.toml")]) == 2
    assert "there is no study file" in capsys.readouterr().err
    shutil.copy(TOYS, tmp_path / "toys.py")
    (tmp_path / "toy.toml").write_text(STUDY.format("wave"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "dask_jobqueue", None)
        assert slurm.main([str(tmp_path / "toy.toml")]) == 2
    assert "SLURM needs dask-jobqueue" in capsys.readouterr().err
