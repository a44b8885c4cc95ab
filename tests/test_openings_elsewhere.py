"""Nothing outside the opening folders depends on a date or on who is on the roster."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from abm.calibration import opening_tables, openings
from abm.engine.tables import N_OUTSIDE

ROOT = Path(__file__).parents[1]
FOLDERS = ("abm", "experiments", "viz")
# Sources of parameters, ranges of facts and citations name firms and years; no rule reads them.
SOURCES = {Path("abm/inputs/parameters.py"), Path("abm/inputs/priors.py")}
DATE = re.compile(r"\b20[2-9]\d-[01]\d\b|\b20[2-9]\d\b|\bDec(ember)? 20\d\d\b")
# How a month or a date is written, in sentences that explain it; what a unit is defined by.
EXAMPLES = re.compile(
    r"(such as |: )['\"]?20\d\d-\d\d(-\d\d)?|max ai_debt 2027-01\.\.2030-12|at the pace of 2025"
)


def files() -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    kept = [path.relative_to(ROOT) for path in found]
    return [path for path in kept if path.parts[:2] != ("abm", "calibration") and "reproductions" not in path.parts]


def constants(path: Path) -> Iterator[tuple[int, object]]:
    """Texts and numbers of a file with their lines, without what only readers of the code see."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    words = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in words:
            yield node.lineno, node.value


def roster() -> re.Pattern[str]:
    names = {name for opening in openings() for name in opening_tables(opening).names[N_OUTSIDE:]}
    words = {name for name in names if not name.startswith(("Small", "Open ", "Other"))} | {"OpenAI", "openai"}
    return re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(words)))


def test_no_code_names_a_firm_of_a_roster() -> None:
    named = roster()
    assert named.search("of which for OpenAI")
    found = [
        f"{path}:{line}: {value}"
        for path in files()
        if path not in SOURCES
        for line, value in constants(path)
        if isinstance(value, str) and named.search(value.replace("_", " "))
    ]
    assert found == []


def test_no_code_holds_the_date_of_an_opening() -> None:
    found = []
    for path in files():
        for line, value in constants(path) if path not in SOURCES else ():
            dated = isinstance(value, str) and DATE.search(EXAMPLES.sub("", value))
            if dated or (isinstance(value, int) and 2020 <= value <= 2040):
                found.append(f"{path}:{line}: {value}")
    assert found == []


@pytest.mark.parametrize("script", sorted((ROOT / "viz" / "widgets" / "js").glob("*.js")), ids=lambda path: path.name)
def test_no_script_of_the_page_holds_a_year(script: Path) -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not DATE.findall(code)
