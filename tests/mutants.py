"""Wrong versions of rules, to see that the tests of rules notice: `python -m tests.mutants`, in seconds.

A mutant is a function of `abm` with one line changed, written down in `tests/<folder>/mutants*.toml`:

    [[mutant]]
    rule = "pay_creditors"     # a function of abm; "module.function" where two compiled ones have this name
    was = "loan.lender"        # a text that occurs exactly once in it
    now = "loan.borrower"      # may name what stands in other modules of abm
    kind = "payee"             # one of KINDS
    equivalent = "..."         # only for one that changes nothing: why

No file is changed. Everything is loaded once, uncompiled, and the tests of rules (`pytest tests -m rules`) run once on
the true rules, while it is noted which test calls which function. Then every mutant gets a fork of that process: a copy
of it in memory, in which the code of the wrong version takes the place of the right one's, in the function and in
every copy of it that `abm.rules.interpreted` made. There the tests that call the function run, those that call the
fewest functions first, until one fails; the others cannot tell the difference. What a test module computed when it was
imported stands as it is. A fork that takes three seconds of the processor more than ten times what its tests take
hangs: it is killed, and the mutant is caught.

Leaves with 0 if at least 95 % of the mutants that change something are caught, 1 if not or if one that is said to
change nothing is caught, 2 if a mutant or a test of the true rules is broken.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import dis
import functools
import gc
import json
import os
import random
import resource
import selectors
import signal
import sys
import time
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

if __name__ == "__main__":  # before numba and numpy are loaded
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # a process that forks has no threads

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "abm"
HOMES = tuple(str(ROOT / folder) + os.sep for folder in (PACKAGE, "tests"))
KINDS = ("sign", "tier", "payee", "month", "arguments", "stream", "term", "bound", "status", "channel", "flow")
FIELDS = ("rule", "was", "now", "kind", "equivalent")
ENOUGH = 0.95
SEED = 20251231  # of the sample
SHORTEST, TIMES = 3, 10  # processor seconds a fork has at least; otherwise this many times those of its tests
CACHED = type(functools.cache(lambda: None))
BROKEN = ("NameError", "UnboundLocalError", "AttributeError", "SyntaxError")  # a wrong version must at least run


class MutantError(Exception):
    """A mutant that cannot be judged; the message names it."""


@dataclass(frozen=True)
class Mutant:
    """One wrong version.

    Parameters
    ----------
    rule, was, now, kind, equivalent : str
        As in its file.
    path : Path
        The source file of the function.
    name : str
        The function in that file, with its class if it has one.
    line : int
        Where the change is in that file.
    code : CodeType
        The wrong version, compiled by Python.
    """

    rule: str
    was: str
    now: str
    kind: str
    equivalent: str
    path: Path
    name: str
    line: int
    code: CodeType = field(repr=False, compare=False)

    def __str__(self) -> str:
        now = self.now if len(self.now) <= 60 else f"{self.now[:57]}..."
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.rule}: {self.was!r} becomes {now!r} ({self.kind})"


@dataclass
class Verdict:
    """What the tests said about a mutant: the test that caught it and how, or None."""

    mutant: Mutant
    test: str | None
    how: str
    seconds: float  # of the processor


# --- reading ------------------------------------------------------------------------------------------------
@functools.cache
def _functions() -> dict[str, list[tuple[Path, str, ast.AST]]]:
    """Every function of the package under its name and under "module.name": file, name with class, syntax tree."""
    found: dict[str, list[tuple[Path, str, ast.AST]]] = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        module = path.parent.name if path.stem == "__init__" else path.stem
        scopes = [("", ast.parse(path.read_bytes()))]
        while scopes:
            prefix, scope = scopes.pop()
            for node in ast.iter_child_nodes(scope):
                if isinstance(node, ast.ClassDef):
                    scopes.append((f"{prefix}{node.name}.", node))
                elif isinstance(node, ast.FunctionDef):
                    for name in {node.name, f"{prefix}{node.name}", f"{module}.{prefix}{node.name}"}:
                        found.setdefault(name, []).append((path, prefix + node.name, node))
    return found


def _is_compiled(node: ast.AST) -> bool:
    return "jit" in {getattr(decorator, "id", "") for decorator in getattr(node, "decorator_list", [])}


def _inner(code: CodeType, name: str) -> CodeType:
    """The code of a function in that of its module."""
    for part in name.split("."):
        (code,) = [c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == part]
    return code


@functools.cache
def _true_code(path: Path) -> CodeType:
    return compile(path.read_bytes(), path, "exec", dont_inherit=True)


def understood(entry: dict[str, Any]) -> Mutant:
    """A mutant from its entry in a file.

    Raises
    ------
    MutantError
        If the function or the text is not found exactly once, or the wrong version is the same or does not compile.
    """
    called = f"the mutant of {entry.get('rule', 'no rule')!r} where {entry.get('was', 'nothing')!r} was"

    def expect(right: object, complaint: str) -> None:
        if not right:
            raise MutantError(f"{called}: {complaint}")

    expect(all(entry.get(name) for name in ("rule", "was")), "'rule' and 'was' must be given")
    expect(isinstance(entry.get("now"), str), "'now' must be given")
    expect(entry.get("kind") in KINDS, f"'kind' must be one of {', '.join(KINDS)}, not {entry.get('kind')!r}")
    expect(not (extra := set(entry) - set(FIELDS)), f"unknown field {', '.join(sorted(extra))}")
    places = _functions().get(entry["rule"], [])
    if len(places) > 1:  # a compiled rule goes before what has its name elsewhere
        places = [place for place in places if _is_compiled(place[2])] or places
    where = ", ".join(str(path.relative_to(ROOT)) for path, _, _ in places)
    expect(places, f"{PACKAGE} has no such function")
    expect(len(places) == 1, f"there are {len(places)} functions of this name ({where}); say module.function")
    (path, name, node), text = places[0], places[0][0].read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    begin = sum(map(len, lines[: node.lineno - 1]))  # type: ignore[attr-defined]
    end = sum(map(len, lines[: node.end_lineno]))  # type: ignore[attr-defined]
    times = text[begin:end].count(entry["was"])
    expect(times == 1, f"this text occurs {times} times in the function ({where}), not once")
    at = text.index(entry["was"], begin)
    try:
        wrong = compile(text[:at] + entry["now"] + text[at + len(entry["was"]) :], path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise MutantError(f"{called}: the wrong version does not compile: {error}") from None
    code = _inner(wrong, name)
    same = code.replace(co_linetable=b"") == _inner(_true_code(path), name).replace(co_linetable=b"")
    expect(not same, "the wrong version is the same code")
    return Mutant(
        **{name: entry.get(name, "") for name in FIELDS}, path=path, name=name, line=text.count("\n", 0, at) + 1,
        code=code,
    )  # fmt: skip


def read(files: Iterable[Path]) -> tuple[list[Mutant], list[str]]:
    """The mutants of some files, each once, and a complaint about every one that cannot be judged."""
    found: dict[tuple[Path, str, str, str], Mutant] = {}
    complaints: list[str] = []
    for path in files:
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
        except tomllib.TOMLDecodeError as error:
            complaints.append(f"{path}: broken TOML: {error}")
            continue
        for entry in entries:
            try:
                mutant = understood(entry)
            except MutantError as error:
                complaints.append(f"{path}: {error}")
            else:
                found[mutant.path, mutant.name, mutant.was, mutant.now] = mutant
    return list(found.values()), complaints


def chosen(mutants: Sequence[Mutant], rule: str | None, sample: int | None) -> list[Mutant]:
    """The mutants of one rule, or a sample that is the same every time, of those that change something."""
    some = [m for m in mutants if rule is None or rule in (m.rule, m.name)]
    if sample is None:
        return some
    able = sorted((m for m in some if not m.equivalent), key=lambda m: (m.name, m.was, m.now))
    return random.Random(SEED).sample(able, min(sample, len(able)))


# --- judging ------------------------------------------------------------------------------------------------
def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _Calls:
    """Which functions of the package are entered."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        watch = sys.monitoring
        watch.use_tool_id(watch.COVERAGE_ID, "mutants")
        watch.register_callback(watch.COVERAGE_ID, watch.events.PY_START, self._enter)
        watch.set_events(watch.COVERAGE_ID, watch.events.PY_START)

    def _enter(self, code: CodeType, _: int) -> Any:
        if code.co_filename.startswith(HOMES[0]):
            self.seen.add((code.co_filename, code.co_qualname))
        return sys.monitoring.DISABLE  # once is enough

    def start(self) -> set[tuple[str, str]]:
        """Begin anew; what is returned fills."""
        self.seen = set()
        sys.monitoring.restart_events()
        return self.seen

    def close(self) -> None:
        """Watch no longer."""
        sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, 0)
        sys.monitoring.free_tool_id(sys.monitoring.COVERAGE_ID)


