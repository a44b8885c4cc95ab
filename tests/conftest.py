"""Tests of single rules are marked by the folders they stand in: `pytest tests -m rules` runs them and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from compiling import compile_once, warn_if_not_compiled

HERE = Path(__file__).parent
# Folders of `abm` whose rules are tested one by one, as plain Python, and what the opening works out.
RULES = ("engine", "environment", "accounts", "instruments", "agents", "markets", "distress", "test_simulation.py")
# Other tests that do not run the model: they run while it is compiled.
PLAIN = (HERE / "test_mutants.py", HERE / "test_conftest.py")
# What takes longest goes first, so that all workers end together; rules go while one of them compiles the model.
ORDER = (
    "viz/test_page.py", "test_mutants.py", "test_conftest.py", *RULES, "test_cli.py", "viz/test_session.py",
    "test_invariants.py", "test_mechanisms.py", "test_compiled.py", "experiments/test_screen.py",
    "experiments/test_kills.py", "viz/test_widgets_network.py", "viz/test_page_access.py", "viz/test_fast_hands.py",
    "test_determinism.py", "experiments/test_sweep_cli.py", "experiments/test_sweep.py", "test_channels.py",
    "test_rules.py", "test_systemic.py", "experiments/test_analysis.py", "viz/test_widgets_charts.py",
)  # fmt: skip
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
    """Mark what stands in a folder of rules; what takes longest goes first, where tests run side by side."""
    for item in items:
        if _is_rule_test(item.path):
            item.add_marker(pytest.mark.rules)
    files = {item.path for item in items if not _needs_no_model(item.path)}
    config.stash[WAITS] = hasattr(config, "workerinput") and len(files) >= MANY
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _place(item.path))


def _place(path: Path) -> int:
    """Where a file stands in `ORDER`; behind all others if it does not."""
    if path.is_relative_to(HERE):
        for place, name in enumerate(ORDER):
            if path.is_relative_to(HERE / name):
                return place
    return len(ORDER)


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
