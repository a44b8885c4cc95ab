"""Worlds of one scenario, run side by side, and what is kept of each: a few arrays, from which all else is made."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm.accounts import statement
from abm.calibration.opening import opening_tables
from abm.engine import tables
from abm.errors import InvisibleDebtError
from abm.inputs.parameters import BY_NAME
from abm.inputs.scenarios import Scenario
from abm.simulation import Economy, open_economy
from experiments.columns import field_of, plain, schema_of, type_of
from experiments.execution import Run, Value
from experiments.gather import failure_sentences, gather
from experiments.runner import How
from experiments.summary import failure_sentence

if TYPE_CHECKING:
    from abm.calibration import Opening

Floats = NDArray[np.float64]

# Columns of the aggregate series that are kept of every month.
SERIES = (
    "ai_revenue", "capex", "ai_debt", "look_through", "look_through_flagship", "spot_price", "sentiment",
    "lender_losses",
)  # fmt: skip
_SERIES = [column for name in SERIES for column in tables.SERIES_COLUMNS if column.name == name]
SCHEMAS: Mapping[str, pa.Schema] = {
    "months": pa.schema([
        *schema_of("month | i | month | months since the opening"),
        *(field_of(column, type_of(column, "series")) for column in _SERIES),
    ]),
    # A failure is a default other than a deferral: the firm is wound up, protected by a court, or its lenders get less.
    "firms": schema_of("""
firm | s | name | a firm that defaulted, in whichever way
kind | s | kind | of firm
failed | i | month | months from the opening to its first failure: a default other than a deferral; missing if none
way | s | - | way of that first failure; missing if none
wound_up | i | month | months from the opening to its liquidation; missing if none
put_off | i | month | months from the opening to its first deferral; missing if none
debt | f | bn USD | principal in default in its first failure, or put off in its first deferral if it did not fail
lost | f | bn USD | lost in the whole run by those who had lent to it
"""),
    "told": schema_of("""
month | i | month | months since the opening
firm | s | name | who defaulted
way | s | - | in which way
text | s | - | the same in a sentence, with amounts and causes
"""),
    "losses": schema_of("""
