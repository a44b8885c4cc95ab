"""The tables of `ODD.md` that are read off the code: `python -m abm.odd` writes them into the text anew.

What a table says of a rule is found in its source, which is parsed and never run. A table stands in the text between
`<!-- generated: NAME -->` and `<!-- end -->`; `tests/test_odd.py` fails as long as text and code differ.
"""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from abm.calibration.opening import opening_tables
from abm.engine.tables import (
    CHANNEL_NAMES,
    ENTRANT,
    HYPERSCALER,
    LAB,
    LENDER,
    NEOCLOUD,
    SAVERS,
    SUPPLIERS,
    TABLES,
    VEHICLE,
    VENDOR,
    VINTAGE_COLUMNS,
    Column,
)
from abm.inputs.effects import EFFECTS
from abm.inputs.parameters import PARAMETERS

FOLDER = Path(__file__).parent
TEXT = FOLDER / "ODD.md"
COMMAND = "python -m abm.odd"
CHANNEL_CODES = (
    "COUNTERPARTY", "CUSTOMER", "COLLATERAL", "FUNDING", "LENDER_TO_LENDER", "VENDOR_CHANNEL", "MARKET",
)  # fmt: skip
BOOKKEEPING = ("accounts/ledger.py", "instruments/due.py", "instruments/seniority.py", "engine/")
GUARD = 0.01  # smaller numbers only keep a rule from dividing by zero
_MARKED = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


class Rule(NamedTuple):
    """A compiled function: name, file (from this folder), source and the first sentence of its words."""

    name: str
    file: str
    node: ast.FunctionDef
    words: str

    @property
    def where(self) -> str:
        """Name and file as the text writes them."""
        return f"`{self.name}` ({self.file})"


@functools.cache
def parsed(file: str) -> ast.Module:
    """The source of a file of this folder."""
    return ast.parse((FOLDER / file).read_text(encoding="utf-8"))


def files() -> list[str]:
    """All Python files of this folder and those below, by name."""
    return sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py"))


@functools.cache
def rules() -> dict[str, Rule]:
    """Every function that is compiled (`@jit`), by name, in the order of files and lines."""
    found: dict[str, Rule] = {}
    for file in files():
        for node in parsed(file).body:
            if isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) == "jit" for mark in node.decorator_list):
                words = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
                found[node.name] = Rule(node.name, file, node, words)
    return found


@functools.cache
def calls(rule: Rule) -> tuple[ast.Call, ...]:
    """Calls in the source of a rule, from top to bottom."""
    made = (node for node in ast.walk(rule.node) if isinstance(node, ast.Call))
    return tuple(sorted(made, key=lambda call: (call.lineno, call.col_offset)))


def called(call: ast.Call) -> str:
    """Name of what is called, '' if it has none."""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def below(rule: Rule) -> list[Rule]:
    """Rules that a rule calls, in the order of its lines, each once; what keeps the books or clears is left out."""
    if rule.file.startswith("contagion/"):
        return []
    found = (rules()[name] for name in dict.fromkeys(map(called, calls(rule))) if name in rules())
    return [step for step in found if not step.file.startswith(BOOKKEEPING)]


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def folded(title: str, text: str) -> str:
    """A text that opens with a click on its title."""
    return f"<details><summary>{title}</summary>\n\n{text}\n</details>\n"


def phases() -> str:
    """The ten phases with the rules they are made of, in the order of a month."""
    known = rules()
    lines = (FOLDER / "month.py").read_text(encoding="utf-8").splitlines()
    rows, steps = [], []
    loop = next(node for node in ast.walk(known["run_months"].node) if isinstance(node, ast.For))
    for line in loop.body:
        if not (isinstance(line, ast.Expr) and isinstance(call := line.value, ast.Call)):
            continue  # when the months end
        rule = known[called(call)]
        comment = re.fullmatch(r".*# (\d+) (.*)", lines[call.lineno - 1])
        number, words = comment.groups() if comment else ("", rule.words)
        rows.append((number, f"`{rule.name}`", f"`{rule.file}`", words))
        steps.append(f"- {rule.where}\n")
        for step in below(rule):
            further = ", ".join(f"`{name.name}`" for name in below(step))
            steps.append(f"  - {step.where}{': ' if further else ''}{further}\n")
    said = folded("What each of them calls, in this order (bookkeeping apart)", "".join(steps))
    return f"{table(('phase', 'rule', 'file', 'what'), rows)}\n{said}"


