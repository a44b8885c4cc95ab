"""The economy at the dates it can be opened: the facts, and how the opening balance sheets follow from them."""

from abm.calibration.files import DEFAULT_OPENING, openings
from abm.calibration.opening import Opening, check_opening, opening_tables

__all__ = ["DEFAULT_OPENING", "Opening", "check_opening", "opening_tables", "openings"]
