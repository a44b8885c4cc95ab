"""One decorator for every compiled rule: `jit`, Numba with a cache that cannot go stale, nor stop a run.

Numba's own cache looks only at the file a function stands in, so a caller would keep an old copy of a callee
that changed in another file. Here the cache folder of a function is named by a hash of its module and of every
module of the package that it imports, directly or not; a change recompiles what depends on it and no more.

Every signature has one file, written whole or not at all, with a checksum: what is missing, cut short, changed or
of another make is compiled again and written anew. The files hold pickles, which run as code when they are read,
so none is read from a folder that somebody else owns or can write to.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import functools
import hashlib
import inspect
import io
import os
import pickle
import re
import shutil
import stat
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import platformdirs
from llvmlite import binding
from numba.core.caching import FunctionCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

NAME = "invisible-debt"
PACKAGE = Path(__file__).parents[__name__.count(".") - 1]  # the folder of the top-level package, wherever this stands
RUN = (f"{PACKAGE.name}.month", "run_months")  # module and name of the compiled run
# What this module contributes to compiled code is the type of the parameter row, which is in the names of types.
NOT_COMPILED = {"abm.inputs.parameters"}
VERSIONS_KEPT = 5  # folders a module has at most, the most recently used ones
DAY = 86400.0  # seconds
UNUSED_FOR = 60 * DAY  # after that a folder goes
FOLDER = re.compile(r"(?P<module>[\w.]+)-[0-9a-f]{16}")
EARLIER_FOLDER = re.compile(r"[0-9a-f]{16}")  # how versions before 2026-12 named them


# --- what compiled code depends on ----------------------------------------------------------------------------
def _path(module: str, root: Path) -> Path | None:
    """File of a module that counts: of this package, or found in `root`; None for any other."""
    top, *rest = module.split(".")
    base = PACKAGE.parent if top == PACKAGE.name else root
    stem = base.joinpath(top, *rest)
    for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


@functools.cache
def _source(path: Path) -> bytes:
    return path.read_bytes()


@functools.cache
def _imports(module: str, path: Path, root: Path) -> frozenset[str]:
    """Modules that a module imports at its top and that count."""
    found: set[str] = set()
    for node in ast.parse(_source(path)).body:
        if isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level + (path.name == "__init__.py") or None] if node.level else []
            name = ".".join([*parents, *filter(None, [node.module])])
            found.add(name)
            found.update(f"{name}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    tops = {PACKAGE.name, module.partition(".")[0]}
    # Next to an installed package stand hundreds of others; next to a file of the user's, what it may import.
    installed = str(root) in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    counts = (name for name in found if name and (name.partition(".")[0] in tops or not installed))
    return frozenset(name for name in counts if _path(name, root) is not None)


@functools.cache
def code_hash(module: str, file: Path | None = None) -> str:
    """Hash of all that the compiled functions of a module depend on.

    Parameters
    ----------
    module : str
        Full name, such as ``abm.month``.
    file : Path, optional
        Where its source is; needed for a module of another package, whose own imports count too.

    Returns
    -------
    str
        16 hexadecimal digits, the same for the same sources, versions of Python, Numba and NumPy, and processor.
    """
    root = PACKAGE.parent
    if file is not None and module.partition(".")[0] != PACKAGE.name:
        depth = module.count(".") + (file.name == "__init__.py")
        root = file.parents[min(depth, len(file.parents) - 1)]
    reached: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = (file if name == module else None) or _path(name, root)
        if name not in reached and name not in NOT_COMPILED and path is not None:
            reached[name] = path
            waiting.extend(_imports(name, path, root))
    digest = hashlib.sha256(repr(_machine()).encode())
    for name in sorted(reached):
        digest.update(name.encode() + b"\0" + _source(reached[name]))
    return digest.hexdigest()[:16]


@functools.cache
def _machine() -> tuple[str | None, ...]:
    """What compiled code depends on besides sources."""
    chosen = (os.environ.get("NUMBA_CPU_NAME"), os.environ.get("NUMBA_CPU_FEATURES"))
    versions = (numba.__version__, np.__version__, sys.implementation.cache_tag)
    return (*versions, binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten(), *chosen)


def source_hash() -> str:
    """Hash of every source and data file of the package: what a result depends on besides parameters and seed."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in {".py", ".csv", ".toml"}:
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


