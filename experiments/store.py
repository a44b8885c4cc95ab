"""The results of a study as a folder: registered before it is run, written in whole shards, resumed after anything.

    manifest.json          versions, hashes of all other files, host, sessions; it carries its own hash
    study.toml, files/     the study as it was given, and the files it names
    points.parquet         every point, written before the first run
    parts/FIRST-LAST.arrow finished runs, until their shard is complete
    runs/00000.parquet     shards of the tables: runs, series, firms, defaults, events, failures

Shards hold fixed runs and their bytes depend on nothing but these: not on who made them, in which order or how many at
once. A shard is finished once the hashes of its tables stand in the manifest; parts carry their own.
"""

from __future__ import annotations

import datetime
import os
import platform
import secrets
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from abm.errors import BadInput, InvisibleDebtError
from abm.inputs.toml_lines import parse_toml
from experiments.code import PACKAGES, code_hash, versions
from experiments.designs import points as make_points
from experiments.execution import Batch, Recipe, Run
from experiments.files import absolute, new_files
from experiments.finished import FORMAT
from experiments.folders import MANIFEST, new_folder, read_manifest
from experiments.origin import described
from experiments.packing import Spoiled, pack, unpack
from experiments.screen import counted
from experiments.sealed import (
    Damaged,
    check_manifest,
    faults,
    hash_of,
    listed,
    refuse,
    seal_of,
    whole_bytes,
    write_manifest,
)
from experiments.study import ECONOMY, OPENING_COPY, Study, copy_name
from experiments.work import LOCK, PARTS, Closed, Closing, Made, Post, close_shard, part_name, shard_name, write_part

EARLIER = "invisible-debt sweep 1"
STUDY, POINTS, FILES = "study.toml", "points.parquet", "files"
CELLS_IN_SHARD = 4_000_000  # tens of megabytes while it is put together
RUNS_IN_SHARD = 131_072
RUNNING, KILLED = "running", "killed"
Tell = Callable[[str], None]


def seed_of(study: Study, point: int, replicate: int) -> int:
    """Seed of a run: the study's plus the replicate, shared by all points unless they are unpaired."""
    if study.paired:
        return study.seed + replicate
    words = np.random.SeedSequence([study.seed, point, replicate]).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(2))


