"""All studies, in the order of the report, and how to find one by name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from abm.errors import BadInput
from experiments.reproductions import (
    acemoglu_2015,
    clearing,
    debtrank_2015,
    elliott_golub_jackson_2014,
    gai_kapadia_2010,
    neva_2020,
    nier_2007,
    watts_2002,
)
from experiments.reproductions.study import Study

STUDIES: tuple[Study, ...] = (
    clearing.STUDY,
    acemoglu_2015.STUDY,
    gai_kapadia_2010.STUDY,
    watts_2002.STUDY,
    debtrank_2015.STUDY,
    neva_2020.STUDY,
    nier_2007.STUDY,
    elliott_golub_jackson_2014.STUDY,
)


def find(names: Sequence[str]) -> list[Study]:
    """The studies of these names, each once, in the order of the report.

    Parameters
    ----------
    names : sequence of str
        Names as typed; case does not matter.

    Raises
    ------
    BadInput
        If a name is unknown; the sentence says the nearest right one.
    """
    known = {study.name: study for study in STUDIES}
    for name in names:
        if name.lower() not in known:
            near = get_close_matches(name.lower(), known, n=1, cutoff=0.4)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
            raise BadInput(f"there is no reproduction '{name}'; {hint}")
    wanted = {name.lower() for name in names}
    return [study for study in STUDIES if study.name in wanted]
