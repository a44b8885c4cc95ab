"""What is run for a brief: every story, and every lever under one story, in the same worlds."""

from __future__ import annotations

import csv
import functools
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from abm.calibration import Opening
from abm.engine import tables
from abm.inputs.scenarios import names
from experiments.ensemble.findings import largest_clouds
from experiments.study import Study, load
from experiments.study_fields import known_name

HERE = Path(__file__).parent
POLICIES = HERE.parent / "studies" / "policies.toml"
BASELINE = "baseline"
SOON = 24  # months after the opening at which "then" becomes "later"
USUAL, FASTER = "efficiency work as now", "efficiency work twice as fast"
EFFICIENCY = {USUAL: 3.0, FASTER: 6.0}  # times a year
BACKWARDS = "higher requirement"  # which banks do not meet at the opening: no effect of the rule alone
MET = "higher requirement, met"


class Point(NamedTuple):
    """A point of the document: its number, name, and what it says."""

    id: str
    name: str
    said: str


@functools.cache
def document() -> dict[str, Any]:
    """The document that is answered, and whom a brief tells of by name; see its file."""
    return tomllib.loads((HERE / "document.toml").read_text(encoding="utf-8"))


def points() -> dict[str, Point]:
    """The points of the document by their number."""
    with (HERE / "points.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: Point(**row) for row in csv.DictReader(file)}


def asked(scenarios: Sequence[str]) -> tuple[str, ...]:
    """The stories of a brief: those asked for, or all risks and hopes.

    Raises
    ------
    BadInput
        For a name that no scenario has.
    """
    known = names()
    wanted = scenarios or [name for name in known if name[:1] in "rh" and name[1:2].isdigit()]
    for name in wanted:
        known_name(name, known, "scenario")
    risks_first = sorted(dict.fromkeys(wanted), key=lambda name: name[0] == "h")
    return tuple(name for name in risks_first if name != BASELINE)


def provider(opening: Opening) -> str:
    """The cloud that is told of by name: that of the document, or else one of the largest by what they owe."""
    named = str(document()["provider"])
    return named if named in opening.names else min(largest_clouds(opening))


def outcomes(opening: Opening) -> dict[str, Any]:
    """What is measured in every run, as a study file has it."""
    lab, cloud = opening.flagship, provider(opening)
    chain = [name for name in document()["chain"] if name in opening.names]
    then, year = {"start": SOON, "end": SOON}, {"start": SOON - 11, "end": SOON}

    def of_firm(firm: str, of: str, statistic: str = "mean", when: dict[str, int] | None = None) -> dict[str, Any]:
        return {"statistic": statistic, "of": of, "firm": firm, **(when or then)}

    return {
        "failures": "sum failures",
        "losses": "sum credit_losses",
        "claims_lost": "sum defaults.loss_claims",
        "equity_lost": "sum defaults.loss_equity",
        "debt_peak": "max ai_debt",
        "invested": "sum capex",
        "carried_soon": {"statistic": "mean", "of": "look_through_flagship", **then},
        "carried_end": "final look_through_flagship",
        "orphaned_end": "final orphaned",
        "promised_soon": of_firm(lab, "backlog_out"),
        "result_soon": of_firm(lab, "operating_result_6m"),
        "revenue_soon": of_firm(lab, "revenue", "sum", year),
        "rent_soon": {"statistic": "mean", "of": "spot_price", **then},
        "rent_end": "final spot_price",
        "cloud_debt": of_firm(cloud, "debt"),
        "cloud_cover": of_firm(cloud, "dscr"),
        "cloud_customer": of_firm(cloud, "top_customer"),
        "cloud_book": of_firm(cloud, "fleet_book"),
        "cloud_mark": of_firm(cloud, "fleet_mark"),
        "energy": {"statistic": "sum", "of": "energy_twh", **year},
        "emissions": {"statistic": "sum", "of": "emissions_mt", **year},
        "energy_per_work": {"statistic": "mean", "of": "energy_per_work", **then},
        "neocloud_failures": {"statistic": "sum", "of": "failures", "kind": "neocloud"},
        "hyperscaler_failures": {"statistic": "sum", "of": "failures", "kind": "hyperscaler"},
        "neocloud_losses": {"statistic": "sum", "of": "credit_losses", "kind": "neocloud"},
        "hyperscaler_losses": {"statistic": "sum", "of": "credit_losses", "kind": "hyperscaler"},
        "cloud_lost": {"statistic": "lost", "of": "share_value", "firms": [cloud]},
        "chain_lost": {"statistic": "lost", "of": "share_value", "firms": chain},
        "cloud_drawdown": {"statistic": "drawdown", "of": "share_value", "firms": [cloud]},
        "chain_drawdown": {"statistic": "drawdown", "of": "share_value", "firms": chain},
    }


def studies(
    scenarios: Sequence[str], opening: Opening, *, opened: str, seeds: int, seed: int, months: int
) -> dict[str, Study]:
    """The two studies of a brief.

    Parameters
    ----------
    scenarios : sequence of str
        From `asked`.
    opening : Opening
    opened : str
        Name or folder of the opening, as a study file has it.
    seeds, seed : int
        Worlds, and the first of them.
    months : int
        Length of a run, at least `SOON`.

    Returns
    -------
    dict of str to Study
        "stories": the baseline and every scenario. "levers": every policy, and two speeds of efficiency work, under
        the first scenario.
    """
    common = {
        "months": months, "replicates": seeds, "seed": seed, "opening": opened, "outcomes": outcomes(opening),
        "record": {"series": ["ai_debt"], "every": months, "defaults": True},
    }  # fmt: skip
    levers = {name: dict(values) for name, values in load(POLICIES).policies.items()}
    levers |= {name: {"algorithmic_efficiency": value} for name, value in EFFICIENCY.items()}
    target = next(iter(scenarios), BASELINE)
    return {
        "stories": Study.model_validate(
            {**common, "title": "Stories", "factors": {"scenario": [BASELINE, *scenarios]}}
        ),
        "levers": Study.model_validate({**common, "title": "Levers", "scenario": target, "policies": levers}),
    }


def lenders(opening: Opening) -> frozenset[str]:
    """Lenders of an opening, whose failure is told as their creditors' loss."""
    return frozenset(
        name for name, kind in zip(opening.names, opening.firms["kind"], strict=False) if kind == tables.LENDER
    )
