"""The description of the model stays true to the code: tables, names, numbers, files.

Nothing is compiled: sources are parsed, and the tables of columns and parameters are read.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from abm import odd
from abm.calibration.opening import opening_tables
from abm.engine import tables
from abm.inputs import scenarios
from abm.inputs.parameters import BY_NAME

ROOT = Path(__file__).parent.parent
TEXT = odd.TEXT.read_text(encoding="utf-8")
MARKED = re.compile(r"<!-- generated: .*?<!-- end -->", re.DOTALL)
WRITTEN = MARKED.sub("", TEXT)  # what is written by hand
FOLDERS = (ROOT, ROOT / "abm", ROOT / "experiments")


def _section(number: str) -> str:
    """Text from a numbered heading, or a numbered paragraph in bold, to the next."""
    found = re.search(rf"^(#+ |\*\*){re.escape(number)} .*?(?=^#|^\*\*\d|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, f"ODD.md has no section {number}"
    return found[0]


@pytest.mark.parametrize("name", odd.MAKERS)
def test_a_table_is_the_one_that_the_code_gives(name: str) -> None:
    marked = re.search(rf"<!-- generated: {name} -->.*?<!-- end -->", TEXT, re.DOTALL)
    assert marked, f"ODD.md has no table '{name}': put '<!-- generated: {name} -->' and '<!-- end -->' where it belongs"
    assert odd.render(marked[0]) == marked[0], f"table '{name}' of ODD.md is not the code's: run `{odd.COMMAND}`"


def test_every_mark_has_a_table() -> None:
    assert sorted(re.findall(r"<!-- generated: (.*?) -->", TEXT)) == sorted(odd.MAKERS)
    assert TEXT.count("<!-- end -->") == len(odd.MAKERS)


def test_channels_have_their_codes() -> None:
    assert [getattr(tables, code) for code in odd.CHANNEL_CODES] == list(range(tables.N_CHANNELS))


def test_every_loss_logged_and_every_draw_made_is_in_a_table() -> None:
    source = "".join((odd.FOLDER / file).read_text(encoding="utf-8") for file in odd.files() if file != "odd.py")
    assert len(re.findall(r"\blog_hit\(state, ", source)) - 1 == len(_places(odd.channels()))  # one is its definition
    drawn = re.findall(r"\b(?:uniform|normal)\(m\.seed, (D_\w+), ", source)
    assert sorted(drawn) == sorted(re.findall(r"^\| `(D_\w+)` \| \d+ \| (?!reserved)", odd.streams(), re.MULTILINE))


def _places(table: str) -> set[str]:
    """Rows of the table of channels, a place that serves two channels once."""
    return {row.split(" | ", 1)[1] for row in table.splitlines()[2:]}


# --- names ------------------------------------------------------------------------------------------------
def _defined(tree: ast.Module) -> Iterator[str]:
    """Functions, classes with what they have (`Class.name`), and constants of a module."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef():
                yield node.name
            case ast.ClassDef():
                yield node.name
                for part in node.body:
                    match part:
                        case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                            yield from (name, f"{node.name}.{name}")
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from (name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name))


@cache
def _names() -> frozenset[str]:
    known = {name for file in odd.files() for name in _defined(odd.parsed(file))}
    known |= {column.name for columns in tables.TABLES.values() for column in columns} | set(BY_NAME)
    known |= set(tables.TABLES) | set(tables.State.fields) | set(scenarios.names())
    known |= {f"state.{name}" for name in tables.State.fields}
    return frozenset(known)


@cache
def _files() -> frozenset[str]:
    """Files and folders, from the root or one of the folders that the text names them from."""
    found = {path for folder in FOLDERS for path in folder.iterdir() if not path.name.startswith(".")}
    for folder in ("abm", "experiments", "tests"):
        found |= {path for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts}
    return frozenset(
        path.relative_to(folder).as_posix() for path in found for folder in FOLDERS if path.is_relative_to(folder)
    )


@cache
def _commands() -> tuple[frozenset[str], str]:
    """Commands of the program, and the sources that say which files a run leaves."""
    from experiments.cli import LISTED

    with (ROOT / "pyproject.toml").open("rb") as file:
        assert "invisible-debt" in tomllib.load(file)["project"]["scripts"]
    return frozenset(LISTED), (ROOT / "experiments" / "results.py").read_text(encoding="utf-8")


