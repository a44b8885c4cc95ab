"""What `pytest` says and does by itself in this repository: the words at its end."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def test_the_last_lines_say_what_was_skipped_and_why(tmp_path: Path) -> None:
    shutil.copy(HERE / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = rules: as in the repository\n")
    (tmp_path / "test_skipped.py").write_text(SKIPPED)
    (tmp_path / "test_absent.py").write_text("import pytest\npytest.skip('a whole file', allow_module_level=True)\n")
    call = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0", str(tmp_path)]
    done = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ))
    lines = done.stdout.splitlines()
    assert lines[-5].strip("= ") == "not tested here"
    assert lines[-4] == "3 skipped: no browser: get one"
    assert sorted(lines[-3:-1]) == ["1 skipped: a whole file", "1 skipped: reads Linux's account"]
    assert lines[-1].strip("= ").startswith("1 passed, 5 skipped")
