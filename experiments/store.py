"""The results of a study as a folder: registered before it is run, written in whole shards, resumed after anything.

    manifest.json          versions, hashes, host, times
    study.toml, files/     the study as it was given, and the files it names
    points.parquet         every point, written before the first run
    parts/0000017.arrow    a finished batch, until its shard is complete
    runs/00000.parquet     shards of the tables: runs, series, firms, defaults, events, failures

Batches and shards hold fixed runs, so their bytes depend neither on who made them nor on the order. A shard
of `runs` is written last and marks its shard as finished.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from abm.errors import BadInput
from abm.inputs.toml_lines import parse_toml, read_text
from experiments.designs import points as make_points
from experiments.execution import PACKAGES, Batch, Recipe, Run, code_hash
from experiments.files import absolute, new_files
from experiments.folders import MANIFEST, MOST_BYTES, new_folder, read_manifest
from experiments.origin import described
from experiments.packing import unpack
from experiments.study import ECONOMY, OPENING_COPY, Study, copy_name

FORMAT = "invisible-debt sweep 1"
STUDY, POINTS, PARTS, FILES, LOCK = "study.toml", "points.parquet", "parts", "files", ".lock"
TABLES = ("runs", "series", "firms", "defaults", "events", "failures")
MONTHS_IN_BATCH = 768  # a few seconds of work, and all that is lost when a worker dies
FUNCTION_RUNS_IN_BATCH = 256
CELLS_IN_SHARD = 4_000_000  # tens of megabytes while it is put together
BATCHES_IN_SHARD = 512


def seed_of(study: Study, point: int, replicate: int) -> int:
    """Seed of a run: the study's plus the replicate, shared by all points unless they are unpaired."""
    if study.paired:
        return study.seed + replicate
    words = np.random.SeedSequence([study.seed, point, replicate]).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(2))


