"""The hash of the program and its packages: which results may stand side by side.

It loads neither the engine nor pandas, so that a finished study is known to be finished at once.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import platform
from pathlib import Path

import abm

MODEL = Path(abm.__file__).parent
# Files of this package on which rows depend, beside all of the model's.
OURS = (
    "call.py", "code.py", "columns.py", "designs.py", "execution.py", "measures.py", "packing.py", "study.py",
    "study_fields.py", "work.py",
)  # fmt: skip
PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "pyarrow", "pandas", "SALib", "networkx")


@functools.cache
def code_hash() -> str:
    """Hash of all that a result depends on beside the study: the model with its data, this package, and packages.

    It is of the files as they are when it is first asked for, so a process asks when it loads them.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    files = sorted(path for path in MODEL.rglob("*") if path.suffix in (".py", ".csv", ".toml"))
    for path in [*files, *(Path(__file__).parent / name for name in OURS)]:
        digest.update(path.relative_to(MODEL.parent).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for package, version in versions(PACKAGES).items():
        digest.update(f"{package} {version}".encode())
    major, minor, _ = platform.python_version_tuple()
    digest.update(f"Python {major}.{minor}".encode())
    return digest.hexdigest()[:16]


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """The versions of installed packages, by name."""
    return {name: importlib.metadata.version(name) for name in packages}
