"""Designs: how a study combines the values of its factors, and the points that come of it.

A design is a class here and its name in `DESIGNS`. Its fields are those of the study file with their bounds and
defaults; messages, the table in `STUDIES.md` (`python -m experiments.designs` writes it) and the report follow from it.

Sampled designs are drawn in the unit cube and then stretched to the factors' ranges, so that sensitivity analysis
can work with the very sample. Policies are crossed with every design: each row of it is run under each policy.
"""

from __future__ import annotations

import itertools
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, Union, get_args

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from abm.errors import BadInput, shown
from experiments.study_fields import MOST_RUNS, Factor, Strict, Value, known_name, quoted

if TYPE_CHECKING:
    import pandas as pd

    from experiments.analysis.sensitivity import MorrisEffects, SobolIndices
    from experiments.study import Study


class Design(Strict):
    """What every design answers; by default it combines lists of values and is no random sample.

    Attributes
    ----------
    method : str
        Its name in the study file.
    told : str
        Which points it makes, for the table in `STUDIES.md`.
    title : str
        Its name in the report, if another than `method`.
    needs_factors : bool
        Whether it means nothing where nothing varies.
    takes_ranges : bool
        Whether it takes ranges as they are; otherwise they need `steps`.
    drawn : bool
        Whether its points are drawn, so that they are luck too.
    crossed : bool
        Whether its points are all combinations of what was chosen, so that they leave nothing to chance.
    no_sample : str
        Why its points are no sample of the worlds there may be; empty if they are one, or all that matter.
    """

    method: str
    told: ClassVar[str]
    title: ClassVar[str] = ""
    needs_factors: ClassVar[bool] = True
    takes_ranges: ClassVar[bool] = False
    drawn: ClassVar[bool] = False
    crossed: ClassVar[bool] = False
    no_sample: ClassVar[str] = ""

    @property
    def points_file(self) -> str | None:
        """The CSV file whose rows are the points, if it is made of one."""
        return None

    def mistakes(self, counts: Mapping[str, int]) -> list[str]:
        """Sentences on what is wrong with the factors, given the number of values of those that have a list."""
        return []

    def count(self, factors: Sequence[Factor]) -> int:
        """Rows it will have, without making them."""
        raise NotImplementedError

    def rows(self, factors: Sequence[Factor]) -> Mapping[str, list[Value]]:
        """Its rows, one column a factor."""
        raise NotImplementedError

    def describes(self, rows: np.ndarray, factors: int) -> np.ndarray:
        """Which of its rows describe the whole space, so that distributions and maps may be made of them."""
        return np.full(len(rows), not self.no_sample)

    def indices(self, names: list[str], unit: np.ndarray, outcome: np.ndarray) -> SobolIndices | MorrisEffects | None:
        """Sensitivity of an outcome (rows, seeds) to the factors, given the sample; None if it is not made for that.

        Raises
        ------
        BadInput
            If the runs do not allow it.
        """
        return None


class Sample(Design):
    """A design that draws points of the unit cube."""

    takes_ranges: ClassVar[bool] = True
    drawn: ClassVar[bool] = True

    def unit(self, names: list[str]) -> np.ndarray:
        """The sample of these factors in the unit cube, shape (rows, factors)."""
        raise NotImplementedError

    def rows(self, factors: Sequence[Factor]) -> Mapping[str, list[Value]]:
        """The sample stretched to the factors' ranges."""
        unit = self.unit([factor.name for factor in factors])
        return {factor.name: factor.at(unit[:, k]) for k, factor in enumerate(factors)}


class Grid(Design):
    """Every combination of the factors' values."""

    method: Literal["grid"] = "grid"
    told: ClassVar[str] = "every combination"
    needs_factors: ClassVar[bool] = False
    crossed: ClassVar[bool] = True

    def count(self, factors: Sequence[Factor]) -> int:
        """As many as there are combinations."""
        return math.prod(len(factor.values or ()) for factor in factors)

    def rows(self, factors: Sequence[Factor]) -> Mapping[str, list[Value]]:
        """The last factor changes first."""
        rows = list(itertools.product(*(factor.values or () for factor in factors)))
        return {factor.name: [row[k] for row in rows] for k, factor in enumerate(factors)}


class Zip(Design):
    """The first value of every factor, the second of every factor, and so on."""

    method: Literal["zip"]
    told: ClassVar[str] = "first values, second values, ..."

    def mistakes(self, counts: Mapping[str, int]) -> list[str]:
        """Lists must be equally long."""
        if len(set(counts.values())) <= 1:
            return []
        told = ", ".join(f"{name} has {n}" for name, n in counts.items())
        return [f"design 'zip' needs factors with equally many values: {told}"]

    def count(self, factors: Sequence[Factor]) -> int:
        """As many as a factor has values."""
        return len(factors[0].values or ()) if factors else 1

    def rows(self, factors: Sequence[Factor]) -> Mapping[str, list[Value]]:
        """The lists side by side."""
        rows = list(zip(*(factor.values or () for factor in factors), strict=True))
        return {factor.name: [row[k] for row in rows] for k, factor in enumerate(factors)}