def _caches() -> Iterator[Any]:
    """What functions of the package and of its tests remember."""
    for one in gc.get_objects():
        if isinstance(one, CACHED):
            module = sys.modules.get(one.__module__)
            if (getattr(module, "__file__", None) or "").startswith(HOMES):
                yield one


class Court:
    """A plugin of pytest: runs the tests of rules once on the true rules, then judges mutants in forks.

    Parameters
    ----------
    mutants : sequence of Mutant
    jobs : int
        Forks at once.
    tell : callable
        Called with every verdict.
    """

    def __init__(self, mutants: Sequence[Mutant], jobs: int, tell: Any) -> None:
        self.mutants, self.jobs, self.tell = mutants, jobs, tell
        self.broken: list[str] = []
        self.verdicts: list[Verdict] = []
        self.tests = 0
        self._failed: tuple[str, str] | None = None

    def pytest_sessionstart(self) -> None:
        """A failure is looked for, not its shortest example, and in the same way every time."""
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants", phases=(Phase.explicit, Phase.generate), derandomize=True, database=None, deadline=None
        )
        settings.load_profile("mutants")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test module that cannot be loaded ends it."""
        if report.failed:
            self.broken.append(f"{report.nodeid}: {report.longrepr}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the first failure."""
        if report.failed and self._failed is None:
            crash = getattr(report.longrepr, "reprcrash", None)
            self._failed = report.nodeid, (crash.message if crash else str(report.longrepr)).split("\n")[0]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """All of it."""
        self.tests = len(session.items)
        if not self.broken:
            self._true_rules(session.items)
        if not self.broken:
            warnings.filterwarnings("ignore", message=".*fork", category=DeprecationWarning)
            for verdict in self._judged():
                self.verdicts.append(verdict)
                self.tell(verdict)
        return True

    def _run(self, item: pytest.Item) -> bool:
        """Whether a test passes, everything it set up taken down again."""
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return self._failed is None

    def _true_rules(self, items: list[pytest.Item]) -> None:
        calls, caches = _Calls(), [cache for cache in _caches() if cache.__name__ != "_interpreted"]
        self._known: list[tuple[pytest.Item, set[tuple[str, str]], float]] = []
        for item in items:
            for cache in caches:  # or a test that finds what another one computed would seem to call less
                cache.cache_clear()
            seen, before = calls.start(), _processor()
            if not self._run(item) and self._failed:
                self.broken.append("on the true rules {} fails: {}".format(*self._failed))
                self._failed = None
            self._known.append((item, seen, _processor() - before))
        calls.close()
        self._known.sort(key=lambda known: len(known[1]))

    def _judged(self) -> Iterator[Verdict]:
        """Verdicts as they come, from as many forks at once as there are jobs."""
        waiting = list(self.mutants)[::-1]
        with selectors.DefaultSelector() as running:
            while waiting or running.get_map():
                while waiting and len(running.get_map()) < self.jobs:
                    mutant = waiting.pop()
                    running.register(*self._fork(mutant))
                for key, _ in running.select():
                    mutant, child = key.data
                    with open(key.fd, "rb") as pipe:
                        running.unregister(key.fd)
                        said = pipe.read()
                    _, status, used = os.wait4(child, 0)
                    seconds = used.ru_utime + used.ru_stime
                    if said:
                        test, how = json.loads(said)
                    else:
                        number = os.waitstatus_to_exitcode(status)
                        hangs = -number in (signal.SIGXCPU, signal.SIGKILL)
                        test, how = "all its tests together", "hangs" if hangs else f"ends the process with {number}"
                    if test == "":
                        self.broken.append(f"{mutant}: {how}")
                    else:
                        yield Verdict(mutant, test, how, seconds)

    def _fork(self, mutant: Mutant) -> tuple[int, int, tuple[Mutant, int]]:
        near = [known for known in self._known if (str(mutant.path), mutant.name) in known[1]]
        reading, writing = os.pipe()
        child = os.fork()
        if child:
            os.close(writing)
            return reading, selectors.EVENT_READ, (mutant, child)
        said: tuple[str | None, str] = None, ""
        try:
            silent = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silent, stream)
            if near:  # otherwise it need not even be loaded
                replace(mutant)
            limit = int(_processor() + SHORTEST + TIMES * sum(seconds for *_, seconds in near))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            passed = all(self._run(item) for item, *_ in near)
            said = (None, "" if near else "no test calls it") if passed else self._failed or said
        except BaseException as error:
            said = "", f"the runner broke down: {error!r}"
        finally:
            os.write(writing, json.dumps(said).encode())
            os._exit(0)


