"""The first compilation, shared by two processes: each compiles a part and finds the other's in the cache they share.

Within one process Numba compiles one function after another, while a second processor stands idle.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numba

CHILD = [sys.executable, "-c", "from abm.engine.ahead import compile_what_is_asked; compile_what_is_asked()"]


def compile_in_two(here: Sequence[Any], beside: Sequence[Any], *arguments: Any) -> None:
    """Compile some functions in this process and some, if there is a processor for it, in another one meanwhile.

    What the other process could not do is done where it is needed: its failure is none of this one's.

    Parameters
    ----------
    here, beside : sequence of compiled functions
        Of modules that can be imported; all take the same arguments.
    *arguments
        Values of the types to compile for.
    """
    types = tuple(numba.typeof(value) for value in arguments)
    child = _child([(f.py_func.__module__, f.py_func.__name__) for f in beside], types) if processors() > 1 else None
    try:
        for function in here:
            function.compile(types)
        if child is not None:
            child.wait()
    finally:
        if child is not None and child.poll() is None:
            child.kill()
            child.wait()


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _child(names: Sequence[tuple[str, str]], types: tuple[Any, ...]) -> subprocess.Popen[bytes] | None:
    """The other process, told what to compile; None if it cannot be had."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # the package is where this process found it
    with contextlib.suppress(OSError):
        child = subprocess.Popen(
            CHILD, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        assert child.stdin is not None
        with contextlib.suppress(OSError), child.stdin as told:
            told.write(pickle.dumps((names, types)))
        return child
    return None


def compile_what_is_asked() -> None:
    """Compile the functions named on standard input for the types that come with them."""
    names, types = pickle.loads(sys.stdin.buffer.read())
    for module, name in names:
        getattr(importlib.import_module(module), name).compile(types)
