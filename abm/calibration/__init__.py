"""The economy on 2025-12-31: the facts, and how the opening balance sheets follow from them."""

from abm.calibration.opening import Opening, check_opening, opening_tables

__all__ = ["Opening", "check_opening", "opening_tables"]
