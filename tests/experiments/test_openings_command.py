"""`invisible-debt openings`: list, check, compare; exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from abm.calibration.files import DEFAULT_OPENING, META, OPENINGS_FOLDER, openings
from experiments.cli import main


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    shutil.copytree(OPENINGS_FOLDER / DEFAULT_OPENING, folder)
    return folder


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run of six months has a test of its own."""
    monkeypatch.setattr("abm.engine.compiled.is_compiled_already", lambda: False)


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    return int(left.value.code or 0)


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("openings") == 0
    said = capsys.readouterr().out
    assert all(name in said for name in openings())
    assert call("openings", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in told] == list(openings())
    assert [row["name"] for row in told if row["default"]] == [DEFAULT_OPENING]


def test_a_check_without_mistakes_warns_and_ends_well(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = mine / "firms.csv"
    path.write_text(path.read_text().replace("NVIDIA,supply,G1-145 / 3,", "NVIDIA,supply,G1-145 / 30,"))
    assert call("openings", "--check", mine) == 0
    said = capsys.readouterr().out
    assert "warning: orders: NVIDIA has" in said
    assert "mine: 0 mistakes" in said
    assert "The first month was not looked at" in " ".join(said.split())


def test_a_check_with_mistakes_ends_with_1(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = mine / "fleet.csv"
    path.write_text(path.read_text().replace("AWS,1.9,aws", "Amazon,many of them,aws"))
    assert call("openings", "--check", mine) == 1
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith("mine/fleet.csv, row 'Amazon', column firm: there is no firm 'Amazon'") for line in said)
    assert any("row 'Amazon', column units: 'many of them' is no formula" in line for line in said)
    assert said[-1] == "mine: 2 mistakes, 0 warnings."
    assert call("openings", "--check", mine, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert len(told["mistakes"]) == 2
    assert told["ran"] is False


@pytest.mark.parametrize(
    "words",
    [
        ("--check", "2031-01-31"),
        ("--check", "."),
        ("--diff", DEFAULT_OPENING, "no such"),
        ("--diff", DEFAULT_OPENING),
        ("--run",),
        ("--check", DEFAULT_OPENING, "--diff", DEFAULT_OPENING, DEFAULT_OPENING),
    ],
)
def test_a_wrong_call_ends_with_2(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("openings", *words) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_differences(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("openings", "--diff", DEFAULT_OPENING, mine) == 0
    assert "say the same" in " ".join(capsys.readouterr().out.split())
    (mine / META).write_text((mine / META).read_text().replace("2025-12-31", "2026-01-31"))
    fleet = mine / "fleet.csv"
    fleet.write_text(fleet.read_text().replace("AWS,1.9,aws", "AWS,2.1,aws"))
    assert call("openings", "--diff", DEFAULT_OPENING, mine) == 0
    said = capsys.readouterr().out
    assert "date: 2025-12-31 -> 2026-01-31" in said
    assert "fleet: 1 difference" in said
    assert "AWS units: 1.9 -> 2.1" in said
    assert call("openings", "--diff", DEFAULT_OPENING, mine, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {"table": "fleet", "row": "AWS", "column": "units", "one": "1.9", "other": "2.1"} in told
