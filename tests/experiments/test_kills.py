"""`kill -9` at random moments: what is resumed equals what was never interrupted, and no kept run is made again."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("model", "how", "kills"), [("toy", "threads", 60), ("toy", "processes", 2), ("economy", "threads", 10)]
)
def test_killed_sweeps_resume_to_the_same_bytes(tmp_path: Path, model: str, how: str, kills: int) -> None:
    if model == "toy":
        shutil.copy(HERE / "toy_models.py", tmp_path / "toys.py")
        model = f"{tmp_path}/toys.py:slow_wave"
    done = subprocess.run(
        [sys.executable, str(HERE / "kill_often.py"), str(tmp_path), str(kills), how, model],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] >= kills
