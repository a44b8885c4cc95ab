"""A line of the scorecard and its verdict: one of three words, whatever stands behind it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from abm.calibration.facts import FACT_ID
from experiments.analysis.intervals import Estimate
from experiments.risk import table
from experiments.risk.page import asked, span
from experiments.risk.statistics import NOTHING

VALIDATED, NOT_VALIDATED, BEYOND = "validated", "not validated", "cannot be validated from these data"
VERDICTS = (VALIDATED, NOT_VALIDATED, BEYOND)
# Lines of risk that ask whether the economy agrees with itself: the evidence is the ensemble.
INTERNAL = ("ratio", "deciles")
NO_NUMBER = "no number in so few worlds"


class Line(NamedTuple):
    """One line: what, ours as a text and as a number with its interval, what is asked of it, the evidence, the verdict
    (one of `VERDICTS`) and, where it is not plainly validated, why."""

    name: str
    what: str
    unit: str
    shown: str
    ours: Estimate
    asked: str
    evidence: str
    verdict: str
    why: str


class Section(NamedTuple):
    """A part of the scorecard: heading, how to read it, its lines."""

    heading: str
    sentences: list[str]
    lines: list[Line]

    def count(self, verdict: str) -> int:
        """Lines with a verdict."""
        return sum(line.verdict == verdict for line in self.lines)


def of_risk(line: table.Line, evident: Callable[[table.Line], bool] | None = None) -> Line:
    """A line of risk as one of the scorecard.

    Parameters
    ----------
    line : experiments.risk.table.Line
    evident : callable, optional
        Whether its evidence is of the world; if left out, whether it names a fact or asks the economy to agree with
        itself. What has no evidence cannot be validated, met or missed.
    """
    named = FACT_ID.search(line.evidence) is not None or line.name in INTERNAL
    if math.isnan(line.ours.value):
        verdict, why = BEYOND, NO_NUMBER
    elif line.verdict == table.STATED:
        verdict, why = BEYOND, "nothing is published that it could be compared with"
    elif not (named if evident is None else evident(line)):
        verdict, why = BEYOND, f"there is no evidence of the world; what is asked of it is {line.verdict}"
    elif line.verdict == table.MET:
        verdict, why = VALIDATED, ""
    else:
        verdict, why = NOT_VALIDATED, "its interval reaches the range" if line.reached else ""
    return Line(line.name, line.what, line.unit, span(line.ours), line.ours, asked(line), line.evidence, verdict, why)


def plain(name: str, what: str, shown: str, wanted: str, evidence: str, holds: bool, why: str = "") -> Line:
    """A line without an interval; the reason is told only where it does not hold."""
    verdict = VALIDATED if holds else NOT_VALIDATED
    return Line(name, what, "", shown, NOTHING, wanted, evidence, verdict, "" if holds else why)
