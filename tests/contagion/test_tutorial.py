"""The tutorial of this folder does what it says: its files, commands and Python run from top to bottom."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import abm.contagion
from experiments.cli import main

TEXT = (Path(abm.contagion.__file__).parent / "README.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"saved as `([\w.]+)`:\n\n```csv\n(.*?)```", TEXT, flags=re.DOTALL))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def test_the_commands_say_what_is_shown_and_draw(folder: Path) -> None:
    assert set(FILES) == {"edges.csv", "nodes.csv"}
    (lines,) = blocks("sh")
    said = ""
    for line in lines.splitlines():
        result = CliRunner().invoke(main, shlex.split(line)[1:])
        assert result.exit_code == 0, result.output
        said = "\n".join(shown.rstrip() for shown in result.stdout.splitlines())
    (shown,) = blocks("text")
    assert shown.rstrip() in said
    assert (folder / "cascade.png").read_bytes().startswith(b"\x89PNG")


def test_the_python_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = blocks("python")
    assert len(found) == 5
    names: dict[str, object] = {}
    for block in found:
        exec(compile(block, "README.md", "exec"), names)
    said = capsys.readouterr().out
    for word in ("Harbour", "both", "Oracle", "<NetworkClearing: 0 of"):
        assert word in said
    assert (folder / "cascade.png").is_file()
