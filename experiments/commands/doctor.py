"""`invisible-debt doctor`: what is missing, stale or mismatched where the program runs."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from experiments.commands.options import Json
from experiments.screen import counted, say, say_json

NAME = "invisible-debt"
ROOM = 1e9  # bytes that the compiled model and a run's results need, with some to spare


class Finding(NamedTuple):
    """What was looked at, whether it is well, and what is to be said of it."""

    what: str
    well: bool
    said: str


def doctor(
    mend: Annotated[
        bool, typer.Option("--mend", help="Remove what earlier versions have compiled, and compile what is missing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is missing, stale or mismatched here.

    It looks at Python, packages, the compiled model and the room on the disk. The exit code is 1 if one of them is not
    well.
    """
    if mend:
        from experiments.commands.options import compile_first

        remove_stale()
        compile_first()
    found = list(findings())
    if as_json:
        say_json({"well": all(finding.well for finding in found), "findings": [f._asdict() for f in found]})
    else:
        for finding in found:
            say(f"{'well  ' if finding.well else 'WRONG '} {finding.what}: {finding.said}", hang="       ")
    if not all(finding.well for finding in found):
        raise typer.Exit(1)


def findings() -> Iterator[Finding]:
    """All that is looked at."""
    yield Finding("program", True, f"{NAME} {version(NAME)}, in {Path(__file__).parents[2]}")
    yield from packages()
    yield cache()
    yield room()


def packages() -> Iterator[Finding]:
    """Python and every package that is needed, by the ranges that the program was installed with."""
    from importlib.metadata import metadata

    wanted = metadata(NAME)["Requires-Python"] or ""
    here = platform.python_version()
    yield Finding("Python", SpecifierSet(wanted).contains(here), f"{here} at {sys.executable}; {wanted} is needed")
    wrong = []
    needed = [Requirement(line) for line in requires(NAME) or ()]
    needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    for one in needed:
        try:
            there = version(one.name)
        except PackageNotFoundError:
            wrong.append(f"{one.name} is missing ({one.specifier or 'any version'} is needed)")
            continue
        if not one.specifier.contains(there, prereleases=True):
            wrong.append(f"{one.name} is {there} ({one.specifier} is needed)")
    said = "; ".join(wrong) + ": `python3 -m uv sync --locked`" if wrong else f"all {len(needed)} are there"
    yield Finding("packages", not wrong, said)


def kept() -> tuple[Path, list[Path]]:
    """Where compiled code is kept, and the folders there that are of other versions of a module."""
    from abm.engine.compiled import FOLDER, code_hash
    from abm.month import run_months

    place = Path(run_months._cache.cache_path).parent if hasattr(run_months, "_cache") else Path()
    stale = []
    for folder in sorted(place.glob("abm.*")):
        match = FOLDER.fullmatch(folder.name)
        if match is not None and folder.name != f"{match['module']}-{code_hash(match['module'])}":
            stale.append(folder)
    return place, stale


def cache() -> Finding:
    """Whether the model is compiled, and how much of what is kept is of other versions."""
    from abm.engine.compiled import is_compiled_already

    place, stale = kept()
    if not is_compiled_already():
        return Finding("compiled model", False, f"not there yet: the first run compiles it, or `{NAME} doctor --mend`")
    size = sum(file.stat().st_size for folder in stale for file in folder.iterdir() if file.is_file())
    old = f"; {counted(len(stale), 'folder')} of other versions ({size / 1e6:.0f} MB) may go: --mend" if stale else ""
    return Finding("compiled model", True, f"there, in {place}{old}")


def remove_stale() -> None:
    """Remove what other versions have compiled."""
    for folder in kept()[1]:
        shutil.rmtree(folder, ignore_errors=True)


def room() -> Finding:
    """Room on the disk of the present folder, where results go."""
    free = shutil.disk_usage(Path.cwd()).free
    return Finding("disk", free > ROOM, f"{free / 1e9:.1f} GB free in {Path.cwd()}")
