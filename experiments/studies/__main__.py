"""Run the ready studies, write a report of each and the page of answers.

    python -m experiments.studies [NAME ...] [--out results/studies] [--workers N] [--page experiments/answers.md]

Runs that are there already are kept, so that it can be stopped and started again. The page of answers is written
when all studies are asked for.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from abm.engine.compiled import source_hash
from abm.errors import BadInput, InvisibleDebtError
from abm.inputs.parameters import nearest
from experiments.files import new_files
from experiments.report.findings import Findings, find
from experiments.report.html import html
from experiments.report.view import View
from experiments.runner import sweep
from experiments.studies.answers import markdown
from experiments.study import load

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "answers.md"
# The order of the page: the client's risks and hopes, an investor's questions, an engineer's, then what matters most.
ORDER = (
    "risks_and_hopes",
    "one_firm_or_the_chain",
    "contract_tenor_and_concentration",
    "take_or_pay",
    "lender_capital_and_cascades",
    "hardware_cadence_and_loan_tenor",
    "open_weights_and_defaults",
    "elasticity_and_efficiency",
    "efficiency_work",
    "power_and_carbon",
    "policies",
    "what_drives_failures",
    "variance_of_losses",
    "where_the_crisis_is",
)


def answer(name: str, out: Path, workers: int | None, progress: Progress) -> tuple[View, Findings]:
    """Run a ready study as far as it is not there yet, and write its report beside the runs.

    Parameters
    ----------
    name : str
        One of `ORDER`.
    out : Path
        Folder in which the study gets a folder of its name.
    workers : int, optional
        As for `experiments.runner.sweep`.
    progress : rich.progress.Progress
        Gets a bar.

    Returns
    -------
    tuple of View and Findings

    Raises
    ------
    BadInput
        If the folder holds the runs of other code or of another study.
    """
    study = load(FOLDER / f"{name}.toml")
    task = progress.add_task(name, total=None)
    results = sweep(
        study,
        out / name,
        workers=workers,
        progress=lambda done, failed, of: progress.update(task, completed=done, total=of),
    )
    view = View(results, study)
    found = find(view)
    with new_files([out / name / "report.html"]) as (stage,):
        stage.write_text(html(view, found), encoding="utf-8")
    progress.update(task, completed=1, total=1)
    return view, found


def main() -> None:
    """Run studies and write their reports, and the page if all are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="studies to run; all of them if left out")
    parser.add_argument("--out", type=Path, default=Path("results/studies"), help="folder of the runs")
    parser.add_argument("--workers", type=int, help="as for invisible-debt sweep")
    parser.add_argument("--page", type=Path, default=PAGE, help="page of answers to write")
    given = parser.parse_args()
    try:
        for name in given.names:
            if name not in ORDER:
                raise BadInput(f"there is no ready study '{name}'{nearest(name, ORDER)} (studies: {', '.join(ORDER)})")
        given.out.mkdir(parents=True, exist_ok=True)
        with Progress(console=Console(stderr=True)) as progress:
            done = [answer(name, given.out, given.workers, progress) for name in given.names or ORDER]
        if not given.names:
            with new_files([given.page]) as (stage,):
                stage.write_text(markdown(done, source_hash()), encoding="utf-8")
            print(f"Written: {given.page}")
    except InvisibleDebtError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 2))


if __name__ == "__main__":
    main()
