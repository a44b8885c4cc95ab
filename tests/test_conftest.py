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
def compile_once(say):
    say("it is compiled")
    with (Path(__file__).parent / "compiled").open("a") as file:
        file.write("once ")
"""
NEEDS_IT = """
from pathlib import Path
import pytest
@pytest.mark.parametrize("n", range(4))
def test_it_is_compiled(n):
    assert (Path(__file__).parents[WHERE] / "compiled").exists() == EXPECTED
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
    ("words", "compiles"),
    [
        (["-n", "1"], True),
        (["-n", "1", "-m", "rules"], False),
        (["-n", "1", "markets/test_a.py", "markets"], False),
        (["-n", "1", "markets", "test_b.py"], True),
        (["-n", "0"], False),
    ],
    ids=str,
)
def test_the_model_is_compiled_before_tests_run_side_by_side(words: list[str], compiles: bool, tmp_path: Path) -> None:
    (tmp_path / "markets").mkdir()
    text = NEEDS_IT.replace("EXPECTED", str(compiles))
    (tmp_path / "markets" / "test_a.py").write_text(text.replace("WHERE", "1"))
    (tmp_path / "test_b.py").write_text(text.replace("WHERE", "0"))
    lines = pytest_in(tmp_path, *words)
    assert " passed in " in lines[-1], lines
    assert ("it is compiled" in lines) == compiles
    assert not compiles or (tmp_path / "compiled").read_text() == "once "


def waits_or_compiles(folder: Path, answers: object) -> None:
    """What two processes do at the same time: they find nothing compiled, and one of them compiles."""
    compiling.COMPILE = [sys.executable, "-c", f"import time; time.sleep(0.5); open({str(folder / 'code')!r}, 'x')"]
    tempfile.tempdir = str(folder)
    compiled.is_compiled_already = (folder / "code").exists
    answers.put(compile_once(lambda _: None))  # type: ignore[attr-defined]


def test_two_who_compile_at_the_same_time_compile_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    both = [context.Process(target=waits_or_compiles, args=(tmp_path, answers)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert sorted(answers.get() for _ in both) == [False, True]
