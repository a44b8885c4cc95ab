"""The live page, and `show`, which draws a run in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viz.notebook import show

__all__ = ["show"]


def __getattr__(name: str) -> Any:
    """Load `show` on first use: it brings the compiler and the widgets with it."""
    if name != "show":
        raise AttributeError(f"module 'viz' has no attribute '{name}'")
    from viz.notebook import show

    return show
