"""`invisible-debt doctor`: what is not well is named, with what to do about it."""

import importlib.metadata
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from experiments.cli import main
from experiments.commands import doctor


def said(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["doctor", *words], env={"COLUMNS": "300"})
    return done.exit_code, done.output


def test_where_all_is_well_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abm.engine.compiled.is_compiled_already", lambda: True)
    code, output = said()
    assert (code, "WRONG" in output) == (0, False), output
    assert "are there" in output


@pytest.mark.parametrize(
    ("line", "words"),
    [("numpy>=99", "numpy is .*>=99 is needed"), ("no-such-thing", "no-such-thing is missing .any version")],
)
def test_a_package_that_is_missing_or_too_old_is_named(
    line: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "requires", lambda name: [line, 'never; python_version < "3"'])
    (_, found) = doctor.packages()
    assert not found.well
    assert re.search(words, found.said)


def test_python_of_another_version_and_a_full_disk_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.11.2")
    assert not next(iter(doctor.packages())).well
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1e6))
    assert not doctor.room().well


def test_what_other_versions_compiled_can_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from abm.engine.compiled import code_hash

    mine = tmp_path / f"abm.month-{code_hash('abm.month')}"
    other, strange = tmp_path / "abm.month-0123456789abcdef", tmp_path / "abm.thesis"
    for folder in (mine, other, strange):
        folder.mkdir()
        (folder / "x.nbc").write_bytes(b"code")
    monkeypatch.setattr("abm.month.run_months", SimpleNamespace(_cache=SimpleNamespace(cache_path=str(mine))))
    assert doctor.kept() == (tmp_path, [other])
    doctor.remove_stale()
    assert (mine.exists(), other.exists(), strange.exists()) == (True, False, True)


def test_it_exits_with_one_where_the_model_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abm.engine.compiled.is_compiled_already", lambda: False)
    code, output = said()
    assert code == 1
    assert "not there yet" in output
    assert importlib.metadata.version("invisible-debt") in output
