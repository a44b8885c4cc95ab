"""A finished run as a folder: tidy Parquet tables, a figure and a manifest.

Every column carries its unit and meaning in the Parquet metadata of its field. The same run gives the same
bytes, so two folders can be compared file by file.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from abm.accounts import statement
from abm.engine import tables
from abm.engine.compiled import source_hash
from abm.engine.tables import Column
from abm.errors import BadInput
from abm.inputs import parameters as registry
from abm.inputs.dates import month_end
from abm.inputs.scenarios import Scenario
from experiments.columns import column_of, field_of, names_of, plain
from experiments.figure import draw
from experiments.folders import MANIFEST, new_folder, read_manifest, same_recipe
from experiments.origin import described

if TYPE_CHECKING:
    from abm.calibration import Opening
    from abm.calibration.worlds import World
    from abm.simulation import Economy

FORMAT = "invisible-debt run 1"
FIGURE = "figure.png"
TABLES = ("aggregates", "firms", "contracts", "loans", "defaults", "events", "flows")
FILES = frozenset({*(f"{name}.parquet" for name in TABLES), FIGURE, MANIFEST})
PACKAGES = ("invisible-debt", "numpy", "numba", "llvmlite", "pyarrow", "matplotlib")


def run_folder(
    out: Path, recipe: Mapping[str, Any] | None = None, format_name: str = FORMAT, files: frozenset[str] = FILES
) -> AbstractContextManager[Path]:
    """A folder to write a run into, which becomes `out` when the block ends well: see `new_folder`.

    Entering it before the run starts makes sure that the disk lets us.

    Parameters
    ----------
    out : Path
        The folder.
    recipe : mapping, optional
        What `recipe_of` says of the run; a finished run at `out` is replaced if it has the same, never without it.
    format_name : str
        What its manifest says under `format`.
    files : frozenset of str
        Names of its files.

    Raises
    ------
    BadInput
        If `out` holds something that is not such a run, or cannot be written; nothing is left behind then.
    """
    return new_folder(out, lambda there: _check_replaceable(there, recipe, format_name, files))


def recipe_of(
    opening: Opening,
    *,
    scenario: Scenario,
    changed: Mapping[str, float],
    seed: int,
    months: int,
    world: World | None,
) -> dict[str, Any]:
    """What decides what a run is, as `describe` writes it: of an opening of the user's own, its tables too.

    Parameters
    ----------
    opening : Opening
        The central tables, or those of the world.
    scenario, changed, seed, months
        See `write_run`.
    world : World or None
        In which it is run; None for the central one.
    """
    own = opening.folder is not None and world is not None and world.files is not None
    told = described(world.opening() if own and world is not None else opening)
    start = told if "folder" in told else {"name": told["name"], "date": told["date"], "folder": None}
    return {
        "scenario": {"name": scenario.name, "text": scenario.toml()},
        "opening": start,
        "parameters_changed": dict(changed),
        "seed": seed,
        "months": months,
        "world": None if world is None else world.as_dict(),
    }


def write_run(
    economy: Economy,
    folder: Path,
    *,
    scenario: Scenario,
    changed: Mapping[str, float],
    seed: int,
    months: int,
) -> dict[str, Any]:
    """Write the files of a finished run.

    Parameters
    ----------
    economy : Economy
        The economy after the run.
    folder : Path
        An empty folder, best that of `run_folder`.
    scenario : Scenario
        What was run.
    changed : mapping
        Parameters that the user changed beside those of the scenario.
    seed, months : int
        Seed and length of the run.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    for name, table in run_tables(economy).items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    draw(economy, folder / FIGURE, title=f"{scenario.title} (seed {seed})")
    manifest = describe(economy, scenario=scenario, changed=changed, seed=seed, months=months)
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def _check_replaceable(
    folder: Path, recipe: Mapping[str, Any] | None, format_name: str, files: frozenset[str]
) -> None:
    """Make sure that a folder is a finished run of this recipe with nothing added, which a new run may replace."""
    try:
        read_manifest(folder, format_name)
    except BadInput:
        raise BadInput(f"{folder} holds something that is not a finished run; give another --out") from None
    others = sorted({path.name for path in folder.iterdir()} - files)
    if others:
        raise BadInput(f"{folder} holds a file that is not of the run ('{others[0]}'); give another --out")
    if recipe is None:
        raise BadInput(f"{folder} holds a finished run; give another --out")
    same_recipe(folder, format_name, recipe)


