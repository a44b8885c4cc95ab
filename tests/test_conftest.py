"""What `pytest` does by itself in this repository: compile the model once, and say what was not tested."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import compiling
import pytest
from compiling import compile_once

from abm.engine import compiled

HERE = Path(__file__).parent
SKIPPED = """
import pytest
@pytest.fixture(scope="session")
def browser():
    pytest.skip("no browser: get one")
@pytest.mark.parametrize("n", range(3))
def test_a(n, browser): pass
@pytest.mark.skipif(True, reason="reads Linux's account")
def test_b(): pass
def test_c(): pass
"""


# In place of `compiling`, in a copy of this folder: notes that it was called.
NOTES = """
from pathlib import Path
def compile_once():
    (Path(__file__).parent / "compiled").touch()
def warn_if_not_compiled(say):
    say("it is compiled first")
"""
NEEDS_IT = """
from pathlib import Path
def test_it_is_compiled():
    assert (Path(__file__).parents[{where} - 1] / "compiled").exists() == {expected}
"""


def pytest_in(folder: Path, *words: str) -> list[str]:
    """The lines of `pytest` in a folder with the `conftest.py` of this one."""
    shutil.copy(HERE / "conftest.py", folder)
    (folder / "compiling.py").write_text(NOTES)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = rules: as in the repository\n")
    call = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    return subprocess.run(call, capture_output=True, text=True, cwd=folder, env=dict(os.environ)).stdout.splitlines()


def test_the_last_lines_say_what_was_skipped_and_why(tmp_path: Path) -> None:
    (tmp_path / "test_skipped.py").write_text(SKIPPED)
    (tmp_path / "test_absent.py").write_text("import pytest\npytest.skip('a whole file', allow_module_level=True)\n")
    lines = pytest_in(tmp_path, "-n", "0")
    assert lines[-5].strip("= ") == "not tested here"
    assert lines[-4] == "3 skipped: no browser: get one"
    assert sorted(lines[-3:-1]) == ["1 skipped: a whole file", "1 skipped: reads Linux's account"]
    assert lines[-1].strip("= ").startswith("1 passed, 5 skipped")


@pytest.mark.parametrize(
    ("words", "files", "compiles"),
    [("-n 1", 5, True), ("-n 1", 4, False), ("-n 0", 5, False), ("-n 1 -m rules", 5, False)],
)
def test_the_model_is_compiled_before_many_tests_run_side_by_side(
    words: str, files: int, compiles: bool, tmp_path: Path
) -> None:
    (tmp_path / "tests" / "markets").mkdir(parents=True)
    (tmp_path / "tests" / "markets" / "test_first.py").write_text(NEEDS_IT.format(where=2, expected=False))
    (tmp_path / "tests" / "test_mutants.py").write_text(NEEDS_IT.format(where=1, expected=False))
    for k in range(files):
        (tmp_path / "tests" / f"test_later_{k}.py").write_text(NEEDS_IT.format(where=1, expected=compiles))
    lines = pytest_in(tmp_path / "tests", *words.split())
    assert lines[-1].strip("= ").startswith(f"{files + 2} passed in") or "-m rules" in words, lines
    assert " failed" not in lines[-1]
    assert ("it is compiled first" in lines) == (words == "-n 1")


def test_what_goes_first_is_there(pytestconfig: pytest.Config) -> None:
    ours = pytestconfig.pluginmanager.get_plugin(str(HERE / "conftest.py"))
    assert ours is not None
    assert [name for name in (*ours.ORDER, *ours.PLAIN) if not (HERE / name).exists()] == []


def waits_or_compiles(folder: Path, answers: object) -> None:
    """What two processes do at the same time: they find nothing compiled, and one of them compiles."""
    compiling.COMPILE = [sys.executable, "-c", f"import time; time.sleep(0.5); open({str(folder / 'code')!r}, 'x')"]
    tempfile.tempdir = str(folder)
    compiled.is_compiled_already = (folder / "code").exists
    answers.put(compile_once())  # type: ignore[attr-defined]


def test_two_who_compile_at_the_same_time_compile_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    both = [context.Process(target=waits_or_compiles, args=(tmp_path, answers)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert sorted(answers.get() for _ in both) == [False, True]
