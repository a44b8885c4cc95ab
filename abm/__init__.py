"""The economy of Invisible Debt: an agent-based model of how AI infrastructure is financed, and of how it fails.

`open_economy` gives an economy that runs, `InvisibleDebtModel` the same as a Mesa model. Both are loaded on
first use, for they bring the compiler with them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.mesa_model import InvisibleDebtModel
    from abm.simulation import Economy, open_economy

_WHERE = {
    "Economy": "abm.simulation",
    "InvisibleDebtModel": "abm.mesa_model",
    "open_economy": "abm.simulation",
}

__all__ = ["Economy", "InvisibleDebtModel", "open_economy"]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _WHERE:
        raise AttributeError(f"module 'abm' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)
