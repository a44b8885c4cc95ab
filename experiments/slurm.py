"""A sweep on SLURM through dask-jobqueue: ``python -m experiments.slurm capital.toml --jobs 4 --queue normal``.

It asks SLURM for jobs, each of which brings Dask workers, and runs the sweep on them as they come; jobs that end are
asked for again. It is to be started where jobs may be asked for, on a file system that the jobs see too, and stopped
and started again at will: the results go on where they were.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from abm.errors import BadInput, InvisibleDebtError
from experiments.runner import sweep
from experiments.screen import counted, say
from experiments.study import load

WAIT = 24 * 3600.0  # seconds for which jobs may stand in the queue


def slurm_cluster() -> Callable[..., Any]:
    """The class of clusters that SLURM brings.

    Raises
    ------
    BadInput
        If dask-jobqueue is not installed, which only this needs, or jobs cannot be asked for here.
    """
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        raise BadInput("SLURM needs dask-jobqueue: python3 -m pip install dask-jobqueue") from None
    if shutil.which("sbatch") is None:
        raise BadInput("there is no 'sbatch' here: start this where SLURM jobs may be asked for")
    kind: Callable[..., Any] = SLURMCluster
    return kind


def _count(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text!r}")
    return int(text)


def main(words: Sequence[str] | None = None, kind: Callable[..., Any] | None = None) -> int:
    """Run a study on SLURM.

    Parameters
    ----------
    words : sequence of str, optional
        Of the command line.
    kind : callable, optional
        A class of clusters like `dask_jobqueue.SLURMCluster`, which is used by default.

    Returns
    -------
    int
        Exit code: 0, 1 if runs failed or the cluster is lost, 2 for a mistake, 130 for Ctrl-C.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path, help="study file")
    parser.add_argument("--out", type=Path, help="folder of the results; results/NAME if left out")
    parser.add_argument("--jobs", type=_count, default=1, help="SLURM jobs, each a node or a part of one")
    parser.add_argument("--queue", help="partition")
    parser.add_argument("--account", help="whom to charge")
    parser.add_argument("--cores", type=_count, default=32, help="of a job; each makes one run at a time")
    parser.add_argument("--memory", default="32GB", help="of a job; a run takes about 0.6 GB with its worker")
    parser.add_argument("--walltime", default="04:00:00", help="of a job")
    given = parser.parse_args(words)
    try:
        study = load(given.study)
        cluster = (kind or slurm_cluster())(
            queue=given.queue, account=given.account, cores=given.cores, processes=given.cores, memory=given.memory,
            walltime=given.walltime, scheduler_options={"dashboard_address": ":0"},  # others of a login node have 8787
        )  # fmt: skip
        try:
            cluster.adapt(minimum_jobs=given.jobs, maximum_jobs=given.jobs)  # what ends is asked for again
            out = given.out or Path("results") / study.name
            results = sweep(study, out, cluster=cluster.scheduler_address, patience=WAIT)
        finally:
            cluster.close()
    except InvisibleDebtError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(getattr(error, "exit_code", 2))
    failed = int(results.manifest["failures"])
    say(f"{counted(results.manifest['runs'], 'run')}, {failed} failed; what is in them: invisible-debt open {out}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
