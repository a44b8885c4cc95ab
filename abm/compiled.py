"""One decorator for every compiled rule: `jit`, Numba with a cache that cannot go stale.

Numba's own cache looks only at the file a function stands in, so a caller would keep an old copy of a callee
that changed in another file. Here the cache folder of a function is named by a hash of its module and of every
module of the package that it imports, directly or not; a change recompiles what depends on it and no more.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

PACKAGE = Path(__file__).parent
# What this module contributes to compiled code is the type of the parameter row, which is in the names of types.
NOT_COMPILED = {"abm.parameters"}


@functools.cache
def _home() -> Path:
    """Where compiled code is kept: the user's cache folder, or a temporary one if that is read-only."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    for folder in (Path(base) / "invisible-debt", Path(tempfile.gettempdir()) / "invisible-debt"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="invisible-debt-"))


@functools.cache
def _source(module: str) -> bytes | None:
    """Source of a module of this package, None if there is no such module."""
    stem = PACKAGE.joinpath(*module.split(".")[1:])
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path.read_bytes()
    return None


@functools.cache
def _imports(module: str) -> frozenset[str]:
    """Modules of this package that a module imports at its top."""
    found: set[str] = set()
    for node in ast.parse(_source(module) or b"").body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE.name:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.startswith(f"{PACKAGE.name}."))
    return frozenset(name for name in found if _source(name) is not None)


@functools.cache
def code_hash(module: str) -> str:
    """Hash of all that the compiled functions of a module depend on.

    Parameters
    ----------
    module : str
        Full name, such as ``abm.month``.

    Returns
    -------
    str
        16 hexadecimal digits, the same for the same sources and versions of Numba and NumPy.
    """
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in reached and name not in NOT_COMPILED:
            reached.add(name)
            waiting.extend(_imports(name))
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    for name in sorted(reached):
        digest.update(name.encode() + b"\0" + (_source(name) or b""))
    return digest.hexdigest()[:16]


def source_hash() -> str:
    """Hash of every source and data file of the package: what a result depends on besides parameters and seed."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in {".py", ".csv", ".toml"}:
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def jit(function: Callable[..., Any]) -> Any:
    """Compile a rule with Numba: cached on disk, releasing the interpreter lock, strict IEEE arithmetic.

    `NUMBA_DISABLE_JIT=1` turns it into the plain Python function, with the same results to the last bit.
    """
    if not os.environ.get("NUMBA_CACHE_DIR"):
        numba.config.CACHE_DIR = str(_home() / code_hash(function.__module__))
    return numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)


def is_compiled_already() -> bool:
    """Whether the run of this version of the model has been compiled before on this machine."""
    folder = os.environ.get("NUMBA_CACHE_DIR") or _home() / code_hash(f"{PACKAGE.name}.month")
    return any(Path(folder).rglob("month.run_months*.nbi"))
