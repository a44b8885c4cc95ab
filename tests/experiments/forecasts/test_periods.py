"""How months, quarters and years of a forecast are written and read."""

import datetime

import pytest

from abm.errors import BadInput
from experiments.forecasts.periods import CHANCE, CHANGE, FLOW, LEVEL, Period, periods_of, read, written

END = datetime.date(2025, 12, 31)


@pytest.mark.parametrize("kind", [LEVEL, FLOW, CHANGE, CHANCE])
@pytest.mark.parametrize("ends", [1, 2, 3])
def test_what_is_written_is_read_again(kind, ends):
    found = periods_of(END, kind, ends, 60)
    assert found
    names = [written(END, kind, period) for period in found]
    assert len(set(names)) == len(names)
    assert [read(END, kind, name) for name in names] == found


def test_fiscal_quarters_and_years_end_where_the_firm_s_do():
    told = {ends: [written(END, FLOW, p) for p in periods_of(END, FLOW, ends, 24)] for ends in (1, 2, 3)}
    assert told[3][:2] == ["2026Q1", "2026Q2"]
    assert told[3][-2:] == ["2026", "2027"]
    assert "2026H1" in told[3]
    assert told[2][0] == "2025-12..2026-02"
    assert "2026-06..2027-05" in told[2]
    assert "2026" in told[2]
    assert "2026-02..2026-04" in told[1]
    assert "2026-02..2027-01" in told[1]


def test_a_period_may_be_written_as_people_do():
    for text in ("2026Q2", "2026-Q2", "Q2 2026", "2026-04..2026-06", "2026-04 to 2026-06", "2026-04/2026-06"):
        assert read(END, FLOW, text) == Period(4, 6)
    assert read(END, LEVEL, "2026Q2") == read(END, LEVEL, "2026-06-30") == read(END, LEVEL, "2026-06") == Period(6, 6)
    assert read(END, LEVEL, "2026H1") == Period(6, 6)
    assert read(END, CHANCE, "by 2027-12") == read(END, CHANCE, "2027") == Period(1, 24)


@pytest.mark.parametrize("text", ["", "soon", "2026Q5", "2026H3", "2026-13", "2026-04..", "26Q1"])
def test_what_is_no_period_is_refused_in_a_sentence(text):
    with pytest.raises(BadInput, match="a period is written"):
        read(END, FLOW, text)
