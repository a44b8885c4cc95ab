"""The one command behind the page of answers."""

import json
import sys
from pathlib import Path

import pytest

from experiments.studies import __main__ as ready

FUNCTION = "def f(settings, seed):\n    return 2.0 * settings['x'] + seed\n"
STUDY = """
title = "Twice {x}"
question = "Is it twice?"
model = "f.py:f"
replicates = 3
[factors]
x = [1, 2, {x}]
[[claims]]
says = "It is."
outcome = "value"
is = "> 0"
"""


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Call the command in a folder with two small studies in place of the ready ones."""
    (tmp_path / "f.py").write_text(FUNCTION)
    for name, x in (("one", 5), ("two", 7)):
        (tmp_path / f"{name}.toml").write_text(STUDY.format(x=x))
    monkeypatch.setattr(ready, "FOLDER", tmp_path)
    monkeypatch.setattr(ready, "ORDER", ("two", "one"))

    def run(*words: str) -> None:
        given = [
            "studies",
            *words,
            "--out",
            str(tmp_path / "runs"),
            "--page",
            str(tmp_path / "page.md"),
            "--workers",
            "1",
        ]
        monkeypatch.setattr(sys, "argv", given)
        ready.main()

    return run


def test_all_studies_make_reports_and_the_page(call, tmp_path: Path) -> None:
    call()
    page = (tmp_path / "page.md").read_text()
    assert page.index("## Twice 7") < page.index("## Twice 5")
    assert "**Holds in at least 90 % of the worlds**\n\n- It is: mean" in page
    assert "value (4 [1.52, 6.48] with x 1): clearly higher with 2 (2), 5 (8)." in page
    assert "| **1** (mean) | 4 [1.52, 6.48] |" in page  # Student's t with three seeds: 4 +- 4.303 / sqrt(3)
    manifest = json.loads((tmp_path / "runs" / "one" / "manifest.json").read_text())
    (tmp_path / "one.toml").write_text(STUDY.format(x=5).replace("It is.", "So it is."))
    call()
    assert "- So it is: mean" in (tmp_path / "page.md").read_text()
    assert "So it is: mean" in (tmp_path / "runs" / "one" / "report.html").read_text()
    again = json.loads((tmp_path / "runs" / "one" / "manifest.json").read_text())
    assert again["result_hash"] == manifest["result_hash"]
    assert again["sessions"] == manifest["sessions"]  # no run was made again


def test_one_study_leaves_the_page_alone(call, tmp_path: Path) -> None:
    call("one")
    assert (tmp_path / "runs" / "one" / "report.html").exists()
    assert not (tmp_path / "runs" / "two").exists()
    assert not (tmp_path / "page.md").exists()


def test_a_misspelt_study_is_a_sentence(call, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as left:
        call("tow")
    assert left.value.code == 2
    assert "did you mean 'two'?" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