def columns() -> str:
    """Every column of every table."""

    def block(name: str, of: Iterable[Column]) -> str:
        rows = [(f"`{c.name}`", c.unit, c.meaning) for c in of]
        return folded(f"<code>{name}</code>: {len(rows)} columns", table(("column", "unit", "meaning"), rows))

    copies = ("panel", "acted")  # columns of the firm table, kept under the same names
    text = "".join(
        block(name, of) + (block("fleet", VINTAGE_COLUMNS) if name == "generations" else "")
        for name, of in TABLES.items()
        if name not in copies
    )
    for name in copies:
        names = ", ".join(f"`{column.name}`" for column in TABLES[name])
        text += folded(f"<code>{name}</code>: {len(TABLES[name])} columns of <code>firms</code>", names + "\n")
    return text


def parameters() -> str:
    """Every parameter, by group."""
    text = ""
    for group in dict.fromkeys(p.group for p in PARAMETERS):
        rows = [
            (
                f"`{p.name}`", p.unit, f"{p.default:g}", f"{p.low:g} to {p.high:g}", p.source,
                p.meaning + (" (read at the opening only)" if p.opening_only else ""),
            )
            for p in PARAMETERS
            if p.group == group
        ]  # fmt: skip
        head = ("parameter", "unit", "default", "range", "source", "meaning")
        text += folded(f"{group}: {len(rows)} parameters", table(head, rows))
    return text


def streams() -> str:
    """Every purpose of a draw: which rules draw, how, and by which index."""
    (purposes,) = (
        node.targets[0].elts
        for node in parsed("engine/draws.py").body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple)
    )
    rows = []
    for code, purpose in enumerate(map(ast.unparse, purposes)):
        drawn = [
            (f"`{purpose}`", code, called(call), f"`{ast.unparse(call.args[3])}`", rule.where)
            for rule in rules().values()
            for call in calls(rule)
            if called(call) in ("uniform", "normal") and len(call.args) == 4 and ast.unparse(call.args[1]) == purpose
        ]
        rows += drawn or [(f"`{purpose}`", code, "reserved: none is made", "", "")]
    return table(("purpose", "code", "draw", "who", "by"), rows)


def channels() -> str:
    """Every place where a loss is logged with its channel."""
    rows = []
    for code, channel_name in enumerate(CHANNEL_NAMES):
        for rule in rules().values():
            for call in calls(rule):
                if called(call) != "log_hit":
                    continue
                _, victim, source, channel, amount = map(ast.unparse, call.args)
                if CHANNEL_CODES[code] in _choices(rule, channel):
                    from_whom = "none" if source == "-1" else f"`{source}`"
                    rows.append((channel_name, rule.where, f"`{victim}`", from_whom, f"`{amount}`"))
    return table(("channel", "logged by", "victim", "source", "amount (bn)"), rows)


def _choices(rule: Rule, name: str) -> set[str]:
    """The constants among which a rule chooses for a name; the name itself if it is none of its own."""
    chosen = {
        found.id
        for node in ast.walk(rule.node)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
        for found in ast.walk(node.value)
        if isinstance(found, ast.Name)
    }
    return chosen or {name}


def effects() -> str:
    """What a shock can do to a firm."""
    rows = []
    for effect in EFFECTS:
        size = effect.size
        width = f"{size.low:g} to {size.high:g} {size.unit}" if size else "none"
        lasts = "as long as the shock" if effect.lasts else "once"
        kinds = ", ".join(effect.kinds) + (" (with hardware)" if effect.hardware else "")
        done = rules()[effect.act]
        lasts += ", growing over its ramp" if effect.ramps else ""
        rows.append((f'"{effect.name}"', done.words, kinds, width, lasts, done.where))
    return table(("effect", "what it does", "on", "`size`", "acts", "by"), rows)


def seniority() -> str:
    """Who is paid before whom: dues by their tier, loans by what secures them, and the order in an estate."""
    lines = (FOLDER / "instruments" / "seniority.py").read_text(encoding="utf-8").splitlines()
    given = {
        ast.unparse(node.targets[0]): node.value
        for node in parsed("instruments/seniority.py").body
        if isinstance(node, ast.Assign)
    }
    rows = []
    for name in ("TIERS", "LOAN_TIERS"):
        listed = given[name]
        assert isinstance(listed, ast.Dict)
        for key, value in zip(listed.keys, listed.values, strict=True):
            remark = lines[value.lineno - 1].partition("# ")[2]
            rows.append((f"`{ast.unparse(key)}`" if key else "", f"`{ast.unparse(value)}`", remark))
    order = ast.unparse(given["ESTATE"]).strip("()")
    tiers = table(("due, or what secures a loan", "tier", ""), rows)
    return f"{tiers}\nCollateral in an estate, in this order: `{order}`.\n"


