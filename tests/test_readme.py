"""The README stays true to the code: its examples run, its commands and files exist."""

import re
import shlex
import tomllib
from pathlib import Path

import matplotlib as mpl
import pytest
from typer.testing import CliRunner

from abm.calibration import opening_tables
from abm.inputs.scenarios import check_file, names
from experiments.cli import LISTED, main
from experiments.results import FILES

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def commands() -> list[list[str]]:
    """The words after `invisible-debt` of every command the README shows."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [
        shlex.split(line.split("invisible-debt ", 1)[1], comments=True) for line in lines if "invisible-debt " in line
    ]


def test_the_python_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    mpl.use("Agg")
    assert CliRunner().invoke(main, ["run"]).exit_code == 0
    found = blocks("python")
    assert len(found) == 4
    for block in found:
        exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_scenario_example_has_no_mistake(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    path = tmp_path / "example.toml"
    path.write_text(block)
    assert check_file(path, opening_tables().kinds, opening_tables().date) == []


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_commands_exist_with_their_options(words: list[str], tmp_path: Path) -> None:
    name, *rest = words
    assert name in LISTED
    said = CliRunner().invoke(main, [name, "--help"], env={"COLUMNS": "200"}).stdout
    for word in rest:
        if word.startswith("--"):
            assert word in said
    if name == "run" and rest and "_" in rest[0] and not rest[0].endswith(".toml"):
        assert rest[0] in names()


def test_the_list_of_commands_cuts_no_sentence() -> None:
    said = CliRunner().invoke(main, ["--help"], env={"COLUMNS": "80"}).stdout
    assert "..." not in said.partition("Commands:")[2]


def test_every_command_and_file_is_named() -> None:
    for name in LISTED:
        assert re.search(rf"invisible-debt {name}\b", TEXT), name
    for name in FILES:
        assert f"`{name}`" in TEXT, name


def test_the_commands_of_installation_are_the_ones_that_are_checked() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for line in script.splitlines():
        if line.startswith("python3 -m pip"):
            assert line in TEXT
    assert "python3 -m uv run pytest" in script
    assert "python3 -m uv run pytest" in TEXT
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert "invisible-debt" in project["scripts"]
