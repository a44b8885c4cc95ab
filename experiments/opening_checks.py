"""What `openings --check` and the scorecard look at beside the tables of an opening: its first months."""

from __future__ import annotations

from abm.calibration import Opening
from abm.calibration.plausibility import MONTHS_RUN, first_month
from abm.simulation import open_economy


def first_months(opening: Opening) -> list[str]:
    """Run the first months of an opening: flows of the first that are far from those of the next, a sentence each."""
    economy = open_economy(opening=opening, central=True)
    economy.run(MONTHS_RUN)
    return first_month(economy.flows(), economy.rows("series"))