def _is_there(quoted: str) -> bool:
    """Whether the code has what the text names in backticks."""
    if re.fullmatch(r"[A-Z]+\d*-\d+", quoted):  # the id of a fact
        return quoted in (odd.FOLDER / "calibration" / "facts.csv").read_text(encoding="utf-8")
    words = quoted.split()
    if words[0] == "invisible-debt":
        return words[1] in _commands()[0]
    if words[:2] == ["python", "-m"]:
        return find_spec(words[2]) is not None
    if quoted.endswith(".parquet"):
        return f'"{quoted.removesuffix(".parquet")}"' in _commands()[1]
    path = quoted.rstrip("/")
    if "/" in quoted or re.search(r"\.(py|md|csv|toml)$", quoted):
        return any(fnmatch(file, path) for file in _files())
    if "*" in quoted:
        return any(fnmatch(name, quoted) for name in _names())
    if quoted.startswith("..."):  # a command shortened
        return True
    name = re.match(r"[\w.]+", quoted)
    return bool(name) and name[0] in _names()


def missing(text: str) -> list[str]:
    """What a text names in backticks, or as a parameter of a formula, and the code does not have."""
    formulas = re.sub(r"\$\$?[^$]*\$\$?", "", text)
    quoted = set(re.findall(r"`([^`\n]+)`", formulas))
    typed = {name.replace("-", "_") for name in re.findall(r"\\texttt\{([\w-]+)\}", text)}
    return sorted({name for name in quoted if not _is_there(name)} | {name for name in typed if name not in BY_NAME})


def test_every_name_in_the_text_is_one_of_the_code() -> None:
    assert missing(WRITTEN) == []


def test_a_name_that_the_code_does_not_have_is_found() -> None:
    right = r"`set_price`, `spot_cap`, `markets/credit.py`, `promised_*`, `Economy.flows`, $\texttt{open-lag}$"
    wrong = r"`labs.set_price`, `spot_top`, `settlement.py`, `Economy.flaws`, `invisible-debt go`, $\texttt{open-log}$"
    assert missing(right) == []
    assert len(missing(right + wrong)) == 6


def test_sections_that_the_text_refers_to_are_there() -> None:
    headed = set(re.findall(r"^(?:#+ |\*\*)(\d+(?:\.\d+)*) ", TEXT, re.MULTILINE))
    prose = re.sub(r"\$[^$]*\$", "", WRITTEN)
    referred = set(re.findall(r"\b\d+\.\d+\.\d+\b", prose))
    referred |= set(re.findall(r"(?:\(|: )(\d\.\d+)(?=\)|,| gives| lists)", prose))
    assert {"7.1.1", "7.8.6", "7.12"} <= referred <= headed


def test_the_digest_names_events_and_columns_of_the_panel() -> None:
    last = [row.split(" | ")[-1].rstrip(" |") for row in _section("10").splitlines() if row.startswith("|")]
    parts = [part.strip() for cell in last for part in cell.split(";")]
    panel = [name for part in parts if part.startswith("panel") for name in re.findall(r"`(\w+)`", part)]
    assert len(panel) > 10
    assert set(panel) <= {column.name for column in tables.TABLES["panel"]}
    assert set(re.findall(r'event "(.*?)"', TEXT)) <= set(tables.EVENT_NAMES)


