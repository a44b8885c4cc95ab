"""From a study to its points: the combinations of the factors' values, in a defined order.

Sampled designs are drawn in the unit cube and then stretched to the factors' ranges, so that sensitivity analysis
can work with the very sample. Policies are crossed with every design: each row of it is run under each policy.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import qmc

from abm.errors import BadInput
from experiments.study import MOST_RUNS, Factor, LatinHypercube, Morris, PointTable, Sobol, Study, Value, Zip


def sampled_factors(study: Study) -> tuple[Factor, ...]:
    """The factors that the design combines: all but a crossed policy."""
    if isinstance(study.design, PointTable):
        return tuple(factor for factor in study.resolved if factor.name in study.table)
    return tuple(factor for factor in study.resolved if factor.kind != "policy")


def problem(study: Study) -> dict[str, Any]:
    """SALib's description of the sampled factors, each in the unit interval."""
    names = [factor.name for factor in sampled_factors(study)]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def unit_sample(study: Study) -> np.ndarray:
    """The sample of a Latin hypercube, Sobol or Morris design in the unit cube.

    Returns
    -------
    numpy.ndarray
        Shape (rows, sampled factors). Latin hypercube of McKay, Beckman and Conover 1979; Saltelli's extension of
        Sobol sequences (Saltelli and others 2010); trajectories of Morris 1991.

    Raises
    ------
    BadInput
        If the design of the study is not a sampled one.
    """
    # SALib brings in SciPy's optimisers and pandas; only these designs need it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from SALib.sample import morris as salib_morris
        from SALib.sample import sobol as salib_sobol

    design = study.design
    described = problem(study)
    if isinstance(design, LatinHypercube):
        sampler = qmc.LatinHypercube(d=described["num_vars"], rng=np.random.default_rng(design.seed))
        return sampler.random(design.samples)
    if isinstance(design, Sobol):
        return salib_sobol.sample(described, design.samples, calc_second_order=design.second_order, seed=design.seed)
    if isinstance(design, Morris):
        return salib_morris.sample(described, design.trajectories, num_levels=design.levels, seed=design.seed)
    raise BadInput(f"design '{design.method}' is not a sampled one: use 'lhs', 'sobol' or 'morris'")


def count_rows(study: Study) -> int:
    """Rows of the design, before policies are crossed in and without making them."""
    design, factors = study.design, sampled_factors(study)
    if isinstance(design, LatinHypercube):
        return design.samples
    if isinstance(design, Sobol):
        return design.samples * ((2 if design.second_order else 1) * len(factors) + 2)
    if isinstance(design, Morris):
        return design.trajectories * (len(factors) + 1)
    if isinstance(design, PointTable):
        return len(next(iter(study.table.values())))
    if isinstance(design, Zip):
        return len(factors[0].values or ()) if factors else 1
    rows = 1
    for factor in factors:
        rows *= len(factor.values or ())
    return rows


def _rows(study: Study) -> Mapping[str, list[Value]]:
    """Columns of the design, before policies are crossed in."""
    factors = sampled_factors(study)
    if isinstance(study.design, PointTable):
        return study.table
    if isinstance(study.design, LatinHypercube | Sobol | Morris):
        unit = unit_sample(study)
        return {factor.name: factor.at(unit[:, k]) for k, factor in enumerate(factors)}
    levels = [factor.values or () for factor in factors]
    rows: list[tuple[Value, ...]]
    if isinstance(study.design, Zip) and factors:
        rows = list(zip(*levels, strict=True))
    else:
        rows = list(itertools.product(*levels))
    return {factor.name: [row[k] for row in rows] for k, factor in enumerate(factors)}


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
    rows = count_rows(study)
    policies = next((f.values or () for f in study.resolved if f not in sampled_factors(study)), ())
    runs = rows * max(len(policies), 1) * study.replicates
    if runs > MOST_RUNS:
        raise BadInput(f"the study makes {runs:,} runs; at most {MOST_RUNS:,} are allowed")
    columns: dict[str, list[Value]] = {"design_row": list(range(rows)), **_rows(study)}
    if policies:
        columns = {name: [v for v in column for _ in policies] for name, column in columns.items()}
        columns["policy"] = list(policies) * rows
    return pd.DataFrame(columns).rename_axis("point")
