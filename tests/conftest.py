"""Tests of single rules are marked by the folders they stand in: `pytest tests -m rules` runs them and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from compiling import compile_once

HERE = Path(__file__).parent
# Folders of `abm` whose rules are tested one by one, as plain Python.
RULES = ("engine", "environment", "accounts", "instruments", "agents", "markets", "distress")


def _is_rule_test(path: Path) -> bool:
    return path.is_relative_to(HERE) and path.relative_to(HERE).parts[:1] in {(name,) for name in RULES}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only rules are asked for, nothing else of this folder is even imported."""
    if config.option.markexpr != "rules" or HERE.is_relative_to(collection_path):
        return None
    return None if _is_rule_test(collection_path) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in a folder of rules."""
    for item in items:
        if _is_rule_test(item.path):
            item.add_marker(pytest.mark.rules)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before tests run side by side, the model is compiled, unless only single rules are asked for."""
    config = session.config
    side_by_side = bool(config.getoption("tx", None)) and not hasattr(config, "workerinput")
    only_rules = config.option.markexpr == "rules" or all(
        _is_rule_test(config.invocation_params.dir / word.split("::")[0]) for word in config.args
    )
    if side_by_side and not only_rules and not config.option.collectonly:
        compile_once(config.get_terminal_writer().line)


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
