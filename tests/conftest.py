"""Tests of single rules are marked by the folders they stand in: `pytest -m rules` is all of them, nothing compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
RULES = ("engine", "accounts", "instruments", "agents", "markets", "distress")  # folders of `abm` whose rules are tested


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in a folder of rules."""
    for item in items:
        if item.path.is_relative_to(HERE) and item.path.relative_to(HERE).parts[0] in RULES:
            item.add_marker(pytest.mark.rules)
