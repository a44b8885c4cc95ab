"""What a worker makes of what it is handed: of runs a part, of the parts of a shard its tables.

Where it sees the folder of the results it writes there itself and hands back a receipt; elsewhere the bytes travel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from abm.errors import BadInput
from experiments.code import code_hash
from experiments.execution import Batch, Recipe, perform
from experiments.files import new_files
from experiments.packing import Spoiled, pack, unpack
from experiments.sealed import fault, seal_of, synced

PARTS, LOCK = "parts", ".lock"


@dataclass(frozen=True)
class Post:
    """Where workers leave what they make, and the word that stands there if they see the same folder as we do."""

    folder: str
    word: str

    @property
    def seen(self) -> bool:
        """Whether the folder is here."""
        try:
            return bool(self.word) and (Path(self.folder) / LOCK).read_text(encoding="utf-8") == self.word
        except (OSError, ValueError):
            return False


@dataclass(frozen=True)
class Closing:
    """The parts of a shard, which are to become its tables."""

    number: int
    shard: int
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """Receipt of a batch.

    Attributes
    ----------
    number : int
        Of the batch.
    code : str
        Hash of the code that made it.
    first, runs, failures : int
        Number of the first run, how many there are, and how many of them failed.
    seconds : float
        What it took.
    content : bytes or None
        Its rows, packed; None if they are written.
    """

    number: int
    code: str
    first: int
    runs: int
    failures: int
    seconds: float
    content: bytes | None


@dataclass(frozen=True)
class Closed:
    """Receipt of a shard: the seals of its tables by path; None if it could not be written here.

    `spoiled` are parts that are not as they were written: then nothing was.
    """

    number: int
    shard: int
    code: str
    seals: Mapping[str, Mapping[str, Any]] | None = None
    spoiled: tuple[str, ...] = ()


Item = Batch | Closing
Receipt = Made | Closed


def shard_name(table: str, shard: int) -> str:
    """Path of a shard in the folder of results."""
    return f"{table}/{shard:05d}.parquet"


def part_name(first: int, runs: int) -> str:
    """Name of the file that keeps the rows of so many runs, from this one on."""
    return f"{first:010d}-{first + runs - 1:010d}.arrow"


def write_part(folder: Path, name: str, content: bytes) -> None:
    """Keep packed rows under a name, whole or not at all.

    Raises
    ------
    BadInput
        If the disk does not let us write.
    """
    with new_files([folder / PARTS / name]) as (stage,):
        stage.write_bytes(content)
        synced(stage)


def close_shard(folder: Path, recipe: Recipe, closing: Closing) -> Closed:
    """Turn the parts of a shard into its tables; those that are there already, byte for byte, are left alone.

    Raises
    ------
    BadInput
        If the disk does not let us write.
    """
    made: list[dict[str, pa.Table]] = []
    spoiled = []
    for name in closing.parts:
        try:
            made.append(unpack((folder / PARTS / name).read_bytes(), code_hash()))
        except (OSError, Spoiled):
            spoiled.append(name)
    told = Closed(closing.number, closing.shard, code_hash())
    if spoiled:
        return replace(told, spoiled=tuple(spoiled))
    seals = {}
    for table in recipe.schemas():
        name = shard_name(table, closing.shard)
        sink = pa.BufferOutputStream()
        pq.write_table(pa.concat_tables([part[table] for part in made]).combine_chunks(), sink, compression="zstd")
        content = sink.getvalue()
        seals[name] = seal_of(content)
        if fault(folder / name, seals[name]):
            (folder / table).mkdir(exist_ok=True)
            with new_files([folder / name]) as (stage,):
                stage.write_bytes(content)
                synced(stage)
    return replace(told, seals=seals)


def work(
    recipe: Recipe, item: Item, post: Post | None = None, started: Callable[[int | None], None] | None = None
) -> Receipt:
    """Make what is asked for.

    Parameters
    ----------
    recipe : Recipe
        What all runs share.
    item : Batch or Closing
        What is to be made.
    post : Post, optional
        Where to write; what cannot be written there is handed back.
    started : callable, optional
        Called with the number of each run before it is made, and with None when all are.
    """
    if isinstance(item, Closing):
        try:
            if post is not None and post.seen:
                return close_shard(Path(post.folder), recipe, item)
        except (BadInput, OSError):
            pass  # who handed it out tries by itself, and says what is wrong with the disk
        return Closed(item.number, item.shard, code_hash())
    begun = time.perf_counter()
    tables = perform(recipe, item, started)
    if started is not None:
        started(None)
    content: bytes | None = pack(tables, code_hash())
    first, runs = item.runs[0].number, len(item.runs)
    if post is not None and post.seen:
        try:
            write_part(Path(post.folder), part_name(first, runs), content or b"")
            content = None
        except (BadInput, OSError):
            pass  # as above
    seconds = time.perf_counter() - begun
    failures = tables["failures"].num_rows
    return Made(item.number, code_hash(), first, runs, failures, seconds, content)

