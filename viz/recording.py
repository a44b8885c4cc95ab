"""Runs kept on disk, opened on the page: those of `invisible-debt run` and any run of a sweep.

A folder holds all that is needed to repeat its runs, so a run is opened by making it again; the hash that is kept of
it says whether the numbers are the recorded ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from abm.calibration import Opening
from abm.errors import BadInput, printable
from abm.inputs.scenarios import Scenario, load
from experiments import store
from experiments.execution import chosen, replaced_rules
from experiments.folders import MANIFEST, read_manifest
from experiments.origin import opening_again
from experiments.results import FORMAT
from experiments.screen import counted
from experiments.study import ECONOMY
from viz.plan import Plan, run_length, whole

DEEPEST = 3  # folders below the one that is searched
MOST_RUNS = 500


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run or a sweep on disk: its folder, relative to the one searched, and what it is."""

    name: str
    folder: Path
    words: str
    sweep: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A plan that repeats a recorded run, and how to tell that it gives the recorded numbers.

    Attributes
    ----------
    plan : Plan
    result_hash : str
        What was kept of the numbers.
    panel : bool
        Whether the panel of firms counts among them.
    """

    plan: Plan
    result_hash: str
    panel: bool

    def is_repeated(self) -> bool:
        """Whether running the plan gives the recorded numbers."""
        economy = self.plan.open(panel=self.panel)
        economy.run(self.plan.months)
        return economy.result_hash() == self.result_hash


def find_runs(root: Path) -> list[Recorded]:
    """Finished runs, and sweeps, below a folder, by name; empty if there is no such folder."""
    found = []
    for folder in _folders(root, DEEPEST):
        name = printable(str(folder.relative_to(root)), keep="")
        try:
            found.append(_run_in(folder, name))
        except (BadInput, KeyError, TypeError, ValueError):
            continue
        if len(found) == MOST_RUNS:
            break
    return sorted(found, key=lambda run: run.name)


def _run_in(folder: Path, name: str) -> Recorded:
    try:
        manifest = read_manifest(folder, store.FORMAT)
    except BadInput:
        manifest = read_manifest(folder, FORMAT)
        months = counted(int(manifest["months"]), "month")
        where = manifest["opening"]["name"]
        words = f"{manifest['scenario']['title']}, from {where}, seed {manifest['seed']}, {months}"
        return Recorded(name, folder, printable(f"{name}: {words}", keep=""))
    title = manifest["study"]["title"] or manifest["study"]["name"]
    runs = int(manifest["points"]) * int(manifest["replicates"])
    return Recorded(name, folder, printable(f"{name}: {title}, a sweep of {counted(runs, 'run')}", keep=""), sweep=True)


def open_single(folder: Path) -> Opened:
    """The run in a folder of `invisible-debt run`.

    Raises
    ------
    BadInput
        If the folder holds no finished run, or one that this page cannot repeat.
    """
    manifest = read_manifest(folder, FORMAT)
    try:
        text = str(manifest["scenario"]["text"])
        name = printable(str(manifest["scenario"]["name"]), keep="")
        changed = dict(manifest["parameters_changed"])
        opening = opening_again(manifest["opening"])
        seed, central = manifest["seed"], manifest.get("world") is None
        months = run_length(manifest["months"], "months of the recorded run")
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"the manifest of {folder} is not complete") from None
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "recorded.toml"
        file.write_text(text, encoding="utf-8")
        base = load(file).model_copy(update={"name": name})
    plan = _plan(base, seed, months, changed, opening, central)
    return Opened(plan, str(manifest.get("result_hash")), panel=True)


def open_swept(folder: Path, number: object) -> Opened:
    """A run of a sweep, by its number.

    Raises
    ------
    BadInput
        If the folder holds no sweep of the economy, there is no such run, it failed, is not made yet, or is one that
        this page cannot repeat.
    """
    results = store.read(folder)
    if results.recipe.model != ECONOMY:
        raise BadInput(f"the runs in {folder} are those of a function: there is no economy to show")
    run = results.plan.run(whole(number, "the run", 0, results.plan.runs - 1))
    rows = results.rows_of("runs", run.number).to_pylist()
    if not rows:
        raise BadInput(f"run {run.number} is not made yet: invisible-debt sweep goes on with the sweep")
    if rows[0]["result_hash"] is None:
        raise BadInput(f"run {run.number} failed in the sweep: invisible-debt open tells why")
    if rules := replaced_rules(run):
        raise BadInput(f"run {run.number} replaces the rule {min(rules)}, which the page does not: use --out of replay")
    base, changed = chosen(results.recipe, run)
    months = run_length(results.recipe.months, "months of the recorded run")
    plan = _plan(base, run.seed, months, changed, results.recipe.tables(), results.recipe.central)
    return Opened(plan, rows[0]["result_hash"], panel=results.recipe.panel)


def _plan(
    base: Scenario, seed: int, months: int, changed: Mapping[str, object], opening: Opening, central: bool
) -> Plan:
    plan = Plan(base, seed=seed, months=months, opening=opening, central=central)
    for parameter, value in changed.items():
        plan = plan.with_parameter(parameter, value, 0)
    return plan


def _folders(root: Path, depth: int) -> Iterator[Path]:
    """Folders with a manifest, down to some depth."""
    try:
        inside = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return
    if (root / MANIFEST).is_file():
        yield root
    if depth:
        for path in inside:
            yield from _folders(path, depth - 1)