class Plan:
    """Which runs a study makes, and in which shards; nothing of it depends on the machine.

    Attributes
    ----------
    points : pandas.DataFrame
        See `experiments.designs.points`.
    runs : int
        How many; run number = point * replicates + replicate.
    shard_runs : int
        Runs of a shard.
    """

    def __init__(self, study: Study, recipe: Recipe) -> None:
        self.study = study
        self.points = make_points(study)
        self.runs = len(self.points) * study.replicates
        self.shard_runs = min(max(CELLS_IN_SHARD // recipe.cells(), 1), RUNS_IN_SHARD)
        self._factors = {factor.name: self.points[factor.name].to_numpy() for factor in study.resolved}

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.runs // self.shard_runs)

    def run(self, number: int) -> Run:
        """A run by its number."""
        point, replicate = divmod(number, self.study.replicates)
        settings = {name: _plain(values[point]) for name, values in self._factors.items()}
        return Run(number, point, replicate, seed_of(self.study, point, replicate), settings)

    def runs_of(self, shard: int) -> range:
        """Numbers of the runs of a shard."""
        first = shard * self.shard_runs
        return range(first, min(first + self.shard_runs, self.runs))


def _plain(value: Any) -> float | str:
    """A factor's value as Python has it."""
    return value if isinstance(value, str) else float(value)


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
        "shard_runs": plan.shard_runs,
        "host": {
            "platform": f"{platform.system()} {platform.machine()}",
            "processors": os.cpu_count(),
            "python": platform.python_version(),
        },
        "versions": versions(("invisible-debt", *PACKAGES)),
        "sessions": [],
        "result_hash": None,
        "asked": study.asked(),
        "files": {},
    }


def now() -> str:
    """The time, to the second, in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def parts_in(folder: Path, shard_runs: int) -> dict[int, list[tuple[int, int]]]:
    """First run and number of runs of the parts in a folder, by shard, in order; what overlaps is left out."""
    found: dict[int, list[tuple[int, int]]] = {}
    ends: dict[int, int] = {}
    ranges = []
    for path in (folder / PARTS).glob("*.arrow"):
        with suppress(ValueError):
            first, last = (int(number) for number in path.stem.split("-"))
            ranges.append((first, -last))
    for first, last in sorted(ranges):
        shard = first // shard_runs
        if first >= ends.get(shard, 0) and -last >= first and -last // shard_runs == shard:
            found.setdefault(shard, []).append((first, -last - first + 1))
            ends[shard] = -last + 1
    return found


def read_part(folder: Path, first: int, runs: int, code: str) -> dict[str, pa.Table]:
    """The tables of a part.

    Raises
    ------
    Spoiled
        If it is not as it was written, or holds other runs than its name says.
    FileNotFoundError
        If it is not there.
    """
    tables = unpack((folder / PARTS / part_name(first, runs)).read_bytes(), code)
    if tables["runs"]["run"].to_pylist() != list(range(first, first + runs)):
        raise Spoiled("other runs than its name says")
    return tables


def _same_code(code: str, runs: range) -> None:
    """Raise InvisibleDebtError if other code than this handled these runs."""
    if code != code_hash():
        raise InvisibleDebtError(
            f"runs {runs.start} to {runs.stop - 1} were made by another version of the program (code"
            f" {code}, this is {code_hash()}): they are not kept"
        )


class Store:
    """A results folder open for writing; made by `open_store`, which holds its lock.

    Attributes
    ----------
    folder : Path
    plan : Plan
    recipe : Recipe
    manifest : dict
    post : Post
        Where workers write.
    runs_done, failures : int
        Runs that are kept, and how many of them failed.
    """

    def __init__(
        self, folder: Path, plan: Plan, recipe: Recipe, manifest: dict[str, Any], *, word: str = "",
        retry: bool = False, tell: Tell = print,
    ) -> None:  # fmt: skip
        self.folder, self.plan, self.recipe, self.manifest = folder, plan, recipe, manifest
        self.post = Post(str(absolute(folder)), word)
        self.schemas = recipe.schemas()
        self.runs_done = self.failures = 0
        self._tell = tell
        self._whole: set[int] = set()  # finished shards
        self._parts: dict[int, dict[int, int]] = {}  # of unfinished shards: number of runs by the first
        self._covered: Counter[int] = Counter()  # runs in parts, by shard
        self._gaps: deque[range] = deque()
        self._full: deque[int] = deque()  # shards whose parts are all there
        self._numbers = 0
        self._known: dict[str, Any] = {}  # seals of damaged shards: what is made again must be the same
        self._failed_of: dict[int, int] = {}
        self._survey(retry)

    # --- what is there ------------------------------------------------------------------------------------
    def _survey(self, retry: bool) -> None:
        """Find what is finished and whole, mend what is not, and clear away what a killed writer left."""
        for leftover in [*self.folder.glob(".*.partial"), *self.folder.glob("*/.*.partial")]:
            leftover.unlink(missing_ok=True)
        for table in (PARTS, *self.schemas):
            (self.folder / table).mkdir(exist_ok=True)
        self._mend()
        seals = self.manifest["files"]
        parts = parts_in(self.folder, self.plan.shard_runs)
        for shard in range(self.plan.shards):
            names = [shard_name(table, shard) for table in self.schemas]
            if all(name in seals for name in names):
                failed = pq.read_metadata(self.folder / shard_name("failures", shard)).num_rows
                if not (retry and failed):
                    self._whole.add(shard)
                    self.runs_done += len(self.plan.runs_of(shard))
                    self.failures += failed
                    parts.pop(shard, None)
                    continue
                tables = {table: pq.read_table(self.folder / shard_name(table, shard)) for table in self.schemas}
                kept = self._good_parts(tables, self.plan.runs_of(shard))
                self._forget(names, alike=False)
            else:
                kept = self._whole_parts(parts.get(shard, []), retry)
            parts[shard] = kept
            self._parts[shard] = dict(kept)
            self._covered[shard] = sum(runs for _, runs in kept)
            self.runs_done += self._covered[shard]
            self._gaps += _gaps(self.plan.runs_of(shard), kept)
            if self._covered[shard] == len(self.plan.runs_of(shard)):
                self._full.append(shard)
        wanted = {part_name(*part) for shard, kept in parts.items() if shard not in self._whole for part in kept}
        for path in (self.folder / PARTS).glob("*.arrow"):
            if path.name not in wanted:
                path.unlink(missing_ok=True)

    def _mend(self) -> None:
        """Write anew what is damaged of the study and its points, and have damaged shards made again."""
        wrong = faults(self.folder, self.manifest["files"])
        if not wrong:
            return
        self._tell(f"damaged, and made again: {listed(wrong)}")
        inputs = _inputs(self.plan.study, self.plan) if any(not _is_shard(name) for name in wrong) else {}
        for name in wrong:
            if name in inputs:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                with new_files([self.folder / name]) as (stage,):
                    stage.write_bytes(inputs[name])
                self.manifest["files"][name] = seal_of(inputs[name])
            elif not _is_shard(name):
                raise Damaged(f"{self.folder / name} {wrong[name]}, and nothing is left to make it of")
        shards = {Path(name).stem for name in wrong if _is_shard(name)}
        again = [name for name in self.manifest["files"] if _is_shard(name) and Path(name).stem in shards]
        self._forget(again, alike=True)

    def _forget(self, names: Iterable[str], *, alike: bool) -> None:
        """Let shards count as unfinished; `alike` if they should come out as they were."""
        for name in names:
            known = self.manifest["files"].pop(name)
            if alike:
                self._known[name] = known
        self.manifest |= {"state": "unfinished", "result_hash": None}
        write_manifest(self.folder, self.manifest)

    def _whole_parts(self, parts: list[tuple[int, int]], retry: bool) -> list[tuple[int, int]]:
        """The parts of a shard that are as they were written."""
        kept: list[tuple[int, int]] = []
        for first, runs in parts:
            try:
                tables = read_part(self.folder, first, runs, code_hash())
            except (Spoiled, OSError):
                continue  # cut short by a crash of the machine
            failed = tables["failures"].num_rows
            if retry and failed:
                kept += self._good_parts(tables, range(first, first + runs))
            else:
                kept.append((first, runs))
                self.failures += failed
                self._failed_of[first] = failed
        return kept

    def _good_parts(self, tables: Mapping[str, pa.Table], runs: range) -> list[tuple[int, int]]:
        """Keep the runs that ended well as parts of their own; those that failed are to be made again."""
        failed = tables["failures"]["run"].to_pylist()
        kept = []
        for good in _gaps(runs, [(run, 1) for run in failed]):
            cut = {}
            for name, table in tables.items():
                low, high = np.searchsorted(table["run"].to_numpy(), [good.start, good.stop])
                cut[name] = table.slice(low, high - low)
            write_part(self.folder, part_name(good.start, len(good)), pack(cut, code_hash()))
            kept.append((good.start, len(good)))
        return kept

    @property
    def finished(self) -> bool:
        """Whether every run is there and every shard closed."""
        return len(self._whole) == self.plan.shards

    @property
    def left(self) -> int:
        """Runs that nobody has been asked to make."""
        return sum(map(len, self._gaps))

    # --- what is to be done -------------------------------------------------------------------------------
    def next(self, most: int) -> Batch | Closing | None:
        """A shard to be closed, or up to `most` missing runs that follow each other; None if all are handed out."""
        self._numbers += 1
        if self._full:
            shard = self._full.popleft()
            names = tuple(part_name(first, runs) for first, runs in sorted(self._parts[shard].items()))
            return Closing(self._numbers, shard, names)
        if not self._gaps:
            return None
        gap = self._gaps.popleft()
        now_, later = gap[:most], gap[most:]
        if later:
            self._gaps.appendleft(later)
        return Batch(self._numbers, tuple(self.plan.run(number) for number in now_))

    # --- writing ------------------------------------------------------------------------------------------
    def add(self, made: Made) -> None:
        """Keep finished runs.

        Raises
        ------
        InvisibleDebtError
            If other code made them: they are not kept.
        BadInput
            If the disk does not let us write; what was there before stays.
        """
        _same_code(made.code, range(made.first, made.first + made.runs))
        if made.content is not None:
            unpack(made.content, code_hash())
            write_part(self.folder, part_name(made.first, made.runs), made.content)
        shard = made.first // self.plan.shard_runs
        self._parts[shard][made.first] = made.runs
        self._covered[shard] += made.runs
        self.runs_done += made.runs
        self.failures += made.failures
        self._failed_of[made.first] = made.failures
        if self._covered[shard] == len(self.plan.runs_of(shard)):
            self._full.append(shard)

    def closed(self, told: Closed) -> None:
        """Take a shard into the manifest; where its worker could not write it, write it here.

        Raises
        ------
        InvisibleDebtError
            If other code closed it.
        BadInput
            If the disk does not let us write.
        """
        shard = told.shard
        _same_code(told.code, self.plan.runs_of(shard))
        if told.seals is None and not told.spoiled:
            names = tuple(part_name(first, runs) for first, runs in sorted(self._parts[shard].items()))
            told = close_shard(self.folder, self.recipe, Closing(told.number, shard, names))
        if told.spoiled:
            self._lose(shard, told.spoiled)
            return
        assert told.seals is not None
        differ = [name for name, sealed in told.seals.items() if self._known.get(name, sealed) != sealed]
        if differ:
            self._tell(f"made again, and not as before: {', '.join(sorted(differ))}")
        self.manifest["files"] |= told.seals
        self._whole.add(shard)
        self._note()
        for first, runs in self._parts.pop(shard).items():
            (self.folder / PARTS / part_name(first, runs)).unlink(missing_ok=True)

    def _lose(self, shard: int, spoiled: Iterable[str]) -> None:
        """Have runs made again whose parts are not as they were written."""
        for first, runs in list(self._parts[shard].items()):
            if part_name(first, runs) in spoiled:
                (self.folder / PARTS / part_name(first, runs)).unlink(missing_ok=True)
                del self._parts[shard][first]
                self._covered[shard] -= runs
                self.runs_done -= runs
                self.failures -= self._failed_of.pop(first, 0)
                self._gaps.append(range(first, first + runs))
        self._tell(f"{counted(len(tuple(spoiled)), 'part')} of shard {shard} damaged, and made again")

    # --- sessions -----------------------------------------------------------------------------------------
    def begin(self, workers: str) -> None:
        """Note in the manifest that a session begins, and that those of which no end is noted were killed.

        Raises
        ------
        BadInput
            If the disk does not let us write.
        """
        sessions = self.manifest["sessions"]
        for session in sessions:
            if session["end"] == RUNNING:
                others = sum(other["runs"] for other in sessions if other is not session)
                session |= {"end": KILLED, "runs": max(self.runs_done - others, session["runs"])}
        self._before, self._began = self.runs_done, datetime.datetime.now(datetime.UTC)
        sessions.append({"started": now(), "end": RUNNING, "seconds": 0.0, "runs": 0, "workers": workers})
        self._note()

    def _note(self) -> None:
        """Write the manifest as things stand."""
        passed = datetime.datetime.now(datetime.UTC) - self._began
        self.manifest["sessions"][-1] |= {
            "seconds": round(passed.total_seconds(), 3), "runs": self.runs_done - self._before,
        }  # fmt: skip
        self.manifest["failures"] = self.failures
        write_manifest(self.folder, self.manifest)

    def end(self) -> None:
        """Write into the manifest what this session did and, if nothing is missing, the hash of all results.

        Raises
        ------
        BadInput
            If the disk does not let us write.
        """
        self.manifest["sessions"][-1]["end"] = "finished" if self.finished else "stopped"
        if self.finished:
            names = [POINTS, *sorted(name for name in self.manifest["files"] if _is_shard(name))]
            self.manifest |= {"state": "finished", "result_hash": hash_of(self.manifest["files"], names)}
        self._note()
        if self.finished:
            with suppress(OSError):
                (self.folder / PARTS).rmdir()


def _gaps(runs: range, kept: Iterable[tuple[int, int]]) -> list[range]:
    """What is left of a range without stretches of it, given in order as first and length.

    >>> _gaps(range(10), [(2, 3), (9, 1)])
    [range(0, 2), range(5, 9)]
    """
    found, at = [], runs.start
    for first, length in kept:
        if first > at:
            found.append(range(at, first))
        at = first + length
    return [*found, range(at, runs.stop)] if at < runs.stop else found


def _is_shard(name: str) -> bool:
    """Whether a path in a folder of results is that of a shard."""
    return name.endswith(".parquet") and name != POINTS and not name.startswith(FILES)


# --- opening --------------------------------------------------------------------------------------------
class _TakenError(Exception):
    """Another sweep has begun in this folder meanwhile; its lock tells who goes on."""


def _taken(_: Path) -> None:
    raise _TakenError


@contextmanager
def open_store(study: Study, out: Path, *, retry: bool = False, tell: Tell = print) -> Iterator[Store]:
    """Open the folder of a study's results for writing, new or begun before, and hold its lock.

    Parameters
    ----------
    study : Study
    out : Path
        The folder; made if it is not there.
    retry : bool
        Whether runs that failed count as missing.
    tell : callable
        Called with a sentence where something is damaged.

    Yields
    ------
    Store

    Raises
    ------
    BadInput
        If the folder holds something else, results of another study or of other code, is being written by another
        process, or the disk does not let us write.
    Damaged
        If its manifest is not as it was written.
    """
    recipe = Recipe.of(study)
    plan = Plan(study, recipe)
    fresh = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if fresh:
        with suppress(_TakenError), new_folder(out, _taken) as stage:
            _register(stage, study, plan, recipe)
    elif not out.is_dir():
        raise BadInput(f"{out} exists and is not a folder; give another one with --out")
    _same(out, study)
    with _locked(out) as word:
        try:
            manifest = _same(out, study)
            if not _has_words(study, manifest):
                manifest = _write_words(study, out, manifest)
            store = Store(out, plan, recipe, manifest, word=word, retry=retry, tell=tell)
        except OSError as error:
            raise BadInput(_trouble(out, error)) from error
        yield store


def keep_text(study: Study, out: Path) -> None:
    """Let a finished folder have the study's present words: title, question, claims and report may have changed.

    One that cannot be written, or that another process is writing, keeps the old ones.
    """
    if not _has_words(study, _same(out, study)):
        with suppress(BadInput), _locked(out):
            _write_words(study, out, _same(out, study))


def _has_words(study: Study, manifest: Mapping[str, Any]) -> bool:
    """Whether a folder's words are the study's present ones."""
    known = manifest["files"].get(STUDY)
    return bool(known == seal_of(study.text().encode()) and manifest["asked"] == study.asked())


def _write_words(study: Study, out: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write the study's present words, and the manifest that tells of them; that manifest.

    Raises
    ------
    BadInput
        If the disk does not let us write; then nothing is written.
    """
    text = study.text().encode()
    words = {"asked": study.asked(), "study": {**manifest["study"], "title": study.title, "name": study.name}}
    told = {**manifest, **words, "files": {**manifest["files"], STUDY: seal_of(text)}}
    write_manifest(out, told, {STUDY: text})
    return told


def finished_already(study: Study, out: Path) -> dict[str, Any] | None:
    """The manifest of a folder that holds all results of this study, made by this code, every byte as it was written.

    Nothing is written to find out.

    Raises
    ------
    BadInput
        If it holds results of another study or of other code.
    Damaged
        If its manifest is not as it was written.
    """
    if not (out / MANIFEST).exists():
        return None
    manifest = _same(out, study)
    return manifest if manifest["state"] == "finished" and not faults(out, manifest["files"]) else None


def _inputs(study: Study, plan: Plan) -> dict[str, bytes]:
    """What a folder of results holds before any run: bytes by path."""
    found = {STUDY: study.text().encode()}
    for k, (given, file) in enumerate(study.files().items()):
        found[f"{FILES}/{copy_name(k, given)}"] = file.read_bytes()
    if study.model == ECONOMY and study.opening_folder is not None:
        for file in sorted(study.opening_folder.iterdir()):
            if file.suffix in (".csv", ".toml"):
                found[f"{FILES}/{OPENING_COPY}/{file.name}"] = file.read_bytes()
    points = pa.Table.from_pandas(plan.points.reset_index(), preserve_index=False).replace_schema_metadata()
    sink = pa.BufferOutputStream()
    pq.write_table(points, sink, compression="zstd")
    return {**found, POINTS: sink.getvalue().to_pybytes()}


def _register(stage: Path, study: Study, plan: Plan, recipe: Recipe) -> None:
    """Write down the study and all its points, before any run."""
    manifest = describe(study, plan)
    for name, content in _inputs(study, plan).items():
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        (stage / name).write_bytes(content)
        manifest["files"][name] = seal_of(content)
    for table in (PARTS, *recipe.schemas()):
        (stage / table).mkdir()
    write_manifest(stage, manifest)


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a results folder, as it was written."""
    absolute(folder)
    try:
        manifest = read_manifest(folder, FORMAT)
    except BadInput:
        with suppress(BadInput):
            read_manifest(folder, EARLIER)
            raise Damaged(
                f"{folder} was written by an earlier version of the program, which kept no hashes of what it wrote;"
                " give another --out, or remove it"
            ) from None
        if (folder / MANIFEST).exists() and (folder / POINTS).exists():
            raise Damaged(f"the manifest of {folder} is damaged; give another --out, or remove the folder") from None
        raise BadInput(f"{folder} holds no results of a sweep") from None
    check_manifest(folder, manifest)
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
def _locked(folder: Path) -> Iterator[str]:
    """Hold the folder's lock, which the system releases however the process ends; the word of this session in it."""
    word = secrets.token_hex(16)
    with ExitStack() as held:
        try:
            file = held.enter_context((folder / LOCK).open("ab"))
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            file.write(word.encode())
            file.flush()
        except BlockingIOError:
            raise BadInput(f"another process is writing to {folder}") from None
        except OSError as error:
            raise BadInput(_trouble(folder, error)) from error
        yield word


def _trouble(folder: Path, error: OSError) -> str:
    """What an error of the system says of a folder of results: which file, if it is not the folder, and why."""
    at = f" ({error.filename})" if error.filename and Path(str(error.filename)) != folder else ""
    return f"cannot read and write {folder}{at}: {error.strerror or error}"


# --- reading --------------------------------------------------------------------------------------------
class Results:
    """What a results folder holds, finished or not, as pandas tables. Every byte is proven before it is used.

    Attributes
    ----------
    folder : Path
    manifest : dict
    study : Study

    Raises
    ------
    BadInput
        If the folder holds no results.
    Damaged
        If a file is missing, cut short or changed: here by its length, and by every byte where it is read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = _manifest(folder)
        seals = self.manifest["files"]
        refuse(folder, faults(folder, seals, every_byte=False))
        refuse(folder, faults(folder, {name: known for name, known in seals.items() if name.startswith(FILES)}))
        text = whole_bytes(folder, STUDY, seals[STUDY]).decode()
        try:
            self.study = Study.model_validate({**parse_toml(text), "name": self.manifest["study"]["name"]})
        except (BadInput, ValidationError):
            raise BadInput(f"{folder / STUDY} is no longer the study that was run") from None
        self.study.set_source(folder / FILES, text, copied=True)

    def faults(self, each: Callable[[], None] | None = None) -> dict[str, str]:
        """What is wrong with any file of the folder, by its path; every byte is read."""
        left = self._left()
        found = faults(self.folder, self.manifest["files"], each=each)
        for first, runs in (part for shard, parts in left.items() if shard not in self._whole for part in parts):
            wrong = ""
            try:
                read_part(self.folder, first, runs, self.manifest["code_hash"])
            except Spoiled as error:
                wrong = f"has {error}"
            except FileNotFoundError:
                continue  # it went into a shard meanwhile, or is made again
            except OSError as error:
                wrong = f"cannot be read ({error.strerror or error})"
            if wrong:
                found[f"{PARTS}/{part_name(first, runs)}"] = wrong
        for table in self.recipe.schemas():
            for path in (self.folder / table).glob("*.parquet"):
                if not path.stem.isdigit() or int(path.stem) >= self.plan.shards:
                    found[f"{table}/{path.name}"] = "is not of this sweep"
        return found

    def _left(self) -> dict[int, list[tuple[int, int]]]:
        """The parts that are there, by shard, under a manifest that is no older: what is in neither is not made."""
        if self.manifest["state"] == "finished":
            return {}
        parts = parts_in(self.folder, self.manifest["shard_runs"])
        self.manifest = _manifest(self.folder)
        return parts

    @property
    def _whole(self) -> set[int]:
        """Numbers of the finished shards."""
        return {int(Path(name).stem) for name in self.manifest["files"] if name.startswith("runs/")}

    @cached_property
    def recipe(self) -> Recipe:
        """What all runs share."""
        return Recipe.of(self.study)

    @cached_property
    def plan(self) -> Plan:
        """Which runs there are."""
        return Plan(self.study, self.recipe)

    def pieces(self, name: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """A table in pieces, sorted by run, so that it need not be in memory as a whole; see `table`."""
        self._schema(name)
        parts = self._left()
        for shard in sorted(self._whole | set(parts)):
            if shard not in self._whole:
                made = self._parts(name, parts[shard])
                if made is not None:
                    yield from (table if columns is None else table.select(columns) for table in made)
                    continue
                self.manifest = _manifest(self.folder)  # they went into a shard meanwhile
                if shard not in self._whole:
                    continue
            content = whole_bytes(self.folder, shard_name(name, shard), self.manifest["files"][shard_name(name, shard)])
            yield pq.read_table(pa.BufferReader(content), columns=columns)

    def _parts(self, name: str, parts: list[tuple[int, int]]) -> list[pa.Table] | None:
        """The pieces of an unfinished shard; None if one is gone."""
        made = []
        for first, runs in parts:
            try:
                made.append(read_part(self.folder, first, runs, self.manifest["code_hash"])[name])
            except FileNotFoundError:
                return None
            except Spoiled:
                continue  # the sweep makes it again
        return made

    def _schema(self, name: str) -> pa.Schema:
        schemas = self.recipe.schemas()
        if name not in schemas:
            raise BadInput(f"the study records no '{name}' (it has {', '.join(schemas)}): see [record]")
        return schemas[name]

    def table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """A table by its name, sorted by run; of an unfinished sweep what is there.

        Parameters
        ----------
        name : str
        columns : list of str, optional
            Those that are wanted; all by default.

        Raises
        ------
        BadInput
            If the study does not record it.
        Damaged
            If it is not as it was written.
        """
        empty = self._schema(name).empty_table()
        pieces = list(self.pieces(name, columns))
        return pa.concat_tables(pieces) if pieces else empty if columns is None else empty.select(columns)

    def rows_of(self, name: str, run: int) -> pa.Table:
        """The rows of one run in a table, read from its shard alone if that is finished."""
        shard = run // self.manifest["shard_runs"]
        if shard in self._whole:
            at = shard_name(name, shard)
            content = whole_bytes(self.folder, at, self.manifest["files"][at])
            table = pq.read_table(pa.BufferReader(content))
        else:
            table = self.table(name)
        return table.filter(pc.equal(table["run"], run))

    def count(self, name: str) -> int:
        """Rows of a table, of which finished shards are not read."""
        rows, counted_ = 0, set()
        for shard, parts in self._left().items():
            made = None if shard in self._whole else self._parts(name, parts)
            if made is not None:
                rows += sum(table.num_rows for table in made)
                counted_.add(shard)
        if self.manifest["state"] != "finished":
            self.manifest = _manifest(self.folder)  # parts that are gone went into a shard meanwhile
        for shard in self._whole - counted_:
            rows += pq.read_metadata(self.folder / shard_name(name, shard)).num_rows
        return rows

    @cached_property
    def points(self) -> pd.DataFrame:
        """Every point: index `point`, column `design_row`, one column a factor."""
        content = whole_bytes(self.folder, POINTS, self.manifest["files"][POINTS])
        return pq.read_table(pa.BufferReader(content)).to_pandas().set_index("point")

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
    Damaged
        If they are not as they were written.

    Examples
    --------
    ``read("results/lender_capital").outcomes().groupby("lender_capital")["losses"].mean()``
    """
    return Results(Path(folder))
