"""Room in the tables for the worst months that were met."""

import pytest

from abm.calibration.worlds import world
from abm.simulation import open_economy
from experiments.risk.observe import story


@pytest.mark.parametrize(("draw", "luck", "months"), [(270, 68, 84)])
def test_a_month_in_which_firms_hit_each_other_over_and_over_has_room(draw: int, luck: int, months: int) -> None:
    """OpenAI fails in 2027; in 2032-09 each of a hundred firms was hit more often than once by each other one."""
    opening = "2025-12-31"
    told = story("flagship fails", opening)
    economy = open_economy(told, seed=luck, opening=world(draw, opening, matched=False), panel=False)
    economy.run(months)
    assert economy.month == months
