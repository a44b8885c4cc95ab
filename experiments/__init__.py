"""Invisible Debt: experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.calibration import calibration_function

__all__ = ["calibration_function"]


def __getattr__(name: str) -> Any:
    """The public names, imported when asked for: the command line must answer `--help` without the engine."""
    if name == "calibration_function":
        from experiments.calibration import calibration_function

        return calibration_function
    raise AttributeError(f"module 'experiments' has no attribute '{name}'")
