"""Claims of a study: sentences about its runs, each with the share of worlds in which it holds.

A claim says that an outcome is higher, lower or the same at some values of the factors than at others, that it is
beyond a number, or that one factor moves it more than another. It is put to every world by itself: to the runs of one
seed, which all meet the same world and the same luck. The words of a claim hold no number; every number beside them is
worked out from the runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from abm.errors import BadInput, shown
from experiments.analysis.intervals import Estimate, Floats, mean_of
from experiments.analysis.options import OPERATORS, named
from experiments.reproductions.intervals import wilson

ROUNDING = 1e-12  # of means over different numbers of runs
SURE = 0.9  # share of worlds from which on a claim is told as a finding
OUTCOME, FACTOR = "outcome", "factor"  # entries of `than` that name another outcome, or factor, to compare with
RELATIONS = ("higher", "lower", "the same")
# Words that are numbers: a sentence that holds one says what only the runs may say.
NUMBER_WORD = re.compile(
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty|hundred|thousand|million|billion|dozen|half"
    "|thirds?|quarters?|fifths?|tenths?|twice|thrice|doubled?|doubles|triple|halves|halved"
)
PLACE = re.compile(r"\{(at|than)\.(\w+)\}")


def _words(text: str) -> str:
    """The sentence of a claim, if it holds no number of its own."""
    plain = PLACE.sub(" ", text)
    if "{" in plain or "}" in plain:
        raise BadInput(f"a claim's braces hold 'at.FACTOR' or 'than.FACTOR', which {shown(text)} does not keep to")
    for word in re.findall(r"[\w-]+", plain):
        if word.isdigit() or re.fullmatch(r"[-+]?\d[\d.,]*", word) or NUMBER_WORD.fullmatch(word.lower()):
            raise BadInput(f"a claim's words hold no number, which is worked out from the runs, and '{word}' is one")
    if not plain.strip():
        raise BadInput("a claim needs words")
    return text.strip()


Values = Mapping[str, float | str]


class Claim(BaseModel):
    """One claim of a study.

    Parameters
    ----------
    says : str
        The sentence. It holds no number; `{at.FACTOR}` and `{than.FACTOR}` stand for the values below.
    outcome : str
        Of which outcome.
    relation : str
        "higher", "lower" or "the same" (``is`` in a file), or, without `than`, a bound such as "> 100".
    at, than : mapping, optional
        Values of factors on the one side and on the other; a text such as ">= 1.5" takes all values beyond it. Runs
        of a world that fit are averaged; a world that lacks one of them is left out, and counted as missing.
        ``than.outcome`` compares with another outcome.
    by : float
        In the unit of the outcome: a difference as small counts as none.
    factor : str, optional
        Compare how strongly two factors move the outcome, this one and that of ``than.factor``, in a design made to
        tell (`strength` of `weigh`).

    Raises
    ------
    pydantic.ValidationError
        A ValueError, if a field is unknown or of the wrong form.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    says: Annotated[str, AfterValidator(_words)]
    outcome: str
    relation: str = Field(alias="is")
    at: Values = Field(default_factory=dict)
    than: Values | None = None
    by: Annotated[float, Field(strict=False, ge=0.0)] = 0.0
    factor: str | None = None

    def check(self, factors: Mapping[str, Sequence[str | float] | None], outcomes: Iterable[str]) -> None:
        """Make sure that what is named exists in the study.

        Parameters
        ----------
        factors : mapping
            Values of every factor; None for a range.
        outcomes : iterable of str
            Names of the outcomes.

        Raises
        ------
        BadInput
            For the first name that does not, or a relation that does not fit.
        """
        known = list(outcomes)
        named("claims.outcome", self.outcome, known, "outcome")
        if self.than is None:
            if _bound(self.relation) is None:
                signs = "a sign and a number, such as '> 100', or 'higher', 'lower' or 'the same' with 'than'"
                raise BadInput(f"claims.is must be {signs}, not {shown(self.relation)}")
        elif self.relation not in RELATIONS:
            allowed = "'higher', 'lower' or 'the same'"
            raise BadInput(f"claims.is must be {allowed} beside 'than', not {shown(self.relation)}")
        sides = {"at": self.at, "than": self.than or {}}
        for side, name in PLACE.findall(self.says):
            if name not in sides[side]:
                raise BadInput(f"claims.says: '{{{side}.{name}}}' has no value, as '{side}' does not name '{name}'")
        if self.factor is not None:
            if self.at or list(sides["than"]) != [FACTOR]:
                raise BadInput("claims.factor is compared with one other: it goes with 'than.factor' and nothing else")
            for name in (self.factor, str(sides["than"][FACTOR])):
                named("claims.factor", name, factors, "factor")
            return
        for side, values in sides.items():
            for name, value in values.items():
                if side == "than" and name == OUTCOME:
                    named("claims.than.outcome", str(value), known, "outcome")
                    continue
                named(f"claims.{side}", name, factors, "factor")
                levels = factors[name]
                if isinstance(value, str) and _bound(value) is not None and not _are_names(levels):
                    continue
                if levels is None:
                    raise BadInput(f"claims.{side}: '{name}' is a range here, and needs a bound such as '>= 1.5'")
                named(f"claims.{side}.{name}", value, levels, f"value of '{name}'")

    @property
    def text(self) -> str:
        """The sentence with the values of the factors in it."""
        sides: dict[str, Values] = {"at": self.at, "than": self.than or {}}
        return PLACE.sub(lambda found: _plain(sides[found[1]][found[2]]), self.says)


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _are_names(levels: Sequence[str | float] | None) -> bool:
    return levels is not None and any(isinstance(level, str) for level in levels)


