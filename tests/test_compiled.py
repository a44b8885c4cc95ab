"""Compiled code on disk: found again, thrown away where it is spoilt, never read where others can write."""

import errno
import hashlib
import importlib
import importlib.util
import io
import os
import pickle
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numba
import pytest

from abm.engine import ahead, compiled
from abm.engine.compiled import code_hash, is_compiled_already, jit

RULES = "from abm.engine.compiled import jit\n\n\n@jit\ndef double(x):\n    return 2 * x\n"
PRINT = "import rules; print(rules.double(21), sum(rules.double.stats.cache_hits.values()))"

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")


def forget() -> None:
    """Let this process look again at where code is kept."""
    for kept in (compiled._places, compiled._last_resort, compiled._tidy, compiled._say_used, compiled._source):
        kept.cache_clear()
    compiled._imports.cache_clear()
    code_hash.cache_clear()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A user with a home, a cache and a temporary folder, and one compiled rule; the present folder is empty."""
    for name in ("home", "tmp", "code", "here"):
        (tmp_path / name).mkdir()
    cache = tmp_path / "home" / ".cache" / "invisible-debt"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    for name in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):
        monkeypatch.setenv(name, "")  # so that what a test sets is undone
        monkeypatch.delenv(name)
    monkeypatch.syspath_prepend(tmp_path / "code")
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "code" / "rules.py").write_text(RULES)
    shared = tmp_path / "tmp" / f"invisible-debt-{os.getuid()}"
    forget()
    yield SimpleNamespace(cache=cache, shared=shared, code=tmp_path / "code", here=tmp_path / "here")
    forget()


def load(name: str = "rules") -> ModuleType:
    """The rules as a new process finds them."""
    forget()
    for known in [known for known in sys.modules if known.partition(".")[0] == name]:
        del sys.modules[known]
    importlib.invalidate_caches()
    return importlib.import_module(name)


def is_kept() -> bool:
    """Call the rule; whether its code came from disk."""
    rules = load()
    assert rules.double(21) == 42
    return bool(sum(rules.double.stats.cache_hits.values()))


def kept_file(folder: Path) -> Path:
    (file,) = folder.glob("rules-*/double-*.nbc")
    return file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_code_is_kept_for_this_user_alone_and_found_again(home: SimpleNamespace) -> None:
    old = os.umask(0o002)
    try:
        assert not is_kept()
    finally:
        os.umask(old)
    assert is_kept()
    assert [mode(path) for path in (home.cache.parent, home.cache, kept_file(home.cache).parent)] == [0o700] * 3
    assert mode(kept_file(home.cache)) == 0o600
    assert not any(home.shared.parent.iterdir())
    assert numba.config.CACHE_DIR == ""  # other code of the user's keeps its own place
    load().double._cache.flush()
    assert not is_kept()


class Raises:
    """What raises when it is read back."""

    def __init__(self, error: str) -> None:
        self.error = error

    def __reduce__(self) -> tuple:
        return exec, (f"raise {self.error}('read back')",)


def sealed(data: bytes) -> bytes:
    """Data with the checksum it would have been written with."""
    return hashlib.sha256(data).digest() + data


def key_end(data: bytes) -> int:
    """Where the key ends and the code begins in what is kept."""
    stream = io.BytesIO(data)
    stream.seek(32)
    pickle.load(stream)
    return stream.tell()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "only the checksum": lambda data: data[:32],
    "half": lambda data: data[: len(data) // 2],
    "one byte short": lambda data: data[:-1],
    "one byte too many": lambda data: data + b"\0",
    "one bit of the code": lambda data: data[:-900] + bytes([data[-900] ^ 1]) + data[-899:],
    "one bit of the checksum": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "zeros": lambda data: bytes(len(data)),
    "text": lambda data: b"not code\n" * 50,
    "Numba's own file": lambda data: data[32:],
    "nothing in it": lambda data: sealed(b""),
    "no pickle": lambda data: sealed(b"not code"),
    "cut pickle": lambda data: sealed(data[32:-40]),
    "other key": lambda data: sealed(pickle.dumps("another") + data[key_end(data) :]),
    "other content": lambda data: sealed(data[32 : key_end(data)] + pickle.dumps((1, 2))),
    "missing module": lambda data: sealed(b"cno_such_module\nthing\n."),
    "missing name": lambda data: sealed(b"cos\nno_such_name\n."),
    **{
        error: lambda data, error=error: sealed(pickle.dumps(Raises(error)))
        for error in ("EOFError", "ValueError", "MemoryError", "RecursionError", "SystemError", "OSError", "KeyError")
    },
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_spoilt_is_compiled_again_and_written_anew(home: SimpleNamespace, damage: str) -> None:
    is_kept()
    file = kept_file(home.cache)
    whole = file.read_bytes()
    file.write_bytes(DAMAGE[damage](whole))
    assert not is_kept()
    assert file.read_bytes()[32:200] == whole[32:200]
    assert is_kept()


@pytest.mark.parametrize("thing", ["folder", "pipe", "device", "loop"])
def test_what_is_no_file_is_not_waited_for(home: SimpleNamespace, thing: str) -> None:
    is_kept()
    file = kept_file(home.cache)
    file.unlink()
    match thing:
        case "folder":
            (file / "within").mkdir(parents=True)
        case "pipe":
            os.mkfifo(file)
        case "device":
            file.symlink_to("/dev/zero")
        case "loop":
            file.symlink_to(file)
    assert not is_kept()
    assert is_kept()


@pytest.mark.parametrize(
    "environment", [{"XDG_CACHE_HOME": ""}, {"XDG_CACHE_HOME": "relative"}, {"XDG_CACHE_HOME": "~/x"}, {}]
)
def test_a_place_that_depends_on_the_present_folder_is_none(
    home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    is_kept()
    assert is_kept()
    assert kept_file(home.cache)
    assert not any(home.here.iterdir())


@pytest.mark.parametrize("value", [None, "relative"])
def test_without_a_home_code_is_kept_in_a_temporary_folder_of_this_user(
    home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    import pwd

    def unknown(_: int) -> None:
        raise KeyError("no such user")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME")
    if value is not None:
        monkeypatch.setenv("HOME", value)
    is_kept()
    assert is_kept()
    assert kept_file(home.shared)
    assert mode(home.shared) == 0o700
    assert not any(home.here.iterdir())


def test_a_relative_place_is_none_whoever_names_it(home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older versions of platformdirs take the home for `~` where there is none."""
    monkeypatch.setattr(compiled.platformdirs, "user_cache_path", lambda *_, **__: Path("~/.cache/invisible-debt"))
    is_kept()
    assert kept_file(home.shared)
    assert not any(home.here.iterdir())


