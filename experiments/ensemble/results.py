"""An ensemble as a folder: tidy Parquet tables, a figure and a manifest; the same worlds give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from abm.engine.compiled import source_hash
from abm.engine.tables import LENDER_NAMES
from experiments.columns import plain, schema_of
from experiments.ensemble.figure import draw
from experiments.ensemble.findings import POINTS, by_class, by_holder, month_name, points, quantities
from experiments.ensemble.stories import read as read_worlds
from experiments.ensemble.told import Findings
from experiments.ensemble.worlds import SCHEMAS, Made, Question
from experiments.folders import MANIFEST
from experiments.origin import described
from experiments.results import recipe_of

FORMAT = "invisible-debt ensemble 1"
FIGURE = "figure.png"
TABLES = ("worlds", "firms", "bands", "stories")
FILES = frozenset({*(f"{name}.parquet" for name in TABLES), FIGURE, MANIFEST})
WORLD = schema_of("seed | i | - | of the world and its luck").field(0)
WORLDS = """
story | i | - | number of the story it belongs to, from 1
borrowers | i | firms | labs, hyperscalers, clouds and project companies that fail
first | i | month | months from the opening to the first of their failures; missing if none fails
flagship | i | month | months from the opening to the failure of the flagship lab; missing if it does not fail
ai_revenue | f | bn USD | spent on AI services in the last twelve months
spot_price | f | USD/H100e-h | rental price at the end
sentiment | f | ratio | lowest sentiment of investors
ai_debt | f | bn USD | borrowed for AI infrastructure, at the end
lost | f | bn USD | credit losses of lenders in the run
"""
BANDS = f"""
month | i | month | months since the opening
quantity | s | - | column of the aggregate series, or lost and failed: so far
unit | s | - | of the points
meaning | s | - | of the quantity
{"".join(f"p{p} | f | see unit | {p} % point over the worlds, of this month{chr(10)}" for p in POINTS).strip()}
"""
STORIES = """
story | i | - | number, that of most worlds first
name | s | - | in a few words
worlds | i | - | that belong to it
share | f | share | of all worlds
low | f | share | lower end of its 95 % interval
high | f | share | upper end of its 95 % interval
seed | i | - | of the world told, the most typical one
borrowers | f | firms | borrowers that fail, the median of its worlds
lost | f | bn USD | credit losses of lenders in the run, the median of its worlds
ai_revenue | f | bn USD | spent on AI services in the last twelve months, the median of its worlds
spot_price | f | USD/H100e-h | rental price at the end, the median of its worlds
"""


def recipe(question: Question, opening: Any) -> dict[str, Any]:
    """What decides what an ensemble is, as its manifest says it."""
    told = recipe_of(
        opening, scenario=question.scenario, changed=question.changed, seed=question.first_seed, months=question.months,
        world=None,
    )  # fmt: skip
    del told["world"]  # there is one for each seed
    return {**told, "worlds": question.seeds, "central": question.central}


def write(made: Made, found: Findings, folder: Path, *, title: str) -> dict[str, Any]:
    """Write the files of an ensemble.

    Parameters
    ----------
    made : Made
    found : Findings
        Of it.
    folder : Path
        An empty folder, best that of `experiments.results.run_folder`.
    title : str
        Heading of the figure.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    for name, table in ensemble_tables(made, found).items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    draw(made, found, folder / FIGURE, title=title)
    question, scenario = made.question, made.question.scenario
    manifest = {
        "format": FORMAT,
        **recipe(question, made.tables),
        "opening": described(made.tables),
        "scenario": {"name": scenario.name, "title": scenario.title, "text": scenario.toml()},
        "last_month": month_name(question.months, made),
        "errors": list(made.failures),
        "digest": made.digest,
        "source_hash": source_hash(),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def ensemble_tables(made: Made, found: Findings) -> dict[str, pa.Table]:
    """The tables by file name; every column carries its unit and meaning."""
    return {
        "worlds": _worlds(made, found),
        "firms": _firms(made),
        "bands": _bands(made),
        "stories": _stories(found),
    }


def _seeds(rows: Any) -> pa.Array:
    return plain(np.array(rows, np.int64), pa.int64())


SEED = WORLD.with_type(pa.int64())


def _worlds(made: Made, found: Findings) -> pa.Table:
    w = read_worlds(made)
    columns = [
        plain(found.story_of + 1, pa.int32()), plain(w.borrowers, pa.int32()), _months(w.first), _months(w.fell),
        *(plain(v, pa.float64()) for v in (w.ai_revenue, w.spot_price, w.sentiment, w.ai_debt, w.lost)),
    ]  # fmt: skip
    fields = list(schema_of(WORLDS))
    lenders = by_class(made)
    there = [name for name in LENDER_NAMES if name in lenders]
    parts = {f"lost by {name}": (lenders[name], "of it by this class of lender") for name in there}
    parts |= {f"borne by {name}": (v, "of it borne by them in the end") for name, v in sorted(by_holder(made).items())}
    for name, (values, meaning) in parts.items():
        columns.append(plain(values, pa.float64()))
        fields.append(schema_of(f"{name} | f | bn USD | {meaning}").field(0))
    return pa.Table.from_arrays([_seeds(made.seeds), *columns], schema=pa.schema([SEED, *fields]))


def _months(months: Any) -> pa.Array:
    """Months with 0 as missing."""
    return pa.array(months.astype(np.int32), mask=months == 0)


def _firms(made: Made) -> pa.Table:
    schema = pa.schema([SEED, *SCHEMAS["firms"]])
    rows = [{"seed": made.seeds[row["world"]], **row} for row in made.firms]
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema=schema)


def _bands(made: Made) -> pa.Table:
    schema = schema_of(BANDS)
    rows = []
    for quantity in quantities(made):
        for month, values in enumerate(points(quantity.values).T.tolist(), 1):
            rows.append((month, quantity.name, quantity.unit, quantity.meaning, *values))
    return _of_rows(rows, schema)


def _stories(found: Findings) -> pa.Table:
    schema = schema_of(STORIES)
    rows = [
        (number, s.name, s.worlds, *s.share, s.seed, *(s.median[name] for name in schema.names[-4:]))
        for number, s in enumerate(found.stories, 1)
    ]
    return _of_rows(rows, schema.set(schema.get_field_index("seed"), schema.field("seed").with_type(pa.int64())))


def _of_rows(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
