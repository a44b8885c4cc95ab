"""`invisible-debt open`: what a folder of results holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from experiments.commands.options import Json
from experiments.screen import Screen, counted, say, say_json
from experiments.sealed import refuse

if TYPE_CHECKING:
    from experiments.store import Results

SMALL = 256_000_000  # bytes of results up to which every one is compared without being asked


def _small(results: Results) -> bool:
    return sum(known["bytes"] for known in results.manifest["files"].values()) <= SMALL


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep's results.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every byte and say whether it is as it was written.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what the results of a sweep hold.

    The study, how far it is, the range of every outcome, the tables, and how to read them. What is read is compared
    with the hashes in the manifest, and of all else the length; with --verify every byte is, and the exit code is 1
    if one is wrong.
    """
    from experiments.reasons import reasons
    from experiments.reasons import told as told_of
    from experiments.store import read

    results = read(folder)
    if verify or _small(results):
        refuse(folder, results.faults())
    if verify:
        files = results.manifest["files"]
        if as_json:
            say_json({"folder": str(folder), "files": len(files), "damaged": []})
        else:
            size = sum(known["bytes"] for known in files.values())
            say(f"{folder}: {counted(len(files), 'file')} of {size:,} bytes, all as they were written")
        return
    told = overview(results)
    if as_json:
        say_json(told)
        return
    console = Screen()
    study, manifest = results.study, results.manifest
    say(title=" ".join((study.title or study.name).split()))
    if study.question:
        say(" ".join(study.question.split()))
    say(
        f"\n{told['runs_done']} of {counted(manifest['runs'], 'run')} at {counted(manifest['points'], 'point')}"
        f" (design {study.design.method}, {counted(study.replicates, 'seed')} a point), {told['failed']} failed"
    )
    if manifest.get("opening"):
        worlds = "central: no world is drawn" if study.central else "the seed of a run draws its world too"
        say(f"From the opening of {manifest['opening']['date']}; {worlds}.")
    if told["runs_done"] < manifest["runs"]:
        say("Unfinished: the same `invisible-debt sweep` goes on with it.")
    table = _table("factor", "values", "unit")
    for name, factor in told["factors"].items():
        table.add_row(name, factor["values"], factor["unit"])
    if told["factors"]:
        console.print(table)
        say()
    table = _table("outcome")
    for heading in ("mean", "sd", "least", "median", "most", "missing"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, numbers in told["outcomes"].items():
        cells = [f"{numbers[k]:.4g}" if numbers[k] is not None else "–" for k in ("mean", "sd", "min", "median", "max")]
        table.add_row(name, *cells, str(numbers["missing"] or ""))
    console.print(table)
    for sentence in told_of(reasons(results.failures), folder) if told["failed"] else ():
        say(sentence, hang="  ")
    say()
    table = _table("table", "rows", "columns")
    for name, found in told["tables"].items():
        table.add_row(f"{name}/", f"{found['rows']}", ", ".join(found["columns"]))
    console.print(table)
    say(
        f"""
One run again:  invisible-debt replay {folder} 0
Report:         invisible-debt report {folder}
pandas:         pd.read_parquet("{folder}/runs").merge(pd.read_parquet("{folder}/points.parquet"), on="point")
Polars:         pl.scan_parquet("{folder}/runs/*.parquet")
DuckDB:         SELECT * FROM '{folder}/runs/*.parquet' JOIN '{folder}/points.parquet' USING (point)""",
        hang="                ",
    )


def _table(*columns: str) -> Table:
    """A plain table whose cells are broken where they are long, and never cut."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


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
    for name, schema in results.recipe.schemas().items():
        tables[name] = {"rows": results.count(name), "columns": schema.names}
    return {
        "manifest": results.manifest,
        "runs_done": len(runs),
        "failed": int(runs["failed"].sum()),
        "factors": factors,
        "outcomes": outcomes,
        "tables": tables,
    }
