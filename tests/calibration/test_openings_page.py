"""OPENINGS.md, followed to the letter: copy a folder, change what it says, check, compare, run."""

from __future__ import annotations

import csv
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from program import PROGRAM

from abm.calibration.files import FOLDER, LAYOUTS, read_table
from abm.calibration.opening import opening_tables

ROOT = FOLDER.parent.parent
PAGE = (FOLDER / "OPENINGS.md").read_text(encoding="utf-8")
QUARTER = "2026-03-31"


class Step(NamedTuple):
    """A fenced block of the page."""

    language: str
    file: str
    text: str


STEPS = [
    Step(*found) for found in re.findall(r"^```(\w+) ?([\w.]*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
]


def edit(folder: Path, file: str, text: str) -> None:
    """The rows of a block, cell by cell, in a table: those there are changed, the others added."""
    path, layout = folder / file, LAYOUTS[Path(file).stem]
    rows = read_table(path)
    for new in csv.DictReader(text.splitlines()):
        same = [row for row in rows if all(row[column] == new[column] for column in layout.key)]
        if same:
            same[0].update(new)
        else:
            rows.append({**dict.fromkeys(rows[0], ""), **new})
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def command(line: str, where: Path) -> subprocess.CompletedProcess[str]:
    """A line of the page's shell."""
    line = line.replace("invisible-debt", shlex.join(PROGRAM))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        ["bash", "-c", line], cwd=where, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


Said = list[tuple[str, subprocess.CompletedProcess[str]]]  # lines of the page's shell and what came of them


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """The folder of the quarter, and what the commands of the page said."""
    where = tmp_path_factory.mktemp("quarter")
    (where / "abm").symlink_to(ROOT / "abm", target_is_directory=True)
    said = []
    for step in STEPS:
        if step.language == "sh":
            said += [(line, command(line, where)) for line in step.text.splitlines()]
        elif step.language == "toml":
            (where / QUARTER / "meta.toml").write_text(step.text, encoding="utf-8")
        else:
            edit(where / QUARTER, step.file, step.text)
    return where, said


def test_the_page_has_the_steps_that_it_counts() -> None:
    assert [step.language for step in STEPS] == ["sh", "toml", "sh", "csv", "csv", "csv", "csv", "sh"]


def test_the_page_is_right(followed: tuple[Path, Said]) -> None:
    _, said = followed
    for line, done in said:
        expected = int(found[1]) if (found := re.search(r"exit code (\d)", line)) else 0
        assert done.returncode == expected, (line, done.stdout, done.stderr)
    before = next(done.stdout for line, done in said if "exit code 1" in line)
    assert before.count("the contract is LIVE, not PENDING") == 6
    assert "6 mistakes" in before


def test_the_quarter_is_open(followed: tuple[Path, Said]) -> None:
    where, said = followed
    opening, before = opening_tables(where / QUARTER), opening_tables("2025-12-31")
    assert str(opening.date) == QUARTER
    assert opening.fleet["units"].sum() > before.fleet["units"].sum() + 1.0
    assert opening.orders["due"].min() == 1
    oracle = [o.contracts[o.contract_names.index("openai oracle")]["start"] for o in (before, opening)]
    assert oracle == [13, 10]  # January 2027
    told = next(done.stdout for line, done in said if "--diff" in line)
    assert "openai azure status: PENDING -> LIVE" in told
    assert "date: 2025-12-31 -> 2026-03-31" in told
    ran = next(done.stdout for line, done in said if "--run" in line)
    assert "warning: first month" in ran
