"""One decorator for every compiled rule: `jit`, Numba with a cache that cannot go stale.

Numba's own cache looks only at the file a function stands in, so a caller keeps an old copy of a
callee that changed in another file. Here the cache folder is named by a hash of the whole package.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

PACKAGE = Path(__file__).parent


def source_hash() -> str:
    """Hash of every Python source file of the package, of Numba's and of NumPy's version.

    Returns
    -------
    str
        16 hexadecimal digits; the same sources give the same digits on every machine.
    """
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """Where compiled code is kept: the user's cache folder, or a temporary one if that is read-only."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    for base in (Path(home), Path(tempfile.gettempdir())):
        folder = base / "invisible-debt" / source_hash()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="invisible-debt-"))


if not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = str(_cache_folder())

CACHE_FOLDER = Path(numba.config.CACHE_DIR)


def jit(function: Callable[..., Any]) -> Any:
    """Compile a rule with Numba: cached on disk, releasing the interpreter lock, strict IEEE arithmetic.

    `NUMBA_DISABLE_JIT=1` turns it into the plain Python function, with the same results to the last bit.
    """
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


def is_compiled_already() -> bool:
    """Whether the cache folder of this version of the package holds compiled code."""
    return any(CACHE_FOLDER.rglob("*.nbi"))