def replaceable() -> str:
    """The decision rules that a user may replace."""
    (listed,) = (
        node.value
        for node in parsed("rules.py").body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "RULES" and isinstance(node.value, ast.Dict)
    )
    rows = []
    for key, value in zip(listed.keys, listed.values, strict=True):
        assert isinstance(key, ast.Constant)
        assert isinstance(key.value, str)
        rule = rules()[ast.unparse(value).rpartition(".")[2]]
        rows.append((f"`{key.value}`", f"({ast.unparse(rule.node.args)})", rule.file, rule.words))
    return table(("rule", "of", "file", "decides"), rows)


def _limits(node: ast.expr) -> set[float]:
    """Numbers that stand by themselves, or as a factor, in nested `min` and `max`."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return {abs(float(number))}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _limits(operand)
        case ast.BinOp(op=ast.Mult() | ast.Div(), left=factor):
            return _limits(factor)
        case ast.Call(func=ast.Name(id="min" | "max"), args=args):
            return set().union(*map(_limits, args))
    return set()


def clamps() -> str:
    """Every bound that is a number in the code and no parameter; zero and guards against division by zero apart."""
    rows = []
    for rule in rules().values():
        if rule.file.startswith(("contagion/", "engine/")):
            continue
        inside: set[int] = set()
        for node in ast.walk(rule.node):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Call):
                inside |= {id(node.right)} if max(_limits(node.right), default=0.0) in (0.0, 1.0) else set()
        for call in calls(rule):
            if called(call) not in ("min", "max"):
                continue
            if id(call) not in inside and max(_limits(call), default=0.0) >= GUARD:
                rows.append((f"`{rule.name}`", rule.file, f"`{ast.unparse(call)}`"))
            inside |= {id(arg) for arg in call.args if isinstance(arg, ast.Call) and called(arg) in ("min", "max")}
    return table(("rule", "file", "kept within"), rows)


def balance() -> str:
    """The balance-sheet matrix of the opening (bn): assets positive, debts negative, vehicles among the clouds."""
    firms = opening_tables().firms
    kind, row = firms["kind"], np.arange(len(firms))
    savers = row == SAVERS
    sectors = {
        "Labs": kind == LAB,
        "Hyperscalers": kind == HYPERSCALER,
        "Clouds": (kind == NEOCLOUD) | (kind == VEHICLE),
        "Lenders": kind == LENDER,
        "Vendors": kind == VENDOR,
        "Entrants": kind == ENTRANT,
        "Suppliers": row == SUPPLIERS,
        "Savers": savers,
        "Σ": row >= 0,
    }
    others = firms["other_assets"]
    items = {
        "Money": firms["cash"],
        "Loans (table `loans`)": firms["loans_held"] - firms["debt"],
        "Lenders' funding and other debt": np.where(savers, others, 0.0) - firms["funding"] - firms["other_debt"],
        "Prepayments on contracts": firms["prepaid_out"] - firms["prepaid_in"],
        "Deposits on orders": firms["deposits_out"] - firms["deposits_in"],
        "Shares (paid-in value, held less issued)": firms["holdings"] - firms["paid_in"],
        "GPUs (book)": firms["fleet_book"],
        "Sites (book)": firms["sites"],
        "Other assets": np.where(savers, 0.0, others),
        "Retained (−)": -firms["retained"],
    }
    items["Σ"] = np.sum(list(items.values()), axis=0)
    rows = [
        (name, *(_signed(math.fsum(values[members])) for members in sectors.values())) for name, values in items.items()
    ]
    return table(("", *sectors), rows).replace("--- |", "--: |").replace("--: |", "--- |", 1)


def _signed(amount: float) -> str:
    """An amount with its sign, to a tenth; 0 if it rounds to nothing."""
    return f"{amount:+,.1f}".replace("-", "−") if round(abs(amount), 1) > 0.0 else "0"


MAKERS = {
    "balance": balance,
    "phases": phases,
    "columns": columns,
    "parameters": parameters,
    "streams": streams,
    "channels": channels,
    "effects": effects,
    "rules": replaceable,
    "seniority": seniority,
    "clamps": clamps,
}


def render(text: str) -> str:
    """The text with every generated table made anew."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{MAKERS[found['name']]()}\n{found[3]}", text)


def main() -> None:
    """Write the tables into the text."""
    before = TEXT.read_text(encoding="utf-8")
    TEXT.write_text(render(before), encoding="utf-8")


if __name__ == "__main__":
    main()
