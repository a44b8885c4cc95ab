"""What a Dask scheduler sees of a sweep: one function and bytes, so that it loads nothing and does little."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

from experiments.code import code_hash


@dataclass(frozen=True)
class Refused:
    """Why a worker makes nothing; `unknown` if it has only not been asked yet."""

    why: str
    unknown: bool = False


def call(code: str, function: str, key: str, packed: bytes) -> Any:
    """Call a function of `experiments.crew` on a worker of the cluster.

    Parameters
    ----------
    code : str
        Hash of the code where the sweep began; with other code nothing is even read.
    function : str
        Its name.
    key : str
        Of the sweep.
    packed : bytes
        What it is given, pickled.
    """
    if code_hash() != code:
        return Refused(f"it has another version of the program or of its packages (code {code_hash()}, not {code})")
    from experiments import crew

    return getattr(crew, function)(key, pickle.loads(packed))
