"""What the top of the page says of the invisible debt is what the page of risk and the books say."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.accounts.statement import look_through
from abm.simulation import open_economy
from viz import odds as module
from viz.frames import borrowed_for
from viz.languages import language
from viz.odds import odds
from viz.page import likely, whose_debt


def test_the_odds_are_those_of_the_page_of_risk() -> None:
    known = odds("OpenAI")
    assert known is not None
    text = module.RISK.read_text("utf-8")
    share = 100.0 * known.worlds / known.of
    (line,) = [line for line in text.splitlines() if line.startswith("| 2 | OpenAI |")]
    assert share == pytest.approx(float(line.split("|")[4].split()[0]), abs=0.06)
    assert f"Another borrower follows in {known.follows:g} (" in text
    assert odds("xAI") is None, "the page does not make it fail"
    assert f"In {known.worlds} of {known.of} worlds OpenAI defaults by 2030." in likely("OpenAI", known, language("en"))


def test_without_that_page_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "RISK", tmp_path / "RISK.md")
    assert odds.__wrapped__("OpenAI") is None
    (tmp_path / "RISK.md").write_text("another page")
    assert odds.__wrapped__("OpenAI") is None


def test_the_parts_are_all_that_others_borrowed() -> None:
    economy = open_economy(central=True)
    parts = borrowed_for(economy, "OpenAI")
    assert [who for who, _ in parts] == ["vehicles", "clouds", "SoftBank"]
    assert sum(amount for _, amount in parts) == pytest.approx(
        sum(look_through(economy, "OpenAI").carried_by_others.values())
    )
    assert whose_debt("OpenAI", parts, language("en")).endswith(" bn by SoftBank.")