# --- numbers ----------------------------------------------------------------------------------------------
# What the text says with a number of the code: section, words, and the rule or constant that has the number.
REPEATED = (
    ("2.6", "`TOLERANCE` = 1e-9", "TOLERANCE"),
    ("5", r"\ln\frac{0.8 s_{i}}", "OPENING_INSIDE"),
    ("7.1.2", r"\max\bigl(1, [P_{t-1}", "move_prices_of_the_world"),
    ("7.1.2", r"\ln\max(L_{t-1}/L_0, 0.1)", "move_prices_of_the_world"),
    ("7.1.4", r"\right]_{10^{-6}}^{1}", "grow_demand"),
    ("7.2.2", "plus 0.1 if it is beyond its physical life, or older than 24 months", "wear"),
    ("7.3.2", r"\mu \frac{3}{\alpha}", "set_price"),
    ("7.4.1", "at most 60 months)", "runway"),
    ("7.4.2", r"\bigl((F + E(p))/S, 9.9\bigr)", "clear_spot"),
    ("7.4.5", "$n$ (at least 3 months)", "mark_fleets"),
    ("7.6", "(0.1 for the share unless it is the largest customer)", "accept_renegotiation"),
    ("7.6", "`max_tenor` + 60 months", "refinance"),
    ("7.6", "within 0.0002", "SURVIVES"),
    ("7.6", "and 0.9. Level and slope", "DOOMED"),
    ("7.9.2", r"{V},\ 2.5\Bigr)", "MOST_GEARING"),
    ("7.6", r"\min\bigl\lbrace 0.40,", "price_loan"),
    ("7.6", "liabilities over assets, at most 5;", "measure"),
    ("7.6", "at most 9.9; cover is", "measure"),
    ("7.8.5", r"$\Phi$ (at most 3)", "sell_second_hand"),
    ("7.8.7", "in the last 24 months (`MEMORY`)", "MEMORY"),
    ("7.9.1", r"[2\ln(R_t/R_{t-6})]_{-2}^{2}", "expect_growth"),
    ("7.9.1", r"\Bigr]_{0.2}^{1.6}", "swing_sentiment"),
    ("7.9.1", r"f\,[D]_{-1}^{1} +", "swing_sentiment"),
    ("7.9.1", r"d(0.25 + \Sigma - A)", "swing_appetite"),
    ("7.9.1", r"\bigr]_{0.1}^{1.25}", "swing_appetite"),
    ("7.9.1", "at least 1 bn", "swing_appetite"),
    ("7.9.2", "e^{-1.386(Q - q)^+}", "value_lab"),
    ("7.9.4", r"]_{-1}^{1}\rbrace$ months, from 6 to", "choose_tenor"),
    ("7.9.7", "at most 120 months", "months_to_build"),
    ("7.9.8", r"([B/B^*]_{0.1}^{4})", "set_markup"),
    ("7.11", "row times 65536 plus", "tender"),
)


def _numbers_of(name: str) -> set[float]:
    """Numbers in the source of a rule, or the value of a constant."""
    if name in odd.rules():
        found = (node.value for node in ast.walk(odd.rules()[name].node) if isinstance(node, ast.Constant))
        return {abs(float(value)) for value in found if type(value) in (int, float)}
    for file in odd.files():
        for node in odd.parsed(file).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                return {float(ast.literal_eval(node.value))}
    raise KeyError(name)


def _numbers_in(words: str) -> set[float]:
    plain = re.sub(r"`[^`]*`|_\{t-1\}|_0", "", words.replace("10^{-6}", "1e-6"))
    return {float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:e-\d+)?", plain)}


@pytest.mark.parametrize(("section", "words", "source"), REPEATED, ids=[source for _, _, source in REPEATED])
def test_a_number_that_the_text_repeats_is_the_code_s(section: str, words: str, source: str) -> None:
    found = " ".join(_section(section).split())
    assert words in found, f"section {section} of ODD.md no longer says this: change the list of this test with it"
    assert _numbers_in(words)
    assert _numbers_in(words) <= _numbers_of(source), f"section {section} of ODD.md says {words}, {source} does not"


def test_numbers_of_the_tables() -> None:
    assert f"$h = {tables.BN_PER_RATE:g}$" in TEXT
    assert f"`BN_PER_RATE` = {tables.HOURS:g} hours" in TEXT
    assert f"in whole months, at most {tables.FRONTIER_MEMORY - 1} (" in " ".join(_section("7.3.1").split())
    o = opening_tables()
    said = " ".join(_section("2.5").split())
    assert f"{len(o.firms)} rows in the firm table, {len(o.contracts)} contracts, {len(o.loans)} loans, " in said
    assert f"{len(o.orders)} orders (one a month of delivery), {len(o.stakes)} stakes and " in said
    assert f"and {len(o.generations)} generations" in said


def test_a_wrong_number_is_found() -> None:
    assert _numbers_in(r"\Bigr]_{0.2}^{1.7}") - _numbers_of("swing_sentiment") == {1.7}