class | s | kind | of lender
capital | f | bn USD | net worth of the class at the opening
within | f | bn USD | credit losses in the run, of each lender up to its net worth at the opening
beyond | f | bn USD | credit losses in the run beyond that
"""),
}  # fmt: skip


class Question(NamedTuple):
    """What is run: a scenario from an opening, in the worlds of so many seeds.

    `opening` is the name of one of the model's or a folder; `central` says that parameters and opening are the central
    ones, so that luck alone differs by seed.
    """

    scenario: Scenario
    opening: str
    changed: Mapping[str, float]
    months: int
    first_seed: int
    seeds: int
    central: bool = False


class Made(NamedTuple):
    """All worlds that ended well, in the order of their seeds.

    Attributes
    ----------
    question : Question
    tables : Opening
        The central opening.
    seeds : tuple of int
    months : dict of str to array, shape (worlds, months)
        By name of `SERIES`.
    firms, told, losses : list of dict
        Rows of `SCHEMAS`, with `world`, the place of the seed in `seeds`.
    failures : tuple of str
        A sentence for each world whose run ended in an error.
    digest : str
        SHA-256 of all of this.
    """

    question: Question
    tables: Opening
    seeds: tuple[int, ...]
    months: dict[str, Floats]
    firms: list[dict[str, Any]]
    told: list[dict[str, Any]]
    losses: list[dict[str, Any]]
    failures: tuple[str, ...]
    digest: str


@functools.lru_cache(maxsize=8)
def _scenario(text: str) -> Scenario:
    return Scenario.model_validate_json(text)


def open_world(settings: Mapping[str, Value], seed: int) -> Economy:
    """The economy of a world at its opening (`abm.simulation.open_economy`).

    Parameters
    ----------
    settings : mapping
        `opening`, its name or folder; `scenario` (JSON); `central`; and parameters that are set.
    seed : int
        Of the world and of its luck.
    """
    changed = {name: float(value) for name, value in settings.items() if name in BY_NAME}
    return open_economy(
        _scenario(str(settings["scenario"])), parameters=changed, seed=seed, opening=str(settings["opening"]),
        central=bool(settings["central"]),
    )  # fmt: skip


def settings_of(question: Question) -> dict[str, Value]:
    """What a worker needs to know of a question, as plain values."""
    return {
        "opening": question.opening, "scenario": question.scenario.model_dump_json(by_alias=True),
        "central": question.central, "months": question.months, **question.changed,
    }  # fmt: skip


def observe(settings: Mapping[str, Value], seed: int) -> tuple[dict[str, float], dict[str, pa.Table]]:
    """Run a world and read it: what a worker does.

    Parameters
    ----------
    settings, seed
        See `open_world`; `months` beside.

    Returns
    -------
    tuple
        `{"failures": rows of "firms"}`, and the tables of `SCHEMAS`.
    """
    economy = open_world(settings, seed)
    opened = economy.rows("firms")
    lenders = np.flatnonzero(opened["kind"] == tables.LENDER)
    capital = (opened["paid_in"] + opened["retained"])[lenders]  # a copy: the run moves the rows
    economy.run(int(settings["months"]))
    series = economy.rows("series")
    columns: dict[str, list[pa.Array]] = {
        "months": [plain(series[f.name], f.type) for f in SCHEMAS["months"]],
        "losses": _losses(economy, lenders, capital),
    }
    made = list(statement.defaults(economy))
    rows: dict[str, list[tuple[Any, ...]]] = {
        "firms": first_failures(made),
        "told": [(d.month, d.firm, d.way, failure_sentence(d, economy.opening.date)) for d in made],
    }
    for name, records in rows.items():
        listed = list(zip(*records, strict=True)) or [()] * len(SCHEMAS[name])
        columns[name] = [pa.array(c, f.type) for c, f in zip(listed, SCHEMAS[name], strict=True)]
    found = {name: pa.Table.from_arrays(columns[name], schema=schema) for name, schema in SCHEMAS.items()}
    return {"failures": float(len(rows["firms"]))}, found


def first_failures(made: list[statement.Default]) -> list[tuple[Any, ...]]:
    """Rows of `SCHEMAS["firms"]` of defaults in the order of time, in the order in which firms first default."""
    rows = []
    for firm in dict.fromkeys(d.firm for d in made):
        mine = [d for d in made if d.firm == firm]
        failed = next((d for d in mine if d.fails), None)
        put_off = next((d for d in mine if not d.fails), None)
        wound_up = next((d for d in mine if d.ends), None)
        told = failed or mine[0]
        rows.append((
            firm, told.kind, failed and failed.month, failed and failed.way, wound_up and wound_up.month,
            put_off and put_off.month, told.debt, sum(d.loss_credit for d in mine),
        ))  # fmt: skip
    return rows


def _losses(economy: Economy, lenders: np.ndarray, capital: np.ndarray) -> list[pa.Array]:
    """Rows of `SCHEMAS["losses"]`, one a class of lenders of the opening."""
    lost = economy.panel()["loss_month"][:, lenders].sum(axis=0)
    within = np.minimum(lost, np.maximum(capital, 0.0))
    kinds = economy.rows("firms")["subkind"][lenders]
    classes = np.unique(kinds)
    sums = [[float(v[kinds == k].sum()) for k in classes] for v in (capital, within, lost - within)]
    return [pa.array([tables.LENDER_NAMES[k] for k in classes.tolist()]), *(pa.array(v, pa.float64()) for v in sums)]


def make(
    question: Question,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] | None = None,
) -> Made:
    """Run all worlds; the same whoever makes them. A run that ends in an error is named and left out.

    Parameters
    ----------
    question : Question
    workers, how, progress
        See `experiments.gather.gather`.

    Raises
    ------
    InvisibleDebtError
        If no world ended well.
    """
    settings = settings_of(question)
    runs = [Run(k, 0, 0, question.first_seed + k, settings) for k in range(question.seeds)]
    found = gather(
        "experiments.ensemble.worlds:observe", runs, ["failures"], SCHEMAS, workers=workers, how=how, progress=progress
    )
    return put_together(question, found)


def put_together(question: Question, found: Mapping[str, pa.Table]) -> Made:
    """What was gathered, as arrays and rows.

    Raises
    ------
    InvisibleDebtError
        If no world ended well.
    """
    failures = failure_sentences(found)
    well = ~found["runs"]["failed"].to_numpy(zero_copy_only=False)
    if not well.any():
        raise InvisibleDebtError(f"no world ended well; the first: {failures[0]}")
    place = {run: k for k, run in enumerate(found["runs"]["run"].to_numpy()[well].tolist())}
    seeds = tuple(found["runs"]["seed"].to_numpy()[well].tolist())
    digest = hashlib.sha256(repr((seeds, failures)).encode())
    months = {}
    for name in SERIES:
        months[name] = found["months"][name].to_numpy().reshape(len(seeds), -1)
        digest.update(months[name].tobytes())
    rows = {}
    for name in ("firms", "told", "losses"):
        rows[name] = [{"world": place[row.pop("run")], **row} for row in found[name].to_pylist()]
        digest.update(repr(rows[name]).encode())
    return Made(
        question, opening_tables(question.opening), seeds, months, rows["firms"], rows["told"], rows["losses"],
        failures, digest.hexdigest(),
    )  # fmt: skip
