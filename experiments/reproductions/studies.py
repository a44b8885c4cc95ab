"""All studies, in the order of the report, and how to find one by name; each is imported when it is run."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from abm.errors import BadInput

if TYPE_CHECKING:
    from experiments.reproductions.study import Study

NAMES = (
    "clearing",
    "acemoglu-2015",
    "gai-kapadia-2010",
    "watts-2002",
    "debtrank-2015",
    "neva-2020",
    "nier-2007",
    "elliott-golub-jackson-2014",
    "elliott-golub-jackson-2014-curves",
    "amini-cont-minca-2016",
    "caccioli-2014",
    "greenwood-2015",
    "glasserman-young-2015",
    "farmer-2020",
)
"""A study stands in the module of its name, with underscores."""


def find(names: Sequence[str]) -> list[str]:
    """The studies named, each once, in the order of the report.

    Parameters
    ----------
    names : sequence of str
        Names as typed; case does not matter.

    Raises
    ------
    BadInput
        If a name is unknown; the sentence says the nearest right one.
    """
    for name in names:
        if name.lower() not in NAMES:
            near = [known for known in NAMES if name and name.lower() in known]
            near = near or get_close_matches(name.lower(), NAMES, n=1, cutoff=0.4)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(NAMES)}"
            raise BadInput(f"there is no reproduction '{name}'; {hint}")
    wanted = {name.lower() for name in names}
    return [name for name in NAMES if name in wanted]


def load(name: str) -> Study:
    """The study of a name of `NAMES`."""
    study: Study = import_module(f"experiments.reproductions.{name.replace('-', '_')}").STUDY
    return study
