"""Tests of single rules are marked by the folders they stand in: `pytest tests -m rules` runs them and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from compiling import compile_once, warn_if_not_compiled

HERE = Path(__file__).parent
# Folders of `abm` whose rules are tested one by one, as plain Python.
RULES = ("engine", "environment", "accounts", "instruments", "agents", "markets", "distress")
# Other tests that do not run the model: they run while it is compiled.
PLAIN = (HERE / "test_mutants.py", HERE / "test_conftest.py")
# Where fewer files than this are tested, they compile what they need by themselves.
MANY = 5
WAITS = pytest.StashKey[bool]()


def _is_rule_test(path: Path) -> bool:
    return path.is_relative_to(HERE) and path.relative_to(HERE).parts[:1] in {(name,) for name in RULES}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only rules are asked for, nothing else of this folder is even imported."""
    if config.option.markexpr != "rules" or HERE.is_relative_to(collection_path):
        return None
    return None if _is_rule_test(collection_path) else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what stands in a folder of rules; see whether the model is to be compiled first."""
    for item in items:
        if _is_rule_test(item.path):
            item.add_marker(pytest.mark.rules)
    files = {item.path for item in items if not _needs_no_model(item.path)}
    config.stash[WAITS] = hasattr(config, "workerinput") and len(files) >= MANY


def _needs_no_model(path: Path) -> bool:
    return path in PLAIN or _is_rule_test(path)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say why the first dots may be late."""
    config = session.config
    if getattr(config.option, "tx", None) and config.option.markexpr != "rules" and not hasattr(config, "workerinput"):
        warn_if_not_compiled(config.get_terminal_writer().line)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where tests run side by side, the first that needs the model has it compiled; others that do wait."""
    if item.config.stash.get(WAITS, False) and not _needs_no_model(item.path):
        compile_once()
        item.config.stash[WAITS] = False


def reasons(reports: list[Any]) -> list[str]:
    """Why tests were skipped: one line a reason, with the number of tests, the most frequent first."""
    count = Counter(
        str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix("Skipped: ")
        for report in reports
    )
    return [f"{number} skipped: {' '.join(why.split())}" for why, number in count.most_common()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not tested here, and why, in the last lines."""
    lines = reasons(terminalreporter.stats.get("skipped", []))
    if lines:
        terminalreporter.write_sep("=", "not tested here")
        for line in lines:
            terminalreporter.write_line(line, yellow=True)
