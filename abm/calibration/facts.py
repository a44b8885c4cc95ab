"""Facts with their sources, and formulas over them.

A number of the opening state is a formula such as ``G1-003 / 6`` or ``azure_price * 1.1``: fact ids
(``G1-003``, with ``.low`` or ``.high`` for the ends of its range), names of stated assumptions, numbers,
the four operations, and ``log(...)``, the natural logarithm, for growth. A changed fact thereby changes
everything that follows from it.
"""

from __future__ import annotations

import ast
import csv
import datetime
import functools
import math
import operator
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeGuard

from abm.errors import BadInput

FOLDER = Path(__file__).parent
MOST_FORMULAS = 16384  # kept as they were read: those of a few openings, and of the worlds drawn last
FACT_ID = re.compile(r"\b[CGHKLR]\d-\d{3}\b")
_TOKEN = re.compile(r"\b([CGHKLR]\d)-(\d{3})(?:\.(low|high))?\b")


class Fact(NamedTuple):
    """One row of `facts.csv`, or the amount of one row of `contracts.csv` (ids C1-...)."""

    id: str
    entity: str
    parameter: str
    low: float | None
    central: float | None
    high: float | None
    unit: str
    as_of: str
    source: str
    verified: bool
    known_on: datetime.date  # by when it could be known
    kept: str  # why it tells nothing of what happened after, so that every opening may use it; empty if it may not

    def known_by(self, day: datetime.date) -> bool:
        """Whether an opening whose facts end on a day may use it."""
        return bool(self.kept) or self.known_on <= day


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header, as dictionaries of stripped text.

    Raises
    ------
    BadInput
        If a row has more cells than the header.
    csv.Error, OSError, UnicodeDecodeError
        If the file cannot be read, or is no CSV in UTF-8.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if None in row:
            raise BadInput(f"{path.name}: row '{next(iter(row.values()))}' has more cells than there are columns")
    return [{key: (cell or "").strip() for key, cell in row.items()} for row in rows]


def _number(cell: str) -> float | None:
    """The number in a cell, None if the cell is empty."""
    return float(cell) if cell else None


@functools.cache
def facts() -> Mapping[str, Fact]:
    """All facts by id: `facts.csv` (G1-001, K1-001 ...) and the amounts of `contracts.csv` (C1-001 ...).

    Returns
    -------
    Mapping[str, Fact]
        In the order of the files. Money in bn USD unless the unit says otherwise.
    """
    found: dict[str, Fact] = {}
    for row in read_table(FOLDER / "facts.csv"):
        found[row["id"]] = Fact(
            row["id"], row["entity"], row["parameter"], _number(row["low"]), _number(row["central"]),
            _number(row["high"]), row["unit"], row["as_of"], row["source"], row["verified"] == "y",
            datetime.date.fromisoformat(row["known_on"]), row["kept"],
        )  # fmt: skip
    for row in read_table(FOLDER / "contracts.csv"):
        found[row["id"]] = Fact(
            row["id"], f"{row['buyer']} -> {row['seller']}", row["type"], _number(row["low"]),
            _number(row["amount_usd_bn"]), _number(row["high"]), "USD bn", row["as_of"], row["source"],
            row["verified"] == "y", datetime.date.fromisoformat(row["known_on"]), row["kept"],
        )  # fmt: skip
    return found


def fact_value(fact_id: str, end: str = "central") -> float:
    """The number of a fact.

    Parameters
    ----------
    fact_id : str
        Such as ``G1-003``.
    end : {"low", "central", "high"}
        Which value of its range.

    Raises
    ------
    BadInput
        If there is no such fact or it has no such value.
    """
    fact = facts().get(fact_id)
    if fact is None:
        raise BadInput(f"there is no fact '{fact_id}' in the tables of facts")
    value = {"low": fact.low, "central": fact.central, "high": fact.high}[end]
    if value is None:
        raise BadInput(f"fact '{fact_id}' has no {end} value")
    return value


LOG = "log"
LONGEST = 1000  # characters of a formula
ALLOWED = "numbers, fact ids, names, + - * / and log(...)"
_OPERATIONS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def names_in(formula: str) -> tuple[list[str], list[str]]:
    """Fact ids and other names a formula refers to, each once, in the order met."""
    ids, names = _names_in(formula)
    return list(ids), list(names)