# --- where compiled code is kept ------------------------------------------------------------------------------
@functools.cache
def _places() -> tuple[Path, ...]:
    """Where compiled code may be kept, the best place first; none need exist, or be ours, or have room."""
    found = []
    if given := _given():
        found.append(given)
    with contextlib.suppress(RuntimeError, OSError):  # no home
        found.append(platformdirs.user_cache_path(NAME, appauthor=False))
    with contextlib.suppress(OSError):  # no temporary folder
        shared = Path(tempfile.gettempdir())
        # Where there is no temporary folder Python names the current one, which is not ours to fill.
        if shared != Path.cwd() or shared.stat().st_mode & stat.S_ISVTX:
            found.append(shared / (f"{NAME}-{os.getuid()}" if hasattr(os, "getuid") else NAME))
    return tuple(folder for folder in found if folder.is_absolute())


def _given() -> Path | None:
    """The place that the user gave to Numba."""
    folder = os.environ.get("NUMBA_CACHE_DIR") or numba.config.CACHE_DIR
    return Path(folder).absolute() / NAME if folder else None


@functools.cache
def _last_resort() -> Path:
    """A new folder that nobody else can enter, for this process and those it starts; gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"{NAME}-"))
    maker = os.getpid()
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == maker else None)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder / NAME


def _is_ours(told: os.stat_result) -> bool:
    """Whether a file or folder is this user's, and nobody else can write to it."""
    if not hasattr(os, "geteuid"):
        return True
    return told.st_uid == os.geteuid() and not told.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _may_read(folder: Path) -> bool:
    """Whether a folder is there and what it holds may be run: it is ours alone."""
    try:
        told = folder.stat()
        # In a folder that all share, as the temporary one, anybody can put a link to some other folder of ours.
        astray = folder.is_symlink() and folder.parent.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    except OSError:
        return False
    return stat.S_ISDIR(told.st_mode) and _is_ours(told) and not astray


