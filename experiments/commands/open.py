"""`invisible-debt open`: what a folder of results holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from experiments.commands.options import Json

if TYPE_CHECKING:
    from experiments.store import Results

MOST_FAILURES = 5  # told on screen; the table `failures` has all of them


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep's results.")],
    as_json: Json = False,
) -> None:
    """Show what a folder of results holds.

    The study, how far it is, the range of every outcome, the tables, and how to read them.
    """
    from experiments.store import read

    results = read(folder)
    told = overview(results)
    if as_json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    study, manifest = results.study, results.manifest
    console.print(f"[bold]{study.title or study.name}[/]", soft_wrap=True)
    if study.question:
        console.print(" ".join(study.question.split()))
    console.print(
        f"\n{told['runs_done']} of {manifest['runs']} runs at {manifest['points']} points"
        f" (design {study.design.method}, {study.replicates} seed{'s' if study.replicates > 1 else ''} a point),"
        f" {told['failed']} failed",
        soft_wrap=True,
    )
    if told["runs_done"] < manifest["runs"]:
        console.print("Unfinished: the same `invisible-debt sweep` goes on with it.")
    table = Table("factor", "values", "unit", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name, factor in told["factors"].items():
        table.add_row(name, factor["values"], factor["unit"])
    if told["factors"]:
        console.print(table)
        print()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("outcome")
    for heading in ("mean", "sd", "least", "median", "most", "missing"):
        table.add_column(heading, justify="right")
    for name, numbers in told["outcomes"].items():
        cells = [f"{numbers[k]:.4g}" if numbers[k] is not None else "–" for k in ("mean", "sd", "min", "median", "max")]
        table.add_row(name, *cells, str(numbers["missing"] or ""))
    console.print(table)
    for failure in results.failures.head(MOST_FAILURES).itertuples():
        console.print(f"run {failure.run} failed: {failure.error}: {failure.message}", markup=False, soft_wrap=True)
    print()
    table = Table("table", "rows", "columns", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name, found in told["tables"].items():
        table.add_row(f"{name}/", f"{found['rows']}", ", ".join(found["columns"]))
    console.print(table)
    console.print(
        f"""
One run again:  invisible-debt replay {folder} 0
Report:         invisible-debt report {folder}
pandas:         pd.read_parquet("{folder}/runs").merge(pd.read_parquet("{folder}/points.parquet"), on="point")
Polars:         pl.scan_parquet("{folder}/runs/*.parquet")
DuckDB:         SELECT * FROM '{folder}/runs/*.parquet' JOIN '{folder}/points.parquet' USING (point)""",
        markup=False,
        soft_wrap=True,
    )


def overview(results: Results) -> dict[str, Any]:
    """What `open` tells, as plain data.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict
        manifest, runs_done, failed, factors, outcomes (mean, sd, min, median, max, missing) and tables.
    """
    runs = results.runs
    outcomes: dict[str, dict[str, float | int | None]] = {}
    for name in results.study.measured:
        column = runs[name]
        there = column.dropna()
        numbers = {
            "mean": there.mean(), "sd": there.std(), "min": there.min(), "median": there.median(), "max": there.max(),
        }  # fmt: skip
        outcomes[name] = {key: float(v) if v == v else None for key, v in numbers.items()}
        outcomes[name]["missing"] = int(column.isna().sum())
    factors = {}
    for factor in results.study.resolved:
        if factor.values is None:
            kinds = (", in logs" if factor.log else "") + (", whole numbers" if factor.whole else "")
            told = f"{factor.low:g} to {factor.high:g}{kinds}"
        else:
            told = ", ".join(f"{v:g}" if isinstance(v, float) else v for v in factor.values)
        factors[factor.name] = {"values": told, "unit": factor.unit}
    tables = {}
    for name in results.recipe.schemas():
        rows = results.table(name)
        tables[name] = {"rows": rows.num_rows, "columns": rows.column_names}
    return {
        "manifest": results.manifest,
        "runs_done": len(runs),
        "failed": int(runs["failed"].sum()),
        "factors": factors,
        "outcomes": outcomes,
        "tables": tables,
    }
