"""Sweeps on real Dask workers: the same bytes, whoever joins, is lost, or has other code."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from experiments import crew, runner, store
from experiments.study import Study

TOYS = Path(__file__).parent / "toy_models.py"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


class Dask:
    """A scheduler and workers as `dask scheduler` and `dask worker` start them, without a nanny."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)

    def _start(self, *words: str, **settings: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words], cwd=self.folder, stdout=log, stderr=log,
                env={**os.environ, **settings},
            )  # fmt: skip

    def join(self, **settings: str) -> subprocess.Popen[bytes]:
        """One more worker."""
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "30")
        worker = self._start("worker", self.address, *options, **settings)
        self.workers.append(worker)
        return worker

    def end(self) -> None:
        """Kill all of it."""
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    started = Dask(tmp_path_factory.mktemp("dask"))
    yield started
    started.end()


@pytest.fixture(autouse=True)
def no_workers(dask: Dask) -> None:
    """Every test begins without any."""
    for worker in dask.workers:
        worker.kill()
        worker.wait()
    dask.workers.clear()


def toy(function: str, folder: Path, runs: int = 40, **fields: object) -> Study:
    """A study of a toy model of which this test has its own copy."""
    shutil.copy(TOYS, folder / "toys.py")
    x = {"from": 0.0, "to": float(runs - 1), "steps": runs}
    return Study.model_validate({"model": f"{folder}/toys.py:{function}", "factors": {"x": x}, **fields})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_workers_join_and_are_lost_and_those_with_other_code_make_nothing(
    dask: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RUNS_IN_SHARD", 50)
    monkeypatch.setattr(runner, "MOST_IN_BATCH", 4)
    study = toy("slow_wave", tmp_path, 400)
    here = runner.sweep(study, tmp_path / "here", how="threads", workers=1)
    other = tmp_path / "other"  # the program as it is there, but for a digit of a table
    shutil.copytree(Path(crew.__file__).parents[1], other, ignore=shutil.ignore_patterns(".*", "tests", "viz", "docs"))
    table = other / "abm/calibration/facts.csv"
    table.write_text(table.read_text() + "\n")
    first = dask.join()
    said: list[str] = []
    joined: list[subprocess.Popen[bytes]] = []

    def at_work(done: int, failed: int, total: int) -> None:
        if done >= 8 and not joined:
            joined.extend((dask.join(PYTHONPATH=str(other)), dask.join()))
        if joined and first.poll() is None and any("left out" in sentence for sentence in said):
            first.kill()  # what it had is made by the one that joined: the other is left out
        time.sleep(1.0 if joined and first.poll() is None else 0.0)  # the others need a while to start

    found = runner.sweep(study, tmp_path / "there", cluster=dask.address, progress=at_work, tell=said.append)
    assert first.poll() is not None
    assert contents(found.folder) == contents(here.folder)
    assert found.manifest["result_hash"] == here.manifest["result_hash"]
    assert [s for s in said if "left out: it has another version of the program or of its packages" in s]
    assert [s for s in said if "is lost: what it had is made again by others" in s]


def test_a_run_that_kills_hangs_or_eats_memory_costs_the_cluster_nothing(dask: Dask, tmp_path: Path) -> None:
    worker = dask.join()
    study = toy("misbehaves", tmp_path, 6, timeout=10.0, memory=400.0)
    found = runner.sweep(study, tmp_path / "x", cluster=dask.address, tell=lambda _: None)
    assert worker.poll() is None
    assert found.failures["run"].tolist() == [1, 2, 3]
    assert found.failures["error"].tolist() == ["WorkerDied", "TookTooLong", "TookTooMuchMemory"]


def test_other_functions_or_no_workers_are_sentences(
    dask: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = toy("wave", tmp_path, 4)
    with pytest.raises(crew.ClusterLost, match=r"has had no workers for 1 s; 0 of 4 runs are kept"):
        runner.sweep(study, tmp_path / "x", cluster=dask.address, patience=1.0, tell=lambda _: None)
    dask.join()
    send = crew.pickle.dumps

    def changed(given: object) -> bytes:
        packed = send(given)
        (tmp_path / "toys.py").write_text("def wave(settings, seed):\n    return 0.0\n")
        return packed

    monkeypatch.setattr(crew.pickle, "dumps", changed)
    with pytest.raises(Exception, match=r"no worker of .* can make these runs; .*toys.py' is not the same file"):
        runner.sweep(study, tmp_path / "x", cluster=dask.address, tell=lambda _: None)


# The last one: it takes the scheduler with it.
def test_all_workers_lost_is_waited_for_and_a_lost_scheduler_is_a_sentence(
    dask: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "RECONNECT", 1.0)
    monkeypatch.setattr(runner, "MOST_IN_BATCH", 4)
    study = toy("slow_wave", tmp_path, 100)
    said: list[str] = []
    dask.join()

    def lose_all(done: int, failed: int, total: int) -> None:
        if done >= 8 and len(dask.workers) == 1:
            dask.workers[0].kill()
            dask.workers[0].wait()
            threading.Timer(3.0, dask.join).start()
        if done >= 40 and dask.scheduler.poll() is None:
            dask.scheduler.kill()

    with pytest.raises(crew.ClusterLost, match=r"scheduler at '.*' is lost .*; \d+ of 100 runs are kept in .*goes on"):
        runner.sweep(study, tmp_path / "x", cluster=dask.address, progress=lose_all, tell=said.append)
    assert [sentence for sentence in said if "waiting up to 600 s for new ones" in sentence]
    begun = store.read(tmp_path / "x")
    assert len(begun.runs) >= 40
    assert begun.manifest["sessions"][0]["end"] == "stopped"
    done = runner.sweep(study, tmp_path / "x", how="threads")
    assert len(done.runs) == 100
    assert contents(done.folder) == contents(runner.sweep(study, tmp_path / "y", how="threads").folder)