def describe(
    economy: Economy, *, scenario: Scenario, changed: Mapping[str, float], seed: int, months: int
) -> dict[str, Any]:
    """The manifest of a run: all that is needed to repeat it and to know that the repetition is equal."""
    values = economy.state.base_values.tolist()
    return {
        "format": FORMAT,
        "opening": described(economy.opening),
        "scenario": {"name": scenario.name, "title": scenario.title, "text": scenario.toml()},
        "seed": seed,
        "months": months,
        "world": None if economy.world is None else economy.world.as_dict(),
        "last_month": economy.label,
        "parameters_changed": dict(changed),
        "parameters": {p.name: value for p, value in zip(registry.PARAMETERS, values, strict=True)},
        "result_hash": economy.result_hash(),
        "source_hash": source_hash(),
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def run_tables(economy: Economy) -> dict[str, pa.Table]:
    """The tables of a run, by file name, with readable names in place of rows and codes.

    Their metadata name the opening (`opening_name`, `opening_date`, `opening_hash`), from which months count.
    """
    made = {
        "aggregates": _table(economy, economy.rows("series"), "series"),
        "firms": _firm_months(economy),
        "contracts": _table(economy, _used(economy.rows("contracts")), "contracts"),
        "loans": _table(economy, _used(economy.rows("loans")), "loans"),
        "defaults": _defaults(economy),
        "events": _table(economy, economy.rows("events"), "events"),
        "flows": _flows(economy),
    }
    told = {f"opening_{key}": value for key, value in described(economy.opening).items()}
    return {name: table.replace_schema_metadata(told) for name, table in made.items()}


def _used(rows: np.recarray) -> np.recarray:
    return rows[rows["status"] != tables.FREE]


def _dates(months: np.ndarray, opening: datetime.date) -> pa.Array:
    """Last days of months."""
    known, at = np.unique(months, return_inverse=True)
    days = np.array([month_end(month, opening) for month in known.tolist()], "datetime64[D]").astype(np.int32)
    return pa.Array.from_buffers(pa.date32(), len(months), [None, pa.py_buffer(days[at])])


DATE = field_of(Column("date", "", "date", "last day of the month"), pa.date32())


def _table(economy: Economy, rows: np.ndarray, name: str) -> pa.Table:
    """A table of records as an Arrow table; tables with a month get the calendar date beside it."""
    arrays, fields = [], []
    for column in tables.TABLES[name]:
        if column.name == "month":
            column = column._replace(meaning=f"months since {economy.opening.date}")
        array, field = column_of(rows, column, name, economy.names)
        arrays.append(array)
        fields.append(field)
        if column.name == "month":
            arrays.append(_dates(rows["month"], economy.opening.date))
            fields.append(DATE)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _firm_months(economy: Economy) -> pa.Table:
    """One row a firm and a month it exists in."""
    panel = economy.panel()
    at, who = np.nonzero(panel["status"] != tables.ABSENT)
    months = economy.rows("series")["month"][at]
    arrays = [plain(months, pa.int32()), _dates(months, economy.opening.date), names_of(who, economy.names)]
    month = Column("month", "", "month", f"months since {economy.opening.date}")
    firm = Column("firm", "", "firm", "who")
    fields = [field_of(month, pa.int32()), DATE, field_of(firm, pa.string())]
    rows = panel[at, who]
    for column in tables.TABLES["panel"]:
        array, field = column_of(rows, column, "firms", economy.names)
        arrays.append(array)
        fields.append(field)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _flows(economy: Economy) -> pa.Table:
    """The transaction-flow matrix: one row a month, kind of flow, paying and receiving sector with money moved."""
    flows = economy.flows()
    at, flow, payer, payee = np.nonzero(flows)
    months = economy.rows("series")["month"][at]
    arrays = [plain(months, pa.int32()), _dates(months, economy.opening.date), names_of(flow, tables.FLOW_NAMES)]
    arrays += [names_of(payer, tables.KIND_NAMES), names_of(payee, tables.KIND_NAMES)]
    arrays.append(plain(flows[at, flow, payer, payee], pa.float64()))
    fields = [field_of(Column("month", "", "month", f"months since {economy.opening.date}"), pa.int32()), DATE]
    for name, meaning in (("flow", "what for"), ("payer", "sector that pays"), ("payee", "sector that is paid")):
        fields.append(field_of(Column(name, "", "kind", meaning), pa.string()))
    fields.append(field_of(Column("amount", "", "bn/month", "paid in the month"), pa.float64()))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


CAUSE = pa.struct([("parent", pa.string()), ("channel", pa.string()), ("weight", pa.float64())])


def _defaults(economy: Economy) -> pa.Table:
    """One row a default; `causes` lists who else explains it, through which channel and how much of it."""
    told = _table(economy, economy.rows("defaults"), "defaults")
    found = list(statement.defaults(economy))
    causes = [cause for d in found for cause in d.causes]
    rows = {name: row for row, name in enumerate(economy.names)}
    parents = names_of(np.array([rows[c.parent] if c.parent else -1 for c in causes], np.int64), economy.names)
    channels = np.array([tables.CHANNEL_NAMES.index(c.channel) for c in causes], np.int64)
    weights = plain(np.array([c.weight for c in causes]), pa.float64())
    listed = pa.StructArray.from_arrays(
        [parents, names_of(channels, tables.CHANNEL_NAMES), weights], fields=list(CAUSE)
    )
    ends = plain(np.cumsum([0, *(len(d.causes) for d in found)]), pa.int32())
    meaning = "earlier failures or stress that explain it (parent null: the market), with their weights"
    field = field_of(Column("causes", "", "share", meaning), pa.list_(CAUSE))
    return told.append_column(field, pa.ListArray.from_arrays(ends, listed))