def replace(mutant: Mutant) -> None:
    """Put the wrong version in the place of the right one, in this process: in the function and in all its copies."""
    found = 0
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            code = one.__code__
            if code.co_qualname == mutant.name and code.co_filename == str(mutant.path):
                one.__code__ = mutant.code
                one.__globals__.update(_named_elsewhere(one))
                found += 1
    if not found:
        raise MutantError(f"{mutant}: the function is not loaded")
    for cache in _caches():
        cache.cache_clear()


def _named_elsewhere(function: FunctionType) -> dict[str, Any]:
    """What a function names but its module lacks, from the one value that it has elsewhere in the package."""
    found = {}
    known = function.__globals__.keys() | vars(builtins).keys()
    for name in {step.argval for step in dis.get_instructions(function) if step.opname == "LOAD_GLOBAL"} - known:
        modules = [module for path, module in sys.modules.items() if path.split(".")[0] == PACKAGE]
        values = [vars(module)[name] for module in modules if name in vars(module)]
        if values and all(value is values[0] or value == values[0] for value in values):
            found[name] = values[0]
    return found


def judge(mutants: Sequence[Mutant], jobs: int, tell: Any, tests: str = "tests") -> Court:
    """Put mutants to the tests of rules, in forks of this process.

    Parameters
    ----------
    mutants : sequence of Mutant
    jobs : int
        Forks at once.
    tell : callable
        Called with every verdict.
    tests : str, optional
        A folder or file of tests; only those of rules count.

    Returns
    -------
    Court
        With its verdicts, or with what is broken.
    """
    os.chdir(ROOT)
    court = Court(mutants, jobs, tell)
    without = [word for name in ("terminal", "cacheprovider", "faulthandler") for word in ("-p", f"no:{name}")]
    code = pytest.main([tests, "-m", "rules", "-n", "0", "-s", *without], plugins=[court])
    if not court.tests and not court.broken:
        court.broken.append(f"pytest found no tests of rules and left with {code}")
    return court


