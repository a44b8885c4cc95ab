"""A sweep on two real Dask worker processes: the same bytes, also when a worker is killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments import runner, store
from experiments.study import Study

STUDY = {"months": 6, "factors": {"lender_capital": [0.3, 1.0]}, "replicates": 4}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, as `dask scheduler` and `dask worker` start them."""
    folder = tmp_path_factory.mktemp("dask")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    with (folder / "log").open("wb") as log:
        started = [
            subprocess.Popen(
                [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
                cwd=folder, stdout=log, stderr=log,
            )
        ]  # fmt: skip
        for _ in range(2):
            started.append(
                subprocess.Popen(
                    [*dask, "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"],
                    cwd=folder, stdout=log, stderr=log,
                )
            )  # fmt: skip
        try:
            yield address, started[1:]
        finally:
            for process in reversed(started):
                process.kill()
                process.wait()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MONTHS_IN_BATCH", 6)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_makes_the_same_bytes_and_survives_a_dead_worker(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, workers = cluster
    study = Study.model_validate(STUDY)
    here = runner.sweep(study, tmp_path / "here", how="threads", workers=1)
    there = runner.sweep(study, tmp_path / "there", cluster=address)
    assert contents(there.folder) == contents(here.folder)
    assert there.manifest["sessions"][0]["workers"] == address

    def kill_one(done: int, failed: int, total: int) -> None:
        if done >= 2 and workers[0].poll() is None:
            os.kill(workers[0].pid, signal.SIGKILL)
            time.sleep(0.5)

    again = runner.sweep(study, tmp_path / "again", cluster=address, progress=kill_one)
    assert workers[0].poll() is not None
    assert contents(again.folder) == contents(here.folder)