def _make(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone.

    Raises
    ------
    OSError
        If it cannot be made, or is there and somebody else's.
    """
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for part in reversed(missing):
        with contextlib.suppress(FileExistsError):
            part.mkdir(mode=0o700)
    if not _may_read(folder):
        raise PermissionError(f"{folder} is not a folder of this user alone")


def _written(folder: Path, name: str, data: bytes) -> bool:
    """Write a file whole or not at all, behind its checksum; whether that worked."""
    stage = folder / f"{name}.{uuid.uuid4().hex[:12]}.tmp"
    try:
        _make(folder.parent)
        _make(folder)
        try:
            stage.touch(0o600, exist_ok=False)
            stage.write_bytes(hashlib.sha256(data).digest() + data)
            stage.replace(folder / name)
        except BaseException:
            stage.unlink(missing_ok=True)
            raise
    except OSError:  # no such place, no right to write, no room left
        return False
    _tidy(folder)
    return True


def _read(path: Path) -> bytes | None:
    """What a file holds, None if it is not there, not ours or not as it was written."""
    if not (_may_read(path.parent.parent) and _may_read(path.parent)):
        return None
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
            told = os.fstat(file.fileno())
            kept = file.read() if stat.S_ISREG(told.st_mode) and _is_ours(told) else b""
    except (OSError, MemoryError):
        return None
    data = kept[32:]
    return data if data and hashlib.sha256(data).digest() == kept[:32] else None


@functools.cache
def _tidy(folder: Path) -> None:
    """Once for each folder written to: delete what earlier versions and interrupted runs have left beside it."""
    now = time.time()

    def used(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return now

    with contextlib.suppress(OSError):
        for stage in folder.glob("*.tmp"):
            if now - used(stage) > DAY / 24:
                stage.unlink(missing_ok=True)
        module = folder.name.rpartition("-")[0]
        kept = [path for path in folder.parent.iterdir() if path != folder and path.is_dir()]
        kept.sort(key=used, reverse=True)
        mine = [path for path in kept if (match := FOLDER.fullmatch(path.name)) and match["module"] == module]
        old = [path for path in kept if FOLDER.fullmatch(path.name) and now - used(path) > UNUSED_FOR]
        old += [path for path in kept if EARLIER_FOLDER.fullmatch(path.name) and now - used(path) > 7 * DAY]
        for path in {*mine[VERSIONS_KEPT - 1 :], *old}:
            shutil.rmtree(path, ignore_errors=True)


@functools.cache
def _say_used(folder: Path) -> None:
    """Once for each folder read from: note that it is in use, so that `_tidy` leaves it."""
    with contextlib.suppress(OSError):
        if time.time() - folder.stat().st_mtime > DAY:
            os.utime(folder)


# --- compiling ------------------------------------------------------------------------------------------------
class Kept(FunctionCache):
    """Compiled code of one function on disk, one file a signature; what cannot be read or written is no error.

    Parameters
    ----------
    function : callable
        The plain Python function.
    folder : str
        Name of the folder for code of its module, from `code_hash`.
    """

    def __init__(self, function: Callable[..., Any], folder: str) -> None:
        self._py_func = function
        self._folder = folder
        self._stem = re.sub(r"[^\w.]", "", function.__qualname__)
        self._enabled = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._folder}/{self._stem}>"

    @property
    def cache_path(self) -> str:
        """The best place, whether it is there or not; empty if there is none."""
        return str(_places()[0] / self._folder) if _places() else ""

    def flush(self) -> None:
        """Forget what is kept of this function."""
        for place in _places():
            for path in (place / self._folder).glob(f"{self._stem}-*.nbc"):
                path.unlink(missing_ok=True)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Compiled code of a signature, None if none is kept that can be used."""
        target_context.refresh()
        if not self._enabled:
            return None
        for place in _places():
            # Whatever is wrong with what was kept, it can be compiled again: no class of error is left out.
            with contextlib.suppress(Exception):
                key = self._index_key(sig, target_context.codegen())
                data = _read(place / self._folder / self._name(key))
                if data is None:
                    continue
                stream = io.BytesIO(data)
                if pickle.load(stream) == key:
                    found = CompileResult._rebuild(target_context, *pickle.load(stream))
                    _say_used(place / self._folder)
                    return found
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code of a signature in the best place that takes it."""
        if not self._enabled or data.library.has_dynamic_globals or any(not part.can_cache for part in data.lifted):
            return
        with contextlib.suppress(Exception):  # a run does not end because its code cannot be kept
            key = self._index_key(sig, data.codegen)
            kept = dumps(key) + dumps(data._reduce())
            if not any(_written(place / self._folder, self._name(key), kept) for place in _places()):
                _written(_last_resort() / self._folder, self._name(key), kept)

    def _name(self, key: Any) -> str:
        """File of a signature."""
        return f"{self._stem}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"


def jit(function: Callable[..., Any]) -> Any:
    """Compile a rule with Numba: cached on disk, releasing the interpreter lock, strict IEEE arithmetic.

    `NUMBA_DISABLE_JIT=1` turns it into the plain Python function, with the same results to the last bit. A function
    that stands in no file is compiled for this process only.
    """
    made = numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)
    file = Path(inspect.getfile(function)).absolute()
    if made is not function and file.is_file():
        made._cache = Kept(function, f"{function.__module__}-{code_hash(function.__module__, file)}")
    return made


def is_compiled_already() -> bool:
    """Whether the run of this version of the model has been compiled before on this machine, or need not be."""
    if numba.config.DISABLE_JIT:
        return True
    module, name = RUN
    folders = [place / f"{module}-{code_hash(module)}" for place in _places()]
    return any(_read(path) is not None for folder in folders for path in _listed(folder, name))


def _listed(folder: Path, stem: str) -> list[Path]:
    """Files of a function in a folder, none if there is no such folder or it may not be looked into."""
    try:
        return list(folder.glob(f"{stem}-*.nbc"))
    except OSError:
        return []