class Plan:
    """Which runs a study makes, in which batches and shards; nothing of it depends on the machine.

    Attributes
    ----------
    points : pandas.DataFrame
        See `experiments.designs.points`.
    runs : int
        How many; run number = point * replicates + replicate.
    batch_runs, shard_batches : int
        Runs of a batch, batches of a shard.
    """

    def __init__(self, study: Study, recipe: Recipe) -> None:
        self.study = study
        self.points = make_points(study)
        self.runs = len(self.points) * study.replicates
        economy = study.model == ECONOMY
        size = max(1, MONTHS_IN_BATCH // study.months) if economy else FUNCTION_RUNS_IN_BATCH
        self.batch_runs = min(size, FUNCTION_RUNS_IN_BATCH)
        fitting = CELLS_IN_SHARD // (recipe.cells() * self.batch_runs)
        self.shard_batches = min(max(fitting, 1), BATCHES_IN_SHARD)
        self._factors = {factor.name: self.points[factor.name].tolist() for factor in study.resolved}

    @property
    def batches(self) -> int:
        """Number of batches."""
        return -(-self.runs // self.batch_runs)

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.batches // self.shard_batches)

    def run(self, number: int) -> Run:
        """A run by its number."""
        point, replicate = divmod(number, self.study.replicates)
        settings = {name: values[point] for name, values in self._factors.items()}
        return Run(number, point, replicate, seed_of(self.study, point, replicate), settings)

    def batch(self, number: int) -> Batch:
        """A batch by its number."""
        first = number * self.batch_runs
        return Batch(number, tuple(self.run(k) for k in range(first, min(first + self.batch_runs, self.runs))))

    def batches_of(self, shard: int) -> range:
        """Numbers of the batches of a shard."""
        first = shard * self.shard_batches
        return range(first, min(first + self.shard_batches, self.batches))


def describe(study: Study, plan: Plan) -> dict[str, Any]:
    """The manifest of a sweep that has not begun."""
    return {
        "format": FORMAT,
        "state": "unfinished",
        "study": {"name": study.name, "title": study.title, "hash": study.identity()},
        "opening": described(study.opened) if study.model == ECONOMY else None,
        "central": study.central if study.model == ECONOMY else None,
        "code_hash": code_hash(),
        "points": len(plan.points),
        "replicates": study.replicates,
        "runs": plan.runs,
        "failures": 0,
        "batch_runs": plan.batch_runs,
        "shard_batches": plan.shard_batches,
        "host": {
            "platform": f"{platform.system()} {platform.machine()}",
            "processors": os.cpu_count(),
            "python": platform.python_version(),
        },
        "versions": {name: importlib.metadata.version(name) for name in ("invisible-debt", *PACKAGES)},
        "sessions": [],
        "result_hash": None,
    }


def now() -> str:
    """The time, to the second, in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


class Store:
    """A results folder open for writing; made by `open_store`, which holds its lock.

    Attributes
    ----------
    folder : Path
    plan : Plan
    recipe : Recipe
    manifest : dict
    """

    def __init__(self, folder: Path, plan: Plan, recipe: Recipe, manifest: dict[str, Any]) -> None:
        self.folder, self.plan, self.recipe, self.manifest = folder, plan, recipe, manifest
        self.schemas = recipe.schemas()
        self.done: set[int] = set()  # batches of unfinished shards
        self.whole: set[int] = set()  # finished shards
        self.runs_done = self.failures = 0
        self._survey()

    # --- what is there ------------------------------------------------------------------------------------
    def _survey(self) -> None:
        """Find what is finished, and clear away what a killed writer left."""
        for leftover in [*self.folder.glob(".*.partial"), *self.folder.glob("*/.*.partial")]:
            leftover.unlink(missing_ok=True)
        for shard in range(self.plan.shards):
            if self._shard("runs", shard).exists():
                self.whole.add(shard)
                self.failures += pq.read_metadata(self._shard("failures", shard)).num_rows
                self.runs_done += pq.read_metadata(self._shard("runs", shard)).num_rows
                for batch in self.plan.batches_of(shard):
                    self._part(batch).unlink(missing_ok=True)
        for path in sorted((self.folder / PARTS).glob("*.arrow")):
            try:
                tables = unpack(path.read_bytes())
            except (pa.ArrowInvalid, OSError, KeyError):
                path.unlink()  # cut short by a crash of the machine
                continue
            self.done.add(int(path.stem))
            self.failures += tables["failures"].num_rows
            self.runs_done += tables["runs"].num_rows
        for shard in range(self.plan.shards):
            self._close_shard(shard)

    def _part(self, batch: int) -> Path:
        return self.folder / PARTS / f"{batch:07d}.arrow"

    def _shard(self, table: str, shard: int) -> Path:
        return self.folder / table / f"{shard:05d}.parquet"

    def missing(self) -> Iterator[Batch]:
        """The batches still to be made, in order; what is added meanwhile does not change the list."""
        shards = [shard for shard in range(self.plan.shards) if shard not in self.whole]
        numbers = [n for shard in shards for n in self.plan.batches_of(shard) if n not in self.done]
        return (self.plan.batch(number) for number in numbers)

    @property
    def finished(self) -> bool:
        """Whether every run is there."""
        return len(self.whole) == self.plan.shards

    # --- writing ------------------------------------------------------------------------------------------
    def add(self, batch: int, content: bytes) -> None:
        """Keep a finished batch, given as `experiments.packing.pack` made it.

        Raises
        ------
        BadInput
            If the disk does not let us write; what was there before stays.
        """
        with new_files([self._part(batch)]) as (stage,):
            stage.write_bytes(content)
            _sync(stage)
        tables = unpack(content)
        self.done.add(batch)
        self.failures += tables["failures"].num_rows
        self.runs_done += tables["runs"].num_rows
        self._close_shard(batch // self.plan.shard_batches)

    def _close_shard(self, shard: int) -> None:
        """Turn the parts of a shard into Parquet if all of them are there."""
        batches = self.plan.batches_of(shard)
        if shard in self.whole or not all(batch in self.done for batch in batches):
            return
        parts = [unpack(self._part(batch).read_bytes()) for batch in batches]
        for name in reversed(self.schemas):  # `runs` is first of the schemas and last to be written
            table = pa.concat_tables([part[name] for part in parts]).combine_chunks()
            with new_files([self._shard(name, shard)]) as (stage,):
                pq.write_table(table, stage, compression="zstd")
                _sync(stage)
        self.whole.add(shard)
        for batch in batches:
            self._part(batch).unlink()
            self.done.discard(batch)

    def close(self, session: Mapping[str, Any]) -> None:
        """Write into the manifest what this session did and, if nothing is missing, the hash of all results.

        Raises
        ------
        BadInput
            If the disk does not let us write.
        """
        self.manifest["sessions"].append(dict(session))
        self.manifest["failures"] = self.failures
        if self.finished:
            self.manifest["state"] = "finished"
            self.manifest["result_hash"] = result_hash(self.folder)
            with suppress(OSError):
                (self.folder / PARTS).rmdir()
        write_manifest(self.folder, self.manifest)


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Replace the manifest of a folder, whole or not at all."""
    with new_files([folder / MANIFEST]) as (stage,):
        stage.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        _sync(stage)


def result_hash(folder: Path) -> str:
    """SHA-256 of the bytes of all results: points and shards, by name."""
    digest = hashlib.sha256()
    for path in [folder / POINTS, *(p for t in TABLES for p in sorted((folder / t).glob("*.parquet")))]:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _sync(path: Path) -> None:
    """Make sure that a file is on the disk before it takes its name."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


# --- opening --------------------------------------------------------------------------------------------
@contextmanager
def open_store(study: Study, out: Path) -> Iterator[Store]:
    """Open the folder of a study's results for writing, new or begun before, and hold its lock.

    Parameters
    ----------
    study : Study
    out : Path
        The folder; made if it is not there.

    Yields
    ------
    Store

    Raises
    ------
    BadInput
        If the folder holds something else, results of another study or of other code, is being written by another
        process, or the disk does not let us write.
    """
    recipe = Recipe.of(study)
    plan = Plan(study, recipe)
    fresh = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if fresh:
        with new_folder(out, lambda _: None) as stage:
            _register(stage, study, plan, recipe)
    elif not out.is_dir():
        raise BadInput(f"{out} exists and is not a folder; give another one with --out")
    manifest = _same(out, study)
    try:
        with _locked(out):
            yield Store(out, plan, recipe, manifest)
    except OSError as error:
        raise BadInput(f"cannot write to {out}: {error.strerror or error}") from error


def keep_text(study: Study, out: Path) -> None:
    """Let a folder of results have the study's present words: title, question, claims and report may have changed."""
    path = out / STUDY
    if path.exists() and path.read_text(encoding="utf-8") != study.text():
        with suppress(BadInput), new_files([path]) as (stage,):  # a folder that cannot be written keeps the old words
            stage.write_text(study.text(), encoding="utf-8")


def finished_already(study: Study, out: Path) -> bool:
    """Whether a folder holds all results of this study, made by this code; nothing is written to find out.

    Raises
    ------
    BadInput
        If it holds results of another study or of other code.
    """
    return (out / MANIFEST).exists() and bool(_same(out, study)["state"] == "finished")


def _register(stage: Path, study: Study, plan: Plan, recipe: Recipe) -> None:
    """Write down the study and all its points, before any run."""
    (stage / STUDY).write_text(study.text(), encoding="utf-8")
    for k, (given, file) in enumerate(study.files().items()):
        (stage / FILES).mkdir(exist_ok=True)
        shutil.copyfile(file, stage / FILES / copy_name(k, given))
    if study.model == ECONOMY and study.opening_folder is not None:
        (stage / FILES / OPENING_COPY).mkdir(parents=True)
        for file in sorted(study.opening_folder.iterdir()):
            if file.suffix in (".csv", ".toml"):
                shutil.copyfile(file, stage / FILES / OPENING_COPY / file.name)
    points = pa.Table.from_pandas(plan.points.reset_index(), preserve_index=False).replace_schema_metadata()
    pq.write_table(points, stage / POINTS, compression="zstd")
    for table in (PARTS, *recipe.schemas()):
        (stage / table).mkdir()
    write_manifest(stage, describe(study, plan))


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a results folder."""
    absolute(folder)
    try:
        manifest = read_manifest(folder, FORMAT)
    except BadInput:
        raise BadInput(f"{folder} holds no results of a sweep") from None
    if not (isinstance(manifest.get("study"), dict) and manifest["study"].keys() >= {"name", "title", "hash"}):
        raise BadInput(f"the manifest of {folder} is not complete")
    if missing := {"state", "code_hash", "points", "runs", "shard_batches", "sessions"} - manifest.keys():
        raise BadInput(f"the manifest of {folder} is not complete: it lacks '{min(missing)}'")
    return manifest


def _same(out: Path, study: Study) -> dict[str, Any]:
    """The manifest of a folder, if it holds results of this study made by this code."""
    try:
        manifest = _manifest(out)
    except BadInput as error:
        raise BadInput(f"{error}; give another --out") from None
    if manifest["study"]["hash"] != study.identity():
        title = manifest["study"]["title"] or manifest["study"]["name"]
        raise BadInput(f"{out} holds results of another study ('{title}', or an earlier version); give another --out")
    if manifest["code_hash"] != code_hash():
        raise BadInput(
            f"{out} holds results of another version of the program (code {manifest['code_hash']}, this is"
            f" {code_hash()}); give another --out"
        )
    return manifest


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system releases however the process ends."""
    with (folder / LOCK).open("ab") as file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BadInput(f"another process is writing to {folder}") from None
        yield


# --- reading --------------------------------------------------------------------------------------------
class Results:
    """What a results folder holds, finished or not, as pandas tables.

    Attributes
    ----------
    folder : Path
    manifest : dict
    study : Study
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = _manifest(folder)
        text = read_text(folder / STUDY, "study", MOST_BYTES)
        try:
            self.study = Study.model_validate({**parse_toml(text), "name": self.manifest["study"]["name"]})
        except (BadInput, ValidationError):
            raise BadInput(f"{folder / STUDY} is no longer the study that was run") from None
        self.study.set_source(folder / FILES, text, copied=True)

    @cached_property
    def recipe(self) -> Recipe:
        """What all runs share."""
        return Recipe.of(self.study)

    @cached_property
    def plan(self) -> Plan:
        """Which runs there are."""
        return Plan(self.study, self.recipe)

    def table(self, name: str) -> pa.Table:
        """A table by its name, sorted by run; of an unfinished sweep what is there.

        Raises
        ------
        BadInput
            If the study does not record it.
        """
        schemas = self.recipe.schemas()
        if name not in schemas:
            raise BadInput(f"the study records no '{name}' (it has {', '.join(schemas)}): see [record]")
        found = {path.stem: path for path in (self.folder / name).glob("*.parquet")}
        whole = {path.stem for path in (self.folder / "runs").glob("*.parquet")}
        parts = [pq.read_table(found[stem]) for stem in sorted(whole)]
        for path in sorted((self.folder / PARTS).glob("*.arrow")):
            with suppress(FileNotFoundError, pa.ArrowInvalid):  # it went into a shard meanwhile
                if f"{int(path.stem) // self.manifest['shard_batches']:05d}" not in whole:
                    parts.append(unpack(path.read_bytes())[name])
        return pa.concat_tables(parts) if parts else schemas[name].empty_table()

    def rows_of(self, name: str, run: int) -> pa.Table:
        """The rows of one run in a table, read from its shard alone if that is finished."""
        shard = self.folder / name / f"{run // (self.plan.batch_runs * self.plan.shard_batches):05d}.parquet"
        table = pq.read_table(shard) if shard.exists() else self.table(name)
        return table.filter(pc.equal(table["run"], run))

    @cached_property
    def points(self) -> pd.DataFrame:
        """Every point: index `point`, column `design_row`, one column a factor."""
        return pq.read_table(self.folder / POINTS).to_pandas().set_index("point")

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Index `run`; point, replicate, seed, failed, the outcomes, result_hash."""
        return self.table("runs").to_pandas().set_index("run").sort_index()

    @cached_property
    def series(self) -> pd.DataFrame:
        """Aggregates by run and month."""
        return self.table("series").to_pandas()

    @cached_property
    def firms(self) -> pd.DataFrame:
        """Firms by run and month."""
        return self.table("firms").to_pandas()

    @cached_property
    def defaults(self) -> pd.DataFrame:
        """Defaults by run."""
        return self.table("defaults").to_pandas()

    @cached_property
    def events(self) -> pd.DataFrame:
        """Events by run."""
        return self.table("events").to_pandas()

    @cached_property
    def failures(self) -> pd.DataFrame:
        """Runs that ended in an error."""
        return self.table("failures").to_pandas()

    def outcomes(self) -> pd.DataFrame:
        """The runs with the factors of their points beside the outcomes."""
        return self.runs.join(self.points, on="point")


def read(folder: str | Path) -> Results:
    """Results of a study, finished or not.

    Raises
    ------
    BadInput
        If the folder holds none.

    Examples
    --------
    ``read("results/lender_capital").outcomes().groupby("lender_capital")["losses"].mean()``
    """
    return Results(Path(folder))
