"""The economy on 2025-12-31: the facts, and how the opening balance sheets follow from them."""

from abm.calibration.opening import DEFAULT_OPENING, Opening, check_opening, opening_tables, openings

__all__ = ["DEFAULT_OPENING", "Opening", "check_opening", "opening_tables", "openings"]
