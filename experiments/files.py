"""Single files that are there whole or not at all; `experiments.folders` does the same for folders."""

from __future__ import annotations

import os
import re
import secrets
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from abm.errors import BadInput


@contextmanager
def undisturbed() -> Iterator[None]:
    """Be deaf to Ctrl-C for a few moments: an impatient second one leaves nothing half cleared up, and processes that
    are started meanwhile stay deaf. A call to end that we would hear is heard at the end; they hear theirs as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, ended = signal.signal(signal.SIGINT, signal.SIG_IGN), signal.getsignal(signal.SIGTERM)
    late: list[int] = []
    if callable(ended):
        signal.signal(signal.SIGTERM, lambda number, frame: late.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if callable(ended):
            signal.signal(signal.SIGTERM, ended)
    if late:
        signal.raise_signal(signal.SIGTERM)


def absolute(out: Path) -> Path:
    """The whole path of results.

    Raises
    ------
    BadInput
        If it has bytes that are no UTF-8: the libraries that write tables know no such names. If it is the address of
        an object store, of which a path would make a folder `s3:` here.
    """
    if store := re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/", str(out)):  # a path has one slash left of two
        raise BadInput(f"{store[1]}:// is no place for results: give a path on a disk, not the address of a store")
    place = os.path.abspath(out)
    try:
        place.encode()
    except UnicodeEncodeError:
        raise BadInput(f"the name of {out} must be text in UTF-8, as the tables inside need it") from None
    return Path(place)


@contextmanager
def new_files(targets: Sequence[Path]) -> Iterator[list[Path]]:
    """Hidden files beside the targets to write into, which take the targets' names if the block ends well.

    Files of these names are replaced. Whatever goes wrong in the block, Ctrl-C included, they stay as they were
    and nothing else is left. Entering the block before a long computation makes sure that the disk lets us.

    Parameters
    ----------
    targets : sequence of Path
        The files to make, all different; their folders must exist.

    Yields
    ------
    list of Path
        The files to write into, in the order of `targets`.

    Raises
    ------
    BadInput
        If a target is a folder or named twice, its name is no UTF-8, or the disk does not let us write.
    """
    places = [absolute(target) for target in targets]
    if len(set(places)) < len(places):
        raise BadInput("every file to write needs a name of its own")
    stages: list[Path] = []
    at = Path()
    try:
        for at in places:
            if os.path.lexists(at) and not at.is_file():
                raise BadInput(f"{at} exists and is not a file; give another name")
            stage = at.parent / f".{at.name}.{secrets.token_hex(4)}.partial"
            stage.touch(exist_ok=False)
            stages.append(stage)
        yield list(stages)
        with undisturbed():
            for at, stage in zip(places, stages, strict=True):
                os.replace(stage, at)
    except OSError as error:
        raise BadInput(f"cannot write to {at}: {error.strerror or error}") from error
    finally:
        with undisturbed():
            for stage in stages:
                with suppress(OSError):  # those that took their places are gone
                    stage.unlink()