@functools.lru_cache(maxsize=MOST_FORMULAS)
def _names_in(formula: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same, found once: a few hundred formulas stand in thousands of rows."""
    ids = tuple(dict.fromkeys(f"{a}-{b}" for a, b, _ in _TOKEN.findall(formula)))
    names = dict.fromkeys(re.findall(r"\b[A-Za-z_]\w*\b", _TOKEN.sub(" ", formula)))
    names.pop(LOG, None)
    return ids, tuple(names)


@functools.lru_cache(maxsize=MOST_FORMULAS)
def _parsed(formula: str) -> ast.expr | None:
    """A formula as a tree, its facts as names; None if it is none."""
    text = _TOKEN.sub(lambda m: f"fact_{m[1]}_{m[2]}_{m[3] or 'central'}", formula)
    try:
        return ast.parse(text, mode="eval").body if len(text) <= LONGEST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last three for what is far too deep
        return None


def is_formula(formula: str) -> bool:
    """Whether a text is made of numbers, fact ids, names, ``+ - * /``, ``log(...)`` and parentheses only."""
    tree = _parsed(formula)
    return tree is not None and all(
        isinstance(node, (ast.Name, ast.operator, ast.expr_context, ast.unaryop))
        or (isinstance(node, ast.Constant) and type(node.value) in (int, float))
        or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub))
        or (isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS)
        or _is_log(node)
        for node in ast.walk(tree)
    )


def _is_log(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether a part of a formula is the logarithm of something."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != LOG:
        return False
    return len(node.args) == 1 and not node.keywords


def ends_in(formula: str) -> list[tuple[str, str]]:
    """Facts that a formula reads, with the end of their range: low, central or high."""
    return [(f"{group}-{number}", end or "central") for group, number, end in _TOKEN.findall(formula)]


def evaluate(formula: str, resolve: Callable[[str], float]) -> float:
    """The value of a formula over facts and names.

    Parameters
    ----------
    formula : str
        Numbers, fact ids, names, ``+ - * /``, ``log(...)`` and parentheses.
    resolve : callable
        Gives the value of a name that is not a fact id.

    Returns
    -------
    float

    Raises
    ------
    BadInput
        If the formula is no arithmetic or names an unknown fact.
    """
    program = _program(formula)
    if program is None:
        raise BadInput(f"'{formula}' is no formula of {ALLOWED}")
    try:
        return program(resolve)
    except (OverflowError, RecursionError) as error:
        raise BadInput(f"'{formula}' is larger or deeper than can be worked out") from error


_Resolve = Callable[[str], float]
_Program = Callable[[_Resolve], float]


@functools.lru_cache(maxsize=MOST_FORMULAS)
def _program(formula: str) -> _Program | None:
    """A formula as a function of what resolves its names, made once; None if it is none."""
    tree = _parsed(formula)

    def made(node: ast.expr) -> _Program:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            number = node.value
            return lambda _: float(number)
        if isinstance(node, ast.Name):
            name = node.id
            if name.startswith("fact_"):
                _, group, of_group, end = name.split("_")
                return lambda _: fact_value(f"{group}-{of_group}", end)
            return lambda resolve: resolve(name)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = made(node.operand)
            return lambda resolve: -inner(resolve)
        if _is_log(node):
            inner = made(node.args[0])
            return lambda resolve: _log(inner(resolve), formula)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
            operate, left, right = _OPERATIONS[type(node.op)], made(node.left), made(node.right)
            return lambda resolve: operate(left(resolve), right(resolve))
        return _no_formula

    def _no_formula(_: _Resolve) -> float:
        raise BadInput(f"'{formula}' is no formula of {ALLOWED}")

    try:
        return None if tree is None else made(tree)
    except RecursionError:

        def too_deep(_: _Resolve) -> float:
            raise RecursionError

        return too_deep


def _log(value: float, formula: str) -> float:
    if value <= 0.0:
        raise BadInput(f"'{formula}' takes the logarithm of {value:g}")
    return math.log(value)