# --- the command --------------------------------------------------------------------------------------------
def main(arguments: Sequence[str] | None = None) -> int:
    """Judge mutants and say which were missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="files of mutants; all of tests/ if left out")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, the same every time")
    parser.add_argument("--rule", metavar="NAME", help="only those of this rule")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="side by side")
    parser.add_argument("--tests", default="tests", metavar="PATH", help="put them to these tests of rules only")
    parser.add_argument("--list", action="store_true", help="list them and judge none")
    given = parser.parse_args(arguments)
    all_of_them, complaints = read(given.files or sorted((ROOT / "tests").rglob("mutants*.toml")))
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    mutants = chosen(all_of_them, given.rule, given.sample)
    if given.list or not mutants:
        for mutant in mutants:
            print(f"{mutant}{'  changes nothing: ' + mutant.equivalent if mutant.equivalent else ''}")
        print(f"{len(mutants)} mutants of {len({(m.path, m.name) for m in mutants})} functions")
        return 0 if given.list and not complaints else 2

    def tell(verdict: Verdict) -> None:
        word = "caught" if verdict.test else "same" if verdict.mutant.equivalent else "MISSED"
        by = f": {verdict.how}; {verdict.test}" if verdict.test else f": {verdict.how}" if verdict.how else ""
        print(f"{word:6} {verdict.seconds:5.1f} s  {verdict.mutant}{by}", flush=True)

    began = time.perf_counter()
    court = judge(mutants, max(given.jobs, 1), tell, given.tests)
    code = report(court, time.perf_counter() - began)
    if complaints:
        print(f"\ncannot be judged, and must be mended or taken out: {len(complaints)}, named above", file=sys.stderr)
    return 2 if complaints else code


def report(court: Court, seconds: float) -> int:
    """Print what was caught and what was missed; the exit code."""
    for line in court.broken:
        print(line, file=sys.stderr)
    if court.broken:
        return 2
    verdicts = [v for v in court.verdicts if not v.mutant.equivalent]
    missed = [v for v in verdicts if not v.test]
    not_equal = [v for v in court.verdicts if v.mutant.equivalent and v.test]
    do_not_run = [v for v in court.verdicts if v.how.split(":")[0].split(".")[-1] in BROKEN]
    caught = len(verdicts) - len(missed)
    share = caught / len(verdicts) if verdicts else 1.0
    used = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    same = len(court.verdicts) - len(verdicts)
    print(
        f"\n{caught} of {len(verdicts)} mutants caught ({share:.1%}) by {court.tests} tests of rules; "
        f"{same} more are said to change nothing. {seconds:.0f} s, {used:.0f} s of processor"
    )
    for title, some in (
        ("missed", missed),
        ("said to change nothing, but caught", not_equal),
        ("do not run: an error of the mutant, not of the rule", do_not_run),
    ):
        if some:
            print(f"\n{title}:", *(f"  {v.mutant}{f': {v.how}' if v.how else ''}" for v in some), sep="\n")
    return 2 if do_not_run else 0 if share >= ENOUGH and not not_equal else 1


if __name__ == "__main__":
    sys.exit(main())