def test_where_there_is_no_temporary_folder_either_nothing_is_left_here(
    home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    monkeypatch.setattr(tempfile, "tempdir", str(home.here))
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: (_ for _ in ()).throw(FileNotFoundError("no folder")))
    assert not is_kept()
    assert not is_kept()
    assert not any(home.here.iterdir())


@pytest.mark.parametrize("spoil", ["the cache is a file", "its parent is a file", "its parent is missing for ever"])
def test_where_no_folder_can_be_the_next_place_is_taken(
    home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    match spoil:
        case "the cache is a file":
            home.cache.parent.mkdir()
            home.cache.write_text("mine")
        case "its parent is a file":
            home.cache.parent.write_text("mine")
        case _:
            monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/never")
    is_kept()
    assert is_kept()
    assert kept_file(home.shared)


def plant(folder: Path, proof: Path) -> None:
    """Put a file where the rule's code would be looked for; reading it would leave a proof."""
    is_kept()
    (known,) = [place for place in compiled._places() if list(place.glob("rules-*"))]
    at = folder / kept_file(known).relative_to(known)
    shutil.rmtree(known)
    at.parent.mkdir(parents=True, mode=0o755)
    at.write_bytes(sealed(pickle.dumps(Writes(str(proof)))))


class Writes:
    """What writes a file when it is read back."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return exec, (f"open({self.path!r}, 'w').close()",)


def test_what_is_planted_would_be_run_if_it_were_read(home: SimpleNamespace, tmp_path: Path) -> None:
    plant(home.cache, tmp_path / "proof")
    assert not is_kept()
    assert (tmp_path / "proof").exists()


@pytest.mark.parametrize("loose", [0o770, 0o707, 0o777, 0o1777])
@pytest.mark.parametrize("level", ["place", "folder", "file"])
def test_what_others_can_write_to_is_not_read(home: SimpleNamespace, tmp_path: Path, loose: int, level: str) -> None:
    plant(home.cache, tmp_path / "proof")
    file = kept_file(home.cache)
    {"place": home.cache, "folder": file.parent, "file": file}[level].chmod(loose)
    assert not is_kept()
    assert not (tmp_path / "proof").exists()
    assert is_kept()
    assert kept_file(home.cache if level == "file" else home.shared)


def test_what_somebody_else_owns_is_neither_read_nor_written(
    home: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(home.cache, tmp_path / "proof")
    known = kept_file(home.cache).read_bytes()
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert not is_kept()
    assert not (tmp_path / "proof").exists()
    assert kept_file(home.cache).read_bytes() == known


def test_a_link_that_others_may_have_put_into_the_temporary_folder_is_not_followed(
    home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    (tmp_path / "private").mkdir(mode=0o700)
    home.shared.symlink_to(tmp_path / "private")
    home.shared.parent.chmod(0o1777)
    assert not is_kept()
    assert not any((tmp_path / "private").iterdir())


def test_a_cache_may_be_a_link_of_the_user_s(home: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "large").mkdir(mode=0o700)
    home.cache.parent.mkdir()
    home.cache.symlink_to(tmp_path / "large")
    is_kept()
    assert is_kept()
    assert kept_file(tmp_path / "large")


def run(home: SimpleNamespace, program: str = PRINT, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{home.code}:{compiled.PACKAGE.parent}", **more}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)


def test_where_others_hold_every_place_code_is_kept_for_this_run_and_those_it_starts(home: SimpleNamespace) -> None:
    home.cache.mkdir(parents=True)
    home.shared.mkdir()
    for folder in (home.cache, home.shared):
        folder.chmod(0o777)
    child = f"subprocess.run([sys.executable, '-c', {PRINT!r}])"
    program = f"import os, subprocess, sys; {PRINT}; {child}; print(os.environ['NUMBA_CACHE_DIR'])"
    done = run(home, program, PYTHONUNBUFFERED="1")
    first, second, folder = done.stdout.splitlines()
    assert (first, second, done.stderr) == ("42 0", "42 1", "")
    assert Path(folder).parent == home.shared.parent
    assert not Path(folder).exists()


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES])
def test_a_disk_that_takes_nothing_stops_no_run(
    home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def full(path: Path, data: bytes) -> int:
        with open(path, "wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(error, os.strerror(error), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert not is_kept()
    assert not is_kept()
    assert not [path for path in home.cache.rglob("*") if path.is_file()]


def test_a_limit_on_the_size_of_files_stops_no_run(home: SimpleNamespace) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); "
    done = run(home, limit + PRINT)
    assert (done.stdout, done.stderr) == ("42 0\n", "")
    assert not list(home.cache.rglob("*.nbc"))
    assert run(home).stdout == "42 0\n"
    assert run(home, limit + PRINT).stdout == "42 1\n"


def test_a_cache_that_can_only_be_read_is_read(home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    is_kept()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    for name in ("mkdir", "touch", "write_bytes", "replace", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr(os, "utime", refuse)
    assert is_kept()


def test_code_that_cannot_be_pickled_is_compiled_and_not_kept(
    home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: object) -> bytes:
        raise pickle.PicklingError("not this")

    monkeypatch.setattr(compiled, "dumps", never)
    assert not is_kept()
    assert not is_kept()


def test_first_runs_at_once_and_one_killed_while_it_writes(home: SimpleNamespace) -> None:
    kill = "import os, pathlib; pathlib.Path.replace = lambda *_: os.kill(os.getpid(), 9); "
    assert run(home, kill + PRINT).returncode == -signal.SIGKILL
    (stage,) = home.cache.rglob("*.tmp")
    os.utime(stage, (time.time() - 7200,) * 2)
    environment = {**os.environ, "PYTHONPATH": f"{home.code}:{compiled.PACKAGE.parent}"}
    both = [
        subprocess.Popen([sys.executable, "-c", PRINT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        for _ in range(2)
    ]
    told = [process.communicate() for process in both]
    assert {out.split()[0] for out, _ in told} == {b"42"}
    assert {err for _, err in told} == {b""}
    assert not list(home.cache.rglob("*.tmp"))
    assert is_kept()


@pytest.mark.parametrize("given", ["absolute", "relative"])
def test_a_place_given_to_numba_is_used(home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    folder = home.here / "given"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder) if given == "absolute" else "given")
    is_kept()
    assert is_kept()
    assert kept_file(folder / "invisible-debt")
    assert not home.cache.exists()


def test_a_place_given_that_cannot_be_is_passed_over(home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/dev/null/x")
    is_kept()
    assert is_kept()
    assert kept_file(home.cache)


def test_of_earlier_versions_the_last_used_are_kept(home: SimpleNamespace) -> None:
    home.cache.mkdir(parents=True, mode=0o700)

    def made(name: str, days: float) -> str:
        (home.cache / name / "abm_x").mkdir(parents=True)
        (home.cache / name / "abm_x" / "x.nbi").write_bytes(b"x")
        os.utime(home.cache / name, (time.time() - days * 86400,) * 2)
        return name

    recent = [made(f"rules-{day:016x}", day) for day in range(1, 5)]
    [made(f"rules-{day:016x}", day) for day in range(5, 9)]
    other = made("abm.month-00000000000000aa", 30)
    made("abm.month-00000000000000ab", 100)
    earlier = made("00000000000000aa", 1)
    made("00000000000000ab", 30)
    foreign = made("not ours", 1000)
    assert not is_kept()
    now = kept_file(home.cache).parent.name
    assert {path.name for path in home.cache.iterdir()} == {now, *recent, other, earlier, foreign}


def test_code_in_use_does_not_count_as_old(home: SimpleNamespace) -> None:
    is_kept()
    folder = kept_file(home.cache).parent
    os.utime(folder, (time.time() - 50 * 86400,) * 2)
    assert is_kept()
    assert time.time() - folder.stat().st_mtime < 60


# --- what a hash covers ---------------------------------------------------------------------------------------
def test_a_change_in_what_a_rule_imports_compiles_it_again(home: SimpleNamespace) -> None:
    (home.code / "helper.py").write_text(RULES)
    (home.code / "rules.py").write_text(
        "from abm.engine.compiled import jit\nfrom helper import double as twice\n\n\n@jit\ndef double(x):\n"
        "    return twice(x)\n"
    )
    is_kept()
    assert is_kept()
    (home.code / "helper.py").write_text(RULES.replace("2 * x", "x + x"))
    sys.modules.pop("helper")
    assert not is_kept()
    sys.modules.pop("helper")


def test_imports_of_a_package_are_followed_whatever_way_they_are_written(home: SimpleNamespace) -> None:
    files = {
        "toy/__init__.py": "",
        "toy/rules.py": "from .deep import part\nfrom . import side\nimport toy.far\n",
        "toy/deep/__init__.py": "",
        "toy/deep/part.py": "from ..near import x\n",
        "toy/side.py": "", "toy/far.py": "", "toy/near.py": "x = 1\n", "toy/apart.py": "",
    }  # fmt: skip
    for name, text in files.items():
        (home.code / name).parent.mkdir(parents=True, exist_ok=True)
        (home.code / name).write_text(text)

    def now() -> str:
        forget()
        return code_hash("toy.rules", home.code / "toy" / "rules.py")

    before = now()
    for name in files:
        (home.code / name).write_text(files[name] + "# changed\n")
        assert (now() != before) == (name != "toy/apart.py"), name
        (home.code / name).write_text(files[name])
        assert now() == before


def test_the_root_is_the_top_package_wherever_the_file_stands(tmp_path: Path) -> None:
    for name in ("toy.compiled", "toy.engine.compiled"):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(compiled.__file__), path)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert tmp_path / "toy" == module.PACKAGE
        assert module.RUN[0].startswith("toy.")
        (tmp_path / "toy" / "rule.py").write_text("from toy.part import x\n")
        (tmp_path / "toy" / "part.py").write_text("x = 1\n")
        one = module.code_hash("toy.rule")
        (tmp_path / "toy" / "part.py").write_text("x = 2\n")
        for kept in (module.code_hash, module._source, module._imports):
            kept.cache_clear()
        assert module.code_hash("toy.rule") != one


def test_a_function_that_stands_in_no_file_is_compiled(home: SimpleNamespace) -> None:
    space: dict = {"__name__": "typed_in"}
    exec("def triple(x):\n    return 3 * x\n", space)
    assert jit(space["triple"])(14) == 42
    assert not home.cache.exists()


# --- compiling in two processes -------------------------------------------------------------------------------
@pytest.fixture
def halves(home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Two rules in modules of their own, and the processes that are started to compile."""
    (home.code / "other.py").write_text(RULES)
    plain, started = subprocess.Popen, list[subprocess.Popen[bytes]]()

    def popen(*words: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(plain(*words, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(ahead, "processors", lambda: 2)
    monkeypatch.setattr(ahead.subprocess, "Popen", popen)
    return SimpleNamespace(here=load(), beside=load("other"), cache=home.cache, started=started)


def beside_are_kept(halves: SimpleNamespace) -> bool:
    return bool(list(halves.cache.glob("other-*/double-*.nbc")))


def test_two_processes_compile_and_each_finds_what_the_other_did(halves: SimpleNamespace) -> None:
    ahead.compile_in_two([halves.here.double], [halves.beside.double], 21)
    assert halves.here.double.signatures
    assert not halves.beside.double.signatures
    assert beside_are_kept(halves)
    assert halves.beside.double(21) == 42
    assert sum(halves.beside.double.stats.cache_hits.values()) == 1


def test_with_one_processor_or_no_other_process_what_is_not_compiled_here_waits(
    halves: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("CHILD", ["/no/such/program"]), ("processors", lambda: 1)):
        monkeypatch.setattr(ahead, name, value)
        ahead.compile_in_two([halves.here.double], [halves.beside.double], 21)
        assert not beside_are_kept(halves)
        assert halves.beside.double.py_func(21) == 42
    assert not halves.started


def test_whoever_stops_it_stops_both(halves: SimpleNamespace) -> None:
    class Stopped:
        def compile(self, types: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ahead.compile_in_two([Stopped()], [halves.beside.double], 21)
    (child,) = halves.started
    assert child.returncode == -signal.SIGKILL


# --- whether the model is compiled ----------------------------------------------------------------------------
def test_the_model_counts_as_compiled_when_its_run_is_whole(
    home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name = compiled.RUN
    folder = home.cache / f"{module}-{code_hash(module)}"
    assert not is_compiled_already()
    compiled._written(folder, "begin_month-1.nbc", b"code")
    assert not is_compiled_already()
    compiled._written(folder, f"{name}-1.nbc", b"code")
    assert is_compiled_already()
    (folder / f"{name}-1.nbc").write_bytes(b"")
    assert not is_compiled_already()
    compiled._written(folder, f"{name}-1.nbc", b"code")
    home.cache.chmod(0o777)
    assert not is_compiled_already()
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert is_compiled_already()


def test_the_run_is_what_the_engine_runs() -> None:
    from abm.month import run_months

    assert (run_months.py_func.__module__, run_months.py_func.__name__) == compiled.RUN
    module = compiled.RUN[0]
    assert run_months._cache._folder == f"{module}-{code_hash(module)}"