class LatinHypercube(Sample):
    """Points that fill the space: every factor's range is cut into `samples` parts, each used once.

    McKay, Beckman and Conover 1979.
    """

    method: Literal["lhs"]
    told: ClassVar[str] = "Latin hypercube"
    title: ClassVar[str] = "Latin hypercube"
    samples: int = Field(default=100, ge=1, le=MOST_RUNS)
    seed: int = Field(default=1, ge=0, lt=2**32)

    def count(self, factors: Sequence[Factor]) -> int:
        """As many as it is told."""
        return self.samples

    def unit(self, names: list[str]) -> np.ndarray:
        """By SciPy."""
        from scipy.stats import qmc

        return qmc.LatinHypercube(d=len(names), rng=np.random.default_rng(self.seed)).random(self.samples)


class Sobol(Sample):
    """Saltelli's design for Sobol indices (Saltelli and others 2010)."""

    method: Literal["sobol"]
    told: ClassVar[str] = "Saltelli's sample for Sobol indices: samples x (factors + 2)"
    title: ClassVar[str] = "Sobol (Saltelli)"
    samples: int = Field(default=128, ge=2, le=MOST_RUNS, description="a power of 2")
    second_order: bool = Field(default=False, description="true: 2 x factors + 2")
    seed: int = Field(default=1, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _power_of_two(self) -> Self:
        if self.samples & (self.samples - 1):
            below = 1 << (self.samples.bit_length() - 1)
            raise PydanticCustomError(
                "mistakes",
                "samples",
                {"mistakes": [(("samples",), f"samples must be a power of 2 for 'sobol': {below} or {2 * below}")]},
            )
        return self

    def _block(self, factors: int) -> int:
        """Rows made of one base point."""
        return (2 if self.second_order else 1) * factors + 2

    def count(self, factors: Sequence[Factor]) -> int:
        """A block for every base point."""
        return self.samples * self._block(len(factors))

    def unit(self, names: list[str]) -> np.ndarray:
        """By SALib."""
        return _salib("sobol").sample(
            _problem(names), self.samples, calc_second_order=self.second_order, seed=self.seed
        )

    def describes(self, rows: np.ndarray, factors: int) -> np.ndarray:
        """Its two base samples, which are independent."""
        size = self._block(factors)
        return np.isin(rows % size, (0, size - 1))

    def indices(self, names: list[str], unit: np.ndarray, outcome: np.ndarray) -> SobolIndices:
        """Sobol indices."""
        from experiments.analysis.sensitivity import sobol

        return sobol(names, outcome, second_order=self.second_order)


class Morris(Sample):
    """Morris's design of elementary effects on a grid of `levels` (Morris 1991)."""

    method: Literal["morris"]
    told: ClassVar[str] = "trajectories x (factors + 1)"
    title: ClassVar[str] = "Morris"
    no_sample: ClassVar[str] = (
        "The points of a Morris design step from one to the next: they say what matters, but are no sample of"
        " worlds, so there are no distributions, maps, comparisons or chances of a crisis here."
    )
    trajectories: int = Field(default=20, ge=2, le=MOST_RUNS)
    levels: int = Field(default=4, ge=2, le=1000, multiple_of=2)
    seed: int = Field(default=1, ge=0, lt=2**32)

    def count(self, factors: Sequence[Factor]) -> int:
        """A start and a step for every factor, for every trajectory."""
        return self.trajectories * (len(factors) + 1)

    def unit(self, names: list[str]) -> np.ndarray:
        """By SALib."""
        return _salib("morris").sample(_problem(names), self.trajectories, num_levels=self.levels, seed=self.seed)

    def indices(self, names: list[str], unit: np.ndarray, outcome: np.ndarray) -> MorrisEffects:
        """Elementary effects."""
        from experiments.analysis.sensitivity import morris

        return morris(names, unit, outcome)


class PointTable(Design):
    """The rows of a CSV file, one column a factor; `Study.table` reads it."""

    method: Literal["table"]
    told: ClassVar[str] = "the rows of a CSV file, a column a factor"
    needs_factors: ClassVar[bool] = False
    takes_ranges: ClassVar[bool] = True
    file: str = Field(min_length=1, examples=["points.csv"])

    @property
    def points_file(self) -> str | None:
        """Its file."""
        return self.file


# All designs, in the order in which messages and documentation list them.
DESIGNS: dict[str, type[Design]] = {
    get_args(design.model_fields["method"].annotation)[0]: design
    for design in (Grid, Zip, LatinHypercube, Sobol, Morris, PointTable)
}
if TYPE_CHECKING:
    AnyDesign = Design
else:
    AnyDesign = Annotated[Union[tuple(DESIGNS.values())], Field(discriminator="method")]  # noqa: UP007 - of a list


def read_design(given: object) -> object:
    """`design = "lhs"` is short for `[design]` with `method = "lhs"`."""
    if isinstance(given, str):
        given = {"method": given}
    if isinstance(given, Mapping):
        given = {"method": "grid", **given}
        method = given["method"]
        if not isinstance(method, str):
            raise BadInput(f"method must be one of {quoted(list(DESIGNS))}, not {shown(method)}")
        known_name(method, DESIGNS, "design")
    return given


def _listed(names: Sequence[str], word: str) -> str:
    """Names in quotes, the last two joined by a word."""
    return f" {word} ".join(part for part in (quoted(names[:-1]), quoted(names[-1:])) if part)


def without_steps() -> str:
    """The designs whose ranges have steps, for a sentence."""
    return _listed([name for name, design in DESIGNS.items() if not design.takes_ranges], "and")


# --- points ---------------------------------------------------------------------------------------------
def sampled_factors(study: Study) -> tuple[Factor, ...]:
    """The factors that the design combines: all but a crossed policy."""
    if study.design.points_file is not None:
        return tuple(factor for factor in study.resolved if factor.name in study.table)
    return tuple(factor for factor in study.resolved if factor.kind != "policy")


def problem(study: Study) -> dict[str, Any]:
    """SALib's description of the sampled factors, each in the unit interval."""
    return _problem([factor.name for factor in sampled_factors(study)])


def _problem(names: list[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _salib(sampler: str) -> Any:
    """One of SALib's samplers: it brings in SciPy's optimisers and pandas, which only some designs need."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(f"SALib.sample.{sampler}")


def unit_sample(study: Study) -> np.ndarray:
    """The sample of a design that draws, in the unit cube.

    Returns
    -------
    numpy.ndarray
        Shape (rows, sampled factors).

    Raises
    ------
    BadInput
        If the design of the study is not a sampled one.
    """
    if not isinstance(study.design, Sample):
        drawn = _listed([name for name, design in DESIGNS.items() if design.drawn], "or")
        raise BadInput(f"design '{study.design.method}' is not a sampled one: use {drawn}")
    return study.design.unit([factor.name for factor in sampled_factors(study)])


def count_rows(study: Study) -> int:
    """Rows of the design, before policies are crossed in and without making them."""
    if study.design.points_file is not None:
        return len(next(iter(study.table.values())))
    return study.design.count(sampled_factors(study))


def points(study: Study) -> pd.DataFrame:
    """All points of a study.

    Parameters
    ----------
    study : Study

    Returns
    -------
    pandas.DataFrame
        Index `point` from 0; column `design_row`, then one column a factor: float or text. Points of one row of
        the design follow each other, one a policy.

    Raises
    ------
    BadInput
        If the study makes more than ten million runs.
    """
    import pandas as pd

    rows = count_rows(study)
    policies = next((f.values or () for f in study.resolved if f not in sampled_factors(study)), ())
    runs = rows * max(len(policies), 1) * study.replicates
    if runs > MOST_RUNS:
        raise BadInput(f"the study makes {runs:,} runs; at most {MOST_RUNS:,} are allowed")
    made = study.table if study.design.points_file is not None else study.design.rows(sampled_factors(study))
    columns: dict[str, list[Value]] = {"design_row": list(range(rows)), **made}
    if policies:
        columns = {name: [v for v in column for _ in policies] for name, column in columns.items()}
        columns["policy"] = list(policies) * rows
    return pd.DataFrame(columns).rename_axis("point")


# --- documentation --------------------------------------------------------------------------------------
MARKS = ("<!-- designs: `python -m experiments.designs` writes this table -->", "<!-- end of designs -->")


def documented(page: str) -> str:
    """A page with the table of designs between its marks as it must be."""
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    rows = ["| method | points | fields |", "|---|---|---|"]
    rows += [f'| `"{name}"` | {design.told} |{_fields(design)} |' for name, design in DESIGNS.items()]
    return "\n".join([before + MARKS[0], *rows, MARKS[1] + after])


def _fields(design: type[Design]) -> str:
    """The fields of a design as one writes them, with what is said of them."""
    told = []
    for name, field in design.model_fields.items():
        if name != "method":
            value = (field.examples or [None])[0] if field.is_required() else field.default
            told.append(f"`{name} = {json.dumps(value)}`" + (f" ({field.description})" if field.description else ""))
    return " " + ", ".join(told) if told else ""


if __name__ == "__main__":
    page = Path(__file__).with_name("STUDIES.md")
    page.write_text(documented(page.read_text(encoding="utf-8")), encoding="utf-8")
