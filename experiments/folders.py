"""Folders of results that are there whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from abm.errors import BadInput, shown
from abm.inputs.toml_lines import read_text
from experiments.files import absolute, undisturbed

MANIFEST = "manifest.json"
MOST_BYTES = 100_000_000  # of a manifest


def read_manifest(folder: Path, format_name: str) -> dict[str, Any]:
    """The manifest of a finished folder of this format.

    Parameters
    ----------
    folder : Path
        The folder.
    format_name : str
        What the manifest must say under `format`.

    Raises
    ------
    BadInput
        If the folder is not a finished one of this format.
    """
    try:
        manifest = json.loads(read_text(absolute(folder) / MANIFEST, "manifest", MOST_BYTES))
    except (ValueError, RecursionError):  # BadInput, too, is a ValueError
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != format_name:
        raise BadInput(f"{folder} holds no finished '{format_name}'")
    return manifest


def same_recipe(folder: Path, format_name: str, recipe: Mapping[str, Any]) -> None:
    """Refuse a finished folder that was made by another recipe.

    Parameters
    ----------
    folder : Path
        The folder.
    format_name : str
        What its manifest must say under `format`.
    recipe : mapping
        What its manifest must say beside; of a mapping in it, the keys given here.

    Raises
    ------
    BadInput
        If it is no finished folder of this format, or says something else of the recipe.
    """
    try:
        manifest = read_manifest(folder, format_name)
    except BadInput:
        what = format_name.rpartition(" ")[0]
        raise BadInput(f"{folder} holds something that is no finished '{what}'; give another --out") from None
    for key, ours in recipe.items():
        there, what = manifest.get(key), key.replace("_", " ")
        if isinstance(ours, Mapping) and isinstance(there, dict):
            if all(there.get(name) == value for name, value in ours.items()):
                continue
        elif there == ours:
            continue
        plain = isinstance(there, str | int | float) and isinstance(ours, str | int | float)
        differs = f"{what} {shown(there)}, not {shown(ours)}" if plain else f"other {what}"
        raise BadInput(f"{folder} holds the results of another recipe ({differs}); give another --out, or remove it")


@contextmanager
def new_folder(out: Path, may_replace: Callable[[Path], None]) -> Iterator[Path]:
    """A hidden folder beside `out` to write into, which becomes `out` if the block ends well.

    Whatever goes wrong in the block, Ctrl-C included, `out` stays as it was and nothing else is left.

    Parameters
    ----------
    out : Path
        The folder to make; an empty one or one that `may_replace` accepts is replaced.
    may_replace : callable
        Raises BadInput if the folder at `out` must be left alone.

    Yields
    ------
    Path
        The folder to write into.

    Raises
    ------
    BadInput
        If `out` must be left alone, its name is no UTF-8, or the disk does not let us write.
    Exception
        Whatever `may_replace` raises, also of what another process has put there while the block ran.
    """
    target = absolute(out)
    made: list[Path] = []  # parents that did not exist
    stage: Path | None = None
    try:
        if os.path.lexists(target):
            if target.is_symlink() or not target.is_dir():
                raise BadInput(f"{out} exists and is not a folder; give another one with --out")
            if any(target.iterdir()):
                may_replace(target)
        for parent in reversed(target.parents):
            if not parent.exists():
                parent.mkdir()
                made.append(parent)
        stage = target.parent / f".{target.name}.{secrets.token_hex(4)}.partial"
        stage.mkdir()
        yield stage
        with undisturbed():
            _take_place(stage, target, may_replace)
    except BaseException as error:
        with undisturbed():
            if stage is not None:
                shutil.rmtree(stage, ignore_errors=True)
            with suppress(OSError):  # another program may have put something there meanwhile
                for parent in reversed(made):
                    parent.rmdir()
        if isinstance(error, OSError):
            raise BadInput(f"cannot write to {out}: {error.strerror or error}") from error
        raise


def _take_place(stage: Path, target: Path, may_replace: Callable[[Path], None]) -> None:
    """Rename `stage` to `target`; what was there before comes back if that fails.

    What another process has put there meanwhile is asked for again: it may not be replaced unheard.
    """
    try:
        if target.is_dir() and not any(target.iterdir()):
            target.rmdir()
        stage.rename(target)
        return
    except OSError:
        if not target.is_dir() or not any(target.iterdir()):
            raise
    may_replace(target)
    old = stage.with_suffix(".old")
    target.rename(old)
    try:
        stage.rename(target)
    except BaseException:
        old.rename(target)
        raise
    finally:
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
