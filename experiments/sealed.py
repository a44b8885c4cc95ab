"""Bytes that are proven: a hash for every file of a folder, kept in a manifest that carries one of its own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from abm.errors import InvisibleDebtError
from experiments.files import new_files
from experiments.folders import MANIFEST

SEAL = "seal"  # the manifest's hash of itself
TOLD = 3  # damaged files that a sentence names
Seals = Mapping[str, Mapping[str, Any]]  # by path in the folder: "bytes" and "sha256"


class Damaged(InvisibleDebtError):  # noqa: N818 - reads as a sentence where it is raised
    """A file of results is not what was written."""

    exit_code = 1


def seal(path: Path) -> dict[str, Any]:
    """Length and SHA-256 of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return {"bytes": file.tell(), "sha256": digest.hexdigest()}


def seal_of(content: Any) -> dict[str, Any]:
    """The seal that a file of these bytes has."""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def fault(path: Path, known: Mapping[str, Any], every_byte: bool = True) -> str:
    """What is wrong with a file: it "is missing", "is cut short", ...; nothing if it is as it was sealed.

    Parameters
    ----------
    path : Path
        The file.
    known : mapping
        As `seal` gave it.
    every_byte : bool
        Whether its content is compared, or its length alone.
    """
    try:
        size = path.stat().st_size
        if size != known["bytes"]:
            return "is cut short" if size < known["bytes"] else "is longer than it was written"
        return "has other bytes than were written" if every_byte and seal(path) != known else ""
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"


def faults(
    folder: Path, seals: Seals, every_byte: bool = True, each: Callable[[], None] | None = None
) -> dict[str, str]:
    """What is wrong with the files of a folder, by path; see `fault`.

    Parameters
    ----------
    each : callable, optional
        Called after every file.
    """

    def looked(name: str) -> str:
        found = fault(folder / name, seals[name], every_byte)
        if each is not None:
            each()
        return found

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:  # hashing holds no lock
        found = dict(zip(seals, threads.map(looked, seals), strict=True))
    return {name: wrong for name, wrong in found.items() if wrong}


def listed(wrong: Mapping[str, str]) -> str:
    """Damaged files for a sentence.

    >>> listed({"a": "is missing", "b": "is cut short"})
    'a is missing, b is cut short'
    """
    said = [f"{name} {what}" for name, what in wrong.items()]
    more = f" and {len(said) - TOLD} more" if len(said) > TOLD else ""
    return ", ".join(said[:TOLD]) + more


def refuse(folder: Path, wrong: Mapping[str, str]) -> None:
    """Raise `Damaged` if anything is wrong."""
    if wrong:
        raise Damaged(
            f"the results in {folder} are damaged: {listed(wrong)}; the same `invisible-debt sweep` makes anew what is"
            " damaged"
        )


def whole_bytes(folder: Path, name: str, known: Mapping[str, Any]) -> bytes:
    """The bytes of a file, proven.

    Raises
    ------
    Damaged
        If they are not those that were sealed.
    """
    try:
        content = (folder / name).read_bytes()
    except OSError:
        content = b""
    if seal_of(content) != known:
        refuse(folder, {name: fault(folder / name, known) or "has other bytes than were written"})
    return content


def hash_of(seals: Seals, names: Iterable[str]) -> str:
    """SHA-256 of what files hold, by name, from their seals."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name} {seals[name]['sha256']}\n".encode())
    return digest.hexdigest()


def _seal_of(manifest: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in manifest.items() if name != SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def write_manifest(folder: Path, manifest: Mapping[str, Any], beside: Mapping[str, bytes] | None = None) -> None:
    """Replace the manifest of a folder, whole or not at all, with its seal, and with it other files, by their paths."""
    told = {**manifest, SEAL: _seal_of(manifest)}
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    contents = {**(beside or {}), MANIFEST: text.encode()}
    with new_files([folder / name for name in contents]) as stages:
        for stage, content in zip(stages, contents.values(), strict=True):
            stage.write_bytes(content)
            synced(stage)


def check_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise `Damaged` if a manifest is not as it was written."""
    if manifest.get(SEAL) != _seal_of(manifest):
        raise Damaged(
            f"the manifest of {folder} has other bytes than were written, so nothing in it can be trusted;"
            " give another --out, or remove the folder"
        )


def synced(path: Path) -> None:
    """Make sure that a file is on the disk before it takes its name."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
