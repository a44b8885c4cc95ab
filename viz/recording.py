"""Runs kept on disk, opened on the page.

A run's folder holds all that is needed to repeat it, so it is opened by running it again; the hash in its manifest
says whether the numbers are the recorded ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abm.errors import BadInput
from abm.scenarios import load
from experiments.folders import MANIFEST, read_manifest
from experiments.results import FORMAT
from viz.plan import LONGEST, Plan, whole

DEEPEST = 3  # folders below the one that is searched
MOST_RUNS = 500


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run on disk: its folder, relative to the one searched, and what it is."""

    name: str
    folder: Path
    words: str


def find_runs(root: Path) -> list[Recorded]:
    """Finished runs below a folder, by name; empty if there is no such folder."""
    found = []
    for folder in _folders(root, DEEPEST):
        try:
            manifest = read_manifest(folder, FORMAT)
            title, seed, months = manifest["scenario"]["title"], manifest["seed"], manifest["months"]
        except (BadInput, KeyError, TypeError):
            continue
        name = str(folder.relative_to(root))
        found.append(Recorded(name, folder, f"{name}: {title}, seed {seed}, {months} months"))
        if len(found) == MOST_RUNS:
            break
    return sorted(found, key=lambda run: run.name)


def plan_of(folder: Path) -> Plan:
    """The plan that repeats a run on disk.

    Raises
    ------
    BadInput
        If the folder holds no finished run, or one that this page cannot repeat.
    """
    manifest = read_manifest(folder, FORMAT)
    try:
        text = str(manifest["scenario"]["text"])
        name = str(manifest["scenario"]["name"])
        changed = dict(manifest["parameters_changed"])
        seed = manifest["seed"]
        months = whole(manifest["months"], "months of the recorded run", 1, LONGEST)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"the manifest of {folder} is not complete") from None
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "recorded.toml"
        file.write_text(text, encoding="utf-8")
        base = load(file).model_copy(update={"name": name})
    plan = Plan(base, seed=seed, months=months)
    for parameter, value in changed.items():
        plan = plan.with_parameter(parameter, value, 0)
    return plan


def is_repeated(folder: Path, plan: Plan) -> bool:
    """Whether running the plan of a folder again gives the numbers recorded there."""
    recorded: Any = read_manifest(folder, FORMAT).get("result_hash")
    economy = plan.open()
    economy.run(plan.months)
    return economy.result_hash() == recorded


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