def _bound(text: str) -> tuple[str, float] | None:
    """Sign and number of a bound, None if the text is none."""
    found = re.fullmatch(r"\s*(>=|<=|>|<)\s*(\S+)\s*", text)
    try:
        number = float(found[2]) if found is not None else np.nan
    except ValueError:
        return None
    return (found[1], number) if found is not None and np.isfinite(number) else None


Verdict = Literal["holds", "uncertain", "does not hold", "cannot be told"]


class Weighed(NamedTuple):
    """What the runs say of a claim.

    Attributes
    ----------
    claim : Claim
    worlds : int
        In which it can be told: those of all sides of it.
    share : Estimate
        Of these, the share in which it holds, with its interval (Wilson).
    same, other : float
        The shares in which there is no difference, and in which it is the other way round; of a bound, and of "the
        same", 0 and what is left.
    size : Estimate
        Mean difference over worlds, of a bound the mean itself, with Student's t interval.
    missing : int
        Worlds in which a run of a side is missing, or has no value.
    """

    claim: Claim
    worlds: int
    share: Estimate
    same: float
    other: float
    size: Estimate
    missing: int

    @property
    def verdict(self) -> Verdict:
        """Whether it holds in `SURE` of the worlds, or its contrary does."""
        if not self.worlds:
            return "cannot be told"
        return "holds" if self.share.value >= SURE else "does not hold" if self.other >= SURE else "uncertain"


def weigh(
    claim: Claim,
    points: pd.DataFrame,
    tables: Mapping[str, Floats],
    strength: Callable[[str], Mapping[str, Floats]],
    *,
    paired: bool,
) -> Weighed:
    """Put a claim to every world.

    Parameters
    ----------
    claim : Claim
        Checked against the study.
    points : DataFrame
        A row a point, with a column a factor.
    tables : mapping of str to array, shape (points, seeds)
        Outcomes; NaN where a run is missing.
    strength : callable
        Of an outcome: by factor, how strongly it moves the outcome in every world, shape (seeds,).
    paired : bool
        Whether a column is a world. Otherwise every run is one, and only a bound can be put to it.

    Returns
    -------
    Weighed

    Raises
    ------
    BadInput
        If a comparison is asked of runs that share no world, or no point fits a side.
    """
    if claim.than is not None and not paired:
        raise BadInput(f"'{claim.text}' compares runs that share no world: a study with 'paired = false' cannot")
    if claim.than is not None and claim.factor is not None:
        by_factor = strength(claim.outcome)
        for name in (claim.factor, str(claim.than[FACTOR])):
            if name not in by_factor:
                raise BadInput(f"'{claim.text}' ranks '{name}', which the design does not sample")
        return _compared(claim, by_factor[claim.factor], by_factor[str(claim.than[FACTOR])])
    ours = _side(claim.at, points, tables[claim.outcome], paired)
    if claim.than is None:
        sign, number = _bound(claim.relation) or (">", np.nan)
        told = ours[~np.isnan(ours)]
        holds = OPERATORS[sign](told, number)
        return _weighed(claim, told, holds, np.zeros(len(told), bool), len(ours) - len(told))
    others = {name: value for name, value in claim.than.items() if name != OUTCOME}
    theirs = _side(others, points, tables[str(claim.than.get(OUTCOME, claim.outcome))], paired)
    return _compared(claim, ours, theirs)


def _compared(claim: Claim, ours: Floats, theirs: Floats) -> Weighed:
    """A claim put to the two sides of every world."""
    gaps = ours - theirs
    told = gaps[~np.isnan(gaps)]
    size = np.maximum(np.abs(ours), np.abs(theirs))[~np.isnan(gaps)]
    same = np.abs(told) <= claim.by + ROUNDING * size
    if claim.relation == "the same":
        return _weighed(claim, told, same, np.zeros(len(told), bool), len(gaps) - len(told))
    holds = ~same & ((told > 0.0) == (claim.relation == "higher"))
    return _weighed(claim, told, holds, same, len(gaps) - len(told))


def _weighed(
    claim: Claim, told: Floats, holds: NDArray[np.bool_], same: NDArray[np.bool_], missing: int
) -> Weighed:
    worlds = len(told)
    if not worlds:
        nothing = Estimate(np.nan, np.nan, np.nan)
        return Weighed(claim, 0, nothing, np.nan, np.nan, nothing, missing)
    count, alike = int(holds.sum()), int(same.sum())
    share = Estimate(count / worlds, *wilson(count, worlds))
    size = mean_of(told[None, :], points_drawn=False).interval()
    return Weighed(claim, worlds, share, alike / worlds, (worlds - count - alike) / worlds, size, missing)


def _side(values: Values, points: pd.DataFrame, table: Floats, paired: bool) -> Floats:
    """An outcome at some values of the factors: a number a world, the mean of its runs that fit, if all have one."""
    fits = np.ones(len(points), bool)
    for name, value in values.items():
        column = points[name].to_numpy()
        bound = _bound(value) if isinstance(value, str) and column.dtype.kind in "fi" else None
        fits &= (column == value) if bound is None else OPERATORS[bound[0]](column.astype(float), bound[1])
    if not fits.any():
        told = ", ".join(f"{name} {_plain(value)}" for name, value in values.items())
        raise BadInput(f"no point of the study has {told}")
    chosen = table[fits]
    if not paired:
        return chosen.ravel()
    return chosen.mean(axis=0)  # missing where a run is: the mean of the others would be of other points
